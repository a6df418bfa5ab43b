/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A stream whose text is kept in memory, and which fails if there is none.
 *
 * open_memstream() does not do that: without memory, its text is shorter than
 * what was written, or missing, and fclose() succeeds all the same.
 */
#ifndef BASE_MEMSTREAM_H
#define BASE_MEMSTREAM_H

#include <stdio.h>

struct memstream;

/* NULL: out of memory. */
FILE *memstream_open(struct memstream **m);

/*
 * Close @f, of @m. Returns the text, which is to be freed, or NULL if any of it
 * was lost. @len: its length without the final NUL, or NULL.
 */
char *memstream_close(struct memstream *m, FILE *f, size_t *len);

#endif
