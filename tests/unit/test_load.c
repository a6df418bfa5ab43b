/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Loading: where a payload is decoded, how its segments get to their addresses,
 * and which kernels are refused.
 *
 * Segments are given as structs; reading them from an ELF is tested elsewhere.
 */
#include "unit/unit.h"
#include "boot/load.h"
#include "support/payloads.h"

#include <elf.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#define KIB UINT64_C(1024)
#define MIB (KIB << 10)
#define GIB (MIB << 10)

static struct guest_mem gm;
static struct buf packed; /* the payload */
static struct err e;

static void setup(void)
{
	assert_ok(guest_mem_init(&gm, 64 * MIB, &e), &e);
}

static void teardown(void)
{
	guest_mem_release(&gm);
	buf_release(&packed);
}

/* off, paddr, filesz, memsz of a PT_LOAD */
#define LOAD(o, p, f, m)                                                  \
	{                                                                 \
		.type = PT_LOAD, .off = (o), .paddr = (p), .filesz = (f), \
		.memsz = (m), .align = 0x1000                             \
	}

static struct kernel_elf elf_of(struct elf_segment *segments, unsigned count)
{
	return (struct kernel_elf){
		.is64 = true,
		.machine = EM_X86_64,
		.segments = segments,
		.segments_count = count,
	};
}

/* Byte @i of every test payload; no zeros in it. */
static uint8_t pattern(uint64_t i)
{
	return (uint8_t)(i % 251 + 1);
}

static struct load_run make_run(uint64_t gpa, size_t len)
{
	uint8_t *p = guest_mem_ptr(&gm, gpa, len);

	ck_assert_ptr_nonnull(p);
	for (size_t i = 0; i < len; i++)
		p[i] = pattern(i);
	return (struct load_run){ { p, len }, true, gpa, len };
}

static const struct load_reloc fixed;

/* Memory at @lo, @len bytes, must be @want. */
static void expect_bytes(uint64_t lo, const uint8_t *want, uint64_t len)
{
	uint64_t i = 0;

	if (!memcmp(gm.base + lo, want, len))
		return;
	while (gm.base[lo + i] == want[i])
		i++;
	ck_abort_msg("0x%02x at 0x%" PRIx64 ", not 0x%02x", gm.base[lo + i],
		     lo + i, want[i]);
}

static void expect_zero(uint64_t lo, uint64_t hi)
{
	static const uint8_t zeros[MIB];

	for (; lo < hi; lo += MIB)
		expect_bytes(lo, zeros, hi - lo < MIB ? hi - lo : MIB);
}

/* Memory from @lo to @hi must be the segments' bytes, and zero elsewhere. */
static void expect_memory(const struct kernel_elf *k, uint64_t delta,
			  uint64_t lo, uint64_t hi)
{
	uint8_t *want = calloc(1, hi - lo);

	for (unsigned i = 0; i < k->segments_count; i++) {
		const struct elf_segment *s = &k->segments[i];

		for (uint64_t j = 0; s->type == PT_LOAD && j < s->filesz; j++)
			want[s->paddr + delta + j - lo] = pattern(s->off + j);
	}
	expect_bytes(lo, want, hi - lo);
	free(want);
}

/*
 * Layouts whose run starts at 4 MiB and is 1 MiB long. Each must load exactly
 * as the segments say, with zeros around.
 */
static const struct {
	const char *name;
	struct elf_segment segments[4];
	unsigned count;
} layouts[] = {
	{ "one, in place", { LOAD(0x1000, 0x401000, 0x2000, 0x2000) }, 1 },
	{ "one, in place, with bss",
	  { LOAD(0x1000, 0x401000, 0x2000, 0x9000) },
	  1 },
	{ "one, moved up over itself",
	  { LOAD(0x1000, 0x401800, 0x4000, 0x4000) },
	  1 },
	{ "one, moved down over itself",
	  { LOAD(0x1000, 0x400800, 0x4000, 0x4000) },
	  1 },
	{ "one, moved out of the run",
	  { LOAD(0x1000, 0x800000, 0x4000, 0x8000) },
	  1 },
	{ "the whole run", { LOAD(0, 0x400000, MIB, MIB) }, 1 },
	{ "two, each in the other's way",
	  { LOAD(0x1000, 0x409000, 0x1000, 0x1000),
	    LOAD(0x9000, 0x401000, 0x1000, 0x1000) },
	  2 },
	{ "two, partly in the other's way",
	  { LOAD(0x1000, 0x408800, 0x1000, 0x1000),
	    LOAD(0x8000, 0x401800, 0x1000, 0x1000) },
	  2 },
	{ "a ring of three",
	  { LOAD(0x10000, 0x420000, 0x8000, 0x8000),
	    LOAD(0x20000, 0x430000, 0x9000, 0x9000),
	    LOAD(0x30000, 0x410000, 0xa000, 0xa000) },
	  3 },
	{ "a ring of three the other way, and one apart",
	  { LOAD(0x10000, 0x430000, 0x8000, 0x8000),
	    LOAD(0x20000, 0x410000, 0x9000, 0x9000),
	    LOAD(0x30000, 0x420000, 0xa000, 0xa000),
	    LOAD(0x50000, 0x460000, 0x1000, 0x3000) },
	  4 },
	{ "two rings of two",
	  { LOAD(0x10000, 0x420000, 0x1000, 0x1000),
	    LOAD(0x20000, 0x410000, 0x1000, 0x1000),
	    LOAD(0x30000, 0x440000, 0x1000, 0x1000),
	    LOAD(0x40000, 0x430000, 0x1000, 0x1000) },
	  4 },
	{ "a chain: each must wait for the next",
	  { LOAD(0x10000, 0x420000, 0x10000, 0x10000),
	    LOAD(0x20000, 0x430000, 0x10000, 0x10000),
	    LOAD(0x30000, 0x440000, 0x10000, 0x10000),
	    LOAD(0x40000, 0x450000, 0x10000, 0x10000) },
	  4 },
	{ "a chain downwards",
	  { LOAD(0x40000, 0x430000, 0x10000, 0x10000),
	    LOAD(0x30000, 0x420000, 0x10000, 0x10000),
	    LOAD(0x20000, 0x410000, 0x10000, 0x10000),
	    LOAD(0x10000, 0x400000, 0x10000, 0x10000) },
	  4 },
	{ "two from the same bytes",
	  { LOAD(0x1000, 0x401000, 0x2000, 0x2000),
	    LOAD(0x1000, 0x500000, 0x2000, 0x2000) },
	  2 },
	{ "two from overlapping bytes, over each other",
	  { LOAD(0x1000, 0x403000, 0x3000, 0x3000),
	    LOAD(0x2000, 0x400000, 0x3000, 0x3000) },
	  2 },
	{ "bss over the source of another",
	  { LOAD(0x1000, 0x401000, 0x1000, 0x8000),
	    LOAD(0x4000, 0x480000, 0x1000, 0x1000) },
	  2 },
	{ "nothing but bss",
	  { LOAD(0, 0x410000, 0, 0x20000), LOAD(0x1000, 0x440000, 0x10, 0x10) },
	  2 },
	{ "bss whose offset is outside the payload",
	  { LOAD(UINT64_C(1) << 40, 0x410000, 0, 0x20000),
	    LOAD(0x1000, 0x440000, 0x10, 0x10) },
	  2 },
	{ "touching, in any order",
	  { LOAD(0x3000, 0x403000, 0x1000, 0x1000),
	    LOAD(0x1000, 0x401000, 0x1000, 0x1000),
	    LOAD(0x2000, 0x402000, 0x1000, 0x1000) },
	  3 },
	{ "an empty one, below 1 MiB, that is not loaded",
	  { LOAD(0, 0, 0, 0), LOAD(0x1000, 0x401000, 0x1000, 0x1000) },
	  2 },
	{ "notes are not loaded",
	  { { .type = PT_NOTE, .off = 0x100, .paddr = 0x7000, .filesz = 64 },
	    LOAD(0x1000, 0x401000, 0x1000, 0x1000) },
	  2 },
	{ "from the first byte above 1 MiB to the last of RAM",
	  { LOAD(0x1000, 0x100000, 0x1000, 0x1000),
	    LOAD(0x2000, 64 * MIB - 0x1000, 0x800, 0x1000) },
	  2 },
};

START_TEST(load__puts_segments_in_place)
{
	struct elf_segment s[4];
	struct load_result r;
	struct kernel_elf k;
	struct load_run run = make_run(4 * MIB, MIB);

	memcpy(s, layouts[_i].segments, sizeof(s));
	k = elf_of(s, layouts[_i].count);
	ck_assert_msg(load_segments(&k, &run, &gm, &fixed, &r, &e) == 0,
		      "%s: %s", layouts[_i].name, e.msg);
	ck_assert_uint_eq(r.delta, 0);
	expect_memory(&k, 0, 1 * MIB, 64 * MIB);
}
END_TEST

START_TEST(load__tells_low_high_and_bytes)
{
	struct elf_segment s[] = {
		LOAD(0x3000, 0x700000, 0x100, 0x5000),
		LOAD(0x1000, 0x401000, 0x1000, 0x2000),
		LOAD(0, 0x300000, 0, 0),
	};
	struct kernel_elf k = elf_of(s, 3);
	struct load_run run = make_run(4 * MIB, MIB);
	struct load_result r;

	assert_ok(load_segments(&k, &run, &gm, &fixed, &r, &e), &e);
	ck_assert_uint_eq(r.low, 0x401000);
	ck_assert_uint_eq(r.high, 0x705000);
	ck_assert_uint_eq(r.bytes, 0x1100);
}
END_TEST

#define RANDOM_ROUNDS 60
#define RANDOM_MAX    12

static uint32_t next_random(uint32_t *state)
{
	*state = *state * 1664525 + 1013904223;
	return *state >> 8;
}

/* Segments of random sizes, at random places of the file and of memory, many
 * of them inside the run. */
static void random_layout(struct elf_segment *s, unsigned count, uint32_t *seed)
{
	uint64_t slots[RANDOM_MAX], at = 4 * MIB - 256 * KIB;

	for (unsigned i = 0; i < count; i++) {
		slots[i] = at;
		at += (next_random(seed) % 3 + 1) * 64 * KIB;
	}
	for (unsigned i = count - 1; i; i--) {
		unsigned j = next_random(seed) % (i + 1);
		uint64_t t = slots[i];

		slots[i] = slots[j];
		slots[j] = t;
	}
	for (unsigned i = 0; i < count; i++) {
		uint64_t filesz = next_random(seed) % (48 * KIB);
		uint64_t shift = next_random(seed) % (16 * KIB);

		s[i] = (struct elf_segment)LOAD(
			next_random(seed) % (MIB - 48 * KIB), slots[i] + shift,
			filesz,
			filesz + next_random(seed) %
					 (64 * KIB - shift - filesz + 1));
	}
}

START_TEST(load__random_layouts)
{
	uint32_t seed = (uint32_t)_i * 77 + 1;
	unsigned count = 2 + next_random(&seed) % (RANDOM_MAX - 1);
	struct elf_segment s[RANDOM_MAX];
	struct load_run run = make_run(4 * MIB, MIB);
	struct load_result r;
	struct kernel_elf k;

	random_layout(s, count, &seed);
	k = elf_of(s, count);
	assert_ok(load_segments(&k, &run, &gm, &fixed, &r, &e), &e);
	expect_memory(&k, 0, 1 * MIB, 16 * MIB);
}
END_TEST

static const struct {
	struct elf_segment segments[2];
	unsigned count;
	int rc;
	const char *message;
} refused[] = {
	{ { { .type = PT_NOTE } }, 1, -EINVAL, "the ELF has no PT_LOAD" },
	{ { LOAD(0, 0x400000, 0, 0) }, 1, -EINVAL, "no PT_LOAD" },
	{ { LOAD(0, 0x400000, 0x1000, 0x1000),
	    LOAD(0x2000, 0x400fff, 0x1000, 0x1000) },
	  2,
	  -EINVAL,
	  "segment 1 (0x400fff, memsz 0x1000) overlaps segment 0 (0x400000, "
	  "memsz 0x1000)" },
	{ { LOAD(0, 0x400000, 0x100, 0x100),
	    LOAD(0x1000, 0x400080, 0x10, 0x10) },
	  2,
	  -EINVAL,
	  "overlaps segment 0" },
	/* bss counts */
	{ { LOAD(0, 0x400000, 0x100, 0x1001),
	    LOAD(0x1000, 0x401000, 0x10, 0x10) },
	  2,
	  -EINVAL,
	  "overlaps segment 0" },
	{ { LOAD(0, 0xfffff, 0x10, 0x10) },
	  1,
	  -EINVAL,
	  "segment 0 lies at 0xfffff, below 1 MiB" },
	{ { LOAD(0, 0x400000, 0x10, 0x10), LOAD(0, 0, 0, 0x10) },
	  2,
	  -EINVAL,
	  "segment 1 lies at 0x0, below 1 MiB" },
	{ { LOAD(0, 0x3fff000, 0x1000, 0x1001) },
	  1,
	  -ENOSPC,
	  "segment 0 (0x3fff000 to 0x4000001) is outside guest memory (RAM "
	  "below 4 GiB ends at 0x4000000); give it more with --mem" },
	{ { LOAD(0, 0x400000, 0x10, 0x10), LOAD(0, 0x5000000, 0x10, 0x10) },
	  2,
	  -ENOSPC,
	  "segment 1 (0x5000000 to 0x5000010) is outside guest memory" },
	{ { LOAD(0, UINT64_MAX - 0xfff, 0x10, 0xfff) },
	  1,
	  -ENOSPC,
	  "segment 0 (0xfffffffffffff000 to 0xffffffffffffffff) is outside" },
	{ { LOAD(0, 0x400000, 0x10, UINT64_MAX - 0x400000) },
	  1,
	  -ENOSPC,
	  "segment 0 (0x400000 to 0xffffffffffffffff) is outside" },
	{ { LOAD(0, 0x400000, 0x10, 0x10),
	    LOAD(0, 0x200000, 0x10, UINT64_MAX - 0x200000) },
	  2,
	  -EINVAL,
	  "overlaps" },
};

START_TEST(load__refuses)
{
	struct load_run run = make_run(4 * MIB, MIB);
	struct load_result r = { .low = 42 };
	struct elf_segment s[2];
	struct kernel_elf k;
	int rc;

	memcpy(s, refused[_i].segments, sizeof(s));
	k = elf_of(s, refused[_i].count);
	rc = load_segments(&k, &run, &gm, &fixed, &r, &e);
	assert_err(rc, refused[_i].rc, &e, refused[_i].message);
	/* Refused before any byte is moved; outputs are untouched. */
	for (size_t i = 0; i < MIB; i++)
		if (gm.base[4 * MIB + i] != pattern(i))
			ck_abort_msg("byte %zu of the run changed", i);
	ck_assert_uint_eq(r.low, 42);
}
END_TEST

/* One segment of 2 MiB, linked at 512 MiB, where this machine has no RAM. */
/* allowed, align, min, max of a struct load_reloc */
#define RELOC(allow, step, low, high)                              \
	{                                                          \
		.allowed = (allow), .align = (step), .min = (low), \
		.max = (high)                                      \
	}

static const struct {
	struct load_reloc reloc;
	uint64_t paddr;
	uint64_t at; /* 0: refused */
} relocs[] = {
	/* the lowest aligned place above 1 MiB */
	{ RELOC(true, 0x1000, 0, UINT32_MAX), 0x20000000, 0x100000 },
	{ RELOC(true, 0x200000, 0, UINT32_MAX), 0x20000000, 0x200000 },
	{ RELOC(true, 0x1000000, 0, UINT32_MAX), 0x20000000, 0x1000000 },
	{ RELOC(true, 1, 0, UINT32_MAX), 0x20000001, 0x100000 },
	/* min is rounded up, or taken as it is */
	{ RELOC(true, 0x200000, 0x300000, UINT32_MAX), 0x20000000, 0x400000 },
	{ RELOC(true, 0x200000, 0x400000, UINT32_MAX), 0x20000000, 0x400000 },
	{ RELOC(true, 0x1000, 0x345001, UINT32_MAX), 0x20000000, 0x346000 },
	/* max is the last byte that may be used */
	{ RELOC(true, 0x200000, 0, 0x3fffff), 0x20000000, 0x200000 },
	{ RELOC(true, 0x200000, 0, 0x3ffffe), 0x20000000, 0 },
	{ RELOC(true, 0x200000, 0x3e00000, UINT64_MAX), 0x20000000, 0x3e00000 },
	{ RELOC(true, 0x200000, 0x3e00001, UINT64_MAX), 0x20000000, 0 },
	{ RELOC(true, 0x4000000, 0, UINT64_MAX), 0x20000000, 0 },
	/* the distance to the alignment is kept */
	{ RELOC(true, 0x200000, 0, UINT64_MAX), 0x20001000, 0x201000 },
	{ RELOC(true, 0x1000000, 0, UINT64_MAX), 0x20001000, 0x1001000 },
	/* not allowed, or nonsense */
	{ RELOC(false, 0x200000, 0, UINT64_MAX), 0x20000000, 0 },
	{ RELOC(true, UINT64_C(1) << 63, 0, UINT64_MAX), 0x20000000, 0 },
	{ RELOC(true, 0x200000, UINT64_MAX, UINT64_MAX), 0x20000000, 0 },
	{ RELOC(true, 0x200000, 0x800000, 0x400000), 0x20000000, 0 },
	/* downwards from the end of the address space: delta wraps */
	{ RELOC(true, 0x200000, 0, UINT64_MAX), UINT64_MAX - 0x3fffff,
	  0x200000 },
	/* up from below 1 MiB */
	{ RELOC(true, 0x200000, 0, UINT64_MAX), 0, 0x200000 },
	/* linked in RAM: it stays, even if a lower address is free */
	{ RELOC(true, 0x200000, 0x800000, UINT64_MAX), 0x600000, 0x600000 },
};

START_TEST(load__moves_the_kernel)
{
	uint64_t paddr = relocs[_i].paddr, at = relocs[_i].at;
	struct elf_segment s[] = { LOAD(0x1000, paddr, 0x8000, 2 * MIB) };
	struct kernel_elf k = elf_of(s, 1);
	struct load_run run = make_run(32 * MIB, MIB);
	struct load_result r;
	int rc;

	rc = load_segments(&k, &run, &gm, &relocs[_i].reloc, &r, &e);
	if (!at) {
		assert_err(rc, -ENOSPC, &e, "is outside guest memory");
		return;
	}
	assert_ok(rc, &e);
	ck_assert_msg(r.low == at, "at 0x%" PRIx64 ", not 0x%" PRIx64, r.low,
		      at);
	ck_assert_uint_eq(r.high, at + 2 * MIB);
	ck_assert_uint_eq(paddr + r.delta, at);
	expect_memory(&k, r.delta, 1 * MIB, 64 * MIB);
}
END_TEST

START_TEST(load__says_that_moving_was_tried)
{
	const struct load_reloc reloc = RELOC(true, 0x200000, 0, UINT64_MAX);
	struct elf_segment s[] = { LOAD(0, 0x1000000, 0x10, 64 * MIB) };
	struct kernel_elf k = elf_of(s, 1);
	struct load_run run = make_run(4 * MIB, MIB);
	struct load_result r;
	int rc = load_segments(&k, &run, &gm, &reloc, &r, &e);

	assert_err(rc, -ENOSPC, &e, "no place where it may be moved holds it");
}
END_TEST

/* Distances between segments stay the same. */
START_TEST(load__moves_segments_together)
{
	const struct load_reloc reloc = RELOC(true, 0x200000, 0, UINT64_MAX);
	struct elf_segment s[] = {
		LOAD(0x1000, 0x40001000, 0x3000, 0x3000),
		LOAD(0x8000, 0x40800000, 0x3000, 0x9000),
	};
	struct kernel_elf k = elf_of(s, 2);
	struct load_run run = make_run(1 * MIB, MIB);
	struct load_result r;

	assert_ok(load_segments(&k, &run, &gm, &reloc, &r, &e), &e);
	ck_assert_uint_eq(r.low, 0x201000);
	ck_assert_uint_eq(r.high, 0xa09000);
	expect_memory(&k, r.delta, 1 * MIB, 64 * MIB);
}
END_TEST

/* A payload of @len bytes at @data, in @format, with the given segments. */
static struct image image_of(const char *format, struct elf_segment *s,
			     unsigned count, const uint8_t *data, size_t len)
{
	struct bytes stream = { data, len };

	packed.len = 0;
	if (strcmp(format, "none")) {
		payload_compress(format, data, len, &packed, false);
		stream = buf_bytes(&packed);
	}
	return (struct image){
		.kind = IMAGE_ELF,
		.has_payload = true,
		.head = elf_of(s, count),
		.payload = {
			.format = format_by_name(format),
			.stream = stream,
			.has_size = true,
			.size = len,
		},
	};
}

/* A payload of 8 MiB, and where it is decoded in a machine of 64 MiB. */
static const struct {
	struct elf_segment segments[2];
	unsigned count;
	uint64_t at;
} bases[] = {
	/* the largest segment is in place */
	{ { LOAD(0x1000, 0x1001000, 0x100000, 0x100000) }, 1, 0x1000000 },
	{ { LOAD(0x1000, 0x2001000, 0x100, 0x100),
	    LOAD(0x200000, 0x1200000, 0x100000, 0x100000) },
	  2,
	  0x1000000 },
	/* exactly from 1 MiB, exactly to the end of RAM */
	{ { LOAD(0x100000, 0x200000, 1, 1) }, 1, 0x100000 },
	{ { LOAD(0, 56 * MIB, 1, 1) }, 1, 56 * MIB },
	/* it would begin below 1 MiB, below 0, or end past RAM: top of RAM */
	{ { LOAD(0x100001, 0x200000, 1, 1) }, 1, 56 * MIB },
	{ { LOAD(0x100000, 0x1000, 1, 1) }, 1, 56 * MIB },
	{ { LOAD(0, 56 * MIB + 1, 1, 1) }, 1, 56 * MIB },
	{ { LOAD(0, UINT64_MAX, 1, 1) }, 1, 56 * MIB },
	{ { LOAD(0, 5 * GIB, 1, 1) }, 1, 56 * MIB },
	/* nothing to go by */
	{ { { .type = PT_NOTE, .paddr = 0x1000000 } }, 1, 56 * MIB },
};

START_TEST(load__decodes_where_the_largest_segment_lies)
{
	static uint8_t data[8 * MIB];
	struct elf_segment s[2];
	struct load_run run;
	struct image img;

	payload_fill(data, sizeof(data), 1);
	memcpy(s, bases[_i].segments, sizeof(s));
	img = image_of("lz4", s, bases[_i].count, data, sizeof(data));
	assert_ok(load_decode(&img, &gm, &run, &e), &e);
	ck_assert_msg(run.gpa == bases[_i].at, "at 0x%" PRIx64, run.gpa);
	ck_assert_uint_eq(run.len, sizeof(data));
	ck_assert(run.whole);
	ck_assert_uint_eq(run.bytes.len, sizeof(data));
	ck_assert_ptr_eq(run.bytes.data, gm.base + run.gpa);
	ck_assert_mem_eq(run.bytes.data, data, sizeof(data));
	load_discard(&run, &gm);
	expect_zero(0, gm.low_size);
}
END_TEST

/* All of RAM above 1 MiB, and one byte more. */
START_TEST(load__decodes_as_much_as_there_is_room)
{
	static uint8_t data[63 * MIB + 1];
	struct elf_segment s[] = { LOAD(0, 0, 1, 1) };
	struct image img = image_of("lz4", s, 1, data, sizeof(data) - 1);
	struct load_run run;
	int rc;

	assert_ok(load_decode(&img, &gm, &run, &e), &e);
	ck_assert_uint_eq(run.gpa, 1 * MIB);
	ck_assert_uint_eq(run.bytes.len, 63 * MIB);
	img = image_of("lz4", s, 1, data, sizeof(data));
	rc = load_decode(&img, &gm, &run, &e);
	assert_err(rc, -EFBIG, &e,
		   "the decoded kernel has 66060289 bytes and guest memory "
		   "below 4 GiB has room for 66060288");
}
END_TEST

/* With notes in a segment, data after the last segment is not needed. */
#define NOTE(o, f)                                         \
	{                                                  \
		.type = PT_NOTE, .off = (o), .filesz = (f) \
	}

/*
 * Payloads whose segments end at @end, decoded in 64 MiB: where to, how much
 * room they get, and how much of them is decoded.
 */
static const struct {
	const char *format;
	bool sized;
	uint64_t len, end, paddr;
	uint64_t at, room, out; /* at 0: refused */
	bool whole;
} partly[] = {
	/* not far after it: everything, to the end of the stream */
	{ "lz4", true, 8 * MIB, 4 * MIB, 16 * MIB, 16 * MIB, 8 * MIB, 8 * MIB,
	  true },
	{ "lz4", true, 36 * MIB, 4 * MIB, 16 * MIB, 16 * MIB, 36 * MIB,
	  36 * MIB, true },
	{ "lz4", false, 8 * MIB, 4 * MIB, 16 * MIB, 16 * MIB, 36 * MIB, 8 * MIB,
	  true },
	/* farther: as much as there is room for */
	{ "lz4", true, 36 * MIB + 1, 4 * MIB, 16 * MIB, 16 * MIB, 36 * MIB,
	  36 * MIB, false },
	{ "lz4", true, 80 * MIB, 4 * MIB, 16 * MIB, 16 * MIB, 36 * MIB,
	  36 * MIB, false },
	{ "lz4", false, 80 * MIB, 4 * MIB, 16 * MIB, 16 * MIB, 36 * MIB,
	  36 * MIB, false },
	{ "lz4", true, 80 * MIB, 4 * MIB, 40 * MIB, 40 * MIB, 24 * MIB,
	  24 * MIB, false },
	{ "lz4", true, 80 * MIB, 24 * MIB, 40 * MIB, 40 * MIB, 24 * MIB,
	  24 * MIB, false },
	/* a byte too much to decode in place, or anywhere */
	{ "lz4", true, 80 * MIB, 24 * MIB + 1, 40 * MIB, 8 * MIB - 4096,
	  56 * MIB + 1, 56 * MIB + 1, false },
	{ "lz4", true, 80 * MIB, 63 * MIB, 0, 1 * MIB, 63 * MIB, 63 * MIB,
	  false },
	{ "lz4", true, 80 * MIB, 63 * MIB + 1, 0, 0, 0, 0, false },
	{ "lz4", false, 80 * MIB, 63 * MIB + 1, 0, 0, 0, 0, false },
	/* the other ways in which decoders stop */
	{ "gzip", false, 40 * MIB, 4 * MIB, 16 * MIB, 16 * MIB, 36 * MIB,
	  36 * MIB, false },
	{ "zstd", true, 40 * MIB, 4 * MIB + 5, 16 * MIB, 16 * MIB, 36 * MIB + 5,
	  36 * MIB + 5, false },
	{ "zstd", false, 8 * MIB, 4 * MIB, 16 * MIB, 16 * MIB, 36 * MIB,
	  8 * MIB, true },
	{ "lzo", true, 40 * MIB, 4 * MIB, 16 * MIB, 16 * MIB, 36 * MIB,
	  36 * MIB, false },
};

START_TEST(load__decodes_as_far_as_the_segments_go)
{
	uint64_t len = partly[_i].len, end = partly[_i].end;
	struct elf_segment s[] = { LOAD(0, partly[_i].paddr, end, end),
				   NOTE(0, 8) };
	uint8_t *data = calloc(1, len);
	struct load_run run = { 0 };
	struct image img;
	int rc;

	ck_assert_ptr_nonnull(data);
	for (uint64_t i = 0; i < len; i += MIB)
		data[i] = pattern(i / MIB);
	img = image_of(partly[_i].format, s, 2, data, len);
	img.payload.has_size = partly[_i].sized;
	if (!partly[_i].sized)
		img.payload.size = 0;
	rc = load_decode(&img, &gm, &run, &e);
	if (partly[_i].at) {
		assert_ok(rc, &e);
		ck_assert_uint_eq(run.gpa, partly[_i].at);
		ck_assert_uint_eq(run.len, partly[_i].room);
		ck_assert_uint_eq(run.bytes.len, partly[_i].out);
		ck_assert_int_eq(run.whole, partly[_i].whole);
		ck_assert(!memcmp(run.bytes.data, data, run.bytes.len));
		load_discard(&run, &gm);
		expect_zero(0, gm.low_size);
	} else {
		assert_err(rc, -EFBIG, &e,
			   "the decoded kernel has 66060289 bytes and guest "
			   "memory below 4 GiB has room for 66060288; give it "
			   "more with --mem");
	}
	free(data);
}
END_TEST

/*
 * Notes may then be in sections, which come last: everything is decoded, with
 * all available room if the size is not given.
 */
START_TEST(load__decodes_all_of_an_elf_without_notes)
{
	const struct {
		uint64_t off;
		size_t len;
		bool fits;
	} rows[] = {
		{ 0, 8 * MIB, true },
		{ 0, 63 * MIB - 1, true },
		{ 0, 63 * MIB + 1, false },
		/* offsets that say nothing */
		{ UINT64_MAX, 8 * MIB, true },
		{ 2 * GIB, 8 * MIB, true },
	};
	uint8_t *data = malloc(rows[_i].len);
	struct elf_segment s[] = { LOAD(rows[_i].off, 16 * MIB, 1, 1) };
	struct load_run run;
	struct image img;
	int rc;

	memset(data, 0x5a, rows[_i].len);
	img = image_of("lz4", s, 1, data, rows[_i].len);
	img.payload.has_size = false;
	rc = load_decode(&img, &gm, &run, &e);
	if (rows[_i].fits) {
		assert_ok(rc, &e);
		ck_assert(run.whole);
		ck_assert_uint_eq(run.bytes.len, rows[_i].len);
		ck_assert_uint_eq(run.len, 63 * MIB);
	} else {
		assert_err(rc, -EFBIG, &e,
			   "more than 66060288 bytes, which is the room");
	}
	free(data);
}
END_TEST

/* Segments are copied straight to their addresses: memory could not hold the
 * whole file. */
START_TEST(load__copies_segments_out_of_a_plain_payload)
{
	const size_t len = 70 * MIB;
	uint8_t *data = malloc(len);
	struct elf_segment s[] = {
		LOAD(0x1000, 0x1000000, 9 * MIB + 1, 10 * MIB),
		LOAD(64 * MIB - 3, 0x2000000, 5, 7),
		LOAD(UINT64_MAX, 0x2001000, 0, 0x1000),
		LOAD(len - 4 * MIB, 0x3000000, 4 * MIB, 4 * MIB),
	};
	struct kernel_elf k = elf_of(s, 4);
	struct load_run run;
	struct load_result r;
	struct image img;

	ck_assert_ptr_nonnull(data);
	for (size_t i = 0; i < len; i++)
		data[i] = pattern(i);
	img = image_of("none", s, 4, data, len);
	assert_ok(load_decode(&img, &gm, &run, &e), &e);
	ck_assert_ptr_eq(run.bytes.data, data);
	ck_assert_uint_eq(run.bytes.len, len);
	ck_assert_uint_eq(run.len, 0);
	ck_assert(run.whole);
	load_discard(&run, &gm);
	expect_zero(0, gm.low_size);
	assert_ok(load_segments(&k, &run, &gm, &fixed, &r, &e), &e);
	expect_memory(&k, 0, 0, gm.low_size);
	free(data);
}
END_TEST

/* Room above 4 GiB does not count: no kernel starts there. */
START_TEST(load__stays_below_the_hole)
{
	static uint8_t data[4096];
	struct elf_segment s[] = { LOAD(0, UINT64_C(0x140000000), 4096, 4096) };
	struct kernel_elf k = elf_of(s, 1);
	struct guest_mem big;
	struct load_result r;
	struct load_run run;
	struct image img;

	assert_ok(guest_mem_init(&big, UINT64_C(8) << 30, &e), &e);
	img = image_of("lz4", s, 1, data, sizeof(data));
	assert_ok(load_decode(&img, &big, &run, &e), &e);
	ck_assert_uint_le(run.gpa + run.len, big.low_size);
	assert_err(load_segments(&k, &run, &big, &fixed, &r, &e), -ENOSPC, &e,
		   "segment 0 (0x140000000 to 0x140001000) is outside guest "
		   "memory (RAM below 4 GiB ends at 0xc0000000)");
	ck_assert_ptr_null(strstr(e.msg, "--mem"));
	guest_mem_release(&big);
}
END_TEST

START_TEST(load__discards_nothing)
{
	const struct load_run none = { 0 };

	gm.base[0] = 1;
	load_discard(&none, &gm);
	ck_assert_uint_eq(gm.base[0], 1);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("load");
	TCase *t = tcase_create("segments");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_loop_test(t, load__puts_segments_in_place, 0, COUNT(layouts));
	tcase_add_test(t, load__tells_low_high_and_bytes);
	tcase_add_loop_test(t, load__random_layouts, 0, RANDOM_ROUNDS);
	tcase_add_loop_test(t, load__refuses, 0, COUNT(refused));
	tcase_add_loop_test(t, load__moves_the_kernel, 0, COUNT(relocs));
	tcase_add_test(t, load__says_that_moving_was_tried);
	tcase_add_test(t, load__moves_segments_together);
	suite_add_tcase(s, t);
	t = tcase_create("decode");
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_loop_test(t, load__decodes_where_the_largest_segment_lies, 0,
			    COUNT(bases));
	tcase_add_test(t, load__decodes_as_much_as_there_is_room);
	tcase_add_loop_test(t, load__decodes_as_far_as_the_segments_go, 0,
			    COUNT(partly));
	tcase_add_loop_test(t, load__decodes_all_of_an_elf_without_notes, 0, 5);
	tcase_add_test(t, load__copies_segments_out_of_a_plain_payload);
	tcase_add_test(t, load__stays_below_the_hole);
	tcase_add_test(t, load__discards_nothing);
	suite_add_tcase(s, t);
	return s;
}
