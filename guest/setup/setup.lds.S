/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The setup code: one 64 KiB segment that begins with the boot sector.
 *
 *   0       0x1f1   0x200                     setup_sects+1 sectors
 *   | boot  | hdr   | jmp start, code, data   | .bss | stack |      0x8000
 *   | sector|       |             signature ->|                     at most
 */
#include "pv/bootparam.h"
#include "pv/stub.h"

OUTPUT_FORMAT("elf32-i386")
ENTRY(setup_entry)

#define STACK_SIZE 0x1000

PHDRS
{
	text PT_LOAD FLAGS(5);
	data PT_LOAD FLAGS(6);
}

SECTIONS
{
	. = 0;
	.bootsector : { *(.bootsector) } :text
	. = HDR_START;
	.header : { *(.header) } :text
	.text : { *(.text .text.*) } :text
	.rodata : { *(.rodata .rodata.*) } :text
	.data : { *(.data .data.*) } :data
	.signature ALIGN(. + 4, 512) - 4 : {
		setup_signature = .;
		LONG(STUB_MAGIC)
	} :data
	setup_sects = . / 512 - 1;
	.bss : {
		bss_start = .;
		*(.bss .bss.*)
		*(COMMON)
		. = ALIGN(4);
		bss_end = .;
	} :data
	stack_end = ALIGN(16) + STACK_SIZE;

	/DISCARD/ : { *(.note.*) *(.eh_frame) *(.comment) }
}

ASSERT(hdr == HDR_START, "the setup header moved")
ASSERT(setup_entry == HDR_JUMP, "the entry point moved")
ASSERT(setup_magic == HDR_MAGIC, "the magic number moved")
ASSERT(hdr_loadflags == HDR_LOADFLAGS, "loadflags moved")
ASSERT(hdr_code32_start == HDR_CODE32_START, "code32_start moved")
ASSERT(hdr_heap_end_ptr == HDR_HEAP_END_PTR, "heap_end_ptr moved")
ASSERT(hdr_kernel_alignment == HDR_KERNEL_ALIGNMENT, "kernel_alignment moved")
ASSERT(hdr_xloadflags == HDR_XLOADFLAGS, "xloadflags moved")
ASSERT(hdr_cmdline_size == HDR_CMDLINE_SIZE, "cmdline_size moved")
ASSERT(hdr_payload_offset == HDR_PAYLOAD_OFFSET, "payload_offset moved")
ASSERT(hdr_setup_data == HDR_SETUP_DATA, "setup_data moved")
ASSERT(hdr_pref_address == HDR_PREF_ADDRESS, "pref_address moved")
ASSERT(hdr_init_size == HDR_INIT_SIZE, "init_size moved")
ASSERT(hdr_kernel_info_offset == HDR_KERNEL_INFO_OFFSET, "kernel_info_offset moved")
ASSERT(setup_sects >= 1 && setup_sects <= 63, "setup_sects is out of range")
ASSERT(stack_end <= 0x8000, "the setup code is too large")
