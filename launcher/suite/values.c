/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "suite/values.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/libraries.h"
#include "base/parse.h"

#define STATUS_MAX 255

int value_add(struct build *b, struct texts *t, const char *text, struct err *e)
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

int value_check_kind(const struct build *b, const struct node *n,
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

/* A file's name relative to the current folder. If it is the same in every
 * case, it is made once. */
static int file_path(struct build *b, const struct node *n, const char *text,
		     const char **path, struct err *e)
{
	size_t len = strlen(b->folder);
	char *joined;

	if (!*text || !strcmp(text, "-"))
		return build_refuse(b, n, e, "'%s' is not a file's name", text);
	*path = text == n->text ? b->made[n->number] : NULL;
	if (*path)
		return 0;
	*path = text;
	if (*text == '/' || !len)
		return 0;
	joined = pool_chars(&b->s->pool, len + strlen(text) + 1);
	if (!joined)
		return build_no_memory(b, e);
	strcat(strcpy(joined, b->folder), text);
	*path = joined;
	if (text == n->text)
		b->made[n->number] = joined;
	return 0;
}

static int one_text(struct build *b, const struct node *n, const char *text,
		    void *to, struct err *e)
{
	(void)b, (void)n, (void)e;
	*(const char **)to = text;
	return 0;
}

/*
 * Check that @text, from @n, is a value for @option. A key is for one option,
 * so its value is checked once for all cases, unless the text differs.
 */
static int check_text(struct build *b, const struct node *n, const char *option,
		      const char *text, struct err *e)
{
	int rc;

	if (b->checked[n->number])
		return 0;
	rc = b->words->check(option, text, e);
	if (rc)
		return build_refused(b, n, rc, e);
	b->checked[n->number] = text == n->text;
	return 0;
}

static int one_pattern(struct build *b, const struct node *n, const char *text,
		       void *to, struct err *e)
{
	return check_text(b, n, "expect", text, e) ?: value_add(b, to, text, e);
}

/* Whether the value at @n is the same for every case. */
static bool is_constant(const struct node *n)
{
	if (n->kind == NODE_ONE)
		return !strstr(n->text, "${");
	for (const struct node *one = n->head; one; one = one->next)
		if (one->text && strstr(one->text, "${"))
			return false;
	return true;
}

/* Set @t to the texts that @make makes of @n. Thousands of cases share texts
 * that are the same for all. */
static int share_texts(struct build *b, const struct node *n, struct texts *t,
		       int (*make)(struct build *b, const struct node *n,
				   struct texts *t, struct err *e),
		       struct err *e)
{
	struct texts *made;
	int rc;

	if (b->made[n->number]) {
		*t = *(const struct texts *)b->made[n->number];
		return 0;
	}
	rc = make(b, n, t, e);
	if (rc || !is_constant(n))
		return rc;
	made = pool_alloc(&b->s->pool, sizeof(*made));
	if (!made)
		return build_no_memory(b, e);
	*made = *t;
	b->made[n->number] = made;
	return 0;
}

static int make_patterns(struct build *b, const struct node *n, struct texts *t,
			 struct err *e)
{
	return for_each(b, n, t, one_pattern, e);
}

static int one_file(struct build *b, const struct node *n, const char *text,
		    void *to, struct err *e)
{
	const char *path;

	return file_path(b, n, text, &path, e) ?: value_add(b, to, path, e);
}

/* Which of @words @text is. */
static int one_of(struct build *b, const struct node *n, const char *text,
		  const char *const *words, size_t count, struct err *e)
{
	struct listing all = { "" };

	for (size_t i = 0; i < count; i++) {
		if (!strcmp(words[i], text))
			return (int)i;
		listing_add(&all, words[i]);
	}
	return build_refuse(b, n, e, "unknown value '%s' (expected %s)", text,
			    all.text);
}

static bool name_byte(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9') || (c && strchr("._+-", c));
}

/* Words separated by '/', without dangerous file names such as "..". */
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

int value_set_name(struct build *b, const struct node *n, struct err *e)
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
	/* A name with ${...} gets no labels. */
	if (!strstr(n->text, "${"))
		rc = matrix_label(b, name, sizeof(name), e);
	if (rc)
		return build_refused(b, n, rc, e);
	if (!name_is_good(name))
		return build_refuse(b, n, e,
				    "'%s' is not of letters, digits and "
				    "._+-, in words separated by '/' that do "
				    "not begin with . or -",
				    name);
	b->c->name = pool_text(&b->s->pool, name, strlen(name));
	return b->c->name ? 0 : build_no_memory(b, e);
}

int value_set_image(struct build *b, const struct node *n, struct err *e)
{
	const char *text = NULL;
	int rc = for_each(b, n, &text, one_text, e);

	return rc ?: file_path(b, n, text, &b->c->image, e);
}

int value_set_input(struct build *b, const struct node *n, struct err *e)
{
	const char *text = NULL;
	int rc = for_each(b, n, &text, one_text, e);

	return rc ?: file_path(b, n, text, &b->c->input, e) ?:
		     value_add(b, &b->c->files, b->c->input, e);
}

int value_set_exec(struct build *b, const struct node *n, struct err *e)
{
	return for_each(b, n, &b->c->exec, one_text, e);
}

int value_set_status(struct build *b, const struct node *n, struct err *e)
{
	const char *text = NULL;
	int rc = for_each(b, n, &text, one_text, e);

	if (rc)
		return rc;
	rc = parse_count(text, 0, STATUS_MAX, &b->c->status, e);
	return rc ? build_refused(b, n, rc, e) : 0;
}

int value_set_reason(struct build *b, const struct node *n, struct err *e)
{
	return share_texts(b, n, &b->c->reason, make_patterns, e);
}

int value_set_console(struct build *b, const struct node *n, struct err *e)
{
	return share_texts(b, n, &b->c->console, make_patterns, e);
}

int value_set_never(struct build *b, const struct node *n, struct err *e)
{
	return share_texts(b, n, &b->c->never, make_patterns, e);
}

int value_set_only(struct build *b, const struct node *n, struct err *e)
{
	return share_texts(b, n, &b->c->only, make_patterns, e);
}

/* A mapping of paths in the report to expressions for the value there. */
static int make_report(struct build *b, const struct node *map, struct texts *t,
		       struct err *e)
{
	int rc = 0;

	for (const struct node *n = map->head; n && !rc; n = n->next) {
		const char *text = NULL;

		b->key = n;
		rc = value_check_kind(b, n, ONE, e)
			     ?: for_each(b, n, &text, one_text, e);
		if (!rc)
			rc = check_text(b, n, "expect", text, e);
		if (!rc)
			rc = value_add(b, t, n->key, e)
				     ?: value_add(b, t, text, e);
	}
	return rc;
}

int value_set_report(struct build *b, const struct node *map, struct err *e)
{
	if (!b->c->reports)
		return build_refuse(b, map, e, "%s does not write a report",
				    b->c->command);
	return share_texts(b, map, &b->c->report, make_report, e);
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
	int rc = parse_size(text, &b->c->needs.mem, e);

	(void)to;
	return rc ? build_refused(b, n, rc, e) : 0;
}

static int need_cpus(struct build *b, const struct node *n, const char *text,
		     void *to, struct err *e)
{
	int rc = parse_count(text, 1, 65536, &b->c->needs.cpus, e);

	(void)to;
	return rc ? build_refused(b, n, rc, e) : 0;
}

static int need_file(struct build *b, const struct node *n, const char *text,
		     void *to, struct err *e)
{
	(void)to;
	return one_file(b, n, text, &b->c->needs.files, e);
}

static int need_library(struct build *b, const struct node *n, const char *text,
			void *to, struct err *e)
{
	struct listing all = { "" };

	(void)to;
	for (size_t i = 0; i < libraries_count; i++) {
		if (!strcmp(libraries[i].name, text))
			return value_add(b, &b->c->needs.libraries, text, e);
		listing_add(&all, libraries[i].name);
	}
	return build_refuse(b, n, e, "unknown value '%s' (expected %s)", text,
			    all.text);
}

struct need {
	const char *name;
	unsigned takes;
	int (*set)(struct build *b, const struct node *n, const char *text,
		   void *to, struct err *e);
};

static const struct need needs[] = {
	{ "kvm", ONE, need_kvm },	   { "mem", ONE, need_mem },
	{ "cpus", ONE, need_cpus },	   { "file", MANY, need_file },
	{ "library", MANY, need_library },
};

static int find_need(struct build *b, const struct node *n,
		     const struct need **need, struct err *e)
{
	struct listing all = { "" };

	for (size_t i = 0; i < sizeof(needs) / sizeof(*needs); i++) {
		*need = &needs[i];
		if (!strcmp(needs[i].name, n->key))
			return 0;
		listing_add(&all, needs[i].name);
	}
	return build_refuse(b, n, e, "unknown value '%s' (expected %s)", n->key,
			    all.text);
}

int value_set_needs(struct build *b, const struct node *map, struct err *e)
{
	for (const struct node *n = map->head; n; n = n->next) {
		const struct need *need;
		int rc = find_need(b, n, &need, e);

		if (rc)
			return rc;
		b->key = n;
		rc = value_check_kind(b, n, need->takes, e)
			     ?: for_each(b, n, NULL, need->set, e);
		if (rc)
			return rc;
	}
	return 0;
}

/* The value of an option with parts. If it is the same in every case, it is
 * made once. */
static int parts_in_folder(struct build *b, const struct suite_option *o,
			   const struct node *n, const char **text,
			   struct err *e)
{
	bool same = *text == n->text;
	char *made;

	if (!*b->folder)
		return 0;
	if (same && b->made[n->number]) {
		*text = b->made[n->number];
		return 0;
	}
	made = b->words->in_folder(o->name, *text, b->folder);
	*text = made ? pool_text(&b->s->pool, made, strlen(made)) : NULL;
	free(made);
	if (!*text)
		return build_no_memory(b, e);
	if (same)
		b->made[n->number] = *text;
	return 0;
}

static int add_option(struct build *b, const struct suite_option *o,
		      const struct node *n, const char *text, struct err *e)
{
	size_t len = strlen(o->name);
	char *word;
	int rc;

	if (o->file)
		rc = file_path(b, n, text, &text, e)
			     ?: value_add(b, &b->c->files, text, e);
	else
		rc = check_text(b, n, o->name, text, e);
	if (!rc && o->parts)
		rc = parts_in_folder(b, o, n, &text, e);
	word = rc ? NULL : pool_chars(&b->s->pool, len + 3);
	if (rc || !word)
		return rc ?: build_no_memory(b, e);
	strcat(strcpy(word, "--"), o->name);
	return value_add(b, &b->c->options, word, e)
		       ?: value_add(b, &b->c->options, text, e);
}

static int one_option(struct build *b, const struct node *n, const char *text,
		      void *to, struct err *e)
{
	const struct suite_option *o = to;

	if (!strcmp(o->name, "timeout")) {
		(void)parse_duration(text, &b->c->timeout_ns, e);
		b->c->timed = false;
	}
	return add_option(b, o, n, text, e);
}

/* A list of steps, each of which is "expect: REGEX" or "send: TEXT". */
int value_set_dialogue(struct build *b, const struct node *list, struct err *e)
{
	static const char *const words[] = { "expect", "send" };
	int rc = 0;

	if (!list->count)
		return build_refuse(b, list, e, "the list is empty");
	for (const struct node *n = list->head; n && !rc; n = n->next) {
		struct suite_option o;
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
		rc = for_each(b, n->head, &o, one_option, e);
	}
	return rc;
}

int value_set_option(struct build *b, const struct suite_option *o,
		     const struct node *n, struct err *e)
{
	struct suite_option copy = *o;

	return for_each(b, n, &copy, one_option, e);
}
