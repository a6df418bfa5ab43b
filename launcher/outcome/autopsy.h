/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a stopped guest's memory says about its end: the kernel's log, and the
 * call trace of each vCPU.
 *
 * It joins what the rest knows: the place of the kernel and its names
 * (symbols.h), the page tables that the vCPUs were using, and the parsers of
 * autopsy/, which find its modules, too. All of it is read when it is first
 * asked for, and only then.
 *
 * An address in the kernel's image needs no page tables, which may be what the
 * guest has destroyed. Any other is looked up in those of the first vCPUs, and
 * in the kernel's own (init_top_pgt), which are all that is left of a guest that
 * has reset the machine.
 *
 * Must never trust: guest memory, registers. The guest must have stopped.
 */
#ifndef OUTCOME_AUTOPSY_H
#define OUTCOME_AUTOPSY_H

#include "autopsy/kernel_log.h"
#include "autopsy/memory.h"
#include "autopsy/loaded.h"
#include "autopsy/unwind.h"
#include "autopsy/vmcoreinfo.h"
#include "outcome/symbols.h"
#include "vm/guest_mem.h"
#include "vm/vcpu.h"
#include "vm/walk.h"

/* How many different frames get a name. Looking it up in a System.map takes
 * milliseconds, and most vCPUs of a large guest are at the same places. */
#define AUTOPSY_NAMES 512

struct autopsy_name {
	struct frame frame;
	char name[SYMBOL_NAME_MAX]; /* "": it has none */
};

/* Whose page tables are tried, besides the kernel's. */
#define AUTOPSY_TABLES 4

struct autopsy {
	/* Set by the owner, when the guest has stopped. */
	struct symbols *symbols;
	const struct guest_mem *gm; /* NULL: there was no guest */
	const struct vcpu_result *results;
	struct vcpu *vcpus; /* NULL: there are no traces */
	unsigned cpus;

	bool opened; /* these are filled in: */
	struct memory memory;
	struct paging tables[AUTOPSY_TABLES + 1];
	unsigned tables_count;
	struct vmcoreinfo info;

	bool log_read; /* and with what result: */
	struct kernel_log log;
	struct err log_error; /* "" if there is one */

	bool code_known; /* these are filled in: */
	struct orc orc;
	bool modules_read;
	struct loaded modules; /* none if they are not known */
	/* Where the kernel's code begins and ends, and that of its start; 0: not
	 * known. */
	uint64_t text[2][2];
	struct stack *stacks; /* one per vCPU; a count of 0: not taken yet */
	struct autopsy_name *names; /* those that were asked for */
	unsigned names_count;
};

/* Free what was read. The empty struct is fine. */
void autopsy_release(struct autopsy *a);

/* Read what everything else needs; false: there is no guest that has run a
 * kernel. The functions below do this themselves. */
bool autopsy_begin(struct autopsy *a);

/* The word in the kernel's variable @name; false if it is not known. */
bool autopsy_variable(struct autopsy *a, const char *name, uint64_t *value);

/* The kernel's log, or NULL and why not. */
const struct kernel_log *autopsy_log(struct autopsy *a, struct err *e);

/*
 * The @n-th last line of the log, 0 being the last, in @line, without
 * priority; cut to @size bytes with the NUL. False if there are fewer lines,
 * or there is no log.
 */
bool autopsy_log_line(struct autopsy *a, size_t n, char *line, size_t size);

/*
 * The trace of vCPU @cpu, or NULL: it does not run a kernel's code, or its
 * registers are not known.
 */
const struct stack *autopsy_stack(struct autopsy *a, unsigned cpu);

/*
 * "name+0x12" for a frame, or NULL. Valid as long as @a. In a module it is
 * "name+0x12 [module]"; where no module is known, "0xffffffffc0123456
 * [unknown module]".
 */
const char *autopsy_frame_name(struct autopsy *a, const struct frame *frame);

/* The same for the place of a vCPU among the modules; NULL if it is
 * elsewhere. */
const char *autopsy_module_place(struct autopsy *a, const struct vcpu_where *w);

/* The first line in the log with which the kernel says that it panicked, or
 * that it has a fault; false, and "" in @line, if there is none. */
bool autopsy_panic(struct autopsy *a, char *line, size_t size);
bool autopsy_complaint(struct autopsy *a, char *line, size_t size);

#endif
