/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "init/words.h"

#include "lib/string.h"
#include "pv/exec.h"

/* Behind "KEY=", if @word begins with it; otherwise NULL. */
static const char *value_of(const char *word, const char *key)
{
	size_t len = strlen(key);

	return !strncmp(word, key, len) && word[len] == '=' ? word + len + 1
							    : NULL;
}

static bool is_equal(const char *a, const char *b)
{
	return strlen(a) == strlen(b) && !memcmp(a, b, strlen(a));
}

static const char *read_number(unsigned *n, const char *text)
{
	unsigned long v = 0;

	if (!*text)
		return "missing number";
	for (; *text >= '0' && *text <= '9' && v <= 0xffffffff; text++)
		v = v * 10 + (unsigned long)(*text - '0');
	if (*text || v > 0xffffffff)
		return "not a number of 32 bits";
	*n = (unsigned)v;
	return NULL;
}

static const char *set_module(struct words *w, const char *value)
{
	if (w->modules_count == WORDS_MODULES_MAX)
		return "too many modules";
	w->modules[w->modules_count++] = value;
	return NULL;
}

static const char *set_root(struct words *w, const char *value)
{
	w->root = value;
	return NULL;
}

static const char *set_overlay(struct words *w, const char *value)
{
	(void)value;
	w->overlay = true;
	return NULL;
}

static const char *set_share(struct words *w, const char *value)
{
	if (w->shares_count == WORDS_SHARES_MAX)
		return "too many shares";
	w->shares[w->shares_count++] = (struct words_share){ value, NULL };
	return NULL;
}

static const char *set_at(struct words *w, const char *value)
{
	struct words_share *last = w->shares + w->shares_count - 1;

	if (!w->shares_count || last->at)
		return "a path without a share";
	last->at = value;
	return NULL;
}

static const char *set_host(struct words *w, const char *value)
{
	w->host = value;
	return NULL;
}

static const char *set_net(struct words *w, const char *value)
{
	if (w->nets_count == WORDS_NETS_MAX)
		return "too many network cards";
	w->nets[w->nets_count++] = (struct words_net){ .card = value };
	return NULL;
}

/* The last card, if its @field may still be set. */
#define LAST_NET(w, field)                                        \
	(!(w)->nets_count || (w)->nets[(w)->nets_count - 1].field \
		 ? NULL                                           \
		 : &(w)->nets[(w)->nets_count - 1])

/* A number up to @max; returns where it ends, or NULL. */
static const char *read_part(unsigned *n, const char *text, unsigned max)
{
	const char *p = text;

	for (*n = 0; *p >= '0' && *p <= '9' && *n <= max; p++)
		*n = *n * 10 + (unsigned)(*p - '0');
	return p > text && *n <= max ? p : NULL;
}

/* "A.B.C.D"; returns where it ends, or NULL. */
static const char *read_address(uint32_t *address, const char *text)
{
	unsigned part;

	*address = 0;
	for (int i = 0; text && i < 4; i++) {
		if (i && *text++ != '.')
			return NULL;
		text = read_part(&part, text, 255);
		*address = *address << 8 | part;
	}
	return text;
}

static const char *set_address(struct words *w, const char *value)
{
	struct words_net *n = LAST_NET(w, address);

	if (!n)
		return "an address without a card";
	value = read_address(&n->address, value);
	if (value && *value == '/')
		value = read_part(&n->prefix, value + 1, 32);
	else
		value = NULL;
	return value && !*value && n->prefix ? NULL : "not an address";
}

static const char *set_gateway(struct words *w, const char *value)
{
	struct words_net *n = LAST_NET(w, gateway);

	if (!n)
		return "a gateway without a card";
	value = read_address(&n->gateway, value);
	return value && !*value ? NULL : "not an address";
}

static const char *set_dns(struct words *w, const char *value)
{
	struct words_net *n = LAST_NET(w, dns);
	uint32_t address;

	if (!n)
		return "a name server without a card";
	n->dns = value;
	value = read_address(&address, value);
	return value && !*value ? NULL : "not an address";
}

static const char *set_uid(struct words *w, const char *value)
{
	return read_number(&w->uid, value);
}

static const char *set_gid(struct words *w, const char *value)
{
	return read_number(&w->gid, value);
}

static const char *set_group(struct words *w, const char *value)
{
	if (w->groups_count == WORDS_GROUPS_MAX)
		return "too many groups";
	return read_number(&w->groups[w->groups_count++], value);
}

static const char *set_dir(struct words *w, const char *value)
{
	w->dir = value;
	return NULL;
}

static const char *set_stream(bool *tty, const char *value)
{
	*tty = is_equal(value, EXEC_TTY);
	return *tty || is_equal(value, EXEC_PORT) ? NULL : "unknown stream";
}

static const char *set_stdin(struct words *w, const char *value)
{
	return set_stream(&w->tty[0], value);
}

static const char *set_stdout(struct words *w, const char *value)
{
	return set_stream(&w->tty[1], value);
}

static const char *set_stderr(struct words *w, const char *value)
{
	return set_stream(&w->tty[2], value);
}

static const char *count_env(struct words *w, const char *value)
{
	(void)value;
	w->envs_count++;
	return NULL;
}

static const char *count_arg(struct words *w, const char *value)
{
	(void)value;
	w->args_count++;
	return NULL;
}

static const struct {
	const char *key;
	const char *(*set)(struct words *w, const char *value);
} keys[] = {
	{ "module", set_module },   { "root", set_root },
	{ "overlay", set_overlay }, { "share", set_share },
	{ "at", set_at },	    { "host", set_host },
	{ "net", set_net },	    { "address", set_address },
	{ "gateway", set_gateway }, { "dns", set_dns },
	{ "uid", set_uid },	    { "gid", set_gid },
	{ "group", set_group },	    { "dir", set_dir },
	{ "stdin", set_stdin },	    { "stdout", set_stdout },
	{ "stderr", set_stderr },   { "env", count_env },
	{ "arg", count_arg },
};

static const char *read_word(struct words *w, const char *word)
{
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		const char *value = value_of(word, keys[i].key);

		if (value)
			return keys[i].set(w, value);
	}
	return "unknown key";
}

static const char *check_all(const struct words *w)
{
	if (!w->root)
		return "no root";
	if (!w->args_count)
		return "no command";
	for (unsigned i = 0; i < w->shares_count; i++)
		if (!w->shares[i].at)
			return "a share without a path";
	return NULL;
}

const char *words_read(struct words *w, const char *text, size_t len,
		       const char **bad)
{
	const char *end = text + len;
	const char *why = NULL;

	memset(w, 0, sizeof(*w));
	*bad = "";
	if (len && end[-1])
		return "the last word has no end";
	for (; !why && text < end; text += strlen(text) + 1) {
		why = read_word(w, text);
		if (why)
			*bad = text;
	}
	return why ? why : check_all(w);
}

void words_list(const char *text, size_t len, const char *key,
		const char **list)
{
	const char *end = text + len;

	for (; text < end; text += strlen(text) + 1) {
		const char *value = value_of(text, key);

		if (value)
			*list++ = value;
	}
	*list = NULL;
}
