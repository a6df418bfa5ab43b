/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Changes to an image: a field of its setup header; or its kernel's ELF, which
 * is packed again, so that stream, checksums and sizes are right. An ELF that
 * is not packed is changed as it is.
 */
#include "fuzz/mutate.h"

#include <string.h>

#include "image/image.h"
#include "pv/bootparam.h"
#include "support/bzimage_builder.h"

#define PAYLOAD_MAX (128 << 10)

/* Of the setup header; see setup_header.c. */
static const struct fuzz_place places[] = {
	/* What describes the payload. */
	{ HDR_SETUP_SECTS, 1 },
	{ HDR_SYSSIZE, 4 },
	{ HDR_PAYLOAD_OFFSET, 4 },
	{ HDR_PAYLOAD_LENGTH, 4 },
	{ HDR_KERNEL_INFO_OFFSET, 4 },
#define KEPT_FROM 5
	/* What a new payload has no effect on. */
	{ HDR_VERSION, 2 },
	{ HDR_BOOT_FLAG, 2 },
	{ HDR_LOADFLAGS, 1 },
	{ HDR_KERNEL_VERSION, 2 },
	{ HDR_CODE32_START, 4 },
	{ HDR_INITRD_ADDR_MAX, 4 },
	{ HDR_KERNEL_ALIGNMENT, 4 },
	{ HDR_RELOCATABLE_KERNEL, 1 },
	{ HDR_XLOADFLAGS, 2 },
	{ HDR_CMDLINE_SIZE, 4 },
	{ HDR_INIT_SIZE, 4 },
	{ HDR_PREF_ADDRESS, 8 },
};
#define PLACES (sizeof(places) / sizeof(*places))

static bool has_header(const uint8_t *data, size_t size)
{
	return size >= HDR_END_MAX && !memcmp(data + HDR_MAGIC, "HdrS", 4);
}

/* Another ELF behind the same header. */
static size_t change_payload(uint8_t *data, size_t size, size_t max)
{
	static uint8_t out[PAYLOAD_MAX];
	struct buf elf = { 0 }, bz = { 0 };
	struct image img;
	struct err e = ERR_EMPTY;
	size_t len = 0, format = fuzz_random((uint32_t)formats_count);

	if (image_from_bytes(&img, (struct bytes){ data, size }, &e))
		return size;
	if (!image_decode(&img, out, PAYLOAD_MAX, &len, &e) && len) {
		len = fuzz_mutate_elf(out, len, PAYLOAD_MAX);
		buf_add(&elf, out, len);
		bzimage_of_elf(&elf, formats[format].name, &bz);
	}
	for (size_t i = KEPT_FROM; i < PLACES && bz.len; i++)
		if (has_header(data, size))
			memcpy(bz.data + places[i].off, data + places[i].off,
			       places[i].width);
	if (bz.len && bz.len <= max) {
		memcpy(data, bz.data, bz.len);
		size = bz.len;
	}
	image_close(&img);
	buf_release(&elf);
	buf_release(&bz);
	return size;
}

size_t fuzz_mutate_image(uint8_t *data, size_t size, size_t max)
{
	if (has_header(data, size) && fuzz_random(2)) {
		fuzz_change_place(places, PLACES, data, size, size);
		return size;
	}
	if (size > 4 && !memcmp(data, "\177ELF", 4))
		return fuzz_mutate_elf(data, size, max);
	return change_payload(data, size, max);
}
