/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "image/symtab.h"

#include <errno.h>
#include <gelf.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "image/elf_tables.h"

static void *copy_of(struct bytes b)
{
	void *p = malloc(b.len ? b.len : 1);

	if (p && b.len)
		memcpy(p, b.data, b.len);
	return p;
}

/* Where the symbol table and its names lie in the file. */
struct found {
	struct bytes entries;
	struct bytes names;
};

static int find_names(struct found *f, Elf *elf, struct bytes b, size_t link,
		      struct err *e)
{
	Elf_Scn *scn = elf_getscn(elf, link);
	GElf_Shdr s;

	if (!scn || !gelf_getshdr(scn, &s) || s.sh_type != SHT_STRTAB)
		return err_set(e, EINVAL,
			       "the symbol table's sh_link %zu is not a string "
			       "table",
			       link);
	if (!bytes_slice(b, s.sh_offset, s.sh_size, &f->names))
		return err_set(e, EINVAL,
			       "the symbols' names, 0x%" PRIx64
			       " bytes at 0x%" PRIx64
			       ", end past the ELF (0x%zx bytes)",
			       s.sh_size, s.sh_offset, b.len);
	return 0;
}

static int find_entries(struct found *f, const GElf_Shdr *s, bool is64,
			struct bytes b, struct err *e)
{
	size_t want = is64 ? sizeof(Elf64_Sym) : sizeof(Elf32_Sym);

	if (s->sh_entsize != want)
		return err_set(e, EINVAL,
			       "the symbol table's sh_entsize is %" PRIu64
			       ", not %zu",
			       s->sh_entsize, want);
	if (!bytes_slice(b, s->sh_offset, s->sh_size, &f->entries))
		return err_set(e, EINVAL,
			       "the symbol table, 0x%" PRIx64
			       " bytes at 0x%" PRIx64
			       ", ends past the ELF (0x%zx bytes)",
			       s->sh_size, s->sh_offset, b.len);
	return 0;
}

/* nm(1)'s letter for a local symbol in that section. */
static char letter_of(const GElf_Shdr *s)
{
	if (s->sh_flags & SHF_EXECINSTR)
		return 't';
	if (s->sh_type == SHT_NOBITS)
		return 'b';
	return s->sh_flags & SHF_WRITE ? 'd' : 'r';
}

/* Note where each section is, and find the first symbol table; an ELF has
 * one. */
static int walk(struct symtab *t, struct found *f, Elf *elf, struct bytes b,
		struct err *e)
{
	for (unsigned i = 1; i < t->sections_count; i++) {
		Elf_Scn *scn = elf_getscn(elf, i);
		GElf_Shdr s;
		int rc;

		if (!scn || !gelf_getshdr(scn, &s))
			return err_set(e, EINVAL, "section %u: libelf: %s", i,
				       elf_errmsg(-1));
		if (s.sh_flags & SHF_ALLOC)
			t->sections[i] = (struct symtab_section){
				s.sh_addr, s.sh_size, letter_of(&s)
			};
		if (s.sh_type != SHT_SYMTAB || f->entries.data)
			continue;
		rc = find_entries(f, &s, t->is64, b, e)
			     ?: find_names(f, elf, b, s.sh_link, e);
		if (rc)
			return rc;
	}
	if (!f->entries.data)
		return err_set(e, ENOENT,
			       "the ELF has no symbol table (stripped?)");
	if (f->entries.len > SYMTAB_MAX ||
	    f->names.len > SYMTAB_MAX - f->entries.len)
		return err_set(e, EFBIG,
			       "the symbol table has %zu bytes and its names "
			       "%zu, more than the limit of %" PRIu64
			       " together",
			       f->entries.len, f->names.len, SYMTAB_MAX);
	return 0;
}

static int no_memory(struct err *e)
{
	return err_set(e, ENOMEM, "no memory for the symbol table");
}

/* Whether symbols have addresses: those of an object file are offsets. */
static int check_type(Elf *elf, struct err *e)
{
	GElf_Ehdr h;

	if (!gelf_getehdr(elf, &h))
		return err_set(e, EINVAL, "libelf: %s", elf_errmsg(-1));
	if (h.e_type == ET_EXEC || h.e_type == ET_DYN)
		return 0;
	return err_set(e, EINVAL, "e_type is %u, not ET_EXEC or ET_DYN",
		       h.e_type);
}

static int read_table(struct symtab *t, Elf *elf, struct bytes b, struct err *e)
{
	struct found f = { 0 };
	int rc;

	t->sections = calloc(t->sections_count, sizeof(*t->sections));
	if (!t->sections)
		return no_memory(e);
	rc = check_type(elf, e) ?: walk(t, &f, elf, b, e);
	if (rc)
		return rc;
	t->entries = (struct bytes){ copy_of(f.entries), f.entries.len };
	t->names = (struct bytes){ copy_of(f.names), f.names.len };
	return t->entries.data && t->names.data ? 0 : no_memory(e);
}

int symtab_read(struct symtab *t, struct bytes b, struct err *e)
{
	struct elf_tables tables = { 0 };
	struct symtab new = { 0 };
	uint64_t count = 0;
	Elf *elf;
	int rc;

	rc = elf_tables_read(&tables, b, e)
		     ?: elf_tables_shdrs(&count, &tables, b, e);
	if (rc)
		return rc;
	if (!count)
		return err_set(e, ENOENT,
			       "the ELF has no section headers, so no symbol "
			       "table");
	new.is64 = tables.shape->is64;
	new.sections_count = (unsigned)count;
	elf_version(EV_CURRENT);
	/* libelf does not write to the memory that it reads. */
	elf = elf_memory((char *)(uintptr_t)b.data, b.len);
	if (!elf)
		return err_set(e, EINVAL, "libelf: %s", elf_errmsg(-1));
	rc = read_table(&new, elf, b, e);
	elf_end(elf);
	if (rc)
		symtab_release(&new);
	else
		*t = new;
	return rc;
}

void symtab_release(struct symtab *t)
{
	free((void *)t->entries.data);
	free((void *)t->names.data);
	free(t->sections);
	*t = (struct symtab){ 0 };
}

/* The needed fields of a symbol, for both classes. */
struct symbol {
	uint64_t value;
	uint32_t name;
	uint16_t section;
	uint8_t type;
	uint8_t bind;
};

static struct symbol symbol_at(const struct symtab *t, size_t i)
{
	Elf64_Sym s64;
	Elf32_Sym s32;

	if (t->is64) {
		memcpy(&s64, t->entries.data + i * sizeof(s64), sizeof(s64));
		return (struct symbol){ s64.st_value, s64.st_name, s64.st_shndx,
					ELF64_ST_TYPE(s64.st_info),
					ELF64_ST_BIND(s64.st_info) };
	}
	memcpy(&s32, t->entries.data + i * sizeof(s32), sizeof(s32));
	return (struct symbol){ s32.st_value, s32.st_name, s32.st_shndx,
				ELF32_ST_TYPE(s32.st_info),
				ELF32_ST_BIND(s32.st_info) };
}

/* Whether @s is a name for some code or data. */
static bool is_name(const struct symtab *t, const struct symbol *s)
{
	return s->section < t->sections_count && s->name < t->names.len &&
	       t->names.data[s->name] && s->type != STT_SECTION &&
	       s->type != STT_FILE && s->type != STT_TLS;
}

static bool is_in(uint64_t vaddr, const struct symtab_section *section)
{
	return vaddr >= section->addr && vaddr - section->addr < section->size;
}

/* Whether @s is a name for the code or data at @vaddr. */
static bool names(const struct symtab *t, const struct symbol *s,
		  uint64_t vaddr)
{
	const struct symtab_section *section;

	if (!is_name(t, s) || s->value > vaddr)
		return false;
	section = &t->sections[s->section];
	return is_in(s->value, section) && is_in(vaddr, section);
}

static size_t count_of(const struct symtab *t)
{
	return t->entries.len /
	       (t->is64 ? sizeof(Elf64_Sym) : sizeof(Elf32_Sym));
}

bool symtab_name(const struct symtab *t, uint64_t vaddr, char *buf, size_t size)
{
	struct symbol best = { 0 };
	const char *name;
	bool found = false;
	size_t len;

	buf[0] = '\0';
	for (size_t i = 0; i < count_of(t); i++) {
		struct symbol s = symbol_at(t, i);

		if (!names(t, &s, vaddr) || (found && s.value < best.value))
			continue;
		best = s;
		found = true;
	}
	if (!found)
		return false;
	name = (const char *)t->names.data + best.name;
	len = strnlen(name, t->names.len - best.name);
	/* The offset must fit after the name, however long that is. */
	snprintf(buf, size, "%.*s+0x%" PRIx64,
		 (int)(len < size / 2 ? len : size / 2), name,
		 vaddr - best.value);
	return true;
}

bool symtab_has(const struct symtab *t, uint64_t vaddr, uint64_t len)
{
	for (size_t i = 0; i < count_of(t); i++) {
		struct symbol s = symbol_at(t, i);

		if (is_name(t, &s) && s.value >= vaddr && s.value - vaddr < len)
			return true;
	}
	return false;
}

bool symtab_find(const struct symtab *t, const char *name, uint64_t *vaddr)
{
	size_t len = strlen(name) + 1;

	for (size_t i = 0; i < count_of(t); i++) {
		struct symbol s = symbol_at(t, i);

		if (is_name(t, &s) && len <= t->names.len - s.name &&
		    !memcmp(t->names.data + s.name, name, len)) {
			*vaddr = s.value;
			return true;
		}
	}
	return false;
}

/* As nm(1) shows it; 0: nm does not show it, or it has no address. */
static char nm_letter(const struct symtab *t, const struct symbol *s)
{
	bool local = s->bind == STB_LOCAL;
	char letter;

	if (s->section == SHN_ABS && s->name < t->names.len &&
	    t->names.data[s->name] && s->type != STT_FILE)
		return local ? 'a' : 'A';
	if (!is_name(t, s))
		return 0;
	if (s->bind == STB_WEAK)
		return s->type == STT_OBJECT ? 'V' : 'W';
	letter = t->sections[s->section].letter;
	if (!letter) /* of a section that takes no memory */
		return 0;
	return local ? letter : (char)(letter - 'a' + 'A');
}

/* A symbol that is listed. */
struct listed {
	uint64_t value;
	uint32_t name;
	uint32_t index; /* its place in the table, to keep that order */
	char letter;
};

static int by_value(const void *a, const void *b)
{
	const struct listed *x = a, *y = b;

	if (x->value != y->value)
		return x->value < y->value ? -1 : 1;
	return x->index < y->index ? -1 : x->index > y->index;
}

static size_t pick(const struct symtab *t, struct listed *all, size_t max)
{
	size_t n = 0;

	for (size_t i = 1; i < max; i++) {
		struct symbol s = symbol_at(t, i);
		char letter = nm_letter(t, &s);

		if (letter)
			all[n++] = (struct listed){ s.value, s.name,
						    (uint32_t)i, letter };
	}
	qsort(all, n, sizeof(*all), by_value);
	return n;
}

/* A type, a name, a NUL; only printable characters. */
static void add_name(struct buf *text, const struct symtab *t,
		     const struct listed *s)
{
	const uint8_t *p = t->names.data + s->name;
	size_t len = strnlen((const char *)p, t->names.len - s->name);

	buf_add(text, &s->letter, 1);
	for (size_t i = 0; i < len; i++)
		buf_add(text,
			p[i] > ' ' && p[i] < 0x7f ? (const char *)&p[i] : "?",
			1);
	buf_add(text, "", 1);
}

int symtab_list(const struct symtab *t, struct kallsyms *out, struct err *e)
{
	size_t max = count_of(t), n;
	struct listed *all = calloc(max + 1, sizeof(*all));
	struct kallsyms k = { .form = "the symbol table" };
	struct buf text = { 0 };

	k.addresses = calloc(max + 1, sizeof(*k.addresses));
	k.starts = calloc(max + 1, sizeof(*k.starts));
	n = all && k.addresses && k.starts ? pick(t, all, max) : 0;
	for (size_t i = 0; i < n && text.len < UINT32_MAX / 2; i++) {
		k.addresses[k.count] = all[i].value;
		k.starts[k.count++] = (uint32_t)text.len;
		add_name(&text, t, &all[i]);
	}
	buf_add(&text, "", 1);
	k.text = (char *)text.data;
	if (!all || !k.addresses || !k.starts || text.failed) {
		free(all);
		kallsyms_release(&k);
		return no_memory(e);
	}
	free(all);
	*out = k;
	return 0;
}
