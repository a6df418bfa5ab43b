/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a stopped guest's memory says about its end: the kernel's log.
 *
 * It joins what the rest knows: the place of the kernel and its names
 * (symbols.h), the page tables that the vCPUs were using, and the parsers of
 * autopsy/. All of it is read when it is first asked for, and only then.
 *
 * An address in the kernel's image needs no page tables, which may be what the
 * guest has destroyed. Any other is looked up in those of the first vCPUs, and
 * in the kernel's own (init_top_pgt).
 *
 * Must never trust: guest memory, registers. The guest must have stopped.
 */
#ifndef OUTCOME_AUTOPSY_H
#define OUTCOME_AUTOPSY_H

#include "autopsy/kernel_log.h"
#include "autopsy/memory.h"
#include "autopsy/vmcoreinfo.h"
#include "outcome/symbols.h"
#include "vm/guest_mem.h"
#include "vm/vcpu.h"
#include "vm/walk.h"

/* Whose page tables are tried, besides the kernel's. */
#define AUTOPSY_TABLES 4

struct autopsy {
	/* Set by the owner, when the guest has stopped. */
	struct symbols *symbols;
	const struct guest_mem *gm; /* NULL: there was no guest */
	const struct vcpu_result *results;
	unsigned cpus;

	bool opened; /* these are filled in: */
	struct memory memory;
	struct paging tables[AUTOPSY_TABLES + 1];
	unsigned tables_count;
	struct vmcoreinfo info;

	bool log_read; /* and with what result: */
	struct kernel_log log;
	struct err log_error; /* "" if there is one */
};

/* Free what was read. The empty struct is fine. */
void autopsy_release(struct autopsy *a);

/* The kernel's log, or NULL and why not. */
const struct kernel_log *autopsy_log(struct autopsy *a, struct err *e);

/*
 * The @n-th last line of the log, 0 being the last, in @line, without
 * priority; cut to @size bytes with the NUL. False if there are fewer lines,
 * or there is no log.
 */
bool autopsy_log_line(struct autopsy *a, size_t n, char *line, size_t size);

/* The first line in the log with which the kernel says that it panicked, or
 * that it has a fault; false, and "" in @line, if there is none. */
bool autopsy_panic(struct autopsy *a, char *line, size_t size);
bool autopsy_complaint(struct autopsy *a, char *line, size_t size);

#endif
