/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An ELF kernel into a bzImage that every boot loader can start: this
 * project's setup code and decompressor stub, with the ELF as the payload.
 *
 *   0              setup_sects+1 sectors       payload_offset
 *   | boot sector, | stub: 32- and 64-bit    | compressed ELF | 0s | CRC |
 *   | setup code   | entries, inflate        |                |    |     |
 *
 * The ELF is stripped as a kernel's own build does it (pack/strip.h), and what
 * follows it is left out: relocations serve a decompressor that moves the
 * kernel, and the stub does not.
 *
 * The same ELF and options give the same bytes, at any time and place. The
 * stub inflates gzip; every other format is for loaders that read the payload
 * themselves, and under the stub ends in its message.
 *
 * Must never trust: the ELF.
 *
 * Spec: Linux boot.rst, and its "IMAGE CHECKSUM"; include/pv/stub.h.
 */
#ifndef PACK_PACK_H
#define PACK_PACK_H

#include "pack/compress.h"

struct pack_request {
	struct bytes elf;
	const struct compressor *compressor;
	int level; /* one that compressor_check_level() likes */
	/* What the ELF itself does not say, from an image that it came in: */
	const char *version;	  /* "": from the ELF's notes, if they do */
	uint32_t cmdline_size;	  /* 0: the setup code's own value */
	uint32_t initrd_addr_max; /* 0: the setup code's own value */
};

/*
 * Append the bzImage to *@out.
 *
 * Returns 0; -EINVAL for an ELF that the stub could not start, with the field
 * and the limit; -ENOMEM. On failure *@out holds anything.
 */
int pack_kernel(const struct pack_request *r, struct buf *out, struct err *e);

#endif
