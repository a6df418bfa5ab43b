/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vm/cpuid.h"

#include <errno.h>
#include <linux/kvm.h>
#include <stdlib.h>
#include <sys/ioctl.h>

#define MAX_ENTRIES 256

#define LEAF1_ECX_TSC_DEADLINE (1u << 24)
#define LEAF1_ECX_HYPERVISOR   (1u << 31)
#define LEAF1_EDX_HTT	       (1u << 28)

#define TOPOLOGY_SMT  1u
#define TOPOLOGY_CORE 2u

/* Bits that hold the numbers 0 to count - 1. */
static unsigned id_bits(unsigned count)
{
	unsigned bits = 0;

	while ((1u << bits) < count)
		bits++;
	return bits;
}

/* Leaf 0xb and 0x1f: one thread per core, @count cores in the package. */
static void fix_topology(struct kvm_cpuid_entry2 *c, unsigned id,
			 unsigned count)
{
	unsigned level = c->index;

	c->eax = level == 1 ? id_bits(count) : 0;
	c->ebx = level == 0 ? 1 : level == 1 ? count : 0;
	c->ecx = level | (level == 0   ? TOPOLOGY_SMT << 8
			  : level == 1 ? TOPOLOGY_CORE << 8
				       : 0);
	c->edx = id;
}

static void fix_entry(struct kvm_cpuid_entry2 *c, const struct kvm *kvm,
		      unsigned id, unsigned count)
{
	switch (c->function) {
	case 0x1:
		c->ecx |= LEAF1_ECX_HYPERVISOR;
		if (kvm->tsc_deadline)
			c->ecx |= LEAF1_ECX_TSC_DEADLINE;
		/* EBX: initial APIC id, logical CPUs in the package. */
		c->ebx &= 0x0000ffff;
		c->ebx |= id << 24 | (count & 0xff) << 16;
		c->edx &= ~LEAF1_EDX_HTT;
		if (count > 1)
			c->edx |= LEAF1_EDX_HTT;
		break;
	case 0x4: /* caches: cores per package, sharing of each level */
		c->eax &= 0x00003fff;
		if (c->eax & 0x1f)
			c->eax |= ((1u << id_bits(count)) - 1) << 26;
		break;
	case 0xb:
	case 0x1f:
		fix_topology(c, id, count);
		break;
	case 0x80000008: /* ECX: AMD's core count and width of its ids */
		c->ecx = (count - 1) | id_bits(count) << 12;
		break;
	case 0x8000001e: /* AMD: extended APIC id, core id, node id */
		c->eax = id;
		c->ebx = id;
		c->ecx = 0;
		break;
	}
}

int cpuid_setup(const struct kvm *kvm, int vcpu_fd, unsigned id, unsigned count,
		struct err *e)
{
	struct kvm_cpuid2 *c;
	int rc = 0;

	c = calloc(1, sizeof(*c) + MAX_ENTRIES * sizeof(c->entries[0]));
	if (!c)
		return err_set(e, ENOMEM, "no memory for the CPUID table");
	c->nent = MAX_ENTRIES;
	if (ioctl(kvm->fd, KVM_GET_SUPPORTED_CPUID, c) < 0) {
		rc = err_sys(e, "KVM_GET_SUPPORTED_CPUID");
		goto out;
	}
	for (unsigned i = 0; i < c->nent; i++)
		fix_entry(&c->entries[i], kvm, id, count);
	if (ioctl(vcpu_fd, KVM_SET_CPUID2, c) < 0)
		rc = err_sys(e, "KVM_SET_CPUID2");
out:
	free(c);
	return rc;
}
