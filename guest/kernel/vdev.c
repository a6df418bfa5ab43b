/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vdev.h"

#include <stddef.h>

#include "claims.h"
#include "cpu.h"
#include "lib/io.h"
#include "pci.h"
#include "rng.h"
#include "rng_mmio.h"
#include "rng_pci.h"

#define MMIO_DEVICES 8 /* that are looked at */

/* Seconds: a device has its own thread. */
#define WAIT_CYCLES 20000000000
#define WAIT_TURNS  200000000

#define LIVE                                                \
	(VIRTIO_STATUS_ACKNOWLEDGE | VIRTIO_STATUS_DRIVER | \
	 VIRTIO_STATUS_FEATURES_OK | VIRTIO_STATUS_DRIVER_OK)

struct vdev_ring vdev_rings[VDEV_QUEUES];

/* Where its registers are. */
static struct {
	bool is_pci;
	uintptr_t common, config, notify; /* of MMIO all in one */
	uint32_t distance;		  /* of doorbells */
	uintptr_t bells[VDEV_QUEUES];
} dev;

/* ---- registers */

static uint32_t get(enum rng_register r)
{
	return dev.is_pci ? memory_get(dev.common + rng_pci_fields[r],
				       pci_rng_width(rng_pci_fields[r]))
			  : memory_get(dev.common + rng_mmio_offsets[r], 4);
}

static void set(enum rng_register r, uint32_t v)
{
	if (dev.is_pci)
		memory_set(dev.common + rng_pci_fields[r],
			   pci_rng_width(rng_pci_fields[r]), v);
	else
		memory_set(dev.common + rng_mmio_offsets[r], 4, v);
}

uint32_t vdev_status(void)
{
	return get(RNG_STATUS);
}

uint32_t vdev_offered(void)
{
	set(RNG_DEVICE_FEATURES_SEL, 0);
	return get(RNG_DEVICE_FEATURES);
}

uint32_t vdev_config(unsigned off, unsigned size)
{
	return memory_get(dev.config + off, size);
}

void vdev_set_config(unsigned off, unsigned size, uint32_t v)
{
	memory_set(dev.config + off, size, v);
}

/* ---- finding one */

static uintptr_t area(unsigned pci, unsigned type)
{
	unsigned at = pci_find_capability(pci, PCI_CAP_VENDOR, type);

	return (pci_get(pci, PCI_BAR0, 4) & ~15u) +
	       pci_get(pci, at + VIRTIO_PCI_CAP_OFFSET, 4);
}

static bool find_pci(unsigned id)
{
	unsigned pci = pci_find(VIRTIO_PCI_VENDOR_ID,
				(uint16_t)(VIRTIO_PCI_DEVICE_ID + id));

	if (!pci)
		return false;
	pci_set(pci, PCI_COMMAND, 2, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
	dev.is_pci = true;
	dev.common = area(pci, VIRTIO_PCI_CAP_COMMON);
	dev.config = area(pci, VIRTIO_PCI_CAP_DEVICE);
	dev.notify = area(pci, VIRTIO_PCI_CAP_NOTIFY);
	dev.distance = pci_get(pci,
			       pci_find_capability(pci, PCI_CAP_VENDOR,
						   VIRTIO_PCI_CAP_NOTIFY) +
				       VIRTIO_PCI_CAP_MORE,
			       4);
	return true;
}

static bool find_mmio(unsigned id)
{
	dev.is_pci = false;
	for (unsigned i = 0; i < MMIO_DEVICES; i++) {
		dev.common = VIRTIO_MMIO_GPA + i * VIRTIO_MMIO_SIZE;
		dev.config = dev.common + VIRTIO_REG_CONFIG;
		if (memory_get(dev.common + VIRTIO_REG_MAGIC, 4) !=
		    VIRTIO_MAGIC)
			return false;
		if (memory_get(dev.common + VIRTIO_REG_DEVICE_ID, 4) == id)
			return true;
	}
	return false;
}

bool vdev_find(unsigned id)
{
	return find_pci(id) || find_mmio(id);
}

/* ---- its life */

/* Waits while @status has not the bits @mask as @want has them. */
static bool wait_status(uint32_t mask, uint32_t want)
{
	uint64_t begin = read_tsc();

	for (unsigned turns = 0; (vdev_status() & mask) != want; turns++) {
		if (read_tsc() - begin > WAIT_CYCLES || turns > WAIT_TURNS)
			return expect_equal("Status", vdev_status() & mask,
					    want);
		cpu_pause();
	}
	return true;
}

bool vdev_stop(void)
{
	set(RNG_STATUS, 0);
	return wait_status(~0u, 0);
}

bool vdev_wait_refusal(void)
{
	return wait_status(VIRTIO_STATUS_NEEDS_RESET,
			   VIRTIO_STATUS_NEEDS_RESET);
}

static void place(unsigned queue)
{
	struct vdev_ring *r = &vdev_rings[queue];
	volatile uint32_t *p = (volatile uint32_t *)r;

	for (unsigned i = 0; i < offsetof(struct vdev_ring, buffer) / 4; i++)
		p[i] = 0;
	r->avail[VIRTQ_FLAGS] = VIRTQ_NO_INTERRUPT;
	set(RNG_QUEUE_SEL, queue);
	set(RNG_QUEUE_SIZE, VDEV_ENTRIES);
	set(RNG_QUEUE_DESC, rng_phys(r->desc));
	set(RNG_QUEUE_DESC_HIGH, 0);
	set(RNG_QUEUE_DRIVER, rng_phys(r->avail));
	set(RNG_QUEUE_DRIVER_HIGH, 0);
	set(RNG_QUEUE_DEVICE, rng_phys(r->used));
	set(RNG_QUEUE_DEVICE_HIGH, 0);
	if (dev.is_pci)
		dev.bells[queue] =
			dev.notify +
			dev.distance *
				memory_get(dev.common +
						   VIRTIO_PCI_QUEUE_NOTIFY_OFF,
					   2);
	set(RNG_QUEUE_READY, 1);
}

bool vdev_start(uint32_t features, unsigned queues)
{
	uint32_t status = VIRTIO_STATUS_ACKNOWLEDGE | VIRTIO_STATUS_DRIVER;

	if (!vdev_stop())
		return false;
	set(RNG_STATUS, status);
	set(RNG_DRIVER_FEATURES_SEL, 0);
	set(RNG_DRIVER_FEATURES, features);
	set(RNG_DRIVER_FEATURES_SEL, 1);
	set(RNG_DRIVER_FEATURES, 1u << (VIRTIO_F_VERSION_1 - 32));
	set(RNG_STATUS, status | VIRTIO_STATUS_FEATURES_OK);
	for (unsigned i = 0; i < queues; i++)
		place(i);
	set(RNG_STATUS, LIVE);
	return expect_equal("Status", vdev_status(), LIVE);
}

/* ---- its queues */

void vdev_describe(unsigned queue, unsigned i, uint32_t len, uint16_t flags,
		   uint16_t next)
{
	struct vdev_ring *r = &vdev_rings[queue];

	r->desc[i].addr = rng_phys(r->buffer[i]);
	r->desc[i].len = len;
	r->desc[i].flags = flags;
	r->desc[i].next = next;
}

void vdev_offer(unsigned queue, uint16_t head)
{
	volatile uint16_t *avail = vdev_rings[queue].avail;

	avail[VIRTQ_RING + avail[VIRTQ_IDX] % VDEV_ENTRIES] = head;
	avail[VIRTQ_IDX]++;
	if (dev.is_pci)
		memory_set(dev.bells[queue], 2, queue);
	else
		set(RNG_NOTIFY, queue);
}

bool vdev_wait(unsigned queue, uint16_t n)
{
	volatile const uint16_t *used = vdev_rings[queue].used;
	uint64_t begin = read_tsc();
	unsigned turns = 0;

	while (used[VIRTQ_IDX] != n && read_tsc() - begin < WAIT_CYCLES &&
	       turns++ < WAIT_TURNS)
		cpu_pause();
	return expect_equal("the used index", used[VIRTQ_IDX], n);
}

uint32_t vdev_used_len(unsigned queue, uint16_t nth)
{
	volatile const uint16_t *used = vdev_rings[queue].used;

	return used[VIRTQ_RING + 4 * (nth % VDEV_ENTRIES) + 2];
}
