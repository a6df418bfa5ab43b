/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whether this host has what a case needs.
 */
#ifndef SUITE_NEEDS_H
#define SUITE_NEEDS_H

#include "suite/suite.h"

/* Returns whether all of it is there; if not, @e says what is not. */
bool needs_met(const struct suite_needs *n, struct err *e);

#endif
