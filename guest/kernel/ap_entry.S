/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where another processor begins: at offset 0 of a page below 1 MiB, in real
 * mode, with no stack. smp.c copies all from ap_code to ap_code_end there and
 * fills in ap_params.
 *
 * Several processors may start at the same time: each takes a number, which
 * chooses its stack, before it uses any memory.
 *
 * Spec: Intel SDM volume 3, 8.4 and 9.9.
 */
#include "pv/x86.h"
#include "smp.h"

#define AT(label) ((label) - ap_code)
#define AP_CS32	  0x20

	.section .rodata
	.balign	16
	.globl ap_code, ap_params, ap_code_end

	.code16
ap_code:
	cli
	cld
	xorl	%ebx, %ebx
	movw	%cs, %bx
	movw	%bx, %ds
	shll	$4, %ebx
	lgdtl	AT(ap_gdt_pointer)
	movl	%cr0, %eax
	movl	%eax, AT(ap_cr0)
	movl	$(CR0_NE | CR0_ET | CR0_MP | CR0_PE), %eax
	movl	%eax, %cr0
	ljmpl	*AT(ap_far32)

	/* EBX = the page */
	.code32
ap_32:
	movl	$BOOT_DS, %eax
	movl	%eax, %ds
	movl	%eax, %es
	movl	%eax, %ss
	xorl	%eax, %eax
	movl	%eax, %fs
	movl	%eax, %gs
	movl	$1, %esi
	lock xaddl %esi, AT(ap_number)(%ebx)
	cmpl	$SMP_CPUS_MAX, %esi
	jae	ap_too_many
#ifdef KERNEL_64
	movl	$CR4_PAE, %eax
	movl	%eax, %cr4
	movl	AT(ap_cr3)(%ebx), %eax
	movl	%eax, %cr3
	movl	$MSR_EFER, %ecx
	rdmsr
	orl	$EFER_LME, %eax
	wrmsr
	movl	$(CR0_PG | CR0_WP | CR0_NE | CR0_ET | CR0_MP | CR0_PE), %eax
	movl	%eax, %cr0
	ljmpl	*AT(ap_far64)(%ebx)

	.code64
ap_64:
	leal	1(%rsi), %eax
	shll	$SMP_STACK_SHIFT, %eax
	addq	AT(ap_stacks)(%rbx), %rax
	movq	%rax, %rsp
	xorl	%ebp, %ebp
	movl	%esi, %edi
	movq	AT(ap_main)(%rbx), %rax
	call	*%rax
	.code32
#else
	leal	1(%esi), %eax
	shll	$SMP_STACK_SHIFT, %eax
	addl	AT(ap_stacks)(%ebx), %eax
	movl	%eax, %esp
	xorl	%ebp, %ebp
	pushl	%esi
	movl	AT(ap_main)(%ebx), %eax
	call	*%eax
#endif
ap_too_many:
	hlt
	jmp	ap_too_many

	.balign	8
ap_gdt:
	.quad	0
	.quad	0
#ifdef KERNEL_64
	.quad	0x00af9b000000ffff	/* BOOT_CS: 64-bit code */
#else
	.quad	0x00cf9b000000ffff	/* BOOT_CS: 32-bit code */
#endif
	.quad	0x00cf93000000ffff	/* BOOT_DS: flat data */
	.quad	0x00cf9b000000ffff	/* AP_CS32: 32-bit code */
ap_gdt_end:

	/* struct ap_params */
	.balign	8
ap_params:
ap_main:
	.quad	0
ap_stacks:
	.quad	0
ap_cr3:
	.long	0
ap_number:
	.long	0
	/* These three are offsets in the page, to which it is added. */
ap_far32:
	.long	AT(ap_32)
#ifdef KERNEL_64
	.long	AP_CS32
#else
	.long	BOOT_CS
#endif
ap_far64:
#ifdef KERNEL_64
	.long	AT(ap_64)
#else
	.long	0
#endif
	.long	BOOT_CS
	.word	0
ap_gdt_pointer:
	.word	ap_gdt_end - ap_gdt - 1
	.long	AT(ap_gdt)
ap_cr0:
	.long	0
	.long	0
ap_code_end:

	.section .note.GNU-stack, "", @progbits
