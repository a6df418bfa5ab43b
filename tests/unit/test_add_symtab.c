/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A symbol table for a stripped ELF: libelf, as an independent reader, finds
 * every name in it, in the section that contains its address.
 */
#include "image/add_symtab.h"
#include "image/symtab.h"
#include "support/kallsyms_builder.h"
#include "unit/elf_file.h"

#include <errno.h>
#include <gelf.h>

#define TEXT   0xffffffff81000000
#define TEXT32 0xc1000000
#define MEMSZ  0x100000

static struct err e;
static struct buf tables;
static struct kallsyms k;
static struct elf_with_symtab out;
static struct kernel_elf elf;

static const char names[] = "\0.text\0.bss\0.shstrtab";

/* A kernel that carries names, with or without sections. Its last symbols are
 * in .bss; there is a gap between the two sections. */
static struct test_kallsyms make(bool is32, unsigned sections_count)
{
	const struct test_kallsyms t = {
		.is32 = is32,
		.numbers = KALLSYMS_FROM_BASE,
		.marker_size = 4,
		.sequence_size = 3,
		.count = 600,
		.vaddr = is32 ? TEXT32 : TEXT,
	};
	const struct test_segment segment = {
		.type = PT_LOAD,
		.vaddr = t.vaddr,
		.paddr = 0x1000000,
		.memsz = MEMSZ,
	};
	struct test_segment segments[] = { segment };
	const struct test_section sections[] = {
		{ .type = SHT_PROGBITS,
		  .name = 1,
		  .size = 16 * 400,
		  .flags = SHF_ALLOC | SHF_EXECINSTR,
		  .addr = t.vaddr,
		  .in_segment = 1 },
		{ .type = SHT_NOBITS,
		  .name = 7,
		  .size = 0x1000,
		  .flags = SHF_ALLOC | SHF_WRITE,
		  .addr = t.vaddr + 16 * 500 },
		{ .type = SHT_STRTAB,
		  .name = 12,
		  .data = names,
		  .size = sizeof(names) },
	};

	tables.len = 0;
	kallsyms_build(&t, &tables, NULL);
	segments[0].data = tables.data;
	segments[0].filesz = tables.len;
	build(&(struct test_elf){ .is32 = is32,
				  .segments = segments,
				  .segments_count = 1,
				  .sections = sections,
				  .sections_count = sections_count,
				  .shstrndx = (uint16_t)sections_count });
	kernel_elf_release(&elf);
	parse_ok(&elf);
	kallsyms_release(&k);
	assert_ok(kallsyms_read_elf(&k, &elf, &e), &e);
	return t;
}

/* The result, as the file that would be written. */
static struct bytes whole(void)
{
	static struct buf file_made;

	file_made.len = 0;
	for (int i = 0; i < 3; i++)
		buf_add(&file_made, out.parts[i].data, out.parts[i].len);
	return buf_bytes(&file_made);
}

static void add(void)
{
	elf_with_symtab_release(&out);
	assert_ok(add_symtab(&out, &elf, &k, &e), &e);
}

static void assert_named(const struct symtab *t, uint64_t vaddr,
			 const char *want)
{
	char buf[64];

	symtab_name(t, vaddr, buf, sizeof(buf));
	ck_assert_str_eq(buf, want);
}

/* Bit 0: 32 bits; bit 1: without sections. */
START_TEST(add_symtab__names_what_the_kernel_names)
{
	struct test_kallsyms t = make(_i & 1, _i & 2 ? 0 : 3);
	struct kernel_elf again;
	struct symtab table;
	struct bytes b;

	add();
	b = whole();
	assert_ok(kernel_elf_parse(&again, b, &e), &e);
	ck_assert_uint_eq(again.entry, elf.entry);
	ck_assert_uint_eq(again.elf_end, b.len);
	ck_assert_uint_eq(again.segments_count, elf.segments_count);
	ck_assert_uint_eq(again.segments[0].off, elf.segments[0].off);
	ck_assert_mem_eq(b.data + again.segments[0].off, tables.data,
			 tables.len);
	assert_ok(symtab_read(&table, b, &e), &e);
	assert_named(&table, t.vaddr + 16 * 21 + 4, "symbol_21+0x4");
	assert_named(&table, t.vaddr + 16 * 599 + 4, "symbol_599+0x4");
	/* An address outside every section has no name. */
	assert_named(&table, t.vaddr + 16 * 450,
		     _i & 2 ? "symbol_449+0x10" : "");
	symtab_release(&table);
	kernel_elf_release(&again);
}
END_TEST

/* The symbol with this name, found by libelf. */
static GElf_Sym symbol_of(struct bytes b, const char *name, GElf_Shdr *symtab)
{
	Elf *f;
	Elf_Scn *scn = NULL;
	GElf_Sym s = { 0 };

	elf_version(EV_CURRENT);
	f = elf_memory((char *)(uintptr_t)b.data, b.len);
	ck_assert(f != NULL);
	while ((scn = elf_nextscn(f, scn))) {
		Elf_Data *data;

		gelf_getshdr(scn, symtab);
		if (symtab->sh_type != SHT_SYMTAB)
			continue;
		data = elf_getdata(scn, NULL);
		for (int i = 0; gelf_getsym(data, i, &s); i++) {
			const char *got = elf_strptr(f, symtab->sh_link,
						     s.st_name);

			ck_assert(got != NULL);
			if (!strcmp(got, name))
				goto found;
		}
	}
	ck_abort_msg("no symbol %s", name);
found:
	elf_end(f);
	return s;
}

START_TEST(add_symtab__gives_type_binding_section_and_size)
{
	static const struct {
		const char *name;
		unsigned section, bind, type;
		uint64_t size;
	} rows[] = {
		{ "symbol_0", 1, STB_LOCAL, STT_FUNC, 16 },
		{ "symbol_1", 1, STB_GLOBAL, STT_FUNC, 16 },
		/* Two symbols at one address, and none at the next. */
		{ "symbol_19", 1, STB_GLOBAL, STT_FUNC, 32 },
		{ "symbol_20", 1, STB_LOCAL, STT_FUNC, 32 },
		/* At the end of .text, and after it. */
		{ "symbol_399", 1, STB_GLOBAL, STT_FUNC, 16 },
		{ "symbol_401", 1, STB_GLOBAL, STT_FUNC, 0 },
		{ "symbol_501", 1, STB_GLOBAL, STT_FUNC, 0 },
		/* A section's last symbol extends to the section's end. */
		{ "symbol_599", 2, STB_GLOBAL, STT_OBJECT, 0x1000 - 16 * 99 },
	};
	struct bytes b;

	make(false, 3);
	/* Like __init_begin before a section of another type. */
	k.text[k.starts[501]] = 'T';
	k.addresses[501] = TEXT + 16 * 500;
	add();
	b = whole();
	for (size_t i = 0; i < COUNT(rows); i++) {
		GElf_Shdr table;
		GElf_Sym s = symbol_of(b, rows[i].name, &table);

		ck_assert_msg(s.st_shndx == rows[i].section, "%s: section %u",
			      rows[i].name, s.st_shndx);
		ck_assert_msg(GELF_ST_BIND(s.st_info) == rows[i].bind &&
				      GELF_ST_TYPE(s.st_info) == rows[i].type,
			      "%s: %#x", rows[i].name, s.st_info);
		ck_assert_msg(s.st_size == rows[i].size, "%s: size %llu",
			      rows[i].name, (unsigned long long)s.st_size);
		/* Every tenth symbol and the empty one are local. */
		ck_assert_uint_eq(table.sh_info, 61);
	}
}
END_TEST

START_TEST(add_symtab__keeps_the_names_of_sections)
{
	static const char *const want[] = { "",		 ".text",   ".bss",
					    ".shstrtab", ".symtab", ".strtab" };
	struct bytes b;
	size_t strings;
	Elf *f;

	make(_i, 3);
	add();
	b = whole();
	elf_version(EV_CURRENT);
	f = elf_memory((char *)(uintptr_t)b.data, b.len);
	ck_assert_int_eq(elf_getshdrstrndx(f, &strings), 0);
	ck_assert_uint_eq(strings, 3);
	for (size_t i = 1; i < COUNT(want); i++) {
		GElf_Shdr h;

		gelf_getshdr(elf_getscn(f, i), &h);
		ck_assert_str_eq(elf_strptr(f, strings, h.sh_name), want[i]);
	}
	ck_assert(!elf_getscn(f, COUNT(want)));
	elf_end(f);
}
END_TEST

START_TEST(add_symtab__refuses_an_elf_that_has_one)
{
	struct elf_with_symtab again;
	struct buf copy = { 0 };
	struct kernel_elf with;

	make(false, 3);
	add();
	buf_add(&copy, whole().data, whole().len);
	assert_ok(kernel_elf_parse(&with, buf_bytes(&copy), &e), &e);
	assert_err(add_symtab(&again, &with, &k, &e), -EEXIST, &e,
		   "has a symbol table already");
	elf_with_symtab_release(&again);
	kernel_elf_release(&with);
	buf_release(&copy);
}
END_TEST

static void release(void)
{
	elf_with_symtab_release(&out);
	kernel_elf_release(&elf);
	kallsyms_release(&k);
	buf_release(&tables);
	buf_release(&file);
}

Suite *unit_suite(void)
{
	Suite *s = suite_create("add_symtab");
	TCase *t = tcase_create("add_symtab");

	tcase_add_checked_fixture(t, NULL, release);
	tcase_add_loop_test(t, add_symtab__names_what_the_kernel_names, 0, 4);
	tcase_add_test(t, add_symtab__gives_type_binding_section_and_size);
	tcase_add_loop_test(t, add_symtab__keeps_the_names_of_sections, 0, 2);
	tcase_add_test(t, add_symtab__refuses_an_elf_that_has_one);
	suite_add_tcase(s, t);
	return s;
}
