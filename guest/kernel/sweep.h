/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * `sweep` on the command line: garbage to every port, in every size, before
 * the claims are tested, all of which must hold nevertheless.
 */
#ifndef GUEST_KERNEL_SWEEP_H
#define GUEST_KERNEL_SWEEP_H

#include "boot.h"

/* Do so if the command line asks for it. */
void sweep_run(const struct boot *b);

#endif
