/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Compressed payloads for tests, made in memory.
 *
 * Made by the same libraries that the launcher decodes with, in the shape
 * that a kernel's build makes them: the format's command-line tool, then for
 * most formats the decoded size as four little-endian bytes. lzop's and
 * lz4's file formats have no library, so their containers are built here.
 */
#ifndef TESTS_SUPPORT_PAYLOADS_H
#define TESTS_SUPPORT_PAYLOADS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A growing run of bytes. { 0 } is empty. */
struct buf {
	uint8_t *data;
	size_t len;
	size_t room;
};

/* Append; tests have no use for a failing malloc, so that aborts. */
void buf_add(struct buf *b, const void *data, size_t len);
/* Append @len bytes to be filled in by the caller. */
uint8_t *buf_extend(struct buf *b, size_t len);
void buf_le32(struct buf *b, uint32_t v);
void buf_be32(struct buf *b, uint32_t v);
void buf_release(struct buf *b);

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

/* An lzop file with the given flags: any of these. */
#define LZOP_ADLER32_D	  0x0001
#define LZOP_ADLER32_C	  0x0002
#define LZOP_EXTRA_FIELD  0x0040
#define LZOP_CRC32_D	  0x0100
#define LZOP_CRC32_C	  0x0200
#define LZOP_HEADER_CRC32 0x1000
void payload_lzo(const void *in, size_t len, uint32_t flags, struct buf *out);

/* @len bytes that compress, to something else for each @seed. */
void payload_fill(void *data, size_t len, uint32_t seed);

#endif
