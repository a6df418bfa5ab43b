/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ${NAME} in the values of a case: the current value of NAME in its matrix. $${
 * means ${.
 */
#include "suite/build.h"

#include <string.h>
#include <sys/param.h>

static bool has_used(const struct build *b, const char *name, size_t len)
{
	for (size_t i = 0; i < b->used_count; i++)
		if (!strncmp(b->used[i], name, len) && !b->used[i][len])
			return true;
	return false;
}

bool build_has_used(const struct build *b, const char *name)
{
	return has_used(b, name, strlen(name));
}

/* The value of ${NAME}, which has @len bytes. */
static int find_variable(struct build *b, const struct node *n,
			 const char *open, size_t len, const char **text,
			 struct err *e)
{
	const char *name = open + 2;

	*text = matrix_text(b, name, len - 3);
	if (!*text)
		return build_refuse(b, n, e,
				    "'%.*s' is not set by this case's "
				    "matrix",
				    (int)len, open);
	if (has_used(b, name, len - 3))
		return 0;
	if (b->used_count == SUITE_VARIABLES_MAX)
		return build_refuse(b, n, e, "more than %d different ${NAME}",
				    SUITE_VARIABLES_MAX);
	name = pool_text(&b->s->pool, name, len - 3);
	if (!name)
		return build_no_memory(b, e);
	b->used[b->used_count++] = name;
	return 0;
}

/* Add the @len bytes at @from to those at @to; NULL: only count them. */
static void append(char *to, size_t *used, const char *from, size_t len)
{
	if (to)
		memcpy(to + *used, from, len);
	*used += len;
}

/* The text at @n with every ${NAME} replaced, to @to as append() does. */
static int expand(struct build *b, const struct node *n, char *to, size_t *len,
		  struct err *e)
{
	const char *text = n->text, *value = "", *open, *end;

	for (*len = 0; (open = strstr(text, "${")); text = end) {
		bool literal = open > text && open[-1] == '$';
		int rc;

		end = strchr(open, '}');
		if (!literal && !end)
			break;
		append(to, len, text, (size_t)(open - text) - literal);
		if (literal) {
			end = open + 2;
			append(to, len, open, 2);
			continue;
		}
		rc = find_variable(b, n, open, (size_t)(++end - open), &value,
				   e);
		if (rc)
			return rc;
		append(to, len, value, strlen(value));
	}
	append(to, len, text, strlen(text));
	return 0;
}

int build_expand(struct build *b, const struct node *n, const char **out,
		 struct err *e)
{
	size_t len;
	char *to;
	int rc;

	*out = n->text;
	if (!strstr(n->text, "${"))
		return 0;
	rc = expand(b, n, NULL, &len, e);
	if (rc)
		return rc;
	/* A text that gets shorter counts in full, so that the pool's limit
	 * also limits the work. */
	to = pool_chars(&b->s->pool, MAX(len, strlen(n->text)) + 1);
	if (!to)
		return build_no_memory(b, e);
	*out = to;
	return expand(b, n, to, &len, e);
}
