/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The setup code of a packed bzImage: what a BIOS boot loader enters in real
 * mode, and all it does before the decompressor stub.
 *
 *   header.S     the header, first instructions, one segment for everything
 *   memory.c     INT 15h: the memory map
 *   video.c      INT 10h: the screen
 *   a20.c        address bit 20
 *   protected.S  to the stub's 32-bit entry
 *
 * The answers of a BIOS may be wrong: they are range checked, and older calls
 * are tried where a newer one does not exist.
 *
 * Spec: Linux boot.rst, "RUNNING THE KERNEL"; Ralf Brown's interrupt
 * list for the BIOS calls.
 */
#include "bios.h"
#include "lib/io.h"
#include "lib/load.h"
#include "lib/string.h"
#include "pv/stub.h"
#include "setup.h"

#define NMI_DISABLE	0x80
#define PIC_MASTER_DATA 0x21
#define PIC_SLAVE_DATA	0xa1
#define CASCADE_IRQ	2
#define IO_DELAY_PORT	0x80

uint8_t boot_params[BP_SIZE] __attribute__((aligned(16)));
extern const uint8_t hdr[], setup_entry[];

/* The header as the loader filled it in, up to the end it states itself. */
static void copy_header(void)
{
	size_t end = HDR_MAGIC + setup_entry[1];

	memcpy(boot_params + HDR_START, hdr, end - HDR_START);
	store32(boot_params, BP_STUB_MARK, STUB_MARK_MAGIC);
	store32(boot_params, BP_STUB_MARK_BITS, 16);
}

/* A loader's hook for the last moment in real mode; without it, disable
 * NMIs. */
static void leave_real_mode(void)
{
	uint32_t hook = load32(boot_params, HDR_REALMODE_SWTCH);

	if (hook) {
		asm volatile("lcallw *%0"
			     :
			     : "m"(hook)
			     : "eax", "ebx", "ecx", "edx", "memory", "cc");
		return;
	}
	asm volatile("cli");
	outb(0x70, NMI_DISABLE);
	outb(IO_DELAY_PORT, 0);
}

/* The kernel has no handlers yet: no interrupt may arrive. */
static void mask_interrupts(void)
{
	outb(PIC_SLAVE_DATA, 0xff);
	outb(IO_DELAY_PORT, 0);
	outb(PIC_MASTER_DATA, 0xff & ~(1 << CASCADE_IRQ));
	outb(IO_DELAY_PORT, 0);
}

void setup_main(void)
{
	copy_header();
	memory_detect();
	video_detect();
	leave_real_mode();
	a20_enable();
	mask_interrupts();
	enter_protected(load32(boot_params, HDR_CODE32_START),
			((uint32_t)own_segment() << 4) +
				(uint32_t)(uintptr_t)boot_params);
}
