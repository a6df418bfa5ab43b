/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whole boots of images that decompress themselves: what is in memory and in
 * registers before the first instruction. No KVM is needed.
 *
 * Addresses are written as boot.rst has them, not taken from the headers under
 * test.
 */
#include "boot/boot.h"
#include "pv/bootparam.h"
#include "support/plan_run.h"
#include "unit/image_file.h"

#define MIB (UINT64_C(1) << 20)

static struct guest_mem gm;
static struct e820 map;
static struct image img;
static struct boot_result r;
static struct err e;

static void setup(void)
{
	assert_ok(guest_mem_init(&gm, 64 * MIB, &e), &e);
	e820_build(&map, &gm);
	file.len = 0;
}

static void teardown(void)
{
	guest_mem_release(&gm);
	tight_free(held);
	held = (struct bytes){ 0 };
	buf_release(&file);
}

static uint64_t at(uint64_t gpa, unsigned width)
{
	uint64_t v = 0;

	assert_ok(guest_mem_read(&gm, gpa, &v, width, "test", &e), &e);
	return v;
}

static void patch(unsigned off, unsigned width, uint64_t v)
{
	memcpy(file.data + off, &v, width);
}

/* An image of @version without a payload. */
static void build_image(uint16_t version, uint32_t code_size)
{
	bzimage_build(&(struct test_bzimage){ .version = version,
					      .payload_gap = code_size },
		      &file);
	patch(HDR_PAYLOAD_OFFSET, 4, 0);
	patch(HDR_HARDWARE_SUBARCH, 4, 0);
}

static int boot(const char *protocol)
{
	static struct memory_map places;
	struct boot_request req = {
		.img = &img,
		.gm = &gm,
		.map = &map,
		.protocol = protocol,
		.cmdline = "one two=3",
		.places = &places,
	};
	int rc;

	assert_ok(open_file(&img, &e), &e);
	places.count = 0;
	rc = boot_prepare(&req, &r, &e);
	if (!rc) {
		const struct map_range *range = misplaced(&places, &gm);

		ck_assert_msg(!range, "%s", range ? range->name : "");
	}
	return rc;
}

static const struct {
	uint16_t version;
	uint64_t cmdline; /* 0: found by the offset in the boot sector */
} zimages[] = {
	{ 0x0200, 0 },
	{ 0x0201, 0 },
	{ 0x0202, 0x9e000 },
	{ 0x0206, 0x9e000 },
};

/*
 * A zImage's setup code moves the code at 0x10000 to 0x1000 and jumps to
 * code32_start, which is 0x1000 throughout.
 */
START_TEST(linux16__zimage)
{
	enum { CODE = 0x7f000 }; /* nearly up to the setup code */

	build_image(zimages[_i].version, CODE);
	patch(HDR_LOADFLAGS, 1, 0);
	patch(HDR_CODE32_START, 4, 0x1000);
	assert_ok(boot(NULL), &e);
	ck_assert_int_eq((int)r.plan.chosen, BOOT_LINUX16);
	ck_assert_uint_eq(r.cpu.cs, 0x9020);
	ck_assert_uint_eq(r.cpu.ds, 0x9000);
	ck_assert_uint_eq(at(0x90214, 4), 0x1000);
	ck_assert_mem_eq(gm.base + 0x10000, file.data + CODE_OFF, CODE);
	if (zimages[_i].cmdline) {
		ck_assert_uint_eq(at(0x90228, 4), zimages[_i].cmdline);
	} else {
		ck_assert_uint_eq(at(0x90020, 2), 0xa33f);
		ck_assert_uint_eq(at(0x90022, 2), 0xe000);
	}
	ck_assert_str_eq((char *)gm.base + 0x9e000, "one two=3");
}
END_TEST

static const struct {
	uint16_t version;
	bool relocatable;
	uint32_t code32_start;
	uint64_t setup, want; /* GPA of the setup code; its code32_start */
} highs[] = {
	{ 0x0200, false, 0x100000, 0x90000, 0x100000 },
	{ 0x0204, false, 0x100000, 0x10000, 0x100000 },
	{ 0x0209, true, 0x100000, 0x10000, 0x200000 },
	{ 0x020f, true, 0x100000, 0x10000, 0x1000000 },
	{ 0x020f, false, 0x400000, 0x10000, 0x400000 },
};

START_TEST(linux16__bzimage_says_where_its_code_lies)
{
	build_image(highs[_i].version, 0x30000);
	patch(HDR_RELOCATABLE_KERNEL, 1, highs[_i].relocatable);
	patch(HDR_CODE32_START, 4, highs[_i].code32_start);
	assert_ok(boot("linux16"), &e);
	ck_assert_uint_eq(at(highs[_i].setup + 0x214, 4), highs[_i].want);
	ck_assert_mem_eq(gm.base + highs[_i].want, file.data + CODE_OFF,
			 0x30000);
	/* By its offset in the segment, as before 2.02. */
	if (highs[_i].version < 0x0202) {
		ck_assert_uint_eq(at(highs[_i].setup + 0x22, 2), 0xe000);
		ck_assert_str_eq((char *)gm.base + highs[_i].setup + 0xe000,
				 "one two=3");
	}
}
END_TEST

static const struct {
	uint16_t version;
	uint32_t init_size, code_size;
	uint64_t start, end; /* kept clear */
} kept[] = {
	/* init_size counts from where the kernel runs */
	{ 0x020a, 0x2000000, 0x100000, 16 * MIB, 48 * MIB },
	{ 0x020f, 0x180000, 0x100000, 16 * MIB, 17 * MIB + MIB / 2 },
	/* before it, eight times the code */
	{ 0x0209, 0x2000000, 0x100000, 2 * MIB, 10 * MIB },
	{ 0x0207, 0x2000000, 0x300000, 2 * MIB, 26 * MIB },
	/* a header that has the field and does not fill it in */
	{ 0x020a, 0, 0x100000, 16 * MIB, 24 * MIB },
	/* an estimate does not refuse an image: 96 MiB of 64 */
	{ 0x0209, 0, 0xc00000, 2 * MIB, 64 * MIB },
};

START_TEST(linux32__keeps_room_for_the_kernel)
{
	build_image(kept[_i].version, kept[_i].code_size);
	patch(HDR_INIT_SIZE, 4, kept[_i].init_size);
	assert_ok(boot("linux32"), &e);
	ck_assert_uint_eq(r.kernel.gpa, kept[_i].start);
	ck_assert_uint_eq(r.kernel.gpa + r.kernel.size, kept[_i].end);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("boot");
	TCase *t = tcase_create("boot");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_loop_test(t, linux16__zimage, 0, COUNT(zimages));
	tcase_add_loop_test(t, linux16__bzimage_says_where_its_code_lies, 0,
			    COUNT(highs));
	tcase_add_loop_test(t, linux32__keeps_room_for_the_kernel, 0,
			    COUNT(kept));
	suite_add_tcase(s, t);
	return s;
}
