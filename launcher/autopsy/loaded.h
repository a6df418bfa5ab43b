/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The modules that a stopped kernel has loaded: where their code is, the names
 * in it, and their tables for call traces.
 *
 * The kernel has them in a list:
 *
 *   modules -> struct module -> struct module -> ... -> modules
 *               name
 *               where its code is, and that of its start
 *               kallsyms -> an ELF's symbols and strings
 *               arch: its ORC tables
 *
 * Where the members of these structs are depends on the kernel's version and
 * configuration; its type information (BTF) tells. Without that, modules are
 * not known.
 *
 * Must never trust: the list, which may go round, and all that is in it. A
 * module is left out if its name or its place is not sound, or if its code
 * overlaps that of another; everything else is read when it is needed, and
 * bounded.
 *
 * Spec: Linux, include/linux/module.h of 5.10, 6.1, 6.4 and 6.12;
 * kernel/module/kallsyms.c.
 */
#ifndef AUTOPSY_LOADED_H
#define AUTOPSY_LOADED_H

#include "autopsy/memory.h"
#include "autopsy/orc.h"
#include "base/err.h"

/* Debian with all of its hardware has 200. */
#define LOADED_MAX 1024

/* The largest have a twentieth of this. */
#define LOADED_TEXT_MAX	   (UINT64_C(256) << 20)
#define LOADED_SYMBOLS_MAX (UINT32_C(1) << 17)
#define LOADED_ORC_MAX	   (UINT32_C(1) << 19)

#define LOADED_NAME_SIZE 64

/* The addresses of the kernel's symbols; 0: not known. */
struct loaded_names {
	uint64_t modules;	      /* the list's head */
	uint64_t start_btf, stop_btf; /* __start_BTF, ... */
};

struct loaded_module {
	char name[LOADED_NAME_SIZE];
	/* Its code and that of its start; a size of 0: there is none. */
	struct loaded_text {
		uint64_t start, size;
	} text[2];
	uint64_t symbols, strings;
	uint32_t symbols_count;
	/* Its tables, and whether they have been opened. */
	uint64_t orc_ip, orc_entries;
	uint32_t orc_count;
	bool orc_opened;
	struct orc orc;
};

/* { 0 } is empty. */
struct loaded {
	struct loaded_module *all;
	unsigned count;
	unsigned left_out;
};

/*
 * Read the list. Returns 0, also for one without modules; -ENOENT if it or
 * the type information is not known; -EINVAL if they are not sound; -ENOMEM.
 * On failure *@mods is empty.
 */
int loaded_read(struct loaded *mods, const struct memory *m,
		const struct loaded_names *names, struct err *e);
void loaded_release(struct loaded *mods);

/* The module that has the code at @addr, or NULL. */
struct loaded_module *loaded_find(const struct loaded *mods, uint64_t addr);

/*
 * "function+0x12 [module]" for @addr, which is in @mod's code, in @buf; without
 * a symbol, "0xffffffffc0001234 [module]". @is_return: see symbols_name_at().
 */
void loaded_place(const struct loaded_module *mod, const struct memory *m,
		  uint64_t addr, bool is_return, char *buf, size_t size);

/* The module's tables, of the form that the kernel's own have; NULL if there
 * are none that are sound. */
const struct orc *loaded_orc(struct loaded_module *mod, const struct memory *m,
			     const struct orc *kernel);

#endif
