/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The machine: connects memory, CPUs and devices according to the plan. It is
 * the only place where vm/ and dev/ meet.
 */
#ifndef MACHINE_MACHINE_H
#define MACHINE_MACHINE_H

#include <stdbool.h>

#include "base/outcome.h"
#include "base/worker.h"
#include "vm/memory_map.h"
#include "dev/bus.h"
#include "dev/line.h"
#include "machine/plan.h"
#include "machine/stuck.h"
#include "machine/trace.h"
#include "vm/e820.h"
#include "vm/guest_mem.h"
#include "vm/kvm.h"
#include "vm/msi.h"
#include "vm/pause.h"
#include "vm/vcpu.h"

/* Writes the name of a vCPU's place, clean, to @buf; false if it has none.
 * Called on any vCPU's thread. */
struct place_namer {
	bool (*name)(void *ctx, const struct vcpu_where *w, char *buf,
		     size_t size);
	void *ctx;
};

/* A created device; NULL: it is inside KVM, or not created yet. */
struct device {
	void *state;
};

struct machine {
	struct machine_config config;
	struct machine_plan plan;
	struct guest_mem gm;
	struct e820 map;
	uint64_t rsdp;
	uint64_t acpi_end; /* just past the tables */
	struct kvm kvm;
	struct vcpu *vcpus;
	struct vcpu_result *results; /* valid once machine_join() is done */
	pthread_t *threads;
	unsigned cpus;
	unsigned started; /* running threads */
	struct outcome_latch *latch;
	struct trace *trace; /* NULL: none; set before machine_connect() */
	struct place_namer
		namer; /* for the trace; set before machine_start() */
	struct pause pause;
	struct vcpu_debugger debugger; /* set before machine_start() */
	struct stuck stuck; /* detects a guest that has halted for good */
	struct irq_observer irq_observer;
	/* A page served as MMIO; see kvm_create_vm(). Set before
	 * machine_connect(). */
	uint64_t trap_gpa;
	uint64_t trap_exits;

	struct bus ports;
	struct bus mmio;
	struct device_host host;
	struct msi_table msis;
	struct bus msrs; /* MSRs unknown to KVM; no devices */
	struct device devices[MACHINE_SLOTS_MAX]; /* of plan.slots */
	struct line_guest console;		  /* of the console device */
	struct pci_host *bridge;   /* NULL: PCI has no functions */
	struct worker worker;	   /* of devices that need a thread */
	struct device_ready ready; /* set before machine_connect() */
};

#define MACHINE_EMPTY                                        \
	{                                                    \
		.kvm = KVM_EMPTY, .trap_gpa = KVM_NO_TRAP,   \
		.pause = PAUSE_EMPTY, .worker = WORKER_EMPTY \
	}

/*
 * Make the plan from @config, then memory, memory map and ACPI tables:
 * everything that loading a kernel needs. Needs no KVM. @latch must outlive the
 * machine.
 */
int machine_init(struct machine *m, const struct machine_config *config,
		 struct outcome_latch *latch, struct err *e);

/*
 * Set up KVM, vCPUs and devices. May run on another thread while a kernel is
 * loaded. Takes ownership of the open @kvm; NULL: opens KVM itself.
 */
int machine_connect(struct machine *m, struct kvm *kvm,
		    const struct line_host *console, struct err *e);

/* Add the machine's memory and devices to the memory map; after
 * machine_init(). */
void machine_map(const struct machine *m, struct memory_map *map);

/* Start all vCPUs, the first one at @entry. */
int machine_start(struct machine *m, const struct cpu_entry *entry,
		  struct err *e);

/*
 * Pause all vCPUs of a running machine between two instructions, from another
 * thread than theirs, and let them go on. Not while a debugger pauses them.
 * False, and they go on, if they do not all pause soon.
 */
bool machine_pause(struct machine *m);
void machine_resume(struct machine *m);

/* Stop all vCPUs, wait for their threads, and fill in m->results. */
void machine_join(struct machine *m);

/* How many bytes of memory the guest has returned to the host. After
 * machine_join(). */
uint64_t machine_returned(const struct machine *m);

/* Stop running vCPUs and free everything; accepts the empty machine. */
void machine_release(struct machine *m);

#endif
