/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whether this host has what a case needs.
 */
#ifndef SUITE_NEEDS_H
#define SUITE_NEEDS_H

#include "suite/suite.h"

/*
 * Find a KVM on this host; @hardware: one that runs guest code on the CPU
 * itself. Returns 0, or a negative errno and a sentence that begins with
 * "needs".
 */
typedef int find_kvm_fn(bool hardware, struct err *e);

/* Returns whether this host has all of it; if not, @e says what is missing. */
bool needs_met(const struct suite_needs *n, find_kvm_fn *find_kvm,
	       struct err *e);

#endif
