/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The machine plan: which devices a machine has, at which addresses, with
 * which interrupts and ACPI names. The plan is made from the options before
 * anything is opened, and every decision about a device is made here.
 *
 *   struct machine_config --> machine_plan_make() --> struct machine_plan
 *                                                          |
 *       bus, ACPI tables, memory picture, report <---------'
 *
 *   MMIO window   0xd0000000 + n * 4 KiB, in the order of the slots
 *   PCI window    0xe0000000, BAR after BAR; devices 1, 2, ... of bus 0
 *   GSIs          5, 6, 7, 9, ...: those no PC fixture uses. When all are in
 *                 use, they are assigned again and devices share them
 *                 (edge-triggered interrupts, which every driver checks)
 *
 * Pure: needs no KVM, no memory and no file.
 */
#ifndef MACHINE_PLAN_H
#define MACHINE_PLAN_H

#include "dev/device.h"

/* In addition to the devices that every machine has. */
#define MACHINE_DEVICES_MAX 32
#define MACHINE_SLOTS_MAX   64

/* How virtio devices are reached. */
enum machine_virtio {
	MACHINE_VIRTIO_AUTO, /* over PCI: most kernels have its driver */
	MACHINE_VIRTIO_PCI,
	MACHINE_VIRTIO_MMIO,
};

/* Its values as words; NULL ends the list. */
extern const char *const machine_virtio_words[];

/* The value of one of these words; NULL: auto. */
enum machine_virtio machine_virtio_of(const char *word);

/* The description of a machine, from the options. */
struct machine_config {
	uint64_t mem_size; /* bytes; see guest_mem_init() */
	bool mem_twice;	   /* see guest_mem_init_twice() */
	unsigned cpus;
	unsigned exposed; /* CPU features of guests; see vm/cpuid.h */
	/* Additional devices, in this order. */
	struct device_request devices[MACHINE_DEVICES_MAX];
	size_t devices_count;
	enum machine_virtio virtio;
};

struct machine_plan {
	unsigned cpus;
	struct device_slot slots[MACHINE_SLOTS_MAX];
	unsigned count;
	uint64_t mmio_end; /* of the window, where the next device would be */
	uint64_t pci_end;  /* of the PCI window, where the next BAR would be */
	unsigned pci_functions;
};

/*
 * Allocate an address, an interrupt and a name for every device of @config and
 * for those that every machine has. Returns 0; -ENOSPC if the MMIO window, the
 * slots or the names run out; -EBUSY if two types claim one fixed address or
 * interrupt, naming both.
 */
int machine_plan_make(struct machine_plan *plan,
		      const struct machine_config *config, struct err *e);

/* The slot of the @instance-th device of the type called @name, or NULL. */
const struct device_slot *machine_plan_find(const struct machine_plan *plan,
					    const char *name,
					    unsigned instance);

/* Whether another device has the interrupt of @slot, too. */
bool machine_plan_shares_gsi(const struct machine_plan *plan,
			     const struct device_slot *slot);

#endif
