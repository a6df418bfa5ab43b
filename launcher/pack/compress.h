/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Compresses an ELF into a payload: the opposite of image/format.h.
 *
 * One table row per format. The output has the form that a kernel's build
 * produces, which is that of the format's command-line tool, but without names
 * and times, so that the same bytes always give the same payload. No library
 * writes the file formats of lzop and lz4, so their containers are written
 * here.
 *
 * Spec: Linux, scripts/Makefile.lib and scripts/xz_wrap.sh; each format's own.
 */
#ifndef PACK_COMPRESS_H
#define PACK_COMPRESS_H

#include "base/buf.h"
#include "base/err.h"

/* Flags of an lzop file; both forms of a block can have both checksums. */
enum {
	LZOP_ADLER32_D = 0x0001, /* of the decoded block */
	LZOP_ADLER32_C = 0x0002, /* of the compressed one */
	LZOP_EXTRA_FIELD = 0x0040,
	LZOP_CRC32_D = 0x0100,
	LZOP_CRC32_C = 0x0200,
	LZOP_HEADER_CRC32 = 0x1000, /* not Adler-32 */
};

/* How to compress. A format ignores the members that it does not use. */
struct compress_how {
	int level;
	unsigned window_log; /* xz, lzma, zstd: a dictionary or window of
			      * 2^window_log bytes; 0 lets level and size
			      * decide */
	uint32_t lzop_flags;
	struct bytes lzop_extra; /* for LZOP_EXTRA_FIELD */
};

struct compressor {
	const char *name; /* as in struct format */
	int level_min;	  /* all 0: no levels */
	int level_max;
	int level_default;
	/*
	 * Append @in, compressed, to *@out. Returns 0; -ENOMEM or -EINVAL
	 * with the library's message. On failure the contents of *@out are
	 * undefined.
	 */
	int (*compress)(struct bytes in, const struct compress_how *how,
			struct buf *out, struct err *e);
};

extern const struct compressor compressors[];
extern const size_t compressors_count;

/* The compressor for the format called @name, or NULL. */
const struct compressor *compressor_by_name(const char *name);

/* Returns 0 if @c has level @level; otherwise -EINVAL, and @e names the allowed
 * levels. */
int compressor_check_level(const struct compressor *c, int level,
			   struct err *e);

/*
 * Append @in to *@out as a kernel's payload: compressed by @c, then its size
 * in four bytes, little-endian, for the formats whose payloads have it.
 *
 * compressor_check_level() must accept @level.
 */
int compress_payload(const struct compressor *c, int level, struct bytes in,
		     struct buf *out, struct err *e);

/* Private to pack/compress*.c: the rows' functions and what they share. */
int compress_gzip(struct bytes in, const struct compress_how *how,
		  struct buf *out, struct err *e);
int compress_bzip2(struct bytes in, const struct compress_how *how,
		   struct buf *out, struct err *e);
int compress_lzma(struct bytes in, const struct compress_how *how,
		  struct buf *out, struct err *e);
int compress_xz(struct bytes in, const struct compress_how *how,
		struct buf *out, struct err *e);
int compress_lzo(struct bytes in, const struct compress_how *how,
		 struct buf *out, struct err *e);
int compress_lz4(struct bytes in, const struct compress_how *how,
		 struct buf *out, struct err *e);
int compress_zstd(struct bytes in, const struct compress_how *how,
		  struct buf *out, struct err *e);

/* -ENOMEM with the same message for every format. */
int compress_no_memory(const char *format, struct err *e);

#endif
