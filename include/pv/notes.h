/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ELF note types a kernel uses to say how it wants to be started.
 *
 * Spec: Xen, public/elfnote.h and public/features.h; Linux,
 * include/linux/elfnote.h users; the gABI for PT_NOTE itself.
 */
#ifndef PV_NOTES_H
#define PV_NOTES_H

/* Owner "Xen" */
#define XEN_ELFNOTE_INFO		    0
#define XEN_ELFNOTE_ENTRY		    1
#define XEN_ELFNOTE_HYPERCALL_PAGE	    2
#define XEN_ELFNOTE_VIRT_BASE		    3
#define XEN_ELFNOTE_PADDR_OFFSET	    4
#define XEN_ELFNOTE_XEN_VERSION		    5
#define XEN_ELFNOTE_GUEST_OS		    6
#define XEN_ELFNOTE_GUEST_VERSION	    7
#define XEN_ELFNOTE_LOADER		    8
#define XEN_ELFNOTE_PAE_MODE		    9
#define XEN_ELFNOTE_FEATURES		    10
#define XEN_ELFNOTE_BSD_SYMTAB		    11
#define XEN_ELFNOTE_HV_START_LOW	    12
#define XEN_ELFNOTE_L1_MFN_VALID	    13
#define XEN_ELFNOTE_SUSPEND_CANCEL	    14
#define XEN_ELFNOTE_INIT_P2M		    15
#define XEN_ELFNOTE_MOD_START_PFN	    16
#define XEN_ELFNOTE_SUPPORTED_FEATURES	    17
#define XEN_ELFNOTE_PHYS32_ENTRY	    18
#define XEN_ELFNOTE_PHYS32_RELOC	    19
#define XEN_ELFNOTE_CRASH_INFO		    0x1000001
#define XEN_ELFNOTE_CRASH_REGS		    0x1000002
#define XEN_ELFNOTE_DUMPCORE_NONE	    0x2000000
#define XEN_ELFNOTE_DUMPCORE_HEADER	    0x2000001
#define XEN_ELFNOTE_DUMPCORE_XEN_VERSION    0x2000002
#define XEN_ELFNOTE_DUMPCORE_FORMAT_VERSION 0x2000003

/* Owner "Linux" */
#define LINUX_ELFNOTE_BUILD_SALT 0x100
#define LINUX_ELFNOTE_LTO_INFO	 0x101

/* Owner "GNU" */
#define GNU_ELFNOTE_BUILD_ID 3
#define GNU_ELFNOTE_PROPERTY 5

#endif
