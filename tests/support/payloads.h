/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Compressed payloads for tests, made in memory by the compressors of
 * `launcher pack`. A failing malloc aborts.
 */
#ifndef TESTS_SUPPORT_PAYLOADS_H
#define TESTS_SUPPORT_PAYLOADS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "pack/compress.h"

/*
 * Append the @len bytes at @in to *@out, compressed as @format ("gzip",
 * "bzip2", "lzma", "xz", "lzo", "lz4", "zstd", "none").
 *
 * @kernel_tail: append the decoded size too, for the formats whose kernel
 * payloads have it.
 * Returns 0, or -1 if there is no such format.
 */
int payload_compress(const char *format, const void *in, size_t len,
		     struct buf *out, bool kernel_tail);

/* The same with zstd's or xz's window or dictionary of 2^@log bytes. */
void payload_zstd(const void *in, size_t len, int log, struct buf *out);
void payload_xz(const void *in, size_t len, unsigned log, struct buf *out);

/* An lzop file with the given LZOP_ flags. */
void payload_lzo(const void *in, size_t len, uint32_t flags, struct buf *out);

/* @len bytes that compress, to something else for each @seed. */
void payload_fill(void *data, size_t len, uint32_t seed);

#endif
