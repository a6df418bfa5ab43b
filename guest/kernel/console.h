/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Exercises for the console: `echo` prints what is typed, `flood` prints more
 * than a pipe holds.
 */
#ifndef GUEST_KERNEL_CONSOLE_H
#define GUEST_KERNEL_CONSOLE_H

#include "boot.h"

/* Do what the command line asks for, if anything. */
void console_run(const struct boot *b);

#endif
