/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The last instructions before the kernel: the state boot.rst describes for
 * the 32-bit and for the 64-bit entry.
 */
#include "pv/x86.h"

	.text
	.code32

/* enter_elf32(entry, boot_params); segments and CR0 are right already. */
	.globl enter_elf32
enter_elf32:
	movl	4(%esp), %eax
	movl	8(%esp), %esi
	xorl	%ebx, %ebx
	xorl	%edi, %edi
	xorl	%ebp, %ebp
	jmp	*%eax

/* enter_elf64(entry, boot_params, pml4) */
	.globl enter_elf64
enter_elf64:
	movl	4(%esp), %edi
	movl	8(%esp), %esi
	movl	12(%esp), %ebx
	call	1f
1:	popl	%ebp

	movl	$CR4_PAE, %eax
	movl	%eax, %cr4
	movl	%ebx, %cr3
	movl	$MSR_EFER, %ecx
	rdmsr
	orl	$EFER_LME, %eax
	wrmsr
	leal	(gdt64 - 1b)(%ebp), %eax
	pushl	%eax
	pushw	$(4 * 8 - 1)
	lgdt	(%esp)
	addl	$6, %esp
	movl	$(CR0_PG | CR0_ET | CR0_PE), %eax
	movl	%eax, %cr0
	leal	(1f - 1b)(%ebp), %eax
	pushl	$BOOT_CS
	pushl	%eax
	lret

	.code64
1:	movl	$BOOT_DS, %eax
	movl	%eax, %ds
	movl	%eax, %es
	movl	%eax, %ss
	movl	%eax, %fs
	movl	%eax, %gs
	movl	%edi, %eax
	movl	%esi, %esi
	xorl	%ebx, %ebx
	xorl	%edi, %edi
	xorl	%ebp, %ebp
	jmp	*%rax

	.section .note.GNU-stack, "", @progbits
