/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * boot_params, the zero page: the image's own setup header with the fields a
 * boot loader fills in, and the memory map.
 *
 * A plain ELF has no setup header; it gets one, so that the kernel finds its
 * command line and initrd.
 *
 * Must never trust: the length of the header that is copied.
 *
 * Spec: boot.rst, "64-bit BOOT PROTOCOL"; zero-page.rst.
 */
#include "boot/entry.h"

#include "base/wire.h"
#include "vm/layout.h"
#include "pv/bootparam.h"
#include "pv/x86.h"

#define ELF_HEADER_VERSION 0x020f

static void copy_header(uint8_t *bp, const struct image *img)
{
	size_t end = img->hdr.header_end;

	if (end > HDR_END_MAX)
		end = HDR_END_MAX;
	if (end > img->bytes.len)
		end = img->bytes.len;
	if (end > HDR_START)
		memcpy(bp + HDR_START, img->bytes.data + HDR_START,
		       end - HDR_START);
}

static void make_header(uint8_t *bp)
{
	put16(bp, HDR_BOOT_FLAG, BOOT_FLAG_MAGIC);
	put32(bp, HDR_MAGIC, HDRS_MAGIC);
	put16(bp, HDR_VERSION, ELF_HEADER_VERSION);
	put8(bp, HDR_LOADFLAGS, LOADED_HIGH);
	put32(bp, HDR_KERNEL_ALIGNMENT, PAGE_2M);
}

/* The fields that every boot loader fills in (boot.rst, marked "write"). */
static void fill_header(uint8_t *bp, const struct boot_handover *h)
{
	put8(bp, HDR_TYPE_OF_LOADER, LOADER_TYPE_UNDEFINED);
	put32(bp, HDR_CMD_LINE_PTR, (uint32_t)h->cmdline.gpa);
	put32(bp, HDR_RAMDISK_IMAGE, (uint32_t)h->initrd.gpa);
	put32(bp, HDR_RAMDISK_SIZE, (uint32_t)h->initrd.size);
	if (h->code_gpa)
		put32(bp, HDR_CODE32_START, (uint32_t)h->code_gpa);
}

static void fill_memory_map(uint8_t *bp, const struct e820 *map)
{
	put8(bp, BP_E820_ENTRIES, (uint8_t)map->count);
	for (unsigned i = 0; i < map->count; i++) {
		unsigned off = BP_E820_TABLE + i * E820_ENTRY_SIZE;

		put64(bp, off, map->entries[i].addr);
		put64(bp, off + 8, map->entries[i].size);
		put32(bp, off + 16, map->entries[i].type);
	}
}

/* SETUP_RNG_SEED: struct setup_data { next, type, len, data[] }. The kernel
 * clears the bytes when it has read them; one before 6.0 ignores the type. */
static int write_rng_seed(const struct boot_handover *h, uint64_t next,
			  struct err *e)
{
	uint8_t node[SETUP_DATA_DATA + KASLR_RNG_SIZE] = { 0 };

	put64(node, SETUP_DATA_NEXT, next);
	put32(node, SETUP_DATA_TYPE, SETUP_RNG_SEED);
	put32(node, SETUP_DATA_LEN, KASLR_RNG_SIZE);
	memcpy(node + SETUP_DATA_DATA, h->rng_seed, KASLR_RNG_SIZE);
	memory_map_add(h->places, RANGE_TABLE, LAYOUT_SETUP_DATA, sizeof(node),
		       "setup_data");
	return guest_mem_write(h->gm, LAYOUT_SETUP_DATA, node, sizeof(node),
			       "setup_data", e);
}

/* What the decompressor would have told the kernel. */
static int tell_kaslr(const struct boot_handover *h, uint8_t *bp, struct err *e)
{
	unsigned version = bp[HDR_VERSION] | bp[HDR_VERSION + 1] << 8;
	uint64_t next = get64(bp, HDR_SETUP_DATA);

	if (!h->kaslr)
		return 0;
	bp[HDR_LOADFLAGS] |= KASLR_FLAG;
	if (version < SETUP_DATA_VERSION)
		return 0;
	put64(bp, HDR_SETUP_DATA, LAYOUT_SETUP_DATA);
	return write_rng_seed(h, next, e);
}

int boot_params_write(const struct boot_handover *h, struct err *e)
{
	uint8_t bp[BP_SIZE] = { 0 };
	int rc;

	memory_map_add(h->places, RANGE_TABLE, LAYOUT_BOOT_PARAMS, BP_SIZE,
		       "boot_params");
	if (h->img->kind == IMAGE_BZIMAGE)
		copy_header(bp, h->img);
	else
		make_header(bp);
	fill_header(bp, h);
	fill_memory_map(bp, h->map);
	put64(bp, BP_ACPI_RSDP_ADDR, h->rsdp);
	rc = tell_kaslr(h, bp, e);
	return rc ? rc
		  : guest_mem_write(h->gm, LAYOUT_BOOT_PARAMS, bp, sizeof(bp),
				    "boot_params", e);
}
