/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "run/guest.h"

#include "base/clock.h"
#include "base/log.h"

void guest_init(struct guest *g)
{
	*g = (struct guest){
		.latch.wake_fd = -1,
		.console.wake_fd = -1,
		.m = MACHINE_EMPTY,
		.session = SESSION_EMPTY,
		.signals = SIGNALS_EMPTY,
		.trace = TRACE_EMPTY,
		.debugger = DEBUGGER_EMPTY,
	};
	watch_init(&g->watch);
}

uint64_t guest_deadline(uint64_t timeout_ns)
{
	return timeout_ns ? (log_start_ns() ?: clock_ns()) + timeout_ns : 0;
}

int guest_open(struct guest *g, uint64_t mem, unsigned cpus,
	       uint64_t timeout_ns, struct err *e)
{
	const struct machine_config config = {
		.mem_size = mem,
		.mem_twice = debugger_needs_pages(&g->debugger),
		.cpus = cpus,
	};
	int rc;

	g->timeout_ns = timeout_ns;
	rc = outcome_latch_init(&g->latch, e);
	if (!rc)
		rc = console_init(&g->console, e);
	if (!rc)
		rc = machine_init(&g->m, &config, &g->latch, e);
	if (!rc)
		rc = session_init(&g->session, &g->m, &g->console, &g->watch,
				  &g->latch, &g->signals,
				  guest_deadline(timeout_ns), e);
	if (!rc) {
		g->session.times = &g->times;
		g->session.sender = &g->sender;
		g->session.debugger = &g->debugger;
		g->m.trace = &g->trace;
	}
	return rc;
}

int guest_connect(struct guest *g, struct err *e)
{
	const struct line_host line = {
		.ctx = &g->console,
		.output = session_output,
		.room = session_room,
	};
	int rc;

	milestone_reach(&g->times, MILESTONE_CONNECTING);
	rc = machine_connect(&g->m, &line, e);
	if (!rc)
		milestone_reach(&g->times, MILESTONE_CONNECTED);
	return rc;
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
		machine_join(&g->m);
	}
	return rc;
}

void guest_verdict(struct guest *g, struct verdict *v)
{
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
				.cmdline = g->cmdline,
			});
}

void guest_release(struct guest *g)
{
	struct err ignored;

	session_release(&g->session);
	signals_release(&g->signals);
	machine_release(&g->m);
	debugger_release(&g->debugger);
	console_release(&g->console);
	outcome_latch_release(&g->latch);
	(void)trace_close(&g->trace, &ignored);
	watch_release(&g->watch);
	sender_release(&g->sender);
	symbols_release(&g->symbols);
}
