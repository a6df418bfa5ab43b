/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Repeated string instructions, in large steps.
 *
 * A processor that is stepped stops after every element of a `rep stos` or
 * `rep movs`, and kernels clear megabytes with one. The element it has just
 * written shows that it may write the rest of that page, so the rest is
 * written here, up to the end of the page or of the instruction, and the
 * processor goes on behind it, sets its accessed and dirty bits there, and
 * takes its faults.
 *
 * Must never trust: registers, code and page tables, which are the guest's.
 *
 * Spec: Intel SDM volume 2, REP, MOVS, STOS.
 */
#ifndef DEBUG_STRING_INSN_H
#define DEBUG_STRING_INSN_H

#include "vm/debug.h"

/*
 * A step has left rip where it was. If that is because of such an instruction,
 * do what it would do next. False, and nothing has changed, if it is something
 * else or there is nothing to win; otherwise @r is to be set.
 */
bool string_insn_rush(const struct guest_mem *gm, struct cpu_regs *r);

#endif
