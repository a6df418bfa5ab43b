/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * guest/init, as built, inside the launcher.
 */
	.section .rodata
	.globl	init_blob, init_blob_end
	.balign	16
init_blob:
	.incbin	"build/guest/init.elf"
init_blob_end:
	.section .note.GNU-stack, "", @progbits
