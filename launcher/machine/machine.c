/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "machine/machine.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "vm/debug.h"
#include "vm/layout.h"
#include "dev/pc/legacy.h"
#include "dev/virtio/balloon.h"
#include "machine/acpi.h"
#include "pv/x86.h"
#include "vm/notify.h"

/* How long a kicked vCPU may take before it is kicked again. */
#define REKICK_NS 50000000

int machine_init(struct machine *m, const struct machine_config *config,
		 struct outcome_latch *latch, struct err *e)
{
	int rc;

	*m = (struct machine)MACHINE_EMPTY;
	m->config = *config;
	m->latch = latch;
	m->cpus = config->cpus;
	rc = machine_plan_make(&m->plan, config, e);
	if (rc)
		return rc;
	rc = config->mem_twice
		     ? guest_mem_init_twice(&m->gm, config->mem_size, e)
		     : guest_mem_init(&m->gm, config->mem_size, e);
	if (rc)
		return rc;
	e820_build(&m->map, &m->gm);
	rc = acpi_write_tables(&m->gm, LAYOUT_ACPI, LAYOUT_ACPI_ROOM, &m->plan,
			       &m->rsdp, &m->acpi_end, e);
	if (!rc)
		rc = reset_vector_write(&m->gm, e);
	if (rc)
		machine_release(m);
	return rc;
}

/* Register the device of @slot at its addresses. */
static int add_to_bus(struct machine *m, const struct device_slot *slot,
		      void *dev, struct err *e)
{
	int rc = 0;

	for (unsigned i = 0; !rc && i < slot->ranges_count; i++) {
		const struct device_range *r = &slot->ranges[i];

		if (r->space != DEVICE_PCI)
			rc = bus_add(r->space == DEVICE_PORTS ? &m->ports
							      : &m->mmio,
				     r->start, r->len,
				     r->ops ? r->ops : slot->via->ops, dev, e);
	}
	return rc;
}

/* --- what KVM does for devices */

static int connect_doorbell(void *ctx, const struct doorbell *bell,
			    struct err *e)
{
	struct machine *m = ctx;

	return kvm_connect_doorbell(&m->kvm, bell, e);
}

static void disconnect_doorbell(void *ctx, const struct doorbell *bell)
{
	struct machine *m = ctx;

	kvm_disconnect_doorbell(&m->kvm, bell);
}

static int add_msi(void *ctx, struct irq_msi *msi, struct err *e)
{
	struct machine *m = ctx;

	return msi_table_add(&m->msis, msi, e);
}

static void init_host(struct machine *m)
{
	m->host = (struct device_host){
		.ctx = m,
		.connect = connect_doorbell,
		.disconnect = disconnect_doorbell,
		.add_msi = add_msi,
	};
	msi_table_init(&m->msis, &m->kvm);
}

/* --- devices */

/* Create the device of @slot and register it. KVM has its own devices
 * already. */
static int add_device(struct machine *m, const struct device_slot *slot,
		      const struct line_host *console, struct err *e)
{
	const struct device_type *type = slot->via;
	struct device *d = &m->devices[slot - m->plan.slots];
	struct device_env env = {
		.gm = &m->gm,
		.latch = m->latch,
		.console = console,
		.console_input = &m->console,
		.worker = &m->worker,
		.ready = &m->ready,
		.host = &m->host,
		.bridge = m->bridge,
		.edge.fd = -1,
	};
	int rc = 0;

	if (!type->create)
		return 0;
	if (type->irq == DEVICE_IRQ_LEGACY)
		env.line = kvm_irq_line(&m->kvm, slot->gsi);
	if (type->irq == DEVICE_IRQ_EDGE)
		rc = kvm_irq_edge(&m->kvm, slot->gsi, &env.edge, e);
	if (!rc)
		rc = type->create(&d->state, slot, &env, e);
	if (rc) {
		irq_edge_release(&env.edge);
		return rc;
	}
	if (type->bridge)
		m->bridge = type->bridge(d->state);
	return add_to_bus(m, slot, d->state, e);
}

static int add_devices(struct machine *m, const struct line_host *console,
		       struct err *e)
{
	int rc = 0;

	bus_init(&m->ports, "port");
	bus_init(&m->mmio, "MMIO");
	bus_init(&m->msrs, "MSR");
	init_host(m);
	for (unsigned i = 0; !rc && i < m->plan.count; i++)
		rc = add_device(m, &m->plan.slots[i], console, e);
	return rc;
}

/* Stop everything that devices do by themselves. */
static void stop_devices(struct machine *m)
{
	for (unsigned i = 0; i < m->plan.count; i++) {
		const struct device_type *type = m->plan.slots[i].via;

		if (type->stop && m->devices[i].state)
			type->stop(m->devices[i].state);
	}
	worker_stop(&m->worker);
}

static void release_devices(struct machine *m)
{
	for (unsigned i = 0; i < m->plan.count; i++) {
		const struct device_type *type = m->plan.slots[i].via;

		if (type->release && m->devices[i].state)
			type->release(m->devices[i].state);
	}
	worker_release(&m->worker);
}

static int create_vcpus(struct machine *m, struct err *e)
{
	int rc = 0;

	if (m->cpus > m->kvm.max_vcpus)
		return err_set(e, EINVAL,
			       "%u vCPUs requested; this host's KVM allows %u",
			       m->cpus, m->kvm.max_vcpus);
	m->vcpus = calloc(m->cpus, sizeof(*m->vcpus));
	m->results = calloc(m->cpus, sizeof(*m->results));
	m->threads = calloc(m->cpus, sizeof(*m->threads));
	if (!m->vcpus || !m->results || !m->threads)
		return err_set(e, ENOMEM, "no memory for %u vCPUs", m->cpus);
	for (unsigned i = 0; i < m->cpus; i++)
		m->vcpus[i].fd = -1;
	for (unsigned i = 0; !rc && i < m->cpus; i++)
		rc = vcpu_init(&m->vcpus[i], &m->kvm, i, m->cpus, e);
	if (!rc)
		rc = pause_init(&m->pause, m->vcpus, m->cpus, e);
	return rc;
}

static void on_irq(void *ctx, unsigned gsi, bool level)
{
	trace_line(ctx, "irq %u %s", gsi, level ? "raise" : "lower");
}

int machine_connect(struct machine *m, struct kvm *kvm,
		    const struct line_host *console, struct err *e)
{
	int rc = 0;

	if (kvm) {
		m->kvm = *kvm;
		*kvm = (struct kvm)KVM_EMPTY;
	} else {
		rc = kvm_open(&m->kvm, e);
	}
	m->kvm.exposed = m->config.exposed;
	m->irq_observer = (struct irq_observer){ on_irq, m->trace };
	if (trace_wants(m->trace, TRACE_IRQ))
		m->kvm.observer = &m->irq_observer;
	if (!rc)
		rc = kvm_create_vm(&m->kvm, &m->gm, m->trap_gpa, e);
	if (!rc)
		rc = create_vcpus(m, e);
	if (!rc)
		rc = worker_init(&m->worker, e);
	if (!rc)
		rc = add_devices(m, console, e);
	return rc;
}

struct vcpu_thread {
	struct machine *m;
	unsigned id;
};

/* The value of an access, for the trace. */
static unsigned long long value_of(const uint8_t *data, unsigned size)
{
	unsigned long long value = 0;

	memcpy(&value, data, size);
	return value;
}

/* If a device has just ended the run, this was the guest's last access. */
static bool on_pio(void *ctx, uint16_t port, uint8_t *data, unsigned size,
		   bool write)
{
	const struct vcpu_thread *t = ctx;
	struct machine *m = t->m;

	bus_access(&m->ports, port, data, size, write);
	if (trace_wants(m->trace, TRACE_PIO))
		trace_line(m->trace, "vcpu %u pio %s 0x%x %u 0x%llx", t->id,
			   write ? "out" : "in", port, size,
			   value_of(data, size));
	return !outcome_is_set(m->latch);
}

/* The page without a memory slot is still RAM, only slower. */
static bool serve_trap_page(struct machine *m, uint64_t gpa, uint8_t *data,
			    unsigned size, bool write)
{
	uint8_t *p;

	if (m->trap_gpa == KVM_NO_TRAP || gpa < m->trap_gpa ||
	    gpa - m->trap_gpa >= PAGE_4K)
		return false;
	p = guest_mem_ptr(&m->gm, gpa, size);
	if (!p)
		return false;
	m->trap_exits++;
	if (write)
		memcpy(p, data, size);
	else
		memcpy(data, p, size);
	return true;
}

static bool on_mmio(void *ctx, uint64_t gpa, uint8_t *data, unsigned size,
		    bool write)
{
	const struct vcpu_thread *t = ctx;
	struct machine *m = t->m;

	if (!serve_trap_page(m, gpa, data, size, write))
		bus_access(&m->mmio, gpa, data, size, write);
	if (trace_wants(m->trace, TRACE_MMIO))
		trace_line(m->trace, "vcpu %u mmio %s 0x%llx %u 0x%llx", t->id,
			   write ? "write" : "read", (unsigned long long)gpa,
			   size, value_of(data, size));
	return !outcome_is_set(m->latch);
}

static void on_msr(void *ctx, uint32_t index, bool write)
{
	const struct vcpu_thread *t = ctx;
	uint8_t value[8] = { 0 };

	bus_access(&t->m->msrs, index, value, sizeof(value), write);
}

/* So that the rest of the line fits, too. */
#define TRACE_NAME 64

static void on_exit_of(void *ctx, enum vcpu_exit why)
{
	const struct vcpu_thread *t = ctx;
	struct machine *m = t->m;
	char name[TRACE_NAME] = "";
	struct vcpu_where w;

	vcpu_where(&m->vcpus[t->id], &m->gm, &w);
	if (!w.known) {
		trace_line(m->trace, "vcpu %u exit %s", t->id,
			   vcpu_exit_names[why]);
		return;
	}
	if (m->namer.name)
		m->namer.name(m->namer.ctx, &w, name, sizeof(name));
	trace_line(m->trace, "vcpu %u exit %s at 0x%llx%s%s", t->id,
		   vcpu_exit_names[why], (unsigned long long)w.rip,
		   name[0] ? " " : "", name);
}

static bool on_trap(void *ctx, const struct vcpu_trap *trap)
{
	const struct vcpu_thread *t = ctx;

	return t->m->debugger.trapped(t->m->debugger.ctx, t->id, trap);
}

static void on_pause(void *ctx)
{
	const struct vcpu_thread *t = ctx;

	stuck_paused(&t->m->stuck, t->id);
	if (t->m->debugger.paused)
		t->m->debugger.paused(t->m->debugger.ctx, t->id);
	else
		pause_here(&t->m->pause, t->id);
}

/* A vCPU that stops by itself ends the run, and its state explains why. */
static void report_end(struct machine *m, unsigned id,
		       const struct vcpu_result *result)
{
	if (result->end == VCPU_KICKED)
		return;
	outcome_set(m->latch,
		    result->end == VCPU_BROKEN ? OUTCOME_HOST : OUTCOME_CRASH,
		    id, "vCPU %u: %s", id, result->detail);
}

static void *vcpu_main(void *arg)
{
	struct vcpu_thread t = *(struct vcpu_thread *)arg;
	const struct vcpu_handlers handlers = {
		.ctx = &t,
		.pio = on_pio,
		.mmio = on_mmio,
		.msr = on_msr,
		.exited = trace_wants(t.m->trace, TRACE_EXITS) ? on_exit_of
							       : NULL,
		.trapped = t.m->debugger.trapped ? on_trap : NULL,
		.paused = on_pause,
	};
	char name[16];

	free(arg);
	snprintf(name, sizeof(name), "vcpu %u", t.id);
	confine_thread(THREAD_VCPU, name);
	vcpu_run(&t.m->vcpus[t.id], &handlers, &t.m->gm, &t.m->results[t.id]);
	report_end(t.m, t.id, &t.m->results[t.id]);
	if (t.m->debugger.gone)
		t.m->debugger.gone(t.m->debugger.ctx, t.id);
	pause_gone(&t.m->pause, t.id);
	return NULL;
}

static int start_worker(struct machine *m, struct err *e)
{
	m->worker.role = THREAD_WORK;
	/* A share opens files on threads of its own. */
	for (unsigned i = 0; i < m->plan.count; i++) {
		const struct device_option *o = m->plan.slots[i].type->option;

		if (o && o->opens_files && !o->folder)
			m->worker.role = THREAD_FILES;
	}
	m->worker.name = "devices";
	return worker_start(&m->worker, "the devices", e);
}

static int start_vcpu(struct machine *m, unsigned id, struct err *e)
{
	struct vcpu_thread *t = malloc(sizeof(*t));
	int rc;

	if (!t)
		return err_set(e, ENOMEM, "no memory for vCPU %u", id);
	*t = (struct vcpu_thread){ m, id };
	rc = pthread_create(&m->threads[id], NULL, vcpu_main, t);
	if (rc) {
		free(t);
		return err_set(e, rc, "cannot start the thread of vCPU %u: %s",
			       id, strerror(rc));
	}
	m->started = id + 1;
	return 0;
}

int machine_start(struct machine *m, const struct cpu_entry *entry,
		  struct err *e)
{
	int rc;

	stuck_init(&m->stuck, &m->kvm, m->vcpus, m->cpus, m->latch);
	rc = vcpu_setup_kick(e);
	if (!rc)
		rc = start_worker(m, e);
	if (!rc)
		rc = vcpu_set_entry(&m->vcpus[0], entry, e);
	for (unsigned i = 0; !rc && i < m->cpus; i++)
		rc = start_vcpu(m, i, e);
	return rc;
}

static void want_pause(struct machine *m, bool wanted)
{
	for (unsigned i = 0; i < m->cpus; i++)
		pause_want(&m->pause, i, wanted);
	pause_changed(&m->pause);
}

#define PAUSE_NS UINT64_C(10000000000)

bool machine_pause(struct machine *m)
{
	uint64_t end = clock_ns() + PAUSE_NS;
	bool all;

	/* A vCPU that asks whether all are stuck does not pause. */
	stuck_cancel(&m->stuck);
	pthread_mutex_lock(&m->pause.lock);
	want_pause(m, true);
	while (!(all = pause_all_rest(&m->pause, -1)) && clock_ns() < end) {
		pause_urge(&m->pause, -1);
		pause_await_change(&m->pause);
	}
	if (!all)
		want_pause(m, false);
	pthread_mutex_unlock(&m->pause.lock);
	return all;
}

void machine_resume(struct machine *m)
{
	pthread_mutex_lock(&m->pause.lock);
	for (unsigned i = 0; i < m->cpus; i++)
		vcpu_excuse_stop(&m->vcpus[i]);
	want_pause(m, false);
	pthread_mutex_unlock(&m->pause.lock);
}

void machine_join(struct machine *m)
{
	struct timespec deadline;

	for (unsigned i = 0; i < m->started; i++)
		vcpu_kick(&m->vcpus[i]);
	if (m->started)
		pause_end(&m->pause);
	stuck_cancel(&m->stuck);
	for (unsigned i = 0; i < m->started; i++) {
		do {
			vcpu_kick(&m->vcpus[i]);
			clock_gettime(CLOCK_REALTIME, &deadline);
			deadline.tv_nsec += REKICK_NS;
			deadline.tv_sec += deadline.tv_nsec / 1000000000;
			deadline.tv_nsec %= 1000000000;
		} while (pthread_timedjoin_np(m->threads[i], NULL, &deadline) ==
			 ETIMEDOUT);
	}
	m->started = 0;
	/* After the vCPUs: one of them may wait for a device to stop. */
	stop_devices(m);
}

uint64_t machine_returned(const struct machine *m)
{
	struct device_counters c = { .count = 0 };

	for (unsigned i = 0; i < m->plan.count; i++)
		if (m->plan.slots[i].type == &virtio_balloon_type &&
		    m->devices[i].state)
			m->plan.slots[i].via->report(m->devices[i].state, &c);
	for (unsigned i = 0; i < c.count; i++)
		if (!strcmp(c.of[i].name, BALLOON_RETURNED))
			return c.of[i].value;
	return 0;
}

void machine_release(struct machine *m)
{
	machine_join(m);
	stuck_release(&m->stuck);
	for (unsigned i = 0; m->vcpus && i < m->cpus; i++)
		vcpu_release(&m->vcpus[i]);
	free(m->vcpus);
	free(m->results);
	free(m->threads);
	pause_release(&m->pause);
	release_devices(m);
	msi_table_release(&m->msis);
	kvm_release(&m->kvm);
	guest_mem_release(&m->gm);
	*m = (struct machine)MACHINE_EMPTY;
}
