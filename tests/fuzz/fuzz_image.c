/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A whole file: opens it, decodes it under a ceiling, and reads its ELF.
 */
#include "fuzz/fuzz.h"
#include "fuzz/mutate.h"

#include <stdlib.h>
#include <string.h>

#include "image/image.h"
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

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max,
			       unsigned seed)
{
	return fuzz_is_plain(seed) ? LLVMFuzzerMutate(data, size, max)
				   : fuzz_mutate_image(data, size, max);
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
