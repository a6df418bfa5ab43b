/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The few string functions freestanding code needs, and gcc calls by itself.
 *
 * The block functions are `rep` instructions on whole words: where instructions
 * are interpreted, each round of a `rep` costs as much as an instruction.
 */
#ifndef GUEST_LIB_STRING_H
#define GUEST_LIB_STRING_H

#include <stdbool.h>
#include <stddef.h>

void *memcpy(void *to, const void *from, size_t len);
void *memset(void *to, int c, size_t len);
int memcmp(const void *a, const void *b, size_t len);
size_t strlen(const char *s);
int strncmp(const char *a, const char *b, size_t len);

#endif
