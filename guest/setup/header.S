/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The first two sectors of a packed bzImage: a boot sector that only prints an
 * error, and the setup header that every boot loader reads.
 *
 * A packer fills in what depends on the ELF: syssize, xloadflags, cmdline_size
 * if it knows better, payload_offset, payload_length, pref_address, init_size
 * and the version string. Everything else is the loader's to write or stays.
 *
 * Spec: Linux boot.rst, "THE REAL-MODE KERNEL HEADER".
 */
#include "pv/bootparam.h"
#include "pv/stub.h"

#define BOOTSECTOR_SEG	 0x07c0
#define ROOT_DEV	 0
#define VID_MODE_NORMAL	 0xffff
#define CODE32_START	 0x100000
#define INITRD_ADDR_MAX	 0x7fffffff
#define KERNEL_ALIGN	 0x200000
#define KERNEL_ALIGN_BIT 21
#define CMDLINE_SIZE	 2047

/* A name whose place the linker script checks. */
#define FIELD(name) .globl name; name:

	.code16
	.section .bootsector, "ax"
/* What a BIOS runs if the image was written to a disk. */
	ljmp	$BOOTSECTOR_SEG, $1f
1:	movw	%cs, %ax
	movw	%ax, %ds
	cld
	movw	$bootsector_text, %si
2:	lodsb
	testb	%al, %al
	jz	3f
	movb	$0x0e, %ah
	movw	$7, %bx
	int	$0x10
	jmp	2b
3:	xorw	%ax, %ax
	int	$0x16
	int	$0x19
4:	hlt
	jmp	4b
bootsector_text:
	.asciz	"This needs a boot loader. Remove the disk and press a key.\r\n"

	.section .header, "ax"
	.globl hdr
hdr:
	.byte	setup_sects
	.word	0			/* root_flags: mount read-write */
	.long	0			/* syssize: packer */
	.word	0			/* ram_size */
	.word	VID_MODE_NORMAL
	.word	ROOT_DEV
	.word	BOOT_FLAG_MAGIC
	.globl setup_entry
setup_entry:
	.byte	0xeb, start - 1f	/* jmp; also where the header ends */
FIELD(setup_magic)
1:	.long	HDRS_MAGIC
	.word	0x020f			/* version 2.15 */
	.long	0			/* realmode_swtch */
	.word	0x1000			/* start_sys_seg */
	.word	kernel_version - 0x200
	.byte	0			/* type_of_loader: loader */
FIELD(hdr_loadflags)
	.byte	LOADED_HIGH
	.word	0			/* setup_move_size */
FIELD(hdr_code32_start)
	.long	CODE32_START
	.long	0, 0			/* ramdisk_image, _size: loader */
	.long	0			/* bootsect_kludge */
FIELD(hdr_heap_end_ptr)
	.word	stack_end - 0x200	/* heap_end_ptr: loader */
	.byte	0, 0			/* ext_loader_ver, _type: loader */
	.long	0			/* cmd_line_ptr: loader */
	.long	INITRD_ADDR_MAX
FIELD(hdr_kernel_alignment)
	.long	KERNEL_ALIGN
	.byte	1			/* relocatable_kernel */
	.byte	KERNEL_ALIGN_BIT
FIELD(hdr_xloadflags)
	.word	XLF_KERNEL_64		/* xloadflags */
FIELD(hdr_cmdline_size)
	.long	CMDLINE_SIZE
	.long	0			/* hardware_subarch: a PC */
	.quad	0
FIELD(hdr_payload_offset)
	.long	0, 0			/* payload_offset, _length: packer */
FIELD(hdr_setup_data)
	.quad	0			/* setup_data: loader */
FIELD(hdr_pref_address)
	.quad	0			/* pref_address: packer */
FIELD(hdr_init_size)
	.long	0			/* init_size: packer */
	.long	0			/* handover_offset: no EFI stub */
FIELD(hdr_kernel_info_offset)
	.long	STUB_KERNEL_INFO
start:
/*
 * CS is 0x20 more than the other segments, which may or may not be equal.
 * Make all of them the same, and the stack our own: boot.rst leaves it the
 * room up to 0x8000.
 */
	cli
	cld
	movw	%ds, %ax
	movw	%ax, %es
	movw	%ax, %ss
	movl	$stack_end, %esp
	pushw	%ax
	pushw	$1f
	lretw
1:	sti
	cmpl	$STUB_MAGIC, setup_signature
	jne	cut_short
	xorl	%eax, %eax
	movw	$bss_start, %di
	movw	$bss_end, %cx
	subw	%di, %cx
	shrw	$2, %cx
	rep stosl
	calll	setup_main

/* The loader did not load all of setup_sects. */
cut_short:
	movl	$cut_short_text, %eax
	pushl	%eax
	calll	setup_fail
cut_short_text:
	.asciz	"the setup code was loaded in part only"

	.section .rodata, "a"
kernel_version:
	.ascii	GUEST_VERSION
	.org	kernel_version + SETUP_VERSION_MAX

	.section .note.GNU-stack, "", @progbits
