/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where the command line and the initrd go, up to the last byte that fits.
 */
#include "unit/unit.h"
#include "vm/layout.h"
#include "boot/cmdline.h"
#include "boot/place.h"
#include "pv/bootparam.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define KIB UINT64_C(1024)
#define MIB (KIB << 10)
#define GIB (MIB << 10)

static struct guest_mem gm;
static struct image img;
static struct err e;

static void setup(void)
{
	assert_ok(guest_mem_init(&gm, 64 * MIB, &e), &e);
	img = (struct image){ .kind = IMAGE_BZIMAGE,
			      .hdr = { .version = 0x020f,
				       .loadflags = LOADED_HIGH,
				       .cmdline_size = 2047,
				       .initrd_addr_max = 0x7fffffff } };
}

static void teardown(void)
{
	guest_mem_release(&gm);
}

static const struct {
	enum image_kind kind;
	uint32_t size; /* cmdline_size */
	uint64_t max;
} limits[] = {
	{ IMAGE_BZIMAGE, 255, 255 },
	{ IMAGE_BZIMAGE, 2047, 2047 },
	{ IMAGE_BZIMAGE, 0, 0 },
	{ IMAGE_BZIMAGE, 65535, 65535 },
	{ IMAGE_BZIMAGE, 65536, 65535 }, /* its place holds no more */
	{ IMAGE_BZIMAGE, UINT32_MAX, 65535 },
	{ IMAGE_ELF, 0, 2047 },
	{ IMAGE_COMPRESSED_ELF, 7, 2047 },
};

START_TEST(place__cmdline)
{
	uint64_t max = limits[_i].max;
	struct boot_range r = { .gpa = 42 };
	char *text = calloc(1, max + 2);
	char want[128];
	int rc;

	img.kind = limits[_i].kind;
	img.hdr.cmdline_size = limits[_i].size;
	ck_assert_uint_eq(place_cmdline_max(&img), max);
	memset(text, 'x', max + 1);
	rc = place_cmdline(&gm, &img, text, &r, &e);
	snprintf(want, sizeof(want),
		 "the command line has %" PRIu64
		 " bytes and this kernel takes %" PRIu64,
		 max + 1, max);
	assert_err(rc, -E2BIG, &e, want);
	ck_assert_uint_eq(r.gpa, 42);
	ck_assert_uint_eq(gm.base[LAYOUT_CMDLINE], 0);
	/* Exactly the limit is legal; the NUL comes after it. */
	text[max] = '\0';
	gm.base[LAYOUT_CMDLINE + max] = 0xff;
	assert_ok(place_cmdline(&gm, &img, text, &r, &e), &e);
	ck_assert_uint_eq(r.gpa, LAYOUT_CMDLINE);
	ck_assert_uint_eq(r.size, max + 1);
	ck_assert_mem_eq(gm.base + LAYOUT_CMDLINE, text, max + 1);
	free(text);
}
END_TEST

/* A zImage's code takes 0x10000 to 0x90000, its setup code up to 0x9e000. */
START_TEST(place__cmdline_of_a_zimage)
{
	struct boot_range r;

	img.hdr.loadflags = CAN_USE_HEAP;
	img.hdr.cmdline_size = 255;
	ck_assert_uint_eq(place_cmdline_max(&img), 255);
	assert_ok(place_cmdline(&gm, &img, "ro", &r, &e), &e);
	ck_assert_uint_eq(r.gpa, 0x9e000);
	ck_assert_uint_eq(r.size, 3);
	ck_assert_str_eq((char *)gm.base + 0x9e000, "ro");
	/* with its NUL up to the end of conventional memory */
	img.hdr.cmdline_size = UINT32_MAX;
	ck_assert_uint_eq(place_cmdline_max(&img), 0x1bff);
}
END_TEST

/* An initrd of @size bytes; the kernel is [@kernel, @kernel_end). */
static const struct {
	uint64_t mem, size;
	uint32_t addr_max;
	uint64_t kernel, kernel_end;
	uint64_t at; /* 0: no room */
} rooms[] = {
	/* as high as it goes, on a page */
	{ 64 * MIB, 4096, 0x7fffffff, 16 * MIB, 32 * MIB, 64 * MIB - 4096 },
	{ 64 * MIB, 1, 0x7fffffff, 16 * MIB, 32 * MIB, 64 * MIB - 4096 },
	{ 64 * MIB, 4097, 0x7fffffff, 16 * MIB, 32 * MIB, 64 * MIB - 8192 },
	/* the last byte at initrd_addr_max */
	{ 64 * MIB, 4096, 0x37fffff, 16 * MIB, 32 * MIB, 56 * MIB - 4096 },
	{ 64 * MIB, 4096, 0x37ffffe, 16 * MIB, 32 * MIB, 56 * MIB - 8192 },
	/* exactly between kernel and end */
	{ 64 * MIB, 32 * MIB, 0x7fffffff, 16 * MIB, 32 * MIB, 32 * MIB },
	{ 64 * MIB, 32 * MIB - 4095, 0x7fffffff, 16 * MIB, 32 * MIB, 32 * MIB },
	{ 64 * MIB, 32 * MIB + 1, 0x7fffffff, 16 * MIB, 32 * MIB, 0 },
	{ 64 * MIB, 32 * MIB, 0x7fffffff, 16 * MIB, 32 * MIB + 1, 0 },
	/* below the kernel if there is more room */
	{ 64 * MIB, 4 * MIB, 0x7fffffff, 16 * MIB, 62 * MIB, 12 * MIB },
	{ 64 * MIB, 15 * MIB, 0x7fffffff, 16 * MIB, 62 * MIB, 1 * MIB },
	{ 64 * MIB, 15 * MIB + 1, 0x7fffffff, 16 * MIB, 62 * MIB, 0 },
	{ 64 * MIB, 4096, 16 * MIB - 1, 16 * MIB, 62 * MIB, 16 * MIB - 4096 },
	{ 64 * MIB, 4096, 8 * MIB - 1, 16 * MIB, 62 * MIB, 8 * MIB - 4096 },
	/* addr_max inside the kernel, below 1 MiB, at nothing */
	{ 64 * MIB, 4096, 20 * MIB - 1, 16 * MIB, 32 * MIB, 16 * MIB - 4096 },
	{ 64 * MIB, 4096, 0xfffff, 16 * MIB, 32 * MIB, 0 },
	{ 64 * MIB, 4096, 0, 16 * MIB, 32 * MIB, 0 },
	{ 64 * MIB, 4096, 0x100fff, 16 * MIB, 32 * MIB, 0x100000 },
	/* a machine that reaches past the limit, and past the hole */
	{ 3 * GIB, 4096, 0x7fffffff, 16 * MIB, 32 * MIB, 2 * GIB - 4096 },
	{ 6 * GIB, 4096, UINT32_MAX, 16 * MIB, 32 * MIB, 3 * GIB - 4096 },
	/* a kernel at the very top */
	{ 64 * MIB, 4096, 0x7fffffff, 62 * MIB, 64 * MIB, 62 * MIB - 4096 },
	{ 64 * MIB, 63 * MIB, 0x7fffffff, 16 * MIB, 32 * MIB, 0 },
};

static char path[] = "./test_place.XXXXXX";

/* A file of @size bytes, all zero except the first and the last. */
static void make_file(uint64_t size)
{
	int fd = mkstemp(path);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(ftruncate(fd, (off_t)size), 0);
	ck_assert_int_eq(pwrite(fd, "Z", 1, (off_t)size - 1), 1);
	ck_assert_int_eq(pwrite(fd, "A", 1, 0), 1);
	close(fd);
}

static int place_paths(const char *const *paths, size_t n,
		       const struct boot_range *kernel, struct boot_range *r)
{
	struct input in[INITRD_PARTS_MAX];
	int rc;

	for (size_t i = 0; i < n; i++)
		assert_ok(input_open(&in[i], paths[i], &e), &e);
	rc = place_initrd(&gm, &img, in, n, kernel, r, &e);
	for (size_t i = 0; i < n; i++)
		input_close(&in[i]);
	return rc;
}

static int place_one(const char *file, const struct boot_range *kernel,
		     struct boot_range *r)
{
	return place_paths(&file, 1, kernel, r);
}

START_TEST(place__initrd)
{
	const struct boot_range kernel = {
		rooms[_i].kernel, rooms[_i].kernel_end - rooms[_i].kernel
	};
	struct boot_range r = { .gpa = 42 };
	const uint8_t *p;
	int rc;

	guest_mem_release(&gm);
	assert_ok(guest_mem_init(&gm, rooms[_i].mem, &e), &e);
	img.hdr.initrd_addr_max = rooms[_i].addr_max;
	make_file(rooms[_i].size);
	rc = place_one(path, &kernel, &r);
	unlink(path);
	if (!rooms[_i].at) {
		char want[64];

		snprintf(want, sizeof(want), "the initrd has %" PRIu64 " bytes",
			 rooms[_i].size);
		assert_err(rc, -ENOSPC, &e, want);
		snprintf(want, sizeof(want),
			 "the kernel takes 0x%" PRIx64 " to 0x%" PRIx64,
			 rooms[_i].kernel, rooms[_i].kernel_end);
		assert_err(rc, -ENOSPC, &e, want);
		/* More memory is advised only where memory is the limit. */
		ck_assert(!strstr(e.msg, "--mem") ==
			  (rooms[_i].addr_max < rooms[_i].mem - 1));
		ck_assert_uint_eq(r.gpa, 42);
		return;
	}
	assert_ok(rc, &e);
	ck_assert_msg(r.gpa == rooms[_i].at, "at 0x%" PRIx64, r.gpa);
	ck_assert_uint_eq(r.size, rooms[_i].size);
	p = guest_mem_ptr(&gm, r.gpa, r.size);
	ck_assert_uint_eq(p[r.size - 1], r.size == 1 ? 'A' : 'Z');
	ck_assert_uint_eq(p[0], 'A');
}
END_TEST

START_TEST(place__initrd_of_an_elf_stays_below_2g)
{
	const struct boot_range kernel = { 16 * MIB, 16 * MIB };
	struct boot_range r;

	guest_mem_release(&gm);
	assert_ok(guest_mem_init(&gm, 3 * GIB, &e), &e);
	img = (struct image){ .kind = IMAGE_ELF };
	make_file(4096);
	assert_ok(place_one(path, &kernel, &r), &e);
	unlink(path);
	ck_assert_uint_eq(r.gpa, 2 * GIB - 4096);
}
END_TEST

/* A file that turns out to be empty when it is read. */
START_TEST(place__empty_initrd)
{
	const struct boot_range kernel = { 16 * MIB, 16 * MIB };
	struct boot_range r;
	int fd = mkstemp(path);
	int rc;

	close(fd);
	rc = place_one(path, &kernel, &r);
	unlink(path);
	assert_err(rc, -EINVAL, &e, "initrd: ./test_place.");
	assert_err(rc, -EINVAL, &e, "is empty");
}
END_TEST

/* Sparse, and larger than all of guest memory: refused before it is read. */
START_TEST(place__initrd_larger_than_memory)
{
	const struct boot_range kernel = { 16 * MIB, 16 * MIB };
	struct boot_range r;
	int rc;

	make_file(64 * MIB + 1);
	rc = place_one(path, &kernel, &r);
	unlink(path);
	assert_err(rc, -EFBIG, &e, "initrd: ./test_place.");
	assert_err(rc, -EFBIG, &e,
		   "(0x4000000 bytes); give it more with --mem");
}
END_TEST

/* The sizes of the files, and where in the initrd each begins. */
static const struct {
	size_t n;
	uint64_t size[INITRD_PARTS_MAX], at[INITRD_PARTS_MAX], total;
} joined[] = {
	{ 2, { 4, 4 }, { 0, 4 }, 8 },
	{ 2, { 1, 1 }, { 0, 4 }, 5 },
	{ 2, { 2, 6 }, { 0, 4 }, 10 },
	{ 3, { 3, 5, 1 }, { 0, 4, 12 }, 13 },
	{ 3, { 4097, 4095, 3 }, { 0, 4100, 8196 }, 8199 },
	{ 16,
	  { 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1 },
	  { 0, 4, 8, 12, 16, 20, 24, 28, 32, 36, 40, 44, 48, 52, 56, 60 },
	  61 },
};

static char names[INITRD_PARTS_MAX][32];
static const char *paths[INITRD_PARTS_MAX];

/* File @i consists of @size copies of one byte. */
static void make_part(size_t i, uint64_t size)
{
	char *bytes = malloc(size);
	int fd;

	strcpy(names[i], "./test_place.XXXXXX");
	paths[i] = names[i];
	fd = mkstemp(names[i]);
	ck_assert_int_ge(fd, 0);
	memset(bytes, (int)('a' + i), size);
	ck_assert_int_eq(write(fd, bytes, size), (ssize_t)size);
	close(fd);
	free(bytes);
}

static int place_parts(size_t n, const uint64_t *size, struct boot_range *r)
{
	const struct boot_range kernel = { 16 * MIB, 16 * MIB };
	int rc;

	for (size_t i = 0; i < n; i++)
		make_part(i, size[i]);
	rc = place_paths(paths, n, &kernel, r);
	for (size_t i = 0; i < n; i++)
		unlink(names[i]);
	return rc;
}

START_TEST(place__joins_initrds)
{
	struct boot_range r = { 0 };
	const uint8_t *p;
	size_t part = 0;

	/* Old contents are not used as padding. */
	memset(gm.base + 63 * MIB, 'X', 1 * MIB);
	assert_ok(place_parts(joined[_i].n, joined[_i].size, &r), &e);
	ck_assert_uint_eq(r.size, joined[_i].total);
	ck_assert_uint_eq(r.gpa % 4096, 0);
	p = guest_mem_ptr(&gm, r.gpa, r.size);
	for (uint64_t off = 0; off < r.size; off++) {
		bool inside;

		if (part + 1 < joined[_i].n && off == joined[_i].at[part + 1])
			part++;
		inside = off < joined[_i].at[part] + joined[_i].size[part];
		ck_assert_msg(p[off] == (inside ? 'a' + part : 0),
			      "byte %" PRIu64 " is 0x%02x", off, p[off]);
	}
	ck_assert_uint_eq(part, joined[_i].n - 1);
}
END_TEST

/* Each fits alone; together, with their padding, they do not. */
START_TEST(place__joined_initrds_without_room)
{
	const uint64_t size[] = { 16 * MIB - 1, 16 * MIB + 1 };
	struct boot_range r = { .gpa = 42 };

	assert_err(place_parts(2, size, &r), -ENOSPC, &e,
		   "the initrd has 33554433 bytes");
	ck_assert_uint_eq(r.gpa, 42);
}
END_TEST

/* Together they exceed all of memory: refused before the last is read. */
START_TEST(place__joined_initrds_larger_than_memory)
{
	const struct boot_range kernel = { 16 * MIB, 16 * MIB };
	const char *same[] = { path, path };
	struct boot_range r;
	int rc;

	make_file(32 * MIB + 1);
	rc = place_paths(same, 2, &kernel, &r);
	unlink(path);
	assert_err(rc, -EFBIG, &e, "with the files before it larger than all");
}
END_TEST

static const struct {
	const char *given, *embedded; /* "": the section is empty */
	bool is_uki;
	const char *want;
} choices[] = {
	{ NULL, NULL, false, "console=ttyS0" },
	{ "", NULL, false, "" },
	{ "one", NULL, false, "one" },
	{ NULL, NULL, true, "console=ttyS0" },
	{ NULL, "two\n", true, "two" },
	{ NULL, "\n", true, "" },
	{ "one", "two", true, "one" },
	{ "", "two", true, "" },
};

START_TEST(cmdline__the_users_or_the_images_or_the_default)
{
	const char *embedded = choices[_i].embedded;
	char *text = NULL;

	img = (struct image){ .kind = IMAGE_BZIMAGE,
			      .is_uki = choices[_i].is_uki };
	if (embedded)
		img.uki.cmdline = (struct bytes){ (const uint8_t *)embedded,
						  strlen(embedded) };
	assert_ok(place_choose_cmdline(&text, &img, choices[_i].given,
				       CMDLINE_CONSOLE, &e),
		  &e);
	ck_assert_str_eq(text, choices[_i].want);
	free(text);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("place");
	TCase *t = tcase_create("place");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_loop_test(t, place__cmdline, 0, COUNT(limits));
	tcase_add_test(t, place__cmdline_of_a_zimage);
	tcase_add_loop_test(t, place__initrd, 0, COUNT(rooms));
	tcase_add_test(t, place__initrd_of_an_elf_stays_below_2g);
	tcase_add_test(t, place__empty_initrd);
	tcase_add_test(t, place__initrd_larger_than_memory);
	tcase_add_loop_test(t, place__joins_initrds, 0, COUNT(joined));
	tcase_add_test(t, place__joined_initrds_without_room);
	tcase_add_test(t, place__joined_initrds_larger_than_memory);
	tcase_add_loop_test(t, cmdline__the_users_or_the_images_or_the_default,
			    0, COUNT(choices));
	suite_add_tcase(s, t);
	return s;
}
