/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ELFs with one fault each.
 */
#include <errno.h>

#include "unit/elf_file.h"

START_TEST(kernel_elf__names_what_is_wrong)
{
	small(false);
	const struct {
		size_t off;
		size_t width;
		uint64_t v;
		const char *msg;
	} rows[] = {
		{ 0, 4, 0x7f454c46, "no ELF magic" },
		{ EI_CLASS, 1, 0, "EI_CLASS is 0, neither 32 nor 64 bit" },
		{ EI_CLASS, 1, 3, "EI_CLASS is 3" },
		{ EI_DATA, 1, 2, "EI_DATA is 2, not little-endian" },
		{ EH(e_version), 4, 2, "e_version is 2, not 1" },
		{ EH(e_type), 2, ET_REL, "e_type is 1, not ET_EXEC or ET_DYN" },
		{ EH(e_type), 2, ET_CORE, "e_type is 4" },
		{ EH(e_machine), 2, 183,
		  "e_machine is 183, not EM_386 or EM_X86_64" },
		{ EH(e_phnum), 2, 0, "no program headers" },
		{ EH(e_phoff), 8, 0, "no program headers (e_phoff 0x0" },
		{ EH(e_phnum), 2, 257, "e_phnum 257 exceeds the limit of 256" },
		{ EH(e_phnum), 2, PN_XNUM, "e_phnum 65535 exceeds" },
		{ EH(e_phentsize), 2, 55, "e_phentsize is 55, not 56" },
		{ EH(e_phoff), 8, UINT64_MAX,
		  "e_phoff 0xffffffffffffffff + 3 program headers (0xa8 "
		  "bytes) end past" },
		{ EH(e_phoff), 8, file.len - 3 * 56 + 1, "end past the data" },
		{ EH(e_shoff), 8, 0, "e_shnum is 4, but e_shoff is 0" },
		{ EH(e_shentsize), 2, 40, "e_shentsize is 40, not 64" },
		{ EH(e_shoff), 8, UINT64_MAX,
		  "e_shoff 0xffffffffffffffff + 4 section headers (0x100 "
		  "bytes) end past the ELF" },
		{ EH(e_shoff), 8, file.len - 4 * 64 + 1, "end past the ELF" },
		{ EH(e_shnum), 2, 5, "+ 5 section headers" },
		{ PH(0, p_offset), 8, UINT64_MAX,
		  "segment 0: p_offset 0xffffffffffffffff + p_filesz 0x60 "
		  "ends past the ELF" },
		{ PH(0, p_offset), 8, file.len - 96 + 1, "segment 0: p_off" },
		{ PH(2, p_filesz), 8, UINT64_MAX, "segment 2: p_offset" },
		{ PH(0, p_memsz), 8, 95,
		  "segment 0: p_filesz 0x60 exceeds p_memsz 0x5f" },
		{ PH(1, p_paddr), 8, 0xfffffffffffff001,
		  "segment 1: p_paddr 0xfffffffffffff001 + p_memsz 0x1000 "
		  "wraps around" },
		{ PH(1, p_vaddr), 8, 0xfffffffffffff001,
		  "segment 1: p_vaddr 0xfffffffffffff001 + p_memsz 0x1000 "
		  "wraps around" },
		{ PH(1, p_memsz), 8, UINT64_MAX, "segment 1: p_paddr" },
		{ SH(1, sh_offset), 8, UINT64_MAX,
		  "section 1: sh_offset 0xffffffffffffffff + sh_size 0x6 "
		  "ends past the ELF" },
		{ SH(3, sh_size), 8, file.len, "section 3: sh_offset" },
		{ SH(2, sh_type), 4, SHT_PROGBITS, "section 2: sh_offset" },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct kernel_elf k, before;
		struct err e = ERR_EMPTY;

		memset(&k, 0x5c, sizeof(k));
		before = k;
		small(false);
		elf_patch(&file, rows[i].off, rows[i].width, rows[i].v);
		assert_err(parse(&k, file.len, &e), -EINVAL, &e, rows[i].msg);
		ck_assert_mem_eq(&k, &before, sizeof(k));
	}
}
END_TEST

START_TEST(kernel_elf__needs_something_to_load)
{
	const struct test_segment note = { .type = PT_NOTE };
	struct kernel_elf k;
	struct err e = ERR_EMPTY;

	build(&(struct test_elf){ .segments = &note, .segments_count = 1 });
	assert_err(parse(&k, file.len, &e), -EINVAL, &e, "no PT_LOAD segment");
}
END_TEST

START_TEST(kernel_elf__cut_anywhere_is_an_error)
{
	for (int is32 = 0; is32 <= 1; is32++) {
		small(is32);
		for (size_t len = 0; len < file.len; len++) {
			struct kernel_elf k;
			struct err e = ERR_EMPTY;
			int rc = parse(&k, len, &e);

			ck_assert_msg(rc == -EINVAL, "%zu bytes: %d", len, rc);
			ck_assert_str_ne(e.msg, "");
		}
	}
}
END_TEST

static void parse_extreme(size_t off, size_t width, uint64_t v)
{
	struct kernel_elf k;
	struct err e = ERR_EMPTY;

	elf_patch(&file, off, width, v);
	if (parse(&k, file.len, &e)) {
		ck_assert_str_ne(e.msg, "");
		return;
	}
	ck_assert_uint_le(k.elf_end, file.len);
	ck_assert_uint_le(k.segments_count, KERNEL_ELF_MAX_SEGMENTS);
	for (unsigned i = 0; i < k.segments_count; i++) {
		const struct elf_segment *s = &k.segments[i];

		if (s->type == PT_LOAD && s->filesz)
			ck_assert(bytes_has(held, s->off, s->filesz));
	}
	for (unsigned i = 0; i < k.notes.count; i++)
		note_kind(&k.notes.list[i]);
	kernel_elf_release(&k);
}

START_TEST(kernel_elf__survives_extremes_of_every_field)
{
	for (int is32 = 0; is32 <= 1; is32++) {
		size_t len;

		small(is32);
		len = file.len;
		for (size_t off = 4; off < len; off += off < 256 ? 1 : 2)
			for (size_t width = 1; width <= 8; width *= 2)
				for (unsigned i = 0;
				     i < EXTREMES && off + width <= len; i++) {
					small(is32);
					parse_extreme(off, width,
						      extreme(i, width));
				}
	}
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("kernel_elf_bad");
	TCase *t = tcase_create("all");

	tcase_add_test(t, kernel_elf__names_what_is_wrong);
	tcase_add_test(t, kernel_elf__needs_something_to_load);
	tcase_add_test(t, kernel_elf__cut_anywhere_is_an_error);
	tcase_add_test(t, kernel_elf__survives_extremes_of_every_field);
	suite_add_tcase(s, t);
	return s;
}
