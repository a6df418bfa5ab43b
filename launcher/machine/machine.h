/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The machine: memory, CPUs and devices put together, and the one place
 * where vm/ and dev/ meet.
 *
 *   ports  0x060 i8042   0x070 rtc   0x0f4 test port   0x3f8 serial
 *          0x505 pvpanic             0x600 ACPI power   0xcf8 PCI stub
 *   MMIO   0xd0000000 + n * 0x1000  virtio device n: 0 is virtio-rng
 *   GSI    4 serial   5 + n virtio device n, edge-triggered
 */
#ifndef MACHINE_MACHINE_H
#define MACHINE_MACHINE_H

#include <stdbool.h>

#include "base/outcome.h"
#include "boot/memory_map.h"
#include "dev/bus.h"
#include "dev/pc/legacy.h"
#include "dev/pc/serial.h"
#include "dev/virtio_mmio.h"
#include "dev/virtio_rng.h"
#include "dev/virtio_worker.h"
#include "run/hold.h"
#include "run/trace.h"
#include "vm/e820.h"
#include "vm/guest_mem.h"
#include "vm/kvm.h"
#include "vm/vcpu.h"

struct machine {
	struct guest_mem gm;
	struct e820 map;
	uint64_t rsdp;
	uint64_t acpi_end; /* just past the tables */
	struct kvm kvm;
	struct vcpu *vcpus;
	struct vcpu_result *results; /* valid once machine_join() is done */
	pthread_t *threads;
	unsigned cpus;
	unsigned started; /* threads that run */
	struct outcome_latch *latch;
	struct trace *trace; /* NULL: none; set before machine_connect() */
	struct hold *hold;   /* NULL: no debugger; set before machine_start() */
	struct irq_observer irq_observer;
	/* A page served as MMIO; see kvm_create_vm(). Set before
	 * machine_connect(). */
	uint64_t trap_gpa;
	uint64_t trap_exits;

	struct bus ports;
	struct bus mmio;
	struct bus msrs; /* that KVM does not know: nobody answers there */
	struct serial serial;
	struct rtc rtc;
	struct i8042 i8042;
	struct pci_stub pci;
	struct testport testport;
	struct acpi_power acpi_power;
	struct pvpanic pvpanic;
	struct virtio_rng rng;
	struct virtio_mmio virtio[VIRTIO_MMIO_DEVICES];
	struct virtio_worker virtio_worker;
};

#define MACHINE_EMPTY                                     \
	{                                                 \
		.kvm = KVM_EMPTY, .trap_gpa = KVM_NO_TRAP \
	}

/*
 * Memory, memory map and ACPI tables: what a kernel is loaded into. Needs no
 * KVM. @latch must outlive the machine. @twice: see guest_mem_init_twice().
 */
int machine_init(struct machine *m, uint64_t mem_size, bool twice,
		 unsigned cpus, struct outcome_latch *latch, struct err *e);

/* KVM, vCPUs, devices. May run on another thread while a kernel is loaded. */
int machine_connect(struct machine *m, const struct serial_host *console,
		    struct err *e);

/* Note where its memory and its devices lie; after machine_init(). */
void machine_map(const struct machine *m, struct memory_map *map);

/* Start all vCPUs, the first one at @entry. */
int machine_start(struct machine *m, const struct cpu_entry *entry,
		  struct err *e);

/* Stop all vCPUs and wait until they have; m->results are filled in. */
void machine_join(struct machine *m);

/* Stop what runs and free everything; the empty machine is fine. */
void machine_release(struct machine *m);

#endif
