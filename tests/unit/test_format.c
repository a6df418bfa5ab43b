/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The decoders: everything that every format promises, one table of formats
 * against one claim at a time.
 */
#include "unit/unit.h"
#include "support/payloads.h"
#include "image/format.h"

#include <errno.h>
#include <stdlib.h>

#define MIB ((size_t)1 << 20)

/* Written behind the ceiling; no decoder may change it. */
#define CANARY	   0xa5
#define CANARY_LEN 64

/* A job with its own output, which ends in canaries. */
struct job {
	struct decode d;
	struct err e;
	int rc;
};

static void job_run(struct job *j, const char *format, const void *in,
		    size_t len, size_t cap, size_t enough)
{
	*j = (struct job){ .d = { .in = { in, len },
				  .out = malloc(cap + CANARY_LEN),
				  .cap = cap,
				  .enough = enough } };
	ck_assert_ptr_nonnull(j->d.out);
	memset(j->d.out + cap, CANARY, CANARY_LEN);
	j->rc = format_by_name(format)->decode(&j->d, &j->e);
	for (size_t i = 0; i < CANARY_LEN; i++)
		ck_assert_msg(j->d.out[cap + i] == CANARY,
			      "%s: wrote %zu bytes past the ceiling", format,
			      i + 1);
	ck_assert_msg(j->d.out_len <= cap, "%s: out_len past cap", format);
	if (j->rc)
		ck_assert_msg(strstr(j->e.msg, format) == j->e.msg,
			      "\"%s\" does not begin with \"%s\"", j->e.msg,
			      format);
}

static void job_release(struct job *j)
{
	free(j->d.out);
}

/* The whole of @want comes out, and all of the stream was read. */
static void job_expect(const struct job *j, const char *format,
		       const void *want, size_t len, size_t in_used)
{
	ck_assert_msg(j->rc == 0, "%s: %d \"%s\"", format, j->rc, j->e.msg);
	ck_assert_msg(j->d.out_len == len, "%s: %zu bytes, not %zu", format,
		      j->d.out_len, len);
	ck_assert_msg(!memcmp(j->d.out, want, len), "%s: other bytes", format);
	ck_assert_msg(j->d.in_used == in_used, "%s: read %zu of %zu", format,
		      j->d.in_used, in_used);
}

START_TEST(format__round_trip_of_edge_sizes)
{
	static const size_t sizes[] = { 0,	     1,	      100000,
					8 * MIB - 1, 8 * MIB, 8 * MIB + 1 };
	const char *name = formats[_i].name;

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		uint8_t *want = malloc(sizes[i] + 1);
		struct buf b = { 0 };
		struct job j;

		payload_fill(want, sizes[i], i);
		payload_compress(name, want, sizes[i], &b, false);
		/* A ceiling of exactly the size is legal. */
		job_run(&j, name, b.data, b.len, sizes[i], SIZE_MAX);
		job_expect(&j, name, want, sizes[i], b.len);
		job_release(&j);
		buf_release(&b);
		free(want);
	}
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("format");
	TCase *t = tcase_create("decode");

	tcase_add_loop_test(t, format__round_trip_of_edge_sizes, 0,
			    formats_count);
	suite_add_tcase(s, t);
	return s;
}
