/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From a file to an image: which loader takes it, and where its ELF is.
 *
 * Three loaders are tried in turn. "HdrS" decides for a bzImage, because one
 * with an EFI stub begins like a DOS program; then the ELF magic; then the
 * magic of a compressed file. The payload of a bzImage is where its header
 * says; it is not searched for. A file that all of them refuse may be a unified
 * kernel image; otherwise the error names its type, if that is known.
 *
 * Must never trust: the file; see image.h.
 *
 * Spec: Documentation/arch/x86/boot.rst, payload_offset and payload_length.
 */
#include "image/image.h"

#include <assert.h>
#include <elf.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "image/kind.h"

#define SIZE_TAIL 4

_Static_assert(KIND_HEAD_SIZE <= IMAGE_PEEK_SIZE, "names are found in a peek");

/* The first four bytes, for messages: "de ad be ef". */
struct hex4 {
	char text[sizeof("xx xx xx xx")];
};

static struct hex4 first_bytes(struct bytes b)
{
	struct hex4 h = { "nothing" };

	for (size_t i = 0; i < 4 && i < b.len; i++)
		snprintf(h.text + (i ? 3 * i - 1 : 0), 4, i ? " %02x" : "%02x",
			 b.data[i]);
	return h;
}

static bool is_packed(const struct format *f)
{
	return strcmp(f->name, "none") != 0;
}

/* The ELF header and segments from @data, the payload's (first) bytes. */
static int read_head(struct kernel_elf *k, const struct format *f,
		     struct bytes data, struct err *e)
{
	int rc;

	rc = kind_refuse(data, is_packed(f) ? f->name : NULL, e);
	if (rc)
		return rc;
	if (!bytes_start_with(data, ELFMAG, SELFMAG))
		return err_set(e, EINVAL,
			       "%s data, but what it holds is not an ELF "
			       "(begins with %s)",
			       f->name, first_bytes(data).text);
	rc = kernel_elf_parse_head(k, data, e);
	if (rc && is_packed(f))
		err_prefix(e, rc, "%s data", f->name);
	/* Only its first bytes were decoded: the ELF is not truncated. */
	return rc == -ENODATA ? -EINVAL : rc;
}

/* Decode just the beginning of @p, for its ELF header and segments. */
static int peek(struct kernel_elf *k, const struct payload *p, struct err *e)
{
	struct decode d = {
		.in = p->stream,
		.cap = IMAGE_PEEK_SIZE,
		.enough = IMAGE_PEEK_SIZE,
	};
	int rc;

	if (!is_packed(p->format))
		return read_head(k, p->format, p->stream, e);
	d.out = malloc(IMAGE_PEEK_SIZE);
	if (!d.out)
		return err_set(e, ENOMEM, "no memory to look at the payload");
	rc = p->format->decode(&d, e);
	if (!rc)
		rc = read_head(k, p->format, (struct bytes){ d.out, d.out_len },
			       e);
	free(d.out);
	return rc;
}

/* The payload's bytes by offset and length. */
static int find_payload(struct payload *p, const struct setup_header *h,
			struct bytes file, struct bytes *raw, struct err *e)
{
	if (h->version < 0x0208)
		return err_set(e, EINVAL,
			       "boot protocol %u.%02u has no payload fields, "
			       "2.08 is the first",
			       h->version >> 8, h->version & 0xff);
	if (!h->has_payload)
		return err_set(e, EINVAL,
			       "header ends at 0x%zx, before payload_length",
			       h->header_end);
	if (!h->payload_length)
		return err_set(e, EINVAL, "payload_length is 0");
	p->file_off = h->code_off + h->payload_offset;
	if (!bytes_slice(file, p->file_off, h->payload_length, raw))
		return err_set(e, ENODATA,
			       "payload_offset 0x%x + payload_length 0x%x, "
			       "from 0x%llx on, ends past the file "
			       "(0x%zx bytes)",
			       h->payload_offset, h->payload_length,
			       (unsigned long long)h->code_off, file.len);
	p->format = format_find(*raw);
	if (!p->format)
		return err_set(e, EINVAL,
			       "payload begins with %s, which is not a known "
			       "format",
			       first_bytes(*raw).text);
	return 0;
}

/*
 * Separate the stream and its size. Kernel builds append a LE32 to all formats
 * except gzip, which ends in its own.
 */
static int split_size(struct payload *p, struct bytes raw, struct err *e)
{
	size_t tail = p->format->size_tail ? SIZE_TAIL : 0;
	uint32_t size = 0;

	p->stream = raw;
	if (!is_packed(p->format)) {
		p->has_size = true;
		p->size = raw.len;
		return 0;
	}
	if (raw.len < (size_t)p->format->magic_len[0] + SIZE_TAIL)
		return err_set(e, EINVAL,
			       "payload_length 0x%zx is too short for %s data "
			       "and its size",
			       raw.len, p->format->name);
	p->has_size = bytes_le32(raw, raw.len - SIZE_TAIL, &size);
	p->size = size;
	p->stream.len -= tail;
	return 0;
}

static int try_bzimage(struct image *img, struct err *e)
{
	struct bytes raw = { 0 };
	int rc;

	rc = setup_header_parse(&img->hdr, img->bytes, e);
	if (rc)
		return err_prefix(e, rc, "not a bzImage");
	img->kind = IMAGE_BZIMAGE;
	rc = find_payload(&img->payload, &img->hdr, img->bytes, &raw,
			  &img->no_payload);
	if (!rc)
		rc = split_size(&img->payload, raw, &img->no_payload);
	if (!rc)
		rc = peek(&img->head, &img->payload, &img->no_payload);
	if (rc == -ENOMEM) {
		*e = img->no_payload;
		return rc;
	}
	img->has_payload = !rc;
	img->payload_damaged = rc == -ENODATA || rc == -EILSEQ;
	if (rc)
		img->payload = (struct payload){ 0 };
	return 0;
}

/* The whole file is the payload; its size is known only if not packed. */
static int try_whole(struct image *img, const struct format *f,
		     enum image_kind kind, struct err *e)
{
	struct payload p = { .format = f, .stream = img->bytes };
	int rc;

	if (!is_packed(f)) {
		p.has_size = true;
		p.size = img->bytes.len;
	}
	rc = peek(&img->head, &p, e);
	if (rc)
		return rc;
	img->kind = kind;
	img->payload = p;
	img->has_payload = true;
	return 0;
}

static int try_elf(struct image *img, struct err *e)
{
	const struct format *f = format_by_name("none");
	int rc;

	assert(f);
	if (!bytes_start_with(img->bytes, ELFMAG, SELFMAG))
		return err_set(e, EINVAL, "not an ELF: begins with %s",
			       first_bytes(img->bytes).text);
	rc = try_whole(img, f, IMAGE_ELF, e);
	return rc == -EINVAL ? err_prefix(e, rc, "not a kernel's ELF") : rc;
}

static int try_compressed(struct image *img, struct err *e)
{
	const struct format *f = format_find(img->bytes);
	int rc;

	if (!f || !is_packed(f))
		return err_set(e, EINVAL,
			       "not a compressed ELF: no format's magic");
	rc = try_whole(img, f, IMAGE_COMPRESSED_ELF, e);
	if (rc == -ENOMEM || rc == -ENOEXEC)
		return rc;
	return rc ? err_prefix(e, rc, "not a compressed ELF") : 0;
}

/*
 * The kernel @b, by the loader that takes it. -EINVAL with all reasons;
 * -ENOEXEC with one, for a file of another known type.
 */
static int open_kernel(struct image *img, struct bytes b, struct err *e)
{
	static int (*const loaders[])(struct image *, struct err *) = {
		try_bzimage,
		try_elf,
		try_compressed,
	};
	struct err all = ERR_EMPTY;

	for (size_t i = 0; i < sizeof(loaders) / sizeof(loaders[0]); i++) {
		struct image new = { .whole = b, .bytes = b };
		struct err why = ERR_EMPTY;
		int rc = loaders[i](&new, &why);

		if (!rc) {
			*img = new;
			return 0;
		}
		if (rc == -ENOMEM || rc == -ENOEXEC) {
			*e = why;
			return rc;
		}
		err_also(&all, &why);
	}
	*e = all;
	return kind_refuse(b, NULL, e) ?: -EINVAL;
}

/* The kernel in the unified kernel image @b, whose parts are @uki. */
static int open_uki(struct image *img, struct bytes b, const struct uki *uki,
		    struct err *e)
{
	struct image new;
	int rc;

	rc = open_kernel(&new, uki->kernel, e);
	if (rc)
		return err_prefix(e, rc, "section .linux");
	new.whole = b;
	new.is_uki = true;
	new.uki = *uki;
	new.payload.file_off += (uint64_t)(uki->kernel.data - b.data);
	*img = new;
	return 0;
}

/* A file that no other loader takes, with their reasons in @e. */
static int try_uki(struct image *img, struct bytes b, struct err *e)
{
	struct err why = ERR_EMPTY;
	struct uki uki;
	int rc;

	rc = uki_parse(&uki, b, &why);
	if (rc == -EINVAL) {
		err_prefix(&why, rc, "not a unified kernel image");
		err_also(e, &why);
		return rc;
	}
	if (!rc)
		rc = open_uki(img, b, &uki, &why);
	if (rc)
		*e = why;
	return rc;
}

int image_from_bytes(struct image *img, struct bytes b, struct err *e)
{
	int rc;

	if (b.len > IMAGE_FILE_MAX)
		return err_set(e, EFBIG, "%zu bytes exceed the limit of %llu",
			       b.len, IMAGE_FILE_MAX);
	rc = open_kernel(img, b, e);
	if (rc == -EINVAL && pe_begins(b))
		rc = try_uki(img, b, e);
	return rc == -ENOEXEC ? -EINVAL : rc;
}

int image_read(struct image *img, struct input *in, struct err *e)
{
	uint64_t limit = input_is_file(in) ? IMAGE_FILE_MAX : IMAGE_PIPE_MAX;
	struct file file = { 0 };
	struct image new;
	int rc;

	rc = file_read(&file, in, limit, e);
	if (rc)
		return rc;
	rc = image_from_bytes(&new, file.bytes, e);
	if (rc) {
		file_close(&file);
		return err_prefix(e, rc, "%s", in->name);
	}
	new.file = file;
	*img = new;
	return 0;
}

int image_open(struct image *img, const char *path, struct err *e)
{
	struct input in = INPUT_EMPTY;
	int rc = input_open(&in, path, e) ?: image_read(img, &in, e);

	input_close(&in);
	return rc;
}

void image_close(struct image *img)
{
	kernel_elf_release(&img->head);
	file_close(&img->file);
	*img = (struct image){ 0 };
}

const char *image_kind_name(enum image_kind kind)
{
	static const char *const names[] = {
		[IMAGE_BZIMAGE] = "bzImage",
		[IMAGE_ELF] = "ELF",
		[IMAGE_COMPRESSED_ELF] = "compressed ELF",
	};

	return names[kind];
}

bool image_is_plain(const struct image *img)
{
	return img->has_payload && !is_packed(img->payload.format);
}

void image_close_file(struct image *img)
{
	file_close(&img->file);
	img->whole = (struct bytes){ 0 };
	img->bytes = (struct bytes){ 0 };
	img->uki = (struct uki){ 0 };
	img->payload.stream = (struct bytes){ 0 };
}

/* The lowest limit, or the reason why the payload exceeds one. */
static int ceiling(size_t *limit, const struct payload *p, size_t cap,
		   struct err *e)
{
	if (cap > IMAGE_DECODED_MAX)
		cap = IMAGE_DECODED_MAX;
	if (p->has_size && p->size > cap)
		return err_set(e, EFBIG,
			       "payload states a decoded size of %" PRIu64
			       " bytes, the ceiling is %zu",
			       p->size, cap);
	*limit = p->has_size ? p->size : cap;
	return 0;
}

static int no_payload(const struct image *img, struct err *e)
{
	return err_set(e, EINVAL, "no payload: %s", img->no_payload.msg);
}

static int wrong_size(const struct payload *p, size_t len, struct err *e)
{
	return err_set(e, EILSEQ,
		       "payload decoded to %zu bytes, but its size field says "
		       "%" PRIu64,
		       len, p->size);
}

int image_decode(const struct image *img, uint8_t *out, size_t cap, size_t *len,
		 struct err *e)
{
	const struct payload *p = &img->payload;
	struct decode d = {
		.in = p->stream,
		.out = out,
		.expect = p->has_size ? p->size : 0,
		.enough = SIZE_MAX,
	};
	int rc;

	if (!img->has_payload)
		return no_payload(img, e);
	rc = ceiling(&d.cap, p, cap, e);
	if (rc)
		return rc;
	rc = p->format->decode(&d, e);
	if (rc == -EFBIG && p->has_size)
		return err_set(e, EILSEQ,
			       "payload decodes to more than the %" PRIu64
			       " bytes its size field says",
			       p->size);
	if (rc)
		return rc;
	if (p->has_size && d.out_len != p->size)
		return wrong_size(p, d.out_len, e);
	*len = d.out_len;
	return 0;
}

int image_decode_part(const struct image *img, uint8_t *out, size_t cap,
		      size_t *len, bool *whole, struct err *e)
{
	const struct payload *p = &img->payload;
	uint64_t end = kernel_elf_segments_end(&img->head);
	struct decode d = {
		.in = p->stream,
		.out = out,
		.cap = cap,
		.expect = end < cap ? end : 0,
		.enough = cap,
	};
	int rc;

	if (p->has_size && p->size <= cap) {
		*whole = true;
		return image_decode(img, out, cap, len, e);
	}
	if (!img->has_payload)
		return no_payload(img, e);
	rc = p->format->decode(&d, e);
	if (rc)
		return rc;
	if (p->has_size && d.out_len < cap)
		return wrong_size(p, d.out_len, e);
	*whole = d.out_len < cap;
	*len = d.out_len;
	return 0;
}
