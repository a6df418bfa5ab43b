/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The decompressor stub's contracts: with the program that packs it into a
 * bzImage, and with the kernel it starts.
 *
 * Packing. The protected-mode part of a packed bzImage is the stub as built,
 * its blanks at STUB_INFO filled in, then the payload:
 *
 *   0          STUB_INFO    0x200              payload_offset
 *   | 32-bit   | blanks     | 64-bit entry ... | gzip payload | 0s | CRC-32 |
 *   | entry    |            |                  |              |    | (file) |
 *   '--------------------------- image_len, a multiple of 16 -------------'
 *
 * Memory. The stub needs the range of the kernel's segments, dest, and clear
 * of it room for itself, the payload and STUB_WORK_SIZE. It stays where it
 * was loaded if that is above dest, else it moves to the first page boundary
 * above both dest and itself. With A(x) = x rounded up to 4 KiB, pref_address
 * = dest_start rounded down to kernel_alignment, which the packer makes fine
 * enough for that not to go below 1 MiB, and
 *
 *   init_size = max(A(dest_end - pref_address), A(image_len)) +
 *               A(image_len) + STUB_WORK_SIZE + 4 KiB
 *
 * everything lies in the memory that boot.rst has a loader keep free, wherever
 * it loads the image. Segments lie where p_paddr says whatever the loader
 * does: from 1 MiB up, below 4 GiB.
 *
 * Mark. The stub says in boot_params which of a bzImage's entry points a boot
 * loader used: a kernel's own ELF entry looks the same from there. The mark
 * lies in padding that Linux reserves and ignores. The setup code writes it
 * with 16 before it goes on to the 32-bit entry, which keeps a mark it finds.
 */
#ifndef PV_STUB_H
#define PV_STUB_H

/* Offsets in the stub; u32 each. The built stub has the magic, the rest 0. */
#define STUB_INFO		 0x1c0
#define STUB_INFO_MAGIC		 0x1c0
#define STUB_INFO_IMAGE_LEN	 0x1c4
#define STUB_INFO_PAYLOAD_OFFSET 0x1c8
#define STUB_INFO_PAYLOAD_LEN	 0x1cc
#define STUB_INFO_ELF_LEN	 0x1d0 /* the payload's decoded length */
#define STUB_INFO_DEST_START	 0x1d4 /* lowest p_paddr of any PT_LOAD */
#define STUB_INFO_DEST_END	 0x1d8 /* highest p_paddr + p_memsz */

/* Protocol 2.15's kernel_info, in the stub as boot.rst wants it. */
#define STUB_KERNEL_INFO      0x1e0
#define STUB_KERNEL_INFO_SIZE 16

/* At kernel_version + 0x200 in the setup code: text and zeros. */
#define SETUP_VERSION_MAX 128

#define STUB_MAGIC     0x62757473 /* "stub" */
#define STUB_WORK_SIZE 0x18000

/*
 * What the stub asks of the ELF: the program headers end within the first
 * window of output, there are not too many PT_LOADs with memory, and those
 * lie in [STUB_DEST_MIN, STUB_DEST_MAX), which leaves out what never is RAM.
 */
#define STUB_ELF_HEAD_MAX  0x8000
#define STUB_ELF_LOADS_MAX 32
#define STUB_DEST_MIN	   0x100000
#define STUB_DEST_MAX	   0xfff00000

/* boot_params */
#define BP_STUB_MARK	  0xcd0 /* u32, in boot_params' _pad8 */
#define BP_STUB_MARK_BITS 0xcd4 /* u32: 16, 32 or 64 */
#define STUB_MARK_MAGIC	  STUB_MAGIC

#endif
