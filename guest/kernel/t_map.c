/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Claims about the memory map as it was handed over.
 *
 * Spec: Linux boot.rst; ACPI, "INT 15H, E820H".
 */
#include "claims.h"
#include "lib/say.h"
#include "pv/bootparam.h"

#define VGA_START 0x0a0000
#define BIOS_END  0x100000

static bool overlap(const struct range *r, uint64_t start, uint64_t end)
{
	return r->start < end && r->start + r->len > start;
}

static enum verdict there_is_ram(const struct boot *b)
{
	for (unsigned i = 0; i < b->ranges_count; i++)
		if (b->ranges[i].type == E820_RAM)
			return PASS;
	return FAIL;
}

static enum verdict nothing_wraps(const struct boot *b)
{
	for (unsigned i = 0; i < b->ranges_count; i++) {
		const struct range *r = &b->ranges[i];

		if (!r->len || r->start + r->len < r->start) {
			say("     entry %u\n", i);
			return FAIL;
		}
	}
	return PASS;
}

static enum verdict hole_is_not_ram(const struct boot *b)
{
	for (unsigned i = 0; i < b->ranges_count; i++)
		if (b->ranges[i].type == E820_RAM &&
		    overlap(&b->ranges[i], VGA_START, BIOS_END)) {
			say("     entry %u\n", i);
			return FAIL;
		}
	return PASS;
}

static enum verdict is_sorted(const struct boot *b)
{
	for (unsigned i = 1; i < b->ranges_count; i++)
		if (b->ranges[i].start <
		    b->ranges[i - 1].start + b->ranges[i - 1].len) {
			say("     entry %u\n", i);
			return FAIL;
		}
	return PASS;
}

static bool is_in_ram(const struct boot *b, uint64_t start, uint64_t end)
{
	for (unsigned i = 0; i < b->ranges_count; i++) {
		const struct range *r = &b->ranges[i];

		if (r->type == E820_RAM && r->start <= start &&
		    r->start + r->len >= end)
			return true;
	}
	return false;
}

static enum verdict kernel_is_in_ram(const struct boot *b)
{
	uint64_t start = b->entry->loaded;

	return is_in_ram(b, start, start + (uint64_t)(image_end - image_start));
}

static enum verdict modules_are_in_ram(const struct boot *b)
{
	for (unsigned i = 0; i < b->modules_count; i++)
		if (!is_in_ram(b, b->modules[i].gpa,
			       b->modules[i].gpa + b->modules[i].len))
			return FAIL;
	return b->modules_count ? PASS : SKIP;
}

static enum verdict modules_miss_the_kernel(const struct boot *b)
{
	uint64_t start = b->entry->loaded;
	uint64_t end = start + (uint64_t)(image_end - image_start);

	for (unsigned i = 0; i < b->modules_count; i++) {
		struct range r = { b->modules[i].gpa, b->modules[i].len, 0 };

		if (overlap(&r, start, end))
			return FAIL;
	}
	return b->modules_count ? PASS : SKIP;
}

static const struct claim claims[] = {
	{ "there is RAM", there_is_ram },
	{ "no range is empty or wraps", nothing_wraps },
	{ "0xa0000-0xfffff is not RAM", hole_is_not_ram },
	{ "ranges are sorted and do not overlap", is_sorted },
	{ "the kernel lies in RAM", kernel_is_in_ram },
	{ "modules lie in RAM", modules_are_in_ram },
	{ "modules do not overlap the kernel", modules_miss_the_kernel },
	{ 0 },
};

const struct group map_group = { "map", claims };
