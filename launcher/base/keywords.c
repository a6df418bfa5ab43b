/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/keywords.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* A part of the text, without its escapes. */
struct part {
	char *key;   /* or the whole part */
	char *value; /* after the first "="; NULL: there is none */
};

struct walk {
	char *at;	 /* the rest of the text; NULL: it is at its end */
	unsigned number; /* of the part, from 1 */
	unsigned given[KEYWORDS_MAX];
};

/* The character that the escape at @at stands for, in *@c. */
static int unescape(const char *at, char *c, struct err *e)
{
	*c = at[1];
	if (*c && strchr(",=\\", *c))
		return 0;
	if (!*c)
		return err_set(e, EINVAL,
			       "a '\\' at the end (a backslash is written "
			       "'\\\\')");
	return err_set(e, EINVAL,
		       "unknown escape '\\%c' (expected '\\,', '\\=' or "
		       "'\\\\')",
		       *c);
}

/* The part at @w->at. The write position never passes the read position. */
static int next_part(struct walk *w, struct part *p, struct err *e)
{
	char *in = w->at, *out = w->at;
	int rc;

	*p = (struct part){ .key = w->at };
	w->number++;
	for (; *in && *in != ','; in++) {
		if (*in == '=' && !p->value) {
			*out++ = '\0';
			p->value = out;
			continue;
		}
		*out = *in;
		if (*in == '\\') {
			rc = unescape(in++, out, e);
			if (rc)
				return rc;
		}
		out++;
	}
	w->at = *in ? in + 1 : NULL;
	*out = '\0';
	return 0;
}

/* Append "a, b=TEXT" to @buf, as far as there is room. */
static void append(char *buf, size_t size, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

static void append(char *buf, size_t size, const char *fmt, ...)
{
	size_t used = strlen(buf);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(buf + used, size - used, fmt, ap);
	va_end(ap);
}

/* A path with a comma is a likely reason. */
static int unknown_key(const struct keywords *k, const char *key, struct err *e)
{
	err_set(e, EINVAL, "unknown key '%s' (", key);
	for (size_t i = 0; i < k->count; i++)
		append(e->msg, sizeof(e->msg), "%s%s%s%s",
		       i ? ", " : "expected ", k->keys[i].name,
		       k->keys[i].arg ? "=" : "", k->keys[i].arg ?: "");
	append(e->msg, sizeof(e->msg), "%sa comma in a text is written '\\,')",
	       k->count ? "; " : "");
	return -EINVAL;
}

static int count_key(struct walk *w, const struct keywords *k,
		     const struct keyword *key, struct err *e)
{
	unsigned times = key->times ?: 1;

	if (++w->given[key - k->keys] <= times)
		return 0;
	if (times == 1)
		return err_set(e, EINVAL, "%s may be given only once",
			       key->name);
	return err_set(e, E2BIG, "%s may be given at most %u times", key->name,
		       times);
}

/* A part with a key. */
static int take_key(struct walk *w, const struct keywords *k,
		    const struct part *p, void *to, struct err *e)
{
	const struct keyword *key = k->keys, *end = k->keys + k->count;
	int rc;

	while (key < end && strcmp(key->name, p->key))
		key++;
	if (!*p->key)
		return err_set(e, EINVAL,
			       "part %u is empty (a comma in a text is "
			       "written '\\,')",
			       w->number);
	if (key == end)
		return unknown_key(k, p->key, e);
	if (key->arg && !p->value)
		return err_set(e, EINVAL, "%s requires a value: %s=%s",
			       key->name, key->name, key->arg);
	if (!key->arg && p->value)
		return err_set(e, EINVAL, "%s takes no value", key->name);
	rc = count_key(w, k, key, e);
	if (rc)
		return rc;
	rc = value_store(&key->value, to, p->value, e);
	return rc ? err_prefix(e, rc, "%s", key->name) : 0;
}

static int take_first(const struct keywords *k, const struct part *p, void *to,
		      struct err *e)
{
	int rc;

	if (!k->second && p->value)
		return err_set(e, EINVAL,
			       "'%s=%s' is not %s (in a text, '=' is written "
			       "'\\=')",
			       p->key, p->value, k->first);
	if (k->second && !p->value)
		return err_set(e, EINVAL, "'%s' is not %s=%s", p->key, k->first,
			       k->second);
	if (!*p->key)
		return err_set(e, EINVAL, "%s is empty", k->first);
	if (k->second && !*p->value)
		return err_set(e, EINVAL, "%s is empty", k->second);
	rc = value_store(&k->first_value, to, p->key, e);
	if (!rc && k->second)
		rc = value_store(&k->second_value, to, p->value, e);
	return rc;
}

static int check_required(const struct walk *w, const struct keywords *k,
			  struct err *e)
{
	for (size_t i = 0; i < k->count; i++)
		if (k->keys[i].required && !w->given[i])
			return err_set(e, EINVAL, "%s=%s is missing",
				       k->keys[i].name, k->keys[i].arg);
	return 0;
}

int keywords_parse(const struct keywords *k, char *text, void *to,
		   struct err *e)
{
	struct walk w = { .at = text };

	assert(k->count <= KEYWORDS_MAX);
	while (w.at) {
		struct part p;
		int rc = next_part(&w, &p, e);

		if (!rc)
			rc = k->first && w.number == 1
				     ? take_first(k, &p, to, e)
				     : take_key(&w, k, &p, to, e);
		if (rc)
			return rc;
	}
	return check_required(&w, k, e);
}

/* The end of what begins at @at: the first of @ends, or the text's end. */
static char *find_end(char *at, const char *ends)
{
	for (; *at && !strchr(ends, *at); at++)
		if (*at == '\\' && at[1])
			at++;
	return at;
}

static void print_escaped(FILE *out, const char *text)
{
	for (; *text; text++)
		fprintf(out, "%s%c", strchr(",=\\", *text) ? "\\" : "", *text);
}

/* The text at @at, with @folder in front of the path that it has as a value of
 * @v. */
static void print_value_in(const struct value *v, const char *at,
			   const char *folder, FILE *out)
{
	const char *path = v ? value_path(v, at) : NULL;

	if (path && *path != '/') {
		fwrite(at, 1, (size_t)(path - at), out);
		print_escaped(out, folder);
		at = path;
	}
	fputs(at, out);
}

static const struct value *value_of(const struct keywords *k, const char *name)
{
	for (size_t i = 0; i < k->count; i++)
		if (!strcmp(k->keys[i].name, name))
			return &k->keys[i].value;
	return NULL;
}

void keywords_print_in(const struct keywords *k, char *text, const char *folder,
		       FILE *out)
{
	bool first = k->first;

	for (char *at = text, *end; *at; at = end) {
		const struct value *v = first ? &k->second_value : NULL;
		char *equals = find_end(at, ",=");
		bool has_value = *equals == '=', more;

		end = find_end(at, ",");
		more = *end;
		*equals = *end = '\0';
		print_value_in(first ? &k->first_value : NULL, at, folder, out);
		if (has_value) {
			putc('=', out);
			print_value_in(v ?: value_of(k, at), equals + 1, folder,
				       out);
		}
		if (more) {
			putc(',', out);
			end++;
		}
		first = false;
	}
}

void keywords_usage(const struct keywords *k, char *buf, size_t size)
{
	*buf = '\0';
	append(buf, size, "%s%s%s", k->first ?: "", k->second ? "=" : "",
	       k->second ?: "");
	for (size_t i = 0; i < k->count; i++) {
		const struct keyword *key = &k->keys[i];

		append(buf, size, "%s%s%s%s%s%s", key->required ? "" : "[",
		       *buf && (k->first || i) ? "," : "", key->name,
		       key->arg ? "=" : "", key->arg ?: "",
		       key->required ? "" : "]");
	}
}
