/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The entry protocols: what a kernel gets at its first instruction.
 *
 * Each one writes the structures of its specification into guest memory, and
 * fills in the state of the first vCPU.
 */
#ifndef BOOT_ENTRY_H
#define BOOT_ENTRY_H

#include "vm/memory_map.h"
#include "boot/kaslr.h"
#include "boot/place.h"
#include "vm/e820.h"
#include "vm/guest_mem.h"
#include "vm/cpu_entry.h"

/* What a kernel gets, with any protocol. */
struct boot_handover {
	const struct guest_mem *gm;
	const struct image *img;
	const struct e820 *map;
	struct boot_range cmdline; /* with its NUL */
	struct boot_range initrd;
	uint64_t rsdp; /* GPA of the ACPI RSDP */
	/* linux*: where the protected-mode code lies; others: 0 */
	uint64_t code_gpa;
	uint64_t entry; /* the ELF's entry address, moved with the ELF */
	/* The kernel is randomised: boot_params says so, and gives it these
	 * random bytes. */
	bool kaslr;
	uint8_t rng_seed[KASLR_RNG_SIZE];
	struct memory_map *places; /* where what is written is noted, or NULL */
};

/* PVH: 32-bit, EBX = hvm_start_info. Spec: Xen, docs/misc/pvh.pandoc. */
int entry_pvh(const struct boot_handover *h, struct cpu_entry *cpu,
	      struct err *e);

/* 64-bit, RSI = boot_params, at h->entry. Spec: boot.rst, "64-bit BOOT". */
int entry_linux64(const struct boot_handover *h, struct cpu_entry *cpu,
		  struct err *e);

/* 32-bit, ESI = boot_params, at h->entry. Spec: boot.rst, "32-bit BOOT". */
int entry_linux32(const struct boot_handover *h, struct cpu_entry *cpu,
		  struct err *e);

/* 16-bit, through the image's setup code. Spec: boot.rst, "RUNNING". */
int entry_linux16(const struct boot_handover *h, struct cpu_entry *cpu,
		  struct err *e);

/* Whether real mode has room for the setup code of @h; -EFBIG if not. */
int entry_linux16_check(const struct setup_header *h, struct err *e);

/* The state both 32-bit entries start in, at h->entry, with its GDT. */
int entry_flat32(const struct boot_handover *h, struct cpu_entry *cpu,
		 struct err *e);

/* boot_params with the setup header, for the two above. */
int boot_params_write(const struct boot_handover *h, struct err *e);

#endif
