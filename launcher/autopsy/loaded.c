/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "autopsy/loaded.h"

#include <ctype.h>
#include <elf.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "autopsy/btf.h"

/* ---- the layouts of the kernel's structs */

/* enum mod_mem_type of 6.4: which of a module's parts are code. */
#define MOD_TEXT      0
#define MOD_INIT_TEXT 4

/* enum module_state: the struct is not filled in yet. */
#define STATE_UNFORMED 3

struct layout {
	uint64_t list, state, name, kallsyms;
	uint64_t text[2], text_base, text_size; /* within one of text[] */
	uint64_t symtab, num_symtab, strtab;
	uint64_t num_orcs, orc_unwind_ip, orc_unwind;
	bool has_orc;
};

struct want {
	const char *member;
	uint64_t *off;
};

/* The offsets of @count members of struct @name, as far as they exist: false
 * if one does not. */
static bool find_members(const struct btf *b, const char *name,
			 struct btf_struct *s, const struct want *wants,
			 size_t count)
{
	if (!btf_find_struct(b, name, s))
		return false;
	for (size_t i = 0; i < count; i++)
		if (!btf_member(b, s, wants[i].member, wants[i].off))
			return false;
	return true;
}

#define FIND(b, name, s, wants) \
	find_members(b, name, s, wants, sizeof(wants) / sizeof(*(wants)))

/* Up to 6.3 a module has two parts, and each its code first; since 6.4 it has
 * an array of parts. */
static bool find_text(const struct btf *b, const struct btf_struct *mod,
		      struct layout *l)
{
	const struct want old[] = { { "base", &l->text_base },
				    { "text_size", &l->text_size } };
	const struct want new[] = { { "base", &l->text_base },
				    { "size", &l->text_size } };
	struct btf_struct part;
	uint64_t mem;

	if (btf_member(b, mod, "core_layout", &l->text[0]) &&
	    btf_member(b, mod, "init_layout", &l->text[1]))
		return FIND(b, "module_layout", &part, old);
	if (!btf_member(b, mod, "mem", &mem) ||
	    !FIND(b, "module_memory", &part, new))
		return false;
	l->text[0] = mem + MOD_TEXT * part.size;
	l->text[1] = mem + MOD_INIT_TEXT * part.size;
	return true;
}

static bool find_orc(const struct btf *b, const struct btf_struct *mod,
		     struct layout *l)
{
	const struct want members[] = { { "num_orcs", &l->num_orcs },
					{ "orc_unwind_ip", &l->orc_unwind_ip },
					{ "orc_unwind", &l->orc_unwind } };
	struct btf_struct arch;
	uint64_t at;

	if (!btf_member(b, mod, "arch", &at) ||
	    !FIND(b, "mod_arch_specific", &arch, members))
		return false;
	for (size_t i = 0; i < sizeof(members) / sizeof(*members); i++)
		*members[i].off += at;
	return true;
}

static int find_layout(const struct btf *b, struct layout *l, struct err *e)
{
	const struct want module[] = { { "list", &l->list },
				       { "state", &l->state },
				       { "name", &l->name },
				       { "kallsyms", &l->kallsyms } };
	const struct want kallsyms[] = { { "symtab", &l->symtab },
					 { "num_symtab", &l->num_symtab },
					 { "strtab", &l->strtab } };
	struct btf_struct mod, ignored;

	if (!FIND(b, "module", &mod, module) || !find_text(b, &mod, l) ||
	    !FIND(b, "mod_kallsyms", &ignored, kallsyms))
		return err_set(e, ENOENT,
			       "the kernel's type information does not say "
			       "what a module is");
	l->has_orc = find_orc(b, &mod, l);
	return 0;
}

/* ---- the list */

/* As a file name without its end; the string must end in its array. */
static bool is_name(const char *name, size_t size)
{
	size_t len = strnlen(name, size);

	for (size_t i = 0; i < len; i++)
		if (!isalnum((unsigned char)name[i]) && !strchr("_-.", name[i]))
			return false;
	return len && len < size;
}

static bool read_text(const struct memory *m, const struct layout *l,
		      uint64_t at, struct loaded_text *text)
{
	uint32_t size;

	if (!memory_word(m, at + l->text_base, &text->start) ||
	    !memory_u32(m, at + l->text_size, &size))
		return false;
	text->size = size;
	return size <= LOADED_TEXT_MAX && text->start + size >= text->start;
}

/* The array of a name is what 64 bytes leave behind one word. */
static bool read_name(const struct memory *m, uint64_t at,
		      struct loaded_module *mod)
{
	size_t size = LOADED_NAME_SIZE - memory_word_size(m);

	return memory_get(m, at, mod->name, size) && is_name(mod->name, size);
}

static void read_orc(const struct memory *m, const struct layout *l,
		     uint64_t at, struct loaded_module *mod)
{
	if (!l->has_orc || !memory_u32(m, at + l->num_orcs, &mod->orc_count) ||
	    !memory_word(m, at + l->orc_unwind_ip, &mod->orc_ip) ||
	    !memory_word(m, at + l->orc_unwind, &mod->orc_entries))
		mod->orc_count = 0;
}

/* A module may have lost its names, and is one still. */
static void read_symbols(const struct memory *m, const struct layout *l,
			 uint64_t at, struct loaded_module *mod)
{
	uint64_t kallsyms;

	if (!memory_word(m, at + l->kallsyms, &kallsyms) ||
	    !memory_word(m, kallsyms + l->symtab, &mod->symbols) ||
	    !memory_u32(m, kallsyms + l->num_symtab, &mod->symbols_count) ||
	    !memory_word(m, kallsyms + l->strtab, &mod->strings) ||
	    mod->symbols_count > LOADED_SYMBOLS_MAX)
		mod->symbols_count = 0;
}

static bool read_module(const struct memory *m, const struct layout *l,
			uint64_t at, struct loaded_module *mod)
{
	uint32_t state;

	*mod = (struct loaded_module){ 0 };
	if (!memory_u32(m, at + l->state, &state) || state >= STATE_UNFORMED ||
	    !read_name(m, at + l->name, mod) ||
	    !read_text(m, l, at + l->text[0], &mod->text[0]) ||
	    !read_text(m, l, at + l->text[1], &mod->text[1]))
		return false;
	read_symbols(m, l, at, mod);
	read_orc(m, l, at, mod);
	return true;
}

static bool meet(const struct loaded_text *a, const struct loaded_text *b)
{
	return a->size && b->size && a->start - b->start < b->size;
}

static bool overlap(const struct loaded_module *a,
		    const struct loaded_module *b)
{
	for (unsigned i = 0; i < 4; i++)
		if (meet(&a->text[i & 1], &b->text[i >> 1]) ||
		    meet(&b->text[i & 1], &a->text[i >> 1]))
			return true;
	return false;
}

static bool is_alone(const struct loaded *mods, const struct loaded_module *mod)
{
	for (unsigned i = 0; i < mods->count; i++)
		if (overlap(&mods->all[i], mod))
			return false;
	return true;
}

static int read_list(struct loaded *mods, const struct memory *m,
		     const struct layout *l, uint64_t head, struct err *e)
{
	uint64_t at;

	if (!memory_word(m, head, &at))
		return err_set(e, EINVAL,
			       "the list of modules is not in memory");
	mods->all = calloc(LOADED_MAX, sizeof(*mods->all));
	if (!mods->all)
		return err_set(e, ENOMEM, "no memory for modules");
	for (unsigned seen = 0; at != head && seen < LOADED_MAX; seen++) {
		struct loaded_module *mod = &mods->all[mods->count];

		if (read_module(m, l, at - l->list, mod) && is_alone(mods, mod))
			mods->count++;
		else
			mods->left_out++;
		if (!memory_word(m, at, &at))
			break;
	}
	return 0;
}

int loaded_read(struct loaded *mods, const struct memory *m,
		const struct loaded_names *names, struct err *e)
{
	struct layout l = { 0 };
	struct btf b;
	int rc;

	*mods = (struct loaded){ 0 };
	if (!names->modules)
		return err_set(e, ENOENT,
			       "no name says where the list of modules is");
	rc = btf_read(&b, m, names->start_btf, names->stop_btf, e);
	if (!rc)
		rc = find_layout(&b, &l, e);
	btf_release(&b);
	return rc ?: read_list(mods, m, &l, names->modules, e);
}

void loaded_release(struct loaded *mods)
{
	free(mods->all);
	*mods = (struct loaded){ 0 };
}

struct loaded_module *loaded_find(const struct loaded *mods, uint64_t addr)
{
	for (unsigned i = 0; i < mods->count; i++) {
		const struct loaded_text *t = mods->all[i].text;

		if (addr - t[0].start < t[0].size ||
		    addr - t[1].start < t[1].size)
			return &mods->all[i];
	}
	return NULL;
}

/* ---- names */

/* The members of either Elf64_Sym or Elf32_Sym. */
struct symbol {
	uint64_t value;
	uint32_t name;
	uint16_t section;
};

/* How many symbols are read at once. */
#define CHUNK 64

static struct symbol decode(const struct memory *m, const uint8_t *at)
{
	Elf64_Sym s64;
	Elf32_Sym s32;

	if (m->is64) {
		memcpy(&s64, at, sizeof(s64));
		return (struct symbol){ s64.st_value, s64.st_name,
					s64.st_shndx };
	}
	memcpy(&s32, at, sizeof(s32));
	return (struct symbol){ s32.st_value, s32.st_name, s32.st_shndx };
}

/* The name of a symbol; false if it has none, or it is longer than any. */
static bool read_string(const struct memory *m, uint64_t at, char *name,
			size_t size)
{
	size_t n = m->read(m->ctx, at, name, size);

	return n && name[0] && strnlen(name, n) < n;
}

/* The last symbol at or below @addr that has a name; @part is where it must
 * be. */
static bool find_symbol(const struct loaded_module *mod, const struct memory *m,
			const struct loaded_text *part, uint64_t addr,
			struct symbol *best, char *name, size_t name_size)
{
	const size_t size = m->is64 ? sizeof(Elf64_Sym) : sizeof(Elf32_Sym);
	uint8_t chunk[CHUNK * sizeof(Elf64_Sym)];
	char candidate[128];
	bool found = false;

	for (uint32_t i = 0, n; i < mod->symbols_count; i += n) {
		n = mod->symbols_count - i < CHUNK ? mod->symbols_count - i
						   : CHUNK;
		if (!memory_get(m, mod->symbols + i * size, chunk, n * size))
			break;
		for (uint32_t k = 0; k < n; k++) {
			struct symbol s = decode(m, chunk + k * size);

			if (s.section == SHN_UNDEF || s.value > addr ||
			    s.value < part->start ||
			    (found && s.value <= best->value) ||
			    !read_string(m, mod->strings + s.name, candidate,
					 sizeof(candidate)))
				continue;
			found = true;
			*best = s;
			snprintf(name, name_size, "%s", candidate);
		}
	}
	return found;
}

void loaded_place(const struct loaded_module *mod, const struct memory *m,
		  uint64_t addr, bool is_return, char *buf, size_t size)
{
	uint64_t at = addr - is_return;
	bool in_init = at - mod->text[0].start >= mod->text[0].size;
	struct symbol s;
	char name[128];

	if (find_symbol(mod, m, &mod->text[in_init], at, &s, name,
			sizeof(name)))
		snprintf(buf, size, "%.*s+0x%" PRIx64 " [%s]", (int)size / 2,
			 name, addr - s.value, mod->name);
	else
		snprintf(buf, size, "0x%" PRIx64 " [%s]", addr, mod->name);
}

/* ---- call traces */

const struct orc *loaded_orc(struct loaded_module *mod, const struct memory *m,
			     const struct orc *kernel)
{
	const struct orc_names names = {
		.start_ip = mod->orc_ip,
		.stop_ip = mod->orc_ip + mod->orc_count * sizeof(int32_t),
		.start = mod->orc_entries,
		.stop = mod->orc_entries + mod->orc_count * ORC_ENTRY_SIZE,
		.header = kernel->form == ORC_FROM_6_4,
	};

	if (!mod->orc_opened && mod->orc_count <= LOADED_ORC_MAX &&
	    orc_open(&mod->orc, m, &names))
		mod->orc.form = kernel->form;
	mod->orc_opened = true;
	return mod->orc.count ? &mod->orc : NULL;
}
