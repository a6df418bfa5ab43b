/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The 16-bit entry: the image's own setup code, started as by every boot
 * loader since LILO.
 *
 *   0x00000  interrupt vectors         0x10000  setup code, heap and stack
 *   0x20000  command line              0xf0000  BIOS
 *
 * An image older than protocol 2.02, or a zImage, needs its setup code at
 * 0x90000, and a zImage its protected-mode code below that. Its setup code
 * moves that code to 0x1000 and jumps to code32_start, which says so.
 *
 *   0x10000  a zImage's code           0x90000  setup code, heap and stack
 *   0x9e000  command line
 *
 * Spec: boot.rst, "THE REAL-MODE KERNEL HEADER", "LOADING THE REST OF THE
 * KERNEL", "RUNNING THE KERNEL".
 */
#include "boot/entry.h"

#include <errno.h>
#include <inttypes.h>

#include "boot/bios.h"
#include "base/wire.h"
#include "vm/layout.h"
#include "pv/bootparam.h"

#define SETUP_GPA     0x10000
#define SETUP_GPA_OLD 0x90000
#define SETUP_STACK   0xe000 /* end of heap and stack within the segment */
#define SETUP_MAX     0x8000 /* setup code proper */

/* Before 2.02 the command line was found through these two. */
#define OLD_CMDLINE_MAGIC	0x20
#define OLD_CMDLINE_OFFSET	0x22
#define OLD_CMDLINE_MAGIC_VALUE 0xa33f

_Static_assert(LAYOUT_CMDLINE_LOW == SETUP_GPA_OLD + SETUP_STACK,
	       "the old command line is behind the setup code's stack");

/* The obligatory fields (boot.rst, "sample boot configuration"). */
static void fill_setup(uint8_t *setup, const struct boot_handover *h)
{
	uint16_t version = h->img->hdr.version;

	put8(setup, HDR_TYPE_OF_LOADER, LOADER_TYPE_UNDEFINED);
	put32(setup, HDR_RAMDISK_IMAGE, (uint32_t)h->initrd.gpa);
	put32(setup, HDR_RAMDISK_SIZE, (uint32_t)h->initrd.size);
	/* boot.rst, "code32_start": only for a relocated kernel. For a zImage
	 * it is the place to which its setup code moves the code. */
	if (h->img->hdr.loadflags & LOADED_HIGH)
		put32(setup, HDR_CODE32_START, (uint32_t)h->code_gpa);
	if (version >= 0x0201) {
		put16(setup, HDR_HEAP_END_PTR, SETUP_STACK - 0x200);
		setup[HDR_LOADFLAGS] |= CAN_USE_HEAP;
	}
	if (version >= 0x0202) {
		put32(setup, HDR_CMD_LINE_PTR, (uint32_t)h->cmdline.gpa);
	} else {
		put16(setup, OLD_CMDLINE_MAGIC, OLD_CMDLINE_MAGIC_VALUE);
		put16(setup, OLD_CMDLINE_OFFSET, SETUP_STACK);
	}
}

int entry_linux16_check(const struct setup_header *h, struct err *e)
{
	if (h->code_off > SETUP_MAX)
		return err_set(e, EFBIG,
			       "setup_sects %u: the setup code has %" PRIu64
			       " bytes, real mode has room for %u",
			       h->setup_sects, h->code_off, SETUP_MAX);
	return 0;
}

static int write_setup(const struct boot_handover *h, uint64_t gpa,
		       struct err *e)
{
	uint64_t size = h->img->hdr.code_off;
	uint8_t setup[SETUP_MAX];
	int rc;

	rc = entry_linux16_check(&h->img->hdr, e);
	if (rc)
		return rc;
	memcpy(setup, h->img->bytes.data, size);
	fill_setup(setup, h);
	memory_map_add(h->places, RANGE_IMAGE, gpa, size, "setup code");
	memory_map_add(h->places, RANGE_ROOM, gpa + size, SETUP_STACK - size,
		       "its heap and stack");
	return guest_mem_write(h->gm, gpa, setup, size, "setup code", e);
}

int entry_linux16(const struct boot_handover *h, struct cpu_entry *cpu,
		  struct err *e)
{
	uint64_t gpa = place_is_old(&h->img->hdr) ? SETUP_GPA_OLD : SETUP_GPA;
	int rc;

	rc = write_setup(h, gpa, e);
	if (!rc)
		rc = bios_install(h->gm, h->map, h->places, e);
	if (rc)
		return rc;
	*cpu = (struct cpu_entry){
		.mode = CPU_REAL,
		.cs = (uint16_t)((gpa >> 4) + 0x20),
		.ds = (uint16_t)(gpa >> 4),
		.rip = 0,
		.rsp = SETUP_STACK,
	};
	return 0;
}
