/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "support/log_builder.h"

#include <string.h>

#define DESCS	   16 /* as many as a test has records, and more */
#define INFO_SIZE  88
#define OLD_HEAD   16
#define AFTER_TEXT 12288 /* descriptors, infos, texts */

struct maker {
	const struct test_log *t;
	uint8_t *at;
	unsigned word;
	uint64_t base;
};

static void put(struct maker *m, uint64_t off, uint64_t v, unsigned size)
{
	memcpy(m->at + off, &v, size);
}

static void put_word(struct maker *m, uint64_t off, uint64_t v)
{
	put(m, off, v, m->word);
}

static void make_old(struct maker *m)
{
	const struct test_log *t = m->t;
	uint32_t at = t->skip, buf = AFTER_TEXT;

	put_word(m, TEST_LOG_BUF, m->base + buf);
	put(m, TEST_LOG_BUF_LEN, t->buf_size, 4);
	put(m, TEST_LOG_FIRST, at, 4);
	for (unsigned i = 0; i < t->records_count; i++) {
		const struct test_log_record *r = &t->records[i];
		uint32_t text = (uint32_t)strlen(r->text);
		uint32_t len = (OLD_HEAD + text + 3) & ~3u;

		/* As the kernel: room for a head of length 0 must be left. */
		if (at + len + OLD_HEAD > t->buf_size) {
			memset(m->at + buf + at, 0, OLD_HEAD);
			at = 0;
		}
		put(m, buf + at, r->ts_ns, 8);
		put(m, buf + at + 8, len, 2);
		put(m, buf + at + 10, text, 2);
		put(m, buf + at + 14, r->prio >> 3, 1);
		put(m, buf + at + 15, (r->prio & 7) << 5 | 2, 1);
		memcpy(m->at + buf + at + OLD_HEAD, r->text, text);
		at += len;
	}
	put(m, TEST_LOG_NEXT, at, 4);
}

/* A text's place, as the kernel's data_alloc() has it up to 6.17. */
static uint64_t make_text(struct maker *m, uint64_t texts, uint64_t *lpos,
			  uint64_t id, const char *text)
{
	uint64_t size = m->t->buf_size, len = strlen(text);
	uint64_t need = (m->word + len + m->word - 1) &
			~(uint64_t)(m->word - 1);
	uint64_t begin = *lpos, next = begin + need, at = begin % size;

	if (at + need >= size) {
		next = begin - at + size + need;
		put_word(m, texts + at, id);
		at = 0;
	}
	put_word(m, texts + at, id);
	memcpy(m->at + texts + at + m->word, text, len);
	*lpos = next;
	return begin;
}

static void make_new(struct maker *m)
{
	const struct test_log *t = m->t;
	unsigned word = m->word, shift = t->is32 ? 30 : 62;
	uint64_t mask = (UINT64_C(1) << shift) - 1;
	uint64_t rb = TEST_LOG_RING;
	uint64_t data = rb + (5 + t->later) * word;
	uint64_t descs = AFTER_TEXT;
	uint64_t infos = descs + DESCS * 3 * word;
	uint64_t texts = infos + DESCS * INFO_SIZE;
	/* Both overflow soon, as the kernel's first ones do. */
	uint64_t id = (0 - (uint64_t)DESCS + t->skip) & mask;
	uint64_t lpos = 0 - (uint64_t)t->buf_size + t->skip * word;

	put_word(m, TEST_LOG_PRB, m->base + rb);
	put(m, rb, 4, 4);
	put_word(m, rb + word, m->base + descs);
	put_word(m, rb + 2 * word, m->base + infos);
	put_word(m, rb + 3 * word, (id + t->records_count - 1) & mask);
	put_word(m, rb + 4 * word, id);
	if (t->later)
		put_word(m, rb + 5 * word, 3);
	put(m, data, (unsigned)__builtin_ctz(t->buf_size), 4);
	put_word(m, data + word, m->base + texts);
	for (unsigned i = 0; i < t->records_count; i++) {
		const struct test_log_record *r = &t->records[i];
		uint64_t desc = descs + id % DESCS * 3 * word;
		uint64_t info = infos + id % DESCS * INFO_SIZE;
		uint64_t state = r->state ? r->state - 1 : 2, begin;

		put_word(m, desc, state << shift | id);
		put(m, info, i, 8);
		put(m, info + 8, r->ts_ns, 8);
		put(m, info + 16, strlen(r->text), 2);
		put(m, info + 18, r->prio >> 3, 1);
		put(m, info + 19, (r->prio & 7) << 5 | 2, 1);
		if (*r->text) {
			begin = make_text(m, texts, &lpos, id, r->text);
			put_word(m, desc + word, begin);
			put_word(m, desc + 2 * word, lpos);
		} else {
			put_word(m, desc + word, 3);
			put_word(m, desc + 2 * word, 3);
		}
		id = (id + 1) & mask;
	}
}

void test_log_build(const struct test_log *t, struct buf *out)
{
	struct maker m = {
		.t = t,
		.word = t->is32 ? 4 : 8,
		.base = t->is32 ? TEST_LOG_BASE32 : TEST_LOG_BASE64,
	};
	size_t len = AFTER_TEXT + DESCS * (3 * 8 + INFO_SIZE) + t->buf_size;

	m.at = buf_extend(out, len);
	memset(m.at, 0, len);
	if (t->info) {
		put_word(&m, TEST_LOG_INFO, m.base + TEST_LOG_TEXT);
		put_word(&m, TEST_LOG_INFO_SIZE, strlen(t->info));
		memcpy(m.at + TEST_LOG_TEXT, t->info, strlen(t->info));
	}
	if (t->old)
		make_old(&m);
	else
		make_new(&m);
}
