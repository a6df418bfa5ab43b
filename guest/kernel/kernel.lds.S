/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where the kernel lies. Linked high and loaded low in the 64-bit build, as
 * Linux is; one address for both in the 32-bit build.
 *
 *   KERNEL_PHYS  | .text | | .notes .rodata .selfsum | | .data |.bss |.early|
 *                 R X        R                           R W
 *
 * .selfsum is filled after linking by guest/tools/selfsum, .selfrelocs by
 * guest/tools/relocs, if there is room.
 */
#include "entry.h"

#ifndef SELFRELOCS_ROOM
#define SELFRELOCS_ROOM 0
#endif

#ifdef KERNEL_64
OUTPUT_FORMAT("elf64-x86-64")
entry_phys = startup_64 - KERNEL_VIRT;
#else
OUTPUT_FORMAT("elf32-i386")
entry_phys = startup_32;
#endif
ENTRY(entry_phys)

PHDRS
{
	text PT_LOAD FLAGS(5);
	rodata PT_LOAD FLAGS(4);
	data PT_LOAD FLAGS(6);
	notes PT_NOTE FLAGS(4);
}

SECTIONS
{
	. = KERNEL_VIRT + KERNEL_PHYS;
	.text : AT(ADDR(.text) - KERNEL_VIRT) {
		*(.head.text)
		*(.text .text.*)
	} :text
	. = ALIGN(4096);
	.notes : AT(ADDR(.notes) - KERNEL_VIRT) {
		*(.notes)
		*(.note.gnu.build-id)
	} :rodata :notes
	.rodata : AT(ADDR(.rodata) - KERNEL_VIRT) {
		*(.rodata .rodata.*)
	} :rodata
	.selfsum : AT(ADDR(.selfsum) - KERNEL_VIRT) {
		*(.selfsum)
	} :rodata
	.selfrelocs : AT(ADDR(.selfrelocs) - KERNEL_VIRT) {
		selfrelocs = .;
		LONG(0)
		. += SELFRELOCS_ROOM;
	} :rodata
	. = ALIGN(4096);
	.data : AT(ADDR(.data) - KERNEL_VIRT) {
		*(.data .data.*)
	} :data
	.bss : AT(ADDR(.bss) - KERNEL_VIRT) {
		*(.bss .bss.*)
		*(COMMON)
	} :data
	.early (NOLOAD) : AT(ADDR(.early) - KERNEL_VIRT) {
		*(.early)
	} :data
	image_end = .;

	/* These must be empty: nothing here is linked dynamically. */
	.got : { *(.got .got.plt .igot.plt) } :data
	.rel : { *(.rel.* .rela.*) } :data

	/DISCARD/ : { *(.note.GNU-stack) *(.note.gnu.property) *(.eh_frame) *(.comment) }
}

ASSERT(SIZEOF(.got) == 0 && SIZEOF(.rel) == 0, "relocations are left")
ASSERT(SIZEOF(.early) == EARLY_SIZE, "entry.h and the entry code disagree")
ASSERT(ADDR(.early) + EARLY_SIZE - ADDR(.text) <= 0x400000, "the high mapping covers 4 MiB")
