/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What keeps a kernel from its root, when there is no initrd to find it.
 *
 * Without an initrd a kernel mounts the device of root= by itself, and needs
 * the drivers of that device built in. Those of stock kernels are modules, so
 * such a kernel panics: "Unable to mount root fs". This says beforehand, and
 * afterwards, which drivers it lacks, by the kernel's own names.
 *
 * Must never trust: the kernel's names, the command line.
 *
 * Spec: init/do_mounts.c of Linux.
 */
#ifndef OUTCOME_ROOT_H
#define OUTCOME_ROOT_H

#include "machine/plan.h"
#include "outcome/symbols.h"

struct root_facts {
	const char *cmdline; /* the kernel's */
	const struct machine_plan *plan;
	/* Its memory has the kernel, whether that has run or not. The names are
	 * read if the answer depends on them. */
	struct symbols *symbols;
	bool has_initrd;
};

#define ROOT_WORDS_MAX 320

/*
 * Before the guest runs: what it will lack, as a sentence in @words. False if
 * the command line has no root= that is on a device of this machine, if there
 * is an initrd, or if nothing is known to be lacking.
 */
bool root_lacks(const struct root_facts *f, char words[ROOT_WORDS_MAX]);

/* After a panic with the line @panic: what it lacked, if the panic is about the
 * root. */
bool root_was_missed(const struct root_facts *f, const char *panic,
		     char words[ROOT_WORDS_MAX]);

#endif
