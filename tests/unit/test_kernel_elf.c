/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is read from an ELF, and which unusual ELFs are still valid.
 */
#include <errno.h>
#include <sys/mman.h>

#include "unit/elf_file.h"

START_TEST(kernel_elf__reads_both_classes)
{
	for (int is32 = 0; is32 <= 1; is32++) {
		uint64_t high = is32 ? 0xc0000000 : 0xffffffff80000000;
		const struct elf_segment *s;
		struct kernel_elf k;

		small(is32);
		parse_ok(&k);
		ck_assert_int_eq(k.is64, !is32);
		ck_assert_uint_eq(k.type, ET_EXEC);
		ck_assert_uint_eq(k.machine, is32 ? EM_386 : EM_X86_64);
		ck_assert_uint_eq(k.entry, SMALL_KERNEL_ENTRY);
		ck_assert_ptr_eq(k.bytes.data, held.data);
		ck_assert_uint_eq(k.segments_count, SMALL_KERNEL_SEGMENTS);
		ck_assert_uint_eq(k.sections_count, SMALL_KERNEL_SECTIONS);
		ck_assert_uint_eq(k.elf_end, file.len);
		s = &k.segments[1];
		ck_assert_uint_eq(s->type, PT_LOAD);
		ck_assert_uint_eq(s->flags, PF_R | PF_X);
		ck_assert_uint_eq(s->vaddr, high + SMALL_KERNEL_DATA_PADDR);
		ck_assert_uint_eq(s->paddr, SMALL_KERNEL_DATA_PADDR);
		ck_assert_uint_eq(s->filesz, 40);
		ck_assert_uint_eq(s->memsz, 0x1000);
		ck_assert_uint_eq(s->align, 0x1000);
		ck_assert_mem_eq(held.data + s->off, "\1\2\3\4", 4);
		ck_assert_str_eq(k.notes.source, "PT_NOTE");
		ck_assert_uint_eq(k.notes.count, 2);
		ck_assert_str_eq(k.notes_bad.msg, "");
		kernel_elf_release(&k);
		ck_assert_ptr_null(k.segments);
	}
}
END_TEST

START_TEST(kernel_elf__ends_where_its_headers_say)
{
	static const uint32_t trailer[] = { 0, 0x81000000, 0 };
	static const uint8_t text[32];
	const struct test_segment load = { .type = PT_LOAD,
					   .data = text,
					   .filesz = sizeof(text) };
	const struct test_section last = { .type = SHT_PROGBITS,
					   .data = text,
					   .size = sizeof(text) };
	struct kernel_elf k;

	/* Only a segment. */
	build(&(struct test_elf){ .segments = &load,
				  .segments_count = 1,
				  .trailer = trailer,
				  .trailer_count = 3 });
	parse_ok(&k);
	ck_assert_uint_eq(k.elf_end, file.len - sizeof(trailer));
	ck_assert_uint_eq(k.sections_count, 0);
	kernel_elf_release(&k);

	/* The section headers come last. */
	build(&(struct test_elf){ .segments = &load,
				  .segments_count = 1,
				  .sections = &last,
				  .sections_count = 1,
				  .trailer = trailer,
				  .trailer_count = 3 });
	parse_ok(&k);
	ck_assert_uint_eq(k.elf_end, file.len - sizeof(trailer));
	kernel_elf_release(&k);

	/* A section's bytes come last, up to the end of the file. */
	elf_patch(&file, SH(1, sh_size), 8,
		  file.len - elf_peek(&file, SH(1, sh_offset), 8));
	parse_ok(&k);
	ck_assert_uint_eq(k.elf_end, file.len);
	kernel_elf_release(&k);

	/* .bss has no bytes in the file, however large it is. */
	elf_patch(&file, SH(1, sh_type), 4, SHT_NOBITS);
	elf_patch(&file, SH(1, sh_size), 8, UINT64_MAX);
	parse_ok(&k);
	ck_assert_uint_eq(k.elf_end, file.len - sizeof(trailer));
	kernel_elf_release(&k);

	/* Only the headers, if nothing has bytes. */
	build(&(struct test_elf){
		.segments = &(struct test_segment){ .type = PT_LOAD,
						    .memsz = 64 },
		.segments_count = 1,
		.trailer = trailer,
		.trailer_count = 3 });
	parse_ok(&k);
	ck_assert_uint_eq(k.elf_end, sizeof(Elf64_Ehdr) + sizeof(Elf64_Phdr));
	kernel_elf_release(&k);
}
END_TEST

START_TEST(kernel_elf__allows_ranges_that_end_exactly_at_the_end)
{
	small(false);
	const struct {
		const char *what;
		size_t off;
		uint64_t v;
	} rows[] = {
		{ "segment at the end of the file", PH(0, p_offset),
		  file.len - 96 },
		{ "top of the physical address space", PH(1, p_paddr),
		  0xfffffffffffff000 },
		{ "top of the virtual address space", PH(1, p_vaddr),
		  0xfffffffffffff000 },
		{ "section at the end of the file", SH(1, sh_offset),
		  file.len - 6 },
		{ "program headers at the end of the file", EH(e_phoff),
		  file.len - 3 * 56 },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct kernel_elf k;
		struct err e = ERR_EMPTY;
		int rc;

		small(false);
		if (rows[i].off == EH(e_phoff))
			memcpy(file.data + rows[i].v, file.data + PH(0, p_type),
			       3 * 56);
		elf_patch(&file, rows[i].off, 8, rows[i].v);
		/* The moved table overlaps the section headers. */
		if (rows[i].off == EH(e_phoff)) {
			elf_patch(&file, EH(e_shoff), 8, 0);
			elf_patch(&file, EH(e_shnum), 2, 0);
		}
		rc = parse(&k, file.len, &e);
		ck_assert_msg(!rc, "%s: %s", rows[i].what, e.msg);
		kernel_elf_release(&k);
	}
}
END_TEST

START_TEST(kernel_elf__keeps_32_bit_addresses_in_32_bits)
{
	const struct test_segment top = { .type = PT_LOAD,
					  .paddr = 0xfffff000,
					  .memsz = 0x1000 };
	const struct test_segment past = { .type = PT_LOAD,
					   .paddr = 0xfffff000,
					   .memsz = 0x1001 };
	struct kernel_elf k;
	struct err e = ERR_EMPTY;

	build(&(struct test_elf){
		.is32 = true, .segments = &top, .segments_count = 1 });
	assert_ok(parse(&k, file.len, &e), &e);
	kernel_elf_release(&k);
	build(&(struct test_elf){
		.is32 = true, .segments = &past, .segments_count = 1 });
	assert_err(parse(&k, file.len, &e), -EINVAL, &e,
		   "p_paddr 0xfffff000 + p_memsz 0x1001 wraps around");
}
END_TEST

START_TEST(kernel_elf__ignores_ranges_without_bytes)
{
	struct kernel_elf k;

	small(false);
	elf_patch(&file, PH(0, p_filesz), 8, 0);
	elf_patch(&file, PH(0, p_offset), 8, UINT64_MAX);
	elf_patch(&file, PH(2, p_type), 4, PT_NULL);
	elf_patch(&file, PH(2, p_filesz), 8, UINT64_MAX);
	elf_patch(&file, SH(1, sh_size), 8, 0);
	elf_patch(&file, SH(1, sh_offset), 8, UINT64_MAX);
	elf_patch(&file, SH(3, sh_type), 4, SHT_NULL);
	elf_patch(&file, SH(3, sh_size), 8, UINT64_MAX);
	parse_ok(&k);
	ck_assert_uint_eq(k.notes.count, 0);
	kernel_elf_release(&k);
}
END_TEST

/* gABI: a count too large for e_shnum is stored in section 0. */

START_TEST(kernel_elf__finds_the_section_count_in_section_0)
{
	struct kernel_elf k;
	struct err e = ERR_EMPTY;

	small(false);
	elf_patch(&file, EH(e_shnum), 2, 0);
	elf_patch(&file, SH(0, sh_size), 8, SMALL_KERNEL_SECTIONS);
	parse_ok(&k);
	ck_assert_uint_eq(k.sections_count, SMALL_KERNEL_SECTIONS);
	ck_assert_uint_eq(k.elf_end, file.len);
	kernel_elf_release(&k);

	elf_patch(&file, SH(0, sh_size), 8, KERNEL_ELF_MAX_SECTIONS + 1);
	assert_err(parse(&k, file.len, &e), -EINVAL, &e,
		   "65537 section headers exceed the limit of 65536");
	elf_patch(&file, SH(0, sh_size), 8, KERNEL_ELF_MAX_SECTIONS);
	assert_err(parse(&k, file.len, &e), -EINVAL, &e,
		   "65536 section headers (0x400000 bytes) end past");
	elf_patch(&file, SH(0, sh_size), 8, 0);
	parse_ok(&k);
	ck_assert_uint_eq(k.sections_count, 0);
	kernel_elf_release(&k);
	elf_patch(&file, EH(e_shoff), 8, file.len - 63);
	assert_err(parse(&k, file.len, &e), -EINVAL, &e, "e_shoff");
}
END_TEST

START_TEST(kernel_elf__may_lie_at_any_address)
{
	for (unsigned shift = 0; shift < 8; shift++) {
		struct kernel_elf k;
		struct err e = ERR_EMPTY;
		uint8_t *p;

		small(false);
		p = malloc(file.len + shift);
		memcpy(p + shift, file.data, file.len);
		assert_ok(
			kernel_elf_parse(
				&k, (struct bytes){ p + shift, file.len }, &e),
			&e);
		ck_assert_uint_eq(k.elf_end, file.len);
		ck_assert_uint_eq(k.notes.count, 2);
		kernel_elf_release(&k);
		free(p);
	}
}
END_TEST

START_TEST(kernel_elf__only_reads)
{
	struct kernel_elf k;
	struct err e = ERR_EMPTY;
	uint8_t *p;

	small(false);
	p = mmap(NULL, file.len, PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ck_assert_ptr_ne(p, MAP_FAILED);
	memcpy(p, file.data, file.len);
	ck_assert_int_eq(mprotect(p, file.len, PROT_READ), 0);
	assert_ok(kernel_elf_parse(&k, (struct bytes){ p, file.len }, &e), &e);
	kernel_elf_release(&k);
	munmap(p, file.len);
}
END_TEST

START_TEST(kernel_elf_head__tells_segments_from_the_first_bytes)
{
	for (int is32 = 0; is32 <= 1; is32++) {
		size_t ehdr = is32 ? sizeof(Elf32_Ehdr) : sizeof(Elf64_Ehdr);
		size_t phdr = is32 ? sizeof(Elf32_Phdr) : sizeof(Elf64_Phdr);
		size_t need = ehdr + SMALL_KERNEL_SEGMENTS * phdr;
		struct kernel_elf k;
		struct err e = ERR_EMPTY;

		small(is32);
		assert_err(parse_head(&k, ehdr - 1, &e), -EINVAL, &e,
			   "end within the ELF header");
		for (size_t len = ehdr; len < need; len++)
			assert_err(parse_head(&k, len, &e), -ENODATA, &e,
				   "3 program headers");
		assert_ok(parse_head(&k, need, &e), &e);
		ck_assert_uint_eq(k.entry, SMALL_KERNEL_ENTRY);
		ck_assert_uint_eq(k.segments_count, SMALL_KERNEL_SEGMENTS);
		ck_assert_uint_eq(k.segments[0].filesz, 96);
		ck_assert_uint_eq(k.elf_end, file.len);
		ck_assert_uint_eq(k.sections_count, 0);
		ck_assert_uint_eq(k.notes.count, 0);
		ck_assert_ptr_null(k.bytes.data);
		kernel_elf_release(&k);
	}
}
END_TEST

START_TEST(kernel_elf_head__checks_all_but_file_ranges)
{
	struct kernel_elf k;
	struct err e = ERR_EMPTY;

	small(false);
	elf_patch(&file, PH(0, p_offset), 8, UINT64_MAX);
	elf_patch(&file, EH(e_shoff), 8, UINT64_MAX);
	elf_patch(&file, EH(e_shentsize), 2, 1);
	assert_ok(parse_head(&k, 64 + 3 * 56, &e), &e);
	ck_assert_uint_eq(k.elf_end, UINT64_MAX);
	kernel_elf_release(&k);
	elf_patch(&file, PH(1, p_memsz), 8, UINT64_MAX);
	assert_err(parse_head(&k, file.len, &e), -EINVAL, &e, "wraps around");
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("kernel_elf");
	TCase *t = tcase_create("all");

	tcase_add_test(t, kernel_elf__reads_both_classes);
	tcase_add_test(t, kernel_elf__ends_where_its_headers_say);
	tcase_add_test(t,
		       kernel_elf__allows_ranges_that_end_exactly_at_the_end);
	tcase_add_test(t, kernel_elf__keeps_32_bit_addresses_in_32_bits);
	tcase_add_test(t, kernel_elf__ignores_ranges_without_bytes);
	tcase_add_test(t, kernel_elf__finds_the_section_count_in_section_0);
	tcase_add_test(t, kernel_elf__may_lie_at_any_address);
	tcase_add_test(t, kernel_elf__only_reads);
	tcase_add_test(t, kernel_elf_head__tells_segments_from_the_first_bytes);
	tcase_add_test(t, kernel_elf_head__checks_all_but_file_ranges);
	suite_add_tcase(s, t);
	return s;
}
