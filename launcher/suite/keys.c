/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The keys of a case: what each takes, and what it means. A key that is not
 * in this table is an option of the command, by the command line's table.
 */
#include "suite/build.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/parse.h"

#define STATUS_MAX 255

/* What may stand under a key, as bits. */
enum {
	ONE = 1 << NODE_ONE,
	LIST = 1 << NODE_LIST,
	MAP = 1 << NODE_MAP,
	MANY = ONE | LIST, /* one alone is a list of it */
};

struct key {
	const char *name;
	unsigned takes;
	bool axis; /* may be one of a matrix */
	int (*set)(struct build *b, const struct node *n, struct err *e);
};

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
	return err_set(e, ENOMEM, "%s:%u: the suite takes more than %zu MiB",
		       b->s->path, b->node ? b->node->line : 1, POOL_MAX >> 20);
}

static int add_text(struct build *b, struct texts *t, const char *text,
		    struct err *e)
{
	/* Room for a power of two. */
	if (!(t->count & (t->count - 1))) {
		size_t room = t->count ? 2 * t->count : 1;
		const char **at = pool_alloc(&b->s->pool, room * sizeof(*at));

		if (!at)
			return build_no_memory(b, e);
		if (t->count)
			memcpy(at, t->at, t->count * sizeof(*at));
		t->at = at;
	}
	t->at[t->count++] = text;
	return 0;
}

static int check_kind(const struct build *b, const struct node *n,
		      unsigned takes, struct err *e)
{
	if (takes >> n->kind & 1)
		return 0;
	return build_refuse(b, n, e, "%s, where %s is allowed",
			    node_kind_name(n->kind),
			    takes == MANY   ? "a value or a list"
			    : takes == ONE  ? "one value"
			    : takes == LIST ? "a list"
					    : "a mapping");
}

/* Call @set for the value at @n, or for each in the list there. */
static int for_each(struct build *b, const struct node *n, void *to,
		    int (*set)(struct build *b, const struct node *n,
			       const char *text, void *to, struct err *e),
		    struct err *e)
{
	const struct node *one = n->kind == NODE_LIST ? n->head : n;
	const char *text;
	int rc = 0;

	if (n->kind == NODE_LIST && !n->count)
		return build_refuse(b, n, e, "the list is empty");
	for (; one && !rc; one = n->kind == NODE_LIST ? one->next : NULL) {
		if (one->kind != NODE_ONE)
			return build_refuse(b, one, e,
					    "%s, where one value is allowed",
					    node_kind_name(one->kind));
		rc = build_expand(b, one, &text, e);
		if (!rc)
			rc = set(b, one, text, to, e);
	}
	return rc;
}

/* A file's name, as it can be opened from here. */
static int file_path(struct build *b, const struct node *n, const char *text,
		     const char **path, struct err *e)
{
	size_t len = strlen(b->folder);
	char *joined;

	if (!*text || !strcmp(text, "-"))
		return build_refuse(b, n, e, "'%s' is not a file's name", text);
	*path = text;
	if (*text == '/' || !len)
		return 0;
	joined = pool_alloc(&b->s->pool, len + strlen(text) + 1);
	if (!joined)
		return build_no_memory(b, e);
	strcat(strcpy(joined, b->folder), text);
	*path = joined;
	return 0;
}

static int one_text(struct build *b, const struct node *n, const char *text,
		    void *to, struct err *e)
{
	(void)b, (void)n, (void)e;
	*(const char **)to = text;
	return 0;
}

static int one_pattern(struct build *b, const struct node *n, const char *text,
		       void *to, struct err *e)
{
	int rc = b->words->check("expect", text, e);

	return rc ? build_refused(b, n, rc, e) : add_text(b, to, text, e);
}

static int one_file(struct build *b, const struct node *n, const char *text,
		    void *to, struct err *e)
{
	const char *path;

	return file_path(b, n, text, &path, e) ?: add_text(b, to, path, e);
}

/* @names: "known" words for the message. */
static int one_of(struct build *b, const struct node *n, const char *text,
		  const char *const *words, size_t count, struct err *e)
{
	char all[256] = "";

	for (size_t i = 0; i < count; i++) {
		size_t used = strlen(all);

		if (!strcmp(words[i], text))
			return (int)i;
		snprintf(all + used, sizeof(all) - used, "%s%s",
			 used ? ", " : "", words[i]);
	}
	return build_refuse(b, n, e, "'%s' is none of %s", text, all);
}

static int set_nothing(struct build *b, const struct node *n, struct err *e)
{
	(void)b, (void)n, (void)e;
	return 0;
}

static bool name_byte(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9') || (c && strchr("._+-", c));
}

/* Words parted by '/', none of which is a file's name to be afraid of. */
static bool name_is_good(const char *name)
{
	bool begins = true;

	for (; *name; name++) {
		if (begins ? !name_byte(*name) || *name == '.' || *name == '-'
			   : !name_byte(*name) && *name != '/')
			return false;
		begins = *name == '/';
	}
	return !begins;
}

static int set_name(struct build *b, const struct node *n, struct err *e)
{
	char name[SUITE_NAME_MAX + 1];
	const char *text = NULL;
	int rc = for_each(b, n, &text, one_text, e);

	if (rc)
		return rc;
	if (strlen(text) > SUITE_NAME_MAX)
		return build_refuse(b, n, e, "%zu bytes; %d are allowed",
				    strlen(text), SUITE_NAME_MAX);
	strcpy(name, text);
	/* A name that says itself what differs is left alone. */
	if (!strstr(n->text, "${"))
		rc = matrix_label(b, name, sizeof(name), e);
	if (rc)
		return build_refused(b, n, rc, e);
	if (!name_is_good(name))
		return build_refuse(b, n, e,
				    "'%s' is not of letters, digits and "
				    "._+-, in words parted by '/' that begin "
				    "with none of .-",
				    name);
	b->c->name = pool_text(&b->s->pool, name, strlen(name));
	return b->c->name ? 0 : build_no_memory(b, e);
}

static int set_image(struct build *b, const struct node *n, struct err *e)
{
	const char *text = NULL;
	int rc = for_each(b, n, &text, one_text, e);

	return rc ?: file_path(b, n, text, &b->c->image, e);
}

static int set_input(struct build *b, const struct node *n, struct err *e)
{
	const char *text = NULL;
	int rc = for_each(b, n, &text, one_text, e);

	return rc ?: file_path(b, n, text, &b->c->input, e) ?:
		     add_text(b, &b->c->files, b->c->input, e);
}

static int set_status(struct build *b, const struct node *n, struct err *e)
{
	const char *text = NULL;
	int rc = for_each(b, n, &text, one_text, e);

	if (rc)
		return rc;
	rc = parse_count(text, 0, STATUS_MAX, &b->c->status, e);
	return rc ? build_refused(b, n, rc, e) : 0;
}

static int set_reason(struct build *b, const struct node *n, struct err *e)
{
	return for_each(b, n, &b->c->reason, one_pattern, e);
}

static int set_console(struct build *b, const struct node *n, struct err *e)
{
	return for_each(b, n, &b->c->console, one_pattern, e);
}

static int set_never(struct build *b, const struct node *n, struct err *e)
{
	return for_each(b, n, &b->c->never, one_pattern, e);
}

static int set_only(struct build *b, const struct node *n, struct err *e)
{
	return for_each(b, n, &b->c->only, one_pattern, e);
}

/* A mapping of paths into the report to what matches the value there. */
static int set_report(struct build *b, const struct node *map, struct err *e)
{
	int rc = 0;

	if (!b->c->reports)
		return build_refuse(b, map, e, "%s makes no report",
				    b->c->command);
	for (const struct node *n = map->head; n && !rc; n = n->next) {
		const char *text = NULL;

		b->key = n;
		rc = check_kind(b, n, ONE, e)
			     ?: for_each(b, n, &text, one_text, e);
		if (!rc && b->words->check("expect", text, e))
			rc = build_refused(b, n, -EINVAL, e);
		if (!rc)
			rc = add_text(b, &b->c->report, n->key, e)
				     ?: add_text(b, &b->c->report, text, e);
	}
	return rc;
}

static int need_kvm(struct build *b, const struct node *n, const char *text,
		    void *to, struct err *e)
{
	static const char *const words[] = { "any", "hardware" };
	int i = one_of(b, n, text, words, 2, e);

	(void)to;
	if (i < 0)
		return i;
	b->c->needs.kvm = i ? KVM_HARDWARE : KVM_ANY;
	return 0;
}

static int need_mem(struct build *b, const struct node *n, const char *text,
		    void *to, struct err *e)
{
	int rc = parse_size(text, to, e);

	return rc ? build_refused(b, n, rc, e) : 0;
}

static int need_cpus(struct build *b, const struct node *n, const char *text,
		     void *to, struct err *e)
{
	int rc = parse_count(text, 1, 65536, to, e);

	return rc ? build_refused(b, n, rc, e) : 0;
}

static int set_needs(struct build *b, const struct node *map, struct err *e)
{
	static const char *const words[] = { "kvm", "mem", "cpus", "file" };
	struct suite_needs *needs = &b->c->needs;
	int rc = 0;

	for (const struct node *n = map->head; n && !rc; n = n->next) {
		int i = one_of(b, n, n->key, words, 4, e);

		if (i < 0)
			return i;
		b->key = n;
		if (n->kind == NODE_MAP || (i < 3 && n->kind != NODE_ONE))
			return build_refuse(b, n, e, "%s, where %s is allowed",
					    node_kind_name(n->kind),
					    i < 3 ? "one value"
						  : "a value or a list");
		rc = i == 0   ? for_each(b, n, NULL, need_kvm, e)
		     : i == 1 ? for_each(b, n, &needs->mem, need_mem, e)
		     : i == 2 ? for_each(b, n, &needs->cpus, need_cpus, e)
			      : for_each(b, n, &needs->files, one_file, e);
	}
	return rc;
}

static int add_option(struct build *b, const struct suite_option *o,
		      const struct node *n, const char *text, struct err *e)
{
	size_t len = strlen(o->name);
	char *word;
	int rc;

	if (o->file)
		rc = file_path(b, n, text, &text, e)
			     ?: add_text(b, &b->c->files, text, e);
	else
		rc = b->words->check(o->name, text, e)
			     ? build_refused(b, n, -EINVAL, e)
			     : 0;
	word = rc ? NULL : pool_alloc(&b->s->pool, len + 3);
	if (rc || !word)
		return rc ?: build_no_memory(b, e);
	strcat(strcpy(word, "--"), o->name);
	return add_text(b, &b->c->options, word, e)
		       ?: add_text(b, &b->c->options, text, e);
}

struct option_value {
	const struct suite_option *o;
};

static int one_option(struct build *b, const struct node *n, const char *text,
		      void *to, struct err *e)
{
	const struct option_value *v = to;

	if (!strcmp(v->o->name, "timeout")) {
		(void)parse_duration(text, &b->c->timeout_ns, e);
		b->c->timed = false;
	}
	return add_option(b, v->o, n, text, e);
}

/* A list of steps, each of which is "expect: REGEX" or "send: TEXT". */
static int set_dialogue(struct build *b, const struct node *list, struct err *e)
{
	static const char *const words[] = { "expect", "send" };
	int rc = 0;

	if (!list->count)
		return build_refuse(b, list, e, "the list is empty");
	for (const struct node *n = list->head; n && !rc; n = n->next) {
		struct suite_option o;
		struct option_value v = { &o };
		int i;

		if (n->kind != NODE_MAP || n->count != 1)
			return build_refuse(b, n, e,
					    "a step is one of "
					    "'expect: REGEX', 'send: TEXT'");
		i = one_of(b, n->head, n->head->key, words, 2, e);
		if (i < 0)
			return i;
		if (n->head->kind != NODE_ONE)
			return build_refuse(b, n->head, e,
					    "%s, where one "
					    "value is allowed",
					    node_kind_name(n->head->kind));
		if (!b->words->option(b->c->command, words[i], &o))
			return build_refuse(b, n, e, "%s has no --%s",
					    b->c->command, words[i]);
		rc = for_each(b, n->head, &v, one_option, e);
	}
	return rc;
}

static const struct key keys[] = {
	{ "name", ONE, false, set_name },
	{ "command", ONE, true, set_nothing },
	{ "image", ONE, true, set_image },
	{ "matrix", MAP, false, set_nothing },
	{ "needs", MAP, false, set_needs },
	{ "input", ONE, true, set_input },
	{ "dialogue", LIST, false, set_dialogue },
	{ "status", ONE, true, set_status },
	{ "reason", MANY, true, set_reason },
	{ "console", MANY, true, set_console },
	{ "never", MANY, true, set_never },
	{ "only", MANY, true, set_only },
	{ "report", MAP, false, set_report },
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
	char all[ERR_MSG_SIZE] = "";
	const char *name;

	for (size_t i = 0; i < KEYS; i++)
		strcat(strcat(all, all[0] ? ", " : ""), keys[i].name);
	for (size_t i = 0; (name = b->words->option_at(command, i)); i++) {
		size_t used = strlen(all);

		snprintf(all + used, sizeof(all) - used, ", %s", name);
	}
	return build_refuse(b, n, e, "no such key for %s; there are %s",
			    command, all);
}

/* One key with its value, of the case or of the defaults. */
static int apply(struct build *b, const struct node *key,
		 const struct node *value, bool inherited, struct err *e)
{
	const struct key *k = find_key(key->key);
	struct suite_option o;
	struct option_value v = { &o };
	int rc;

	b->key = key;
	/* Defaults are for all commands; each takes what it knows. */
	if (k && inherited && k->set == set_report && !b->c->reports)
		return 0;
	if (k)
		return check_kind(b, value, k->takes, e) ?: k->set(b, value, e);
	if (!b->words->option(b->c->command, key->key, &o)) {
		if (inherited && build_is_axis_key(b, key->key))
			return 0;
		return unknown_key(b, key, e);
	}
	rc = check_kind(b, value, o.repeats ? MANY : ONE, e);
	return rc ?: for_each(b, value, &v, one_option, e);
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

static int choose_command(struct build *b, struct err *e)
{
	const struct node *n = matrix_value(b, "command") ?:
			       node_get(b->node, "command") ?:
			       node_get(b->defaults, "command");
	const char *const *text;
	char all[256] = "";

	b->c->command = b->words->command_at(0);
	if (!n)
		return 0;
	b->key = n;
	text = &n->text;
	if (n->kind != NODE_ONE)
		return check_kind(b, n, ONE, e);
	b->c->command = *text;
	if (b->words->command(*text))
		return 0;
	for (size_t i = 0; b->words->command_at(i); i++) {
		size_t used = strlen(all);

		snprintf(all + used, sizeof(all) - used, "%s%s",
			 used ? ", " : "", b->words->command_at(i));
	}
	return build_refuse(b, n, e, "'%s' is none of %s", *text, all);
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
	c->reports = b->words->takes(c->command, "report");
	c->timed = b->words->takes(c->command, "timeout");
	rc = apply_defaults(b, e) ?: apply_own(b, e) ?:
	     matrix_apply(b, apply_set, e);
	b->key = NULL;
	if (rc)
		return rc;
	if (!c->name)
		return lacks(b, "name", e);
	if (!c->image)
		return lacks(b, "image", e);
	rc = b->words->check_all(c->command, &c->options, e);
	if (rc)
		return build_refused(b, b->node, rc, e);
	return add_text(b, &c->files, c->image, e);
}
