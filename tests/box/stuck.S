/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A kernel module that never comes back from its start, or, with -DIS_BUG,
 * meets a BUG there: three functions that call each other, so that a call trace
 * through a module can be compared with the kernel's own.
 *
 * Written by hand, because a module in C needs the headers of its kernel.
 * tests/box/autopsy takes from a module of that kernel:
 *
 *   VERSIONS    its __versions section, a file
 *   VERMAGIC    its version, a string
 *   THIS_SIZE   how large struct module is
 *   THIS_INIT   where the pointer to the start is in it
 *   ORC_CALL    the bits of an ORC entry for a call, relative to sp
 */
#define THIS_NAME 24 /* behind the state and the list, in all kernels so far */

	.text
	.type stuck_inner, @function
stuck_inner:
#ifdef IS_BUG
1:	ud2
#else
1:	pause
	jmp 1b
#endif
	.size stuck_inner, . - stuck_inner

	.type stuck_outer, @function
stuck_outer:
	sub $24, %rsp
2:	call stuck_inner
	add $24, %rsp
3:	ret
	.size stuck_outer, . - stuck_outer
4:

	.section .init.text, "ax"
	.globl init_module
	.type init_module, @function
init_module:
	endbr64
	sub $8, %rsp
5:	call stuck_outer
	add $8, %rsp
6:	ret
	.size init_module, . - init_module
7:

/* One row: from @at on, the caller's stack is @offset above sp; 0: no code. */
	.macro orc at, offset
	.section .orc_unwind_ip, "a"
	.long \at - .
	.section .orc_unwind, "a"
	.short \offset, 0
	.if \offset
	.short ORC_CALL
	.else
	.short 0
	.endif
	.endm

	orc stuck_inner, 8
	orc stuck_outer, 8
	orc 2b, 32
	orc 3b, 8
	orc 4b, 0
	orc init_module, 8
	orc 5b, 16
	orc 6b, 8
	orc 7b, 0

#ifdef IS_BUG
	.section __bug_table, "aw"
	.long 1b - .
	.long file - .
	.short 7, 0
	.section .rodata
file:	.asciz "stuck.S"
#endif

	.section .modinfo, "a"
	.asciz "license=GPL"
	.asciz "name=stuck"
	.ascii "vermagic="
	.asciz VERMAGIC

	.section __versions, "a"
	.incbin VERSIONS

	.section .gnu.linkonce.this_module, "aw"
	.balign 64
	.zero THIS_NAME
	.asciz "stuck"
	.zero THIS_INIT - THIS_NAME - 6
	.quad init_module
	.zero THIS_SIZE - THIS_INIT - 8

	.section .note.GNU-stack, "", @progbits
