/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Builds raw note records one after the other, and reads them back as a list.
 */
#ifndef TESTS_UNIT_NOTE_LIST_H
#define TESTS_UNIT_NOTE_LIST_H

#include "image/notes.h"
#include "support/elf_builder.h"
#include "support/tight.h"
#include "unit/unit.h"

static struct buf raw;

static inline void clear(void)
{
	raw.len = 0;
}

static inline void add(const char *owner, uint32_t type, const void *desc,
		       uint32_t descsz)
{
	elf_note(&raw, owner, type, desc, descsz, 4);
}

/* What the last read() read from; descriptors point into it. */
static struct bytes held;

/* The padding that the last read() detected. */
static unsigned padding;

static inline int read_align(struct notes *n, uint64_t align, struct err *e)
{
	tight_free(held);
	held = tight(raw.data, raw.len);
	return notes_add(n, held, align, &padding, e);
}

static inline void read_all(struct notes *n)
{
	struct err e = ERR_EMPTY;

	assert_ok(read_align(n, 4, &e), &e);
}

#endif
