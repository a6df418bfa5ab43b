/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The keys of a case: their types and meanings. A key that is not in this table
 * is an option of the command, by the command line's table.
 */
#include "suite/build.h"

#include <string.h>

#include "suite/values.h"

struct key {
	const char *name;
	unsigned takes;
	bool axis; /* may be one of a matrix */
	int (*set)(struct build *b, const struct node *n, struct err *e);
};

#define EXEC "exec"

static bool is_exec(const struct build *b)
{
	return !strcmp(b->c->command, EXEC);
}

static int apply_set(struct build *b, const struct node *key,
		     const struct node *value, struct err *e);

static int set_nothing(struct build *b, const struct node *n, struct err *e)
{
	(void)b, (void)n, (void)e;
	return 0;
}

/* Here, not after all keys, because the order of some options matters. */
static int set_matrix(struct build *b, const struct node *n, struct err *e)
{
	(void)n;
	return matrix_apply(b, apply_set, e);
}

static const struct key keys[] = {
	{ "name", ONE, false, value_set_name },
	{ "command", ONE, true, set_nothing },
	{ "image", ONE, true, value_set_image },
	{ "matrix", MAP, false, set_matrix },
	{ "needs", MAP, false, value_set_needs },
	{ "input", ONE, true, value_set_input },
	{ "dialogue", LIST, false, value_set_dialogue },
	{ "status", ONE, true, value_set_status },
	{ "reason", MANY, true, value_set_reason },
	{ "console", MANY, true, value_set_console },
	{ "never", MANY, true, value_set_never },
	{ "only", MANY, true, value_set_only },
	{ "report", MAP, false, value_set_report },
	{ "exec", ONE, true, value_set_exec },
};
#define KEYS (sizeof(keys) / sizeof(keys[0]))

static const struct key *find_key(const char *name)
{
	for (size_t i = 0; i < KEYS; i++)
		if (!strcmp(keys[i].name, name))
			return &keys[i];
	return NULL;
}

bool build_is_key(const char *name)
{
	return find_key(name);
}

bool build_is_axis_key(const struct build *b, const char *name)
{
	const struct key *key = find_key(name);
	struct suite_option o;

	if (key)
		return key->axis;
	for (size_t i = 0; b->words->command_at(i); i++)
		if (b->words->option(b->words->command_at(i), name, &o))
			return true;
	return false;
}

static int unknown_key(const struct build *b, const struct node *n,
		       struct err *e)
{
	const char *command = b->c->command;
	struct listing all = { "" };
	const char *name;

	for (size_t i = 0; i < KEYS; i++)
		listing_add(&all, keys[i].name);
	for (size_t i = 0; (name = b->words->option_at(command, i)); i++)
		listing_add(&all, name);
	return build_refuse(b, n, e, "no such key for %s; there are %s",
			    command, all.text);
}

/* One key with its value, of the case or of the defaults. */
static int apply(struct build *b, const struct node *key,
		 const struct node *value, bool inherited, struct err *e)
{
	const struct key *k = find_key(key->key);
	struct suite_option o;
	int rc;

	b->key = key;
	/* Defaults are for all commands; each uses the keys that it has. */
	if (k && inherited && k->set == value_set_report && !b->c->reports)
		return 0;
	if (k && k->set == value_set_exec && !is_exec(b))
		return inherited ? 0
				 : build_refuse(b, key, e,
						"requires the command exec");
	if (k)
		return value_check_kind(b, value, k->takes, e)
			       ?: k->set(b, value, e);
	if (!b->words->option(b->c->command, key->key, &o)) {
		if (inherited && build_is_axis_key(b, key->key))
			return 0;
		return unknown_key(b, key, e);
	}
	rc = value_check_kind(b, value, o.repeats ? MANY : ONE, e);
	return rc ?: value_set_option(b, &o, value, e);
}

static int apply_defaults(struct build *b, struct err *e)
{
	const struct node *n = b->defaults ? b->defaults->head : NULL;
	int rc = 0;

	for (; n && !rc; n = n->next)
		if (!node_get(b->node, n->key) && !matrix_value(b, n->key))
			rc = apply(b, n, n, true, e);
	return rc;
}

static int apply_own(struct build *b, struct err *e)
{
	int rc = 0;

	for (const struct node *n = b->node->head; n && !rc; n = n->next) {
		b->key = n;
		if (matrix_value(b, n->key))
			return build_refuse(b, n, e, "is in the matrix, too");
		rc = apply(b, n, n, false, e);
	}
	return rc;
}

static int apply_set(struct build *b, const struct node *key,
		     const struct node *value, struct err *e)
{
	return apply(b, key, value, false, e);
}

/* The value of a key that is looked at before all others. */
static const struct node *find(const struct build *b, const char *key)
{
	return matrix_value(b, key) ?:
	       node_get(b->node, key) ?:
					node_get(b->defaults, key);
}

/* A case with the key exec needs no command. */
static int choose_command(struct build *b, struct err *e)
{
	const struct node *n = find(b, "command");
	const char *text;
	struct listing all = { "" };
	int rc;

	b->c->command = find(b, EXEC) ? EXEC : b->words->command_at(0);
	if (!n)
		return 0;
	b->key = n;
	rc = value_check_kind(b, n, ONE, e) ?: build_expand(b, n, &text, e);
	if (rc)
		return rc;
	b->c->command = text;
	if (b->words->command(text))
		return 0;
	for (size_t i = 0; b->words->command_at(i); i++)
		listing_add(&all, b->words->command_at(i));
	return build_refuse(b, n, e, "unknown value '%s' (expected %s)", text,
			    all.text);
}

static int lacks(struct build *b, const char *key, struct err *e)
{
	b->key = NULL;
	return build_refuse(b, b->node, e, "a case needs the key '%s'", key);
}

int build_case(struct build *b, struct err *e)
{
	struct suite_case *c = b->c;
	int rc;

	*c = (struct suite_case){
		.line = b->node->line,
		.timeout_ns = SUITE_TIMEOUT_NS,
	};
	b->key = NULL;
	rc = choose_command(b, e);
	if (rc)
		return rc;
	c->named = b->words->takes(c->command, "name");
	c->reports = b->words->takes(c->command, "report");
	c->timed = b->words->takes(c->command, "timeout");
	rc = apply_defaults(b, e) ?: apply_own(b, e);
	b->key = NULL;
	if (rc)
		return rc;
	if (!c->name)
		return lacks(b, "name", e);
	if (is_exec(b) && !c->exec)
		return lacks(b, EXEC, e);
	if (!is_exec(b) && !c->image)
		return lacks(b, "image", e);
	rc = b->words->check_all(c->command, &c->options, e);
	if (rc)
		return build_refused(b, b->node, rc, e);
	return c->image ? value_add(b, &c->files, c->image, e) : 0;
}
