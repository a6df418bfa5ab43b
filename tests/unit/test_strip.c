/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which parts of an ELF go into a bzImage: the whole kernel, and nothing that
 * it does not need to run.
 */
#include "unit/packed.h"
#include "image/section_name.h"

#include <errno.h>
#include <stdlib.h>

#define MIB ((size_t)1 << 20)

static const uint8_t text[0x123] = { 0xf4, 1, 2, 3 };
static const char section_names[] =
	"\0.text\0.bss\0.debug_info\0.symtab\0.comment\0.note.x\0.shstrtab";
enum {
	N_TEXT = 1,
	N_BSS = 7,
	N_DEBUG = 12,
	N_SYMTAB = 24,
	N_COMMENT = 32,
	N_NOTE = 41,
	N_NAMES = 49,
};

static struct buf elf, room, note;
static struct kernel_elf before, after;
static struct err e;
static uint8_t *debug;

/* A kernel as the linker writes it: debug information before symbols, and a
 * note that is only in a segment or only in a section. */
static void make(bool is32, bool note_in_segment)
{
	const uint64_t high = is32 ? 0xc0000000 : 0xffffffff80000000;
	const struct test_segment segments[] = {
		{ .type = PT_LOAD,
		  .vaddr = high + 0x1000000,
		  .paddr = 0x1000000,
		  .data = text,
		  .filesz = sizeof(text),
		  .memsz = 0x2000 },
		{ .type = note_in_segment ? PT_NOTE : PT_NULL,
		  .data = note.data,
		  .filesz = note_in_segment ? note.len : 0,
		  .align = 4 },
	};
	const struct test_section sections[] = {
		{ .type = SHT_PROGBITS,
		  .name = N_TEXT,
		  .size = sizeof(text),
		  .flags = SHF_ALLOC | SHF_EXECINSTR,
		  .addr = high + 0x1000000,
		  .in_segment = 1 },
		{ .type = SHT_PROGBITS,
		  .name = N_DEBUG,
		  .data = debug,
		  .size = MIB },
		{ .type = SHT_NOBITS,
		  .name = N_BSS,
		  .size = 0x1000,
		  .flags = SHF_ALLOC,
		  .addr = high + 0x1001000 },
		{ .type = SHT_PROGBITS,
		  .name = N_COMMENT,
		  .data = "cc",
		  .size = 3 },
		{ .type = SHT_SYMTAB,
		  .name = N_SYMTAB,
		  .data = debug,
		  .size = 480,
		  .link = 7,
		  .entsize = 24 },
		{ .type = SHT_NOTE,
		  .name = N_NOTE,
		  .data = note.data,
		  .size = note.len,
		  .align = 4,
		  .link = 3 },
		{ .type = SHT_STRTAB,
		  .name = N_NAMES,
		  .data = section_names,
		  .size = sizeof(section_names) },
	};
	const uint32_t trailer[] = { 0, 0, 0 };

	elf.len = 0;
	elf_build(&(struct test_elf){ .is32 = is32,
				      .entry = 0x1000000,
				      .segments = segments,
				      .segments_count = COUNT(segments),
				      .sections = sections,
				      .sections_count = COUNT(sections),
				      .shstrndx = COUNT(sections),
				      .trailer = trailer,
				      .trailer_count = COUNT(trailer) },
		  &elf);
}

static void setup(void)
{
	static const uint64_t pvh = 0x1000040;

	debug = malloc(MIB);
	ck_assert_ptr_nonnull(debug);
	payload_fill(debug, MIB, 1);
	elf_note(&note, "Xen", 18, &pvh, sizeof(pvh), 4);
}

static void teardown(void)
{
	kernel_elf_release(&before);
	kernel_elf_release(&after);
	buf_release(&elf);
	buf_release(&room);
	buf_release(&note);
	free(debug);
}

static struct bytes strip_it(void)
{
	struct bytes b = { 0 };

	assert_ok(kernel_elf_parse(&before, buf_bytes(&elf), &e), &e);
	assert_ok(strip_elf(&b, &before, &room, &e), &e);
	assert_ok(kernel_elf_parse(&after, b, &e), &e);
	ck_assert_uint_eq(after.elf_end, b.len);
	return b;
}

static void expect_same_kernel(struct bytes b)
{
	ck_assert_int_eq(after.is64, before.is64);
	ck_assert_uint_eq(after.entry, before.entry);
	ck_assert_uint_eq(after.segments_count, before.segments_count);
	for (unsigned i = 0; i < before.segments_count; i++) {
		const struct elf_segment *s = &before.segments[i];

		ck_assert(!memcmp(s, &after.segments[i], sizeof(*s)));
		ck_assert(
			!memcmp(elf.data + s->off, b.data + s->off, s->filesz));
	}
	ck_assert_uint_eq(after.notes.count, 1);
	ck_assert_str_eq(after.notes.source, before.notes.source);
	ck_assert_uint_eq(note_number(&after.notes.list[0]), 0x1000040);
}

START_TEST(strip__keeps_the_kernel)
{
	bool is32 = _i & 1, note_in_segment = _i & 2;
	const struct elf_segment *s;
	struct bytes b;
	char name[32];

	make(is32, note_in_segment);
	b = strip_it();
	expect_same_kernel(b);
	ck_assert_uint_lt(b.len, 2048);
	/* .text, .bss, .note.x and the names */
	ck_assert_uint_eq(after.sections_count, 5);
	s = &after.segments[0];
	ck_assert(section_name(b, s->off, s->filesz, name, sizeof(name)));
	ck_assert_str_eq(name, ".text");
	ck_assert_ptr_null(memmem(b.data, b.len, ".debug", 6));
}
END_TEST

/* It also applies to the packed image. */
START_TEST(strip__of_a_stripped_elf_changes_nothing)
{
	struct bytes b, again = { 0 };
	struct buf unused = { 0 };

	make(false, true);
	b = strip_it();
	assert_ok(strip_elf(&again, &after, &unused, &e), &e);
	ck_assert_ptr_eq(again.data, b.data);
	ck_assert_uint_eq(again.len, b.len);
	ck_assert_ptr_null(unused.data);
}
END_TEST

/* Without section headers, parts cannot be told apart; data after the ELF is
 * dropped all the same. */
START_TEST(strip__cuts_what_follows_the_elf)
{
	size_t len;
	struct bytes b;

	make(false, true);
	elf_patch(&elf, offsetof(Elf64_Ehdr, e_shoff), 8, 0);
	elf_patch(&elf, offsetof(Elf64_Ehdr, e_shnum), 2, 0);
	len = elf.len;
	b = strip_it();
	ck_assert_ptr_eq(b.data, elf.data);
	ck_assert_uint_lt(b.len, len - MIB);
	expect_same_kernel(b);
}
END_TEST

/* Bytes between segments may belong to a section that is dropped. */
START_TEST(strip__leaves_no_foreign_bytes_between_segments)
{
	const struct test_segment segments[] = {
		{ .type = PT_LOAD,
		  .paddr = 0x1000000,
		  .data = text,
		  .filesz = sizeof(text) },
		{ .type = PT_NULL, .data = "secret", .filesz = 6 },
		{ .type = PT_LOAD,
		  .paddr = 0x1100000,
		  .data = text,
		  .filesz = sizeof(text) },
		{ .type = PT_NOTE,
		  .data = note.data,
		  .filesz = note.len,
		  .align = 4 },
	};
	const struct test_section debug_section = { .type = SHT_PROGBITS,
						    .size = 6,
						    .in_segment = 2 };
	struct bytes b;

	elf_build(&(struct test_elf){ .segments = segments,
				      .segments_count = COUNT(segments),
				      .sections = &debug_section,
				      .sections_count = 1 },
		  &elf);
	b = strip_it();
	ck_assert_ptr_nonnull(memmem(elf.data, elf.len, "secret", 6));
	ck_assert_ptr_null(memmem(b.data, b.len, "secret", 6));
}
END_TEST

/* Many sections with the same bytes, which would be copied many times. */
START_TEST(strip__refuses_more_bytes_than_the_file_has)
{
	enum { SECTIONS = 64 };
	struct test_section sections[SECTIONS];
	const struct test_segment load = { .type = PT_LOAD,
					   .paddr = 0x1000000,
					   .data = text,
					   .filesz = sizeof(text) };
	struct bytes b;
	uint64_t shoff;

	for (unsigned i = 0; i < SECTIONS; i++)
		sections[i] = (struct test_section){ .type = SHT_PROGBITS };
	sections[0].data = debug;
	sections[0].size = MIB;
	elf_build(&(struct test_elf){ .segments = &load,
				      .segments_count = 1,
				      .sections = sections,
				      .sections_count = SECTIONS },
		  &elf);
	shoff = elf_peek(&elf, offsetof(Elf64_Ehdr, e_shoff), 8);
	for (unsigned i = 2; i <= SECTIONS; i++) {
		size_t at = shoff + i * sizeof(Elf64_Shdr);

		memcpy(elf.data + at, elf.data + shoff + sizeof(Elf64_Shdr),
		       sizeof(Elf64_Shdr));
		if (i % 2)
			elf_patch(&elf, at + offsetof(Elf64_Shdr, sh_flags), 8,
				  SHF_ALLOC);
	}
	assert_ok(kernel_elf_parse(&before, buf_bytes(&elf), &e), &e);
	assert_err(strip_elf(&b, &before, &room, &e), -EINVAL, &e,
		   "sections that are kept have more bytes than the file");
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("strip");
	TCase *t = tcase_create("strip");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_loop_test(t, strip__keeps_the_kernel, 0, 4);
	tcase_add_test(t, strip__of_a_stripped_elf_changes_nothing);
	tcase_add_test(t, strip__cuts_what_follows_the_elf);
	tcase_add_test(t, strip__leaves_no_foreign_bytes_between_segments);
	tcase_add_test(t, strip__refuses_more_bytes_than_the_file_has);
	suite_add_tcase(s, t);
	return s;
}
