/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The names a kernel carries for its own use: kallsyms.
 *
 * A stripped kernel still names its functions in an oops, from a few tables in
 * its read-only data. No pointer leads to them, so this module finds them by
 * their structure and reads every name with its type and its link-time address.
 * Two orders of the tables exist:
 *
 *   to 6.3    addresses | count | names | markers | tokens | token index
 *   from 6.4  count | names | markers | tokens | token index | addresses
 *
 *   tokens       256 strings, each ended by a NUL
 *   token index  the offset of each token, 16 bits; 0 is the first
 *   names        a length (a second byte follows if bit 7 is set, from 6.1),
 *                then that many token numbers; the first character of the
 *                text is the type that nm(1) shows, the rest is the name
 *   markers      the offset of each 256th name; words of the kernel's size up
 *                to 4.19, 32 bits after that
 *   addresses    in one of these forms, in ascending order:
 *                - words of the kernel's size (to 4.5, and without
 *                  KALLSYMS_BASE_RELATIVE)
 *                - 32-bit offsets, followed by a word that is their base;
 *                  on 64-bit SMP up to 6.14 an offset that is not negative
 *                  is a per-CPU address, and a negative one counts from
 *                  base - 1 downwards
 *                - 32-bit offsets from the place of each offset (2026)
 *   sequences    from 6.2 (and in its backports), 3 bytes or a 32-bit word a
 *                name, after the markers or last; not read
 *
 * A kernel's names are used only if all tables agree: tokens with their index,
 * count with names, names with markers, every address with the order and with
 * the kernel's segments. If two tables fit, or an address can be read in two
 * ways, no names are used: a missing name is better than a wrong one.
 *
 * Must never trust: any of it. The tables may come from a file or from the
 * memory of a guest that has run; the caller must ensure that the bytes do not
 * change while they are read.
 *
 * Spec: Linux, scripts/kallsyms.c, which writes the tables, and
 * kernel/kallsyms.c, which reads them: of 4.4, 4.19, 5.10, 6.1, 6.4, 6.12 and
 * of January 2026.
 */
#ifndef IMAGE_KALLSYMS_H
#define IMAGE_KALLSYMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/err.h"
#include "image/kernel_elf.h"

/* Linux's KSYM_NAME_LEN, from 6.1 on: it includes a type or a NUL. */
#define KALLSYMS_NAME_MAX 512

/* A kernel with everything built in has less than half of this. */
#define KALLSYMS_COUNT_MAX (UINT32_C(1) << 22)

/* A part of the kernel as it lies in memory: a PT_LOAD. */
struct kallsyms_part {
	struct bytes bytes; /* those in the file */
	uint64_t vaddr;
	uint64_t memsz; /* its size in memory */
	bool writable;
};

/* All names, in the order of their addresses. */
struct kallsyms {
	uint32_t count;
	uint64_t *addresses;
	uint32_t *starts; /* each name's offset in text */
	char *text;	  /* a type, a name, a NUL, and so on */
	const char *form; /* a description of the addresses' form */
};

/*
 * Read the names from the @parts_count parts at @parts. Writable parts are
 * searched only if the others have no names.
 *
 * Returns 0; -ENOENT if there is no token table; -EINVAL if the tables are
 * unsound or fit twice; -ENOMEM. On failure *@k is untouched.
 */
int kallsyms_read(struct kallsyms *k, const struct kallsyms_part *parts,
		  unsigned parts_count, bool is64, struct err *e);

/* The same from a decoded ELF, by its PT_LOADs. */
int kallsyms_read_elf(struct kallsyms *k, const struct kernel_elf *elf,
		      struct err *e);

/* Free what a read has allocated; accepts the empty struct. */
void kallsyms_release(struct kallsyms *k);

/* The name of symbol @i: printable ASCII without blanks. */
static inline const char *kallsyms_name(const struct kallsyms *k, uint32_t i)
{
	return k->text + k->starts[i] + 1;
}

/* The type of symbol @i, as nm(1)'s letter. */
static inline char kallsyms_type(const struct kallsyms *k, uint32_t i)
{
	return k->text[k->starts[i]];
}

/*
 * The symbol that names @vaddr: the closest one at or below it that is not
 * absolute. Of several at that address it is the first, as in the kernel
 * itself. False if there is none, or if it lies below @segment, the start of
 * @vaddr's segment.
 */
bool kallsyms_find(const struct kallsyms *k, uint64_t vaddr, uint64_t segment,
		   uint32_t *i);

/*
 * Write "name+0x12" for @vaddr to @buf, at most @size bytes with the NUL.
 * False, and "" there, if kallsyms_find() finds nothing.
 */
bool kallsyms_place(const struct kallsyms *k, uint64_t vaddr, uint64_t segment,
		    char *buf, size_t size);

/* The first symbol of that name; false if there is none. */
bool kallsyms_by_name(const struct kallsyms *k, const char *name, uint32_t *i);

#endif
