/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * enter_protected(entry, params): real mode ends here.
 *
 * boot.rst, "32-bit BOOT PROTOCOL": CS 0x10, data segments 0x18, flat, paging
 * and interrupts off, ESI = boot_params, EBX, EDI and EBP zero.
 */
#include "pv/x86.h"

	.code16
	.text
	.globl enter_protected
enter_protected:
	movl	4(%esp), %edi
	movl	8(%esp), %esi
	cli
	xorl	%ebx, %ebx
	movw	%cs, %bx
	shll	$4, %ebx
	addl	%ebx, gdt_pointer + 2
	addl	%ebx, far_target
	lidtw	no_idt
	lgdtl	gdt_pointer

	movl	$(CR0_ET | CR0_PE), %eax
	movl	%eax, %cr0
	ljmpl	*far_target

	.code32
in_protected:
	movl	$BOOT_DS, %eax
	movl	%eax, %ds
	movl	%eax, %es
	movl	%eax, %fs
	movl	%eax, %gs
	movl	%eax, %ss
	movl	%edi, %eax
	xorl	%ebx, %ebx
	xorl	%edi, %edi
	xorl	%ebp, %ebp
	jmp	*%eax

	.data
	.balign	8
gdt:
	.quad	0
	.quad	0
	.quad	0x00cf9b000000ffff	/* BOOT_CS */
	.quad	0x00cf93000000ffff	/* BOOT_DS */
gdt_end:
	.word	0
gdt_pointer:
	.word	gdt_end - gdt - 1
	.long	gdt			/* and our segment's base */
	.word	0
far_target:
	.long	in_protected		/* and our segment's base */
	.word	BOOT_CS
no_idt:
	.word	0, 0, 0

	.section .note.GNU-stack, "", @progbits
