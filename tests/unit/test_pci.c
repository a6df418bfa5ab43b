/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The PCI host bridge and configuration spaces, through the ports and the
 * window as a guest reaches them. Offsets and bits are written as PCI Local
 * Bus 3.0, chapter 6, has them.
 */
#include "unit/unit.h"
#include "dev/bus.h"
#include "dev/pci/host.h"

#define WINDOW	   0xe0000000u
#define WINDOW_END 0xf0000000u
#define LEN	   0x1000u

static struct outcome_latch latch;
static struct pci_host host;
static struct bus ports, mmio;
static struct err e;

/* A function that records its accesses, and answers with the offset. */
static struct card {
	struct pci_function function;
	unsigned written_off, written_size, readings;
	uint64_t gpa;
	unsigned moves;
	uint64_t last_write;
} cards[3];

static uint64_t memory_read(void *dev, uint64_t off, unsigned size)
{
	ck_assert_uint_le(off + size, LEN);
	return off + ((struct card *)dev - cards) * 0x10000;
}

static void memory_write(void *dev, uint64_t off, unsigned size, uint64_t value)
{
	struct card *c = dev;

	ck_assert_uint_le(off + size, LEN);
	c->last_write = value;
}

static bool memory_knows(const void *dev, uint64_t off, unsigned size,
			 bool write)
{
	(void)dev, (void)size, (void)write;
	return off != 0x800;
}

static const struct device_ops memory = {
	.name = "card",
	.width = 4,
	.read = memory_read,
	.write = memory_write,
	.knows = memory_knows,
};

static void reading(void *dev, unsigned off, unsigned size)
{
	(void)off, (void)size;
	((struct card *)dev)->readings++;
}

static void written(void *dev, unsigned off, unsigned size)
{
	struct card *c = dev;

	c->written_off = off;
	c->written_size = size;
}

/* No two ever overlap, not even between two writes. */
static void moved(void *dev, uint64_t gpa)
{
	struct card *c = dev;

	c->gpa = gpa;
	c->moves++;
	for (unsigned i = 0; i < COUNT(cards); i++)
		if (gpa != PCI_NOWHERE && c != &cards[i])
			ck_assert_uint_ne(gpa, cards[i].gpa);
}

static const struct pci_function_ops ops = {
	.memory = &memory,
	.reading = reading,
	.written = written,
	.moved = moved,
};

static const struct pci_ids ids = { 0x1af4, 0x1044, 0x1af4, 0x40, 0x00ff00, 1 };

static void setup(void)
{
	memset(cards, 0, sizeof(cards));
	assert_ok(outcome_latch_init(&latch, &e), &e);
	pci_host_init(&host, &latch);
	bus_init(&ports, "port");
	bus_init(&mmio, "MMIO");
	assert_ok(bus_add(&ports, 0xcf8, 8, &pci_host_ops, &host, &e), &e);
	assert_ok(bus_add(&mmio, WINDOW, WINDOW_END - WINDOW, &pci_window_ops,
			  &host, &e),
		  &e);
	for (unsigned i = 0; i < COUNT(cards); i++) {
		struct pci_function *f = &cards[i].function;

		pci_function_init(f, &ids, &ops, &cards[i]);
		pci_function_set_bar(f, WINDOW + LEN * i, LEN);
		cards[i].gpa = PCI_NOWHERE;
		pci_host_add(&host, i + 1, f);
	}
}

static void teardown(void)
{
	pci_host_release(&host);
	outcome_latch_release(&latch);
}

static uint32_t in(uint16_t port, unsigned size)
{
	uint32_t value = 0;

	bus_access(&ports, port, (uint8_t *)&value, size, false);
	return value;
}

static void out(uint16_t port, unsigned size, uint32_t value)
{
	bus_access(&ports, port, (uint8_t *)&value, size, true);
}

static void at(unsigned device, unsigned off)
{
	out(0xcf8, 4, 0x80000000u | device << 11 | (off & 0xfc));
}

static uint32_t get(unsigned device, unsigned off, unsigned size)
{
	at(device, off);
	return in((uint16_t)(0xcfc + off % 4), size);
}

static void set(unsigned device, unsigned off, unsigned size, uint32_t value)
{
	at(device, off);
	out((uint16_t)(0xcfc + off % 4), size, value);
}

static uint32_t load(uint32_t gpa)
{
	uint32_t value;

	bus_access(&mmio, gpa, (uint8_t *)&value, sizeof(value), false);
	return value;
}

static void store(uint32_t gpa, uint32_t value)
{
	bus_access(&mmio, gpa, (uint8_t *)&value, sizeof(value), true);
}

/* --- configuration spaces */

static const struct {
	unsigned device, off, size;
	uint32_t want;
} headers[] = {
	{ 0, 0x00, 4, 0x12378086 }, /* a bridge by which the bus is detected */
	{ 0, 0x08, 4, 0x06000002 }, { 0, 0x0e, 1, 0 },
	{ 0, 0x06, 2, 0 },	    { 1, 0x00, 4, 0x10441af4 },
	{ 1, 0x02, 2, 0x1044 },	    { 1, 0x03, 1, 0x10 },
	{ 1, 0x04, 4, 0 },	    { 1, 0x08, 4, 0x00ff0001 },
	{ 1, 0x0c, 4, 0 }, /* one function, type 0 */
	{ 1, 0x10, 4, WINDOW | 4 }, { 2, 0x10, 4, (WINDOW + LEN) | 4 },
	{ 1, 0x14, 4, 0 },	    { 1, 0x18, 4, 0 },
	{ 1, 0x24, 4, 0 },	    { 1, 0x2c, 4, 0x00401af4 },
	{ 1, 0x30, 4, 0 },			       /* no expansion ROM */
	{ 1, 0x34, 4, 0 },	    { 1, 0x3c, 4, 0 }, /* no INTx */
	{ 1, 0xfc, 4, 0 },	    { 4, 0x00, 4, 0xffffffff }, /* not there */
	{ 31, 0x00, 2, 0xffff },
};

START_TEST(pci__headers)
{
	ck_assert_uint_eq(
		get(headers[_i].device, headers[_i].off, headers[_i].size),
		headers[_i].want);
}
END_TEST

/* Only bus 0, only function 0, and only while the enable bit is set. */
static const uint32_t no_function[] = { 0x00000800, 0x80000900, 0x80000f00,
					0x80010800, 0x80ff0800, 0x00000000,
					0x80000100 };

START_TEST(pci__no_such_function)
{
	out(0xcf8, 4, no_function[_i]);
	ck_assert_uint_eq(in(0xcfc, 4), 0xffffffff);
	ck_assert_uint_eq(in(0xcfe, 2), 0xffff);
	out(0xcfc, 4, 0);
	ck_assert_uint_eq(get(1, 0, 4), 0x10441af4);
	ck_assert_uint_eq(cards[0].written_size, 0);
}
END_TEST

/* Every bit of the header that software can write; the others stay. */
START_TEST(pci__writable_bits)
{
	static const struct {
		unsigned off;
		uint32_t bits;
	} writable[] = {
		{ 0x04, 0x0546 },     { 0x0c, 0xffff }, { 0x10, 0xfffff000 },
		{ 0x14, 0xffffffff }, { 0x3c, 0xff },
	};

	for (unsigned off = 0; off < 0x100; off += 4) {
		uint32_t before = get(1, off, 4), bits = 0;

		for (unsigned i = 0; i < COUNT(writable); i++)
			if (writable[i].off == off)
				bits = writable[i].bits;
		set(1, off, 4, ~before);
		ck_assert_msg(get(1, off, 4) == (before ^ bits),
			      "0x%x: 0x%x, 0x%x before", off, get(1, off, 4),
			      before);
	}
}
END_TEST

START_TEST(pci__bridge_is_read_only)
{
	for (unsigned off = 0; off < 0x100; off += 4) {
		uint32_t before = get(0, off, 4);

		set(0, off, 4, ~before);
		/* 0x0c and 0x3c are scratch bytes for system software */
		if (off != 0x0c && off != 0x3c)
			ck_assert_uint_eq(get(0, off, 4), before);
	}
}
END_TEST

START_TEST(pci__bytes_and_words)
{
	set(1, 0x11, 1, 0x40); /* below the BAR's length */
	ck_assert_uint_eq(get(1, 0x10, 4), 0xe0004004 & 0xfffff00f);
	set(1, 0x12, 2, 0xe123);
	ck_assert_uint_eq(get(1, 0x10, 4), 0xe1234004 & 0xfffff00f);
	ck_assert_uint_eq(cards[0].written_off, 0x12);
	ck_assert_uint_eq(cards[0].written_size, 2);
	ck_assert_uint_eq(get(1, 0x13, 1), 0xe1);
	/* Across the end of the ports: only the bytes inside. */
	at(1, 0);
	ck_assert_uint_eq(in(0xcfe, 4), 0xffff1044);
	ck_assert_uint_eq(in(0xcff, 2), 0xff10);
	out(0xcfe, 4, 0);
	ck_assert_uint_eq(get(1, 0, 4), 0x10441af4);
}
END_TEST

START_TEST(pci__address_register_is_a_doubleword)
{
	out(0xcf8, 4, 0xffffffff);
	ck_assert_uint_eq(in(0xcf8, 4), 0x80fffffc);
	out(0xcf8, 2, 0);
	out(0xcfb, 1, 0);
	out(0xcfa, 2, 0);
	ck_assert_uint_eq(in(0xcf8, 4), 0x80fffffc);
	ck_assert_uint_eq(in(0xcf8, 2), 0xffff);
	ck_assert_uint_eq(in(0xcf9, 1), 0);
}
END_TEST

START_TEST(pci__reset_control)
{
	out(0xcf9, 1, 0x02);
	out(0xcf9, 2, 0x0606);
	ck_assert(!outcome_is_set(&latch));
	out(0xcf9, 1, 0x06);
	ck_assert(outcome_is_set(&latch));
}
END_TEST

START_TEST(pci__capabilities_form_a_list)
{
	static const uint8_t body[] = { 3, 4, 5, 6, 7 };
	static const uint8_t rest[174];
	struct pci_function f;

	pci_function_init(&f, &ids, &ops, NULL);
	ck_assert_uint_eq(pci_function_add_capability(&f, 9, body, 7), 0x40);
	ck_assert_uint_eq(pci_function_add_capability(&f, 0x11, body, 4), 0x48);
	ck_assert_uint_eq(pci_function_add_capability(&f, 9, body, 2), 0x4c);
	ck_assert_uint_eq(pci_function_get(&f, 0x06, 2), 0x10);
	ck_assert_uint_eq(pci_function_get(&f, 0x34, 1), 0x40);
	ck_assert_uint_eq(pci_function_get(&f, 0x40, 4), 0x04034809);
	ck_assert_uint_eq(pci_function_get(&f, 0x44, 4), 0x00070605);
	ck_assert_uint_eq(pci_function_get(&f, 0x48, 4), 0x04034c11);
	ck_assert_uint_eq(pci_function_get(&f, 0x4c, 4), 0x00000009);
	/* Up to the last byte. */
	ck_assert_uint_eq(pci_function_add_capability(&f, 9, rest, 176), 0x50);
	ck_assert_uint_eq(f.capabilities_end, 0x100);
}
END_TEST

/* --- BARs */

/* 6.2.5.1, "sizing", with every possible step in between. */
START_TEST(pci__bar_is_sized)
{
	set(1, 0x04, 2, 2);
	set(1, 0x10, 4, 0xffffffff);
	ck_assert_uint_eq(get(1, 0x10, 4), 0xfffff004);
	ck_assert_uint_eq(load(WINDOW), 0xffffffff);
	set(1, 0x14, 4, 0xffffffff);
	ck_assert_uint_eq(get(1, 0x14, 4), 0xffffffff);
	set(1, 0x10, 4, WINDOW);
	set(1, 0x14, 4, 0);
	ck_assert_uint_eq(load(WINDOW + 8), 8);
	/* An I/O BAR, or one of another type, is refused. */
	set(1, 0x10, 4, WINDOW | 1);
	ck_assert_uint_eq(get(1, 0x10, 4), WINDOW | 4);
}
END_TEST

START_TEST(pci__bar_answers_while_enabled)
{
	ck_assert_uint_eq(load(WINDOW), 0xffffffff);
	set(1, 0x04, 2, 4 | 1);
	ck_assert_uint_eq(load(WINDOW), 0xffffffff);
	set(1, 0x04, 2, 2);
	ck_assert_uint_eq(load(WINDOW + 4), 4);
	ck_assert_uint_eq(cards[0].gpa, WINDOW);
	ck_assert_uint_eq(load(WINDOW + LEN), 0xffffffff);
	store(WINDOW, 77);
	ck_assert_uint_eq(cards[0].last_write, 77);
	set(1, 0x04, 2, 0);
	store(WINDOW, 78);
	ck_assert_uint_eq(cards[0].last_write, 77);
	ck_assert_uint_eq(cards[0].gpa, PCI_NOWHERE);
}
END_TEST

static const struct {
	uint32_t low, high;
	bool answers;
} places[] = {
	{ WINDOW, 0, true },
	{ WINDOW_END - LEN, 0, true }, /* exactly up to the end */
	{ WINDOW_END, 0, false },
	{ WINDOW - LEN, 0, false },
	{ WINDOW, 1, false },	  /* above 4 GiB */
	{ 0, 0, false },	  /* RAM */
	{ 0xfec00000, 0, false }, /* the I/O APIC */
	{ 0xfee00000, 0, false },
	{ 0xfffff000, 0xffffffff, false },
	{ WINDOW, 0x80000000, false },
};

START_TEST(pci__bar_is_moved)
{
	uint32_t low = places[_i].low;

	set(1, 0x04, 2, 2);
	set(1, 0x10, 4, low);
	set(1, 0x14, 4, places[_i].high);
	ck_assert_uint_eq(get(1, 0x10, 4), low | 4);
	ck_assert_uint_eq(get(1, 0x14, 4), places[_i].high);
	ck_assert_uint_eq(cards[0].gpa, places[_i].answers ? low : PCI_NOWHERE);
	if (low != WINDOW || !places[_i].answers)
		ck_assert_uint_eq(load(WINDOW), 0xffffffff);
	if (places[_i].answers)
		ck_assert_uint_eq(load(low + LEN - 4), LEN - 4);
}
END_TEST

/* The lower number wins; the other returns when there is room. */
START_TEST(pci__bars_overlap)
{
	for (unsigned i = 1; i <= 3; i++)
		set(i, 0x04, 2, 2);
	set(3, 0x10, 4, WINDOW);
	ck_assert_uint_eq(load(WINDOW), 0);
	ck_assert_uint_eq(cards[2].gpa, PCI_NOWHERE);
	set(1, 0x04, 2, 0);
	ck_assert_uint_eq(load(WINDOW), 0x20000);
	set(1, 0x04, 2, 2);
	ck_assert_uint_eq(load(WINDOW), 0);
	/* Two swap places. */
	set(1, 0x10, 4, WINDOW + LEN);
	ck_assert_uint_eq(load(WINDOW), 0x20000);
	ck_assert_uint_eq(load(WINDOW + LEN), 0);
	ck_assert_uint_eq(cards[1].gpa, PCI_NOWHERE);
	set(2, 0x10, 4, WINDOW + 2 * LEN);
	ck_assert_uint_eq(load(WINDOW + 2 * LEN), 0x10000);
}
END_TEST

START_TEST(pci__bar_is_left_alone_by_other_writes)
{
	set(1, 0x04, 2, 2);
	ck_assert_uint_eq(cards[0].moves, 1);
	set(1, 0x04, 2, 2 | 4 | 0x400);
	set(1, 0x3c, 1, 9);
	set(1, 0x10, 4, WINDOW);
	set(2, 0x04, 2, 2);
	ck_assert_uint_eq(cards[0].moves, 1);
}
END_TEST

/* An access that starts in a BAR ends in it, whatever its size. */
START_TEST(pci__window_accesses_of_all_sizes)
{
	uint8_t data[8];

	set(1, 0x04, 2, 2);
	for (unsigned size = 1; size <= 8; size++)
		for (uint32_t off = 0; off < 16; off++) {
			bus_access(&mmio, WINDOW + LEN - 8 + off, data, size,
				   false);
			bus_access(&mmio, WINDOW + LEN - 8 + off, data, size,
				   true);
			bus_access(&mmio, WINDOW_END - 16 + off, data, size,
				   true);
		}
	bus_access(&mmio, WINDOW + LEN - 2, data, 4, false);
	ck_assert_mem_eq(data, "\xff\xff\xff\xff", 4);
}
END_TEST

START_TEST(pci__unclaimed_accesses_are_counted)
{
	store(WINDOW, 1);
	set(1, 0x04, 2, 2);
	store(WINDOW, 1);
	load(WINDOW + 0x800);
	ck_assert_uint_eq(mmio.unknown_count, 2);
	ck_assert_uint_eq(mmio.unknown[0].addr, WINDOW);
	ck_assert_uint_eq(mmio.unknown[0].writes, 1);
	ck_assert_uint_eq(mmio.unknown[1].addr, WINDOW + 0x800);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("pci");
	TCase *tc = tcase_create("all");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, pci__headers, 0, COUNT(headers));
	tcase_add_loop_test(tc, pci__no_such_function, 0, COUNT(no_function));
	tcase_add_test(tc, pci__writable_bits);
	tcase_add_test(tc, pci__bridge_is_read_only);
	tcase_add_test(tc, pci__bytes_and_words);
	tcase_add_test(tc, pci__address_register_is_a_doubleword);
	tcase_add_test(tc, pci__reset_control);
	tcase_add_test(tc, pci__capabilities_form_a_list);
	tcase_add_test(tc, pci__bar_is_sized);
	tcase_add_test(tc, pci__bar_answers_while_enabled);
	tcase_add_loop_test(tc, pci__bar_is_moved, 0, COUNT(places));
	tcase_add_test(tc, pci__bars_overlap);
	tcase_add_test(tc, pci__bar_is_left_alone_by_other_writes);
	tcase_add_test(tc, pci__window_accesses_of_all_sizes);
	tcase_add_test(tc, pci__unclaimed_accesses_are_counted);
	suite_add_tcase(s, tc);
	return s;
}
