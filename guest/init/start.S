/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where the kernel enters the init: with a stack, and nothing else that is
 * needed.
 */
	.globl	_start
	.text
_start:
	xor	%ebp, %ebp
	and	$-16, %rsp
	call	init_main
	ud2
	.section .note.GNU-stack, "", @progbits
