/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The CPUID of a guest: what KVM supports, plus what only the machine knows:
 * that there is a hypervisor, this CPU's APIC id, how many CPUs share the
 * package. Features with which a guest could reach much of the host's kernel or
 * its neighbours' secrets are hidden unless they are asked for.
 *
 * Spec: Intel SDM volume 2 (CPUID), AMD APM volume 3 appendix E.
 */
#ifndef VM_CPUID_H
#define VM_CPUID_H

#include "base/err.h"
#include "vm/kvm.h"

struct kvm_cpuid_entry2;

/* Features that are hidden unless they are exposed. */
enum {
	CPUID_NESTED = 1 << 0, /* VMX and SVM */
	CPUID_PMU = 1 << 1,    /* performance counters, and what samples them */
};

/*
 * The set of features in @list, "nested,pmu".
 *
 * Returns 0; or -EINVAL with the name that is unknown, and *@set is unchanged.
 */
int cpuid_parse_features(const char *list, unsigned *set, struct err *e);

/* What only the machine knows. */
struct cpuid_vcpu {
	unsigned id;	   /* its APIC id */
	unsigned count;	   /* CPUs in the machine: cores of one package */
	bool tsc_deadline; /* the in-kernel LAPIC has the TSC deadline mode */
	unsigned exposed;  /* a set of CPUID_NESTED, CPUID_PMU */
};

#define CPUID_ROWS_ADDED 6

/*
 * Turn the @count rows that KVM supports into @v's: a pure function. The
 * array has room for CPUID_ROWS_ADDED more; returns how many there are now.
 */
unsigned cpuid_fix(struct kvm_cpuid_entry2 *rows, unsigned count,
		   const struct cpuid_vcpu *v);

/* The width of a physical address according to these rows. */
unsigned cpuid_phys_bits(const struct kvm_cpuid_entry2 *rows, unsigned count);

/*
 * Give vCPU @id of @count, whose descriptor is @vcpu_fd, its CPUID.
 * *@phys_bits is the width of a physical address in it.
 */
int cpuid_setup(const struct kvm *kvm, int vcpu_fd, unsigned id, unsigned count,
		unsigned *phys_bits, struct err *e);

#endif
