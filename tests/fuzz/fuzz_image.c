/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A whole file: opens it, decodes it under a ceiling, and reads its ELF.
 */
#include "fuzz/fuzz.h"
#include "fuzz/mutate.h"

#include <stdlib.h>
#include <string.h>

#include "image/image.h"
#include "pv/bootparam.h"
#include "support/bzimage_builder.h"
#include "support/elf_builder.h"
#include "support/uki_builder.h"

#define CEILING (256 << 10)

/* Every part lies in the file, and the command line is a string. */
static void check_uki(const struct image *img, struct bytes file)
{
	const struct bytes parts[] = { img->uki.kernel, img->uki.initrd,
				       img->uki.cmdline };
	struct err e = ERR_EMPTY;
	char *text;

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		if (parts[i].len &&
		    (parts[i].data < file.data ||
		     !bytes_has(file, (uint64_t)(parts[i].data - file.data),
				parts[i].len)))
			abort();
	if (uki_cmdline(&img->uki, &text, &e))
		return;
	for (const char *p = text; p && *p; p++)
		if (*p > 0 && *p < ' ')
			abort();
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t out[CEILING];
	struct kernel_elf k;
	struct image img;
	struct err e = ERR_EMPTY;
	size_t len;

	if (image_from_bytes(&img, (struct bytes){ data, size }, &e)) {
		if (!e.msg[0])
			abort();
		return 0;
	}
	if (img.has_payload == !!img.no_payload.msg[0])
		abort();
	if (img.is_uki)
		check_uki(&img, (struct bytes){ data, size });
	if (!image_decode(&img, out, CEILING, &len, &e)) {
		if (len > CEILING)
			abort();
		if (!kernel_elf_parse(&k, (struct bytes){ out, len }, &e))
			kernel_elf_release(&k);
	}
	image_close(&img);
	return 0;
}

/* Another ELF in the same shell: its stream, checksums and sizes are right. */
static size_t change_payload(uint8_t *data, size_t size, size_t max)
{
	static uint8_t out[CEILING];
	struct buf elf = { 0 }, bz = { 0 };
	struct image img;
	struct err e = ERR_EMPTY;
	size_t len = 0, format = fuzz_random((uint32_t)formats_count);

	if (image_from_bytes(&img, (struct bytes){ data, size }, &e))
		return size;
	if (!image_decode(&img, out, CEILING / 2, &len, &e) && len) {
		len = fuzz_mutate_elf(out, len, CEILING / 2);
		buf_add(&elf, out, len);
		bzimage_of_elf(&elf, formats[format].name, &bz);
	}
	if (bz.len && bz.len <= max) {
		memcpy(data, bz.data, bz.len);
		size = bz.len;
	}
	image_close(&img);
	buf_release(&elf);
	buf_release(&bz);
	return size;
}

/* Of the setup header; see setup_header.c. */
static const struct fuzz_place places[] = {
	{ HDR_SETUP_SECTS, 1 },	   { HDR_VERSION, 2 },
	{ HDR_BOOT_FLAG, 2 },	   { HDR_SYSSIZE, 4 },
	{ HDR_LOADFLAGS, 1 },	   { HDR_KERNEL_VERSION, 2 },
	{ HDR_PAYLOAD_OFFSET, 4 }, { HDR_PAYLOAD_LENGTH, 4 },
	{ HDR_INIT_SIZE, 4 },	   { HDR_PREF_ADDRESS, 8 },
	{ HDR_XLOADFLAGS, 2 },	   { HDR_KERNEL_INFO_OFFSET, 4 },
};

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max,
			       unsigned seed)
{
	if (fuzz_is_plain(seed))
		return LLVMFuzzerMutate(data, size, max);
	if (size > HDR_MAGIC + 4 && !memcmp(data + HDR_MAGIC, "HdrS", 4) &&
	    fuzz_random(2)) {
		fuzz_change_place(places, sizeof(places) / sizeof(*places),
				  data, size, size);
		return size;
	}
	if (size > 4 && !memcmp(data, "\177ELF", 4))
		return fuzz_mutate_elf(data, size, max);
	return change_payload(data, size, max);
}

void fuzz_seeds(void)
{
	struct buf elf = { 0 }, uki = { 0 };

	elf_small_kernel(&elf, false);
	fuzz_seed("elf", elf.data, elf.len);
	uki_build(&elf, &elf, "console=ttyS0", &uki);
	fuzz_seed("uki", uki.data, uki.len);
	buf_release(&uki);
	for (size_t i = 0; i < formats_count; i++) {
		struct buf whole = { 0 }, bz = { 0 };
		char name[32] = "bz-";

		payload_compress(formats[i].name, elf.data, elf.len, &whole,
				 false);
		fuzz_seed(formats[i].name, whole.data, whole.len);
		bzimage_of_elf(&elf, formats[i].name, &bz);
		strcat(name, formats[i].name);
		fuzz_seed(name, bz.data, bz.len);
		buf_release(&whole);
		buf_release(&bz);
	}
	buf_release(&elf);
}
