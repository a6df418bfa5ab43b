/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The ELF, its notes, its symbols and the relocation lists after it: all ranges
 * are in the file, and every note can be shown.
 *
 * libelf is not built with the sanitizer. So its input is in memory that cannot
 * be written, directly before a page that cannot be read.
 */
#include "fuzz/fuzz.h"
#include "fuzz/mutate.h"

#include <elf.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "image/add_symtab.h"
#include "image/ikconfig.h"
#include "image/kernel_elf.h"
#include "image/relocs.h"
#include "image/symtab.h"
#include "support/elf_builder.h"

static void show_note(const struct note *n)
{
	struct gnu_property p;
	struct phys32_reloc r;
	uint64_t pos = 0, mask, value;
	char text[80];

	note_string(n, text, sizeof(text));
	note_number(n);
	note_phys32_reloc(n, 0x1000, &r);
	for (unsigned i = 0; note_mfn_valid(n, i, &mask, &value); i++)
		;
	if (note_kind(n) == NOTE_PROPERTY)
		while (note_property_next(n, &pos, &p))
			if (pos > n->desc.len)
				abort();
}

/* Move a kernel of which only a part is in memory. */
static void move_kernel(const struct kernel_elf *k, const struct relocs *r)
{
	struct reloc_lists lists = { 0 };
	struct err e = ERR_EMPTY;
	uint8_t *memory = calloc(1, 4096);
	uint64_t gpa;

	if (memory && !relocs_copy(&lists, r, k, &e)) {
		relocs_first(&lists, &gpa);
		for (unsigned i = 0; i < k->segments_count; i++)
			relocs_apply(&lists, memory, k->segments[i].paddr, 4096,
				     0x200000, &e);
	}
	reloc_lists_release(&lists);
	free(memory);
}

static void check(const struct kernel_elf *k)
{
	struct err e = ERR_EMPTY;
	struct xen_notes x;
	struct relocs r;

	if (k->elf_end > k->bytes.len || k->notes.count > NOTES_MAX)
		abort();
	for (unsigned i = 0; i < k->segments_count; i++) {
		const struct elf_segment *s = &k->segments[i];

		if (s->type == PT_LOAD && s->filesz &&
		    !bytes_has(k->bytes, s->off, s->filesz))
			abort();
	}
	for (unsigned i = 0; i < k->notes.count; i++)
		show_note(&k->notes.list[i]);
	xen_notes_read(&x, &k->notes, 0x1000, &e);
	if (relocs_find(&r, k, &e) && r.present)
		abort();
	if (r.present)
		move_kernel(k, &r);
}

/* A name stays within its room, whatever the symbols are. */
static void check_symbols(const struct symtab *t)
{
	static const uint64_t addresses[] = { 0, 0x1000, 0x1000000,
					      0xffffffff81000000, UINT64_MAX };
	char buf[32];

	for (size_t i = 0; i < sizeof(addresses) / sizeof(*addresses); i++) {
		symtab_name(t, addresses[i], buf, sizeof(buf));
		symtab_has(t, addresses[i], 0x1000);
		if (!memchr(buf, '\0', sizeof(buf)))
			abort();
	}
}

/* An embedded configuration is text of a bounded size. */
static void read_config(const struct kernel_elf *k)
{
	struct buf config = { 0 };
	struct err e = ERR_EMPTY;

	if (!ikconfig_read(&config, k, &e)) {
		if (config.len > IKCONFIG_MAX)
			abort();
		ikconfig_value(buf_bytes(&config), "CONFIG_PCI");
	}
	buf_release(&config);
}

/* Symbols, whatever the sections are. */
static void add_symbols(const struct kernel_elf *k)
{
	uint64_t addresses[] = { 0, 0x1000, 0xffffffff81000000, UINT64_MAX };
	uint32_t starts[] = { 0, 4, 8, 12 };
	char text[] = "Tab\0tcd\0Wef\0Agh";
	const struct kallsyms names = {
		.count = 4,
		.addresses = addresses,
		.starts = starts,
		.text = text,
	};
	struct elf_with_symtab out;
	struct err e = ERR_EMPTY;

	if (!add_symtab(&out, k, &names, &e) && out.parts[1].len > k->bytes.len)
		abort();
	elf_with_symtab_release(&out);
}

#define ROOM (64 << 10)
#define PAGE 4096

static struct bytes guarded(const uint8_t *data, size_t size)
{
	static uint8_t *room;

	if (!room) {
		room = mmap(NULL, ROOM + PAGE, PROT_NONE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		if (room == MAP_FAILED)
			abort();
	}
	if (mprotect(room, ROOM, PROT_READ | PROT_WRITE))
		abort();
	memcpy(room + ROOM - size, data, size);
	if (mprotect(room, ROOM, PROT_READ))
		abort();
	return (struct bytes){ room + ROOM - size, size };
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes b;
	struct kernel_elf k;
	struct symtab t;
	struct err e = ERR_EMPTY;

	if (size > ROOM)
		return -1;
	b = guarded(data, size);
	if (!kernel_elf_parse_head(&k, b, &e))
		kernel_elf_release(&k);
	if (!kernel_elf_parse_segments(&k, b, &e))
		kernel_elf_release(&k);
	if (!kernel_elf_parse(&k, b, &e)) {
		check(&k);
		add_symbols(&k);
		read_config(&k);
		kernel_elf_release(&k);
	}
	if (!symtab_read(&t, b, &e)) {
		check_symbols(&t);
		symtab_release(&t);
	}
	return 0;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max,
			       unsigned seed)
{
	return fuzz_is_plain(seed) ? LLVMFuzzerMutate(data, size, max)
				   : fuzz_mutate_elf(data, size, max);
}

/* Notes of every shape, in segments or in sections, and relocation lists. */
static void seed_notes(const char *name, bool is32, bool sections)
{
	static const uint32_t property[] = { 0xc0000002, 4, 3, 0 };
	static const uint32_t lists[] = { 0,	      0x81000000, 0,
					  0x81000004, 0,	  0x81000008 };
	static const uint64_t pairs[] = { 1, 1 };
	struct buf four = { 0 }, eight = { 0 }, file = { 0 };

	elf_note(&four, "Xen", 10, "!writable_page_tables|dom0", 26, 4);
	elf_note(&four, "Xen", 13, pairs, sizeof(pairs), 4);
	elf_note(&four, "Xen", 18, "\0\0\0\1\0\0\0\0", 8, 4);
	elf_note(&four, "Xen", 19, "\0\0\x20\0\0\0\0\1\xff\xff\xff\x3f", 12, 4);
	elf_note(&four, "Linux", 0x100, "6.1", 4, 4);
	elf_note(&eight, "GNU", 5, property, sizeof(property), 8);
	const struct test_segment seg[] = {
		{ .type = PT_LOAD,
		  .vaddr = is32 ? 0xc1000000 : 0xffffffff81000000,
		  .paddr = 0x1000000,
		  .data = "text",
		  .filesz = 4,
		  .memsz = 0x1000,
		  .align = 0x1000 },
		{ .type = PT_NOTE,
		  .data = four.data,
		  .filesz = four.len,
		  .align = 4 },
		{ .type = PT_NOTE,
		  .data = eight.data,
		  .filesz = eight.len,
		  .align = 8 },
	};
	const Elf64_Sym symbols[] = {
		{ 0 },
		{ .st_name = 1, .st_shndx = 3, .st_value = 0xffffffff81000000 },
	};
	const struct test_section sec[] = {
		{ .type = SHT_NOTE,
		  .data = four.data,
		  .size = four.len,
		  .align = 4 },
		{ .type = SHT_NOBITS, .size = 64 },
		{ .type = SHT_PROGBITS,
		  .size = 4,
		  .flags = SHF_ALLOC,
		  .addr = 0xffffffff81000000,
		  .in_segment = 1 },
		{ .type = SHT_STRTAB, .data = "\0text", .size = 6 },
		{ .type = SHT_SYMTAB,
		  .data = symbols,
		  .size = is32 ? 2 * sizeof(Elf32_Sym) : sizeof(symbols),
		  .link = 4,
		  .entsize = is32 ? sizeof(Elf32_Sym) : sizeof(Elf64_Sym) },
	};

	elf_build(&(struct test_elf){ .is32 = is32,
				      .segments = seg,
				      .segments_count = sections ? 1 : 3,
				      .sections = sec,
				      .sections_count = 5,
				      .trailer = lists,
				      .trailer_count = is32 ? 2 : 6 },
		  &file);
	fuzz_seed(name, file.data, file.len);
	buf_release(&four);
	buf_release(&eight);
	buf_release(&file);
}

/* A kernel with an embedded configuration. */
static void seed_config(void)
{
	static const char text[] = "# CONFIG_A is not set\nCONFIG_PCI=y\n";
	struct buf data = { 0 }, file = { 0 };

	buf_add(&data, "IKCFG_ST", 8);
	payload_compress("gzip", text, sizeof(text) - 1, &data, false);
	buf_add(&data, "IKCFG_ED", 8);
	const struct test_segment segment = { .type = PT_LOAD,
					      .vaddr = 0xffffffff81000000,
					      .paddr = 0x1000000,
					      .data = data.data,
					      .filesz = data.len };
	elf_build(
		&(struct test_elf){ .segments = &segment, .segments_count = 1 },
		&file);
	fuzz_seed("config", file.data, file.len);
	buf_release(&data);
	buf_release(&file);
}

void fuzz_seeds(void)
{
	seed_config();
	for (int is32 = 0; is32 <= 1; is32++) {
		struct buf file = { 0 };

		elf_small_kernel(&file, is32);
		fuzz_seed(is32 ? "small32" : "small64", file.data, file.len);
		buf_release(&file);
		seed_notes(is32 ? "segments32" : "segments64", is32, false);
		seed_notes(is32 ? "sections32" : "sections64", is32, true);
	}
}
