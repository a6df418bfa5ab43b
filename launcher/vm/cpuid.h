/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The CPUID a guest sees: what KVM supports, plus what only the machine's
 * maker knows: that there is a hypervisor, this CPU's APIC id, how many CPUs
 * share the package.
 *
 * Spec: Intel SDM volume 2 (CPUID), AMD APM volume 3 appendix E.
 */
#ifndef VM_CPUID_H
#define VM_CPUID_H

#include "base/err.h"
#include "vm/kvm.h"

/* Give vCPU @id of @count, whose descriptor is @vcpu_fd, its CPUID. */
int cpuid_setup(const struct kvm *kvm, int vcpu_fd, unsigned id, unsigned count,
		struct err *e);

#endif
