/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Strings that others wrote, made fit to print.
 *
 * A file name or a note may hold anything: escape sequences that repaint a
 * terminal, bytes that are no UTF-8 and make JSON invalid. What is left here
 * is printable ASCII and well-formed UTF-8 without control characters, ends of
 * lines, turns of direction and noncharacters; every other byte becomes '?'.
 * XML, JSON and YAML can hold all of that once it is escaped.
 *
 * Spec: RFC 3629 (UTF-8); ECMA-48 for the C1 controls; XML 1.0, 2.2.
 */
#ifndef REPORT_CLEAN_H
#define REPORT_CLEAN_H

#include <stddef.h>

/* How many of the @len bytes at @s are one character that may be printed as
 * it is; 0 if the first byte has to be replaced. */
size_t clean_step(const char *s, size_t len);

/* Clean the string where it is. */
void clean_text(char *s);

/* A clean copy, to be freed; NULL if there is no memory. */
char *clean_copy(const char *s);

#endif
