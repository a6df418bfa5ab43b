/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The PVH start-of-day structures a guest finds through EBX.
 *
 * Plain offsets, usable from C and assembly by both sides. Every address in
 * them is a guest-physical address.
 *
 * Spec: Xen, docs/misc/pvh.pandoc and public/arch-x86/hvm/start_info.h.
 */
#ifndef PV_PVH_H
#define PV_PVH_H

#define PVH_START_MAGIC 0x336ec578

#define PVH_SI_MAGIC	      0	 /* u32 */
#define PVH_SI_VERSION	      4	 /* u32, 0 or 1 */
#define PVH_SI_FLAGS	      8	 /* u32 */
#define PVH_SI_NR_MODULES     12 /* u32 */
#define PVH_SI_MODLIST	      16 /* u64 */
#define PVH_SI_CMDLINE	      24 /* u64 */
#define PVH_SI_RSDP	      32 /* u64 */
#define PVH_SI_SIZE_V0	      40
#define PVH_SI_MEMMAP	      40 /* u64, version 1 */
#define PVH_SI_MEMMAP_ENTRIES 48 /* u32, version 1 */
#define PVH_SI_SIZE_V1	      56

#define PVH_MOD_PADDR	0  /* u64 */
#define PVH_MOD_SIZE	8  /* u64 */
#define PVH_MOD_CMDLINE 16 /* u64 */
#define PVH_MOD_STRUCT	32

#define PVH_MEMMAP_ADDR	  0  /* u64 */
#define PVH_MEMMAP_SIZE	  8  /* u64 */
#define PVH_MEMMAP_TYPE	  16 /* u32, the e820 numbers */
#define PVH_MEMMAP_STRUCT 24

#endif
