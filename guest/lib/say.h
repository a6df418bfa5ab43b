/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A printf small enough for a decompressor stub.
 *
 * Knows %c %s %d %u %x and %llx: a `0` flag and a width for numbers,
 * a precision (`%.*s`) for strings. It has no state, so it works before .bss
 * may be touched and in position-independent code.
 */
#ifndef GUEST_LIB_SAY_H
#define GUEST_LIB_SAY_H

#include <stdarg.h>

void say(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void vsay(const char *fmt, va_list ap) __attribute__((format(printf, 1, 0)));

/* Where the characters go: each program that says something defines it. */
void say_char(char c);

#endif
