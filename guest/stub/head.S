/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The stub's two entries, and its move out of the kernel's way.
 *
 *   0x000   32-bit: flat segments, paging off, ESI = boot_params
 *   0x200   64-bit: identity map, RSI = boot_params; goes down to 32 bits
 *
 * Neither a stack nor an address can be relied on. The 32-bit entry borrows
 * boot_params' scratch word to learn where it is; a stack inside the image
 * serves until the move. place.c has the picture of memory.
 *
 * Spec: Linux boot.rst, "32-bit BOOT PROTOCOL", "64-bit BOOT PROTOCOL".
 */
#include "pv/bootparam.h"
#include "pv/stub.h"
#include "pv/testport.h"
#include "pv/x86.h"

#define PLACE_STACK_SIZE 0x800
#define CS_32_UNDER_64	 0x08 /* in gdt64: the way down from 64 bits */

	.section .head, "ax"
	.code32
	.globl stub_start
stub_start:
	cli
	cld
	leal	(BP_SCRATCH + 4)(%esi), %esp
	call	1f
1:	popl	%ebp
	subl	$(1b - stub_start), %ebp
	movl	$32, %ebx

/* EBP = where the image is, ESI = boot_params, EBX = which entry it was. */
entered:
	leal	(place_stack_end - stub_start)(%ebp), %esp
	call	load_segments
	pushl	%ebx
	pushl	%esi
	pushl	%ebp
	call	stub_place

	cmpl	%ebp, %eax
	je	1f
	movl	%esi, %ebx
	movl	%ebp, %esi
	movl	%eax, %edi
	movl	STUB_INFO_IMAGE_LEN(%ebp), %ecx
	shrl	$2, %ecx
	rep movsl
	movl	%ebx, %esi
	movl	%eax, %ebp
	leal	(1f - stub_start)(%ebp), %eax
	jmp	*%eax

/* At the new place. The GDT moved too: the old one may be written over. */
1:	movl	STUB_INFO_IMAGE_LEN(%ebp), %eax
	leal	(PAGE_4K - 1)(%ebp, %eax), %eax
	andl	$-PAGE_4K, %eax
	leal	STUB_WORK_SIZE(%eax), %esp
	movl	%eax, %ebx
	call	load_segments
	pushl	%ebx
	pushl	%esi
	pushl	%ebp
	call	stub_main

/* Our own flat segments: CS 0x10, all others 0x18. Clobbers EAX. */
load_segments:
	leal	(gdt32 - stub_start)(%ebp), %eax
	pushl	%eax
	pushw	$(gdt32_end - gdt32 - 1)
	lgdt	(%esp)
	addl	$6, %esp
	movl	$BOOT_DS, %eax
	movl	%eax, %ds
	movl	%eax, %es
	movl	%eax, %fs
	movl	%eax, %gs
	movl	%eax, %ss
	leal	(1f - stub_start)(%ebp), %eax
	pushl	$BOOT_CS
	pushl	%eax
	lret
1:	ret

	.org	STUB_INFO
	.long	STUB_MAGIC

	.org	STUB_KERNEL_INFO
	.long	KERNEL_INFO_MAGIC
	.long	STUB_KERNEL_INFO_SIZE
	.long	STUB_KERNEL_INFO_SIZE	/* and nothing of variable size */
	.long	0			/* setup_data types the stub knows */

	.org	LINUX_ENTRY64_OFFSET
	.code64
	.globl stub_start_64
stub_start_64:
	cli
	cld
	/* xloadflags does not offer it, but a loader may not have looked. */
	leaq	stub_start(%rip), %rbp
	movq	%rbp, %rax
	orq	%rsi, %rax
	shrq	$32, %rax
	jnz	too_high

	leaq	place_stack_end(%rip), %rsp
	leaq	gdt64(%rip), %rax
	subq	$16, %rsp
	movw	$(gdt64_end - gdt64 - 1), 6(%rsp)
	movq	%rax, 8(%rsp)
	lgdt	6(%rsp)
	addq	$16, %rsp
	movl	$BOOT_DS, %eax
	movl	%eax, %ss
	movl	%eax, %ds
	movl	%eax, %es
	leaq	1f(%rip), %rax
	pushq	$CS_32_UNDER_64
	pushq	%rax
	lretq

	/* Paging first, then what it needs: CR4 with it, then EFER. */
	.code32
1:	movl	$(CR0_ET | CR0_PE), %eax
	movl	%eax, %cr0
	xorl	%eax, %eax
	movl	%eax, %cr3
	movl	%eax, %cr4
	movl	$MSR_EFER, %ecx
	rdmsr
	andl	$~EFER_LME, %eax
	wrmsr
	movl	$64, %ebx
	jmp	entered

	.code64
too_high:
	leaq	too_high_text(%rip), %rsi
1:	lodsb
	testb	%al, %al
	jz	2f
	movw	$COM1_PORT, %dx
	outb	%al, %dx
	jmp	1b
2:	movl	$TESTPORT_FAIL_STUB, %eax
	outl	%eax, $TESTPORT_EXIT
3:	cli
	hlt
	jmp	3b

too_high_text:
	.asciz	"\r\nstub: loaded, or boot_params, above 4 GiB\r\n"

	.balign	8
/* Accessed bits are set already, so that loading a selector writes nothing. */
	.globl gdt32, gdt64
gdt32:
	.quad	0
	.quad	0
	.quad	0x00cf9b000000ffff	/* BOOT_CS: 32-bit code */
	.quad	0x00cf93000000ffff	/* BOOT_DS: flat data */
gdt32_end:
gdt64:
	.quad	0
	.quad	0x00cf9b000000ffff	/* CS_32_UNDER_64 */
	.quad	0x00af9b000000ffff	/* BOOT_CS: 64-bit code */
	.quad	0x00cf93000000ffff	/* BOOT_DS: flat data */
gdt64_end:

	.data
	.balign	16
place_stack:
	.skip	PLACE_STACK_SIZE
place_stack_end:

	.section .note.GNU-stack, "", @progbits
