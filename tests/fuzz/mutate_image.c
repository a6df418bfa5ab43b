/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Changes to an image: a field of its setup header; or its kernel's ELF, which
 * is packed again, so that stream, checksums and sizes are right. An ELF that
 * is not packed is changed as it is, and a unified image by its kernel.
 */
#include "fuzz/mutate.h"

#include <string.h>

#include "image/image.h"
#include "pv/bootparam.h"
#include "support/bzimage_builder.h"
#include "support/uki_builder.h"

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

/* @other instead of @size bytes at @data, if it fits. Releases @other. */
static size_t replace(uint8_t *data, size_t size, size_t max, struct buf *other)
{
	if (other->len && other->len <= max) {
		memcpy(data, other->data, other->len);
		size = other->len;
	}
	buf_release(other);
	return size;
}

/* Another kernel with the same initrd. */
static size_t change_uki(const struct image *img, uint8_t *data, size_t size,
			 size_t max)
{
	static uint8_t kernel[PAYLOAD_MAX];
	struct buf inner = { 0 }, initrd = { 0 }, uki = { 0 };
	size_t len = img->uki.kernel.len;

	if (!len || len > PAYLOAD_MAX)
		return size;
	/* It may be there already, if this is one in another. */
	memmove(kernel, img->uki.kernel.data, len);
	len = fuzz_mutate_image(kernel, len, PAYLOAD_MAX);
	buf_add(&inner, kernel, len);
	buf_add(&initrd, img->uki.initrd.data, img->uki.initrd.len);
	uki_build(&inner, &initrd, "console=ttyS0", &uki);
	buf_release(&inner);
	buf_release(&initrd);
	return replace(data, size, max, &uki);
}

/* Another ELF behind the same header. */
static size_t change_payload(const struct image *img, uint8_t *data,
			     size_t size, size_t max)
{
	static uint8_t out[PAYLOAD_MAX];
	struct buf elf = { 0 }, bz = { 0 };
	struct err e = ERR_EMPTY;
	size_t len = 0, format = fuzz_random((uint32_t)formats_count);

	if (!image_decode(img, out, PAYLOAD_MAX, &len, &e) && len) {
		len = fuzz_mutate_elf(out, len, PAYLOAD_MAX);
		buf_add(&elf, out, len);
		bzimage_of_elf(&elf, formats[format].name, &bz);
	}
	if (bz.len && has_header(data, size))
		for (size_t i = KEPT_FROM; i < PLACES; i++)
			memcpy(bz.data + places[i].off, data + places[i].off,
			       places[i].width);
	buf_release(&elf);
	return replace(data, size, max, &bz);
}

size_t fuzz_mutate_image(uint8_t *data, size_t size, size_t max)
{
	struct image img;
	struct err e = ERR_EMPTY;

	if (has_header(data, size) && fuzz_random(2)) {
		fuzz_change_place(places, PLACES, data, size, size);
		return size;
	}
	if (size > 4 && !memcmp(data, "\177ELF", 4))
		return fuzz_mutate_elf(data, size, max);
	if (image_from_bytes(&img, (struct bytes){ data, size }, &e))
		return LLVMFuzzerMutate(data, size, max);
	size = img.is_uki ? change_uki(&img, data, size, max)
			  : change_payload(&img, data, size, max);
	image_close(&img);
	return size;
}
