/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which notes of an ELF are read, and what happens to a kernel whose notes are
 * broken.
 */
#include "support/elf_builder.h"
#include "image/kernel_elf.h"
#include "support/tight.h"
#include "unit/unit.h"

static struct bytes held;

static const struct test_segment text = { .type = PT_LOAD,
					  .data = "text",
					  .filesz = 4 };

static struct test_segment segment(const struct buf *notes, uint64_t align)
{
	return (struct test_segment){ .type = PT_NOTE,
				      .data = notes->data,
				      .filesz = notes->len,
				      .align = align };
}

static struct test_section section(const struct buf *notes, uint64_t align)
{
	return (struct test_section){ .type = SHT_NOTE,
				      .data = notes->data,
				      .size = notes->len,
				      .align = align };
}

static void parse(struct kernel_elf *k, const struct test_elf *t)
{
	struct buf file = { 0 };
	struct err e = ERR_EMPTY;

	elf_build(t, &file);
	tight_free(held);
	held = tight(file.data, file.len);
	buf_release(&file);
	assert_ok(kernel_elf_parse(k, held, &e), &e);
}

START_TEST(elf_notes__come_from_every_pt_note)
{
	struct buf four = { 0 }, eight = { 0 };
	struct kernel_elf k;

	elf_note(&four, "Xen", 6, "linux", 6, 4);
	elf_note(&four, "Xen", 7, "2.6", 4, 4);
	elf_note(&eight, "Linux", 5, "12345678", 8, 8);
	elf_note(&eight, "GNU", 3, "12", 2, 8);
	const struct test_segment s[] = { segment(&four, 4), text,
					  segment(&eight, 8) };

	parse(&k,
	      &(struct test_elf){ .segments = s, .segments_count = COUNT(s) });
	ck_assert_str_eq(k.notes.source, "PT_NOTE");
	ck_assert_uint_eq(k.notes.count, 4);
	ck_assert_uint_eq(k.notes.list[1].type, 7);
	ck_assert_mem_eq(k.notes.list[2].desc.data, "12345678", 8);
	ck_assert_str_eq(k.notes.list[3].owner, "GNU");
	ck_assert_str_eq(k.notes_bad.msg, "");
	kernel_elf_release(&k);
	buf_release(&four);
	buf_release(&eight);
}
END_TEST

START_TEST(elf_notes__come_from_sections_only_without_pt_note)
{
	struct buf in_segment = { 0 }, one = { 0 }, two = { 0 };
	struct kernel_elf k;

	elf_note(&in_segment, "Xen", 1, "1234", 4, 4);
	elf_note(&one, "Xen", 2, "1234", 4, 4);
	elf_note(&two, "Linux", 3, "1234", 4, 8);
	const struct test_section sections[] = { section(&one, 4),
						 section(&two, 8) };
	const struct test_segment segments[] = { text,
						 segment(&in_segment, 4) };
	struct test_elf t = { .segments = segments,
			      .segments_count = 1,
			      .sections = sections,
			      .sections_count = 2 };

	parse(&k, &t);
	ck_assert_str_eq(k.notes.source, "SHT_NOTE");
	ck_assert_uint_eq(k.notes.count, 2);
	ck_assert_uint_eq(k.notes.list[1].type, 3);
	kernel_elf_release(&k);

	t.segments_count = 2;
	parse(&k, &t);
	ck_assert_str_eq(k.notes.source, "PT_NOTE");
	ck_assert_uint_eq(k.notes.count, 1);
	ck_assert_uint_eq(k.notes.list[0].type, 1);
	kernel_elf_release(&k);

	t = (struct test_elf){ .segments = &text, .segments_count = 1 };
	parse(&k, &t);
	ck_assert_ptr_null(k.notes.source);
	ck_assert_uint_eq(k.notes.count, 0);
	kernel_elf_release(&k);
	buf_release(&in_segment);
	buf_release(&one);
	buf_release(&two);
}
END_TEST

START_TEST(elf_notes__may_overlap)
{
	struct buf notes = { 0 }, file = { 0 };
	struct err e = ERR_EMPTY;
	struct kernel_elf k;

	elf_note(&notes, "Xen", 18, "1234", 4, 4);
	const struct test_segment s[] = { segment(&notes, 4), text,
					  segment(&notes, 4) };

	elf_build(
		&(struct test_elf){ .segments = s, .segments_count = COUNT(s) },
		&file);
	/* The second PT_NOTE is put in the place of the first. */
	elf_patch(&file,
		  sizeof(Elf64_Ehdr) + 2 * sizeof(Elf64_Phdr) +
			  offsetof(Elf64_Phdr, p_offset),
		  8,
		  elf_peek(&file,
			   sizeof(Elf64_Ehdr) + offsetof(Elf64_Phdr, p_offset),
			   8));
	assert_ok(
		kernel_elf_parse(&k, (struct bytes){ file.data, file.len }, &e),
		&e);
	ck_assert_uint_eq(k.notes.count, 2);
	ck_assert_ptr_eq(k.notes.list[0].desc.data, k.notes.list[1].desc.data);
	kernel_elf_release(&k);
	buf_release(&notes);
	buf_release(&file);
}
END_TEST

START_TEST(elf_notes__that_are_broken_leave_the_kernel_loadable)
{
	struct buf bad = { 0 }, worse = { 0 }, good = { 0 };
	struct kernel_elf k;

	elf_note(&bad, "Xen", 6, "linux", 6, 4);
	buf_le32(&bad, 4);
	buf_le32(&bad, 0xfffffff0);
	buf_le32(&bad, 1);
	buf_add(&bad, "Xen", 4);
	buf_le32(&worse, 7);
	elf_note(&good, "Xen", 18, "1234", 4, 4);
	const struct test_segment s[] = { text, segment(&bad, 4),
					  segment(&worse, 4),
					  segment(&good, 4) };

	parse(&k,
	      &(struct test_elf){ .segments = s, .segments_count = COUNT(s) });
	ck_assert_uint_eq(k.notes.count, 2);
	ck_assert_uint_eq(k.notes.list[0].type, 6);
	ck_assert_uint_eq(k.notes.list[1].type, 18);
	ck_assert_str_eq(k.notes_bad.msg,
			 "PT_NOTE 1: note at 0x18: descsz 0xfffffff0 runs past "
			 "the end (0x28 bytes); "
			 "PT_NOTE 2: note at 0x0: only 4 bytes left of a "
			 "12-byte header");
	kernel_elf_release(&k);
	buf_release(&bad);
	buf_release(&worse);
	buf_release(&good);
}
END_TEST

/* GNU ld merges .note.gnu.property, aligned to 8, with notes padded to 4. */
static void merged_notes(struct buf *out)
{
	elf_note(out, "GNU", 5, "0123456789abcdef", 16, 8);
	elf_note(out, "Xen", 6, "tst", 4, 4);
	elf_note(out, "Xen", 18, "\0\0\0\1", 4, 4);
}

START_TEST(elf_notes__say_which_padding_was_found)
{
	struct buf merged = { 0 }, sound = { 0 };
	struct kernel_elf k;

	merged_notes(&merged);
	elf_note(&sound, "Xen", 7, "2.6", 4, 8);
	const struct test_segment segments[] = { text, segment(&merged, 8),
						 segment(&sound, 8) };
	const struct test_section in_section = section(&merged, 8);
	struct test_elf t = { .segments = segments, .segments_count = 3 };

	parse(&k, &t);
	ck_assert_uint_eq(k.notes.count, 4);
	ck_assert_uint_eq(note_number(notes_find(&k.notes, "Xen", 18)),
			  0x1000000);
	ck_assert_str_eq(k.notes_bad.msg, "");
	ck_assert_str_eq(k.notes_padding.msg, "PT_NOTE 1: p_align is 0x8, but "
					      "the notes are padded to 4");
	kernel_elf_release(&k);

	t = (struct test_elf){ .segments = &text,
			       .segments_count = 1,
			       .sections = &in_section,
			       .sections_count = 1 };
	parse(&k, &t);
	ck_assert_uint_eq(k.notes.count, 3);
	ck_assert_str_eq(k.notes_padding.msg,
			 "SHT_NOTE 1: sh_addralign is 0x8, but the notes are "
			 "padded to 4");
	kernel_elf_release(&k);
	buf_release(&merged);
	buf_release(&sound);
}
END_TEST

START_TEST(elf_notes__beyond_the_limit_are_told)
{
	struct buf many = { 0 };
	struct kernel_elf k;

	for (unsigned i = 0; i < NOTES_MAX + 9; i++)
		elf_note(&many, "Xen", i, NULL, 0, 4);
	const struct test_section s = section(&many, 4);

	parse(&k, &(struct test_elf){ .segments = &text,
				      .segments_count = 1,
				      .sections = &s,
				      .sections_count = 1 });
	ck_assert_uint_eq(k.notes.count, NOTES_MAX);
	ck_assert_ptr_nonnull(strstr(k.notes_bad.msg, "SHT_NOTE 1: note at "
						      "0x1000: more than 256 "
						      "notes"));
	kernel_elf_release(&k);
	buf_release(&many);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("elf_notes");
	TCase *t = tcase_create("all");

	tcase_add_test(t, elf_notes__come_from_every_pt_note);
	tcase_add_test(t, elf_notes__come_from_sections_only_without_pt_note);
	tcase_add_test(t, elf_notes__may_overlap);
	tcase_add_test(t, elf_notes__that_are_broken_leave_the_kernel_loadable);
	tcase_add_test(t, elf_notes__say_which_padding_was_found);
	tcase_add_test(t, elf_notes__beyond_the_limit_are_told);
	suite_add_tcase(s, t);
	return s;
}
