/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Options with parts: the values they set, what is refused, and that no text
 * leads to an access out of bounds.
 */
#include "unit/unit.h"
#include "base/keywords.h"

#include <errno.h>
#include <stdlib.h>

struct config {
	const char *file, *name, *id, *mode;
	const char *forward[3];
	size_t forward_count;
	bool ro, direct;
	unsigned long cid;
	uint64_t size;
};

static const char *mode_word(size_t i)
{
	static const char *const words[] = { "auto", "off" };

	return i < COUNT(words) ? words[i] : NULL;
}

static const char *after_colon(const char *text)
{
	const char *colon = strchr(text, ':');

	return colon ? colon + 1 : NULL;
}

static const struct keyword keys[] = {
	{ "ro", NULL, VALUE_FLAG_AT(struct config, ro), .help = "" },
	{ "direct", NULL, VALUE_FLAG_AT(struct config, direct), .help = "" },
	{ "id", "TEXT", VALUE_TEXT_AT(struct config, id), .help = "" },
	{ "size", "SIZE", VALUE_SIZE_AT(struct config, size), .help = "" },
	{ "mode", "MODE",
	  VALUE_CHOICE_AT(struct config, mode, "mode", mode_word), .help = "" },
	{ "forward", "RULE",
	  VALUES_AT(VALUE_TEXT, struct config, forward, forward_count),
	  .times = 3 },
};

static const struct keyword socket_keys[] = {
	{ "cid", "N", VALUE_NUMBER_AT(struct config, cid, 3, 99),
	  .required = true },
	{ "socket", "PATH", VALUE_OUTPUT_AT(struct config, file),
	  .required = true },
	{ "ro", NULL, VALUE_FLAG_AT(struct config, ro), .help = "" },
};

static const struct keyword way_keys[] = {
	{ "id", "WAY", VALUE_WITH_PATH_AT(struct config, id, after_colon),
	  .help = "" },
};

enum { DISK, PORT, SOCKET, PLAIN, WAY };

static const struct keywords grammars[] = {
	[DISK] = { .first = "FILE",
		   .first_value = VALUE_INPUT_AT(struct config, file),
		   .keys = keys,
		   .count = COUNT(keys) },
	[PORT] = { .first = "NAME",
		   .first_value = VALUE_TEXT_AT(struct config, name),
		   .second = "FILE",
		   .second_value = VALUE_OUTPUT_AT(struct config, file),
		   .keys = keys,
		   .count = 1 },
	[SOCKET] = { .keys = socket_keys, .count = COUNT(socket_keys) },
	[PLAIN] = { .first = "DIR",
		    .first_value = VALUE_INPUT_AT(struct config, file) },
	[WAY] = { .first = "DIR",
		  .first_value = VALUE_PATH_AT(struct config, file),
		  .keys = way_keys,
		  .count = COUNT(way_keys) },
};

static struct config c;
static struct err e;

/* Parse a copy of @text in an allocation of exactly its size. */
static int parse(unsigned grammar, const char *text)
{
	static char *copy;
	int rc;

	free(copy);
	copy = strdup(text);
	ck_assert_ptr_nonnull(copy);
	memset(&c, 0, sizeof(c));
	rc = keywords_parse(&grammars[grammar], copy, &c, &e);
	/* A sanitizer checks the values, which must lie in the copy. */
	for (const char *const *p = &c.file; !rc && p < &c.mode; p++)
		if (*p)
			ck_assert(*p >= copy &&
				  *p + strlen(*p) <= copy + strlen(text));
	return rc;
}

START_TEST(keywords__of_a_disk)
{
	assert_ok(parse(DISK, "a.img"), &e);
	ck_assert_str_eq(c.file, "a.img");
	ck_assert(!c.ro && !c.direct && !c.id && !c.size && !c.mode);
	assert_ok(parse(DISK, "a.img,id=x,ro,size=2M,mode=off,forward=a,"
			      "forward=b,forward=a,direct"),
		  &e);
	ck_assert_str_eq(c.file, "a.img");
	ck_assert(c.ro && c.direct);
	ck_assert_str_eq(c.id, "x");
	ck_assert_uint_eq(c.size, 2 << 20);
	ck_assert_str_eq(c.mode, "off");
	ck_assert_uint_eq(c.forward_count, 3);
	ck_assert_str_eq(c.forward[0], "a");
	ck_assert_str_eq(c.forward[1], "b");
	ck_assert_str_eq(c.forward[2], "a");
}
END_TEST

START_TEST(keywords__of_a_port)
{
	assert_ok(parse(PORT, "log=/tmp/log,ro"), &e);
	ck_assert_str_eq(c.name, "log");
	ck_assert_str_eq(c.file, "/tmp/log");
	ck_assert(c.ro);
	/* Only the first "=" ends the name. */
	assert_ok(parse(PORT, "log=fd=3"), &e);
	ck_assert_str_eq(c.name, "log");
	ck_assert_str_eq(c.file, "fd=3");
	assert_ok(parse(PORT, "a\\=b=c"), &e);
	ck_assert_str_eq(c.name, "a=b");
	ck_assert_str_eq(c.file, "c");
}
END_TEST

START_TEST(keywords__without_a_first_part)
{
	assert_ok(parse(SOCKET, "cid=3,socket=/s"), &e);
	ck_assert_uint_eq(c.cid, 3);
	ck_assert_str_eq(c.file, "/s");
	assert_ok(parse(SOCKET, "ro,socket=/s=t,cid=99"), &e);
	ck_assert_uint_eq(c.cid, 99);
	ck_assert_str_eq(c.file, "/s=t");
	ck_assert(c.ro);
}
END_TEST

/* Texts, and the same with the folder "d,e/" in front of relative paths. */
static const struct {
	unsigned grammar;
	const char *text, *moved;
} moves[] = {
	{ DISK, "a.img", "d\\,e/a.img" },
	{ DISK, "/a.img", "/a.img" },
	{ DISK, "-,ro", "-,ro" },
	{ DISK, "a\\,b\\=\\\\,ro,id=x/y,forward=a",
	  "d\\,e/a\\,b\\=\\\\,ro,id=x/y,forward=a" },
	{ PORT, "a/b=c,ro", "a/b=d\\,e/c,ro" },
	{ PORT, "a\\=b=c=d", "a\\=b=d\\,e/c=d" },
	{ PORT, "a=/c", "a=/c" },
	{ PORT, "a=-", "a=-" },
	{ SOCKET, "cid=3,socket=s", "cid=3,socket=d\\,e/s" },
	{ SOCKET, "socket=../s,ro,cid=3", "socket=d\\,e/../s,ro,cid=3" },
	{ WAY, "-,id=3", "d\\,e/-,id=3" },
	{ WAY, "a,id=unix:s", "d\\,e/a,id=unix:d\\,e/s" },
	{ WAY, "/a,id=unix:/s", "/a,id=unix:/s" },
};

START_TEST(keywords__printed_in_a_folder)
{
	const struct keywords *k = &grammars[moves[_i].grammar];
	char *text = strdup(moves[_i].text), *made;
	size_t len;
	FILE *out = open_memstream(&made, &len);

	ck_assert_ptr_nonnull(text);
	ck_assert_ptr_nonnull(out);
	keywords_print_in(k, text, "d,e/", out);
	ck_assert_int_eq(fclose(out), 0);
	ck_assert_str_eq(made, moves[_i].moved);
	/* Both are values of the same option. */
	assert_ok(parse(moves[_i].grammar, moves[_i].text), &e);
	assert_ok(parse(moves[_i].grammar, made), &e);
	free(made);
	free(text);
}
END_TEST

/* How a file's name is written. */
static const struct {
	const char *text, *file, *id;
} escapes[] = {
	{ "a\\,b", "a,b", NULL },
	{ "a\\=b", "a=b", NULL },
	{ "a\\\\", "a\\", NULL },
	{ "\\,", ",", NULL },
	{ "\\=", "=", NULL },
	{ "\\\\\\,\\=", "\\,=", NULL },
	{ "a\\\\,id=b", "a\\", "b" },
	{ "a\\,id\\=b", "a,id=b", NULL },
	{ "a,id=\\,\\=\\\\", "a", ",=\\" },
	{ "a,id==", "a", "=" },
	{ "a,id=b=c", "a", "b=c" },
	{ "a,id=", "a", "" },
	{ "a,i\\\\d=x", NULL, NULL },
	{ "\303\244\\,\377", "\303\244,\377", NULL },
	{ " a , ro", NULL, NULL },
	{ "-", "-", NULL },
};

START_TEST(keywords__escapes)
{
	int rc = parse(DISK, escapes[_i].text);

	if (!escapes[_i].file) {
		assert_err(rc, -EINVAL, &e, "unknown key '");
		return;
	}
	assert_ok(rc, &e);
	ck_assert_str_eq(c.file, escapes[_i].file);
	ck_assert_pstr_eq(c.id, escapes[_i].id);
}
END_TEST

static const struct {
	unsigned grammar;
	const char *text;
	int rc;
	const char *message;
} wrong[] = {
	{ DISK, "a,cache=off", -EINVAL,
	  "unknown key 'cache' (expected ro, direct, id=TEXT, size=SIZE, "
	  "mode=MODE, forward=RULE; a comma in a text is written '\\,')" },
	{ DISK, "a,RO", -EINVAL, "unknown key 'RO'" },
	{ DISK, "a,r", -EINVAL, "unknown key 'r'" },
	{ DISK, "a,roo", -EINVAL, "unknown key 'roo'" },
	{ DISK, "a,ro ", -EINVAL, "unknown key 'ro '" },
	{ DISK, "a,b.img", -EINVAL, "unknown key 'b.img'" },
	{ DISK, "a,b\\=ro", -EINVAL, "unknown key 'b=ro'" },
	{ DISK, "a,r\\,o", -EINVAL, "unknown key 'r,o'" },
	{ PLAIN, "a,b", -EINVAL,
	  "unknown key 'b' (a comma in a text is written '\\,')" },
	{ DISK, "a,ro,ro", -EINVAL, "ro may be given only once" },
	{ DISK, "a,id=x,ro,id=x", -EINVAL, "id may be given only once" },
	{ DISK, "a,forward=1,forward=2,forward=3,forward=4", -E2BIG,
	  "forward may be given at most 3 times" },
	{ DISK, "a,ro=yes", -EINVAL, "ro takes no value" },
	{ DISK, "a,ro=", -EINVAL, "ro takes no value" },
	{ DISK, "a,id", -EINVAL, "id requires a value: id=TEXT" },
	{ DISK, "a,size=", -EINVAL, "size: '' is not a size" },
	{ DISK, "a,size=-1", -EINVAL, "size: '-1' is not a size" },
	{ DISK, "a,size=99999999999G", -ERANGE, "size: '99999999999G' is too" },
	{ DISK, "a,mode=on", -EINVAL,
	  "mode: unknown mode 'on' (expected auto, off)" },
	{ DISK, "", -EINVAL, "FILE is empty" },
	{ DISK, ",ro", -EINVAL, "FILE is empty" },
	{ DISK, "a,", -EINVAL, "part 2 is empty" },
	{ DISK, "a,,ro", -EINVAL, "part 2 is empty" },
	{ DISK, "a,ro,", -EINVAL, "part 3 is empty" },
	{ DISK, "a,=x", -EINVAL, "part 2 is empty" },
	{ DISK, "a,=", -EINVAL, "part 2 is empty" },
	{ DISK, ",,,,", -EINVAL, "FILE is empty" },
	{ DISK, "a=b.img", -EINVAL,
	  "'a=b.img' is not FILE (in a text, '=' is written '\\=')" },
	{ DISK, "id=x", -EINVAL, "'id=x' is not FILE" },
	{ DISK, "=", -EINVAL, "'=' is not FILE" },
	{ DISK, "a\\", -EINVAL, "a '\\' at the end" },
	{ DISK, "\\", -EINVAL, "a '\\' at the end" },
	{ DISK, "a,id=\\", -EINVAL, "a '\\' at the end" },
	{ DISK, "a\\\\\\", -EINVAL, "a '\\' at the end" },
	{ DISK, "a\\n", -EINVAL,
	  "unknown escape '\\n' (expected '\\,', '\\=' or '\\\\')" },
	{ DISK, "a,id=b\\ c", -EINVAL, "unknown escape '\\ '" },
	{ DISK, "a\\\n", -EINVAL, "unknown escape '\\\n'" },
	{ PORT, "log", -EINVAL, "'log' is not NAME=FILE" },
	{ PORT, "log\\=x", -EINVAL, "'log=x' is not NAME=FILE" },
	{ PORT, "", -EINVAL, "'' is not NAME=FILE" },
	{ PORT, "=x", -EINVAL, "NAME is empty" },
	{ PORT, "log=", -EINVAL, "FILE is empty" },
	{ PORT, "log=,ro", -EINVAL, "FILE is empty" },
	{ PORT, "log=x,direct", -EINVAL, "unknown key 'direct' (expected ro;" },
	{ SOCKET, "", -EINVAL, "part 1 is empty" },
	{ SOCKET, "ro", -EINVAL, "cid=N is missing" },
	{ SOCKET, "cid=3", -EINVAL, "socket=PATH is missing" },
	{ SOCKET, "cid=2,socket=/s", -ERANGE, "cid: 2 is outside 3 to 99" },
	{ SOCKET, "cid=3,socket=", -EINVAL,
	  "socket: the file's name is empty" },
	{ SOCKET, "/s,cid=3", -EINVAL,
	  "unknown key '/s' (expected cid=N, socket=PATH, ro;" },
	{ SOCKET, "cid=3,cid=3,socket=/s", -EINVAL, "cid may be given only" },
};

START_TEST(keywords__refuse)
{
	int rc = parse(wrong[_i].grammar, wrong[_i].text);

	assert_err(rc, wrong[_i].rc, &e, wrong[_i].message);
}
END_TEST

static const struct {
	unsigned grammar;
	const char *usage;
} usages[] = {
	{ DISK, "FILE[,ro][,direct][,id=TEXT][,size=SIZE][,mode=MODE]"
		"[,forward=RULE]" },
	{ PORT, "NAME=FILE[,ro]" },
	{ SOCKET, "cid=N,socket=PATH[,ro]" },
	{ PLAIN, "DIR" },
};

START_TEST(keywords__usage)
{
	char buf[128];

	keywords_usage(&grammars[usages[_i].grammar], buf, sizeof(buf));
	ck_assert_str_eq(buf, usages[_i].usage);
	/* If the room is too small, as much as fits is written. */
	for (size_t size = 1; size <= strlen(usages[_i].usage); size++) {
		memset(buf, '#', sizeof(buf));
		keywords_usage(&grammars[usages[_i].grammar], buf, size);
		ck_assert_uint_eq(strlen(buf), size - 1);
		ck_assert(!strncmp(buf, usages[_i].usage, size - 1));
		ck_assert(buf[size] == '#');
	}
}
END_TEST

/* Quotations are as long as the text, but a message has a limit. */
START_TEST(keywords__long_texts_are_cut_in_messages)
{
	static const char *const formats[] = {
		"a,%s", "a,%s=x", "%s=x", "%s", "a,mode=%s", "a,size=%s"
	};
	static char name[128 << 10], text[sizeof(name) + 16];

	memset(name, 'x', sizeof(name) - 1);
	for (unsigned grammar = 0; grammar < COUNT(grammars); grammar++)
		for (size_t i = 0; i < COUNT(formats); i++) {
			/* The format is one of those above. */
			char *s = strstr(strcpy(text, formats[i]), "%s");
			size_t at = (size_t)(s - text);

			strcpy(text + at, name);
			strcat(text, formats[i] + at + 2);
			if (parse(grammar, text))
				ck_assert_uint_lt(strlen(e.msg), ERR_MSG_SIZE);
		}
}
END_TEST

/*
 * Every text of up to six special bytes, for every grammar: no access is out of
 * bounds, and every refusal has a message.
 */
START_TEST(keywords__any_text)
{
	static const char bytes[] = { ',', '=', '\\', 'a', 'r', 'o' };
	char text[7];
	unsigned long taken = 0;

	for (size_t len = 0; len < sizeof(text); len++) {
		size_t all = 1;

		for (size_t i = 0; i < len; i++)
			all *= COUNT(bytes);
		for (size_t n = 0; n < all; n++) {
			size_t left = n;

			for (size_t i = 0; i < len; i++, left /= COUNT(bytes))
				text[i] = bytes[left % COUNT(bytes)];
			text[len] = '\0';
			e.msg[0] = '\0';
			if (!parse(_i, text))
				taken++;
			else
				ck_assert_msg(*e.msg, "no message for '%s'",
					      text);
		}
	}
	/* cid=N is never among them. */
	ck_assert_msg(!taken == (_i == SOCKET), "%lu texts taken", taken);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("keywords");
	TCase *t = tcase_create("keywords");

	tcase_set_timeout(t, 120);
	tcase_add_test(t, keywords__of_a_disk);
	tcase_add_test(t, keywords__of_a_port);
	tcase_add_test(t, keywords__without_a_first_part);
	tcase_add_loop_test(t, keywords__printed_in_a_folder, 0, COUNT(moves));
	tcase_add_loop_test(t, keywords__escapes, 0, COUNT(escapes));
	tcase_add_loop_test(t, keywords__refuse, 0, COUNT(wrong));
	tcase_add_loop_test(t, keywords__usage, 0, COUNT(usages));
	tcase_add_test(t, keywords__long_texts_are_cut_in_messages);
	tcase_add_loop_test(t, keywords__any_text, 0, COUNT(grammars));
	suite_add_tcase(s, t);
	return s;
}
