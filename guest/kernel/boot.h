/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the kernel was given, whichever way it was entered.
 *
 * boot_read() turns PVH's start info or Linux's boot_params into one struct.
 * The structures come from the loader: counts are cut to what the arrays
 * hold, and a wrong magic number is reported rather than followed.
 */
#ifndef GUEST_KERNEL_BOOT_H
#define GUEST_KERNEL_BOOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "entry.h"
#include "lib/load.h"

#define BOOT_RANGES_MAX	 128
#define BOOT_MODULES_MAX 8

enum boot_how { /* the order of the names in boot.c */
		BOOT_PVH,
		BOOT_ELF64,
		BOOT_ELF32,
		BOOT_LINUX16,
		BOOT_LINUX32,
		BOOT_LINUX64,
};

struct range {
	uint64_t start;
	uint64_t len;
	uint32_t type; /* the e820 numbers */
};

struct module {
	uint64_t gpa;
	uint64_t len;
	const char *cmdline; /* NULL: none */
};

struct boot {
	const struct entry_frame *entry;
	enum boot_how how;
	const uint8_t *params;	   /* boot_params, or NULL */
	const uint8_t *start_info; /* PVH's, or NULL */
	bool is_magic_wrong;	   /* nothing below was read */
	const char *cmdline;	   /* "" if there is none */
	uint64_t rsdp;
	struct range ranges[BOOT_RANGES_MAX];
	unsigned ranges_count;
	struct module modules[BOOT_MODULES_MAX]; /* [0] is the initrd */
	unsigned modules_count;
};

void boot_read(struct boot *b, const struct entry_frame *f);
const char *boot_how_name(enum boot_how how);

/* Entered with boot_params. */
static inline bool boot_is_linux(const struct boot *b)
{
	return b->params;
}

/* A word of the command line, or its part behind the `=`; not terminated. */
struct word {
	const char *text;
	size_t len;
};

bool word_is(const struct word *w, const char *name);

/* The first `name=VALUE`. */
bool cmdline_value(const struct boot *b, const char *name, struct word *value);

/* The @nth `name=VALUE`, counted from 0. */
bool cmdline_value_nth(const struct boot *b, const char *name, unsigned nth,
		       struct word *value);

/* The first `name=N`, a decimal number. */
bool cmdline_number(const struct boot *b, const char *name, uint64_t *n);

/* Is @name there as a word of its own? */
bool cmdline_has(const struct boot *b, const char *name);

#endif
