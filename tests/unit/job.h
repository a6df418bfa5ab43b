/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A decoding job with its own output, for the decoder suites. Each run also
 * checks what every decoder must guarantee: it writes nothing past the ceiling,
 * and its error messages name the format.
 */
#ifndef TESTS_UNIT_JOB_H
#define TESTS_UNIT_JOB_H

#include "unit/unit.h"
#include "support/payloads.h"
#include "image/format.h"

#include <errno.h>
#include <stdlib.h>

#define MIB	     ((size_t)1 << 20)
#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

/* Placed after the ceiling; no decoder may change it. */
#define CANARY	   0xa5
#define CANARY_LEN 64

struct job {
	struct decode d;
	struct err e;
	int rc;
};

static inline void job_run(struct job *j, const char *format, const void *in,
			   size_t len, size_t cap, size_t enough)
{
	*j = (struct job){ .d = { .in = { in, len },
				  .out = malloc(cap + CANARY_LEN),
				  .cap = cap,
				  .expect = cap,
				  .enough = enough } };
	ck_assert_ptr_nonnull(j->d.out);
	memset(j->d.out + cap, CANARY, CANARY_LEN);
	j->rc = format_by_name(format)->decode(&j->d, &j->e);
	for (size_t i = 0; i < CANARY_LEN; i++)
		ck_assert_msg(j->d.out[cap + i] == CANARY,
			      "%s: wrote %zu bytes past the ceiling", format,
			      i + 1);
	ck_assert_msg(j->d.out_len <= cap, "%s: out_len past cap", format);
	if (j->rc)
		ck_assert_msg(strstr(j->e.msg, format) == j->e.msg,
			      "\"%s\" does not begin with \"%s\"", j->e.msg,
			      format);
}

static inline void job_release(struct job *j)
{
	free(j->d.out);
}

/* All of @want was decoded, from @in_used bytes of input. */
static inline void job_expect(const struct job *j, const char *format,
			      const void *want, size_t len, size_t in_used)
{
	ck_assert_msg(j->rc == 0, "%s: %d \"%s\"", format, j->rc, j->e.msg);
	ck_assert_msg(j->d.out_len == len, "%s: %zu bytes, not %zu", format,
		      j->d.out_len, len);
	ck_assert_msg(!memcmp(j->d.out, want, len), "%s: other bytes", format);
	ck_assert_msg(j->d.in_used == in_used, "%s: read %zu of %zu", format,
		      j->d.in_used, in_used);
}

/* @in decodes to exactly @want, with a ceiling of exactly its size. */
static inline void expect_decoded(const char *format, const struct buf *in,
				  const void *want, size_t len, size_t in_used)
{
	struct job j;

	job_run(&j, format, in->data, in->len, len, SIZE_MAX);
	job_expect(&j, format, want, len, in_used);
	job_release(&j);
}

/* With a ceiling of @cap bytes, @in fails with @rc and the message @msg. */
static inline void expect_error(const char *format, const struct buf *in,
				size_t cap, int rc, const char *msg)
{
	struct job j;

	job_run(&j, format, in->data, in->len, cap, SIZE_MAX);
	assert_err(j.rc, rc, &j.e, msg);
	job_release(&j);
}

/* Overwrite @n bytes at @off of an otherwise valid stream. */
struct change {
	size_t off;
	uint8_t bytes[4];
	size_t n;
	int rc;
	const char *msg;
};

static inline void expect_change(const char *format, const struct buf *good,
				 size_t cap, const struct change *c)
{
	struct buf b = { 0 };

	buf_add(&b, good->data, good->len);
	memcpy(b.data + c->off, c->bytes, c->n);
	expect_error(format, &b, cap, c->rc, c->msg);
	buf_release(&b);
}

#endif
