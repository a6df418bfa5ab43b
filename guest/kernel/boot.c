/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reads what the loader left in memory; see boot.h.
 *
 * Spec: Linux zero-page.rst; Xen public/arch-x86/hvm/start_info.h.
 */
#include "boot.h"
#include "pv/bootparam.h"
#include "pv/pvh.h"
#include "pv/stub.h"

const char *boot_how_name(enum boot_how how)
{
	static const char *const names[] = {
		[BOOT_PVH] = "pvh",	    [BOOT_ELF64] = "elf64",
		[BOOT_ELF32] = "elf32",	    [BOOT_LINUX16] = "linux16",
		[BOOT_LINUX32] = "linux32", [BOOT_LINUX64] = "linux64",
	};

	return names[how];
}

static const uint8_t *at(uint64_t gpa)
{
	return (const uint8_t *)(uintptr_t)gpa;
}

static void add_range(struct boot *b, uint64_t start, uint64_t len,
		      uint32_t type)
{
	if (b->ranges_count < BOOT_RANGES_MAX)
		b->ranges[b->ranges_count++] = (struct range){ start, len,
							       type };
}

static void add_module(struct boot *b, uint64_t gpa, uint64_t len,
		       uint64_t cmdline)
{
	if (b->modules_count < BOOT_MODULES_MAX)
		b->modules[b->modules_count++] = (struct module){
			gpa, len, cmdline ? (const char *)at(cmdline) : NULL
		};
}

static void pvh_read(struct boot *b)
{
	const uint8_t *si = b->start_info, *p;

	if (load32(si, PVH_SI_MAGIC) != PVH_START_MAGIC) {
		b->is_magic_wrong = true;
		return;
	}
	if (load64(si, PVH_SI_CMDLINE))
		b->cmdline = (const char *)at(load64(si, PVH_SI_CMDLINE));
	b->rsdp = load64(si, PVH_SI_RSDP);

	p = at(load64(si, PVH_SI_MODLIST));
	for (uint32_t i = 0;
	     i < load32(si, PVH_SI_NR_MODULES) && i < BOOT_MODULES_MAX;
	     i++, p += PVH_MOD_STRUCT)
		add_module(b, load64(p, PVH_MOD_PADDR), load64(p, PVH_MOD_SIZE),
			   load64(p, PVH_MOD_CMDLINE));

	if (load32(si, PVH_SI_VERSION) < 1)
		return;
	p = at(load64(si, PVH_SI_MEMMAP));
	for (uint32_t i = 0;
	     i < load32(si, PVH_SI_MEMMAP_ENTRIES) && i < BOOT_RANGES_MAX;
	     i++, p += PVH_MEMMAP_STRUCT)
		add_range(b, load64(p, PVH_MEMMAP_ADDR),
			  load64(p, PVH_MEMMAP_SIZE),
			  load32(p, PVH_MEMMAP_TYPE));
}

/* A field and the upper half that only boot_params has room for. */
static uint64_t two_halves(const uint8_t *bp, unsigned low, unsigned high)
{
	return load32(bp, low) | (uint64_t)load32(bp, high) << 32;
}

static void linux_read(struct boot *b)
{
	const uint8_t *bp = b->params, *p = bp + BP_E820_TABLE;
	uint64_t cmdline, initrd_len;

	if (load32(bp, HDR_MAGIC) != HDRS_MAGIC) {
		b->is_magic_wrong = true;
		return;
	}
	cmdline = two_halves(bp, HDR_CMD_LINE_PTR, BP_EXT_CMD_LINE_PTR);
	if (cmdline)
		b->cmdline = (const char *)at(cmdline);
	b->rsdp = load64(bp, BP_ACPI_RSDP_ADDR);
	initrd_len = two_halves(bp, HDR_RAMDISK_SIZE, BP_EXT_RAMDISK_SIZE);
	if (initrd_len)
		add_module(
			b,
			two_halves(bp, HDR_RAMDISK_IMAGE, BP_EXT_RAMDISK_IMAGE),
			initrd_len, 0);
	for (unsigned i = 0; i < bp[BP_E820_ENTRIES] && i < BOOT_RANGES_MAX;
	     i++, p += E820_ENTRY_SIZE)
		add_range(b, load64(p, 0), load64(p, 8), load32(p, 16));
}

/*
 * The stub leaves its mark in boot_params; without the mark, a loader loaded
 * the ELF itself.
 */
static enum boot_how linux_how(const struct boot *b)
{
	if (load32(b->params, BP_STUB_MARK) == STUB_MARK_MAGIC)
		switch (load32(b->params, BP_STUB_MARK_BITS)) {
		case 16:
			return BOOT_LINUX16;
		case 32:
			return BOOT_LINUX32;
		case 64:
			return BOOT_LINUX64;
		}
	return b->entry->kind == ENTRY_LINUX_64 ? BOOT_ELF64 : BOOT_ELF32;
}

void boot_read(struct boot *b, const struct entry_frame *f)
{
	*b = (struct boot){ .entry = f, .how = BOOT_PVH, .cmdline = "" };
	if (f->kind == ENTRY_PVH) {
		b->start_info = at(f->bx);
		pvh_read(b);
	} else {
		b->params = at(f->si);
		b->how = linux_how(b);
		linux_read(b);
	}
}
