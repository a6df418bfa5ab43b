/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The file as a whole:
 *
 *   defaults:  keys that every case has unless it says otherwise
 *   cases:     a list of mappings
 */
#include "suite/suite.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/param.h>

#include "base/file.h"
#include "base/regex.h"
#include "suite/build.h"

/* The keys at the top. */
static int check_top(struct build *b, const struct node *root, struct err *e)
{
	if (root->kind != NODE_MAP)
		return build_refuse(b, root, e,
				    "a suite is a mapping of 'defaults' and "
				    "'cases', not %s",
				    node_kind_name(root->kind));
	for (const struct node *n = root->head; n; n = n->next) {
		b->key = n;
		if (strcmp(n->key, "defaults") && strcmp(n->key, "cases"))
			return build_refuse(b, n, e,
					    "no such key here; there are "
					    "defaults and cases");
	}
	b->key = NULL;
	return 0;
}

static int find_defaults(struct build *b, const struct node *root,
			 struct err *e)
{
	const struct node *d = node_get(root, "defaults");
	static const char *const own[] = { "name", "matrix" };

	if (!d)
		return 0;
	b->key = d;
	if (d->kind != NODE_MAP)
		return build_refuse(b, d, e, "%s, where a mapping is allowed",
				    node_kind_name(d->kind));
	for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++) {
		b->key = node_get(d, own[i]);
		if (b->key)
			return build_refuse(b, b->key, e,
					    "is a case's own, not a default");
	}
	b->defaults = d;
	b->key = NULL;
	return 0;
}

/* Room for @more cases. */
static int make_room(struct build *b, size_t more, struct err *e)
{
	struct suite *s = b->s;
	struct suite_case *cases;

	if (s->count + more > SUITE_CASES_MAX)
		return build_refuse(b, b->node, e,
				    "with this case there are %zu; %d are "
				    "allowed",
				    s->count + more, SUITE_CASES_MAX);
	cases = reallocarray(s->cases, s->count + more, sizeof(*cases));
	if (!cases)
		return build_no_memory(b, e);
	s->cases = cases;
	return 0;
}

/* A case's node, expanded. */
static int add_cases(struct build *b, struct err *e)
{
	size_t size;
	int rc;

	b->key = NULL;
	if (b->node->kind != NODE_MAP)
		return build_refuse(b, b->node, e,
				    "a case is a mapping, not %s",
				    node_kind_name(b->node->kind));
	rc = matrix_begin(b, e) ?: matrix_size(b, &size, e) ?:
	     make_room(b, size, e);
	if (rc)
		return rc;
	do {
		b->c = &b->s->cases[b->s->count];
		rc = build_case(b, e);
		if (rc)
			return rc;
		b->s->count++;
	} while (matrix_next(b));
	return matrix_end(b, e);
}

static int by_name(const void *a, const void *b)
{
	const struct suite_case *const *ca = a, *const *cb = b;

	return strcmp((*ca)->name, (*cb)->name)
		       ?: ((*ca)->line > (*cb)->line) -
				  ((*ca)->line < (*cb)->line);
}

/*
 * The first folder in @name that ends like a result file, because such a file
 * may have that name. Returns the ending, or NULL.
 */
static const char *find_file_ending(const char *name)
{
	static const char *const endings[] = { ".console", ".stderr", ".json",
					       ".tap", ".xml" };
	const char *slash;

	for (; (slash = strchr(name, '/')); name = slash + 1)
		for (size_t i = 0; i < sizeof(endings) / sizeof(*endings);
		     i++) {
			size_t len = strlen(endings[i]);

			if ((size_t)(slash - name) >= len &&
			    !memcmp(slash - len, endings[i], len))
				return endings[i];
		}
	return NULL;
}

/* ".attempt1" at the end of @name, as in the files of attempts, or NULL. */
static const char *find_attempt(const char *name)
{
	const char *dot = strrchr(name, '.');
	size_t len = strlen(".attempt");

	return dot && !strncmp(dot, ".attempt", len) && dot[len] &&
			       !dot[len + strspn(dot + len, "0123456789")]
		       ? dot
		       : NULL;
}

static int check_endings(const struct suite *s, struct err *e)
{
	for (size_t i = 0; i < s->count; i++) {
		const struct suite_case *c = &s->cases[i];
		const char *ending = find_file_ending(c->name);

		if (ending)
			return err_set(e, EINVAL,
				       "%s:%u: key 'name': '%s' makes a folder "
				       "of a name that ends like a result: %s",
				       s->path, c->line, c->name, ending);
		ending = find_attempt(c->name);
		if (ending)
			return err_set(e, EINVAL,
				       "%s:%u: key 'name': '%s' ends like the "
				       "results of an attempt: %s",
				       s->path, c->line, c->name, ending);
	}
	return 0;
}

/* Results are identified by the names. */
static int check_names(struct suite *s, struct err *e)
{
	struct suite_case **sorted = calloc(s->count, sizeof(*sorted));
	int rc = 0;

	if (!sorted)
		return err_set(e, ENOMEM, "%s: no memory", s->path);
	for (size_t i = 0; i < s->count; i++)
		sorted[i] = &s->cases[i];
	qsort(sorted, s->count, sizeof(*sorted), by_name);
	for (size_t i = 1; !rc && i < s->count; i++)
		if (!strcmp(sorted[i - 1]->name, sorted[i]->name))
			rc = err_set(e, EINVAL,
				     "%s:%u: key 'name': '%s' is the name of "
				     "the case at line %u, too",
				     s->path, sorted[i]->line, sorted[i]->name,
				     sorted[i - 1]->line);
	free(sorted);
	return rc;
}

static int build_all(struct build *b, const struct node *root, struct err *e)
{
	const struct node *list = node_get(root, "cases");
	int rc = 0;

	if (!list)
		return build_refuse(b, root, e,
				    "a suite needs the key 'cases'");
	b->key = list;
	if (list->kind != NODE_LIST || !list->count)
		return build_refuse(b, list, e,
				    "is not a list of at least one case");
	for (b->node = list->head; b->node && !rc; b->node = b->node->next)
		rc = add_cases(b, e);
	return rc ?: check_endings(b->s, e) ?: check_names(b->s, e);
}

/* "tests/guest/boots.yaml": tests/guest/ is the folder, boots the name. */
static int take_apart(struct build *b, struct err *e)
{
	const char *path = b->s->path;
	const char *slash = strrchr(path, '/');
	const char *base = slash ? slash + 1 : path;
	const char *dot = strrchr(base, '.');
	size_t len = dot && dot != base ? (size_t)(dot - base) : strlen(base);

	b->folder = pool_text(&b->s->pool, path, (size_t)(base - path));
	b->s->name = strcmp(path, "-") ? pool_text(&b->s->pool, base, len)
				       : "suite";
	return b->folder && b->s->name ? 0 : build_no_memory(b, e);
}

int suite_parse(struct suite *s, const char *path, struct bytes text,
		const struct suite_words *w, struct err *e)
{
	struct build *b = calloc(1, sizeof(*b));
	const struct node *root;
	int rc;

	*s = (struct suite){ .path = path };
	if (!b)
		return err_set(e, ENOMEM, "%s: no memory", path);
	b->s = s;
	b->words = w;
	/* Longer names are refused. */
	pool_init(&s->pool,
		  SUITE_MEMORY +
			  SUITE_MEMORY_BY_BYTE * MIN(text.len, SUITE_FILE_MAX));
	rc = take_apart(b, e) ?: node_read(&root, &s->pool, path, text, e) ?:
	     check_top(b, root, e) ?: find_defaults(b, root, e) ?:
	     build_all(b, root, e);
	free(b);
	if (rc)
		suite_release(s);
	return rc;
}

int suite_open(struct suite *s, const char *path, struct input *file,
	       const struct suite_words *w, struct err *e)
{
	struct file f;
	int rc = file_read(&f, file, SUITE_FILE_MAX, e);

	*s = (struct suite){ 0 };
	if (rc)
		return rc;
	rc = suite_parse(s, path, f.bytes, w, e);
	file_close(&f);
	return rc;
}

int suite_filter(struct suite *s, const char *regex, struct err *e)
{
	size_t kept = 0, all = s->count;
	struct regex *r;
	int rc = regex_compile(&r, regex, e);

	if (rc)
		return rc;
	for (size_t i = 0; i < all; i++)
		if (regex_matches_text(r, s->cases[i].name))
			s->cases[kept++] = s->cases[i];
	regex_free(r);
	s->count = kept;
	if (!kept)
		return err_set(e, ENOENT,
			       "'%s' does not match the name of any of %zu "
			       "cases",
			       regex, all);
	return 0;
}

void suite_release(struct suite *s)
{
	free(s->cases);
	pool_release(&s->pool);
	*s = (struct suite){ 0 };
}
