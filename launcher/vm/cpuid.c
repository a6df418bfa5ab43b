/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vm/cpuid.h"

#include <errno.h>
#include <linux/kvm.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#include "base/parse.h"

#define MAX_ENTRIES 256

#define LEAF1_ECX_TSC_DEADLINE (1u << 24)
#define LEAF1_ECX_HYPERVISOR   (1u << 31)
#define LEAF1_EDX_HTT	       (1u << 28)

/* EAX of the cache leaves, 0x4 and 0x8000001d; type 0 ends the list. */
#define CACHE_TYPE	 0x1f
#define CACHE_LEVEL(eax) ((eax) >> 5 & 7)

/* The width if the processor does not report it (SDM 2, leaf 0x80000008). */
#define PHYS_BITS_DEFAULT 36

/* Types of a topology level (SDM, leaf 0xb). */
#define TOPOLOGY_END	0u
#define TOPOLOGY_SMT	1u
#define TOPOLOGY_CORE	2u
#define TOPOLOGY_LEVELS 3

/* Bits that hold the numbers 0 to count - 1. */
static unsigned id_bits(unsigned count)
{
	unsigned bits = 0;

	while ((1u << bits) < count)
		bits++;
	return bits;
}

/* The row of @leaf, or NULL. */
static const struct kvm_cpuid_entry2 *find_leaf(
	const struct kvm_cpuid_entry2 *rows, unsigned count, uint32_t leaf)
{
	for (unsigned i = 0; i < count; i++)
		if (rows[i].function == leaf)
			return &rows[i];
	return NULL;
}

/* Bits of a leaf that belong to a hidden feature. */
#define ANY UINT32_MAX /* subleaf */
#define ALL UINT32_MAX /* bits */
static const struct hidden {
	unsigned feature;
	uint32_t leaf, subleaf;
	uint32_t eax, ebx, ecx, edx;
} hidden[] = {
	/* VMX */
	{ CPUID_NESTED, 0x1, 0, .ecx = 1u << 5 },
	/* SVM, and the leaf that describes it */
	{ CPUID_NESTED, 0x80000001, 0, .ecx = 1u << 2 },
	{ CPUID_NESTED, 0x8000000a, ANY, ALL, ALL, ALL, ALL },
	/* DTES64, DS-CPL and PDCM; DS */
	{ CPUID_PMU, 0x1, 0, .ecx = 1u << 2 | 1u << 4 | 1u << 15,
	  .edx = 1u << 21 },
	/* architectural LBR, and the leaf that describes it */
	{ CPUID_PMU, 0x7, 0, .edx = 1u << 19 },
	{ CPUID_PMU, 0x1c, ANY, ALL, ALL, ALL, ALL },
	/* architectural counters, and their extension */
	{ CPUID_PMU, 0xa, ANY, ALL, ALL, ALL, ALL },
	{ CPUID_PMU, 0x7, 1, .eax = 1u << 8 },
	{ CPUID_PMU, 0x23, ANY, ALL, ALL, ALL, ALL },
	/* IBS, and AMD's counters: core, northbridge, L3 cache */
	{ CPUID_PMU, 0x80000001, 0,
	  .ecx = 1u << 10 | 1u << 23 | 1u << 24 | 1u << 28 },
	{ CPUID_PMU, 0x8000001b, ANY, ALL, ALL, ALL, ALL },
	{ CPUID_PMU, 0x80000022, ANY, ALL, ALL, ALL, ALL },
};

static const struct parse_word feature_words[] = {
	{ "nested", CPUID_NESTED },
	{ "pmu", CPUID_PMU },
};

int cpuid_parse_features(const char *list, unsigned *set, struct err *e)
{
	return parse_words(list, feature_words,
			   sizeof(feature_words) / sizeof(*feature_words),
			   "feature", set, e);
}

static void hide(struct kvm_cpuid_entry2 *c, unsigned exposed)
{
	for (size_t i = 0; i < sizeof(hidden) / sizeof(*hidden); i++) {
		const struct hidden *h = &hidden[i];

		if ((exposed & h->feature) || h->leaf != c->function ||
		    (h->subleaf != ANY && h->subleaf != c->index))
			continue;
		c->eax &= ~h->eax;
		c->ebx &= ~h->ebx;
		c->ecx &= ~h->ecx;
		c->edx &= ~h->edx;
	}
}

/* The levels of @leaf: one thread per core, cores, and the end of the list. */
static unsigned add_topology(struct kvm_cpuid_entry2 *rows, unsigned count,
			     uint32_t leaf, const struct cpuid_vcpu *v)
{
	const struct {
		uint32_t shift, cpus, type;
	} levels[TOPOLOGY_LEVELS] = {
		{ 0, 1, TOPOLOGY_SMT },
		{ id_bits(v->count), v->count, TOPOLOGY_CORE },
		{ 0, 0, TOPOLOGY_END },
	};

	for (unsigned i = 0; i < TOPOLOGY_LEVELS; i++)
		rows[count++] = (struct kvm_cpuid_entry2){
			.function = leaf,
			.index = i,
			.flags = KVM_CPUID_FLAG_SIGNIFCANT_INDEX,
			.eax = levels[i].shift,
			.ebx = levels[i].cpus,
			.ecx = levels[i].type << 8 | i,
			.edx = v->id,
		};
	return count;
}

/*
 * The topology leaves, 0xb and 0x1f, do not use KVM's rows: those are of the
 * host CPU that ran the ioctl or, on newer hosts, a single row of zeros, which
 * means that the leaf does not exist.
 */
static unsigned replace_topology(struct kvm_cpuid_entry2 *rows, unsigned count,
				 const struct cpuid_vcpu *v)
{
	static const uint32_t leaves[] = { 0xb, 0x1f };
	const struct kvm_cpuid_entry2 *first = find_leaf(rows, count, 0);
	uint32_t last_leaf = first ? first->eax : 0;
	unsigned kept = 0;

	_Static_assert(sizeof(leaves) / sizeof(leaves[0]) * TOPOLOGY_LEVELS ==
			       CPUID_ROWS_ADDED,
		       "callers have room");
	for (unsigned i = 0; i < count; i++)
		if (rows[i].function != 0xb && rows[i].function != 0x1f)
			rows[kept++] = rows[i];
	for (unsigned i = 0; i < sizeof(leaves) / sizeof(leaves[0]); i++)
		if (last_leaf >= leaves[i])
			kept = add_topology(rows, kept, leaves[i], v);
	return kept;
}

static uint32_t at_most(uint32_t value, uint32_t max)
{
	return value < max ? value : max;
}

static void fix_entry(struct kvm_cpuid_entry2 *c, const struct cpuid_vcpu *v)
{
	switch (c->function) {
	case 0x1:
		c->ecx |= LEAF1_ECX_HYPERVISOR;
		if (v->tsc_deadline)
			c->ecx |= LEAF1_ECX_TSC_DEADLINE;
		/* EBX: initial APIC id, logical CPUs in the package; a byte
		 * each, and the topology leaves for more. */
		c->ebx &= 0x0000ffff;
		c->ebx |= (v->id & 0xff) << 24 | at_most(v->count, 0xff) << 16;
		c->edx &= ~LEAF1_EDX_HTT;
		if (v->count > 1)
			c->edx |= LEAF1_EDX_HTT;
		break;
	case 0x4: /* caches: cores per package, sharing of each level */
		c->eax &= 0x00003fff;
		if (c->eax & CACHE_TYPE)
			c->eax |= at_most((1u << id_bits(v->count)) - 1, 0x3f)
				  << 26;
		break;
	}
}

/* Leaves that are reserved by Intel and defined by AMD. */
static void fix_amd_entry(struct kvm_cpuid_entry2 *c,
			  const struct cpuid_vcpu *v)
{
	switch (c->function) {
	case 0x80000008: /* ECX: core count and width of an APIC id */
		c->ecx = at_most(v->count - 1, 0xff) | id_bits(v->count) << 12;
		break;
	case 0x8000001d: /* EAX: how many share a cache; here the last level */
		c->eax &= 0x00003fff;
		if ((c->eax & CACHE_TYPE) && CACHE_LEVEL(c->eax) >= 3)
			c->eax |= at_most(v->count - 1, 0xfff) << 14;
		break;
	case 0x8000001e: /* extended APIC id; one-threaded core; node */
		c->eax = v->id;
		c->ebx = v->id & 0xff;
		c->ecx = 0;
		break;
	}
}

static bool is_amd(const struct kvm_cpuid_entry2 *rows, unsigned count)
{
	const struct kvm_cpuid_entry2 *c = find_leaf(rows, count, 0);
	char vendor[12];

	if (!c)
		return false;
	memcpy(vendor, &c->ebx, 4);
	memcpy(vendor + 4, &c->edx, 4);
	memcpy(vendor + 8, &c->ecx, 4);
	return !memcmp(vendor, "AuthenticAMD", sizeof(vendor)) ||
	       !memcmp(vendor, "HygonGenuine", sizeof(vendor));
}

unsigned cpuid_fix(struct kvm_cpuid_entry2 *rows, unsigned count,
		   const struct cpuid_vcpu *v)
{
	bool amd = is_amd(rows, count);

	for (unsigned i = 0; i < count; i++) {
		fix_entry(&rows[i], v);
		hide(&rows[i], v->exposed);
		if (amd)
			fix_amd_entry(&rows[i], v);
	}
	return replace_topology(rows, count, v);
}

unsigned cpuid_phys_bits(const struct kvm_cpuid_entry2 *rows, unsigned count)
{
	const struct kvm_cpuid_entry2 *c = find_leaf(rows, count, 0x80000008);

	return c ? c->eax & 0xff : PHYS_BITS_DEFAULT;
}

int cpuid_setup(const struct kvm *kvm, int vcpu_fd, unsigned id, unsigned count,
		unsigned *phys_bits, struct err *e)
{
	const struct cpuid_vcpu v = { id, count, kvm->tsc_deadline,
				      kvm->exposed };
	struct kvm_cpuid2 *c;
	int rc = 0;

	c = calloc(1, sizeof(*c) + (MAX_ENTRIES + CPUID_ROWS_ADDED) *
					   sizeof(c->entries[0]));
	if (!c)
		return err_set(e, ENOMEM, "no memory for the CPUID table");
	c->nent = MAX_ENTRIES;
	if (ioctl(kvm->fd, KVM_GET_SUPPORTED_CPUID, c) < 0) {
		rc = err_sys(e, "KVM_GET_SUPPORTED_CPUID");
		goto out;
	}
	c->nent = cpuid_fix(c->entries, c->nent, &v);
	*phys_bits = cpuid_phys_bits(c->entries, c->nent);
	if (ioctl(vcpu_fd, KVM_SET_CPUID2, c) < 0)
		rc = err_sys(e, "KVM_SET_CPUID2");
out:
	free(c);
	return rc;
}
