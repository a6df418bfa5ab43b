/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The first virtio device over PCI: it is found by its ids, its structures by
 * their capabilities, and it interrupts by MSI-X.
 *
 * Spec: virtio 1.2, 4.1; PCI Local Bus 3.0, 6.8.2.
 */
#include "rng_pci.h"

#include "cpu.h"
#include "rng.h"
#include "trap.h"

#define DEVICE_ID (VIRTIO_PCI_DEVICE_ID + VIRTIO_ID_ENTROPY)

const uint8_t rng_pci_fields[RNG_REGISTERS] = {
	[RNG_STATUS] = VIRTIO_PCI_STATUS,
	[RNG_DEVICE_FEATURES_SEL] = VIRTIO_PCI_DEVICE_FEATURE_SELECT,
	[RNG_DEVICE_FEATURES] = VIRTIO_PCI_DEVICE_FEATURE,
	[RNG_DRIVER_FEATURES_SEL] = VIRTIO_PCI_DRIVER_FEATURE_SELECT,
	[RNG_DRIVER_FEATURES] = VIRTIO_PCI_DRIVER_FEATURE,
	[RNG_QUEUE_SEL] = VIRTIO_PCI_QUEUE_SELECT,
	[RNG_QUEUE_SIZE] = VIRTIO_PCI_QUEUE_SIZE,
	[RNG_QUEUE_READY] = VIRTIO_PCI_QUEUE_ENABLE,
	[RNG_QUEUE_DESC] = VIRTIO_PCI_QUEUE_DESC,
	[RNG_QUEUE_DESC_HIGH] = VIRTIO_PCI_QUEUE_DESC + 4,
	[RNG_QUEUE_DRIVER] = VIRTIO_PCI_QUEUE_DRIVER,
	[RNG_QUEUE_DRIVER_HIGH] = VIRTIO_PCI_QUEUE_DRIVER + 4,
	[RNG_QUEUE_DEVICE] = VIRTIO_PCI_QUEUE_DEVICE,
	[RNG_QUEUE_DEVICE_HIGH] = VIRTIO_PCI_QUEUE_DEVICE + 4,
};

/* Looked for once: what is there does not change. */
static struct {
	bool was_looked_for;
	unsigned device;
	unsigned msix;			     /* where the capability is */
	uint32_t common, notify, table, pba; /* offsets in the BAR */
} found;

unsigned pci_rng(void)
{
	if (!found.was_looked_for) {
		found.device = pci_find(VIRTIO_PCI_VENDOR_ID, DEVICE_ID);
		found.was_looked_for = true;
	}
	return found.device;
}

static uint32_t offset_of(unsigned type)
{
	unsigned at = pci_find_capability(pci_rng(), PCI_CAP_VENDOR, type);

	return pci_get(pci_rng(), at + VIRTIO_PCI_CAP_OFFSET, 4);
}

uintptr_t pci_rng_bar(void)
{
	return pci_get(pci_rng(), PCI_BAR0, 4) & ~15u;
}

uintptr_t pci_rng_area(unsigned type)
{
	return pci_rng_bar() + offset_of(type);
}

void pci_rng_enable(void)
{
	pci_set(pci_rng(), PCI_COMMAND, 2,
		PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
}

/* Everything is found with the device. */
static bool is_there(void)
{
	unsigned device = pci_rng();

	if (!device || found.msix)
		return device;
	found.msix = pci_find_capability(device, PCI_CAP_MSIX, 0);
	found.common = offset_of(VIRTIO_PCI_CAP_COMMON);
	found.notify = offset_of(VIRTIO_PCI_CAP_NOTIFY);
	found.table = pci_get(device, found.msix + MSIX_TABLE, 4) & ~7u;
	found.pba = pci_get(device, found.msix + MSIX_PBA, 4) & ~7u;
	pci_rng_enable();
	return true;
}

unsigned pci_rng_width(unsigned field)
{
	if (field == VIRTIO_PCI_STATUS || field == VIRTIO_PCI_CONFIG_GENERATION)
		return 1;
	if (field == VIRTIO_PCI_QUEUE_NOTIFY_DATA ||
	    field == VIRTIO_PCI_QUEUE_RESET)
		return 2;
	return field >= VIRTIO_PCI_CONFIG_VECTOR &&
			       field < VIRTIO_PCI_QUEUE_DESC
		       ? 2
		       : 4;
}

uint32_t pci_rng_get(unsigned field)
{
	return memory_get(pci_rng_bar() + found.common + field,
			  pci_rng_width(field));
}

void pci_rng_set(unsigned field, uint32_t v)
{
	memory_set(pci_rng_bar() + found.common + field, pci_rng_width(field),
		   v);
}

static uint32_t read(enum rng_register r)
{
	return r == RNG_NOTIFY ? 0 : pci_rng_get(rng_pci_fields[r]);
}

/* Queue 0's doorbell is the first one: its queue_notify_off is 0. */
static void write(enum rng_register r, uint32_t v)
{
	if (r == RNG_NOTIFY)
		memory_set(pci_rng_bar() + found.notify, 2, v);
	else
		pci_rng_set(rng_pci_fields[r], v);
}

uintptr_t pci_rng_entry(unsigned n)
{
	return pci_rng_bar() + found.table + n * MSIX_ENTRY_SIZE;
}

uint32_t pci_rng_pending(void)
{
	return memory_get(pci_rng_bar() + found.pba, 4);
}

void pci_rng_control(uint32_t bits)
{
	pci_set(pci_rng(), found.msix + MSIX_CONTROL, 2, bits);
}

static void listen(void)
{
	lapic_write(LAPIC_SPURIOUS, LAPIC_ENABLE | VECTOR_SPURIOUS);
	pci_rng_enable();
	pci_rng_control(MSIX_ENABLE);
	for (unsigned n = 0; n < PCI_RNG_VECTORS; n++) {
		uintptr_t entry = pci_rng_entry(n);

		memory_set(entry + MSIX_ENTRY_LOW, 4,
			   LAPIC_BASE | lapic_id() << 12);
		memory_set(entry + MSIX_ENTRY_HIGH, 4, 0);
		memory_set(entry + MSIX_ENTRY_DATA, 4, VECTOR_MSI + n);
		memory_set(entry + MSIX_ENTRY_CONTROL, 4, 0);
	}
}

static void quiet(void)
{
	pci_rng_control(0);
}

static void map_interrupts(void)
{
	pci_rng_set(VIRTIO_PCI_CONFIG_VECTOR, PCI_RNG_CONFIG_VECTOR);
	pci_rng_set(VIRTIO_PCI_QUEUE_VECTOR, PCI_RNG_QUEUE_VECTOR);
}

static uint32_t take_events(void)
{
	uint32_t events = 0;

	if (trap_count(VECTOR_MSI + PCI_RNG_QUEUE_VECTOR))
		events |= VIRTIO_INT_USED;
	if (trap_count(VECTOR_MSI + PCI_RNG_CONFIG_VECTOR))
		events |= VIRTIO_INT_CONFIG;
	if (events)
		trap_count_clear();
	return events;
}

const struct rng_transport rng_pci = {
	.is_there = is_there,
	.read = read,
	.write = write,
	.listen = listen,
	.quiet = quiet,
	.map_interrupts = map_interrupts,
	.take_events = take_events,
};
