/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel's ELF notes: what it tells a loader before it runs.
 *
 * PHYS32_ENTRY is where PVH enters it, PHYS32_RELOC says where else the 64-bit
 * kernel may be loaded, and FEATURES has what it requires. The linker adds the
 * GNU build-id. The 32-bit kernel, which runs only where it is linked, has no
 * PHYS32_RELOC.
 *
 * Spec: Xen public/elfnote.h, public/features.h.
 */
#include "entry.h"
#include "pv/notes.h"
#include "pv/x86.h"

#define FEATURE_AUTO_TRANSLATED_PHYSMAP	 2
#define FEATURE_LINUX_RSDP_UNRESTRICTED	 15
#define LAUNCHER_NOTE_KIND		 1 /* text: what this kernel is for */

.macro note_begin owner, type
	.balign	4
	.long	2f - 1f, 4f - 3f, \type
1:	.asciz	"\owner"
2:	.balign	4
3:
.endm

.macro note_end
4:	.balign	4
.endm

	.section .notes, "a", @note
	note_begin Xen, XEN_ELFNOTE_GUEST_OS
	.asciz	"self-checking kernel"
	note_end
	note_begin Xen, XEN_ELFNOTE_GUEST_VERSION
	.asciz	GUEST_VERSION
	note_end
	note_begin Xen, XEN_ELFNOTE_PHYS32_ENTRY
#ifdef KERNEL_64
	.quad	pvh_start - KERNEL_VIRT
#else
	.long	pvh_start
#endif
	note_end
#ifdef KERNEL_64
	/* Alignment, lowest and highest byte: any 2 MiB boundary below 4
	 * GiB. */
	note_begin Xen, XEN_ELFNOTE_PHYS32_RELOC
	.long	PAGE_2M, PAGE_2M, 0xffffffff
	note_end
#endif
	/* Names without a final NUL, as Linux writes them. */
	note_begin Xen, XEN_ELFNOTE_FEATURES
	.ascii	"!auto_translated_physmap|linux_rsdp_unrestricted"
	note_end
	note_begin Xen, XEN_ELFNOTE_SUPPORTED_FEATURES
	.long	1 << FEATURE_AUTO_TRANSLATED_PHYSMAP | \
		1 << FEATURE_LINUX_RSDP_UNRESTRICTED
	note_end
	note_begin launcher, LAUNCHER_NOTE_KIND
	.asciz	"claims about the machine, checks itself"
	note_end

	.section .note.GNU-stack, "", @progbits
