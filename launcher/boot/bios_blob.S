/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * guest/bios, as built, inside the launcher.
 */
	.section .rodata
	.globl	bios_blob, bios_blob_end
	.balign	16
bios_blob:
	.incbin	"build/guest/bios.bin"
bios_blob_end:
	.section .note.GNU-stack, "", @progbits
