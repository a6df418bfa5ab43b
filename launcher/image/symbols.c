/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "image/symbols.h"

#include <gelf.h>
#include <inttypes.h>
#include <stdio.h>

/* The closest symbol so far. */
struct closest {
	uint64_t vaddr;
	GElf_Sym sym;
	size_t strings; /* section index of its name's table */
	bool found;
};

static void search_table(Elf_Scn *scn, const GElf_Shdr *shdr, struct closest *c)
{
	Elf_Data *data = elf_getdata(scn, NULL);
	GElf_Sym sym;

	for (int i = 0; data && gelf_getsym(data, i, &sym); i++) {
		unsigned type = GELF_ST_TYPE(sym.st_info);

		if (sym.st_shndx == SHN_UNDEF || sym.st_shndx == SHN_ABS ||
		    type == STT_SECTION || type == STT_FILE ||
		    sym.st_value > c->vaddr)
			continue;
		if (c->found && sym.st_value < c->sym.st_value)
			continue;
		c->sym = sym;
		c->strings = shdr->sh_link;
		c->found = true;
	}
}

bool symbol_name(struct bytes b, uint64_t vaddr, char *buf, size_t size)
{
	struct closest c = { .vaddr = vaddr };
	Elf_Scn *scn = NULL;
	const char *name;
	GElf_Shdr shdr;
	Elf *elf;

	buf[0] = '\0';
	elf_version(EV_CURRENT);
	/* libelf does not write to what it reads from memory. */
	elf = elf_memory((char *)(uintptr_t)b.data, b.len);
	if (!elf)
		return false;
	/* An ELF has one such table; many that share their bytes would take
	 * for ever. */
	while ((scn = elf_nextscn(elf, scn)))
		if (gelf_getshdr(scn, &shdr) && shdr.sh_type == SHT_SYMTAB) {
			search_table(scn, &shdr, &c);
			break;
		}
	name = c.found ? elf_strptr(elf, c.strings, c.sym.st_name) : NULL;
	if (name)
		snprintf(buf, size, "%s+0x%" PRIx64, name,
			 vaddr - c.sym.st_value);
	elf_end(elf);
	return buf[0];
}
