/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Prints how the kernel was entered and everything it was given.
 */
#ifndef GUEST_KERNEL_REPORT_H
#define GUEST_KERNEL_REPORT_H

#include "boot.h"

void report_boot(const struct boot *b);

#endif
