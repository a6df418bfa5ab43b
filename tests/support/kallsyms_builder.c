/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "support/kallsyms_builder.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Tokens of more than one character; the others stand for themselves, as far
 * as names use them, or are empty. */
static const struct {
	uint8_t number;
	const char *text;
} words[] = {
	{ 0, "percpu_" },
	{ 1, "ymbol_" },
	{ 0xff, "Ts" },
};

static bool is_used(unsigned c)
{
	return (c >= '0' && c <= '9') ||
	       (c && strchr("ATstymbolpercu_x", (int)c));
}

static void token(unsigned number, char text[16])
{
	text[0] = is_used(number) ? (char)number : '\0';
	text[1] = '\0';
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (words[i].number == number)
			strcpy(text, words[i].text);
}

void kallsyms_expected(const struct test_kallsyms *t, uint32_t i, char *text,
		       size_t size, uint64_t *address)
{
	int n;

	if (i < t->percpu) {
		snprintf(text, size, "Apercpu_%" PRIu32, i);
		*address = 8 * (uint64_t)i;
		return;
	}
	n = snprintf(text, size, "%csymbol_%" PRIu32, i % 10 ? 'T' : 't', i);
	*address = t->vaddr + 16 * (uint64_t)(i % 10 || !i ? i : i - 1);
	if (i == 1 && n + t->long_one < size) {
		memset(text + n, 'x', t->long_one);
		text[n + t->long_one] = '\0';
	}
}

/* The longest token at @text, and its length. */
static uint8_t best_token(const char *text, size_t *len)
{
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
		*len = strlen(words[i].text);
		if (!strncmp(text, words[i].text, *len))
			return words[i].number;
	}
	*len = 1;
	return (uint8_t)*text;
}

static void add_name(struct buf *out, const char *text)
{
	uint8_t tokens[2048];
	unsigned n = 0;
	uint8_t low, high;
	size_t len;

	for (; *text; text += len)
		tokens[n++] = best_token(text, &len);
	low = n & 0x7f;
	high = (uint8_t)(n >> 7);
	if (high)
		low |= 0x80;
	buf_add(out, &low, 1);
	if (high)
		buf_add(out, &high, 1);
	buf_add(out, tokens, n);
}

static void pad(struct buf *out, unsigned align)
{
	while (out->len % align)
		buf_add(out, "", 1);
}

static void add_word(struct buf *out, uint64_t v, unsigned size)
{
	buf_add(out, &v, size);
}

static unsigned word(const struct test_kallsyms *t)
{
	return t->is32 ? 4 : 8;
}

static void add_number(const struct test_kallsyms *t, struct buf *out,
		       uint64_t base, uint64_t address)
{
	switch (t->numbers) {
	case KALLSYMS_WORDS:
		add_word(out, address, word(t));
		break;
	case KALLSYMS_FROM_BASE:
		add_word(out, address - base, 4);
		break;
	case KALLSYMS_PERCPU_OR_BASE:
		add_word(out, address < base ? address : base - 1 - address, 4);
		break;
	case KALLSYMS_FROM_PLACE:
		add_word(out, address - (t->vaddr + out->len), 4);
		break;
	}
}

static void add_addresses(const struct test_kallsyms *t, struct buf *out,
			  unsigned align, struct kallsyms_offsets *at)
{
	char text[2048];
	uint64_t base = t->vaddr, address;

	pad(out, align);
	at->addresses = out->len;
	for (uint32_t i = 0; i < t->count; i++) {
		kallsyms_expected(t, i, text, sizeof(text), &address);
		add_number(t, out, base, address);
	}
	pad(out, align);
	at->base = out->len;
	if (t->numbers == KALLSYMS_FROM_BASE ||
	    t->numbers == KALLSYMS_PERCPU_OR_BASE)
		add_word(out, base, word(t));
}

static void add_names(const struct test_kallsyms *t, struct buf *out,
		      unsigned align, struct kallsyms_offsets *at)
{
	uint64_t *markers = calloc(t->count / 256 + 1, sizeof(*markers));
	char text[2048];
	uint64_t address;

	if (!markers)
		abort();
	pad(out, align);
	at->count = out->len;
	add_word(out, t->count, align);
	at->names = out->len;
	for (uint32_t i = 0; i < t->count; i++) {
		if (i % 256 == 0)
			markers[i / 256] = out->len - at->names;
		kallsyms_expected(t, i, text, sizeof(text), &address);
		add_name(out, text);
	}
	pad(out, align);
	at->markers = out->len;
	for (uint32_t i = 0; i < (t->count + 255) / 256; i++)
		add_word(out, markers[i], t->marker_size);
	pad(out, align);
	free(markers);
}

/* They are not read, so they need not be in order. */
static void add_sequences(const struct test_kallsyms *t, struct buf *out,
			  unsigned align)
{
	for (uint32_t i = 0; i < t->count; i++) {
		const uint8_t big_endian[] = { (uint8_t)(i >> 16),
					       (uint8_t)(i >> 8), (uint8_t)i };

		if (t->sequence_size == 3)
			buf_add(out, big_endian, 3);
		else if (t->sequence_size == 4)
			add_word(out, i, 4);
	}
	pad(out, align);
}

static void add_tokens(struct buf *out, unsigned align,
		       struct kallsyms_offsets *at)
{
	uint16_t index[256];
	char text[16];

	at->tokens = out->len;
	for (unsigned i = 0; i < 256; i++) {
		index[i] = (uint16_t)(out->len - at->tokens);
		token(i, text);
		buf_add(out, text, strlen(text) + 1);
	}
	pad(out, align);
	at->index = out->len;
	buf_add(out, index, sizeof(index));
}

void kallsyms_build(const struct test_kallsyms *t, struct buf *out,
		    struct kallsyms_offsets *at)
{
	unsigned align = t->align ?: word(t);
	struct kallsyms_offsets ignored;

	if (!at)
		at = &ignored;
	if (!t->behind)
		add_addresses(t, out, align, at);
	add_names(t, out, align, at);
	if (!t->behind)
		add_sequences(t, out, align);
	add_tokens(out, align, at);
	if (t->behind) {
		add_addresses(t, out, align, at);
		add_sequences(t, out, align);
	}
}
