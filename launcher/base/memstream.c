/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/memstream.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

#include "base/buf.h"

struct memstream {
	struct buf text;
};

static ssize_t append(void *cookie, const char *data, size_t len)
{
	struct memstream *m = cookie;

	buf_add(&m->text, data, len);
	if (!m->text.failed)
		return (ssize_t)len;
	errno = ENOMEM;
	return 0;
}

FILE *memstream_open(struct memstream **m)
{
	const cookie_io_functions_t io = { .write = append };
	FILE *f;

	*m = calloc(1, sizeof(**m));
	f = *m ? fopencookie(*m, "w", io) : NULL;
	if (!f)
		free(*m);
	return f;
}

char *memstream_close(struct memstream *m, FILE *f, size_t *len)
{
	bool lost = ferror(f);
	char *text;

	lost |= fclose(f) != 0;
	if (len)
		*len = m->text.len;
	buf_add(&m->text, "", 1);
	if (lost || m->text.failed)
		buf_release(&m->text);
	text = (char *)m->text.data;
	free(m);
	return text;
}
