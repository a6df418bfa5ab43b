/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The stub's ELF reader. It checks as much as the launcher's, because a payload
 * can be damaged or not be a kernel.
 *
 * Spec: System V gABI, chapters 4 and 5.
 */
#ifndef GUEST_STUB_ELF_H
#define GUEST_STUB_ELF_H

#include <stddef.h>

#include "fault.h"
#include "pv/stub.h"

struct elf_load {
	uint64_t off;
	uint64_t paddr;
	uint64_t filesz;
	uint64_t memsz;
};

struct elf {
	bool is_64;
	uint64_t entry; /* physical, inside a segment */
	unsigned count;
	struct elf_load loads[STUB_ELF_LOADS_MAX]; /* without empty ones */
};

/* What the packer stated about the ELF, and where its segments may go. */
struct elf_limits {
	uint64_t elf_len;
	uint64_t dest_start;
	uint64_t dest_end;
};

/*
 * Parse the ELF whose first @len bytes are at @head.
 *
 * Segments must be in the file and in dest, and must not overlap; the entry
 * point must be in one of them. Returns false after filling *@f.
 */
bool elf_parse(struct elf *e, const uint8_t *head, size_t len,
	       const struct elf_limits *limits, struct fault *f);

#endif
