/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Packs an ELF kernel into a bzImage that every boot loader can start: this
 * project's setup code and decompressor stub, with the ELF as the payload.
 *
 *   0              setup_sects+1 sectors       payload_offset
 *   | boot sector, | stub: 32- and 64-bit    | compressed ELF | 0s | CRC |
 *   | setup code   | entries, inflate        |                |    |     |
 *
 * The ELF is stripped as a kernel's own build does it (pack/strip.h). The
 * relocations that may follow it are left out: a decompressor needs them to
 * move the kernel, and the stub does not move it.
 *
 * The same ELF and options give the same bytes, on every host and at any time.
 * The stub can only inflate gzip; with any other format it prints an error and
 * stops, so these are for loaders that read the payload themselves.
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
	int level; /* one that compressor_check_level() accepts */
	/* Taken from the image that the ELF came from: */
	const char *version;	  /* "": use the ELF's notes */
	uint32_t cmdline_size;	  /* 0: the setup code's own value */
	uint32_t initrd_addr_max; /* 0: the setup code's own value */
};

/*
 * Append the bzImage to *@out.
 *
 * Returns 0; -EINVAL for an ELF that the stub could not start, with the field
 * and the limit; -ENOMEM. On failure the contents of *@out are undefined.
 */
int pack_kernel(const struct pack_request *r, struct buf *out, struct err *e);

#endif
