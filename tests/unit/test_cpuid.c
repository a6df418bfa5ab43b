/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The guest's CPUID, made from what a host's KVM may offer.
 *
 * Leaves and bits are written as SDM volume 2 and APM volume 3 have them.
 */
#include "unit/unit.h"
#include "vm/cpuid.h"

#include <errno.h>
#include <linux/kvm.h>

#define SUBLEAF KVM_CPUID_FLAG_SIGNIFCANT_INDEX
#define ROOM	32

static struct kvm_cpuid_entry2 rows[ROOM];
static unsigned count;

static struct kvm_cpuid_entry2 *add(uint32_t leaf, uint32_t sub, uint32_t flags)
{
	struct kvm_cpuid_entry2 *c = &rows[count++];

	*c = (struct kvm_cpuid_entry2){ .function = leaf,
					.index = sub,
					.flags = flags };
	return c;
}

/* The row of a leaf; there may be at most one. */
static const struct kvm_cpuid_entry2 *row(uint32_t leaf, uint32_t sub)
{
	const struct kvm_cpuid_entry2 *found = NULL;

	for (unsigned i = 0; i < count; i++) {
		if (rows[i].function != leaf || rows[i].index != sub)
			continue;
		ck_assert_msg(!found, "leaf 0x%x subleaf %u is there twice",
			      leaf, sub);
		found = &rows[i];
	}
	return found;
}

static void expect_row(uint32_t leaf, uint32_t sub, uint32_t flags,
		       const uint32_t regs[4])
{
	const struct kvm_cpuid_entry2 *c = row(leaf, sub);

	ck_assert_msg(c, "no leaf 0x%x subleaf %u", leaf, sub);
	ck_assert_msg(c->eax == regs[0] && c->ebx == regs[1] &&
			      c->ecx == regs[2] && c->edx == regs[3] &&
			      c->flags == flags,
		      "leaf 0x%x subleaf %u: 0x%x 0x%x 0x%x 0x%x, flags 0x%x",
		      leaf, sub, c->eax, c->ebx, c->ecx, c->edx, c->flags);
}

static void add_leaf_0(const char *vendor, uint32_t max)
{
	struct kvm_cpuid_entry2 *c = add(0, 0, 0);

	c->eax = max;
	memcpy(&c->ebx, vendor, 4);
	memcpy(&c->edx, vendor + 4, 4);
	memcpy(&c->ecx, vendor + 8, 4);
}

static void setup(void)
{
	memset(rows, 0, sizeof(rows));
	count = 0;
}

static void fix(unsigned id, unsigned cpus)
{
	const struct cpuid_vcpu v = { .id = id, .count = cpus };

	count = cpuid_fix(rows, count, &v);
	ck_assert_uint_le(count, ROOM);
}

/* What hosts offer for leaf 0xb: the processor that the ioctl ran on, a row of
 * zeros, too many levels, or nothing. */
static void host_own(void)
{
	add(0xb, 0, SUBLEAF)->ebx = 2;
	add(0xb, 1, SUBLEAF)->ebx = 64;
}

static void host_zero(void)
{
	add(0xb, 0, SUBLEAF);
}

static void host_many(void)
{
	for (unsigned i = 0; i < 6; i++)
		add(0xb, i, SUBLEAF)->eax = 7;
}

static void host_none(void)
{
}

static const struct {
	void (*host)(void);
	unsigned id, cpus;
	uint32_t shift;
} topologies[] = {
	{ host_own, 0, 1, 0 },	    { host_zero, 0, 1, 0 },
	{ host_zero, 1, 2, 1 },	    { host_zero, 2, 3, 2 },
	{ host_many, 3, 4, 2 },	    { host_none, 4, 5, 3 },
	{ host_zero, 255, 256, 8 }, { host_zero, 256, 257, 9 },
};

/* SDM, leaf 0xb: bits to shift, logical processors, level and type, id. */
START_TEST(cpuid__topology)
{
	const unsigned id = topologies[_i].id, cpus = topologies[_i].cpus;

	add_leaf_0("GenuineIntel", 0x1f);
	topologies[_i].host();
	add(0x1f, 0, SUBLEAF)->ecx = 5;
	add(0x40000000, 0, 0)->eax = 0x40000001;
	fix(id, cpus);
	for (unsigned leaf = 0xb; leaf <= 0x1f; leaf += 0x14) {
		expect_row(leaf, 0, SUBLEAF, (uint32_t[]){ 0, 1, 0x100, id });
		expect_row(
			leaf, 1, SUBLEAF,
			(uint32_t[]){ topologies[_i].shift, cpus, 0x201, id });
		expect_row(leaf, 2, SUBLEAF, (uint32_t[]){ 0, 0, 2, id });
		ck_assert_ptr_null(row(leaf, 3));
	}
	/* No other row was removed with them. */
	ck_assert_uint_eq(row(0x40000000, 0)->eax, 0x40000001);
	ck_assert_uint_eq(row(0, 0)->eax, 0x1f);
	ck_assert_uint_eq(count, 8);
}
END_TEST

static const struct {
	uint32_t max;
	bool has_b, has_1f;
} maxima[] = {
	{ 0xa, false, false }, { 0xb, true, false }, { 0xd, true, false },
	{ 0x1e, true, false }, { 0x1f, true, true }, { 0x24, true, true },
};

/* Leaf 0 gives the highest basic leaf. */
START_TEST(cpuid__no_topology_past_the_last_leaf)
{
	add_leaf_0("GenuineIntel", maxima[_i].max);
	fix(0, 2);
	ck_assert_int_eq(row(0xb, 0) != NULL, maxima[_i].has_b);
	ck_assert_int_eq(row(0x1f, 0) != NULL, maxima[_i].has_1f);
}
END_TEST

#define INTEL "GenuineIntel"
#define AMD   "AuthenticAMD"
#define HYGON "HygonGenuine"

/* One row before and after, for vCPU @id of @cpus. */
static const struct {
	const char *vendor;
	unsigned id, cpus;
	uint32_t leaf, host[4], want[4];
} fixes[] = {
	/* SDM, leaf 1: EBX APIC id, logical processors; ECX hypervisor; EDX
	 * HTT */
	{ INTEL,
	  0,
	  1,
	  1,
	  { 0x806f8, 0x7f400800, 0x1, 0x10000001 },
	  { 0x806f8, 0x00010800, 0x80000001, 0x00000001 } },
	{ INTEL,
	  1,
	  2,
	  1,
	  { 0, 0x800, 0, 0 },
	  { 0, 0x01020800, 0x80000000, 0x10000000 } },
	{ INTEL,
	  3,
	  4,
	  1,
	  { 0, 0x800, 0, 0 },
	  { 0, 0x03040800, 0x80000000, 0x10000000 } },
	{ AMD,
	  254,
	  255,
	  1,
	  { 0, 0, 0, 0 },
	  { 0, 0xfeff0000, 0x80000000, 0x10000000 } },
	/* both are bytes: the count saturates, the id is truncated */
	{ INTEL,
	  255,
	  256,
	  1,
	  { 0, 0, 0, 0 },
	  { 0, 0xffff0000, 0x80000000, 0x10000000 } },
	{ INTEL,
	  0x123,
	  512,
	  1,
	  { 0, 0, 0, 0 },
	  { 0, 0x23ff0000, 0x80000000, 0x10000000 } },
	/* APM, 0x80000008: ECX cores - 1 in a byte, bits of an id at 12 */
	{ AMD,
	  0,
	  1,
	  0x80000008,
	  { 0x3030, 7, 0x703f, 9 },
	  { 0x3030, 7, 0, 9 } },
	{ HYGON, 0, 5, 0x80000008, { 0 }, { 0, 0, 0x3004, 0 } },
	{ AMD, 0, 256, 0x80000008, { 0 }, { 0, 0, 0x80ff, 0 } },
	{ AMD, 0, 257, 0x80000008, { 0 }, { 0, 0, 0x90ff, 0 } },
	{ AMD, 0, 1024, 0x80000008, { 0 }, { 0, 0, 0xa0ff, 0 } },
	{ INTEL, 0, 5, 0x80000008, { 0x392e, 7, 0, 9 }, { 0x392e, 7, 0, 9 } },
	/* 0x8000001e: EAX id, EBX threads - 1 at 8 and core id, ECX node */
	{ AMD, 3, 4, 0x8000001e, { 9, 0x109, 0x301, 0 }, { 3, 3, 0, 0 } },
	{ HYGON, 255, 256, 0x8000001e, { 0 }, { 255, 255, 0, 0 } },
	{ AMD, 0x1ff, 512, 0x8000001e, { 0 }, { 0x1ff, 0xff, 0, 0 } },
	{ INTEL, 3, 4, 0x8000001e, { 0, 0, 0, 0 }, { 0, 0, 0, 0 } },
	/* 0x8000001d: EAX CPUs - 1 that share the cache at 14; the type is in
	 * bits 0 to 4, the level in 5 to 7 */
	{ AMD,
	  1,
	  6,
	  0x8000001d,
	  { 0x4121, 0x1c0003f, 63, 0 },
	  { 0x121, 0x1c0003f, 63, 0 } },
	{ AMD,
	  1,
	  6,
	  0x8000001d,
	  { 0x4143, 0x1c0003f, 0x3ff, 2 },
	  { 0x143, 0x1c0003f, 0x3ff, 2 } },
	{ AMD,
	  1,
	  6,
	  0x8000001d,
	  { 0x3c163, 0x3c0003f, 0x7fff, 1 },
	  { 0x14163, 0x3c0003f, 0x7fff, 1 } },
	{ AMD, 0, 1, 0x8000001d, { 0x3c163, 0, 0, 0 }, { 0x163, 0, 0, 0 } },
	{ HYGON,
	  0,
	  4097,
	  0x8000001d,
	  { 0x163, 0, 0, 0 },
	  { 0x3ffc163, 0, 0, 0 } },
	/* the end of the list, whatever the other bits are */
	{ AMD, 1, 6, 0x8000001d, { 0x4160, 0, 0, 0 }, { 0x160, 0, 0, 0 } },
	{ AMD, 1, 6, 0x8000001d, { 0 }, { 0 } },
	{ INTEL, 1, 6, 0x8000001d, { 0x163, 0, 0, 0 }, { 0x163, 0, 0, 0 } },
	/* SDM, leaf 4: EAX core ids - 1 at 26 in six bits; ids that share */
	{ INTEL, 0, 5, 4, { 0xfc1fc121, 1, 2, 0 }, { 0x1c000121, 1, 2, 0 } },
	{ INTEL, 0, 64, 4, { 0x121, 1, 2, 0 }, { 0xfc000121, 1, 2, 0 } },
	{ INTEL, 0, 200, 4, { 0x121, 1, 2, 0 }, { 0xfc000121, 1, 2, 0 } },
	{ INTEL, 0, 5, 4, { 0, 0, 0, 0 }, { 0, 0, 0, 0 } },
};

START_TEST(cpuid__fixes)
{
	struct kvm_cpuid_entry2 *c;

	add_leaf_0(fixes[_i].vendor, 0xa);
	c = add(fixes[_i].leaf, 0, 0);
	c->eax = fixes[_i].host[0];
	c->ebx = fixes[_i].host[1];
	c->ecx = fixes[_i].host[2];
	c->edx = fixes[_i].host[3];
	fix(fixes[_i].id, fixes[_i].cpus);
	expect_row(fixes[_i].leaf, 0, 0, fixes[_i].want);
}
END_TEST

/* A host without a vendor, or without a highest leaf. */
START_TEST(cpuid__without_leaf_0)
{
	add(0x8000001e, 0, 0)->ebx = 0x109;
	fix(3, 4);
	expect_row(0x8000001e, 0, 0, (uint32_t[]){ 0, 0x109, 0, 0 });
	ck_assert_uint_eq(count, 1);
}
END_TEST

START_TEST(cpuid__tsc_deadline_is_the_irqchips)
{
	struct cpuid_vcpu v = { .count = 1, .tsc_deadline = true };

	add(1, 0, 0);
	cpuid_fix(rows, count, &v);
	ck_assert_uint_eq(rows[0].ecx, 0x81000000);
	v.tsc_deadline = false;
	rows[0].ecx = 0;
	cpuid_fix(rows, count, &v);
	ck_assert_uint_eq(rows[0].ecx, 0x80000000);
}
END_TEST

/* A host that offers everything: what is left of one register. Bits as in the
 * SDM and the APM; UINT32_MAX: nothing is hidden. */
enum { EAX, EBX, ECX, EDX };
static const struct {
	uint32_t leaf, sub;
	int reg;
	uint32_t plain, nested, pmu;
} hides[] = {
	/* 5: VMX; 2, 4, 15: DTES64, DS-CPL, PDCM */
	{ 0x1, 0, ECX, 0xffff7fcb, 0xffff7feb, 0xffffffdf },
	{ 0x7, 0, EDX, 0xfff7ffff, 0xfff7ffff, UINT32_MAX },
	{ 0x7, 0, ECX, UINT32_MAX, UINT32_MAX, UINT32_MAX },
	{ 0x7, 1, EAX, 0xfffffeff, 0xfffffeff, UINT32_MAX },
	{ 0xa, 0, EAX, 0, 0, UINT32_MAX },
	{ 0xa, 0, EDX, 0, 0, UINT32_MAX },
	{ 0x1c, 0, EAX, 0, 0, UINT32_MAX },
	{ 0x23, 0, EAX, 0, 0, UINT32_MAX },
	{ 0x23, 3, EBX, 0, 0, UINT32_MAX },
	/* 2: SVM; 10: IBS; 23, 24, 28: counters */
	{ 0x80000001, 0, ECX, 0xee7ffbfb, 0xee7ffbff, 0xfffffffb },
	{ 0x80000001, 0, EDX, UINT32_MAX, UINT32_MAX, UINT32_MAX },
	{ 0x8000000a, 0, EDX, 0, UINT32_MAX, 0 },
	{ 0x8000001b, 0, EAX, 0, 0, UINT32_MAX },
	{ 0x80000022, 0, EBX, 0, 0, UINT32_MAX },
};

static uint32_t exposed_bits(unsigned which, unsigned exposed)
{
	const struct cpuid_vcpu v = { .count = 1, .exposed = exposed };
	struct kvm_cpuid_entry2 c = { .function = hides[which].leaf,
				      .index = hides[which].sub };
	const uint32_t *regs = &c.eax;

	c.eax = c.ebx = c.ecx = c.edx = UINT32_MAX;
	count = 0;
	rows[count++] = c;
	cpuid_fix(rows, count, &v);
	regs = &rows[0].eax;
	return regs[hides[which].reg];
}

START_TEST(cpuid__hides)
{
	ck_assert_uint_eq(exposed_bits(_i, 0), hides[_i].plain);
	ck_assert_uint_eq(exposed_bits(_i, CPUID_NESTED), hides[_i].nested);
	ck_assert_uint_eq(exposed_bits(_i, CPUID_PMU), hides[_i].pmu);
	ck_assert_uint_eq(exposed_bits(_i, CPUID_PMU | CPUID_NESTED),
			  UINT32_MAX);
}
END_TEST

START_TEST(cpuid__feature_names)
{
	unsigned set = 77;
	struct err e;

	assert_ok(cpuid_parse_features("nested", &set, &e), &e);
	ck_assert_uint_eq(set, CPUID_NESTED);
	assert_ok(cpuid_parse_features("pmu,nested", &set, &e), &e);
	ck_assert_uint_eq(set, CPUID_NESTED | CPUID_PMU);
	ck_assert_int_eq(cpuid_parse_features("pmu,", &set, &e), -EINVAL);
	ck_assert_str_eq(e.msg, "unknown feature '' (expected nested or pmu)");
	ck_assert_int_eq(cpuid_parse_features("nest", &set, &e), -EINVAL);
	ck_assert_str_eq(e.msg,
			 "unknown feature 'nest' (expected nested or pmu)");
	ck_assert_uint_eq(set, CPUID_NESTED | CPUID_PMU);
}
END_TEST

/* SDM 2, leaf 0x80000008: EAX bits 0 to 7; 36 without that leaf. */
START_TEST(cpuid__phys_bits)
{
	ck_assert_uint_eq(cpuid_phys_bits(rows, count), 36);
	add(0x80000008, 0, 0)->eax = 0x3030;
	ck_assert_uint_eq(cpuid_phys_bits(rows, count), 0x30);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("cpuid");
	TCase *t = tcase_create("cpuid");

	tcase_add_checked_fixture(t, setup, NULL);
	tcase_add_loop_test(t, cpuid__topology, 0, COUNT(topologies));
	tcase_add_loop_test(t, cpuid__no_topology_past_the_last_leaf, 0,
			    COUNT(maxima));
	tcase_add_loop_test(t, cpuid__fixes, 0, COUNT(fixes));
	tcase_add_test(t, cpuid__without_leaf_0);
	tcase_add_test(t, cpuid__tsc_deadline_is_the_irqchips);
	tcase_add_loop_test(t, cpuid__hides, 0, COUNT(hides));
	tcase_add_test(t, cpuid__feature_names);
	tcase_add_test(t, cpuid__phys_bits);
	suite_add_tcase(s, t);
	return s;
}
