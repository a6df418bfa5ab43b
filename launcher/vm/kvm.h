/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * /dev/kvm: opening it, what it can do, and one virtual machine.
 *
 * <linux/kvm.h> is only included in vm/; all other code uses guest memory,
 * vCPUs and interrupt lines.
 *
 * Spec: Documentation/virt/kvm/api.rst.
 */
#ifndef VM_KVM_H
#define VM_KVM_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "vm/guest_mem.h"
#include "vm/irq.h"

/* The kind of /dev/kvm, which decides the advice after a crash. */
enum kvm_host {
	KVM_HOST_INTEL,
	KVM_HOST_AMD,
	KVM_HOST_SOFTWARE, /* interprets guest kernel code */
	KVM_HOST_UNKNOWN,
};

struct kvm {
	int fd; /* /dev/kvm, or -1 */
	int vm; /* the machine, or -1 */
	enum kvm_host host;
	size_t run_size;    /* bytes of a vCPU's shared page area */
	unsigned max_vcpus; /* what this host allows */
	/* The observer of every line made afterwards, or NULL. */
	const struct irq_observer *observer;
	bool tsc_deadline; /* the in-kernel LAPIC has the TSC deadline mode */
	unsigned exposed;  /* hidden features for guests; see vm/cpuid.h */
};

#define KVM_EMPTY                  \
	{                          \
		.fd = -1, .vm = -1 \
	}

/* "hardware KVM (kvm_intel)", ... */
const char *kvm_host_name(enum kvm_host host);

/*
 * Open /dev/kvm and check that it has what a machine here needs.
 *
 * Returns 0; -ENOENT, -EACCES or another errno with advice; -EOPNOTSUPP
 * naming the first missing capability. On failure *@kvm is empty.
 */
int kvm_open(struct kvm *kvm, struct err *e);

/* No page is left out of the memory slots. */
#define KVM_NO_TRAP UINT64_MAX

/* KVM's own pages, which it needs for real mode on some processors: an identity
 * map and a TSS of three pages. They are not in a guest's memory map. */
#define KVM_PAGES_GPA  0xfffbc000ul
#define KVM_PAGES_SIZE 0x4000

/*
 * Create the machine: memory slots for @gm (which must outlive it), TSS and
 * identity-map pages, the in-kernel irqchip and PIT.
 *
 * @trap_gpa: the address of one page of low memory that gets no slot, or
 * KVM_NO_TRAP. The guest's reads and writes of that page arrive as MMIO; an
 * instruction fetch from it ends the vCPU with VCPU_INTERNAL_ERROR at exactly
 * that instruction, on every KVM.
 */
int kvm_create_vm(struct kvm *kvm, const struct guest_mem *gm,
		  uint64_t trap_gpa, struct err *e);

void kvm_release(struct kvm *kvm);

/* The line of @gsi at the in-kernel irqchip. */
struct irq_line kvm_irq_line(const struct kvm *kvm, unsigned gsi);

#endif
