/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stddef.h>

#include "support/bzimage_builder.h"
#include "support/elf_builder.h"
#include "image/setup_header.h"
#include "pv/bootparam.h"
#include "support/tight.h"
#include "unit/unit.h"

#define SIZE_OF(name) sizeof(((struct setup_header *)0)->name)
#define FIELD(name)   #name, offsetof(struct setup_header, name), SIZE_OF(name)

/* boot.rst's table: what the builder stores, and what an image reports that is
 * too old for the field. */
static const struct {
	const char *name;
	size_t at;
	size_t size;
	unsigned off;
	unsigned width;
	uint16_t since;
	uint64_t stored;
	uint64_t absent;
} fields[] = {
	{ FIELD(loadflags), HDR_LOADFLAGS, 1, 0x200, 0x81, 0 },
	{ FIELD(code32_start), HDR_CODE32_START, 4, 0x200, 0x100000, 0 },
	{ FIELD(initrd_addr_max), HDR_INITRD_ADDR_MAX, 4, 0x203, 0x7fffffff,
	  0x37ffffff },
	{ FIELD(kernel_alignment), HDR_KERNEL_ALIGNMENT, 4, 0x205, 0x200000,
	  0 },
	{ FIELD(relocatable), HDR_RELOCATABLE_KERNEL, 1, 0x205, 1, 0 },
	{ FIELD(min_alignment), HDR_MIN_ALIGNMENT, 1, 0x20a, 21, 0 },
	{ FIELD(xloadflags), HDR_XLOADFLAGS, 2, 0x20c, 3, 0 },
	{ FIELD(cmdline_size), HDR_CMDLINE_SIZE, 4, 0x206, 2047, 255 },
	{ FIELD(hardware_subarch), HDR_HARDWARE_SUBARCH, 4, 0x207, 2, 0 },
	{ FIELD(has_payload), HDR_PAYLOAD_LENGTH, 4, 0x208, 1, 0 },
	{ FIELD(payload_offset), HDR_PAYLOAD_OFFSET, 4, 0x208, 0x2cc, 0 },
	{ FIELD(payload_length), HDR_PAYLOAD_LENGTH, 4, 0x208, 5, 0 },
	{ FIELD(setup_data), HDR_SETUP_DATA, 8, 0x209, 0x123456789a, 0 },
	{ FIELD(pref_address), HDR_PREF_ADDRESS, 8, 0x20a, 0x1000000, 0 },
	{ FIELD(init_size), HDR_INIT_SIZE, 4, 0x20a, 0x2000000, 0 },
	{ FIELD(handover_offset), HDR_HANDOVER_OFFSET, 4, 0x20b, 0x190, 0 },
	{ FIELD(kernel_info_offset), HDR_KERNEL_INFO_OFFSET, 4, 0x20f, 0x1c0,
	  0 },
};
#define FIELDS COUNT(fields)

static struct buf file;

static void build(uint16_t version)
{
	struct buf payload = { 0 };

	file.len = 0;
	buf_add(&payload, "12345", 5);
	bzimage_build(&(struct test_bzimage){ .version = version,
					      .kernel_version = "6.1 (me) #1",
					      .payload = &payload,
					      .payload_gap = 0x2cc,
					      .payload_rest = 100 },
		      &file);
	buf_release(&payload);
}

static int parse(struct setup_header *h, size_t len, struct err *e)
{
	struct bytes b = tight(file.data, len);
	int rc = setup_header_parse(h, b, e);

	tight_free(b);
	return rc;
}

static uint64_t value(const struct setup_header *h, size_t i)
{
	uint64_t v = 0;

	memcpy(&v, (const char *)h + fields[i].at, fields[i].size);
	return v;
}

START_TEST(setup_header__has_each_field_from_its_version_on)
{
	static const uint16_t versions[] = {
		0x200, 0x201, 0x202, 0x203, 0x204, 0x205, 0x206, 0x207, 0x208,
		0x209, 0x20a, 0x20b, 0x20c, 0x20d, 0x20e, 0x20f, 0x210, 0x300,
	};

	for (size_t v = 0; v < COUNT(versions); v++) {
		struct setup_header h;
		struct err e = ERR_EMPTY;

		build(versions[v]);
		/* Far enough for every field: the version alone decides. */
		elf_patch(&file, HDR_JUMP + 1, 1, 0x6a);
		assert_ok(parse(&h, file.len, &e), &e);
		ck_assert_uint_eq(h.version, versions[v]);
		for (size_t i = 0; i < FIELDS; i++) {
			uint64_t want = versions[v] >= fields[i].since
						? fields[i].stored
						: fields[i].absent;

			ck_assert_msg(value(&h, i) == want,
				      "version 0x%x: %s is 0x%llx, not 0x%llx",
				      versions[v], fields[i].name,
				      (unsigned long long)value(&h, i),
				      (unsigned long long)want);
		}
	}
}
END_TEST

START_TEST(setup_header__has_only_fields_its_length_covers)
{
	build(0x20f);
	for (unsigned len = 0x206; len <= 0x301; len++) {
		struct setup_header h;
		struct err e = ERR_EMPTY;
		int rc;

		elf_patch(&file, HDR_JUMP + 1, 1, len - HDR_MAGIC);
		rc = parse(&h, file.len, &e);
		if (len < 0x208) {
			assert_err(rc, -EINVAL, &e,
				   "before its version field at 0x206");
			continue;
		}
		assert_ok(rc, &e);
		ck_assert_uint_eq(h.header_end, len);
		for (size_t i = 0; i < FIELDS; i++) {
			uint64_t want = fields[i].off + fields[i].width <= len
						? fields[i].stored
						: fields[i].absent;

			ck_assert_msg(value(&h, i) == want,
				      "end 0x%x: %s is 0x%llx, not 0x%llx", len,
				      fields[i].name,
				      (unsigned long long)value(&h, i),
				      (unsigned long long)want);
		}
	}
}
END_TEST

START_TEST(setup_header__reads_half_of_syssize_before_2_04)
{
	struct setup_header h;
	struct err e = ERR_EMPTY;

	build(0x203);
	elf_patch(&file, HDR_SYSSIZE, 4, 0xabcd1234);
	assert_ok(parse(&h, file.len, &e), &e);
	ck_assert_uint_eq(h.syssize, 0x1234);
	elf_patch(&file, HDR_VERSION, 2, 0x204);
	assert_ok(parse(&h, file.len, &e), &e);
	ck_assert_uint_eq(h.syssize, 0xabcd1234);
}
END_TEST

START_TEST(setup_header__takes_no_setup_sects_for_four)
{
	struct setup_header h;
	struct err e = ERR_EMPTY;

	build(0x20f);
	elf_patch(&file, HDR_SETUP_SECTS, 1, 0);
	assert_ok(parse(&h, file.len, &e), &e);
	ck_assert_uint_eq(h.setup_sects, 4);
	ck_assert_uint_eq(h.code_off, 5 * 512);
	elf_patch(&file, HDR_SETUP_SECTS, 1, 1);
	assert_ok(parse(&h, file.len, &e), &e);
	ck_assert_uint_eq(h.setup_sects, 1);
	ck_assert_uint_eq(h.code_off, 2 * 512);
}
END_TEST

START_TEST(setup_header__ignores_what_an_efi_stub_puts_first)
{
	struct setup_header h;
	struct err e = ERR_EMPTY;

	build(0x20f);
	elf_patch(&file, 0, 2, 0x5a4d); /* "MZ" */
	assert_ok(parse(&h, file.len, &e), &e);
}
END_TEST

START_TEST(setup_header__names_what_is_wrong)
{
	static const struct {
		unsigned off;
		unsigned width;
		uint64_t v;
		const char *msg;
	} rows[] = {
		{ HDR_MAGIC, 4, 0xefbeadde,
		  "no \"HdrS\" at 0x202 (found de ad be ef)" },
		{ HDR_MAGIC + 3, 1, 0, "(found 48 64 72 00)" },
		{ HDR_BOOT_FLAG, 2, 0x55aa, "boot_flag is 0x55aa, not 0xaa55" },
		{ HDR_VERSION, 2, 0x01ff,
		  "version is 0x01ff, older than 0x0200" },
		{ HDR_VERSION, 2, 0, "version is 0x0000" },
		{ HDR_JUMP + 1, 1, 5,
		  "header ends at 0x207 (length byte 0x05)" },
		{ HDR_SETUP_SECTS, 1, 255,
		  "setup_sects 255 puts the protected-mode code at 0x20000, "
		  "past the file (0xd35 bytes)" },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct setup_header h, before;
		struct err e = ERR_EMPTY;

		memset(&h, 0x5c, sizeof(h));
		before = h;
		build(0x20f);
		ck_assert_uint_eq(file.len, 0xd35);
		elf_patch(&file, rows[i].off, rows[i].width, rows[i].v);
		assert_err(parse(&h, file.len, &e), -EINVAL, &e, rows[i].msg);
		ck_assert_mem_eq(&h, &before, sizeof(h));
	}
}
END_TEST

START_TEST(setup_header__needs_all_up_to_the_code)
{
	const size_t code_off = 5 * 512;

	build(0x20f);
	for (size_t len = 0; len <= file.len; len++) {
		struct setup_header h;
		struct err e = ERR_EMPTY;
		int rc = parse(&h, len, &e);

		if (len < 0x208)
			assert_err(rc, -EINVAL, &e, "too few");
		else if (len < 0x26c)
			assert_err(rc, -EINVAL, &e,
				   "header ends at 0x26c (length byte 0x6a), "
				   "past the file");
		else if (len < code_off)
			assert_err(rc, -EINVAL, &e,
				   "protected-mode code at 0xa00, past");
		else
			assert_ok(rc, &e);
	}
}
END_TEST

START_TEST(setup_header__survives_extremes_of_every_byte_and_word)
{
	for (unsigned off = HDR_START; off < 0x26c; off++)
		for (unsigned width = 1; width <= 8; width *= 2)
			for (unsigned i = 0; i < EXTREMES; i++) {
				struct setup_header h;
				struct err e = ERR_EMPTY;
				char text[64];

				build(0x20f);
				elf_patch(&file, off, width, extreme(i, width));
				if (parse(&h, file.len, &e)) {
					ck_assert_str_ne(e.msg, "");
					continue;
				}
				ck_assert_uint_le(h.code_off, file.len);
				ck_assert_uint_le(h.header_end, file.len);
				setup_header_kernel_version(
					&h,
					(struct bytes){ file.data, file.len },
					text, sizeof(text));
			}
}
END_TEST

static void version_text(char *text, size_t size)
{
	struct bytes b = tight(file.data, file.len);
	struct setup_header h;
	struct err e = ERR_EMPTY;

	assert_ok(setup_header_parse(&h, b, &e), &e);
	setup_header_kernel_version(&h, b, text, size);
	tight_free(b);
}

START_TEST(setup_header__shows_the_kernel_version)
{
	const size_t at = 512 + 0x180, code_off = 5 * 512;
	char text[80];

	build(0x20f);
	version_text(text, sizeof(text));
	ck_assert_str_eq(text, "6.1 (me) #1");

	/* Cut to the buffer. */
	version_text(text, 4);
	ck_assert_str_eq(text, "6.1");
	version_text(text, 1);
	ck_assert_str_eq(text, "");

	/* No bytes that a terminal would interpret. */
	memcpy(file.data + at, "\x1b[31m\x7f\xff", 7);
	version_text(text, sizeof(text));
	ck_assert_str_eq(text, "?[31m?"
			       "?) #1");

	/* No NUL: the string ends with the setup code. */
	memset(file.data + code_off - 3, 'x', 10);
	elf_patch(&file, HDR_KERNEL_VERSION, 2, code_off - 3 - 512);
	version_text(text, sizeof(text));
	ck_assert_str_eq(text, "xxx");

	/* Past it, or nowhere. */
	elf_patch(&file, HDR_KERNEL_VERSION, 2, code_off - 512);
	version_text(text, sizeof(text));
	ck_assert_str_eq(text, "");
	elf_patch(&file, HDR_KERNEL_VERSION, 2, 0xffff);
	version_text(text, sizeof(text));
	ck_assert_str_eq(text, "");
	elf_patch(&file, HDR_KERNEL_VERSION, 2, 0);
	version_text(text, sizeof(text));
	ck_assert_str_eq(text, "");
}
END_TEST

START_TEST(setup_header__names_flags_and_subarchs)
{
	ck_assert_uint_eq(loadflags_names_count, 5);
	ck_assert_uint_eq(loadflags_names[1].bit, 1);
	ck_assert_str_eq(loadflags_names[1].name, "KASLR_FLAG");
	ck_assert_uint_eq(xloadflags_names_count, 8);
	for (unsigned i = 0; i < 8; i++)
		ck_assert_uint_eq(xloadflags_names[i].bit, i);
	ck_assert_str_eq(hardware_subarch_name(0), "PC");
	ck_assert_str_eq(hardware_subarch_name(2), "Xen");
	ck_assert_str_eq(hardware_subarch_name(4), "CE4100");
	ck_assert_ptr_null(hardware_subarch_name(5));
	ck_assert_ptr_null(hardware_subarch_name(UINT32_MAX));
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("setup_header");
	TCase *t = tcase_create("all");

	tcase_add_test(t, setup_header__has_each_field_from_its_version_on);
	tcase_add_test(t, setup_header__has_only_fields_its_length_covers);
	tcase_add_test(t, setup_header__reads_half_of_syssize_before_2_04);
	tcase_add_test(t, setup_header__takes_no_setup_sects_for_four);
	tcase_add_test(t, setup_header__ignores_what_an_efi_stub_puts_first);
	tcase_add_test(t, setup_header__names_what_is_wrong);
	tcase_add_test(t, setup_header__needs_all_up_to_the_code);
	tcase_add_test(t,
		       setup_header__survives_extremes_of_every_byte_and_word);
	tcase_add_test(t, setup_header__shows_the_kernel_version);
	tcase_add_test(t, setup_header__names_flags_and_subarchs);
	suite_add_tcase(s, t);
	return s;
}
