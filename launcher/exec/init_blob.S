/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * guest/init, as built, inside the launcher.
 */
#ifdef __CET__
#include <cet.h> /* the note that this object is fit for CET */
#endif

	.section .rodata
	.globl	init_blob, init_blob_end
	.balign	16
init_blob:
	.incbin	"build/guest/init.elf"
init_blob_end:
	.section .note.GNU-stack, "", @progbits
