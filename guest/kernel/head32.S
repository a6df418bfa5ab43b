/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The 32-bit kernel's two entry points, from the loader to kernel_main().
 *
 *   pvh_start   EBX = start info    (the PHYS32_ENTRY note)
 *   startup_32  ESI = boot_params   (e_entry)
 *
 * Both are entered in flat protected mode with paging off and stay there. The
 * kernel only runs where it is linked: it has no PHYS32_RELOC.
 *
 * Not trusted: the stack pointer, the GDT, DF, anything the specification
 * leaves open. Spec: Xen docs/misc/pvh.pandoc; Linux boot.rst, "32-bit BOOT
 * PROTOCOL".
 */
#include "entry.h"
#include "pv/x86.h"

#define FRAME (early_start + EARLY_FRAME)

	.section .head.text, "ax"
	.code32
	.globl image_start
image_start:
	.globl startup_32
startup_32:
	movl	$ENTRY_LINUX_32, %edx
	jmp	1f

	.globl pvh_start
pvh_start:
	movl	$ENTRY_PVH, %edx

	/* Is .early all zero? The answer and EDI wait in registers. */
1:	cld
	movl	%edi, %esp
	movl	$early_start, %edi
	movl	$(EARLY_SIZE / 4), %ecx
	xorl	%eax, %eax
	repe scasl
	setne	%dh
	movl	$early_start, %edi
	movl	$(EARLY_SIZE / 4), %ecx
	rep stosl

	movl	%esp, FRAME + F_DI
	movl	$(early_start + EARLY_STACK_END), %esp
	movb	%dl, FRAME + F_KIND
	movb	%dh, FRAME + F_DIRTY
	movl	$image_start, FRAME + F_LOADED
	movl	%ebx, FRAME + F_BX
	movl	%esi, FRAME + F_SI
	movl	%ebp, FRAME + F_BP
	pushfl
	popl	FRAME + F_FLAGS
	movl	%cr0, %eax
	movl	%eax, FRAME + F_CR0
	movl	%cr3, %eax
	movl	%eax, FRAME + F_CR3
	movl	%cr4, %eax
	movl	%eax, FRAME + F_CR4
	movl	%cs, %eax
	movl	%eax, FRAME + F_CS
	movl	%ds, %eax
	movl	%eax, FRAME + F_DS
	movl	%es, %eax
	movl	%eax, FRAME + F_ES
	movl	%ss, %eax
	movl	%eax, FRAME + F_SS

	lgdt	gdt_pointer
	movl	$BOOT_DS, %eax
	movl	%eax, %ds
	movl	%eax, %es
	movl	%eax, %ss
	xorl	%eax, %eax
	movl	%eax, %fs
	movl	%eax, %gs
	ljmp	$BOOT_CS, $1f
1:	xorl	%ebp, %ebp
	pushl	$FRAME
	call	kernel_main
	ud2

	.data
	.balign	8
/* Accessed bits are set already, so that loading a selector writes nothing. */
gdt:
	.quad	0
	.quad	0
	.quad	0x00cf9b000000ffff	/* BOOT_CS: 32-bit code */
	.quad	0x00cf93000000ffff	/* BOOT_DS: flat data */
gdt_end:
	.word	0
gdt_pointer:
	.word	gdt_end - gdt - 1
	.long	gdt

	.section .early, "aw", @nobits
	.balign	4096
	.globl early_start
early_start:
	.skip	EARLY_SIZE

	.section .note.GNU-stack, "", @progbits
