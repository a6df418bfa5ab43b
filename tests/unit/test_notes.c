/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Note records: where one ends and the next begins.
 */
#include <errno.h>

#include "unit/note_list.h"

START_TEST(notes__keep_order_owner_type_and_descriptor)
{
	struct notes n = { 0 };

	clear();
	add("Xen", 6, "linux", 6);
	add("GNU", 3, "\1\2\3", 3);
	add("Go", 4, "", 0);
	add(NULL, 77, "abcd", 4);
	read_all(&n);
	ck_assert_uint_eq(n.count, 4);
	ck_assert_str_eq(n.list[0].owner, "Xen");
	ck_assert_uint_eq(n.list[0].type, 6);
	ck_assert_uint_eq(n.list[0].desc.len, 6);
	ck_assert_mem_eq(n.list[0].desc.data, "linux", 6);
	ck_assert_str_eq(n.list[1].owner, "GNU");
	ck_assert_uint_eq(n.list[1].desc.len, 3);
	ck_assert_mem_eq(n.list[1].desc.data, "\1\2\3", 3);
	ck_assert_str_eq(n.list[2].owner, "Go");
	ck_assert_uint_eq(n.list[2].desc.len, 0);
	ck_assert_str_eq(n.list[3].owner, "");
	ck_assert_uint_eq(n.list[3].type, 77);
	ck_assert_mem_eq(n.list[3].desc.data, "abcd", 4);
	ck_assert_ptr_eq(notes_find(&n, "GNU", 3), &n.list[1]);
	ck_assert_ptr_null(notes_find(&n, "Xen", 3));
	ck_assert_ptr_null(notes_find(&n, "GNU", 6));
	notes_release(&n);
}
END_TEST

START_TEST(notes__of_two_alike_the_first_is_found)
{
	struct notes n = { 0 };

	clear();
	add("Xen", 18, "\1\0\0\0", 4);
	add("Xen", 18, "\2\0\0\0", 4);
	read_all(&n);
	ck_assert_uint_eq(note_number(notes_find(&n, "Xen", 18)), 1);
	notes_release(&n);
}
END_TEST

START_TEST(notes__follow_either_padding)
{
	static const unsigned aligns[] = { 4, 8 };

	for (size_t i = 0; i < COUNT(aligns); i++) {
		struct notes n = { 0 };
		struct err e = ERR_EMPTY;

		clear();
		elf_note(&raw, "Linux", 1, "12345", 5, aligns[i]);
		elf_note(&raw, "GNU", 2, "123456789", 9, aligns[i]);
		elf_note(&raw, "Xen", 3, "1", 1, aligns[i]);
		assert_ok(read_align(&n, aligns[i], &e), &e);
		ck_assert_uint_eq(n.count, 3);
		ck_assert_str_eq(n.list[2].owner, "Xen");
		ck_assert_mem_eq(n.list[1].desc.data, "123456789", 9);
		notes_release(&n);
	}
}
END_TEST

/* binutils writes 0, 1, 4 and 16 for the same packing. */
START_TEST(notes__take_any_other_p_align_for_four)
{
	static const uint64_t aligns[] = { 0, 1, 2, 16, UINT64_MAX };

	for (size_t i = 0; i < COUNT(aligns); i++) {
		struct notes n = { 0 };
		struct err e = ERR_EMPTY;

		clear();
		add("Linux", 1, "12345", 5);
		add("Xen", 3, "1", 1);
		assert_ok(read_align(&n, aligns[i], &e), &e);
		ck_assert_uint_eq(n.count, 2);
		notes_release(&n);
	}
}
END_TEST

/*
 * A list is read with its stated alignment; if only the other padding reads it
 * to the end, that one is used.
 */
START_TEST(notes__take_the_padding_that_comes_out_whole)
{
	static const struct {
		uint64_t align;
		unsigned made; /* the padding of all notes but the first */
		unsigned want;
	} rows[] = {
		{ 8, 4, 4 },  { 8, 8, 8 }, { 4, 8, 8 }, { 4, 4, 4 },
		{ 0, 8, 8 },  { 1, 8, 8 }, { 2, 8, 8 }, { 16, 8, 8 },
		{ 16, 4, 4 }, { 0, 4, 4 }, { 1, 4, 4 }, { 2, 4, 4 },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct notes n = { 0 };
		struct err e = ERR_EMPTY;

		/* A property note has the same size either way. */
		clear();
		elf_note(&raw, "GNU", 5, "0123456789abcdef", 16, 8);
		elf_note(&raw, "Xen", 6, "tst", 4, rows[i].made);
		elf_note(&raw, "Xen", 18, "\0\0\0\1", 4, rows[i].made);
		elf_note(&raw, "GNU", 3, "0123456789", 10, rows[i].made);
		assert_ok(read_align(&n, rows[i].align, &e), &e);
		ck_assert_uint_eq(n.count, 4);
		ck_assert_uint_eq(padding, rows[i].want);
		ck_assert_uint_eq(note_number(notes_find(&n, "Xen", 18)),
				  0x1000000);
		ck_assert_uint_eq(n.list[3].desc.len, 10);
		notes_release(&n);
	}
}
END_TEST

/* Notes of earlier segments are kept, whichever reading fails or is used. */
START_TEST(notes__keep_the_stated_reading_if_neither_is_whole)
{
	struct notes n = { 0 };
	struct err e = ERR_EMPTY;

	clear();
	add("Linux", 1, "12345678", 8);
	read_all(&n);
	clear();
	elf_note(&raw, "Xen", 6, "tst", 4, 8);
	elf_note(&raw, "Xen", 7, "tst", 4, 8);
	buf_le32(&raw, 0xffffffff);
	buf_add(&raw, "\0\0\0\0\0\0\0\0", 8);
	assert_err(read_align(&n, 8, &e), -EINVAL, &e,
		   "note at 0x30: namesz 0xffffffff runs past the end");
	ck_assert_uint_eq(padding, 8);
	ck_assert_uint_eq(n.count, 3);
	ck_assert_uint_eq(n.list[0].type, 1);
	ck_assert_uint_eq(n.list[2].type, 7);
	notes_release(&n);
}
END_TEST

START_TEST(notes__owner_needs_no_nul_and_is_made_printable)
{
	static const struct {
		const char *name;
		uint32_t namesz;
		const char *owner;
	} rows[] = {
		{ "Xen", 3, "Xen" },
		{ "Xen\0junk", 8, "Xen" },
		{ "\x1b[2J", 4, "?[2J" },
		{ "", 0, "" },
		{ "0123456789012345678901234567890123456789"
		  "0123456789012345678901234567890123456789",
		  80,
		  "0123456789012345678901234567890123456789"
		  "01234567890123456789012" },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct notes n = { 0 };

		clear();
		buf_le32(&raw, rows[i].namesz);
		buf_le32(&raw, 0);
		buf_le32(&raw, 9);
		buf_add(&raw, rows[i].name, rows[i].namesz);
		read_all(&n);
		ck_assert_str_eq(n.list[0].owner, rows[i].owner);
		notes_release(&n);
	}
}
END_TEST

START_TEST(notes__name_what_is_wrong_and_keep_what_was_right)
{
	static const struct {
		uint32_t word[4];
		unsigned bytes;
		const char *msg;
	} rows[] = {
		{ { 0xffffffff, 0, 1 },
		  12,
		  "note at 0x18: namesz 0xffffffff runs past the end "
		  "(0x24 bytes)" },
		{ { 5, 0, 1, 0 }, 16, "namesz 0x5 runs past" },
		{ { 4, 0xffffffff, 1, 0 },
		  16,
		  "note at 0x18: descsz 0xffffffff runs past the end "
		  "(0x28 bytes)" },
		{ { 0xfffffffc, 0xfffffffc, 1 }, 12, "namesz 0xfffffffc" },
		{ { 0, 1, 1 }, 12, "descsz 0x1 runs past" },
		{ { 4, 0 },
		  8,
		  "note at 0x18: only 8 bytes left of a 12-byte header" },
		{ { 1 }, 1, "only 1 bytes left" },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct notes n = { 0 };
		struct err e = ERR_EMPTY;

		clear();
		add("Xen", 6, "linux", 6);
		ck_assert_uint_eq(raw.len, 0x18);
		buf_add(&raw, rows[i].word, rows[i].bytes);
		assert_err(read_align(&n, 4, &e), -EINVAL, &e, rows[i].msg);
		ck_assert_uint_eq(n.count, 1);
		ck_assert_str_eq(n.list[0].owner, "Xen");
		notes_release(&n);
	}
}
END_TEST

START_TEST(notes__padding_at_the_end_may_be_missing_or_spare)
{
	struct notes n = { 0 };
	struct err e = ERR_EMPTY;

	/* "123" ends one byte before the word does. */
	clear();
	add("Xen", 6, "123", 3);
	raw.len--;
	assert_ok(read_align(&n, 4, &e), &e);
	ck_assert_uint_eq(n.list[0].desc.len, 3);

	/* So does a name without anything after it. */
	clear();
	elf_note(&raw, "Linux", 6, "", 0, 8);
	raw.len -= 6;
	assert_ok(read_align(&n, 8, &e), &e);
	ck_assert_str_eq(n.list[1].owner, "Linux");
	ck_assert_uint_eq(n.list[1].desc.len, 0);

	/* Zeros too short to hold a record. */
	clear();
	add("Xen", 6, "1234", 4);
	buf_add(&raw, "\0\0\0\0\0\0\0\0\0\0", 11);
	assert_ok(read_align(&n, 4, &e), &e);
	ck_assert_uint_eq(n.count, 3);

	/* And no bytes at all. */
	clear();
	assert_ok(read_align(&n, 4, &e), &e);
	ck_assert_uint_eq(n.count, 3);
	notes_release(&n);
}
END_TEST

START_TEST(notes__stop_at_the_limit)
{
	struct notes n = { 0 };
	struct err e = ERR_EMPTY;

	clear();
	for (unsigned i = 0; i < NOTES_MAX; i++)
		add("X", i, NULL, 0);
	assert_ok(read_align(&n, 4, &e), &e);
	ck_assert_uint_eq(n.count, NOTES_MAX);
	ck_assert_uint_eq(n.list[NOTES_MAX - 1].type, NOTES_MAX - 1);
	clear();
	add("X", 1, NULL, 0);
	assert_err(read_align(&n, 4, &e), -E2BIG, &e, "more than 256 notes");
	ck_assert_uint_eq(n.count, NOTES_MAX);
	notes_release(&n);
}
END_TEST

START_TEST(notes__cut_anywhere_give_an_error_or_fewer_notes)
{
	size_t full;

	clear();
	add("Xen", 6, "linux", 6);
	add("Linux", 0x100, "6.1", 3);
	full = raw.len;
	for (size_t len = 0; len <= full; len++) {
		struct notes n = { 0 };
		struct err e = ERR_EMPTY;
		int rc;

		raw.len = len;
		rc = read_align(&n, 4, &e);
		ck_assert_uint_le(n.count, 2);
		/* Whole: at the ends, and where only padding is missing. */
		if (len == 0 || (len >= 22 && len <= 24) || len >= 47)
			assert_ok(rc, &e);
		else if (len > 24 && len < 24 + 12)
			ck_assert_int_eq(n.count, 1);
		else
			assert_err(rc, -EINVAL, &e, "note at 0x");
		notes_release(&n);
	}
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("notes");
	TCase *t = tcase_create("all");

	tcase_add_test(t, notes__keep_order_owner_type_and_descriptor);
	tcase_add_test(t, notes__of_two_alike_the_first_is_found);
	tcase_add_test(t, notes__follow_either_padding);
	tcase_add_test(t, notes__take_any_other_p_align_for_four);
	tcase_add_test(t, notes__take_the_padding_that_comes_out_whole);
	tcase_add_test(t, notes__keep_the_stated_reading_if_neither_is_whole);
	tcase_add_test(t, notes__owner_needs_no_nul_and_is_made_printable);
	tcase_add_test(t, notes__name_what_is_wrong_and_keep_what_was_right);
	tcase_add_test(t, notes__padding_at_the_end_may_be_missing_or_spare);
	tcase_add_test(t, notes__stop_at_the_limit);
	tcase_add_test(t, notes__cut_anywhere_give_an_error_or_fewer_notes);
	suite_add_tcase(s, t);
	return s;
}
