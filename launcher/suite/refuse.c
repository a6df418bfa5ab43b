/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is wrong with a suite, said so that it is found: the file, the line, and
 * the key at work.
 */
#include "suite/build.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void listing_add(struct listing *l, const char *word)
{
	size_t used = strlen(l->text);

	snprintf(l->text + used, sizeof(l->text) - used, "%s%s",
		 used ? ", " : "", word);
}

int build_refuse(const struct build *b, const struct node *n, struct err *e,
		 const char *fmt, ...)
{
	struct err why;
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(why.msg, sizeof(why.msg), fmt, ap);
	va_end(ap);
	if (b->key && b->key->key)
		return err_set(e, EINVAL, "%s:%u: key '%s': %s", b->s->path,
			       n->line, b->key->key, why.msg);
	return err_set(e, EINVAL, "%s:%u: %s", b->s->path, n->line, why.msg);
}

int build_refused(const struct build *b, const struct node *n, int rc,
		  struct err *e)
{
	struct err why = *e;

	build_refuse(b, n, e, "%s", why.msg);
	return rc;
}

int build_no_memory(const struct build *b, struct err *e)
{
	return pool_refused(&b->s->pool, b->s->path,
			    b->node ? b->node->line : 1, e);
}
