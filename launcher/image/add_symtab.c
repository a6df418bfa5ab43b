/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * See add_symtab.h. libelf reads the section headers. It can only write to a
 * file, so the new ones are built here.
 */
#include "image/add_symtab.h"

#include <ctype.h>
#include <errno.h>
#include <gelf.h>
#include <stdlib.h>

#include "image/kallsyms.h"

#define ALIGN 8

/* The added sections, which follow the existing ones. */
static const char new_names[] = ".symtab\0.strtab\0.shstrtab";
enum {
	NAME_SYMTAB = 0,
	NAME_STRTAB = 8,
	NAME_SHSTRTAB = 16,
};

struct adding {
	const struct kernel_elf *elf;
	const struct kallsyms *k;
	GElf_Shdr *sections; /* with room for the new ones */
	unsigned count;
	unsigned *order; /* of those in memory, by address */
	unsigned order_count;
	size_t names;	/* the section with the sections' names; 0: none */
	uint64_t start; /* offset of the tail in the file */
	struct buf *tail;
};

static int no_memory(struct err *e)
{
	return err_set(e, ENOMEM, "no memory for the symbol table");
}

/* --- the existing sections */

static int read_headers(struct adding *a, Elf *elf, struct err *e)
{
	if (elf_getshdrstrndx(elf, &a->names) || a->names >= a->count)
		a->names = 0;
	for (unsigned i = 1; i < a->count; i++) {
		Elf_Scn *scn = elf_getscn(elf, i);

		if (!scn || !gelf_getshdr(scn, &a->sections[i]))
			return err_set(e, EINVAL, "section %u: libelf: %s", i,
				       elf_errmsg(-1));
		if (a->sections[i].sh_type == SHT_SYMTAB)
			return err_set(e, EEXIST,
				       "the ELF has a symbol table already");
	}
	return 0;
}

/* A section for the @size bytes of @s from @from on. */
static void make_section(struct adding *a, const struct elf_segment *s,
			 uint32_t type, uint64_t from, uint64_t size)
{
	if (!size)
		return;
	a->sections[a->count++] = (GElf_Shdr){
		.sh_type = type,
		.sh_flags = SHF_ALLOC | (s->flags & PF_W ? SHF_WRITE : 0) |
			    (s->flags & PF_X ? SHF_EXECINSTR : 0),
		.sh_addr = s->vaddr + from,
		.sh_offset = s->off + from,
		.sh_size = size,
		.sh_addralign = 1,
	};
}

/* An ELF without sections gets some for each segment, since symbols need them:
 * one for its bytes in the file, and one for the rest. */
static void make_sections(struct adding *a)
{
	a->count = 1;
	for (unsigned i = 0; i < a->elf->segments_count; i++) {
		const struct elf_segment *s = &a->elf->segments[i];

		if (s->type != PT_LOAD)
			continue;
		make_section(a, s, SHT_PROGBITS, 0, s->filesz);
		make_section(a, s, SHT_NOBITS, s->filesz, s->memsz - s->filesz);
	}
}

static int read_sections(struct adding *a, struct err *e)
{
	unsigned have = a->elf->sections_count;
	unsigned room = have ? have : 1 + 2 * a->elf->segments_count;
	struct bytes b = a->elf->bytes;
	Elf *elf;
	int rc;

	/* Symbols must be able to refer to three more sections. */
	if (room + 3 >= SHN_LORESERVE)
		return err_set(e, EINVAL,
			       "%u sections; at most %u can have "
			       "symbols",
			       room, SHN_LORESERVE - 4);
	a->sections = calloc(room + 3, sizeof(*a->sections));
	a->order = calloc(room, sizeof(*a->order));
	if (!a->sections || !a->order)
		return no_memory(e);
	a->count = have;
	if (!have) {
		make_sections(a);
		return 0;
	}
	elf_version(EV_CURRENT);
	/* libelf does not write to the memory that it reads. */
	elf = elf_memory((char *)(uintptr_t)b.data, b.len);
	if (!elf)
		return err_set(e, EINVAL, "libelf: %s", elf_errmsg(-1));
	rc = read_headers(a, elf, e);
	elf_end(elf);
	return rc;
}

/* --- which section a symbol is in */

static int by_address(const void *x, const void *y, void *ctx)
{
	const struct adding *a = ctx;
	const GElf_Shdr *s = &a->sections[*(const unsigned *)x];
	const GElf_Shdr *t = &a->sections[*(const unsigned *)y];

	return (s->sh_addr > t->sh_addr) - (s->sh_addr < t->sh_addr);
}

static void sort_sections(struct adding *a)
{
	for (unsigned i = 1; i < a->count; i++)
		if (a->sections[i].sh_flags & SHF_ALLOC &&
		    !(a->sections[i].sh_flags & SHF_TLS))
			a->order[a->order_count++] = i;
	qsort_r(a->order, a->order_count, sizeof(*a->order), by_address, a);
}

/* The letter that nm(1) has for a symbol in @h. */
static char letter(const GElf_Shdr *h)
{
	if (h->sh_flags & SHF_EXECINSTR)
		return 't';
	if (h->sh_type == SHT_NOBITS)
		return 'b';
	return h->sh_flags & SHF_WRITE ? 'd' : 'r';
}

static bool contains(const GElf_Shdr *h, uint64_t addr)
{
	return addr >= h->sh_addr && addr - h->sh_addr <= h->sh_size;
}

/* At most this many sections are tried for one symbol: a kernel's sections do
 * not overlap, and only empty ones share an address. */
#define TRIED_MAX 16

/*
 * The section of a symbol of @type at @addr; 0: none. @next is how many of the
 * sorted ones begin at or below it.
 *
 * A linker may have rounded up symbols for the bounds of sections: __end_rodata
 * is then outside all sections, __init_begin at the beginning of the next one.
 * Such a symbol gets the closest section below it of its type.
 */
static unsigned find_section(const struct adding *a, uint64_t addr, char type,
			     unsigned next)
{
	unsigned inside = 0, begins = 0, below = 0;

	for (unsigned i = 0; i < TRIED_MAX && i < next; i++) {
		unsigned n = a->order[next - 1 - i];
		const GElf_Shdr *h = &a->sections[n];
		bool fits = letter(h) == tolower((unsigned char)type);

		if (contains(h, addr) && fits)
			return n;
		if (fits && !below)
			below = n;
		if (!contains(h, addr))
			continue;
		if (addr == h->sh_addr && !begins)
			begins = n;
		else if (addr - h->sh_addr < h->sh_size && !inside)
			inside = n;
	}
	return inside ? inside : below ? below : begins;
}

/* --- the symbols */

static GElf_Sym make_symbol(const struct adding *a, uint32_t i, uint32_t name,
			    unsigned next)
{
	char type = kallsyms_type(a->k, i);
	uint64_t addr = a->k->addresses[i];
	unsigned char bind = isupper((unsigned char)type) ? STB_GLOBAL
							  : STB_LOCAL;
	unsigned char kind = STT_OBJECT;
	GElf_Sym s = { .st_name = name, .st_value = addr };

	if (toupper((unsigned char)type) == 'A')
		s.st_shndx = SHN_ABS;
	else
		s.st_shndx = (uint16_t)find_section(a, addr, type, next);
	if (s.st_shndx == SHN_ABS || s.st_shndx == SHN_UNDEF) {
		s.st_shndx = SHN_ABS;
		kind = STT_NOTYPE;
	} else if (letter(&a->sections[s.st_shndx]) == 't') {
		kind = STT_FUNC;
	}
	if (type == 'W' || type == 'V') {
		bind = STB_WEAK;
		if (type == 'W' && kind == STT_OBJECT)
			kind = STT_NOTYPE;
	}
	s.st_info = GELF_ST_INFO(bind, kind);
	return s;
}

/* Up to the next symbol at another address, or the end of the section. */
static uint64_t size_of(const struct adding *a, const GElf_Sym *s,
			uint64_t next_addr)
{
	const GElf_Shdr *h;
	uint64_t end = next_addr;

	if (s->st_shndx == SHN_ABS)
		return 0;
	h = &a->sections[s->st_shndx];
	if (end > h->sh_addr + h->sh_size)
		end = h->sh_addr + h->sh_size;
	return end > s->st_value ? end - s->st_value : 0;
}

static void put_symbol(const struct adding *a, struct buf *out,
		       const GElf_Sym *s)
{
	const Elf32_Sym s32 = {
		.st_name = s->st_name,
		.st_value = (Elf32_Addr)s->st_value,
		.st_size = (Elf32_Word)s->st_size,
		.st_info = s->st_info,
		.st_shndx = s->st_shndx,
	};

	/* GElf_Sym is Elf64_Sym. */
	if (a->elf->is64)
		buf_add(out, s, sizeof(*s));
	else
		buf_add(out, &s32, sizeof(s32));
}

/* The first symbol after @i with another address. */
static uint64_t next_address(const struct kallsyms *k, uint32_t i)
{
	uint64_t addr = k->addresses[i];

	while (i < k->count && k->addresses[i] == addr)
		i++;
	return i < k->count ? k->addresses[i] : UINT64_MAX;
}

/* Local symbols come first: @*locals of them, including the empty first one. */
static void put_symbols(const struct adding *a, struct buf *names,
			unsigned *locals)
{
	struct buf globals = { 0 };
	uint64_t next_addr = 0;
	unsigned next = 0;

	*locals = 1;
	put_symbol(a, a->tail, &(GElf_Sym){ 0 });
	buf_add(names, "", 1);
	for (uint32_t i = 0; i < a->k->count; i++) {
		const char *name = kallsyms_name(a->k, i);
		uint64_t addr = a->k->addresses[i];
		GElf_Sym s;

		while (next < a->order_count &&
		       a->sections[a->order[next]].sh_addr <= addr)
			next++;
		s = make_symbol(a, i, (uint32_t)names->len, next);
		if (!i || addr != a->k->addresses[i - 1])
			next_addr = next_address(a->k, i);
		s.st_size = size_of(a, &s, next_addr);
		buf_add(names, name, strlen(name) + 1);
		if (GELF_ST_BIND(s.st_info) == STB_LOCAL) {
			put_symbol(a, a->tail, &s);
			++*locals;
		} else {
			put_symbol(a, &globals, &s);
		}
	}
	buf_add(a->tail, globals.data, globals.len);
	a->tail->failed |= globals.failed;
	buf_release(&globals);
}

/* --- the new sections */

/* The tail reaches the next multiple of ALIGN in the file. */
static uint64_t pad(struct adding *a)
{
	static const uint8_t zeros[ALIGN];

	buf_add(a->tail, zeros, -(a->start + a->tail->len) & (ALIGN - 1));
	return a->start + a->tail->len;
}

static void add_section(struct adding *a, GElf_Shdr h, uint64_t end)
{
	h.sh_size = end - h.sh_offset;
	a->sections[a->count++] = h;
}

static void add_symbols(struct adding *a)
{
	struct buf names = { 0 };
	uint64_t off = pad(a);
	unsigned locals;

	put_symbols(a, &names, &locals);
	add_section(a,
		    (GElf_Shdr){ .sh_name = NAME_SYMTAB,
				 .sh_type = SHT_SYMTAB,
				 .sh_offset = off,
				 .sh_link = a->count + 1,
				 .sh_info = locals,
				 .sh_entsize = a->elf->is64 ? sizeof(Elf64_Sym)
							    : sizeof(Elf32_Sym),
				 .sh_addralign = ALIGN },
		    a->start + a->tail->len);
	off = a->start + a->tail->len;
	buf_add(a->tail, names.data, names.len);
	a->tail->failed |= names.failed;
	buf_release(&names);
	add_section(a,
		    (GElf_Shdr){ .sh_name = NAME_STRTAB,
				 .sh_type = SHT_STRTAB,
				 .sh_offset = off,
				 .sh_addralign = 1 },
		    a->start + a->tail->len);
}

/* The existing names, then those of the new sections. Their section is moved
 * after the others, or created. */
static void add_names(struct adding *a)
{
	struct bytes old = { 0 };
	const GElf_Shdr *h = &a->sections[a->names];
	uint64_t off = a->start + a->tail->len;
	uint32_t base;

	if (a->names && h->sh_type == SHT_STRTAB)
		(void)bytes_slice(a->elf->bytes, h->sh_offset, h->sh_size,
				  &old);
	buf_add(a->tail, old.data, old.len);
	/* The last name may lack its NUL, or be missing. */
	buf_add(a->tail, "", 1);
	base = (uint32_t)(a->start + a->tail->len - off);
	buf_add(a->tail, new_names, sizeof(new_names));
	a->sections[a->count - 2].sh_name += base;
	a->sections[a->count - 1].sh_name += base;
	if (!a->names) {
		a->names = a->count;
		add_section(a,
			    (GElf_Shdr){ .sh_name = base + NAME_SHSTRTAB,
					 .sh_type = SHT_STRTAB,
					 .sh_addralign = 1 },
			    0);
	}
	a->sections[a->names].sh_offset = off;
	a->sections[a->names].sh_size = a->start + a->tail->len - off;
}

static void put_header(const struct adding *a, const GElf_Shdr *h)
{
	const Elf32_Shdr h32 = {
		.sh_name = h->sh_name,
		.sh_type = h->sh_type,
		.sh_flags = (Elf32_Word)h->sh_flags,
		.sh_addr = (Elf32_Addr)h->sh_addr,
		.sh_offset = (Elf32_Off)h->sh_offset,
		.sh_size = (Elf32_Word)h->sh_size,
		.sh_link = h->sh_link,
		.sh_info = h->sh_info,
		.sh_addralign = (Elf32_Word)h->sh_addralign,
		.sh_entsize = (Elf32_Word)h->sh_entsize,
	};

	if (a->elf->is64)
		buf_add(a->tail, h, sizeof(*h));
	else
		buf_add(a->tail, &h32, sizeof(h32));
}

/* Write the section headers, and their offset into the ELF header. */
static void add_headers(struct adding *a, uint8_t *header)
{
	uint64_t off = pad(a);
	Elf64_Ehdr h64;
	Elf32_Ehdr h32;

	for (unsigned i = 0; i < a->count; i++)
		put_header(a, &a->sections[i]);
	if (a->elf->is64) {
		memcpy(&h64, header, sizeof(h64));
		h64.e_shoff = off;
		h64.e_shentsize = sizeof(Elf64_Shdr);
		h64.e_shnum = (uint16_t)a->count;
		h64.e_shstrndx = (uint16_t)a->names;
		memcpy(header, &h64, sizeof(h64));
		return;
	}
	memcpy(&h32, header, sizeof(h32));
	h32.e_shoff = (Elf32_Off)off;
	h32.e_shentsize = sizeof(Elf32_Shdr);
	h32.e_shnum = (uint16_t)a->count;
	h32.e_shstrndx = (uint16_t)a->names;
	memcpy(header, &h32, sizeof(h32));
}

static int add_all(struct elf_with_symtab *out, struct adding *a, struct err *e)
{
	size_t size = a->elf->is64 ? sizeof(Elf64_Ehdr) : sizeof(Elf32_Ehdr);
	struct bytes b = a->elf->bytes;
	int rc = read_sections(a, e);

	if (rc)
		return rc;
	memcpy(out->header, b.data, size);
	sort_sections(a);
	add_symbols(a);
	add_names(a);
	add_headers(a, out->header);
	if (a->tail->failed)
		return no_memory(e);
	if (!a->elf->is64 && a->start + a->tail->len > UINT32_MAX)
		return err_set(e, EINVAL, "the ELF gets too large for ELF32");
	out->parts[0] = (struct bytes){ out->header, size };
	out->parts[1] = (struct bytes){ b.data + size, a->start - size };
	out->parts[2] = buf_bytes(a->tail);
	return 0;
}

int add_symtab(struct elf_with_symtab *out, const struct kernel_elf *elf,
	       const struct kallsyms *k, struct err *e)
{
	struct adding a = {
		.elf = elf, .k = k, .start = elf->elf_end, .tail = &out->tail
	};
	int rc;

	*out = (struct elf_with_symtab){ 0 };
	rc = add_all(out, &a, e);
	free(a.sections);
	free(a.order);
	return rc;
}

void elf_with_symtab_release(struct elf_with_symtab *out)
{
	buf_release(&out->tail);
}
