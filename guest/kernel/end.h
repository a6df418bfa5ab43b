/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * All the ways the small kernel can end, one per thing a launcher must tell
 * apart: chosen with `end=NAME` on the command line.
 */
#ifndef GUEST_KERNEL_END_H
#define GUEST_KERNEL_END_H

#include "boot.h"

/*
 * Report @value through the test port; stop where there is none.
 */
void end_with_value(unsigned value) __attribute__((noreturn));

/*
 * End as the command line says; without a word there, report @value. An
 * unknown name is a failure of its own.
 */
void end_as_asked(const struct boot *b, unsigned value)
	__attribute__((noreturn));

#endif
