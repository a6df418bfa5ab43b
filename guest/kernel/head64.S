/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The 64-bit kernel's two entry points, from the loader to kernel_main().
 *
 *   pvh_start   32-bit, paging off, EBX = start info   (the PHYS32_ENTRY note)
 *   startup_64  64-bit, identity map, RSI = boot_params  (e_entry)
 *
 * Both may find the kernel anywhere below 4 GiB on a 2 MiB boundary. Both
 * save what they were given, then run on page tables of their own:
 *
 *   virtual                          physical
 *   0 - 4 GiB                        the same
 *   512 GiB - 512 GiB + 2 MiB        a window, see mem.c
 *   KERNEL_VIRT + KERNEL_PHYS ...    wherever the image was loaded, 2 x 2 MiB
 *
 * A loader may have moved the last one within its GiB (KASLR): every address
 * in it is a word that guest/tools/relocs lists.
 *
 * Not trusted: the stack pointer, the GDT, DF, anything the specification
 * leaves open. Spec: Xen docs/misc/pvh.pandoc; Linux boot.rst, "64-bit BOOT
 * PROTOCOL".
 */
#include "entry.h"
#include "pv/x86.h"

	.section .head.text, "ax"
	.globl image_start
image_start:

/*
 * Fill the zeroed tables. \p is the register width that addresses memory in
 * this mode. In: BX = .early, BP = where the image lies. Clobbers AX, CX, DI.
 * Everything lies below 4 GiB, so the upper halves of the entries stay zero.
 */
.macro build_page_tables p
	movl	$(PTE_P | PTE_RW | PTE_PS), %eax
	movl	$2048, %ecx
	leal	EARLY_PD_LOW(%ebx), %edi
1:	movl	%eax, (%\p\()di)
	addl	$PAGE_2M, %eax
	addl	$8, %edi
	subl	$1, %ecx
	jnz	1b

	leal	(EARLY_PD_LOW + PTE_P + PTE_RW)(%ebx), %eax
	movl	%eax, (EARLY_PDPT_LOW + 0)(%\p\()bx)
	addl	$PAGE_4K, %eax
	movl	%eax, (EARLY_PDPT_LOW + 8)(%\p\()bx)
	addl	$PAGE_4K, %eax
	movl	%eax, (EARLY_PDPT_LOW + 16)(%\p\()bx)
	addl	$PAGE_4K, %eax
	movl	%eax, (EARLY_PDPT_LOW + 24)(%\p\()bx)

	/*
	 * KERNEL_PHYS, unless a loader has relocated the kernel. In the last 2
	 * MiB of its GiB, the second entry is written into the next page, whose
	 * first entry is set below.
	 */
	movl	$(image_start - KERNEL_VIRT), %edi
	shrl	$18, %edi	/* to 2 MiB pages, 8 bytes each */
	leal	EARLY_PD_HIGH(%ebx, %edi), %edi
	leal	(PTE_P + PTE_RW + PTE_PS)(%ebp), %eax
	movl	%eax, (%\p\()di)
	addl	$PAGE_2M, %eax
	movl	%eax, 8(%\p\()di)
	leal	(EARLY_PD_HIGH + PTE_P + PTE_RW)(%ebx), %eax
	movl	%eax, (EARLY_PDPT_HIGH + 8 * 510)(%\p\()bx)
	leal	(EARLY_PD_WINDOW + PTE_P + PTE_RW)(%ebx), %eax
	movl	%eax, EARLY_PDPT_WINDOW(%\p\()bx)

	leal	(EARLY_PDPT_LOW + PTE_P + PTE_RW)(%ebx), %eax
	movl	%eax, EARLY_PML4(%\p\()bx)
	leal	(EARLY_PDPT_WINDOW + PTE_P + PTE_RW)(%ebx), %eax
	movl	%eax, (EARLY_PML4 + 8)(%\p\()bx)
	leal	(EARLY_PDPT_HIGH + PTE_P + PTE_RW)(%ebx), %eax
	movl	%eax, (EARLY_PML4 + 8 * 511)(%\p\()bx)
.endm

	.code32
	.globl pvh_start
pvh_start:
	cld
	/*
	 * There is no stack yet, but one is needed to learn the current
	 * address. The start info is certainly memory: borrow its first word.
	 */
	movl	(%ebx), %edx
	leal	4(%ebx), %esp
	call	1f
1:	popl	%ebp
	movl	%edx, (%ebx)
	subl	$(1b - image_start), %ebp

	leal	(early_start - image_start)(%ebp), %edi
	movl	$(EARLY_SIZE / 4), %ecx
	xorl	%eax, %eax
	repe scasl
	setne	%dl
	movzbl	%dl, %edx
	leal	(early_start - image_start)(%ebp), %edi
	movl	$(EARLY_SIZE / 4), %ecx
	rep stosl

	leal	(early_start - image_start)(%ebp), %ecx
	leal	EARLY_STACK_END(%ecx), %esp
	leal	EARLY_FRAME(%ecx), %edi
	movl	$ENTRY_PVH, F_KIND(%edi)
	movl	%edx, F_DIRTY(%edi)
	movl	%ebp, F_LOADED(%edi)
	movl	%ebx, F_BX(%edi)
	pushfl
	popl	F_FLAGS(%edi)
	movl	%cr0, %eax
	movl	%eax, F_CR0(%edi)
	movl	%cr4, %eax
	movl	%eax, F_CR4(%edi)
	movl	%cs, %eax
	movl	%eax, F_CS(%edi)
	movl	%ds, %eax
	movl	%eax, F_DS(%edi)
	movl	%es, %eax
	movl	%eax, F_ES(%edi)
	movl	%ss, %eax
	movl	%eax, F_SS(%edi)

	movl	%ecx, %ebx
	build_page_tables e

	movl	$CR4_PAE, %eax
	movl	%eax, %cr4
	leal	EARLY_PML4(%ebx), %eax
	movl	%eax, %cr3
	movl	$MSR_EFER, %ecx
	rdmsr
	orl	$EFER_LME, %eax
	wrmsr

	leal	(gdt - image_start)(%ebp), %eax
	pushl	%eax
	pushw	$(gdt_end - gdt - 1)
	lgdt	(%esp)
	leal	EARLY_STACK_END(%ebx), %esp

	movl	$(CR0_PG | CR0_WP | CR0_NE | CR0_ET | CR0_MP | CR0_PE), %eax
	movl	%eax, %cr0
	leal	(enter_high - image_start)(%ebp), %eax
	pushl	$BOOT_CS
	pushl	%eax
	lret

	.code64
	.globl startup_64
startup_64:
	cld
	leaq	early_start(%rip), %rdi
	movl	$(EARLY_SIZE / 4), %ecx
	xorl	%eax, %eax
	repe scasl
	setne	%dl
	movzbl	%dl, %edx
	leaq	early_start(%rip), %rdi
	movl	$(EARLY_SIZE / 4), %ecx
	rep stosl

	leaq	early_start(%rip), %rcx
	leaq	image_start(%rip), %rbp
	leaq	EARLY_STACK_END(%rcx), %rsp
	leaq	EARLY_FRAME(%rcx), %rdi
	movl	$ENTRY_LINUX_64, F_KIND(%rdi)
	movl	%edx, F_DIRTY(%rdi)
	movq	%rbp, F_LOADED(%rdi)
	movq	%rsi, F_SI(%rdi)
	pushfq
	popq	F_FLAGS(%rdi)
	movq	%cr0, %rax
	movq	%rax, F_CR0(%rdi)
	movq	%cr3, %rax
	movq	%rax, F_CR3(%rdi)
	movq	%cr4, %rax
	movq	%rax, F_CR4(%rdi)
	movl	%cs, %eax
	movl	%eax, F_CS(%rdi)
	movl	%ds, %eax
	movl	%eax, F_DS(%rdi)
	movl	%es, %eax
	movl	%eax, F_ES(%rdi)
	movl	%ss, %eax
	movl	%eax, F_SS(%rdi)

	movq	%rcx, %rbx
	movl	$MSR_EFER, %ecx
	rdmsr
	movl	%eax, F_EFER(%rdi)
	build_page_tables r
	leaq	EARLY_PML4(%rbx), %rax
	movq	%rax, %cr3

/* In: RBX = .early. From the identity map to where the kernel is linked. */
enter_high:
	movq	$1f, %rax
	jmp	*%rax
1:	lgdt	gdt_pointer(%rip)
	movl	$BOOT_DS, %eax
	movl	%eax, %ds
	movl	%eax, %es
	movl	%eax, %ss
	xorl	%eax, %eax
	movl	%eax, %fs
	movl	%eax, %gs
	leaq	1f(%rip), %rax
	pushq	$BOOT_CS
	pushq	%rax
	lretq
1:	leaq	EARLY_FRAME(%rbx), %rdi
	xorl	%ebp, %ebp
	call	kernel_main
	ud2

	.data
	.balign	8
/* Accessed bits are set already, so that loading a selector writes nothing. */
gdt:
	.quad	0
	.quad	0
	.quad	0x00af9b000000ffff	/* BOOT_CS: 64-bit code */
	.quad	0x00cf93000000ffff	/* BOOT_DS: flat data */
gdt_end:
	.word	0, 0, 0
gdt_pointer:
	.word	gdt_end - gdt - 1
	.quad	gdt

	.section .early, "aw", @nobits
	.balign	4096
	.globl early_start
early_start:
	.skip	EARLY_SIZE

	.section .note.GNU-stack, "", @progbits
