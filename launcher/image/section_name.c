/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "image/section_name.h"

#include <gelf.h>
#include <stdio.h>

bool section_name(struct bytes b, uint64_t off, uint64_t size, char *buf,
		  size_t room)
{
	uint64_t best = size; /* from @off on */
	size_t strings, name = 0;
	Elf_Scn *scn = NULL;
	const char *text;
	GElf_Shdr shdr;
	Elf *elf;

	buf[0] = '\0';
	elf_version(EV_CURRENT);
	/* libelf does not write to the memory that it reads. */
	elf = elf_memory((char *)(uintptr_t)b.data, b.len);
	if (!elf)
		return false;
	while ((scn = elf_nextscn(elf, scn))) {
		if (!gelf_getshdr(scn, &shdr) || !(shdr.sh_flags & SHF_ALLOC) ||
		    shdr.sh_type == SHT_NOBITS || shdr.sh_offset < off ||
		    shdr.sh_offset - off >= best)
			continue;
		best = shdr.sh_offset - off;
		name = shdr.sh_name;
	}
	if (best < size && !elf_getshdrstrndx(elf, &strings)) {
		text = elf_strptr(elf, strings, name);
		snprintf(buf, room, "%s", text ? text : "");
	}
	elf_end(elf);
	return buf[0];
}
