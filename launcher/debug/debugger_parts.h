/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the debugger's files share.
 */
#ifndef DEBUG_DEBUGGER_PARTS_H
#define DEBUG_DEBUGGER_PARTS_H

#include "debug/debugger.h"

/* Memory as a vCPU sees it while it stands still. */
struct view {
	const struct debugger *d;
	struct paging paging;
};

bool view_open(const struct debugger *d, unsigned cpu, struct view *v);

/* Where @addr is in RAM, and how much follows in one piece. */
bool view_find(const struct view *v, uint64_t addr, uint64_t *gpa,
	       uint64_t *run);

/* For the stub; the context is the struct debugger. */
extern const struct gdb_target_ops debugger_ops;

/* Let all vCPUs stop, since the debugger wants it. */
void debugger_stop(struct debugger *d);

#endif
