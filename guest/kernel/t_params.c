/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Claims about boot_params and the start info, apart from the memory map.
 *
 * Spec: Linux boot.rst and zero-page.rst; Xen start_info.h.
 */
#include "claims.h"
#include "lib/say.h"
#include "lib/string.h"
#include "pv/bootparam.h"
#include "pv/pvh.h"

#define CMDLINE_SANE_MAX  65536
#define LOADER_GRUB	  7  /* in the upper half of type_of_loader */
#define RSDP_CHECKED_SIZE 20 /* ACPI 1.0's checksum covers these */

static enum verdict magic_is_right(const struct boot *b)
{
	return expect_equal("magic is wrong", b->is_magic_wrong, false);
}

/* GRUB's own boot_params start after it, and kernels accept that. */
static enum verdict boot_flag_is_right(const struct boot *b)
{
	if (!boot_is_linux(b) ||
	    b->params[HDR_TYPE_OF_LOADER] >> 4 == LOADER_GRUB)
		return SKIP;
	return expect_equal("boot_flag", load16(b->params, HDR_BOOT_FLAG),
			    BOOT_FLAG_MAGIC);
}

static enum verdict loader_is_named(const struct boot *b)
{
	if (!boot_is_linux(b))
		return SKIP;
	return b->params[HDR_TYPE_OF_LOADER] != 0;
}

/* 2.02 is the first version with cmd_line_ptr. */
static enum verdict version_is_plausible(const struct boot *b)
{
	unsigned version;

	if (!boot_is_linux(b))
		return SKIP;
	version = load16(b->params, HDR_VERSION);
	if (version >= 0x202 && version <= 0x2ff)
		return PASS;
	say("     the version is 0x%x\n", version);
	return FAIL;
}

/* A loader that did not clear boot_params copied the image's sentinel. */
static enum verdict sentinel_is_zero(const struct boot *b)
{
	if (!boot_is_linux(b))
		return SKIP;
	return expect_equal("the sentinel", b->params[BP_SENTINEL], 0);
}

static size_t cmdline_limit(const struct boot *b)
{
	uint32_t size = 0;

	if (boot_is_linux(b) && load16(b->params, HDR_VERSION) >= 0x206)
		size = load32(b->params, HDR_CMDLINE_SIZE);
	return size && size < CMDLINE_SANE_MAX ? size : CMDLINE_SANE_MAX;
}

static enum verdict cmdline_ends(const struct boot *b)
{
	size_t limit = cmdline_limit(b);

	for (size_t i = 0; i <= limit; i++)
		if (!b->cmdline[i])
			return PASS;
	say("     no NUL in %u characters\n", (unsigned)limit);
	return FAIL;
}

static enum verdict start_info_version_is_1(const struct boot *b)
{
	if (boot_is_linux(b))
		return SKIP;
	return expect_equal("the version",
			    load32(b->start_info, PVH_SI_VERSION), 1);
}

static enum verdict rsdp_is_one(const struct boot *b)
{
	const uint8_t *p = (const uint8_t *)(uintptr_t)b->rsdp;
	uint8_t sum = 0;

	if (!b->rsdp)
		return SKIP;
	for (unsigned i = 0; i < RSDP_CHECKED_SIZE; i++)
		sum += p[i];
	return !memcmp(p, "RSD PTR ", 8) &&
	       expect_equal("the checksum", sum, 0);
}

static const struct claim claims[] = {
	{ "the magic number is there", magic_is_right },
	{ "Linux: boot_flag is 0xaa55", boot_flag_is_right },
	{ "Linux: the header's version is 2.02 or later",
	  version_is_plausible },
	{ "Linux: type_of_loader names a loader", loader_is_named },
	{ "Linux: the sentinel is zero", sentinel_is_zero },
	{ "PVH: the start info's version is 1", start_info_version_is_1 },
	{ "the command line ends within its size", cmdline_ends },
	{ "the RSDP has its signature and checksum", rsdp_is_one },
	{ 0 },
};

const struct group params_group = { "params", claims };
