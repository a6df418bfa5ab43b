/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Repeated string instructions, in large steps.
 *
 * A single step stops after every element of a `rep stos` or `rep movs`, and
 * kernels clear megabytes with one. The element that was just written shows
 * that the page is writable, so the rest is written here, up to the end of the
 * page or of the instruction. The processor continues after it, sets accessed
 * and dirty bits, and takes faults.
 *
 * Must never trust: registers, code and page tables, which are the guest's.
 *
 * Spec: Intel SDM volume 2, REP, MOVS, STOS.
 */
#ifndef DEBUG_STRING_INSN_H
#define DEBUG_STRING_INSN_H

#include "vm/debug.h"

/*
 * A step did not change rip. If this is because of such an instruction, execute
 * its next elements. False, without a change, for other instructions or if it
 * saves nothing; otherwise the caller sets @r.
 */
bool string_insn_rush(const struct guest_mem *gm, struct cpu_regs *r);

#endif
