/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A hostile option with parts. Beyond not crashing: every refusal has a
 * message, values lie in the text, and an accepted option that is written again
 * from its values, with escapes, means the same.
 */
#include "fuzz/fuzz.h"
#include "base/keywords.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TEXT_MAX 4096

struct config {
	const char *name, *file, *id;
	const char *list[3];
	size_t list_count;
	bool ro;
	uint64_t size;
};

static const struct keyword keys[] = {
	{ "ro", NULL, VALUE_FLAG_AT(struct config, ro), .help = "" },
	{ "id", "TEXT", VALUE_TEXT_AT(struct config, id), .help = "" },
	{ "size", "SIZE", VALUE_SIZE_AT(struct config, size), .help = "" },
	{ "list", "TEXT",
	  VALUES_AT(VALUE_TEXT, struct config, list, list_count), .times = 3 },
};

static const struct keywords grammar = {
	.first = "NAME",
	.first_value = VALUE_TEXT_AT(struct config, name),
	.second = "FILE",
	.second_value = VALUE_OUTPUT_AT(struct config, file),
	.keys = keys,
	.count = sizeof(keys) / sizeof(*keys),
};

static void claim(bool holds)
{
	if (!holds)
		abort();
}

static void claim_inside(const char *value, const char *text, size_t len)
{
	claim(!value || (value >= text && value + strlen(value) <= text + len));
}

/* Append @key, and @value with its escapes. */
static void put(char *to, const char *key, const char *value)
{
	to += strlen(to);
	to += sprintf(to, "%s", key);
	for (; value && *value; value++) {
		if (strchr(",=\\", *value))
			*to++ = '\\';
		*to++ = *value;
	}
	*to = '\0';
}

static void write_again(const struct config *c, char *to)
{
	char size[32];

	*to = '\0';
	put(to, "", c->name);
	put(to, "=", c->file);
	if (c->ro)
		put(to, ",ro", NULL);
	if (c->id)
		put(to, ",id=", c->id);
	for (size_t i = 0; i < c->list_count; i++)
		put(to, ",list=", c->list[i]);
	snprintf(size, sizeof(size), "%llu", (unsigned long long)c->size);
	put(to, ",size=", size);
}

static bool same(const char *a, const char *b)
{
	return a && b ? !strcmp(a, b) : a == b;
}

static void compare(const struct config *a, const struct config *b)
{
	claim(same(a->name, b->name) && same(a->file, b->file));
	claim(same(a->id, b->id) && a->ro == b->ro && a->size == b->size);
	claim(a->list_count == b->list_count);
	for (size_t i = 0; i < a->list_count; i++)
		claim(same(a->list[i], b->list[i]));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char again[2 * TEXT_MAX + 128];
	struct config c = { 0 }, twice = { 0 };
	struct err e = ERR_EMPTY;
	char *text;
	size_t len;

	if (size > TEXT_MAX)
		return 0;
	text = strndup((const char *)data, size);
	len = strlen(text);
	if (keywords_parse(&grammar, text, &c, &e)) {
		claim(*e.msg);
		free(text);
		return 0;
	}
	claim_inside(c.name, text, len);
	claim_inside(c.file, text, len);
	claim_inside(c.id, text, len);
	for (size_t i = 0; i < c.list_count; i++)
		claim_inside(c.list[i], text, len);
	write_again(&c, again);
	claim(!keywords_parse(&grammar, again, &twice, &e));
	compare(&c, &twice);
	free(text);
	return 0;
}

void fuzz_seeds(void)
{
	static const char *const seeds[] = {
		"a=b",
		"a=b,ro,id=x,size=2M",
		"a\\=\\,=\\\\,list=1,list=\\,,list==",
		"a=b,id=,ro",
		"a=b,,",
	};
	char name[16];

	for (size_t i = 0; i < sizeof(seeds) / sizeof(*seeds); i++) {
		snprintf(name, sizeof(name), "%zu", i);
		fuzz_seed(name, seeds[i], strlen(seeds[i]));
	}
}
