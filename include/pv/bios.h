/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The BIOS of this machine, as far as a kernel's 16-bit setup code calls it,
 * and what the launcher tells it.
 *
 *   0xf0000  magic, blanks that the launcher fills in
 *   0xf0200  the interrupt vectors' offsets, 256 words
 *   0xf0400  code
 *   0xffff0  the reset vector (not part of this)
 *
 * The launcher copies it to BIOS_GPA and makes interrupt vector N point to
 * BIOS_SEGMENT:vectors[N]. It is there only for an image entered in real
 * mode, and a kernel that has left real mode never returns to it.
 */
#ifndef PV_BIOS_H
#define PV_BIOS_H

#define BIOS_SEGMENT 0xf000
#define BIOS_GPA     0xf0000

/* Offsets in the BIOS. */
#define BIOS_MAGIC	0x00 /* u32 */
#define BIOS_E820_COUNT 0x04 /* u32: entries of the map at BIOS_E820 */
#define BIOS_KIB_ABOVE	0x08 /* u16: KiB from 1 MiB to 16 MiB */
#define BIOS_64K_ABOVE	0x0a /* u16: 64 KiB units from 16 MiB */
#define BIOS_E820	0x20 /* 20 bytes each: address, size, type */
#define BIOS_E820_MAX	16
#define BIOS_VECTORS	0x200
#define BIOS_CODE	0x400
#define BIOS_SIZE_MAX	0x2000

#define BIOS_MAGIC_VALUE 0x534f4942 /* "BIOS" */

#endif
