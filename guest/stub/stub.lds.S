/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The stub runs wherever it was put: linked at 0, one piece, no .bss and no
 * relocation that would need applying.
 */
#include "pv/bootparam.h"
#include "pv/stub.h"

OUTPUT_FORMAT("elf32-i386")
ENTRY(stub_start)

PHDRS
{
	text PT_LOAD FLAGS(5);
	data PT_LOAD FLAGS(6);
}

SECTIONS
{
	. = 0;
	.head : { *(.head) } :text
	.text : { *(.text .text.*) } :text
	.rodata : { *(.rodata .rodata.*) } :text
	.got : { *(.got .got.plt) } :data
	.data : {
		*(.data .data.*)
		. = ALIGN(16);
	} :data
	stub_end = .;
	.bss : { *(.bss .bss.*) *(COMMON) } :data
	.rel : { *(.rel.*) *(.rela.*) } :data

	/DISCARD/ : {
		*(.note.*) *(.eh_frame) *(.comment) *(.interp) *(.dynamic)
		*(.dynsym) *(.dynstr) *(.hash) *(.gnu.hash) *(.gnu.version*)
	}
}

ASSERT(stub_start == LINUX_ENTRY32_OFFSET, "the 32-bit entry moved")
ASSERT(stub_start_64 == LINUX_ENTRY64_OFFSET, "the 64-bit entry moved")
ASSERT(SIZEOF(.bss) == 0, "the stub has a .bss")
ASSERT(SIZEOF(.rel) == 0, "the stub has relocations")
ASSERT(SIZEOF(.got) <= 12, "the stub has a global offset table")
