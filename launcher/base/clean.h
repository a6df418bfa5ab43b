/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Foreign strings, made safe to print.
 *
 * A file name or a note may hold anything: escape sequences that repaint a
 * terminal, bytes that are not UTF-8 and make JSON invalid. A clean string is
 * printable ASCII and well-formed UTF-8 without control characters, line ends,
 * changes of direction and noncharacters; every other byte becomes '?'.
 * XML, JSON and YAML can hold a clean string once it is escaped.
 *
 * Errors are cleaned where main.c prints them and the lines of -v in log.c;
 * anything else that prints a foreign string cleans it itself.
 *
 * Spec: RFC 3629 (UTF-8); ECMA-48 for the C1 controls; XML 1.0, 2.2.
 */
#ifndef BASE_CLEAN_H
#define BASE_CLEAN_H

#include <stddef.h>

/* How many of the @len bytes at @s are one character that may be printed;
 * 0 if the first byte must be replaced. */
size_t clean_step(const char *s, size_t len);

/* Clean the string in place. */
void clean_text(char *s);

/* A clean copy, to be freed; NULL if there is no memory. */
char *clean_copy(const char *s);

#endif
