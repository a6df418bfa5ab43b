/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A run as a picture: where its time went, and what was where in memory.
 *
 *   The whole run                                           duration  share
 *   launcher               #                                 1.12 s    17%
 *   to first console byte   ###                               670 ms   10%
 *   to init                    ####################          4.38 s    68%
 *                          |-----|-----|-----|-----|
 *                          0     2 s   4 s   6 s   8 s
 *
 * The launcher's own part is often a thousandth of the whole, so it has its own
 * strip and scale below.
 *
 * Must never trust: the texts.
 */
#ifndef SHOW_TIMELINE_SVG_H
#define SHOW_TIMELINE_SVG_H

#include "base/err.h"
#include "vm/memory_map.h"

enum phase_kind {
	PHASE_LAUNCHER,
	PHASE_BESIDES, /* at the same time as the others */
	PHASE_GUEST,
	PHASE_FAILED, /* a phase that did not end */
};

/* In nanoseconds since the program's start. */
struct phase {
	const char *name;
	enum phase_kind kind;
	uint64_t from, to;
};

#define PHASES_MAX 12

struct phases {
	struct phase list[PHASES_MAX];
	unsigned count;
};

struct timeline {
	const char *image;   /* its path */
	const char *machine; /* "256 MiB of RAM, ..." */
	const char *verdict;
	struct phases whole;	      /* none if no instruction was run */
	struct phases launcher;	      /* before the first one */
	const struct memory_map *map; /* empty: there was no memory yet */
};

void phases_add(struct phases *p, const char *name, enum phase_kind kind,
		uint64_t from, uint64_t to);

/* As text, to be freed. -ENOMEM; *@out is then untouched. */
int timeline_svg(const struct timeline *t, char **out, struct err *e);

#endif
