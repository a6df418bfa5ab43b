/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The setup code's memory map, on the host, with BIOSes that answer correctly,
 * wrongly, or not at all.
 */
#include "unit/unit.h"
#include "pv/bootparam.h"
#include "../../guest/setup/bios.h"
#include "../../guest/setup/setup.h"

#include <string.h>

#define SMAP  0x534d4150
#define CARRY 1

uint8_t boot_params[BP_SIZE];

/* A BIOS; functions that it lacks set the carry flag. */
struct bios {
	unsigned e820_entries; /* each 1 MiB of type 1, at 16 MiB times n */
	unsigned e820_bad_at;  /* this answer loses the signature; 0: none */
	bool e820_endless;
	uint16_t e801[4]; /* AX BX CX DX; all 0: not there */
	uint16_t e88;	  /* 0: not there */
	uint16_t low;
};

static const struct bios *bios;

/* The setup code keeps 32-bit pointers; restore the upper half from ours. */
static void *from_low_half(uint32_t low)
{
	uintptr_t near = (uintptr_t)boot_params;

	return (void *)(near + (uintptr_t)(int32_t)(low - (uint32_t)near));
}

static void e820(struct bios_regs *r)
{
	uint64_t start = (uint64_t)(r->bx + 1) << 24, len = 1 << 20;
	uint8_t *entry = from_low_half(r->di);
	uint32_t type = E820_RAM;

	ck_assert_uint_eq(r->cx, E820_ENTRY_SIZE);
	ck_assert_uint_eq(r->dx, SMAP);
	if (r->bx >= bios->e820_entries && !bios->e820_endless) {
		r->flags = CARRY;
		return;
	}
	memcpy(entry, &start, 8);
	memcpy(entry + 8, &len, 8);
	memcpy(entry + 16, &type, 4);
	r->bx++;
	r->ax = bios->e820_bad_at == r->bx ? 0x8600 : SMAP;
	if (r->bx == bios->e820_entries && !bios->e820_endless)
		r->bx = 0;
}

static void e801(struct bios_regs *r)
{
	const uint16_t *a = bios->e801;

	r->flags = a[0] || a[1] || a[2] || a[3] ? 0 : CARRY;
	r->ax = a[0];
	r->bx = a[1];
	r->cx = a[2];
	r->dx = a[3];
}

void bios_call(uint8_t number, struct bios_regs *r)
{
	r->flags = 0;
	if (number == 0x12) {
		r->ax = bios->low;
		return;
	}
	ck_assert_uint_eq(number, 0x15);
	switch (r->ax) {
	case 0xe820:
		e820(r);
		break;
	case 0xe801:
		e801(r);
		break;
	case 0x8800:
		r->ax = bios->e88;
		r->flags = bios->e88 ? 0 : CARRY;
		break;
	default:
		ck_abort_msg("unexpected call %x", r->ax);
	}
}

static const struct {
	const char *what;
	struct bios bios;
	unsigned entries;
	uint64_t first_len;	       /* of entry 0 */
	uint64_t last_start, last_len; /* of the last entry */
} rows[] = {
	{ "a map of one", { .e820_entries = 1 }, 1, 1 << 20, 1 << 24, 1 << 20 },
	{ "a map of five",
	  { .e820_entries = 5, .e88 = 1024 },
	  5,
	  1 << 20,
	  5 << 24,
	  1 << 20 },
	{ "a map that fills the table exactly",
	  { .e820_entries = 128 },
	  128,
	  1 << 20,
	  128ull << 24,
	  1 << 20 },
	{ "a map without end",
	  { .e820_endless = true },
	  128,
	  1 << 20,
	  128ull << 24,
	  1 << 20 },
	{ "a map that goes wrong in the middle: the sizes instead",
	  { .e820_entries = 5, .e820_bad_at = 3, .e88 = 4096, .low = 639 },
	  2,
	  639 << 10,
	  1 << 20,
	  4096 << 10 },
	{ "E801 in AX and BX",
	  { .e801 = { 15360, 0x100 }, .e88 = 1, .low = 640 },
	  2,
	  640 << 10,
	  1 << 20,
	  (15360 + 0x100 * 64) << 10 },
	{ "E801 in CX and DX",
	  { .e801 = { 1, 1, 15360, 0x100 }, .low = 640 },
	  2,
	  640 << 10,
	  1 << 20,
	  (15360 + 0x100 * 64) << 10 },
	{ "E801 as large as it can be",
	  { .e801 = { 15360, 0xffff }, .low = 640 },
	  2,
	  640 << 10,
	  1 << 20,
	  (15360 + 0xffffull * 64) << 10 },
	{ "E801 with a hole below 16 MiB",
	  { .e801 = { 14336, 0x100 }, .low = 640 },
	  2,
	  640 << 10,
	  1 << 20,
	  14336 << 10 },
	{ "an impossible E801: 88 instead",
	  { .e801 = { 15361, 0x100 }, .e88 = 8192, .low = 640 },
	  2,
	  640 << 10,
	  1 << 20,
	  8192 << 10 },
	{ "nothing but INT 12h", { .low = 512 }, 1, 512 << 10, 0, 512 << 10 },
	{ "INT 12h without an answer",
	  { .e88 = 1024 },
	  2,
	  640 << 10,
	  1 << 20,
	  1 << 20 },
	{ "INT 12h with an impossible one",
	  { .low = 700 },
	  1,
	  640 << 10,
	  0,
	  640 << 10 },
};

static uint64_t field(unsigned entry, unsigned off)
{
	uint64_t v;

	memcpy(&v, boot_params + BP_E820_TABLE + entry * E820_ENTRY_SIZE + off,
	       sizeof(v));
	return v;
}

START_TEST(setup__makes_a_map_of_what_the_bios_says)
{
	unsigned last = rows[_i].entries - 1;

	bios = &rows[_i].bios;
	memset(boot_params, 0, sizeof(boot_params));
	memory_detect();
	ck_assert_msg(boot_params[BP_E820_ENTRIES] == rows[_i].entries,
		      "%s: %u entries", rows[_i].what,
		      boot_params[BP_E820_ENTRIES]);
	ck_assert_uint_eq(field(0, 8), rows[_i].first_len);
	ck_assert_uint_eq(field(last, 0), rows[_i].last_start);
	ck_assert_uint_eq(field(last, 8), rows[_i].last_len);
	ck_assert_uint_eq((uint32_t)field(last, 16), E820_RAM);
	/* The map ends where the table ends. */
	ck_assert_uint_eq(boot_params[BP_E820_TABLE +
				      E820_MAX_ENTRIES_ZP * E820_ENTRY_SIZE],
			  0);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("setup_memory");
	TCase *t = tcase_create("setup_memory");

	tcase_add_loop_test(t, setup__makes_a_map_of_what_the_bios_says, 0,
			    (int)(sizeof(rows) / sizeof(rows[0])));
	suite_add_tcase(s, t);
	return s;
}
