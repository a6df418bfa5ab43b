/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The places of the launcher's own structures in guest memory. All of them are
 * below 1 MiB, where kernel segments are refused.
 *
 *   0x00500  boot GDT
 *   0x06000  PVH start_info, module list, memory map
 *   0x07000  boot_params (the zero page)
 *   0x09000  page tables: PML4, PDPT, four page directories
 *   0x0f000  setup_data: random bytes for the kernel
 *   0x20000  command line, up to 64 KiB
 *   0x9e000  command line of a zImage, whose code takes 0x10000 to 0x90000, and
 *            of an image from before protocol 2.02
 *   0x9fc00  end of conventional memory
 *   0xe0000  ACPI tables, up to the reset vector at 0xffff0
 *   0x100000 kernel and initrd
 */
#ifndef VM_LAYOUT_H
#define VM_LAYOUT_H

#define LAYOUT_GDT	   0x500
#define LAYOUT_PVH	   0x6000
#define LAYOUT_PVH_MODLIST 0x6040
#define LAYOUT_PVH_MEMMAP  0x6080
#define LAYOUT_BOOT_PARAMS 0x7000
#define LAYOUT_STACK	   0x9000 /* grows down; the page below is free */
#define LAYOUT_PAGE_TABLES 0x9000
#define LAYOUT_SETUP_DATA  0xf000
#define LAYOUT_CMDLINE	   0x20000
#define LAYOUT_CMDLINE_MAX 0x10000
#define LAYOUT_CMDLINE_LOW 0x9e000
#define LAYOUT_ACPI	   0xe0000
#define LAYOUT_ACPI_ROOM   0x1fff0

#endif
