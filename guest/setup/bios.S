/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bios_call(number, regs): one software interrupt, every register in and out.
 *
 * The number is written into the instruction. Our code, data and stack share
 * one segment, so DS is got back from CS, and BP, whose default segment is SS,
 * reaches the register block whatever the BIOS did to DS.
 */
#include "bios.h"

#define SAVED	20		/* four registers and the return address */
#define NUMBER	(SAVED + 0)
#define REGS	(SAVED + 4)

	.code16
	.text
	.globl bios_call
bios_call:
	pushl	%ebx
	pushl	%esi
	pushl	%edi
	pushl	%ebp
	movb	NUMBER(%esp), %al
	movb	%al, number
	jmp	1f		/* what was fetched ahead is old */
1:	movl	REGS(%esp), %ebp
	movw	R_ES(%ebp), %es
	movl	R_AX(%ebp), %eax
	movl	R_BX(%ebp), %ebx
	movl	R_CX(%ebp), %ecx
	movl	R_DX(%ebp), %edx
	movl	R_SI(%ebp), %esi
	movl	R_DI(%ebp), %edi
	movl	R_BP(%ebp), %ebp
	.byte	0xcd		/* int */
number:	.byte	0
	pushfl
	pushl	%ebp
	movl	REGS + 8(%esp), %ebp
	movl	%eax, R_AX(%ebp)
	movl	%ebx, R_BX(%ebp)
	movl	%ecx, R_CX(%ebp)
	movl	%edx, R_DX(%ebp)
	movl	%esi, R_SI(%ebp)
	movl	%edi, R_DI(%ebp)
	movw	%es, R_ES(%ebp)
	popl	%eax
	movl	%eax, R_BP(%ebp)
	popl	%eax
	movl	%eax, R_FLAGS(%ebp)
	movw	%cs, %ax
	movw	%ax, %ds
	movw	%ax, %es
	cld
	popl	%ebp
	popl	%edi
	popl	%esi
	popl	%ebx
	retl

	.section .note.GNU-stack, "", @progbits
