/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "show/names.h"

#include <elf.h>
#include <stdio.h>

#include "image/notes.h"

struct number_name {
	uint32_t number;
	const char *name;
};

/* clang-format off */
#define NAME(x) { x, #x }

static const struct number_name segment_types[] = {
	NAME(PT_NULL), NAME(PT_LOAD), NAME(PT_DYNAMIC), NAME(PT_INTERP),
	NAME(PT_NOTE), NAME(PT_SHLIB), NAME(PT_PHDR), NAME(PT_TLS),
	NAME(PT_GNU_EH_FRAME), NAME(PT_GNU_STACK), NAME(PT_GNU_RELRO),
	NAME(PT_GNU_PROPERTY),
};

static const struct number_name elf_types[] = {
	NAME(ET_EXEC), NAME(ET_DYN),
};

static const struct number_name elf_machines[] = {
	NAME(EM_386), NAME(EM_X86_64),
};
/* clang-format on */

static const char *find_name(const struct number_name *list, size_t count,
			     uint32_t number, struct name_buf *buf)
{
	for (size_t i = 0; i < count; i++)
		if (list[i].number == number)
			return list[i].name;
	snprintf(buf->text, sizeof(buf->text), "0x%x", number);
	return buf->text;
}

#define FIND(list, number, buf) \
	find_name(list, sizeof(list) / sizeof((list)[0]), number, buf)

const char *segment_type_name(uint32_t type, struct name_buf *buf)
{
	return FIND(segment_types, type, buf);
}

const char *elf_type_name(uint16_t type, struct name_buf *buf)
{
	return FIND(elf_types, type, buf);
}

const char *elf_machine_name(uint16_t machine, struct name_buf *buf)
{
	return FIND(elf_machines, machine, buf);
}

const char *segment_flags_name(uint32_t flags, struct name_buf *buf)
{
	uint32_t other = flags & ~(uint32_t)(PF_R | PF_W | PF_X);
	int n;

	n = snprintf(buf->text, sizeof(buf->text), "%c%c%c",
		     flags & PF_R ? 'r' : '-', flags & PF_W ? 'w' : '-',
		     flags & PF_X ? 'x' : '-');
	if (other)
		snprintf(buf->text + n, sizeof(buf->text) - n, ",0x%x", other);
	return buf->text;
}

const char *bits_name(const struct bits *b, unsigned bit, struct name_buf *buf)
{
	const char *name = b->names ? NULL : xen_feature_name(bit);

	for (size_t i = 0; i < b->names_count; i++)
		if (b->names[i].bit == bit)
			name = b->names[i].name;
	if (name)
		return name;
	snprintf(buf->text, sizeof(buf->text), "bit %u", bit);
	return buf->text;
}
