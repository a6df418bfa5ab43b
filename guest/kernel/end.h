/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * All ways in which the small kernel can end, one for each case that a launcher
 * must distinguish; chosen with `end=NAME` on the command line.
 */
#ifndef GUEST_KERNEL_END_H
#define GUEST_KERNEL_END_H

#include "boot.h"

/*
 * Report @value through the test port; stop if it does not exist.
 */
void end_with_value(unsigned value) __attribute__((noreturn));

/*
 * End as the command line says; by default, report @value. An unknown name is a
 * failure.
 */
void end_as_asked(const struct boot *b, unsigned value)
	__attribute__((noreturn));

#endif
