/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The compression formats of kernels, and how each is decoded.
 *
 * One table row for each format: its magic, its name, its command-line tool,
 * its decoder. Decoding is from memory to memory, directly to the final place
 * (guest memory, in a run), with a limit: a decoder never writes at or past out
 * + cap, whatever the stream states.
 *
 * Must never trust: every byte of `in`.
 *
 * Spec: Linux, scripts/Makefile.lib (how payloads are made) and
 * scripts/xz_wrap.sh; each format's own.
 */
#ifndef IMAGE_FORMAT_H
#define IMAGE_FORMAT_H

#include "base/bytes.h"
#include "base/err.h"

/* One decoding job: input, output, and result. */
struct decode {
	struct bytes in; /* the stream; other bytes may follow it */
	uint8_t *out;	 /* decoded bytes go here */
	size_t cap;	 /* the ceiling: room at out, in bytes */
	size_t expect;	 /* a hint, never trusted: the decoded size that the
			  * image states; this much memory is prefaulted.
			  * 0: no prefault, or the size is unknown */
	size_t enough;	 /* the job may stop once this many bytes are out;
			  * SIZE_MAX decodes the whole stream */
	size_t out_len;	 /* result: bytes written */
	size_t in_used;	 /* result: bytes of the stream read, once whole */
};

struct format {
	const char *name;    /* "gzip", as inspect prints it */
	const char *tool;    /* "gzip": the command that decodes it, or NULL */
	uint8_t magic[2][9]; /* accepted beginnings; the second may be empty */
	uint8_t magic_len[2];
	bool size_tail; /* kernel builds append a LE32 decoded size */
	/*
	 * Decode d->in into d->out. Returns 0, -EILSEQ (stream damaged),
	 * -ENODATA (stream cut short), -EFBIG (more than d->cap bytes),
	 * -ENOMEM (or more than a decoder may use). With `enough` set, 0 also
	 * means that at least that many bytes were written, or the stream ended
	 * earlier; in_used is then not valid.
	 *
	 * A size of exactly `cap` is legal. Bytes between out_len and cap may
	 * have been written to as well; none at or past cap is. An error's
	 * message begins with the format's name.
	 */
	int (*decode)(struct decode *d, struct err *e);
};

/*
 * The format whose magic @head begins with, longest magic first, or NULL.
 * An uncompressed ELF is the format "none".
 */
const struct format *format_find(struct bytes head);

/* The format called @name, or NULL. */
const struct format *format_by_name(const char *name);

/* All formats, for the tables of inspect and the tests. */
extern const struct format formats[];
extern const size_t formats_count;

#endif
