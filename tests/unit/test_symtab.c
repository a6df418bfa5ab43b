/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Names from an ELF's symbol table: which symbol names an address, and invalid
 * tables.
 */
#include "unit/elf_file.h"
#include "image/symtab.h"

#include <errno.h>

#define TEXT 0xffffffff81000000
#define DATA 0xffffffff82000000

/* Section numbers of the ELF that make() builds. */
enum { SECTION_TEXT = 1, SECTION_DATA, SECTION_DEBUG, SECTION_NAMES };
#define SECTION_SYMBOLS 5
#define SECTIONS	6

static const char names[] = "\0text\0inner\0etext\0data\0end\0other\0x";
enum {
	N_TEXT = 1,
	N_INNER = 6,
	N_ETEXT = 12,
	N_DATA = 18,
	N_END = 23,
	N_OTHER = 27,
	N_X = 33,
};

#define SYMBOL(n, section, address)                                          \
	{                                                                    \
		.st_name = (n), .st_shndx = (section), .st_value = (address) \
	}

static const Elf64_Sym symbols[] = {
	{ 0 },
	SYMBOL(N_END, SECTION_DATA, DATA + 0x100),
	SYMBOL(N_INNER, SECTION_TEXT, TEXT + 0x40),
	SYMBOL(N_TEXT, SECTION_TEXT, TEXT),
	SYMBOL(N_ETEXT, SECTION_TEXT, TEXT + 0x80),
	SYMBOL(N_DATA, SECTION_DATA, DATA),
	/* These do not name places. */
	SYMBOL(N_OTHER, SHN_ABS, TEXT + 0x50),
	SYMBOL(N_OTHER, SHN_UNDEF, TEXT + 0x50),
	SYMBOL(N_OTHER, SHN_COMMON, TEXT + 0x50),
	SYMBOL(N_OTHER, SHN_XINDEX, TEXT + 0x50),
	SYMBOL(N_OTHER, SECTIONS, TEXT + 0x50),
	SYMBOL(N_OTHER, SECTION_DEBUG, TEXT + 0x50),
	SYMBOL(N_OTHER, SECTION_DATA, TEXT + 0x50),
	SYMBOL(0, SECTION_TEXT, TEXT + 0x50),
	SYMBOL(sizeof(names), SECTION_TEXT, TEXT + 0x50),
	SYMBOL(UINT32_MAX, SECTION_TEXT, TEXT + 0x50),
	{ .st_name = N_OTHER,
	  .st_shndx = SECTION_TEXT,
	  .st_value = TEXT + 0x50,
	  .st_info = ELF64_ST_INFO(STB_LOCAL, STT_FILE) },
	{ .st_name = N_OTHER,
	  .st_shndx = SECTION_TEXT,
	  .st_value = TEXT + 0x50,
	  .st_info = ELF64_ST_INFO(STB_LOCAL, STT_SECTION) },
	{ .st_name = N_OTHER,
	  .st_shndx = SECTION_TEXT,
	  .st_value = TEXT + 0x50,
	  .st_info = ELF64_ST_INFO(STB_LOCAL, STT_TLS) },
	/* Below its own section. */
	SYMBOL(N_OTHER, SECTION_DATA, DATA - 8),
	/* The last name, which has no NUL. */
	SYMBOL(N_X, SECTION_TEXT, TEXT + 0x60),
};

static struct err e;
static struct symtab table;

static void make(void)
{
	static const uint8_t text[0x80], data[0x100];
	const struct test_segment segments[] = {
		{ .type = PT_LOAD,
		  .vaddr = TEXT,
		  .paddr = 0x1000000,
		  .data = text,
		  .filesz = sizeof(text) },
		{ .type = PT_LOAD,
		  .vaddr = DATA,
		  .paddr = 0x2000000,
		  .data = data,
		  .filesz = sizeof(data),
		  .memsz = 0x4000000 },
	};
	const struct test_section sections[SECTIONS - 1] = {
		{ .type = SHT_PROGBITS,
		  .size = sizeof(text),
		  .flags = SHF_ALLOC,
		  .addr = TEXT,
		  .in_segment = 1 },
		{ .type = SHT_PROGBITS,
		  .size = sizeof(data),
		  .flags = SHF_ALLOC,
		  .addr = DATA,
		  .in_segment = 2 },
		{ .type = SHT_PROGBITS, .data = "debug", .size = 5 },
		/* Without the last NUL. */
		{ .type = SHT_STRTAB,
		  .data = names,
		  .size = sizeof(names) - 1 },
		{ .type = SHT_SYMTAB,
		  .data = symbols,
		  .size = sizeof(symbols),
		  .link = SECTION_NAMES,
		  .entsize = sizeof(Elf64_Sym) },
	};

	build(&(struct test_elf){ .segments = segments,
				  .segments_count = COUNT(segments),
				  .sections = sections,
				  .sections_count = COUNT(sections) });
}

/* Names survive the bytes that they were read from. */
static int read_file(void)
{
	struct bytes b = tight(file.data, file.len);
	int rc = symtab_read(&table, b, &e);

	tight_free(b);
	return rc;
}

static void teardown(void)
{
	symtab_release(&table);
	buf_release(&file);
}

static const struct {
	uint64_t vaddr;
	const char *name;
} places[] = {
	{ TEXT, "text+0x0" },
	{ TEXT + 0x3f, "text+0x3f" },
	{ TEXT + 0x40, "inner+0x0" },
	{ TEXT + 0x5f, "inner+0x1f" },
	{ TEXT + 0x7f, "x+0x1f" },
	/* after a section's end, whatever comes there */
	{ TEXT + 0x80, "" },
	{ TEXT + 0x3000000, "" },
	{ TEXT - 1, "" },
	{ DATA, "data+0x0" },
	{ DATA + 0xff, "data+0xff" },
	{ DATA + 0x100, "" },
	{ DATA + 0x3000000, "" },
	{ DATA - 1, "" },
	{ 0, "" },
	{ UINT64_MAX, "" },
};

START_TEST(symtab__names_what_is_in_a_symbols_section)
{
	char buf[64];
	bool found;

	make();
	assert_ok(read_file(), &e);
	found = symtab_name(&table, places[_i].vaddr, buf, sizeof(buf));
	ck_assert_str_eq(buf, places[_i].name);
	ck_assert_int_eq(found, *places[_i].name != '\0');
}
END_TEST

START_TEST(symtab__has_symbols_in_a_range)
{
	make();
	assert_ok(read_file(), &e);
	ck_assert(symtab_has(&table, TEXT, 1));
	ck_assert(!symtab_has(&table, TEXT + 1, 0x3f));
	ck_assert(symtab_has(&table, TEXT + 1, 0x40));
	ck_assert(symtab_has(&table, DATA + 0x100, UINT64_MAX));
	ck_assert(!symtab_has(&table, DATA + 0x101, UINT64_MAX >> 1));
	ck_assert(!symtab_has(&table, TEXT, 0));
}
END_TEST

START_TEST(symtab__reads_32_bits)
{
	static const Elf32_Sym syms[] = {
		{ 0 },
		{ .st_name = 1, .st_value = 0xc0000010, .st_shndx = 1 },
	};
	static const uint8_t text[0x20];
	const struct test_segment load = { .type = PT_LOAD,
					   .vaddr = 0xc0000000,
					   .paddr = 0x100000,
					   .data = text,
					   .filesz = sizeof(text) };
	const struct test_section sections[] = {
		{ .type = SHT_PROGBITS,
		  .size = sizeof(text),
		  .flags = SHF_ALLOC,
		  .addr = 0xc0000000,
		  .in_segment = 1 },
		{ .type = SHT_STRTAB, .data = names, .size = sizeof(names) },
		{ .type = SHT_SYMTAB,
		  .data = syms,
		  .size = sizeof(syms),
		  .link = 2,
		  .entsize = sizeof(Elf32_Sym) },
	};
	char buf[64];

	build(&(struct test_elf){ .is32 = true,
				  .segments = &load,
				  .segments_count = 1,
				  .sections = sections,
				  .sections_count = COUNT(sections) });
	assert_ok(read_file(), &e);
	ck_assert(symtab_name(&table, 0xc000001f, buf, sizeof(buf)));
	ck_assert_str_eq(buf, "text+0xf");
}
END_TEST

START_TEST(symtab__long_name_leaves_room)
{
	char buf[12];

	make();
	assert_ok(read_file(), &e);
	ck_assert(symtab_name(&table, TEXT + 0x41, buf, sizeof(buf)));
	ck_assert_str_eq(buf, "inner+0x1");
	ck_assert(symtab_name(&table, TEXT + 0x41, buf, 8));
	ck_assert_str_eq(buf, "inne+0x");
}
END_TEST

#define SYMBOLS_FIELD(field) SH(SECTION_SYMBOLS, field)
#define NAMES_FIELD(field)   SH(SECTION_NAMES, field)

static void no_sections(void)
{
	elf_patch(&file, EH(e_shoff), 8, 0);
	elf_patch(&file, EH(e_shnum), 2, 0);
}

static void no_table(void)
{
	elf_patch(&file, SYMBOLS_FIELD(sh_type), 4, SHT_PROGBITS);
}

static void object_file(void)
{
	elf_patch(&file, EH(e_type), 2, ET_REL);
}

static void entry_size(void)
{
	elf_patch(&file, SYMBOLS_FIELD(sh_entsize), 8, 16);
}

static void table_past_end(void)
{
	elf_patch(&file, SYMBOLS_FIELD(sh_size), 8, file.len);
}

static void names_past_end(void)
{
	elf_patch(&file, NAMES_FIELD(sh_offset), 8, UINT64_MAX);
}

static void names_of_another_type(void)
{
	elf_patch(&file, SYMBOLS_FIELD(sh_link), 4, SECTION_TEXT);
}

static void names_of_no_section(void)
{
	elf_patch(&file, SYMBOLS_FIELD(sh_link), 4, 99);
}

static void sections_past_end(void)
{
	elf_patch(&file, EH(e_shnum), 2, 1000);
}

static const struct {
	void (*damage)(void);
	int rc;
	const char *message;
} refused[] = {
	{ no_sections, -ENOENT, "the ELF has no section headers" },
	{ no_table, -ENOENT, "the ELF has no symbol table (stripped?)" },
	{ object_file, -EINVAL, "e_type is 1, not ET_EXEC or ET_DYN" },
	{ entry_size, -EINVAL, "the symbol table's sh_entsize is 16, not 24" },
	{ table_past_end, -EINVAL, "ends past the ELF" },
	{ names_past_end, -EINVAL,
	  "the symbols' names, 0x22 bytes at 0xffffffffffffffff, end past" },
	{ names_of_another_type, -EINVAL, "sh_link 1 is not a string table" },
	{ names_of_no_section, -EINVAL, "sh_link 99 is not a string table" },
	{ sections_past_end, -EINVAL, "section headers" },
};

START_TEST(symtab__refuses)
{
	make();
	refused[_i].damage();
	assert_err(read_file(), refused[_i].rc, &e, refused[_i].message);
	ck_assert_ptr_null(table.entries.data);
}
END_TEST

/* Every field of the section headers, at its extremes. */
START_TEST(symtab__survives_extremes)
{
	make();
	for (size_t off = SH(0, sh_name); off < file.len; off += 4)
		for (unsigned i = 0; i < EXTREMES; i++) {
			struct kallsyms list;
			char buf[64];

			make();
			elf_patch(&file, off, 4, extreme(i, 4));
			if (read_file())
				continue;
			symtab_name(&table, TEXT + 1, buf, sizeof(buf));
			if (!symtab_list(&table, &list, &e))
				kallsyms_release(&list);
			symtab_release(&table);
		}
}
END_TEST

/* Symbol @i of make()'s file becomes this one. */
static void set_symbol(unsigned i, Elf64_Sym s)
{
	size_t off = elf_peek(&file, SH(SECTION_SYMBOLS, sh_offset), 8);

	memcpy(file.data + off + i * sizeof(s), &s, sizeof(s));
}

/* As nm(1) lists them: by address, with its letters. */
START_TEST(symtab__is_listed_like_nm)
{
	static const struct {
		uint64_t address;
		const char *text;
	} want[] = {
		/* "below its own section" */
		{ TEXT, "Ttext" },	   { TEXT + 0x40, "Winner" },
		{ TEXT + 0x50, "aother" }, { TEXT + 0x60, "t?" },
		{ TEXT + 0x80, "tetext" }, { DATA - 8, "dother" },
		{ DATA, "Vdata" },	   { DATA + 0x100, "dend" },
	};
	struct kallsyms k;
	size_t n = 0;

	make();
	elf_patch(&file, SH(SECTION_TEXT, sh_flags), 8,
		  SHF_ALLOC | SHF_EXECINSTR);
	elf_patch(&file, SH(SECTION_DATA, sh_flags), 8, SHF_ALLOC | SHF_WRITE);
	set_symbol(3, (Elf64_Sym){
			      .st_name = N_TEXT,
			      .st_shndx = SECTION_TEXT,
			      .st_value = TEXT,
			      .st_info = ELF64_ST_INFO(STB_GLOBAL, STT_FUNC) });
	set_symbol(2,
		   (Elf64_Sym){ .st_name = N_INNER,
				.st_shndx = SECTION_TEXT,
				.st_value = TEXT + 0x40,
				.st_info = ELF64_ST_INFO(STB_WEAK, STT_FUNC) });
	set_symbol(5, (Elf64_Sym){
			      .st_name = N_DATA,
			      .st_shndx = SECTION_DATA,
			      .st_value = DATA,
			      .st_info = ELF64_ST_INFO(STB_WEAK, STT_OBJECT) });
	/* "x" becomes what cannot be printed. */
	file.data[elf_peek(&file, SH(SECTION_NAMES, sh_offset), 8) + N_X] =
		0x1b;
	assert_ok(read_file(), &e);
	assert_ok(symtab_list(&table, &k, &e), &e);
	for (uint32_t i = 0; i < k.count; i++) {
		/* Two symbols of the table have this name and address. */
		if (i && k.addresses[i] == k.addresses[i - 1])
			continue;
		ck_assert_uint_lt(n, COUNT(want));
		ck_assert_uint_eq(k.addresses[i], want[n].address);
		ck_assert_str_eq(k.text + k.starts[i], want[n].text);
		n++;
	}
	ck_assert_uint_eq(n, COUNT(want));
	kallsyms_release(&k);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("symtab");
	TCase *t = tcase_create("symtab");

	tcase_add_checked_fixture(t, NULL, teardown);
	tcase_add_loop_test(t, symtab__names_what_is_in_a_symbols_section, 0,
			    COUNT(places));
	tcase_add_test(t, symtab__has_symbols_in_a_range);
	tcase_add_test(t, symtab__reads_32_bits);
	tcase_add_test(t, symtab__long_name_leaves_room);
	tcase_add_loop_test(t, symtab__refuses, 0, COUNT(refused));
	tcase_add_test(t, symtab__survives_extremes);
	tcase_add_test(t, symtab__is_listed_like_nm);
	suite_add_tcase(s, t);
	return s;
}
