/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The boot plan as JSON, the same in inspect's report and in run's. */
#ifndef SHOW_PLAN_JSON_H
#define SHOW_PLAN_JSON_H

#include <jansson.h>

#include "boot/kaslr.h"
#include "boot/plan.h"

/* @requested: what --boot asked for. @memory: the guest's, in bytes. @error:
 * why nothing was chosen, or what is in the way of what was, or "". */
json_t *plan_json(const struct boot_plan *plan, const char *requested,
		  uint64_t memory, const char *error);

/* Where KASLR puts the kernel. @known: a run has been there, or would be; else
 * only how many places there are. */
json_t *placement_json(const struct placement *p, bool known);

#endif
