/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "suite/node.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <yaml.h>

/* The place of the next value. */
struct level {
	struct node *parent;
	struct node **end; /* of its list of values */
	const char *key; /* in a mapping: the key, which waits for its value */
	unsigned key_line;
};

struct reader {
	yaml_parser_t yaml;
	struct pool *pool;
	const char *path;
	struct bytes text;
	struct node *root;
	struct level levels[SUITE_DEPTH_MAX];
	unsigned depth; /* open levels */
	unsigned nodes;
	bool ended;
};

const char *node_kind_name(enum node_kind kind)
{
	static const char *const names[] = {
		[NODE_ONE] = "one value",
		[NODE_LIST] = "a list",
		[NODE_MAP] = "a mapping",
	};

	return names[kind];
}

const struct node *node_get(const struct node *map, const char *key)
{
	const struct node *n = map && map->kind == NODE_MAP ? map->head : NULL;

	while (n && strcmp(n->key, key))
		n = n->next;
	return n;
}

static unsigned line_of(const yaml_event_t *event)
{
	return (unsigned)event->start_mark.line + 1;
}

static int no_memory(const struct reader *r, unsigned line, struct err *e)
{
	return pool_refused(r->pool, r->path, line, e);
}

/* An encoding error has an offset instead of a line. */
static unsigned problem_line(const struct reader *r)
{
	const yaml_parser_t *y = &r->yaml;
	unsigned line = 1;

	if (y->error != YAML_READER_ERROR)
		return (unsigned)y->problem_mark.line + 1;
	for (size_t i = 0; i < r->text.len && i < y->problem_offset; i++)
		line += r->text.data[i] == '\n';
	return line;
}

/* libyaml has refused what follows. */
static int syntax(const struct reader *r, struct err *e)
{
	const yaml_parser_t *y = &r->yaml;
	unsigned line = problem_line(r);

	if (y->error == YAML_MEMORY_ERROR)
		return no_memory(r, line, e);
	return err_set(e, EINVAL, "%s:%u: not YAML: %s%s%s", r->path, line,
		       y->problem ? y->problem : "unknown problem",
		       y->context ? ", " : "", y->context ? y->context : "");
}

/* Add a value to its place. */
static int add(struct reader *r, struct node *n, unsigned line, struct err *e)
{
	struct level *l;

	if (!r->depth) {
		r->root = n;
		return 0;
	}
	l = &r->levels[r->depth - 1];
	if (l->parent->kind == NODE_MAP) {
		n->key = l->key;
		n->line = l->key_line;
		l->key = NULL;
	}
	if (l->parent->kind == NODE_MAP && l->parent->count == SUITE_KEYS_MAX)
		return err_set(e, E2BIG, "%s:%u: more than %d keys", r->path,
			       line, SUITE_KEYS_MAX);
	if (n->key && node_get(l->parent, n->key))
		return err_set(e, EINVAL, "%s:%u: duplicate key '%s'", r->path,
			       line, n->key);
	*l->end = n;
	l->end = &n->next;
	l->parent->count++;
	return 0;
}

static int new_node(struct reader *r, struct node **out, enum node_kind kind,
		    const yaml_event_t *event, struct err *e)
{
	unsigned line = line_of(event);

	unsigned number = r->nodes++;

	if (number == SUITE_NODES_MAX)
		return err_set(e, E2BIG, "%s:%u: more than %d values", r->path,
			       line, SUITE_NODES_MAX);
	*out = pool_alloc(r->pool, sizeof(**out));
	if (!*out)
		return no_memory(r, line, e);
	(*out)->kind = kind;
	(*out)->line = line;
	(*out)->number = number;
	return 0;
}

static int open_level(struct reader *r, enum node_kind kind,
		      const yaml_event_t *event, struct err *e)
{
	struct node *n;
	int rc;

	if (r->depth && r->levels[r->depth - 1].parent->kind == NODE_MAP &&
	    !r->levels[r->depth - 1].key)
		return err_set(e, EINVAL, "%s:%u: a key is one word, not %s",
			       r->path, line_of(event), node_kind_name(kind));
	if (r->depth == SUITE_DEPTH_MAX)
		return err_set(e, E2BIG, "%s:%u: nested deeper than %d levels",
			       r->path, line_of(event), SUITE_DEPTH_MAX);
	rc = new_node(r, &n, kind, event, e);
	if (!rc)
		rc = add(r, n, line_of(event), e);
	if (rc)
		return rc;
	r->levels[r->depth++] = (struct level){ .parent = n, .end = &n->head };
	return 0;
}

static int on_scalar(struct reader *r, const yaml_event_t *event, struct err *e)
{
	const char *value = (const char *)event->data.scalar.value;
	size_t len = event->data.scalar.length;
	struct level *l = r->depth ? &r->levels[r->depth - 1] : NULL;
	struct node *n;
	char *text;
	int rc;

	if (memchr(value, '\0', len))
		return err_set(e, EINVAL, "%s:%u: a value has a NUL byte",
			       r->path, line_of(event));
	text = pool_text(r->pool, value, len);
	if (!text)
		return no_memory(r, line_of(event), e);
	if (l && l->parent->kind == NODE_MAP && !l->key) {
		l->key = text;
		l->key_line = line_of(event);
		return 0;
	}
	rc = new_node(r, &n, NODE_ONE, event, e);
	if (rc)
		return rc;
	n->text = text;
	return add(r, n, line_of(event), e);
}

static int on_document(struct reader *r, const yaml_event_t *event,
		       struct err *e)
{
	if (r->root)
		return err_set(e, EINVAL,
			       "%s:%u: a second document; one is "
			       "allowed",
			       r->path, line_of(event));
	return 0;
}

static bool has_anchor_or_tag(const yaml_event_t *event)
{
	switch (event->type) {
	case YAML_SCALAR_EVENT:
		return event->data.scalar.anchor || event->data.scalar.tag;
	case YAML_SEQUENCE_START_EVENT:
		return event->data.sequence_start.anchor ||
		       event->data.sequence_start.tag;
	case YAML_MAPPING_START_EVENT:
		return event->data.mapping_start.anchor ||
		       event->data.mapping_start.tag;
	default:
		return event->type == YAML_ALIAS_EVENT;
	}
}

static int on_event(struct reader *r, const yaml_event_t *event, struct err *e)
{
	if (has_anchor_or_tag(event))
		return err_set(e, EINVAL,
			       "%s:%u: anchors (&), aliases (*) and tags (!) "
			       "are not allowed; put a value that begins with "
			       "one of these into quotes",
			       r->path, line_of(event));
	switch (event->type) {
	case YAML_DOCUMENT_START_EVENT:
		return on_document(r, event, e);
	case YAML_SCALAR_EVENT:
		return on_scalar(r, event, e);
	case YAML_SEQUENCE_START_EVENT:
		return open_level(r, NODE_LIST, event, e);
	case YAML_MAPPING_START_EVENT:
		return open_level(r, NODE_MAP, event, e);
	case YAML_SEQUENCE_END_EVENT:
	case YAML_MAPPING_END_EVENT:
		r->depth--;
		return 0;
	case YAML_STREAM_END_EVENT:
		r->ended = true;
		return 0;
	default:
		return 0;
	}
}

static int read_events(struct reader *r, struct err *e)
{
	int rc = 0;

	while (!rc && !r->ended) {
		yaml_event_t event;

		if (!yaml_parser_parse(&r->yaml, &event))
			return syntax(r, e);
		rc = on_event(r, &event, e);
		yaml_event_delete(&event);
	}
	if (!rc && !r->root)
		rc = err_set(e, EINVAL, "%s:1: the file is empty", r->path);
	return rc;
}

int node_read(const struct node **root, struct pool *pool, const char *path,
	      struct bytes text, struct err *e)
{
	struct reader r = { .pool = pool, .path = path, .text = text };
	int rc;

	if (text.len > SUITE_FILE_MAX)
		return err_set(e, E2BIG,
			       "%s:1: the suite has %zu bytes; %zu "
			       "are allowed",
			       path, text.len, SUITE_FILE_MAX);
	if (!yaml_parser_initialize(&r.yaml))
		return no_memory(&r, 1, e);
	yaml_parser_set_input_string(&r.yaml, text.data, text.len);
	rc = read_events(&r, e);
	yaml_parser_delete(&r.yaml);
	if (!rc)
		*root = r.root;
	return rc;
}
