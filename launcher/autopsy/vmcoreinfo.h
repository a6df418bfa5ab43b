/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * VMCOREINFO: what a kernel says about itself to those who read its memory
 * after a crash. It is a text of lines,
 *
 *   OSRELEASE=6.1.0
 *   SYMBOL(prb)=ffffffff82a622c0
 *   OFFSET(printk_info.ts_nsec)=8
 *
 * which the kernel makes early in its start, at "subsys" level, and keeps in a
 * page and once more in an ELF note. Before that there is none.
 *
 * Must never trust: the text. It is checked for its first line only; a number
 * in it is as good as the guest's memory.
 *
 * Spec: Linux, Documentation/admin-guide/kdump/vmcoreinfo.rst;
 * kernel/vmcore_info.c (kernel/crash_core.c up to 6.8).
 */
#ifndef AUTOPSY_VMCOREINFO_H
#define AUTOPSY_VMCOREINFO_H

#include <stdbool.h>
#include <stdint.h>

#include "autopsy/memory.h"
#include "base/bytes.h"

/* A page in every kernel so far. */
#define VMCOREINFO_MAX 4096

/* The name of the note that has it, whose type is 0. */
#define VMCOREINFO_NOTE "VMCOREINFO"

/* The note's head: sizes, type, and the name, padded. */
#define VMCOREINFO_NOTE_HEAD 24

struct vmcoreinfo {
	char text[VMCOREINFO_MAX];
	size_t len; /* 0: there is none */
};

/*
 * Copy the text whose pointer and size are the variables at @data and @size of
 * the kernel (vmcoreinfo_data, vmcoreinfo_size). False, and *@v is empty, if it
 * is not there or does not begin as it should.
 */
bool vmcoreinfo_read(struct vmcoreinfo *v, const struct memory *m,
		     uint64_t data, uint64_t size);

/* The same from a note, as far as @page has it: a page begins with one. */
bool vmcoreinfo_from_note(struct vmcoreinfo *v, struct bytes page);

/* The number behind "@key=", in base 10 or 16; false if there is none or it has
 * more than 64 bits. A negative one is its two's complement. */
bool vmcoreinfo_number(const struct vmcoreinfo *v, const char *key,
		       unsigned base, uint64_t *number);

#endif
