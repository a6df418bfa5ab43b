/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Kernel logs in memory, in each form that kernels have had.
 */
#ifndef TESTS_SUPPORT_LOG_BUILDER_H
#define TESTS_SUPPORT_LOG_BUILDER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"

/* Where the built bytes are to lie. */
#define TEST_LOG_BASE64 UINT64_C(0xffffffff82a00000)
#define TEST_LOG_BASE32 UINT64_C(0xc1a00000)

/* At its start are the variables, each in 8 bytes: */
enum {
	TEST_LOG_PRB = 0,
	TEST_LOG_BUF = 8,
	TEST_LOG_BUF_LEN = 16,
	TEST_LOG_FIRST = 24,
	TEST_LOG_NEXT = 32,
	TEST_LOG_INFO = 40,	 /* vmcoreinfo_data */
	TEST_LOG_INFO_SIZE = 48, /* vmcoreinfo_size */
	TEST_LOG_RING = 64,	 /* the ring, or the old buffer */
	TEST_LOG_TEXT = 8192,	 /* VMCOREINFO's, a page */
};

struct test_log_record {
	unsigned prio;
	uint64_t ts_ns;
	const char *text;
	unsigned state; /* 0: finalized; else 1 more than the state */
};

struct test_log {
	bool is32;
	bool old;      /* the form up to 5.9 */
	bool later;    /* a word more in the ring of descriptors, as in 6.8 */
	unsigned skip; /* ids and bytes of text used before the first */
	const char *info;  /* the VMCOREINFO text, or NULL */
	uint32_t buf_size; /* a power of two */
	const struct test_log_record *records;
	unsigned records_count;
};

/* Fill @out with the bytes from the base on. */
void test_log_build(const struct test_log *t, struct buf *out);

#endif
