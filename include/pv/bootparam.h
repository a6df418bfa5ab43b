/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The Linux/x86 boot protocol: where every field of the setup header and of
 * boot_params ("the zero page") lies.
 *
 * Host and guest both include this file, from C and from assembly, so it
 * holds plain numbers only. All offsets count from the start of the bzImage
 * file, which are also the offsets within boot_params.
 *
 *   file:  0        0x1f1      0x202                      (setup_sects+1)*512
 *          | boot   | setup    | header goes on to        | protected-mode
 *          | sector | header   | 0x202 + byte[0x201]      | code, then payload
 *
 * Spec: Documentation/arch/x86/boot.rst and zero-page.rst.
 */
#ifndef PV_BOOTPARAM_H
#define PV_BOOTPARAM_H

/* The setup header. The comment gives the first version with the field. */
#define HDR_SETUP_SECTS		  0x1f1 /* u8, all; 0 means 4 */
#define HDR_ROOT_FLAGS		  0x1f2 /* u16, all */
#define HDR_SYSSIZE		  0x1f4 /* u32 (2.04+), in 16-byte units */
#define HDR_RAM_SIZE		  0x1f8 /* u16, obsolete */
#define HDR_VID_MODE		  0x1fa /* u16, all */
#define HDR_ROOT_DEV		  0x1fc /* u16, all */
#define HDR_BOOT_FLAG		  0x1fe /* u16, all; 0xaa55 */
#define HDR_JUMP		  0x200 /* u16, 2.00; byte 0x201: its end */
#define HDR_MAGIC		  0x202 /* u32, 2.00; "HdrS" */
#define HDR_VERSION		  0x206 /* u16, 2.00; 0x020f is 2.15 */
#define HDR_REALMODE_SWTCH	  0x208 /* u32, 2.00 */
#define HDR_START_SYS_SEG	  0x20c /* u16, 2.00, obsolete */
#define HDR_KERNEL_VERSION	  0x20e /* u16, 2.00; + 0x200 = string */
#define HDR_TYPE_OF_LOADER	  0x210 /* u8, 2.00 */
#define HDR_LOADFLAGS		  0x211 /* u8, 2.00 */
#define HDR_SETUP_MOVE_SIZE	  0x212 /* u16, 2.00 */
#define HDR_CODE32_START	  0x214 /* u32, 2.00 */
#define HDR_RAMDISK_IMAGE	  0x218 /* u32, 2.00 */
#define HDR_RAMDISK_SIZE	  0x21c /* u32, 2.00 */
#define HDR_BOOTSECT_KLUDGE	  0x220 /* u32, 2.00, obsolete */
#define HDR_HEAP_END_PTR	  0x224 /* u16, 2.01 */
#define HDR_EXT_LOADER_VER	  0x226 /* u8, 2.02 */
#define HDR_EXT_LOADER_TYPE	  0x227 /* u8, 2.02 */
#define HDR_CMD_LINE_PTR	  0x228 /* u32, 2.02 */
#define HDR_INITRD_ADDR_MAX	  0x22c /* u32, 2.03 */
#define HDR_KERNEL_ALIGNMENT	  0x230 /* u32, 2.05 */
#define HDR_RELOCATABLE_KERNEL	  0x234 /* u8, 2.05 */
#define HDR_MIN_ALIGNMENT	  0x235 /* u8, 2.10; log2 */
#define HDR_XLOADFLAGS		  0x236 /* u16, 2.12 */
#define HDR_CMDLINE_SIZE	  0x238 /* u32, 2.06 */
#define HDR_HARDWARE_SUBARCH	  0x23c /* u32, 2.07 */
#define HDR_HARDWARE_SUBARCH_DATA 0x240 /* u64, 2.07 */
#define HDR_PAYLOAD_OFFSET	  0x248 /* u32, 2.08 */
#define HDR_PAYLOAD_LENGTH	  0x24c /* u32, 2.08 */
#define HDR_SETUP_DATA		  0x250 /* u64, 2.09 */
#define HDR_PREF_ADDRESS	  0x258 /* u64, 2.10 */
#define HDR_INIT_SIZE		  0x260 /* u32, 2.10 */
#define HDR_HANDOVER_OFFSET	  0x264 /* u32, 2.11 */
#define HDR_KERNEL_INFO_OFFSET	  0x268 /* u32, 2.15 */

#define HDR_START   HDR_SETUP_SECTS
#define HDR_END_MAX 0x290 /* boot_params leaves the header room up to here */

/* struct setup_data, which HDR_SETUP_DATA points to. */
#define SETUP_DATA_VERSION 0x209 /* of the header that has the pointer */
#define SETUP_DATA_NEXT	   0x00	 /* u64 */
#define SETUP_DATA_TYPE	   0x08	 /* u32 */
#define SETUP_DATA_LEN	   0x0c	 /* u32 */
#define SETUP_DATA_DATA	   0x10
#define SETUP_RNG_SEED	   9 /* Linux 6.0 */

#define BOOT_FLAG_MAGIC	  0xaa55
#define HDRS_MAGIC	  0x53726448 /* "HdrS" */
#define KERNEL_INFO_MAGIC 0x506f544c /* "LToP" */

/* loadflags */
#define LOADFLAGS_LOADED_HIGH_BIT   0
#define LOADFLAGS_KASLR_FLAG_BIT    1
#define LOADFLAGS_QUIET_BIT	    5
#define LOADFLAGS_KEEP_SEGMENTS_BIT 6
#define LOADFLAGS_CAN_USE_HEAP_BIT  7
#define LOADED_HIGH		    0x01
#define KASLR_FLAG		    0x02
#define QUIET_FLAG		    0x20
#define KEEP_SEGMENTS		    0x40
#define CAN_USE_HEAP		    0x80

/* xloadflags */
#define XLF_KERNEL_64		   0x01
#define XLF_CAN_BE_LOADED_ABOVE_4G 0x02
#define XLF_EFI_HANDOVER_32	   0x04
#define XLF_EFI_HANDOVER_64	   0x08
#define XLF_EFI_KEXEC		   0x10
#define XLF_5LEVEL		   0x20
#define XLF_5LEVEL_ENABLED	   0x40

/* boot_params outside the setup header */
#define BP_SCREEN_INFO	     0x000 /* 0x40 bytes */
#define BP_ORIG_X	     0x000 /* u8, the text cursor */
#define BP_ORIG_Y	     0x001 /* u8 */
#define BP_EXT_MEM_K	     0x002 /* u16, INT 15h 88 */
#define BP_ORIG_VIDEO_PAGE   0x004 /* u16 */
#define BP_ORIG_VIDEO_MODE   0x006 /* u8 */
#define BP_ORIG_VIDEO_COLS   0x007 /* u8 */
#define BP_ORIG_VIDEO_LINES  0x00e /* u8 */
#define BP_ORIG_VIDEO_ISVGA  0x00f /* u8, 1: VGA in a text mode */
#define BP_ORIG_VIDEO_POINTS 0x010 /* u16, a character's height */
#define BP_ACPI_RSDP_ADDR    0x070 /* u64, 2.14 */
#define BP_EXT_RAMDISK_IMAGE 0x0c0 /* u32 */
#define BP_EXT_RAMDISK_SIZE  0x0c4 /* u32 */
#define BP_EXT_CMD_LINE_PTR  0x0c8 /* u32 */
#define BP_ALT_MEM_K	     0x1e0 /* u32 */
#define BP_SCRATCH	     0x1e4 /* u32, the setup code's to use */
#define BP_E820_ENTRIES	     0x1e8 /* u8 */
#define BP_SENTINEL	     0x1ef /* u8, must be 0 */
#define BP_E820_TABLE	     0x2d0 /* 128 entries of 20 bytes */
#define BP_SIZE		     0x1000
#define E820_ENTRY_SIZE	     20
#define E820_MAX_ENTRIES_ZP  128

/* Where the protected-mode part has its entry points. */
#define LINUX_ENTRY32_OFFSET 0x000
#define LINUX_ENTRY64_OFFSET 0x200

#define LOADER_TYPE_UNDEFINED 0xff

/* e820 memory types (ACPI spec, "INT 15H, E820H"; PVH uses the same). */
#define E820_RAM      1
#define E820_RESERVED 2
#define E820_ACPI     3
#define E820_NVS      4
#define E820_UNUSABLE 5

#endif
