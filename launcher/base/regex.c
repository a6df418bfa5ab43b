/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An expression becomes a program (Thompson's algorithm): instructions that
 * take a byte, and instructions that branch. The state is the set of places in
 * the program that the text so far can have reached; each byte makes a new set.
 * A place is in the set once, even if several ways lead to it.
 *
 *	a(b|c)*d	0  byte a
 *			1  split 7	go on at 2 and at 7
 *			2  split 5
 *			3  byte b
 *			4  jump 6
 *			5  byte c
 *			6  jump 1
 *			7  byte d
 *			8  match
 *
 * Places to go to are relative, so that a piece of program can be copied for
 * {n,m}. There are no captures, so the order of the places does not matter.
 */
#include "base/regex.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/bracket.h"

enum op {
	OP_BYTE,
	OP_SET, /* a byte of the set number @off */
	OP_ANY,
	OP_ASSERT,
	OP_SPLIT, /* go on at the next instruction and at @off from here */
	OP_JUMP,
	OP_MATCH,
};

enum assertion {
	AT_START,
	AT_END,
	AT_WORD_START,
	AT_WORD_END,
	AT_WORD_EDGE,
	AT_NO_WORD_EDGE,
};

struct insn {
	uint8_t op;
	uint8_t arg; /* the byte, or the assertion */
	int16_t off;
};

/*
 * A part makes at most two instructions, except that {0,1} of one part adds one
 * instruction and no part: nested, there may be any number. Every offset fits
 * its field.
 */
#define CODE_MAX (4 * REGEX_PARTS_MAX)
_Static_assert(CODE_MAX <= INT16_MAX, "an offset holds any distance");

/* "\w" is the shortest text that makes a set. */
#define SETS_MAX (REGEX_BYTES_MAX / 2)

/* What is next to a byte at the ends of the text, or if it is not known. */
enum { NO_BYTE = -1, ANY_BYTE = -2 };

struct regex {
	size_t len;
	const struct insn *code;
	const struct byte_set *sets;
	/* Only these bytes can begin a match. */
	struct byte_set first;

	bool matched; /* whatever follows */
	int before;   /* the last byte */
	/* The places reached, before branches are followed: */
	size_t now_count;
	uint16_t *now;
	/* ... and after. Place p is in it if at[where[p]] is p. */
	size_t seen_count;
	uint16_t *at, *where;
};

/* An alternative ends with a jump to the end of its group. These are chained
 * until the end is known: each has the distance to the one before it. */
struct group {
	uint16_t start;	      /* in the code */
	uint16_t alternative; /* where the last one starts */
	uint16_t jump;	      /* the last jump, or 0 */
	uint16_t parts;	      /* before its parenthesis */
};

struct compiler {
	const char *text; /* the expression */
	const char *at;	  /* what is left of it */
	struct err *e;
	size_t parts;
	/* What the next operator repeats, if anything. */
	bool repeatable;
	size_t atom, atom_parts;
	size_t len, set_count, depth;
	struct insn code[CODE_MAX];
	struct insn copy[CODE_MAX];
	struct byte_set sets[SETS_MAX];
	struct group groups[REGEX_BYTES_MAX + 1]; /* the first is all of it */
};

/* How much of an expression is quoted. */
#define QUOTE_MAX 200

static int refuse(struct compiler *c, const char *why)
{
	bool cut = strlen(c->text) > QUOTE_MAX;

	return err_set(c->e, EINVAL, "'%.*s%s' is not a regular expression: %s",
		       QUOTE_MAX, c->text, cut ? "..." : "", why);
}

static int check_size(struct compiler *c)
{
	if (c->parts > REGEX_PARTS_MAX)
		return err_set(c->e, E2BIG,
			       "a regular expression of at least %zu parts "
			       "with its repeats written out; at most %d are "
			       "allowed: '%s'",
			       c->parts, REGEX_PARTS_MAX, c->text);
	if (c->len > CODE_MAX)
		return err_set(c->e, E2BIG,
			       "a regular expression whose repeats of repeats "
			       "take at least %zu steps; at most %d are "
			       "allowed: '%s'",
			       c->len, CODE_MAX, c->text);
	return 0;
}

/* Append an instruction; there is room. */
static void put(struct compiler *c, enum op op, unsigned arg, ptrdiff_t off)
{
	c->code[c->len++] = (struct insn){ (uint8_t)op, (uint8_t)arg,
					   (int16_t)off };
}

/* Whether there is room for @more instructions, which are @parts more parts. */
static int make_room(struct compiler *c, size_t more, size_t parts)
{
	size_t len = c->len;
	int rc;

	c->parts += parts;
	c->len += more;
	rc = check_size(c);
	c->len = len;
	return rc;
}

/* A part that takes a byte. */
static int put_atom(struct compiler *c, enum op op, unsigned arg, ptrdiff_t off)
{
	int rc;

	c->atom = c->len;
	c->atom_parts = c->parts;
	c->repeatable = true;
	rc = make_room(c, 1, 1);
	if (!rc)
		put(c, op, arg, off);
	return rc;
}

static int put_set(struct compiler *c, const struct byte_set *s)
{
	c->sets[c->set_count] = *s;
	return put_atom(c, OP_SET, 0, (ptrdiff_t)c->set_count++);
}

/* An assertion cannot be repeated: it takes no byte. */
static int put_assertion(struct compiler *c, enum assertion a)
{
	int rc = put_atom(c, OP_ASSERT, a, 0);

	c->repeatable = false;
	return rc;
}

static int parse_byte(struct compiler *c)
{
	return put_atom(c, OP_BYTE, (uint8_t)*c->at++, 0);
}

static int parse_any(struct compiler *c)
{
	c->at++;
	return put_atom(c, OP_ANY, 0, 0);
}

static int parse_start(struct compiler *c)
{
	c->at++;
	return put_assertion(c, AT_START);
}

static int parse_end(struct compiler *c)
{
	c->at++;
	return put_assertion(c, AT_END);
}

static int parse_bracket(struct compiler *c)
{
	struct byte_set s = { { 0 } };
	const char *why = bracket_parse(&c->at, &s);

	return why ? refuse(c, why) : put_set(c, &s);
}

static int is_word(int c)
{
	return isalnum(c) || c == '_';
}

static const struct {
	char letter;
	int (*is)(int c);
	bool inverted;
} escaped_sets[] = {
	{ 'w', is_word, false },
	{ 'W', is_word, true },
	{ 's', isspace, false },
	{ 'S', isspace, true },
};

static const struct {
	char letter;
	enum assertion assertion;
} escaped_assertions[] = {
	{ '`', AT_START },    { '\'', AT_END },	     { '<', AT_WORD_START },
	{ '>', AT_WORD_END }, { 'b', AT_WORD_EDGE }, { 'B', AT_NO_WORD_EDGE },
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static int parse_escape(struct compiler *c)
{
	char letter = *++c->at;

	if (!letter)
		return refuse(c, "it ends with a backslash");
	if (letter >= '1' && letter <= '9')
		return err_set(c->e, EINVAL,
			       "'%s': the back-reference \\%c is not allowed",
			       c->text, letter);
	for (size_t i = 0; i < COUNT(escaped_sets); i++) {
		struct byte_set s = { { 0 } };

		if (escaped_sets[i].letter != letter)
			continue;
		byte_set_add_class(&s, escaped_sets[i].is);
		if (escaped_sets[i].inverted)
			byte_set_invert(&s);
		c->at++;
		return put_set(c, &s);
	}
	for (size_t i = 0; i < COUNT(escaped_assertions); i++)
		if (escaped_assertions[i].letter == letter) {
			c->at++;
			return put_assertion(c,
					     escaped_assertions[i].assertion);
		}
	return parse_byte(c);
}

static void begin_group(struct compiler *c, size_t parts)
{
	c->groups[c->depth++] = (struct group){
		.start = (uint16_t)c->len,
		.alternative = (uint16_t)c->len,
		.parts = (uint16_t)parts,
	};
	c->repeatable = false;
}

static int parse_open(struct compiler *c)
{
	c->at++;
	begin_group(c, c->parts);
	return make_room(c, 0, 1);
}

/* The last group ends here. */
static void end_group(struct compiler *c)
{
	const struct group *g = &c->groups[--c->depth];
	size_t jump = g->jump;

	while (jump) {
		struct insn *i = &c->code[jump];
		size_t back = (size_t)i->off;

		i->off = (int16_t)(c->len - jump);
		jump = back ? jump - back : 0;
	}
	c->atom = g->start;
	c->atom_parts = g->parts;
	c->repeatable = true;
}

/* Outside all groups, a closing parenthesis is a character. */
static int parse_close(struct compiler *c)
{
	if (c->depth == 1)
		return parse_byte(c);
	c->at++;
	end_group(c);
	return make_room(c, 0, 1);
}

/* What the alternative has so far gets a split before it and a jump behind. */
static int parse_or(struct compiler *c)
{
	struct group *g = &c->groups[c->depth - 1];
	struct insn *start = &c->code[g->alternative];
	size_t size = c->len - g->alternative;
	int rc = make_room(c, 2, 1);

	if (rc)
		return rc;
	c->at++;
	memmove(start + 1, start, size * sizeof(*start));
	*start = (struct insn){ OP_SPLIT, 0, (int16_t)(size + 2) };
	c->len++;
	put(c, OP_JUMP, 0, g->jump ? (ptrdiff_t)(c->len - g->jump) : 0);
	g->jump = (uint16_t)(c->len - 1);
	g->alternative = (uint16_t)c->len;
	c->repeatable = false;
	return 0;
}

/* How often something is repeated. */
struct repeat {
	size_t from, to;
	bool unlimited; /* then @to counts for nothing */
};

static void put_copy(struct compiler *c, size_t size)
{
	memcpy(&c->code[c->len], c->copy, size * sizeof(*c->copy));
	c->len += size;
}

/*
 *	x{2,}	x			x{2,4}	x
 *		x			2: x
 *	     2: split 1			   split 7
 *		...			   x
 *	x{0,}	split 3			   split 7
 *		x			   x
 *		jump 0			7: ...
 */
static int put_repeat(struct compiler *c, struct repeat r)
{
	size_t size = c->len - c->atom;
	size_t optional = r.unlimited ? !r.from : r.to - r.from;
	int rc;

	memcpy(c->copy, &c->code[c->atom], size * sizeof(*c->copy));
	c->len = c->atom;
	rc = make_room(c, (r.from + optional) * (size + 1) + 1, 0);
	if (rc)
		return rc;
	for (size_t i = 0; i < r.from; i++)
		put_copy(c, size);
	if (r.unlimited && r.from)
		put(c, OP_SPLIT, 0, -(ptrdiff_t)size);
	for (; optional; optional--) {
		size_t over = optional * (size + 1) + r.unlimited;

		put(c, OP_SPLIT, 0, (ptrdiff_t)over);
		put_copy(c, size);
	}
	if (r.unlimited && !r.from)
		put(c, OP_JUMP, 0, -(ptrdiff_t)(size + 1));
	return 0;
}

/* A number of a repeat, limited to one more than the maximum. */
static size_t number(const char **p)
{
	size_t n = 0;

	for (; **p >= '0' && **p <= '9'; ++*p)
		if (n <= RE_DUP_MAX)
			n = 10 * n + (size_t)(**p - '0');
	return n;
}

/* {n}, {n,}, {,m} or {n,m}. */
static int read_bounds(struct compiler *c, struct repeat *r)
{
	const char *p = c->at + 1;

	if (*p == '}')
		return refuse(c, "{} without a number");
	*r = (struct repeat){ .from = number(&p) };
	r->to = r->from;
	if (*p == ',') {
		p++;
		r->unlimited = *p == '}';
		r->to = number(&p);
	}
	if (!*p)
		return refuse(c, "missing '}'");
	if (*p != '}')
		return refuse(c, "not a number in {}");
	if (!r->unlimited && r->from > r->to)
		return refuse(c, "in {n,m}, n is above m");
	c->at = p + 1;
	return 0;
}

static int refuse_to_repeat(struct compiler *c)
{
	char why[] = "nothing to repeat before ' '";

	why[sizeof(why) - 3] = *c->at;
	return refuse(c, why);
}

static int parse_bounds(struct compiler *c)
{
	struct repeat r = { 0 };
	size_t copies, parts;
	int rc = c->repeatable ? read_bounds(c, &r) : refuse_to_repeat(c);

	if (rc)
		return rc;
	copies = r.unlimited ? r.from : r.to;
	parts = c->parts - c->atom_parts;
	rc = make_room(c, 0,
		       parts * ((copies ?: 1) - 1) + (r.unlimited && r.from));
	return rc ?: put_repeat(c, r);
}

static int parse_operator(struct compiler *c)
{
	struct repeat r = {
		.from = *c->at == '+',
		.to = 1,
		.unlimited = *c->at != '?',
	};

	if (!c->repeatable)
		return refuse_to_repeat(c);
	c->at++;
	return make_room(c, 0, 1) ?: put_repeat(c, r);
}

static const struct {
	char first;
	int (*parse)(struct compiler *c);
} parsers[] = {
	{ '(', parse_open },	 { ')', parse_close },
	{ '|', parse_or },	 { '*', parse_operator },
	{ '+', parse_operator }, { '?', parse_operator },
	{ '{', parse_bounds },	 { '[', parse_bracket },
	{ '.', parse_any },	 { '^', parse_start },
	{ '$', parse_end },	 { '\\', parse_escape },
};

static int parse_part(struct compiler *c)
{
	for (size_t i = 0; i < COUNT(parsers); i++)
		if (parsers[i].first == *c->at)
			return parsers[i].parse(c);
	return parse_byte(c);
}

static int compile(struct compiler *c)
{
	int rc = 0;

	if (strlen(c->text) > REGEX_BYTES_MAX)
		return err_set(c->e, E2BIG,
			       "a regular expression of %zu bytes; at most %d "
			       "are allowed",
			       strlen(c->text), REGEX_BYTES_MAX);
	begin_group(c, 0);
	while (*c->at && !rc)
		rc = parse_part(c);
	if (!rc && c->depth > 1)
		rc = refuse(c, "missing ')'");
	rc = rc ?: make_room(c, 1, 0);
	if (rc)
		return rc;
	end_group(c);
	put(c, OP_MATCH, 0, 0);
	return 0;
}

/* The set of places is also the list of places to visit. */
static void visit(struct regex *r, size_t place)
{
	size_t where = r->where[place];

	if (where < r->seen_count && r->at[where] == place)
		return;
	r->where[place] = (uint16_t)r->seen_count;
	r->at[r->seen_count++] = (uint16_t)place;
}

static bool holds(enum assertion a, int before, int after)
{
	bool word_before = before >= 0 && is_word(before);
	bool word_after = after >= 0 && is_word(after);

	switch (a) {
	case AT_START:
		return before == NO_BYTE;
	case AT_END:
		return after == NO_BYTE;
	case AT_WORD_START:
		return !word_before && word_after;
	case AT_WORD_END:
		return word_before && !word_after;
	case AT_WORD_EDGE:
		return word_before != word_after;
	case AT_NO_WORD_EDGE:
		return word_before == word_after;
	}
	return false;
}

/*
 * Fill the set with all places that are reached without another byte; @after is
 * the next byte. A match may begin at any byte, so the start of the program is
 * included. Returns whether there is a match.
 */
static bool follow(struct regex *r, int after)
{
	bool any = after == ANY_BYTE;

	r->seen_count = 0;
	visit(r, 0);
	for (size_t i = 0; i < r->now_count; i++)
		visit(r, r->now[i]);
	for (size_t i = 0; i < r->seen_count; i++) {
		size_t place = r->at[i];
		const struct insn *in = &r->code[place];

		if (in->op == OP_MATCH)
			return true;
		if (in->op == OP_SPLIT || in->op == OP_JUMP)
			visit(r, place + (size_t)in->off);
		if (in->op == OP_SPLIT ||
		    (in->op == OP_ASSERT &&
		     (any || holds(in->arg, r->before, after))))
			visit(r, place + 1);
	}
	return false;
}

static bool takes(const struct regex *r, const struct insn *in, uint8_t byte)
{
	switch (in->op) {
	case OP_BYTE:
		return in->arg == byte;
	case OP_SET:
		return byte_set_has(&r->sets[in->off], byte);
	default:
		return in->op == OP_ANY;
	}
}

static void take(struct regex *r, uint8_t byte)
{
	bool matched;

	if (r->now_count || byte_set_has(&r->first, byte)) {
		matched = follow(r, byte);
		r->now_count = 0;
		for (size_t i = 0; i < r->seen_count && !matched; i++)
			if (takes(r, &r->code[r->at[i]], byte))
				r->now[r->now_count++] =
					(uint16_t)(r->at[i] + 1);
		r->matched = matched;
	}
	r->before = byte;
}

/* Which bytes can begin a match: all of them, if it may be empty. */
static void find_first(struct regex *r)
{
	if (follow(r, ANY_BYTE)) {
		byte_set_invert(&r->first);
		return;
	}
	for (unsigned c = 0; c < 256; c++)
		for (size_t i = 0; i < r->seen_count; i++)
			if (takes(r, &r->code[r->at[i]], (uint8_t)c))
				byte_set_add(&r->first, (uint8_t)c);
}

/* All in one piece of memory. */
static struct regex *make_regex(const struct compiler *c)
{
	size_t code_size = c->len * sizeof(*c->code);
	size_t sets_size = c->set_count * sizeof(*c->sets);
	size_t places = c->len * sizeof(uint16_t);
	struct regex *r =
		calloc(1, sizeof(*r) + code_size + 3 * places + sets_size);
	char *p = (char *)(r + 1);

	if (!r)
		return NULL;
	r->len = c->len;
	r->code = memcpy(p, c->code, code_size);
	r->now = (uint16_t *)(void *)(p += code_size);
	r->at = (uint16_t *)(void *)(p += places);
	r->where = (uint16_t *)(void *)(p += places);
	r->sets = memcpy(p + places, c->sets, sets_size);
	regex_restart(r);
	find_first(r);
	return r;
}

int regex_compile(struct regex **r, const char *text, struct err *e)
{
	struct compiler *c = malloc(sizeof(*c));
	struct regex *made = NULL;
	int rc;

	if (!c)
		return err_set(e, ENOMEM, "no memory for '%s'", text);
	/* Its arrays stay: they are large, and written before they are read. */
	memset(c, 0, offsetof(struct compiler, code));
	c->text = c->at = text;
	c->e = e;
	rc = compile(c);
	if (!rc) {
		made = make_regex(c);
		if (!made)
			rc = err_set(e, ENOMEM, "no memory for '%s'", text);
	}
	free(c);
	if (!rc)
		*r = made;
	return rc;
}

void regex_free(struct regex *r)
{
	free(r);
}

int regex_check(const char *text, struct err *e)
{
	struct regex *r = NULL;
	int rc = regex_compile(&r, text, e);

	regex_free(r);
	return rc;
}

void regex_restart(struct regex *r)
{
	r->matched = false;
	r->before = NO_BYTE;
	r->now_count = 0;
}

void regex_feed(struct regex *r, const char *bytes, size_t len)
{
	for (size_t i = 0; i < len && !r->matched; i++)
		take(r, (uint8_t)bytes[i]);
}

bool regex_matches(struct regex *r)
{
	return r->matched || follow(r, NO_BYTE);
}

bool regex_matches_text(struct regex *r, const char *text)
{
	regex_restart(r);
	regex_feed(r, text, strlen(text));
	return regex_matches(r);
}
