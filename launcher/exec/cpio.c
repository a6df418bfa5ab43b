/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "exec/cpio.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define HEADER_LEN 110 /* "070701" and 13 numbers of 8 digits */
#define ALIGN	   4
#define TRAILER	   "TRAILER!!!"

static void pad(struct buf *b)
{
	static const uint8_t zeros[ALIGN];

	buf_add(b, zeros, -b->len % ALIGN);
}

/* No owner but root, no times, no devices: the same contents give the same
 * archive. */
static void add(struct cpio *c, const char *name, uint32_t mode,
		struct bytes contents)
{
	char header[HEADER_LEN + 1];
	int n;

	assert(contents.len <= UINT32_MAX);
	n = snprintf(header, sizeof(header),
		     "070701%08" PRIX32 "%08" PRIX32
		     "%08X%08X%08X%08X%08" PRIX32 "%08X%08X%08X%08X%08" PRIX32
		     "%08X",
		     ++c->files, mode, 0, 0, S_ISDIR(mode) ? 2 : 1, 0,
		     (uint32_t)contents.len, 0, 0, 0, 0,
		     (uint32_t)strlen(name) + 1, 0);
	assert(n == HEADER_LEN);
	buf_add(&c->bytes, header, HEADER_LEN);
	buf_add(&c->bytes, name, strlen(name) + 1);
	pad(&c->bytes);
	buf_add(&c->bytes, contents.data, contents.len);
	pad(&c->bytes);
}

void cpio_add_folder(struct cpio *c, const char *name)
{
	add(c, name, S_IFDIR | 0755, (struct bytes){ 0 });
}

void cpio_add_file(struct cpio *c, const char *name, mode_t mode,
		   struct bytes contents)
{
	add(c, name, S_IFREG | mode, contents);
}

void cpio_end(struct cpio *c)
{
	add(c, TRAILER, 0, (struct bytes){ 0 });
}

void cpio_release(struct cpio *c)
{
	buf_release(&c->bytes);
}
