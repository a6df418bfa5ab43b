/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the two sides of the hold share: the vCPUs' threads (hold_cpu.c) and
 * the debugger's. Everything here is for who has the lock.
 */
#ifndef DEBUG_HOLD_PARTS_H
#define DEBUG_HOLD_PARTS_H

#include "debug/hold.h"

struct place hold_find_place(struct hold *h, unsigned cpu);

/* Whether a software breakpoint is there. */
bool hold_is_soft(const struct hold *h, const struct place *p);

/* Something has changed that the debugger waits for. */
void hold_wake(struct hold *h);

/* Whether all wait, or are gone; without a look at vCPU @but. */
bool hold_all_rest(const struct hold *h, int but);

/* Let all others pause, as far as they do not wait. */
void hold_pause_all(struct hold *h, int but);

/* What traps a vCPU has, by what it is to do. @inject: it also gets the
 * exception of its own int3. */
void hold_set_traps(struct hold *h, unsigned cpu, bool alone, bool inject);

void hold_plant(struct hold *h);
void hold_lift(struct hold *h);

#endif
