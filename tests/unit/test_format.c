/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What every payload format guarantees: each test is one claim, checked for all
 * rows of the format table.
 */
#include "unit/job.h"

#include <stdio.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

/* Small enough to cut and flip at every byte, large enough to compress. */
#define SMALL 1500

/* The decoder under test, by the loop's index. */
#define NAME (formats[_i].name)

static bool is(const char *name, const char *other)
{
	return !strcmp(name, other);
}

/* SMALL bytes of test data and their compressed form. */
static void small(const char *name, uint8_t *want, struct buf *b)
{
	*b = (struct buf){ 0 };
	payload_fill(want, SMALL, 1);
	ck_assert_int_eq(payload_compress(name, want, SMALL, b, false), 0);
}

/* Formats that can have large tests: other compressors are slow. */
static bool is_fast(const char *name)
{
	return is(name, "lz4") || is(name, "zstd") || is(name, "none");
}

START_TEST(format__round_trip_of_edge_sizes)
{
	static const size_t sizes[] = { 0,	     1,	      100000,
					8 * MIB + 1, 8 * MIB, 8 * MIB - 1 };

	for (int i = 0; i < (is_fast(NAME) ? 6 : 4); i++) {
		uint8_t *want = malloc(sizes[i] + 1);
		struct buf b = { 0 };

		payload_fill(want, sizes[i], i);
		payload_compress(NAME, want, sizes[i], &b, false);
		expect_decoded(NAME, &b, want, sizes[i], b.len);
		buf_release(&b);
		free(want);
	}
}
END_TEST

START_TEST(format__one_byte_over_the_ceiling_is_too_large)
{
	static const size_t sizes[] = { 1, SMALL, MIB, 8 * MIB, 8 * MIB + 1 };

	for (int i = 0; i < (is_fast(NAME) ? 5 : 3); i++) {
		uint8_t *want = malloc(sizes[i]);
		struct buf b = { 0 };
		char msg[64];

		payload_fill(want, sizes[i], i);
		payload_compress(NAME, want, sizes[i], &b, false);
		snprintf(msg, sizeof(msg), "more than the ceiling of %zu bytes",
			 sizes[i] - 1);
		expect_error(NAME, &b, sizes[i] - 1, -EFBIG, msg);
		buf_release(&b);
		free(want);
	}
}
END_TEST

START_TEST(format__cut_anywhere_is_cut_short)
{
	uint8_t want[SMALL];
	struct buf b;

	small(NAME, want, &b);
	if (is(NAME, "none")) /* has no end to miss */
		return buf_release(&b);
	for (size_t n = 0; n < b.len; n++) {
		/* A separate copy, so that a sanitizer sees overruns. */
		uint8_t *cut = malloc(n);
		struct job j;

		memcpy(cut, b.data, n);
		job_run(&j, NAME, cut, n, SMALL, SIZE_MAX);
		if (is(NAME, "lz4") && n == 4) /* a frame without blocks */
			job_expect(&j, NAME, "", 0, n);
		else
			ck_assert_msg(j.rc == -ENODATA, "%s cut to %zu: %d %s",
				      NAME, n, j.rc, j.e.msg);
		job_release(&j);
		free(cut);
	}
	buf_release(&b);
}
END_TEST

/* Formats whose checksum covers all decoded bytes. */
static bool has_checksum(const char *name)
{
	return !is(name, "lz4") && !is(name, "lzma") && !is(name, "none");
}

START_TEST(format__flipped_byte_is_found_or_harmless)
{
	static const uint8_t flips[] = { 0x01, 0xff };
	uint8_t want[SMALL];
	struct buf b;

	small(NAME, want, &b);
	for (size_t i = 0; i < b.len * ARRAY_LEN(flips); i++) {
		uint8_t *at = &b.data[i / ARRAY_LEN(flips)];
		struct job j;

		*at ^= flips[i % ARRAY_LEN(flips)];
		job_run(&j, NAME, b.data, b.len, SMALL, SIZE_MAX);
		if (!j.rc && has_checksum(NAME))
			ck_assert_msg(j.d.out_len == SMALL &&
					      !memcmp(j.d.out, want, SMALL),
				      "%s: byte %zu flipped, not found", NAME,
				      i / ARRAY_LEN(flips));
		job_release(&j);
		*at ^= flips[i % ARRAY_LEN(flips)];
	}
	buf_release(&b);
}
END_TEST

START_TEST(format__bomb_is_too_large_at_once)
{
	const size_t part = 64 * MIB, gib = 1024 * MIB;
	/* Never written: the kernel's single page of zeros, repeated. */
	uint8_t *zeros = mmap(NULL, gib, PROT_READ,
			      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1,
			      0);
	struct timespec begin, end;
	struct buf one = { 0 }, b = { 0 };

	ck_assert_ptr_ne(zeros, MAP_FAILED);
	if (is(NAME, "none")) {
		b = (struct buf){ .data = zeros, .len = gib };
	} else {
		/* 1 GiB as sixteen streams, one after the other. */
		payload_compress(NAME, zeros, part, &one, false);
		for (size_t done = 0; done < gib; done += part)
			buf_add(&b, one.data, one.len);
	}
	clock_gettime(CLOCK_MONOTONIC, &begin);
	expect_error(NAME, &b, MIB, -EFBIG, "ceiling of 1048576 bytes");
	clock_gettime(CLOCK_MONOTONIC, &end);
	ck_assert_int_lt(end.tv_sec - begin.tv_sec, 2);
	if (b.data != zeros)
		buf_release(&b);
	buf_release(&one);
	munmap(zeros, gib);
}
END_TEST

START_TEST(format__bytes_after_the_stream_are_not_its_own)
{
	static const char *const tails[] = { "\x1f", "\xb8\x0b\0\0", "BZ",
					     "\0\0\0\0\0\0\0\0", "garbage" };
	static const size_t lens[] = { 1, 4, 2, 8, 7 };
	uint8_t want[SMALL];
	struct buf b;

	small(NAME, want, &b);
	/* These two have no end mark: trailing bytes would be part of them. */
	if (is(NAME, "none") || is(NAME, "lz4"))
		return buf_release(&b);
	for (size_t i = 0; i < ARRAY_LEN(tails); i++) {
		size_t len = b.len;

		buf_add(&b, tails[i], lens[i]);
		expect_decoded(NAME, &b, want, SMALL, len);
		b.len = len;
	}
	buf_release(&b);
}
END_TEST

START_TEST(format__streams_one_after_the_other_are_one)
{
	uint8_t want[2 * SMALL];
	struct buf b;

	small(NAME, want, &b);
	if (is(NAME, "lzma")) /* its tool does not do that either */
		return buf_release(&b);
	memcpy(want + SMALL, want, SMALL);
	payload_compress(NAME, want, SMALL, &b, false);
	expect_decoded(NAME, &b, want, sizeof(want), b.len);
	buf_release(&b);
}
END_TEST

START_TEST(format__enough_stops_early)
{
	const size_t len = is_fast(NAME) ? 13 * MIB : 2 * MIB;
	const size_t enough[] = { 1, 65536, is_fast(NAME) ? 9 * MIB : MIB / 2 };
	uint8_t *want = malloc(len);
	struct buf b = { 0 };

	payload_fill(want, len, 3);
	payload_compress(NAME, want, len, &b, false);
	/* The rest of the stream is never looked at. */
	memset(b.data + b.len - b.len / 4, 0x55, b.len / 4);
	for (size_t i = 0; i < ARRAY_LEN(enough); i++) {
		struct job j;

		job_run(&j, NAME, b.data, b.len, enough[i], enough[i]);
		assert_ok(j.rc, &j.e);
		ck_assert_uint_eq(j.d.out_len, enough[i]);
		ck_assert(!memcmp(j.d.out, want, enough[i]));
		job_release(&j);
	}
	buf_release(&b);
	free(want);
}
END_TEST

START_TEST(format__enough_of_a_short_stream_is_all_of_it)
{
	uint8_t want[SMALL];
	struct buf b;
	struct job j;

	small(NAME, want, &b);
	job_run(&j, NAME, b.data, b.len, 65536, 65536);
	assert_ok(j.rc, &j.e);
	ck_assert_uint_eq(j.d.out_len, SMALL);
	ck_assert(!memcmp(j.d.out, want, SMALL));
	job_release(&j);
	buf_release(&b);
}
END_TEST

START_TEST(format__decodes_what_its_tool_makes)
{
	static const char in[] = "./launcher-test-XXXXXX";
	const size_t len = is_fast(NAME) ? 9 * MIB : MIB;
	uint8_t *want = malloc(len);
	char path[sizeof(in)], cmd[256];
	struct buf b = { 0 };
	size_t n;
	FILE *p;
	int fd;

	if (!formats[_i].tool)
		return free(want);
	snprintf(cmd, sizeof(cmd), "command -v %s >/dev/null",
		 formats[_i].tool);
	if (system(cmd)) {
		free(want);
		UNIT_SKIP("the format's tool is not installed");
	}
	payload_fill(want, len, 4);
	memcpy(path, in, sizeof(in));
	fd = mkstemp(path);
	ck_assert(fd >= 0 && write(fd, want, len) == (ssize_t)len);
	snprintf(cmd, sizeof(cmd), "%s %s -c <%s 2>/dev/null", formats[_i].tool,
		 is(NAME, "lz4")    ? "-l"
		 : is(NAME, "lzma") ? "--format=lzma"
				    : "-6",
		 path);
	p = popen(cmd, "r");
	ck_assert_ptr_nonnull(p);
	do {
		n = fread(buf_extend(&b, 65536), 1, 65536, p);
		b.len -= 65536 - n;
	} while (n);
	ck_assert_int_eq(pclose(p), 0);
	close(fd);
	unlink(path);
	expect_decoded(NAME, &b, want, len, b.len);
	buf_release(&b);
	free(want);
}
END_TEST

START_TEST(format__every_row_is_found_by_its_magic)
{
	for (size_t i = 0; i < 2 && formats[_i].magic_len[i]; i++) {
		struct bytes head = { formats[_i].magic[i],
				      formats[_i].magic_len[i] };

		ck_assert_ptr_eq(format_find(head), &formats[_i]);
		head.len--;
		ck_assert_ptr_null(format_find(head));
	}
	ck_assert_ptr_eq(format_by_name(NAME), &formats[_i]);
}
END_TEST

START_TEST(format__rows_are_longest_magic_first)
{
	for (size_t i = 1; i < formats_count; i++)
		ck_assert_uint_ge(formats[i - 1].magic_len[0],
				  formats[i].magic_len[0]);
}
END_TEST

START_TEST(format__unknown_is_null)
{
	static const uint8_t zeros[16];

	ck_assert_ptr_null(format_find((struct bytes){ zeros, 16 }));
	ck_assert_ptr_null(format_find((struct bytes){ NULL, 0 }));
	ck_assert_ptr_null(format_by_name("lz5"));
	ck_assert_ptr_null(format_by_name(""));
}
END_TEST

Suite *unit_suite(void)
{
	const TTest *const each[] = {
		format__round_trip_of_edge_sizes,
		format__one_byte_over_the_ceiling_is_too_large,
		format__cut_anywhere_is_cut_short,
		format__flipped_byte_is_found_or_harmless,
		format__bomb_is_too_large_at_once,
		format__bytes_after_the_stream_are_not_its_own,
		format__streams_one_after_the_other_are_one,
		format__enough_stops_early,
		format__enough_of_a_short_stream_is_all_of_it,
		format__decodes_what_its_tool_makes,
		format__every_row_is_found_by_its_magic,
	};
	Suite *s = suite_create("format");
	TCase *t = tcase_create("all");

	for (size_t i = 0; i < ARRAY_LEN(each); i++)
		tcase_add_loop_test(t, each[i], 0, formats_count);
	tcase_add_test(t, format__rows_are_longest_magic_first);
	tcase_add_test(t, format__unknown_is_null);
	suite_add_tcase(s, t);
	return s;
}
