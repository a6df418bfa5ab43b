/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What --timeline writes: the phases of a run, and a picture of them.
 *
 * Like the report it is made when the run is over, on every way out, from the
 * same facts.
 */
#ifndef OUTCOME_TIMELINE_H
#define OUTCOME_TIMELINE_H

#include "show/timeline_svg.h"
#include "outcome/report.h"

/* The phases in order; the last one may be incomplete. */
void timeline_phases(const struct report_facts *f, struct timeline *t);

/*
 * Draw it to @o and commit that, or discard it on failure. @places: where
 * things were put in guest memory; empty if there was none.
 */
int timeline_write(struct output *o, const struct report_facts *f,
		   const struct memory_map *places, struct patience *p,
		   struct err *e);

#endif
