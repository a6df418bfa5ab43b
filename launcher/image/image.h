/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A kernel image file: what it is and where the ELF is inside.
 *
 * This is the first step of a run: the file is mapped, recognised as a bzImage,
 * an ELF, a compressed ELF, or a unified kernel image that contains one of
 * them, and its payload is located. Nothing is decoded yet, because the best
 * place to decode to is guest memory, and the first bytes (image_peek()) must
 * say which part of it.
 *
 *   bzImage:  | boot sector | setup code | stub ... [ payload ] ... |
 *              ^0x1f1 header              ^code_off  ^+payload_offset
 *
 * Must never trust: the file. It may be anything.
 */
#ifndef IMAGE_IMAGE_H
#define IMAGE_IMAGE_H

#include "base/bytes.h"
#include "base/err.h"
#include "base/file.h"
#include "image/format.h"
#include "image/kernel_elf.h"
#include "image/setup_header.h"
#include "image/uki.h"

/* The limit of a decoded kernel's ELF; Xen has the same. */
#define IMAGE_DECODED_MAX (1ull << 30)
/* An ELF with debug information is larger; most of it is not read. */
#define IMAGE_FILE_MAX (16ull << 30)
/* What comes through a pipe is kept in memory. */
#define IMAGE_PIPE_MAX (1ull << 30)

enum image_kind {
	IMAGE_BZIMAGE,
	IMAGE_ELF,
	IMAGE_COMPRESSED_ELF,
};

struct payload {
	const struct format *format;
	struct bytes stream; /* without the size tail */
	uint64_t file_off;   /* where stream begins in the file */
	bool has_size;	     /* the decoded size is stated: by the tail, by
			      * gzip's ISIZE, or because nothing is packed */
	uint64_t size;	     /* that size: a claim, checked when decoding */
};

struct image {
	struct file file;
	struct bytes whole; /* all of the file */
	struct bytes bytes; /* the kernel: all of it, or a UKI's .linux */
	bool is_uki;
	struct uki uki; /* is_uki only */
	enum image_kind kind;
	struct setup_header hdr; /* IMAGE_BZIMAGE only */
	bool has_payload;
	struct payload payload;
	struct kernel_elf head; /* the payload's ELF header and segments, from
				 * its first bytes; only if has_payload */
	struct err no_payload;	/* why has_payload is false */
	bool payload_damaged;	/* because it is truncated or broken, so that
				 * the image's own code cannot use it either */
};

/*
 * Open @path ("-" is standard input) and find out what it is.
 *
 * The payload's beginning is decoded, so that an image with has_payload is
 * known to be a kernel's ELF, and head says where it is to be loaded. A bzImage
 * whose payload cannot be used is still an image: has_payload is false and
 * no_payload says why. A unified kernel image is an image of the kernel in it.
 * A file of another known type is -EINVAL with its name; a file of an unknown
 * type is -EINVAL with the reason of every loader ("not a bzImage: ...; not an
 * ELF: ...").
 * On failure *@img is untouched. image_close() accepts the empty struct.
 */
int image_open(struct image *img, const char *path, struct err *e);

/* The same of @in, which is open already and stays so; @img does not need
 * it. */
int image_read(struct image *img, struct input *in, struct err *e);

/* The same from bytes that the caller keeps alive (tests, fuzzers). */
int image_from_bytes(struct image *img, struct bytes b, struct err *e);

void image_close(struct image *img);

/* "bzImage", "ELF", "compressed ELF". */
const char *image_kind_name(enum image_kind kind);

/*
 * Decode the payload to @out, never past @cap bytes.
 *
 * **@len becomes the number of bytes written. A stated size above @cap is
 * refused before anything is decoded; the decoded payload must have exactly the
 * stated size.
 *
 * Returns 0; -EFBIG, naming the limit; -EILSEQ if the size is not the stated
 * one; -EINVAL without a payload; see struct format for the others. On failure
 * the bytes at @out are unspecified.
 */
int image_decode(const struct image *img, uint8_t *out, size_t cap, size_t *len,
		 struct err *e);

/*
 * Decode the first @cap bytes of the payload, or all of a shorter one, to @out.
 *
 * If the payload ends within @cap bytes, this is image_decode(). Otherwise
 * the rest is not decoded, so damage in it is not found, and a checksum at
 * its end is not verified. *@whole says which it was; where the size is not
 * stated, a payload of exactly @cap bytes counts as not whole.
 */
int image_decode_part(const struct image *img, uint8_t *out, size_t cap,
		      size_t *len, bool *whole, struct err *e);

/* Whether the payload is the ELF itself, not compressed. */
bool image_is_plain(const struct image *img);

/*
 * Release the file: it is not read from here on, so it may be truncated or
 * overwritten. Only the kind and head of @img remain.
 */
void image_close_file(struct image *img);

/* About this much of a payload is decoded to find its program headers. */
#define IMAGE_PEEK_SIZE 65536

#endif
