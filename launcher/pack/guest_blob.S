/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The guest's half of a packed image, as built: see guest_blob.h.
 */
#ifdef __CET__
#include <cet.h> /* the note that this object is fit for CET */
#endif

	.section .rodata, "a"

	.globl pack_setup, pack_setup_end
	.balign	16
pack_setup:
	.incbin	"build/guest/setup.bin"
pack_setup_end:

	.globl pack_stub, pack_stub_end
	.balign	16
pack_stub:
	.incbin	"build/guest/stub.bin"
pack_stub_end:

	.section .note.GNU-stack, "", @progbits
