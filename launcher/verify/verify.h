/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Proves that both ways to load a bzImage agree: its own decompressor, run in a
 * guest, leaves the same kernel in memory as the launcher's own load.
 *
 *   1. load the payload's ELF into memory no guest sees
 *   2. load the bzImage's protected-mode code at 1 MiB, KASLR off, and enter
 *      it as boot loaders do
 *   3. stop the guest at its kernel's first instruction: the page with the
 *      ELF's entry has no memory slot, so that fetching from it ends the run
 *   4. compare every byte of every segment, bss included
 *
 * With --kaslr, the decompressor randomises its kernel. It chooses the virtual
 * address; the guest's memory map leaves it one physical address, so that its
 * entry is known. Before 4, our own load is moved by the slide that it chose.
 *
 * The low load address matters: a decompressor that is loaded at or above
 * pref_address decompresses to its own load address, and its code may lie in
 * the page at which it must be stopped.
 *
 * Must never trust: the image, and the guest's memory after the run. KVM
 * reports where the guest stopped.
 *
 * Spec: boot.rst; gABI chapter 5.
 */
#ifndef VERIFY_VERIFY_H
#define VERIFY_VERIFY_H

#include "base/err.h"
#include "base/input.h"
#include "image/kallsyms.h"
#include "image/symtab.h"
#include "verify/compare.h"
#include "vm/kvm.h"

/* How many differences of a report get a name: each look-up searches the whole
 * symbol table. */
#define VERIFY_NAMES_MAX 16

struct verify_request {
	struct input *image; /* opened, with its path for a name */
	struct kvm *kvm;     /* opened; taken over by the guest */
	struct err no_kvm;   /* why it is not, to be said when it is needed */
	uint64_t mem;	     /* bytes, for the guest and for our own load */
	uint64_t timeout_ns;
	/* Invert a byte of the guest's result before comparing, to see the
	 * comparison fail. It must lie in one of the kernel's segments. */
	bool flip;
	uint64_t flip_gpa; /* where it would be without KASLR */
	bool kaslr;	   /* the image randomises its kernel */
};

struct verification {
	const char *protocol; /* "linux64": how the image was entered */
	uint64_t entry;	      /* where the guest stopped: the ELF's e_entry, as
			       * far from there as the kernel */
	bool kaslr;	      /* it was asked to randomise its kernel */
	uint64_t kernel_gpa;  /* where the decompressor put the kernel */
	uint64_t slide;	      /* what it added to virtual addresses */
	uint64_t trap_exits;  /* accesses to the entry's page before that */
	uint64_t guest_ns;    /* how long the guest ran */
	struct comparison result;
	/* Both are empty if everything is equal. */
	struct symtab symbols;
	struct kallsyms own; /* the kernel's own names, without a table */
};

/*
 * Run the comparison. Returns 0 if there is a result, equal or not: see
 * v->result.different. Otherwise an error: no payload, no suitable entry, a
 * problem with the host's KVM, or a guest that ended or hung before it entered
 * its kernel.
 */
int verify_image(struct verification *v, const struct verify_request *req,
		 struct err *e);
void verification_release(struct verification *v);

/* To stdout. */
int verification_print_text(const struct verification *v, struct err *e);
int verification_print_json(const struct verification *v, struct err *e);

#endif
