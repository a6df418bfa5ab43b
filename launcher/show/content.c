/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "show/content.h"

#include <elf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK ((uint64_t)4096)

/* Bytes that the report shows in another form. */
struct range {
	uint64_t from, to;
};

struct ranges {
	struct range *list;
	size_t count;
};

static uint64_t min64(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static void add(struct ranges *r, uint64_t from, uint64_t len)
{
	uint64_t to;

	if (__builtin_add_overflow(from, len, &to))
		to = UINT64_MAX;
	r->list[r->count++] = (struct range){ from, to };
}

static void add_headers(struct ranges *r, const struct kernel_elf *k)
{
	struct bytes b = k->bytes;
	uint64_t phoff64 = 0;
	uint32_t phoff32 = 0;

	if (k->is64) {
		bytes_le64(b, offsetof(Elf64_Ehdr, e_phoff), &phoff64);
		add(r, 0, sizeof(Elf64_Ehdr));
		add(r, phoff64, k->segments_count * sizeof(Elf64_Phdr));
	} else {
		bytes_le32(b, offsetof(Elf32_Ehdr, e_phoff), &phoff32);
		add(r, 0, sizeof(Elf32_Ehdr));
		add(r, phoff32, k->segments_count * sizeof(Elf32_Phdr));
	}
}

/* A note with its head: three words and the owner's name. */
static void add_note(struct ranges *r, const struct kernel_elf *k,
		     const struct note *n)
{
	uint64_t off = (uint64_t)(n->desc.data - k->bytes.data);
	uint64_t head = sizeof(Elf64_Nhdr) + ((strlen(n->owner) + 4) & ~3ull);

	head = min64(head, off);
	add(r, off - head, head + n->desc.len);
}

static void add_all(struct ranges *r, const struct kernel_elf *k)
{
	add_headers(r, k);
	for (unsigned i = 0; i < k->notes.count; i++)
		add_note(r, k, &k->notes.list[i]);
}

static int by_start(const void *a, const void *b)
{
	const struct range *x = a, *y = b;

	return x->from < y->from ? -1 : x->from > y->from;
}

void content_span(struct content *c, struct bytes a, struct bytes b,
		  uint64_t from, uint64_t to)
{
	to = min64(to, min64(a.len, b.len));
	while (from < to) {
		uint64_t n = min64(BLOCK, to - from);

		if (memcmp(a.data + from, b.data + from, n))
			for (uint64_t i = from; i < from + n; i++)
				if (a.data[i] != b.data[i] && !c->different++)
					c->first = i;
		from += n;
	}
}

int content_compare(const struct inspection *a, const struct inspection *b,
		    struct content *c, struct err *e)
{
	struct bytes x = a->decoded.bytes, y = b->decoded.bytes;
	struct ranges r = { 0 };
	uint64_t at = 0;

	*c = (struct content){ 0 };
	r.list = calloc((size_t)a->elf.notes.count + b->elf.notes.count + 4,
			sizeof(*r.list));
	if (!r.list)
		return err_set(e, ENOMEM, "no memory for the comparison");
	add_all(&r, &a->elf);
	add_all(&r, &b->elf);
	qsort(r.list, r.count, sizeof(*r.list), by_start);
	for (size_t i = 0; i < r.count; i++) {
		content_span(c, x, y, at, r.list[i].from);
		if (r.list[i].to > at)
			at = r.list[i].to;
	}
	content_span(c, x, y, at, UINT64_MAX);
	free(r.list);
	return 0;
}

int content_segment(const struct kernel_elf *k, uint64_t off)
{
	for (unsigned i = 0; i < k->segments_count; i++) {
		const struct elf_segment *s = &k->segments[i];

		if (s->type == PT_LOAD && off >= s->off &&
		    off - s->off < s->filesz)
			return (int)i;
	}
	return -1;
}
