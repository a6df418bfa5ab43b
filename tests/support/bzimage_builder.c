/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "support/bzimage_builder.h"

#include <stdlib.h>
#include <string.h>

#include "pv/bootparam.h"

#define SECTOR 512

/* Where the version string is put, from the end of the boot sector. */
#define KERNEL_VERSION_PTR 0x180

/* boot.rst: the last field of each version, and where it ends. */
unsigned bzimage_header_end(uint16_t version)
{
	static const struct {
		uint16_t version;
		uint16_t end;
	} ends[] = {
		{ 0x020f, 0x26c }, { 0x020b, 0x268 }, { 0x020a, 0x264 },
		{ 0x0209, 0x258 }, { 0x0208, 0x250 }, { 0x0207, 0x248 },
		{ 0x0206, 0x23c }, { 0x0205, 0x235 }, { 0x0203, 0x230 },
		{ 0x0202, 0x22c }, { 0x0201, 0x226 }, { 0x0200, 0x224 },
	};

	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++)
		if (version >= ends[i].version)
			return ends[i].end;
	abort();
}

static void put(uint8_t *file, unsigned off, unsigned width, uint64_t v)
{
	memcpy(file + off, &v, width);
}

/* All fields are written: those the version lacks are there to be ignored. */
static void put_header(uint8_t *file, const struct test_bzimage *t,
		       uint16_t version, uint8_t sects, size_t code_size)
{
	put(file, HDR_SETUP_SECTS, 1, t->setup_sects_zero ? 0 : sects);
	put(file, HDR_SYSSIZE, 4, (code_size + 15) / 16);
	put(file, HDR_BOOT_FLAG, 2, BOOT_FLAG_MAGIC);
	put(file, HDR_JUMP, 1, 0xeb);
	put(file, HDR_JUMP + 1, 1, bzimage_header_end(version) - HDR_MAGIC);
	put(file, HDR_MAGIC, 4, HDRS_MAGIC);
	put(file, HDR_VERSION, 2, version);
	put(file, HDR_KERNEL_VERSION, 2,
	    t->kernel_version ? KERNEL_VERSION_PTR : 0);
	put(file, HDR_LOADFLAGS, 1, LOADED_HIGH | CAN_USE_HEAP);
	put(file, HDR_CODE32_START, 4, 0x100000);
	put(file, HDR_INITRD_ADDR_MAX, 4, 0x7fffffff);
	put(file, HDR_KERNEL_ALIGNMENT, 4, 0x200000);
	put(file, HDR_RELOCATABLE_KERNEL, 1, 1);
	put(file, HDR_MIN_ALIGNMENT, 1, 21);
	put(file, HDR_XLOADFLAGS, 2,
	    XLF_KERNEL_64 | XLF_CAN_BE_LOADED_ABOVE_4G);
	put(file, HDR_CMDLINE_SIZE, 4, 2047);
	put(file, HDR_HARDWARE_SUBARCH, 4, 2);
	put(file, HDR_PAYLOAD_OFFSET, 4, t->payload_gap);
	put(file, HDR_PAYLOAD_LENGTH, 4, t->payload ? t->payload->len : 0);
	put(file, HDR_SETUP_DATA, 8, 0x123456789a);
	put(file, HDR_PREF_ADDRESS, 8, 0x1000000);
	put(file, HDR_INIT_SIZE, 4, 0x2000000);
	put(file, HDR_HANDOVER_OFFSET, 4, 0x190);
	put(file, HDR_KERNEL_INFO_OFFSET, 4, 0x1c0);
}

void bzimage_build(const struct test_bzimage *t, struct buf *out)
{
	uint16_t version = t->version ? t->version : 0x020f;
	uint8_t sects = t->setup_sects ? t->setup_sects : 4;
	size_t code = (sects + 1) * SECTOR;
	size_t payload = t->payload ? t->payload->len : 0;
	size_t code_size = t->payload_gap + payload + t->payload_rest;
	uint8_t *file = buf_extend(out, code + code_size);

	memset(file, 0, code);
	memset(file + code, 0x90, t->payload_gap);
	if (payload)
		memcpy(file + code + t->payload_gap, t->payload->data, payload);
	memset(file + code + t->payload_gap + payload, 0xcc, t->payload_rest);
	put_header(file, t, version, sects, code_size);
	if (t->kernel_version)
		memcpy(file + SECTOR + KERNEL_VERSION_PTR, t->kernel_version,
		       strlen(t->kernel_version) + 1);
}

void bzimage_of_elf(const struct buf *elf, const char *format, struct buf *out)
{
	struct buf payload = { 0 };

	if (payload_compress(format, elf->data, elf->len, &payload, true))
		abort();
	bzimage_build(&(struct test_bzimage){ .kernel_version =
						      "6.1.0-test (builder)",
					      .payload = &payload,
					      .payload_gap = 0x2cc,
					      .payload_rest = 0x100 },
		      out);
	buf_release(&payload);
}
