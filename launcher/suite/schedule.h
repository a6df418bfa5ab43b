/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Runs a suite: up to a number of cases at once, in the order of the file; each
 * is judged when it ends, and the listeners are called.
 */
#ifndef SUITE_SCHEDULE_H
#define SUITE_SCHEDULE_H

#include "suite/result.h"

/*
 * Run all of @r->s. @l: @n listeners, called in this order.
 *
 * Returns 0 when every case has ended or a signal (r->signal) has ended the
 * suite; a negative errno if it could not go on. No child is left in any
 * case. r->results is released by suite_run_release().
 */
int suite_run(struct suite_run *r, struct listener *l, size_t n, struct err *e);

void suite_run_release(struct suite_run *r);

#endif
