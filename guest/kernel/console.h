/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the kernel does with its console besides printing: `echo` gives back
 * what is typed, `flood` prints more than any pipe holds.
 */
#ifndef GUEST_KERNEL_CONSOLE_H
#define GUEST_KERNEL_CONSOLE_H

#include "boot.h"

/* Do what the command line asks for, if anything. */
void console_run(const struct boot *b);

#endif
