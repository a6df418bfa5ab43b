/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the decompressor stub agrees on with the kernel it starts.
 *
 * The stub says in boot_params which of a bzImage's entry points a boot
 * loader used: a kernel's own ELF entry looks the same from there. The mark
 * lies in padding that Linux reserves and ignores. The setup code writes it
 * with 16 before it goes on to the 32-bit entry, which keeps a mark it finds.
 */
#ifndef PV_STUB_H
#define PV_STUB_H

#define BP_STUB_MARK	  0xcd0	     /* u32, in boot_params' _pad8 */
#define BP_STUB_MARK_BITS 0xcd4	     /* u32: 16, 32 or 64 */
#define STUB_MARK_MAGIC	  0x62757473 /* "stub" */

#endif
