/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fuzz/mutate.h"

#include <stdlib.h>
#include <string.h>

#define RECORDS_MAX  256
#define PLAIN_ONE_IN 8

static uint32_t state = 1;

/* xorshift32: never 0. */
uint32_t fuzz_random(uint32_t n)
{
	state ^= state << 13;
	state ^= state >> 17;
	state ^= state << 5;
	return state % n;
}

bool fuzz_is_plain(unsigned seed)
{
	state = seed * 2654435761u | 1;
	fuzz_random(2);
	return getenv("FUZZ_PLAIN") || !fuzz_random(PLAIN_ONE_IN);
}

uint64_t fuzz_number(uint64_t old, uint64_t size)
{
	switch (fuzz_random(8)) {
	case 0:
		return fuzz_random(4);
	case 1:
		return old + fuzz_random(17) - 8;
	case 2:
		return size + fuzz_random(9) - 4;
	case 3:
		return (UINT64_C(1) << fuzz_random(64)) - fuzz_random(2);
	case 4:
		return UINT64_MAX - fuzz_random(4);
	case 5:
		return old ^ UINT64_C(1) << fuzz_random(32);
	case 6:
		return size ? fuzz_random((uint32_t)size) : 0;
	default:
		return fuzz_random(UINT32_MAX);
	}
}

uint64_t fuzz_get(const uint8_t *p, unsigned width)
{
	uint64_t v = 0;

	memcpy(&v, p, width);
	return v;
}

void fuzz_put(uint8_t *p, unsigned width, uint64_t value)
{
	memcpy(p, &value, width);
}

/* ---- inputs of records */

/* Put @n bytes at @off in the place of @old; the new size, or @size if that
 * would be more than @max. */
static size_t splice(uint8_t *data, size_t size, size_t max, size_t off,
		     size_t old, const uint8_t *with, size_t n)
{
	if (size - old + n > max)
		return size;
	memmove(data + off + n, data + off + old, size - off - old);
	if (n)
		memcpy(data + off, with, n);
	return size - old + n;
}

/* The offsets of the records and of the end: at least one. */
static unsigned find_records(const struct fuzz_grammar *g, const uint8_t *data,
			     size_t size, size_t *at)
{
	unsigned n = 0;
	size_t off = g->head;

	for (; off < size && n < RECORDS_MAX; n++) {
		at[n] = off;
		off += g->measure(g, data + off, size - off);
	}
	at[n] = off < size ? off : size;
	return n;
}

static size_t change_one(const struct fuzz_grammar *g, uint8_t *data,
			 size_t size, size_t max, size_t off, size_t len)
{
	uint8_t record[FUZZ_RECORD_MAX];
	size_t n;

	if (len > sizeof(record))
		return size;
	memcpy(record, data + off, len);
	n = g->change(g, record, len);
	return splice(data, size, max, off, len, record, n);
}

size_t fuzz_mutate(const struct fuzz_grammar *g, uint8_t *data, size_t size,
		   size_t max)
{
	size_t at[RECORDS_MAX + 1], from, len;
	uint8_t record[FUZZ_RECORD_MAX];
	unsigned n, to;

	if (size < g->head || max < g->head + 1)
		return LLVMFuzzerMutate(data, size, max);
	n = find_records(g, data, size, at);
	to = fuzz_random(n + 1);
	if (!n || !fuzz_random(4)) {
		len = g->make(g, record);
		return splice(data, size, max, at[to], 0, record, len);
	}
	from = at[fuzz_random(n)];
	len = g->measure(g, data + from, size - from);
	switch (fuzz_random(8)) {
	case 0:
		return splice(data, size, max, from, len, NULL, 0);
	case 1:
		if (len > sizeof(record))
			return size;
		memcpy(record, data + from, len);
		return splice(data, size, max, at[to], 0, record, len);
	case 2:
		if (g->head)
			LLVMFuzzerMutate(data, g->head, g->head);
		return size;
	default:
		return change_one(g, data, size, max, from, len);
	}
}

/* ---- records of fields */

static const struct fuzz_kind *kind_of(const struct fuzz_table *t,
				       const uint8_t *p)
{
	return &t->kinds[p[0] % t->count];
}

static size_t fixed_size(const struct fuzz_kind *k)
{
	size_t size = 1;

	for (unsigned i = 0; i < k->count; i++)
		size += k->fields[i].width;
	return size;
}

size_t fuzz_table_measure(const struct fuzz_grammar *g, const uint8_t *p,
			  size_t left)
{
	const struct fuzz_kind *k = kind_of(g->table, p);
	size_t size = fixed_size(k);

	if (k->has_tail && size <= left)
		size += p[size - 1];
	return size < left ? size : left;
}

static void fill(const struct fuzz_field *f, uint8_t *p)
{
	uint64_t value = fuzz_get(p, f->width);

	if (f->count && fuzz_random(4))
		value = f->values[fuzz_random(f->count)];
	else
		value = fuzz_number(value, 64);
	fuzz_put(p, f->width, value);
}

/* A tail of a known word or two, or of any bytes; its length goes before it. */
static size_t fill_tail(const struct fuzz_table *t, uint8_t *length, size_t len)
{
	uint8_t *p = length + 1;

	if (t->words_count && fuzz_random(4)) {
		len = 0;
		for (unsigned n = 1 + fuzz_random(2); n; n--) {
			const char *w = t->words[fuzz_random(t->words_count)];
			size_t size = strlen(w) + 1;

			memcpy(p + len, w, size);
			len += size;
		}
	} else {
		len = LLVMFuzzerMutate(p, len, 64);
	}
	*length = (uint8_t)len;
	return len;
}

size_t fuzz_table_make(const struct fuzz_grammar *g, uint8_t *to)
{
	const struct fuzz_table *t = g->table;
	unsigned opcode = fuzz_random(t->count);
	const struct fuzz_kind *k = &t->kinds[opcode];
	uint8_t *p = to + 1;

	to[0] = (uint8_t)opcode;
	if (t->opcodes)
		fill(t->opcodes, to);
	for (unsigned i = 0; i < k->count; i++) {
		memset(p, 0, k->fields[i].width);
		fill(&k->fields[i], p);
		p += k->fields[i].width;
	}
	if (k->has_tail)
		p += fill_tail(t, p - 1, 0);
	return (size_t)(p - to);
}

size_t fuzz_table_change(const struct fuzz_grammar *g, uint8_t *p, size_t len)
{
	const struct fuzz_kind *k = kind_of(g->table, p);
	size_t fixed = fixed_size(k), off = 1;
	unsigned i;

	/* One that is cut off at the end of the input. */
	if (len < fixed)
		return fuzz_table_make(g, p);
	if (g->table->opcodes && !fuzz_random(4)) {
		fill(g->table->opcodes, p);
		return len;
	}
	if (k->has_tail && !fuzz_random(2)) {
		if (len - fixed > 64)
			len = fixed + 64;
		return fixed + fill_tail(g->table, p + fixed - 1, len - fixed);
	}
	if (k->count <= k->has_tail)
		return len;
	i = fuzz_random(k->count - k->has_tail);
	for (unsigned n = 0; n < i; n++)
		off += k->fields[n].width;
	fill(&k->fields[i], p + off);
	return len;
}

/* ---- files with a header */

void fuzz_change_place(const struct fuzz_place *places, size_t count,
		       uint8_t *p, size_t len, size_t size)
{
	const struct fuzz_place *at = &places[fuzz_random((uint32_t)count)];

	if ((size_t)at->off + at->width > len)
		return;
	fuzz_put(p + at->off, at->width,
		 fuzz_number(fuzz_get(p + at->off, at->width), size));
}
