/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From a stream of the ELF's bytes to segments in their places.
 *
 * The whole ELF is never in memory: the headers are in its first window, and
 * the bytes of each window go to their segments.
 */
#ifndef GUEST_STUB_LOAD_H
#define GUEST_STUB_LOAD_H

#include "elf.h"

struct load {
	struct elf_limits limits; /* filled in by the caller */
	struct elf elf;
	uint64_t pos; /* how much of the file came by */
	struct fault fault;
};

/* An inflate sink; its context is a struct load. */
const char *load_take(void *ctx, const uint8_t *data, size_t len);

/* All bytes have come: zero the rest of the segments. Returns false after
 * filling l->fault. */
bool load_finish(struct load *l);

#endif
