/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * guest/bios, as built, inside the launcher.
 */
#ifdef __CET__
#include <cet.h> /* the note that this object is fit for CET */
#endif

	.section .rodata
	.globl	bios_blob, bios_blob_end
	.balign	16
bios_blob:
	.incbin	"build/guest/bios.bin"
bios_blob_end:
	.section .note.GNU-stack, "", @progbits
