/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The first instructions of every exception and interrupt.
 *
 * One stub a vector makes all stacks alike, then one path saves what C may
 * clobber and calls trap_handle(). trap.c computes a stub's address from its
 * vector: TRAP_STUB_SIZE apart, starting at trap_stubs.
 *
 * Spec: Intel SDM volume 3, chapter 6.
 */
#include "trap.h"

/* The vectors for which the processor pushes an error code itself. */
#define HAS_ERROR_CODE(v) \
	((v) == 8 || ((v) >= 10 && (v) <= 14) || (v) == 17 || (v) == 21)

	.text
	.balign	TRAP_STUB_SIZE
	.globl trap_stubs
trap_stubs:
	.set	vector, 0
	.rept	TRAP_VECTORS
	.balign	TRAP_STUB_SIZE
	.if	!HAS_ERROR_CODE(vector)
	push	$0
	.endif
	push	$vector
	jmp	trap_common
	.set	vector, vector + 1
	.endr

trap_common:
#ifdef KERNEL_64
	push	%rax
	push	%rcx
	push	%rdx
	push	%rsi
	push	%rdi
	push	%r8
	push	%r9
	push	%r10
	push	%r11
	cld
	lea	72(%rsp), %rdi
	mov	%rsp, %rax		/* C requires a 16-byte aligned stack */
	and	$-16, %rsp
	push	%rax
	push	%rax
	call	trap_handle
	pop	%rsp
	pop	%r11
	pop	%r10
	pop	%r9
	pop	%r8
	pop	%rdi
	pop	%rsi
	pop	%rdx
	pop	%rcx
	pop	%rax
	add	$16, %rsp
	iretq
#else
	push	%eax
	push	%ecx
	push	%edx
	cld
	lea	12(%esp), %eax
	push	%eax
	call	trap_handle
	add	$4, %esp
	pop	%edx
	pop	%ecx
	pop	%eax
	add	$8, %esp
	/*
	 * An interpreting KVM has no iret for protected mode. Within one
	 * privilege level popf and a far return do the same.
	 */
	push	8(%esp)
	popf
	lret	$4
#endif

	.section .note.GNU-stack, "", @progbits
