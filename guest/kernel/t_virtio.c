/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Claims about the first virtio device, a source of random bytes: a driver
 * that keeps the rules is served, one that breaks them is told so and may
 * start again.
 *
 * Where no virtio device answers, there is nothing to claim.
 *
 * Spec: virtio 1.2, 2.7, 4.2, 5.4.
 */
#include "claims.h"
#include "cpu.h"
#include "entry.h"
#include "lib/io.h"
#include "lib/say.h"
#include "pic.h"
#include "pv/virtio.h"
#include "trap.h"

#define QUEUE_SIZE     8
#define BUFFER_SIZE    64
#define STORM	       30
#define WAIT_CYCLES    20000000000 /* seconds: the device has its own thread */
#define WAIT_TURNS_MAX 200000000
#define VECTOR	       (VECTOR_PIC_MASTER + VIRTIO_MMIO_GSI)

#define STATUS_NEGOTIATED                                   \
	(VIRTIO_STATUS_ACKNOWLEDGE | VIRTIO_STATUS_DRIVER | \
	 VIRTIO_STATUS_FEATURES_OK)
#define STATUS_LIVE (STATUS_NEGOTIATED | VIRTIO_STATUS_DRIVER_OK)

static struct {
	volatile struct virtq_desc desc[QUEUE_SIZE];
	volatile uint16_t avail[VIRTQ_AVAIL_BYTES(QUEUE_SIZE) / 2];
	volatile uint16_t used[VIRTQ_USED_BYTES(QUEUE_SIZE) / 2]
		__attribute__((aligned(VIRTQ_USED_ALIGN)));
	volatile uint8_t buffer[BUFFER_SIZE];
} mem __attribute__((aligned(VIRTQ_DESC_SIZE)));

static uint32_t reg(unsigned r)
{
	return *(volatile uint32_t *)(uintptr_t)(VIRTIO_MMIO_GPA + r);
}

static void set_reg(unsigned r, uint32_t v)
{
	*(volatile uint32_t *)(uintptr_t)(VIRTIO_MMIO_GPA + r) = v;
}

static uint32_t phys(const volatile void *p)
{
	return (uint32_t)((uintptr_t)p - KERNEL_VIRT);
}

static bool is_there(void)
{
	return reg(VIRTIO_REG_MAGIC) == VIRTIO_MAGIC &&
	       reg(VIRTIO_REG_DEVICE_ID) != 0;
}

/* Offer back feature word 1 as @high; returns whether it was accepted. */
static bool negotiate(uint32_t high)
{
	set_reg(VIRTIO_REG_STATUS, 0);
	set_reg(VIRTIO_REG_STATUS, VIRTIO_STATUS_ACKNOWLEDGE);
	set_reg(VIRTIO_REG_STATUS,
		VIRTIO_STATUS_ACKNOWLEDGE | VIRTIO_STATUS_DRIVER);
	set_reg(VIRTIO_REG_DRIVER_FEATURES_SEL, 0);
	set_reg(VIRTIO_REG_DRIVER_FEATURES, 0);
	set_reg(VIRTIO_REG_DRIVER_FEATURES_SEL, 1);
	set_reg(VIRTIO_REG_DRIVER_FEATURES, high);
	set_reg(VIRTIO_REG_STATUS, STATUS_NEGOTIATED);
	return reg(VIRTIO_REG_STATUS) == STATUS_NEGOTIATED;
}

static void set_up_queue(void)
{
	volatile uint8_t *p = (volatile uint8_t *)&mem;

	for (unsigned i = 0; i < sizeof(mem); i++)
		p[i] = 0;
	set_reg(VIRTIO_REG_QUEUE_SEL, 0);
	set_reg(VIRTIO_REG_QUEUE_NUM, QUEUE_SIZE);
	set_reg(VIRTIO_REG_QUEUE_DESC, phys(mem.desc));
	set_reg(VIRTIO_REG_QUEUE_DESC + 4, 0);
	set_reg(VIRTIO_REG_QUEUE_DRIVER, phys(mem.avail));
	set_reg(VIRTIO_REG_QUEUE_DRIVER + 4, 0);
	set_reg(VIRTIO_REG_QUEUE_DEVICE, phys(mem.used));
	set_reg(VIRTIO_REG_QUEUE_DEVICE + 4, 0);
	set_reg(VIRTIO_REG_QUEUE_READY, 1);
}

/* From whatever state to a live device with an empty queue. */
static bool start(void)
{
	if (!negotiate(1u << (VIRTIO_F_VERSION_1 - 32)))
		return false;
	set_up_queue();
	set_reg(VIRTIO_REG_STATUS, STATUS_LIVE);
	return reg(VIRTIO_REG_STATUS) == STATUS_LIVE;
}

static void describe(unsigned i, uint64_t gpa, uint32_t len, uint16_t flags,
		     uint16_t next)
{
	mem.desc[i].addr = gpa;
	mem.desc[i].len = len;
	mem.desc[i].flags = flags;
	mem.desc[i].next = next;
}

/* Make the chain that begins with @head available, and @idx the index. */
static void offer(uint16_t head, uint16_t idx)
{
	mem.avail[VIRTQ_RING + mem.avail[VIRTQ_IDX] % QUEUE_SIZE] = head;
	mem.avail[VIRTQ_IDX] = idx;
	set_reg(VIRTIO_REG_QUEUE_NOTIFY, 0);
}

/*
 * Wait for the device's interrupt; the events it came for, acknowledged. One
 * that comes for nothing was raised before a reset and delivered after it.
 */
static uint32_t wait_for_events(void)
{
	uint64_t begin = read_tsc();
	unsigned turns = 0;
	uint32_t events = 0;

	interrupts_on();
	while (!events && read_tsc() - begin < WAIT_CYCLES &&
	       turns++ < WAIT_TURNS_MAX) {
		cpu_pause();
		if (trap_count(VECTOR)) {
			trap_count_clear();
			events = reg(VIRTIO_REG_INTERRUPT_STATUS);
		}
	}
	interrupts_off();
	if (!events)
		say("     no interrupt came\n");
	set_reg(VIRTIO_REG_INTERRUPT_ACK, events);
	return events;
}

static void listen(void)
{
	trap_count_clear();
	pic_init();
	pic_unmask(VIRTIO_MMIO_GSI);
}

static void quiet(void)
{
	pic_mask_all();
	set_reg(VIRTIO_REG_STATUS, 0);
}

static enum verdict is_entropy_source(const struct boot *b)
{
	(void)b;
	if (!is_there())
		return SKIP;
	return expect_equal("Version", reg(VIRTIO_REG_VERSION),
			    VIRTIO_VERSION) &&
	       expect_equal("DeviceID", reg(VIRTIO_REG_DEVICE_ID),
			    VIRTIO_ID_ENTROPY);
}

static enum verdict insists_on_version_1(const struct boot *b)
{
	bool legacy;

	(void)b;
	if (!is_there())
		return SKIP;
	set_reg(VIRTIO_REG_DEVICE_FEATURES_SEL, 1);
	if (!(reg(VIRTIO_REG_DEVICE_FEATURES) & 1))
		return FAIL;
	legacy = negotiate(0);
	quiet();
	return !legacy;
}

static enum verdict queue_becomes_ready(const struct boot *b)
{
	bool live;
	uint32_t ready;

	(void)b;
	if (!is_there())
		return SKIP;
	live = start();
	ready = reg(VIRTIO_REG_QUEUE_READY);
	quiet();
	return live && expect_equal("QueueReady", ready, 1) &&
	       expect_equal("QueueReady after reset",
			    reg(VIRTIO_REG_QUEUE_READY), 0);
}

/* One request; whether it was answered with an interrupt and @len bytes. */
static bool get_random(uint16_t nth)
{
	uint32_t events;

	for (unsigned i = 0; i < BUFFER_SIZE; i++)
		mem.buffer[i] = 0;
	describe(0, phys(mem.buffer), BUFFER_SIZE, VIRTQ_DESC_WRITE, 0);
	offer(0, nth);
	events = wait_for_events();
	return expect_equal("InterruptStatus", events, VIRTIO_INT_USED) &&
	       expect_equal("the used index", mem.used[VIRTQ_IDX], nth);
}

/* 64 bytes of which more than half are zero: once in 2^200 tries. */
static bool looks_random(void)
{
	unsigned zeros = 0;

	for (unsigned i = 0; i < BUFFER_SIZE; i++)
		zeros += mem.buffer[i] == 0;
	if (zeros > BUFFER_SIZE / 2)
		say("     %u of %u bytes are zero\n", zeros, BUFFER_SIZE);
	return zeros <= BUFFER_SIZE / 2;
}

static enum verdict random_bytes_arrive(const struct boot *b)
{
	bool ok;

	(void)b;
	if (!is_there())
		return SKIP;
	listen();
	ok = start();
	/* More than the ring holds, so that it goes round. */
	for (uint16_t n = 1; ok && n <= QUEUE_SIZE + 2; n++)
		ok = get_random(n) && looks_random() &&
		     expect_equal("the length used",
				  mem.used[VIRTQ_RING +
					   4 * ((n - 1) % QUEUE_SIZE) + 2],
				  BUFFER_SIZE);
	quiet();
	return ok;
}

/* --- rules broken: one row each */

static const struct {
	const char *what;
	struct virtq_desc desc; /* of all descriptors */
	uint16_t head, idx;
} hostile[] = {
	{ "a head outside the table", { 0, 0, VIRTQ_DESC_WRITE, 0 }, 8, 1 },
	{ "a loop",
	  { 0x1000, 1, VIRTQ_DESC_WRITE | VIRTQ_DESC_NEXT, 0 },
	  0,
	  1 },
	{ "a link outside the table",
	  { 0x1000, 1, VIRTQ_DESC_WRITE | VIRTQ_DESC_NEXT, 0xffff },
	  0,
	  1 },
	{ "a buffer at the device's own registers",
	  { VIRTIO_MMIO_GPA, 64, VIRTQ_DESC_WRITE, 0 },
	  0,
	  1 },
	{ "a buffer around the end of the address space",
	  { -(uint64_t)16, 64, VIRTQ_DESC_WRITE, 0 },
	  0,
	  1 },
	{ "a buffer of 4 GiB",
	  { 0x1000, 0xffffffff, VIRTQ_DESC_WRITE, 0 },
	  0,
	  1 },
	{ "a buffer to read", { 0x1000, 64, 0, 0 }, 0, 1 },
	{ "an indirect table nobody agreed on",
	  { 0x1000, 16, VIRTQ_DESC_INDIRECT, 0 },
	  0,
	  1 },
	{ "an available index far ahead",
	  { 0x1000, 0, VIRTQ_DESC_WRITE, 0 },
	  0,
	  0x8000 },
};

static bool is_refused(unsigned row)
{
	const struct virtq_desc *d = &hostile[row].desc;
	uint32_t events;
	bool ok;

	if (!start())
		return false;
	for (unsigned i = 0; i < QUEUE_SIZE; i++)
		describe(i, d->addr, d->len, d->flags, d->next);
	offer(hostile[row].head, hostile[row].idx);
	events = wait_for_events();
	ok = expect_equal("InterruptStatus", events, VIRTIO_INT_CONFIG) &&
	     expect_equal("Status", reg(VIRTIO_REG_STATUS),
			  STATUS_LIVE | VIRTIO_STATUS_NEEDS_RESET) &&
	     expect_equal("the used index", mem.used[VIRTQ_IDX], 0);
	if (!ok)
		say("     for %s\n", hostile[row].what);
	return ok;
}

static enum verdict broken_rules_are_refused(const struct boot *b)
{
	bool ok = true;

	(void)b;
	if (!is_there())
		return SKIP;
	listen();
	for (unsigned i = 0; i < sizeof(hostile) / sizeof(hostile[0]); i++)
		ok &= is_refused(i);
	quiet();
	return ok;
}

/* --- registers misused: one row each; the device asks for a reset */

static const struct {
	const char *what;
	bool is_live; /* else: all set up but QueueReady */
	unsigned reg;
	uint32_t value;
} misuses[] = {
	{ "a status bit taken back", true, VIRTIO_REG_STATUS,
	  STATUS_NEGOTIATED },
	{ "features after they were agreed upon", true,
	  VIRTIO_REG_DRIVER_FEATURES, 1 },
	{ "the size of a queue that is ready", true, VIRTIO_REG_QUEUE_NUM, 4 },
	{ "an address of a queue that is ready", true, VIRTIO_REG_QUEUE_DESC,
	  0 },
	{ "a doorbell of a queue that is not there", true,
	  VIRTIO_REG_QUEUE_NOTIFY, 7 },
	{ "QueueReady that is neither 0 nor 1", false, VIRTIO_REG_QUEUE_READY,
	  2 },
	{ "a size that is no power of two", false, VIRTIO_REG_QUEUE_NUM, 3 },
	{ "a size past QueueNumMax", false, VIRTIO_REG_QUEUE_NUM, 0x8000 },
	{ "a ring past the end of the address space", false,
	  VIRTIO_REG_QUEUE_DRIVER + 4, 0xffffffff },
};

static bool is_asked_to_reset(unsigned row)
{
	uint32_t status;

	if (!start())
		return false;
	if (!misuses[row].is_live)
		set_reg(VIRTIO_REG_QUEUE_READY, 0);
	set_reg(misuses[row].reg, misuses[row].value);
	if (misuses[row].reg != VIRTIO_REG_QUEUE_READY && !misuses[row].is_live)
		set_reg(VIRTIO_REG_QUEUE_READY, 1);
	status = reg(VIRTIO_REG_STATUS);
	set_reg(VIRTIO_REG_STATUS, 0);
	if (expect_equal("NEEDS_RESET", status & VIRTIO_STATUS_NEEDS_RESET,
			 VIRTIO_STATUS_NEEDS_RESET))
		return true;
	say("     for %s\n", misuses[row].what);
	return false;
}

static enum verdict misuse_is_refused(const struct boot *b)
{
	bool ok = true;

	(void)b;
	if (!is_there())
		return SKIP;
	for (unsigned i = 0; i < sizeof(misuses) / sizeof(misuses[0]); i++)
		ok &= is_asked_to_reset(i);
	listen();
	ok = ok && start() && get_random(1) && looks_random();
	quiet();
	return ok;
}

/* 4.2.2.2: registers are 32 bits wide and aligned. */
static enum verdict odd_sizes_do_nothing(const struct boot *b)
{
	bool ok;

	(void)b;
	if (!is_there())
		return SKIP;
	listen();
	ok = start();
	for (unsigned off = 0; off < VIRTIO_REG_CONFIG + 16; off++) {
		volatile uint8_t *p =
			(volatile uint8_t *)(uintptr_t)(VIRTIO_MMIO_GPA + off);

		*p = 0xff;
		*(volatile uint16_t *)p = 0xffff;
		if (off % 4)
			*(volatile uint32_t *)p = 0xffffffff;
		(void)*p;
		(void)*(volatile uint16_t *)p;
		(void)*(volatile uint32_t *)p;
	}
	ok = ok &&
	     expect_equal("Status", reg(VIRTIO_REG_STATUS), STATUS_LIVE) &&
	     get_random(1) && looks_random();
	quiet();
	return ok;
}

/* Doorbells without anything behind them, and resets while it serves. */
static enum verdict storm_is_survived(const struct boot *b)
{
	bool ok = true;

	(void)b;
	if (!is_there())
		return SKIP;
	for (unsigned round = 0; ok && round < STORM; round++) {
		ok = start();
		for (unsigned i = 0; i < STORM; i++)
			set_reg(VIRTIO_REG_QUEUE_NOTIFY, 0);
		describe(0, phys(mem.buffer), BUFFER_SIZE, VIRTQ_DESC_WRITE, 0);
		offer(0, 1);
		set_reg(VIRTIO_REG_STATUS, 0);
	}
	listen();
	ok = ok && start() && get_random(1) && looks_random();
	quiet();
	return ok;
}

static enum verdict serves_after_garbage(const struct boot *b)
{
	static const uint32_t values[] = { 0xffffffff, 0x80000001, 1, 0x55 };
	bool ok;

	(void)b;
	if (!is_there())
		return SKIP;
	for (unsigned i = 0; i < sizeof(values) / sizeof(values[0]); i++)
		for (unsigned r = 0; r < VIRTIO_REG_CONFIG + 16; r += 4) {
			set_reg(r, values[i]);
			(void)reg(r);
		}
	listen();
	ok = start() && get_random(1) && looks_random();
	quiet();
	return ok;
}

static const struct claim claims[] = {
	{ "the device is a modern source of entropy", is_entropy_source },
	{ "it does without drivers of the legacy kind", insists_on_version_1 },
	{ "a queue becomes ready, and is not after a reset",
	  queue_becomes_ready },
	{ "random bytes arrive with an interrupt", random_bytes_arrive },
	{ "a driver that breaks a rule is asked to reset",
	  broken_rules_are_refused },
	{ "a driver that misuses a register is asked to reset",
	  misuse_is_refused },
	{ "accesses of odd sizes and places do nothing", odd_sizes_do_nothing },
	{ "doorbells and resets in a storm do no harm", storm_is_survived },
	{ "garbage in every register is forgotten by a reset",
	  serves_after_garbage },
	{ 0 },
};

const struct group virtio_group = { "virtio", claims };
