/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "run/guest.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clean.h"
#include "base/clock.h"
#include "base/log.h"
#include "boot/cmdline.h"

void guest_init(struct guest *g)
{
	g->latch.wake_fd = -1;
	g->names_lock = (pthread_mutex_t)PTHREAD_MUTEX_INITIALIZER;
	g->console.wake_fd = g->log.wake_fd = g->log_fd = -1;
	g->m = (struct machine)MACHINE_EMPTY;
	g->terminal = (struct terminal)TERMINAL_EMPTY;
	g->session = (struct session)SESSION_EMPTY;
	g->signals = (struct signals)SIGNALS_EMPTY;
	/* The whole of TRACE_EMPTY would write to its buffers. */
	g->trace.out = (struct output)OUTPUT_EMPTY;
	g->debugger = (struct debugger)DEBUGGER_EMPTY;
	watch_init(&g->watch);
}

uint64_t guest_deadline(uint64_t timeout_ns)
{
	return timeout_ns ? (log_start_ns() ?: clock_ns()) + timeout_ns : 0;
}

static void stop_machine(void *machine)
{
	struct machine *m = machine;

	trace_hurry(m->trace);
	machine_join(m);
}

static bool has_shut_down(void *machine, uint32_t cpu)
{
	const struct machine *m = machine;

	return m->results[cpu].end == VCPU_SHUTDOWN;
}

static int open_session(struct guest *g, struct err *e)
{
	static const struct session_ops ops = {
		.stop = stop_machine,
		.has_shut_down = has_shut_down,
	};
	const struct session_config config = {
		.ops = &ops,
		.machine = &g->m,
		.console = &g->console,
		.log = g->log_apart ? &g->log : NULL,
		.log_fd = g->log_fd,
		.line = &g->m.console,
		.terminal = &g->terminal,
		.watch = &g->watch,
		.latch = &g->latch,
		.times = &g->times,
		.signals = &g->signals,
		.sender = &g->sender,
		.debugger = &g->debugger,
		.stuck = &g->m.stuck,
		.dump = g->dump,
		.pass = g->pass,
		.deadline_ns = guest_deadline(g->timeout_ns),
	};

	return session_init(&g->session, &config, e);
}

/* The guest has booted; from a device's thread. */
static void on_ready(void *guest)
{
	struct guest *g = guest;

	loop_post(&g->session.loop, &g->session.ready);
}

int guest_open(struct guest *g, const struct machine_config *config,
	       uint64_t timeout_ns, struct err *e)
{
	struct machine_config mine = *config;
	int rc;

	mine.mem_twice = debugger_needs_pages(&g->debugger);
	g->timeout_ns = timeout_ns;
	rc = outcome_latch_init(&g->latch, e);
	if (!rc)
		rc = console_init(&g->console, e);
	if (!rc && g->log_apart)
		rc = console_init(&g->log, e);
	if (!rc)
		rc = machine_init(&g->m, &mine, &g->latch, e);
	if (!rc)
		rc = open_session(g, e);
	if (rc)
		return rc;
	g->m.trace = &g->trace;
	if (g->watch.wants_ready)
		g->m.ready = (struct device_ready){ on_ready, g };
	return rc;
}

static void on_output(void *guest, uint8_t byte)
{
	struct guest *g = guest;

	if (g->log_apart)
		console_put(&g->log, byte);
	else if (!g->logs_twice || !atomic_load(&g->has_hvc0))
		console_put(&g->console, byte);
}

static size_t on_take(void *guest, const uint8_t *data, size_t n)
{
	struct guest *g = guest;

	atomic_store(&g->has_hvc0, true);
	return console_offer(&g->console, data, n);
}

static void on_more(void *guest)
{
	struct guest *g = guest;

	line_more(&g->m.console);
}

static void on_room(void *guest)
{
	struct guest *g = guest;

	console_input_room(&g->session.input);
}

int guest_connect(struct guest *g, struct kvm *kvm, struct err *e)
{
	const struct line_host line = {
		.ctx = g,
		.output = on_output,
		.room = on_room,
		.take = on_take,
	};
	int rc;

	g->console.more = on_more;
	g->console.more_ctx = g;
	g->logs_twice = g->cmdline &&
			cmdline_has(g->cmdline, CMDLINE_CONSOLE) &&
			cmdline_has(g->cmdline, CMDLINE_HVC0);
	milestone_reach(&g->times, MILESTONE_CONNECTING);
	rc = machine_connect(&g->m, kvm, &line, e);
	if (!rc)
		milestone_reach(&g->times, MILESTONE_CONNECTED);
	return rc;
}

static bool name_place(void *guest, const struct vcpu_where *w, char *buf,
		       size_t size)
{
	struct guest *g = guest;
	const char *name;

	pthread_mutex_lock(&g->names_lock);
	name = symbols_name(&g->symbols, w);
	snprintf(buf, size, "%s", name ? name : "");
	pthread_mutex_unlock(&g->names_lock);
	clean_text(buf);
	return buf[0];
}

void guest_name_trace(struct guest *g, bool in_place)
{
	if (trace_wants(&g->trace, TRACE_EXITS) &&
	    symbols_prepare(&g->symbols, in_place))
		g->m.namer = (struct place_namer){ name_place, g };
}

int guest_run(struct guest *g, const struct cpu_entry *entry, struct err *e)
{
	int rc;

	rc = debugger_attach(&g->debugger, &g->m.pause, &g->m.gm, &g->latch,
			     kvm_host_name(g->m.kvm.host), e);
	if (rc)
		return rc;
	if (g->debugger.on)
		g->m.debugger = hold_callbacks(&g->debugger.hold);
	log_step("first guest instruction at 0x%llx",
		 (unsigned long long)cpu_entry_address(entry));
	milestone_reach(&g->times, MILESTONE_FIRST_INSTRUCTION);
	session_begin(&g->session);
	rc = machine_start(&g->m, entry, e);
	if (!rc) {
		session_run(&g->session);
	} else {
		console_finish(&g->console);
		if (g->log_apart)
			console_finish(&g->log);
		machine_join(&g->m);
	}
	g->autopsy.symbols = &g->symbols;
	g->autopsy.gm = &g->m.gm;
	g->autopsy.results = g->m.results;
	g->autopsy.vcpus = g->m.vcpus;
	g->autopsy.cpus = g->m.cpus;
	return rc;
}

struct root_facts guest_root(struct guest *g)
{
	return (struct root_facts){
		.cmdline = g->cmdline,
		.plan = &g->m.plan,
		.symbols = &g->symbols,
		.has_initrd = g->has_initrd,
	};
}

/* The results of vCPUs that have not ended, as far as an autopsy needs them. */
static struct vcpu_result *take_places(struct guest *g)
{
	struct vcpu_result *results = calloc(g->m.cpus, sizeof(*results));

	for (unsigned i = 0; results && i < g->m.cpus; i++)
		vcpu_where(&g->m.vcpus[i], &g->m.gm, &results[i].where);
	return results;
}

int guest_examine(struct guest *g,
		  int (*examine)(void *ctx, struct autopsy *a, struct err *e),
		  void *ctx, struct err *e)
{
	struct autopsy a = { .symbols = &g->symbols,
			     .gm = &g->m.gm,
			     .vcpus = g->m.vcpus,
			     .cpus = g->m.cpus };
	struct vcpu_result *results;
	int rc;

	if (g->debugger.on)
		return err_set(e, EBUSY, "a debugger has the guest");
	if (!machine_pause(&g->m))
		return err_set(e, EBUSY, "a vCPU does not pause");
	results = take_places(g);
	a.results = results;
	rc = results ? examine(ctx, &a, e)
		     : err_set(e, ENOMEM, "no memory for %u vCPUs", g->m.cpus);
	machine_resume(&g->m);
	autopsy_release(&a);
	free(results);
	return rc;
}

void guest_verdict(struct guest *g, struct verdict *v)
{
	const struct root_facts root = guest_root(g);
	struct outcome outcome;

	outcome_get(&g->latch, &outcome);
	verdict_make(v, &(struct verdict_facts){
				.outcome = &outcome,
				.watch = &g->watch,
				.results = g->m.results,
				.cpus = g->m.cpus,
				.host = g->m.kvm.host,
				.timeout_ns = g->timeout_ns,
				.symbols = &g->symbols,
				.autopsy = &g->autopsy,
				.cmdline = g->cmdline,
				.root = g->cmdline ? &root : NULL,
			});
}

void guest_release(struct guest *g)
{
	struct err ignored;

	session_release(&g->session);
	terminal_release(&g->terminal);
	signals_release(&g->signals);
	machine_release(&g->m);
	debugger_release(&g->debugger);
	console_release(&g->console);
	console_release(&g->log);
	outcome_latch_release(&g->latch);
	(void)trace_close(&g->trace, &ignored);
	watch_release(&g->watch);
	sender_release(&g->sender);
	autopsy_release(&g->autopsy);
	symbols_release(&g->symbols);
}
