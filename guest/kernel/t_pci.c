/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Claims about the first virtio device over PCI: its function, what lies behind
 * its BAR, its vectors, and the bridge in front of it.
 *
 * Where there is no such function, there is nothing to claim.
 *
 * Spec: virtio 1.2, 4.1; PCI Local Bus 3.0, chapter 6.
 */
#include "claims.h"
#include "cpu.h"
#include "lib/io.h"
#include "lib/say.h"
#include "rng.h"
#include "rng_pci.h"
#include "trap.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#define ELSEWHERE 0xe8000000u /* in the bridge's window, and free */
#define ALL_ONES  0xffffffffu
#define PROBE	  LAPIC_ID /* a register that exists, in case it is one */

static unsigned capability(unsigned type)
{
	return pci_find_capability(pci_rng(), PCI_CAP_VENDOR, type);
}

static void move_bar(uint32_t gpa)
{
	pci_set(pci_rng(), PCI_BAR0, 4, gpa);
}

/* --- the function (4.1.2, 4.1.4) */

static enum verdict is_a_modern_function(const struct boot *b)
{
	unsigned device = pci_rng();

	(void)b;
	if (!device)
		return SKIP;
	return expect_equal("the header's type",
			    pci_get(device, PCI_HEADER_TYPE, 1), 0) &&
	       expect_equal("the interrupt pin",
			    pci_get(device, PCI_INTERRUPT_PIN, 1), 0) &&
	       expect_equal("whether the revision is 1 or more",
			    pci_get(device, PCI_REVISION, 1) >= 1, true) &&
	       expect_equal("whether the subsystem is 0x40 or more",
			    pci_get(device, PCI_SUBSYSTEM_ID, 2) >= 0x40, true);
}

/* Each that must be there, how its offset is aligned, how long it is at
 * least. */
static const struct {
	unsigned type;
	uint32_t align, length;
} structures[] = {
	{ VIRTIO_PCI_CAP_COMMON, 4, VIRTIO_PCI_QUEUE_NOTIFY_DATA },
	{ VIRTIO_PCI_CAP_NOTIFY, 2, 2 },
	{ VIRTIO_PCI_CAP_ISR, 1, 1 },
};

static bool is_structure(unsigned row)
{
	unsigned at = capability(structures[row].type);
	uint32_t off = pci_get(pci_rng(), at + VIRTIO_PCI_CAP_OFFSET, 4);
	uint32_t len = pci_get(pci_rng(), at + VIRTIO_PCI_CAP_LENGTH, 4);

	if (at && !pci_get(pci_rng(), at + VIRTIO_PCI_CAP_BAR, 1) &&
	    off % structures[row].align == 0 && len >= structures[row].length &&
	    off <= VIRTIO_PCI_BAR_SIZE && len <= VIRTIO_PCI_BAR_SIZE - off)
		return true;
	say("     capability %u: 0x%x bytes at 0x%x\n", structures[row].type,
	    len, off);
	return false;
}

static enum verdict has_its_structures(const struct boot *b)
{
	bool ok = true;
	uint32_t distance;

	(void)b;
	if (!pci_rng())
		return SKIP;
	for (unsigned i = 0; i < COUNT(structures); i++)
		ok &= is_structure(i);
	distance = pci_get(
		pci_rng(),
		capability(VIRTIO_PCI_CAP_NOTIFY) + VIRTIO_PCI_CAP_MORE, 4);
	return ok && capability(VIRTIO_PCI_CAP_PCI) &&
	       expect_equal("bits of the doorbells' distance",
			    distance & (distance - 1), 0) &&
	       expect_equal("whether it is even", distance % 2, 0);
}

/* --- the BAR (PCI, 6.2.5) */

static enum verdict bar_is_sized(const struct boot *b)
{
	unsigned device = pci_rng();
	uint32_t low, size_low, size_high;

	(void)b;
	if (!device)
		return SKIP;
	pci_set(device, PCI_COMMAND, 2, 0);
	low = pci_get(device, PCI_BAR0, 4);
	pci_set(device, PCI_BAR0, 4, ALL_ONES);
	pci_set(device, PCI_BAR1, 4, ALL_ONES);
	size_low = pci_get(device, PCI_BAR0, 4);
	size_high = pci_get(device, PCI_BAR1, 4);
	pci_set(device, PCI_BAR0, 4, low);
	pci_set(device, PCI_BAR1, 4, 0);
	pci_rng_enable();
	return expect_equal("the BAR's kind", low & 15, PCI_BAR_MEMORY_64) &&
	       expect_equal("the low half", size_low,
			    -(uint32_t)VIRTIO_PCI_BAR_SIZE |
				    PCI_BAR_MEMORY_64) &&
	       expect_equal("the high half", size_high, ALL_ONES) &&
	       expect_equal("BAR 2", pci_get(device, PCI_BAR1 + 4, 4), 0);
}

/* Doorbell, vectors and registers come along, in the midst of a life. */
static enum verdict bar_can_be_moved(const struct boot *b)
{
	uintptr_t before = pci_rng() ? pci_rng_bar() : 0;
	bool ok;

	(void)b;
	if (!pci_rng())
		return SKIP;
	rng_listen();
	ok = rng_start() && rng_get(1);
	move_bar(ELSEWHERE);
	ok = ok && expect_equal("Status", rng_read(RNG_STATUS), STATUS_LIVE) &&
	     expect_equal("where it was", memory_get(before, 4), ALL_ONES) &&
	     rng_get(2) && rng_looks_random();
	move_bar((uint32_t)before);
	ok = ok && rng_get(3) && rng_looks_random();
	rng_quiet();
	return ok;
}

/* Where a BAR does not answer: outside the window, over RAM and over what is
 * not PCI's. */
static const uint32_t nowhere[] = { 0x8000,	0xd0000000, 0xdfff8000,
				    0xf0000000, 0xfec00000, 0xfee00000,
				    0xffff8000 };

static enum verdict bar_covers_nothing_else(const struct boot *b)
{
	uintptr_t before = pci_rng() ? pci_rng_bar() : 0;
	bool ok = true;

	(void)b;
	if (!pci_rng())
		return SKIP;
	for (unsigned i = 0; i < COUNT(nowhere); i++) {
		uint32_t there = memory_get(nowhere[i] + PROBE, 4);

		move_bar(nowhere[i]);
		ok &= expect_equal("what was there",
				   memory_get(nowhere[i] + PROBE, 4), there);
		ok &= expect_equal("where it was", memory_get(before, 4),
				   ALL_ONES);
	}
	move_bar((uint32_t)before);
	return ok && rng_works();
}

static enum verdict bar_can_be_disabled(const struct boot *b)
{
	bool ok;

	(void)b;
	if (!pci_rng())
		return SKIP;
	ok = rng_start();
	pci_set(pci_rng(), PCI_COMMAND, 2, PCI_COMMAND_MASTER);
	ok = ok && expect_equal("Status", rng_read(RNG_STATUS), 0xff) &&
	     expect_equal("BAR", memory_get(pci_rng_bar(), 4), ALL_ONES);
	rng_write(RNG_STATUS, 0);
	pci_rng_enable();
	/* What was written meanwhile is lost. */
	return ok &&
	       expect_equal("Status", rng_read(RNG_STATUS), STATUS_LIVE) &&
	       rng_works();
}

/* --- fields (4.1.4.3) */

static const struct {
	const char *what;
	unsigned field;
	uint32_t written, want;
} fields[] = {
	{ "device_feature_select", VIRTIO_PCI_DEVICE_FEATURE_SELECT, ALL_ONES,
	  ALL_ONES },
	{ "device_feature of no word", VIRTIO_PCI_DEVICE_FEATURE, 0, 0 },
	{ "driver_feature_select", VIRTIO_PCI_DRIVER_FEATURE_SELECT, 1, 1 },
	{ "driver_feature", VIRTIO_PCI_DRIVER_FEATURE, ALL_ONES, 1 },
	{ "config_msix_vector", VIRTIO_PCI_CONFIG_VECTOR, 1, 1 },
	{ "config_msix_vector of no vector", VIRTIO_PCI_CONFIG_VECTOR,
	  PCI_RNG_VECTORS, VIRTIO_PCI_NO_VECTOR },
	{ "num_queues", VIRTIO_PCI_NUM_QUEUES, 7, 1 },
	{ "queue_select", VIRTIO_PCI_QUEUE_SELECT, 0, 0 },
	{ "queue_size", VIRTIO_PCI_QUEUE_SIZE, 4, 4 },
	{ "queue_msix_vector", VIRTIO_PCI_QUEUE_VECTOR, 0, 0 },
	{ "queue_msix_vector of no vector", VIRTIO_PCI_QUEUE_VECTOR, 0xfffe,
	  VIRTIO_PCI_NO_VECTOR },
	{ "queue_notify_off", VIRTIO_PCI_QUEUE_NOTIFY_OFF, 9, 0 },
	{ "queue_desc", VIRTIO_PCI_QUEUE_DESC, 0x12345670, 0x12345670 },
	{ "queue_desc's high half", VIRTIO_PCI_QUEUE_DESC + 4, 0x9, 0x9 },
	{ "queue_driver", VIRTIO_PCI_QUEUE_DRIVER, 0x2000, 0x2000 },
	{ "queue_device", VIRTIO_PCI_QUEUE_DEVICE, 0x3000, 0x3000 },
	{ "a queue_select of no queue", VIRTIO_PCI_QUEUE_SELECT, 1, 1 },
	{ "queue_size of no queue", VIRTIO_PCI_QUEUE_SIZE, 4, 0 },
	{ "queue_enable of no queue", VIRTIO_PCI_QUEUE_ENABLE, 1, 0 },
	{ "queue_msix_vector of no queue", VIRTIO_PCI_QUEUE_VECTOR, 0,
	  VIRTIO_PCI_NO_VECTOR },
};

/* In this order, after a reset; and gone after the next one. */
static enum verdict fields_read_back(const struct boot *b)
{
	bool ok;

	(void)b;
	if (!pci_rng())
		return SKIP;
	ok = rng_reset();
	for (unsigned i = 0; i < COUNT(fields); i++) {
		pci_rng_set(fields[i].field, fields[i].written);
		ok &= expect_equal(fields[i].what, pci_rng_get(fields[i].field),
				   fields[i].want);
	}
	ok = ok && rng_reset();
	return ok &&
	       expect_equal("queue_size", pci_rng_get(VIRTIO_PCI_QUEUE_SIZE),
			    64) &&
	       expect_equal("queue_desc", pci_rng_get(VIRTIO_PCI_QUEUE_DESC),
			    0) &&
	       expect_equal("config_msix_vector",
			    pci_rng_get(VIRTIO_PCI_CONFIG_VECTOR),
			    VIRTIO_PCI_NO_VECTOR) &&
	       rng_works();
}

/* Whether @size bytes at @off are a field, or what its driver may write. */
static bool may_be_written(unsigned off, unsigned size)
{
	if (off < VIRTIO_PCI_COMMON_SIZE)
		return size == pci_rng_width(off) &&
		       (off < VIRTIO_PCI_CONFIG_VECTOR ||
					off >= VIRTIO_PCI_QUEUE_DESC
				? off % 4 == 0
				: off % size == 0);
	return false;
}

/* 4.1.3.1, and 6.8.2 of PCI: every other access, to every structure. */
static enum verdict odd_sizes_do_nothing(const struct boot *b)
{
	uintptr_t bar = pci_rng() ? pci_rng_bar() : 0;
	bool ok;

	(void)b;
	if (!pci_rng())
		return SKIP;
	rng_listen();
	ok = rng_start();
	for (unsigned off = 0; off < 0x80; off++)
		for (unsigned size = 1; size <= 4; size *= 2)
			if (!may_be_written(off, size)) {
				memory_set(bar + off, size, ALL_ONES);
				(void)memory_get(bar + off, size);
			}
	for (unsigned off = 0; off < 0x40; off++)
		for (unsigned size = 1; size <= 4; size *= 2) {
			if (size < 4 || off % 4)
				memory_set(pci_rng_entry(0) + off, size,
					   ALL_ONES);
			memory_set(bar + VIRTIO_PCI_MSIX_PBA + off, size,
				   ALL_ONES);
			memory_set(bar + VIRTIO_PCI_ISR + off, size, ALL_ONES);
			memory_set(bar + VIRTIO_PCI_BAR_SIZE - 8 + off, size,
				   ALL_ONES);
		}
	ok = ok && expect_equal("Status", rng_read(RNG_STATUS), STATUS_LIVE) &&
	     expect_equal("pending bits", pci_rng_pending(), 0) && rng_get(1) &&
	     rng_looks_random();
	rng_quiet();
	return ok;
}

static enum verdict serves_after_garbage(const struct boot *b)
{
	static const uint32_t values[] = { ALL_ONES, 0x80000001, 1, 0x55 };
	uintptr_t bar = pci_rng() ? pci_rng_bar() : 0;

	(void)b;
	if (!pci_rng())
		return SKIP;
	for (unsigned i = 0; i < COUNT(values); i++)
		for (unsigned off = 0; off < VIRTIO_PCI_BAR_SIZE; off += 4) {
			/* Only the first 64 bytes of a page. */
			if (off % VIRTIO_PCI_AREA_SIZE >= 64)
				continue;
			for (unsigned size = 1; size <= 4; size *= 2)
				memory_set(bar + off, size, values[i]);
			(void)memory_get(bar + off, 4);
		}
	return rng_works();
}

/* Every doubleword of the space, and back; BARs and all. */
static enum verdict configuration_space_takes_garbage(const struct boot *b)
{
	static const uint32_t values[] = { 0, ALL_ONES, 0x55555555 };
	unsigned device = pci_rng();
	uint32_t bar = device ? pci_get(device, PCI_BAR0, 4) : 0;
	uint32_t ids = device ? pci_get(device, PCI_VENDOR_ID, 4) : 0;

	(void)b;
	if (!device)
		return SKIP;
	for (unsigned i = 0; i < COUNT(values); i++)
		for (unsigned off = 0; off < PCI_CONFIG_SIZE; off++)
			for (unsigned size = 1; size <= 4; size *= 2)
				if (off % 4 + size <= 4) {
					pci_set(device, off, size, values[i]);
					(void)pci_get(device, off, size);
				}
	pci_set(device, PCI_BAR0, 4, bar);
	pci_set(device, PCI_BAR1, 4, 0);
	pci_rng_enable();
	return expect_equal("the ids", pci_get(device, PCI_VENDOR_ID, 4),
			    ids) &&
	       rng_works();
}

/* --- interrupts (4.1.4.5, 4.1.5.1.2; PCI, 6.8.2) */

/* Without MSI-X: by a bit that a read takes, and by one of PCI's status. */
static enum verdict isr_status_without_msix(const struct boot *b)
{
	uintptr_t isr;
	bool ok;

	(void)b;
	if (!pci_rng())
		return SKIP;
	isr = pci_rng_area(VIRTIO_PCI_CAP_ISR);
	pci_rng_control(0);
	ok = rng_start();
	(void)memory_get(isr, 1);
	rng_describe(0, rng_phys(rng_mem.buffer), RNG_BUFFER_SIZE,
		     VIRTQ_DESC_WRITE, 0);
	rng_offer(0, 1);
	ok = ok && rng_wait_used(1) &&
	     expect_equal("the Interrupt Status bit",
			  pci_get(pci_rng(), PCI_STATUS, 2) &
				  PCI_STATUS_INTERRUPT,
			  PCI_STATUS_INTERRUPT) &&
	     expect_equal("ISR status", memory_get(isr, 1), VIRTIO_INT_USED) &&
	     expect_equal("ISR status, read again", memory_get(isr, 1), 0) &&
	     expect_equal("the Interrupt Status bit",
			  pci_get(pci_rng(), PCI_STATUS, 2) &
				  PCI_STATUS_INTERRUPT,
			  0);
	return rng_reset() && ok;
}

static void mask_entry(bool masked)
{
	memory_set(pci_rng_entry(PCI_RNG_QUEUE_VECTOR) + MSIX_ENTRY_CONTROL, 4,
		   masked);
}

static void mask_all(bool masked)
{
	pci_rng_control(MSIX_ENABLE | (masked ? MSIX_MASK_ALL : 0));
}

static bool pends_while(void (*mask)(bool masked))
{
	bool ok;

	rng_listen();
	ok = rng_start();
	mask(true);
	rng_describe(0, rng_phys(rng_mem.buffer), RNG_BUFFER_SIZE,
		     VIRTQ_DESC_WRITE, 0);
	rng_offer(0, 1);
	ok = ok && rng_wait_used(1) &&
	     expect_equal("whether it came",
			  trap_wait(VECTOR_MSI + PCI_RNG_QUEUE_VECTOR,
				    TRAP_WAIT_SHORT),
			  false) &&
	     expect_equal("pending bits", pci_rng_pending(),
			  1u << PCI_RNG_QUEUE_VECTOR);
	mask(false);
	ok = ok &&
	     expect_equal("what the interrupt is for", rng_wait(),
			  VIRTIO_INT_USED) &&
	     expect_equal("pending bits", pci_rng_pending(), 0);
	rng_quiet();
	return ok;
}

static enum verdict masked_vectors_are_pending(const struct boot *b)
{
	(void)b;
	if (!pci_rng())
		return SKIP;
	return pends_while(mask_entry) && pends_while(mask_all);
}

/* The queue's chains by the other vector, and by none. */
static enum verdict vectors_can_be_mapped(const struct boot *b)
{
	bool ok;

	(void)b;
	if (!pci_rng())
		return SKIP;
	rng_listen();
	ok = rng_start();
	pci_rng_set(VIRTIO_PCI_QUEUE_VECTOR, PCI_RNG_CONFIG_VECTOR);
	rng_describe(0, rng_phys(rng_mem.buffer), RNG_BUFFER_SIZE,
		     VIRTQ_DESC_WRITE, 0);
	rng_offer(0, 1);
	ok = ok && expect_equal("the vector that came", rng_wait(),
				VIRTIO_INT_CONFIG);
	pci_rng_set(VIRTIO_PCI_QUEUE_VECTOR, VIRTIO_PCI_NO_VECTOR);
	rng_offer(0, 2);
	ok = ok && rng_wait_used(2) &&
	     expect_equal("whether one came",
			  trap_wait(VECTOR_MSI + PCI_RNG_QUEUE_VECTOR,
				    TRAP_WAIT_SHORT),
			  false) &&
	     expect_equal("pending bits", pci_rng_pending(), 0);
	rng_quiet();
	return ok;
}

/* A message is a new one each time it is written. */
static enum verdict messages_can_be_changed(const struct boot *b)
{
	uintptr_t entry;
	bool ok;

	(void)b;
	if (!pci_rng())
		return SKIP;
	rng_listen();
	entry = pci_rng_entry(PCI_RNG_QUEUE_VECTOR);
	ok = rng_start() && rng_get(1);
	mask_entry(true);
	memory_set(entry + MSIX_ENTRY_DATA, 4,
		   VECTOR_MSI + PCI_RNG_CONFIG_VECTOR);
	mask_entry(false);
	rng_offer(0, 2);
	ok = ok && expect_equal("the vector that came", rng_wait(),
				VIRTIO_INT_CONFIG);
	/* Not for a local APIC: it is lost, and memory is as it was. */
	rng_mem.buffer[0] = 0;
	mask_entry(true);
	memory_set(entry + MSIX_ENTRY_LOW, 4, rng_phys(&rng_mem.other));
	mask_entry(false);
	rng_offer(0, 3);
	ok = ok && rng_wait_used(3) &&
	     expect_equal("whether one came",
			  trap_wait(VECTOR_MSI + PCI_RNG_CONFIG_VECTOR,
				    TRAP_WAIT_SHORT),
			  false) &&
	     expect_equal("what lies there", rng_mem.other, 0);
	rng_quiet();
	return ok;
}

/* --- resets (4.1.4.3.1) */

/* With the whole queue in flight: once the status reads 0, buffers and rings
 * stay as they are, and no interrupt comes. */
static bool is_silent_after_reset(void)
{
	uint16_t used;

	for (unsigned i = 0; i < RNG_ENTRIES; i++) {
		rng_describe(i, rng_phys(rng_mem.buffer), RNG_BUFFER_SIZE,
			     VIRTQ_DESC_WRITE, 0);
		rng_mem.avail[VIRTQ_RING + i] = (uint16_t)i;
	}
	rng_mem.avail[VIRTQ_IDX] = RNG_ENTRIES;
	rng_write(RNG_NOTIFY, 0);
	if (!rng_reset())
		return false;
	used = rng_mem.used[VIRTQ_IDX];
	for (unsigned i = 0; i < RNG_BUFFER_SIZE; i++)
		rng_mem.buffer[i] = 0;
	trap_count_clear();
	if (trap_wait(VECTOR_MSI + PCI_RNG_QUEUE_VECTOR, TRAP_WAIT_SHORT))
		/* Raised before the reset; no second one may follow. */
		trap_count_clear();
	for (unsigned i = 0; i < RNG_BUFFER_SIZE; i++)
		if (rng_mem.buffer[i])
			return expect_equal("a byte", rng_mem.buffer[i], 0);
	return expect_equal("the used index", rng_mem.used[VIRTQ_IDX], used) &&
	       expect_equal("pending bits", pci_rng_pending(), 0);
}

static enum verdict resets_end_requests(const struct boot *b)
{
	bool ok = true;

	(void)b;
	if (!pci_rng())
		return SKIP;
	rng_listen();
	for (unsigned round = 0; ok && round < 20; round++)
		ok = rng_start() && is_silent_after_reset();
	rng_quiet();
	return ok && rng_works();
}

/* --- bus mastering (PCI, 6.2.2) */

static enum verdict needs_to_be_a_master(const struct boot *b)
{
	bool ok;

	(void)b;
	if (!pci_rng())
		return SKIP;
	rng_listen();
	ok = rng_start();
	pci_set(pci_rng(), PCI_COMMAND, 2, PCI_COMMAND_MEMORY);
	rng_describe(0, rng_phys(rng_mem.buffer), RNG_BUFFER_SIZE,
		     VIRTQ_DESC_WRITE, 0);
	rng_offer(0, 1);
	ok = ok &&
	     expect_equal("whether an interrupt came",
			  trap_wait(VECTOR_MSI + PCI_RNG_CONFIG_VECTOR,
				    TRAP_WAIT_SHORT),
			  false) &&
	     expect_equal("Status", rng_read(RNG_STATUS),
			  STATUS_LIVE | VIRTIO_STATUS_NEEDS_RESET) &&
	     expect_equal("the used index", rng_mem.used[VIRTQ_IDX], 0);
	pci_rng_enable();
	/* The one that was pending. */
	ok = ok && expect_equal("what the interrupt is for", rng_wait(),
				VIRTIO_INT_CONFIG);
	rng_quiet();
	return ok && rng_works();
}

/* --- access by configuration space (4.1.4.9) */

static void aim(uint32_t off, uint32_t len)
{
	unsigned at = capability(VIRTIO_PCI_CAP_PCI);

	pci_set(pci_rng(), at + VIRTIO_PCI_CAP_BAR, 1, 0);
	pci_set(pci_rng(), at + VIRTIO_PCI_CAP_OFFSET, 4, off);
	pci_set(pci_rng(), at + VIRTIO_PCI_CAP_LENGTH, 4, len);
}

static enum verdict registers_without_a_bar(const struct boot *b)
{
	unsigned data;
	bool ok;

	(void)b;
	if (!pci_rng())
		return SKIP;
	data = capability(VIRTIO_PCI_CAP_PCI) + VIRTIO_PCI_CAP_MORE;
	ok = rng_reset();
	pci_set(pci_rng(), PCI_COMMAND, 2, 0);
	aim(VIRTIO_PCI_STATUS, 1);
	pci_set(pci_rng(), data, 1, VIRTIO_STATUS_ACKNOWLEDGE);
	ok = ok && expect_equal("Status", pci_get(pci_rng(), data, 1),
				VIRTIO_STATUS_ACKNOWLEDGE);
	aim(VIRTIO_PCI_QUEUE_SIZE, 2);
	ok = ok && expect_equal("queue_size", pci_get(pci_rng(), data, 2), 64);
	aim(VIRTIO_PCI_DEVICE_FEATURE_SELECT, 4);
	pci_set(pci_rng(), data, 4, 1);
	aim(VIRTIO_PCI_DEVICE_FEATURE, 4);
	ok = ok && expect_equal("the second word of features",
				pci_get(pci_rng(), data, 4), 1);
	/* Past the end of the BAR there is nothing to read. */
	aim(VIRTIO_PCI_BAR_SIZE, 4);
	pci_set(pci_rng(), data, 4, 0x01020304);
	ok = ok && expect_equal("what was not read",
				pci_get(pci_rng(), data, 4), 0x01020304);
	pci_rng_enable();
	ok = ok && expect_equal("Status", rng_read(RNG_STATUS),
				VIRTIO_STATUS_ACKNOWLEDGE);
	return rng_reset() && ok;
}

/* --- the bridge */

static const uint32_t absent[] = {
	PCI_ADDRESS(31, 0),	    /* a device */
	PCI_ADDRESS(0, 0) | 1 << 8, /* another function */
	PCI_ADDRESS(1, 0) | 7 << 8,
	PCI_ADDRESS(1, 0) | 1 << 16, /* another bus */
	PCI_ADDRESS(1, 0) | 0xff << 16,
	PCI_ADDRESS(1, 0) & ~PCI_ADDRESS_ENABLE,
};

static enum verdict absent_functions_read_ones(const struct boot *b)
{
	bool ok = true;

	(void)b;
	if (!pci_rng())
		return SKIP;
	for (unsigned i = 0; i < COUNT(absent); i++) {
		outl(PCI_CONFIG_PORT, absent[i]);
		ok &= expect_equal("vendor and device", inl(PCI_DATA_PORT),
				   ALL_ONES);
		outl(PCI_DATA_PORT, 0);
	}
	return ok;
}

static enum verdict window_is_empty_elsewhere(const struct boot *b)
{
	(void)b;
	if (!pci_rng())
		return SKIP;
	memory_set(ELSEWHERE, 4, 0);
	return expect_equal("the window", memory_get(ELSEWHERE, 4), ALL_ONES) &&
	       expect_equal("its last byte",
			    memory_get(PCI_WINDOW_GPA + PCI_WINDOW_SIZE - 1, 1),
			    0xff);
}

static const struct claim claims[] = {
	{ "functions that do not exist read all ones",
	  absent_functions_read_ones },
	{ "the window reads all ones where no BAR is",
	  window_is_empty_elsewhere },
	{ "the device is a modern function", is_a_modern_function },
	{ "its structures are where its capabilities say", has_its_structures },
	{ "its BAR tells its size", bar_is_sized },
	{ "its BAR can be moved while a driver is live", bar_can_be_moved },
	{ "its BAR covers nothing outside the window",
	  bar_covers_nothing_else },
	{ "its BAR can be disabled", bar_can_be_disabled },
	{ "fields read back until a reset", fields_read_back },
	{ "accesses of odd sizes and places do nothing", odd_sizes_do_nothing },
	{ "garbage in every register is forgotten by a reset",
	  serves_after_garbage },
	{ "garbage in configuration space has no effect",
	  configuration_space_takes_garbage },
	{ "without MSI-X, the ISR status says what happened",
	  isr_status_without_msix },
	{ "a vector is pending while it is masked",
	  masked_vectors_are_pending },
	{ "any vector or none can be mapped", vectors_can_be_mapped },
	{ "a message can be changed", messages_can_be_changed },
	{ "a reset ends requests in flight", resets_end_requests },
	{ "a device that is not a bus master does nothing",
	  needs_to_be_a_master },
	{ "registers can be reached without a BAR", registers_without_a_bar },
	{ 0 },
};

const struct group pci_group = { "pci", claims };
