/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a note means, by owner and type.
 */
#include "unit/note_list.h"

/* One note, as it is read back. */
static struct note one(const char *owner, uint32_t type, const void *desc,
		       uint32_t descsz)
{
	struct notes n = { 0 };
	struct note got;

	clear();
	add(owner, type, desc, descsz);
	read_all(&n);
	ck_assert_uint_eq(n.count, 1);
	got = n.list[0];
	notes_release(&n);
	return got;
}

START_TEST(note_kind__follows_the_table_if_the_descriptor_fits)
{
	static const uint8_t bytes[64];
	static const struct {
		const char *owner;
		uint32_t type;
		uint32_t descsz;
		const char *name;
		enum note_kind kind;
	} rows[] = {
		{ "Xen", 0, 4, "INFO", NOTE_STRING },
		{ "Xen", 1, 8, "ENTRY", NOTE_NUMBER },
		{ "Xen", 1, 4, "ENTRY", NOTE_NUMBER },
		{ "Xen", 1, 0, "ENTRY", NOTE_HEX },
		{ "Xen", 1, 5, "ENTRY", NOTE_HEX },
		{ "Xen", 1, 12, "ENTRY", NOTE_HEX },
		{ "Xen", 2, 8, "HYPERCALL_PAGE", NOTE_NUMBER },
		{ "Xen", 3, 8, "VIRT_BASE", NOTE_NUMBER },
		{ "Xen", 4, 8, "PADDR_OFFSET", NOTE_NUMBER },
		{ "Xen", 5, 8, "XEN_VERSION", NOTE_STRING },
		{ "Xen", 6, 6, "GUEST_OS", NOTE_STRING },
		{ "Xen", 7, 4, "GUEST_VERSION", NOTE_STRING },
		{ "Xen", 8, 0, "LOADER", NOTE_STRING },
		{ "Xen", 9, 4, "PAE_MODE", NOTE_STRING },
		{ "Xen", 10, 20, "FEATURES", NOTE_FEATURES },
		{ "Xen", 11, 4, "BSD_SYMTAB", NOTE_STRING },
		{ "Xen", 12, 8, "HV_START_LOW", NOTE_NUMBER },
		{ "Xen", 13, 16, "L1_MFN_VALID", NOTE_MFN_VALID },
		{ "Xen", 13, 32, "L1_MFN_VALID", NOTE_MFN_VALID },
		{ "Xen", 13, 8, "L1_MFN_VALID", NOTE_MFN_VALID },
		{ "Xen", 13, 0, "L1_MFN_VALID", NOTE_HEX },
		{ "Xen", 13, 24, "L1_MFN_VALID", NOTE_HEX },
		{ "Xen", 14, 4, "SUSPEND_CANCEL", NOTE_NUMBER },
		{ "Xen", 15, 8, "INIT_P2M", NOTE_NUMBER },
		{ "Xen", 16, 4, "MOD_START_PFN", NOTE_NUMBER },
		{ "Xen", 17, 4, "SUPPORTED_FEATURES", NOTE_FEATURE_BITS },
		{ "Xen", 17, 3, "SUPPORTED_FEATURES", NOTE_HEX },
		{ "Xen", 18, 8, "PHYS32_ENTRY", NOTE_NUMBER },
		{ "Xen", 18, 4, "PHYS32_ENTRY", NOTE_NUMBER },
		{ "Xen", 18, 2, "PHYS32_ENTRY", NOTE_HEX },
		{ "Xen", 19, 0, "PHYS32_RELOC", NOTE_PHYS32_RELOC },
		{ "Xen", 19, 12, "PHYS32_RELOC", NOTE_PHYS32_RELOC },
		{ "Xen", 19, 7, "PHYS32_RELOC", NOTE_HEX },
		{ "Xen", 0x1000001, 4, "CRASH_INFO", NOTE_HEX },
		{ "Xen", 0x1000002, 4, "CRASH_REGS", NOTE_HEX },
		{ "Xen", 0x2000000, 4, "DUMPCORE_NONE", NOTE_HEX },
		{ "Xen", 0x2000001, 4, "DUMPCORE_HEADER", NOTE_HEX },
		{ "Xen", 0x2000002, 4, "DUMPCORE_XEN_VERSION", NOTE_HEX },
		{ "Xen", 0x2000003, 4, "DUMPCORE_FORMAT_VERSION", NOTE_HEX },
		{ "Xen", 20, 4, NULL, NOTE_HEX },
		{ "Linux", 0x100, 15, "BUILD_SALT", NOTE_STRING },
		{ "Linux", 0x101, 4, "LTO_INFO", NOTE_NUMBER },
		{ "GNU", 3, 20, "build-id", NOTE_BUILD_ID },
		{ "GNU", 3, 0, "build-id", NOTE_HEX },
		{ "GNU", 5, 16, "property", NOTE_PROPERTY },
		{ "GNU", 5, 0, "property", NOTE_HEX },
		{ "GNU", 5, 9, "property", NOTE_HEX },
		/* The same numbers, other owners. */
		{ "GNU", 18, 8, NULL, NOTE_HEX },
		{ "xen", 18, 8, NULL, NOTE_HEX },
		{ "Go", 4, 8, NULL, NOTE_HEX },
		{ NULL, 18, 8, NULL, NOTE_HEX },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct note n = one(rows[i].owner, rows[i].type, bytes,
				    rows[i].descsz);
		const struct note_type *t = note_type(&n);

		if (rows[i].name) {
			ck_assert_ptr_nonnull(t);
			ck_assert_str_eq(t->name, rows[i].name);
		} else {
			ck_assert_ptr_null(t);
		}
		ck_assert_msg(note_kind(&n) == rows[i].kind,
			      "row %zu: %s %u of %u bytes: kind %d", i,
			      rows[i].owner, rows[i].type, rows[i].descsz,
			      note_kind(&n));
	}
}
END_TEST

START_TEST(note_number__is_four_or_eight_bytes)
{
	struct note n;

	n = one("Xen", 18, "\x78\x56\x34\x92", 4);
	ck_assert_uint_eq(note_number(&n), 0x92345678);
	n = one("Xen", 18, "\x78\x56\x34\x92\1\0\0\x80", 8);
	ck_assert_uint_eq(note_number(&n), 0x8000000192345678);
}
END_TEST

START_TEST(note_string__is_printable_and_ends)
{
	struct note n;
	char text[8];

	/* Linux writes FEATURES without a NUL. */
	n = one("Xen", 6, "linux", 5);
	note_string(&n, text, sizeof(text));
	ck_assert_str_eq(text, "linux");
	n = one("Xen", 6, "li\0nux", 6);
	note_string(&n, text, sizeof(text));
	ck_assert_str_eq(text, "li");
	n = one("Xen", 6, "a\x1b[31mred", 9);
	note_string(&n, text, sizeof(text));
	ck_assert_str_eq(text, "a?[31mr");
	n = one("Xen", 6, "", 0);
	note_string(&n, text, sizeof(text));
	ck_assert_str_eq(text, "");
}
END_TEST

START_TEST(note_mfn_valid__gives_pairs)
{
	static const uint64_t two[] = { 1, 1, 0x8000000000000001, 2 };
	static const uint32_t narrow[] = { 3, 1 };
	uint64_t mask, value;
	struct note n;

	n = one("Xen", 13, two, sizeof(two));
	ck_assert(note_mfn_valid(&n, 0, &mask, &value));
	ck_assert(mask == 1 && value == 1);
	ck_assert(note_mfn_valid(&n, 1, &mask, &value));
	ck_assert(mask == two[2] && value == 2);
	ck_assert(!note_mfn_valid(&n, 2, &mask, &value));
	ck_assert(!note_mfn_valid(&n, UINT32_MAX, &mask, &value));
	n = one("Xen", 13, narrow, sizeof(narrow));
	ck_assert(note_mfn_valid(&n, 0, &mask, &value));
	ck_assert(mask == 3 && value == 1);
	ck_assert(!note_mfn_valid(&n, 1, &mask, &value));
}
END_TEST

START_TEST(note_property__lists_both_paddings)
{
	/* x86 feature and needed ISA, as ELF64 (padded to 8) and ELF32. */
	static const uint32_t wide[] = { 0xc0000002, 4, 3, 0,
					 0xc0008002, 4, 1, 0 };
	static const uint32_t narrow[] = { 0xc0000002, 4, 3, 0xc0008002, 4, 1 };
	const struct {
		const void *data;
		size_t size;
	} rows[] = { { wide, sizeof(wide) }, { narrow, sizeof(narrow) } };

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct note n = one("GNU", 5, rows[i].data, rows[i].size);
		struct gnu_property p;
		uint64_t pos = 0;

		ck_assert_int_eq(note_kind(&n), NOTE_PROPERTY);
		ck_assert(note_property_next(&n, &pos, &p));
		ck_assert_uint_eq(p.type, 0xc0000002);
		ck_assert_uint_eq(p.data.len, 4);
		ck_assert_uint_eq(p.data.data[0], 3);
		ck_assert_str_eq(gnu_property_name(p.type),
				 "X86_FEATURE_1_AND");
		ck_assert(note_property_next(&n, &pos, &p));
		ck_assert_uint_eq(p.type, 0xc0008002);
		ck_assert_uint_eq(p.data.data[0], 1);
		ck_assert(!note_property_next(&n, &pos, &p));
	}
	ck_assert_ptr_null(gnu_property_name(0));
}
END_TEST

START_TEST(note_property__is_hex_if_it_does_not_come_out_even)
{
	static const uint32_t past[] = { 0xc0000002, 8, 3 };
	static const uint32_t wraps[] = { 0xc0000002, 0xffffffff, 3, 0 };
	static const uint32_t rest[] = { 0xc0000002, 4, 3, 0, 7 };
	static const uint8_t large[NOTE_PROPERTIES_MAX + 8];
	const struct {
		const void *data;
		size_t size;
	} rows[] = { { past, sizeof(past) },
		     { wraps, sizeof(wraps) },
		     { rest, sizeof(rest) },
		     { large, sizeof(large) } };

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct note n = one("GNU", 5, rows[i].data, rows[i].size);
		struct gnu_property p;
		uint64_t pos = 0;

		ck_assert_int_eq(note_kind(&n), NOTE_HEX);
		ck_assert(!note_property_next(&n, &pos, &p));
	}
}
END_TEST

START_TEST(phys32_reloc__has_defaults_for_what_is_left_out)
{
	static const uint32_t words[] = { 0x400000, 0x2000000, 0x3fffffff, 9 };
	static const struct {
		unsigned given;
		uint64_t align, min, max;
	} rows[] = {
		{ 0, 0x1000, 0, 0xffffffff },
		{ 1, 0x400000, 0, 0xffffffff },
		{ 2, 0x400000, 0x2000000, 0xffffffff },
		{ 3, 0x400000, 0x2000000, 0x3fffffff },
	};

	for (unsigned i = 0; i <= 4; i++) {
		struct note n = one("Xen", 19, words, i * 4);
		unsigned row = i < 3 ? i : 3;
		struct phys32_reloc r;

		note_phys32_reloc(&n, 0x1000, &r);
		ck_assert_uint_eq(r.given, rows[row].given);
		ck_assert_uint_eq(r.align, rows[row].align);
		ck_assert_uint_eq(r.min, rows[row].min);
		ck_assert_uint_eq(r.max, rows[row].max);
	}
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("note_types");
	TCase *t = tcase_create("all");

	tcase_add_test(t, note_kind__follows_the_table_if_the_descriptor_fits);
	tcase_add_test(t, note_number__is_four_or_eight_bytes);
	tcase_add_test(t, note_string__is_printable_and_ends);
	tcase_add_test(t, note_mfn_valid__gives_pairs);
	tcase_add_test(t, note_property__lists_both_paddings);
	tcase_add_test(t, note_property__is_hex_if_it_does_not_come_out_even);
	tcase_add_test(t, phys32_reloc__has_defaults_for_what_is_left_out);
	suite_add_tcase(s, t);
	return s;
}
