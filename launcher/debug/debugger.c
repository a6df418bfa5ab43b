/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "debug/debugger.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"

/* How often to kick vCPUs that have not stopped yet. */
#define URGE_NS UINT64_C(20000000)

/* How long to wait, in all, for a debugger to read the end of the run. */
#define FAREWELL_MS 1000

/* Each of these bytes may cause many bytes of answers. */
#define READ_SIZE 1024

/* How many refused clients are reported. */
#define REFUSED_MAX 8

int debugger_parse_lost(const char *text, enum debugger_lost *lost,
			struct err *e)
{
	static const char *const names[] = {
		[DEBUGGER_LOST_CONTINUE] = "continue",
		[DEBUGGER_LOST_KILL] = "kill",
		[DEBUGGER_LOST_STOP] = "stop",
	};

	for (unsigned i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (!strcmp(text, names[i])) {
			*lost = (enum debugger_lost)i;
			return 0;
		}
	return err_set(e, EINVAL,
		       "unknown action '%s' (expected continue, kill or stop)",
		       text);
}

static void invite(const struct debugger *d)
{
	log_say("the guest waits for gdb: target remote %s", d->line.name);
}

static void warn_of_reach(const struct debugger *d)
{
	if (d->line.reach == GDB_REACH_MACHINE)
		log_say("warning: every program of this user can reach the gdb "
			"port %s and control the guest; --gdb=unix:PATH is safer",
			d->line.name);
	else if (d->line.reach == GDB_REACH_NETWORK)
		log_say("warning: other machines can reach the gdb port %s and "
			"control the guest; --gdb=unix:PATH is safer",
			d->line.name);
}

static void on_refused(void *ctx, const char *who, const char *why,
		       bool noticed)
{
	struct debugger *d = ctx;

	if (!noticed) {
		log_step("gdb: refused %s: %s", who, why);
		return;
	}
	if (d->refused_clients < REFUSED_MAX)
		log_say("gdb: refused %s: %s", who, why);
	else if (d->refused_clients == REFUSED_MAX)
		log_say("gdb: further refused connections are not reported");
	d->refused_clients++;
}

int debugger_open(struct debugger *d, const char *address, struct err *e)
{
	int rc = gdb_line_open(&d->line, address, e);

	if (rc)
		return err_prefix(e, rc, "--gdb");
	d->on = true;
	return 0;
}

int debugger_probe(struct debugger *d, struct err *e)
{
	int rc;

	if (!d->on || d->has_probed)
		return 0;
	rc = debug_probe(&d->means, e);
	if (rc)
		return err_prefix(e, rc, "--gdb");
	d->has_probed = true;
	log_step("a debugger has %s, hardware breakpoints: %s, watchpoints: %s",
		 d->means.int3 ? "int3" : "pages taken from KVM",
		 d->means.hw_exec ? "yes" : "no",
		 d->means.hw_watch ? "yes" : "no");
	return 0;
}

bool debugger_needs_pages(const struct debugger *d)
{
	return d->on && !d->means.int3;
}

/* ---- what gdb does to memory */

static bool open_view(const struct debugger *d, unsigned cpu, struct view *v)
{
	return view_open(v, hold_vcpu(&d->hold, cpu), d->hold.gm, &d->kernel);
}

static size_t on_read(void *ctx, unsigned cpu, uint64_t addr, void *buf,
		      size_t len)
{
	struct view v;

	return open_view(ctx, cpu, &v) ? view_read(&v, addr, buf, len) : 0;
}

static size_t on_write(void *ctx, unsigned cpu, uint64_t addr, const void *buf,
		       size_t len)
{
	struct view v;

	return open_view(ctx, cpu, &v) ? view_write(&v, addr, buf, len) : 0;
}

/* ---- to registers and breakpoints */

static int on_get_regs(void *ctx, unsigned cpu, struct cpu_regs *r,
		       struct err *e)
{
	struct debugger *d = ctx;

	return vcpu_get_regs(hold_vcpu(&d->hold, cpu), r, e);
}

static int on_set_regs(void *ctx, unsigned cpu, const struct cpu_regs *r,
		       struct err *e)
{
	struct debugger *d = ctx;

	return vcpu_set_regs(hold_vcpu(&d->hold, cpu), r, e);
}

/* Whether such a refusal is the debugger's first. The number of kinds is
 * limited. */
static bool is_news(struct refusals *r, enum gdb_break kind, int rc)
{
	/* All watchpoints are refused for the same reason. */
	if (kind > GDB_BREAK_WRITE)
		kind = GDB_BREAK_WRITE;
	for (unsigned i = 0; i < r->count; i++)
		if (r->of[i].kind == kind && r->of[i].rc == rc)
			return false;
	if (r->count == REFUSALS_MAX)
		return false;
	r->of[r->count].kind = kind;
	r->of[r->count++].rc = rc;
	return true;
}

/* gdb does not show every refusal. */
static int refuse(struct debugger *d, enum gdb_break kind, int rc,
		  const struct err *e)
{
	if (is_news(&d->refused, kind, rc))
		log_say("gdb: %s", e->msg);
	return rc;
}

static int make_hw(struct debugger *d, enum gdb_break kind, uint64_t addr,
		   uint64_t len, struct hw_break *hw, struct err *e)
{
	bool exec = kind == GDB_BREAK_HARD;

	if (exec ? !d->means.hw_exec : !d->means.hw_watch)
		return err_set(e, EOPNOTSUPP,
			       "this host's KVM has no hardware %s: it takes "
			       "them, and they do not fire",
			       exec ? "breakpoints" : "watchpoints");
	if (kind == GDB_BREAK_READ)
		return err_set(e, EOPNOTSUPP,
			       "the processor has no watchpoint for reads "
			       "alone; awatch is for reads and writes");
	if (exec)
		len = 1;
	if ((len != 1 && len != 2 && len != 4 && len != 8) || addr % len)
		return err_set(e, EINVAL,
			       "a watchpoint is for 1, 2, 4 or 8 bytes at a "
			       "multiple of that, not for %" PRIu64
			       " at 0x%" PRIx64,
			       len, addr);
	*hw = (struct hw_break){
		.addr = addr,
		.len = (uint8_t)len,
		.kind = exec			  ? HW_BREAK_EXEC
			: kind == GDB_BREAK_WRITE ? HW_BREAK_WRITE
						  : HW_BREAK_ACCESS,
	};
	return 0;
}

static int insert_soft(struct debugger *d, unsigned cpu, uint64_t addr,
		       struct err *e)
{
	uint64_t gpa, run;
	struct view v;

	if (!open_view(d, cpu, &v) || !view_find(&v, addr, &gpa, &run))
		return err_set(e, EFAULT,
			       "no breakpoint at 0x%" PRIx64
			       ": nothing is mapped there (yet)",
			       addr);
	return breaks_insert(&d->hold.breaks, addr, gpa, e);
}

static int on_insert(void *ctx, unsigned cpu, enum gdb_break kind,
		     uint64_t addr, uint64_t len, struct err *e)
{
	struct debugger *d = ctx;
	struct hw_break hw;
	int rc;

	if (kind == GDB_BREAK_SOFT)
		rc = insert_soft(d, cpu, addr, e);
	else
		rc = make_hw(d, kind, addr, len, &hw, e)
			     ?: breaks_insert_hw(&d->hold.breaks, &hw, e);
	return rc ? refuse(d, kind, rc, e) : 0;
}

static int on_remove(void *ctx, unsigned cpu, enum gdb_break kind,
		     uint64_t addr, uint64_t len, struct err *e)
{
	struct debugger *d = ctx;
	struct hw_break hw;
	int rc = 0;

	(void)cpu;
	if (kind == GDB_BREAK_SOFT)
		breaks_remove(&d->hold.breaks, addr);
	else
		rc = make_hw(d, kind, addr, len, &hw, e);
	if (!rc && kind != GDB_BREAK_SOFT)
		breaks_remove_hw(&d->hold.breaks, &hw);
	return rc;
}

/* ---- to vCPUs */

/* Let all vCPUs stop for the debugger. */
static void stop_guest(struct debugger *d)
{
	d->stop = (struct gdb_stop){ .signal = GDB_SIGINT, .cpu = d->stop.cpu };
	d->stopping = true;
	hold_stop(&d->hold);
}

static int on_resume(void *ctx, const enum gdb_action *actions, struct err *e)
{
	struct debugger *d = ctx;
	int rc = hold_resume(&d->hold, actions, e);

	/* If a stop must be reported first, the hold wakes us. */
	if (!rc)
		d->stopped = false;
	d->stopping = false;
	return rc;
}

static void on_interrupt(void *ctx)
{
	stop_guest(ctx);
}

/* ---- information about the host and the guest */

static void on_describe(void *ctx, unsigned cpu, char *buf, size_t size)
{
	struct debugger *d = ctx;
	struct cpu_regs r;
	struct err e;

	if (vcpu_get_regs(hold_vcpu(&d->hold, cpu), &r, &e)) {
		snprintf(buf, size, "vCPU %u: %s", cpu, e.msg);
		return;
	}
	snprintf(buf, size, "vCPU %u: %s code, %s", cpu,
		 r.code64   ? "64-bit"
		 : r.code32 ? "32-bit"
			    : "16-bit",
		 vcpu_activity(hold_vcpu(&d->hold, cpu)));
}

static void say(struct buf *out, const char *text)
{
	buf_add(out, text, strlen(text));
}

static void tell_means(struct debugger *d, struct buf *out)
{
	char text[256];

	snprintf(text, sizeof(text),
		 "host                  %s\n"
		 "software breakpoints  by %s\n"
		 "hardware breakpoints  %s\n"
		 "watchpoints           %s\n",
		 d->host,
		 d->means.int3 ? "int3" : "taking their page from the guest",
		 d->means.hw_exec ? "yes" : "no",
		 d->means.hw_watch ? "yes" : "no");
	say(out, text);
}

static bool parse_hex(const char *text, uint64_t *value)
{
	const uint8_t *at, *end;

	if (!strncmp(text, "0x", 2))
		text += 2;
	at = (const uint8_t *)text;
	end = at + strlen(text);
	return gdb_number_read(&at, end, value) && at == end;
}

static void tell_gpa(struct debugger *d, const char *arg, struct buf *out)
{
	uint64_t addr, gpa, run;
	struct view v;
	char text[128];

	if (!parse_hex(arg, &addr))
		snprintf(text, sizeof(text),
			 "expected a hexadecimal address, with or without "
			 "0x\n");
	else if (!open_view(d, d->stub.cpu, &v) ||
		 !walk_linear(d->hold.gm, &v.paging, addr, &gpa, &run))
		snprintf(text, sizeof(text), "0x%" PRIx64 " is not mapped\n",
			 addr);
	else
		snprintf(text, sizeof(text),
			 "0x%" PRIx64 " is guest-physical 0x%" PRIx64 "%s\n",
			 addr, gpa,
			 guest_mem_ptr(d->hold.gm, gpa, 1) ? "" : ", no RAM");
	say(out, text);
}

static void on_monitor(void *ctx, const char *command, struct buf *out)
{
	struct debugger *d = ctx;

	if (!strcmp(command, "info"))
		tell_means(d, out);
	else if (!strncmp(command, "gpa ", 4))
		tell_gpa(d, command + 4, out);
	else
		say(out, "monitor info      what this host can do\n"
			 "monitor gpa ADDR  where a linear address is in "
			 "guest-physical memory\n");
}

static const struct gdb_target_ops target_ops = {
	.get_regs = on_get_regs,
	.set_regs = on_set_regs,
	.read = on_read,
	.write = on_write,
	.insert = on_insert,
	.remove = on_remove,
	.resume = on_resume,
	.interrupt = on_interrupt,
	.describe = on_describe,
	.monitor = on_monitor,
};

/* ---- connections */

int debugger_attach(struct debugger *d, struct pause *pause,
		    const struct guest_mem *gm, struct outcome_latch *latch,
		    const char *host, struct err *e)
{
	int rc;

	if (!d->on)
		return 0;
	rc = hold_init(&d->hold, pause, gm, &d->means, e);
	if (rc)
		return rc;
	d->latch = latch;
	d->host = host;
	d->stopping = true;
	d->stop = (struct gdb_stop){ .signal = GDB_SIGTRAP };
	gdb_stub_init(&d->stub, &target_ops, d,
		      d->is32 ? &gdb_arch_32 : &gdb_arch_64, d->hold.count);
	warn_of_reach(d);
	invite(d);
	return 0;
}

bool debugger_holds(const struct debugger *d)
{
	return d->on && d->line.fd >= 0 && (d->stopped || d->stopping);
}

bool debugger_has_guest(const struct debugger *d)
{
	return d->on && (d->line.fd >= 0 || d->stopped || d->stopping);
}

static void hang_up(struct debugger *d)
{
	loop_remove(&d->debugger_says);
	gdb_line_hang_up(&d->line);
}

/* The guest runs as if there had been no debugger. */
static void let_go(struct debugger *d)
{
	struct err e;

	d->leaving = false;
	if (hold_resume(&d->hold, NULL, &e))
		log_step("debugger: %s", e.msg);
	d->stopped = d->stopping = false;
}

static void kill_guest(struct debugger *d, const char *why)
{
	outcome_set(d->latch, OUTCOME_SIGNAL, SIGKILL, "%s", why);
}

/* The guest goes on by itself; it may have to be stopped first. */
static void leave(struct debugger *d)
{
	hang_up(d);
	d->greeting = false;
	if (d->stopped) {
		let_go(d);
		return;
	}
	d->leaving = true;
	stop_guest(d);
}

static void on_lost(struct debugger *d)
{
	static const char *const fates[] = {
		[DEBUGGER_LOST_CONTINUE] = "goes on",
		[DEBUGGER_LOST_KILL] = "is killed",
		[DEBUGGER_LOST_STOP] = "stops",
	};

	log_say("gdb disconnected without detaching (%s); the guest %s",
		d->client.peer.name, fates[d->lost]);
	switch (d->lost) {
	case DEBUGGER_LOST_CONTINUE:
		leave(d);
		break;
	case DEBUGGER_LOST_KILL:
		hang_up(d);
		kill_guest(d, "the debugger, which disconnected");
		break;
	case DEBUGGER_LOST_STOP:
		hang_up(d);
		d->greeting = false;
		if (!d->stopped)
			stop_guest(d);
		invite(d);
		break;
	}
}

/* Whether the debugger is still connected. */
static bool send_out(struct debugger *d)
{
	struct buf *out = &d->stub.out;
	ssize_t n;

	if (!out->len)
		return true;
	n = gdb_line_write(d->line.fd, out->data, out->len);
	if (n < 0)
		return false;
	memmove(out->data, out->data + n, out->len - (size_t)n);
	out->len -= (size_t)n;
	return true;
}

static void on_end_of_debugger(struct debugger *d)
{
	bool kill = d->stub.end == GDB_END_KILL;

	(void)send_out(d);
	if (kill) {
		hang_up(d);
		kill_guest(d, "the debugger (kill)");
	} else {
		log_say("gdb detached (%s); the guest goes on",
			d->client.peer.name);
		leave(d);
	}
}

static void hear(struct debugger *d, const uint8_t *bytes, size_t len)
{
	gdb_stub_input(&d->stub, bytes, len);
	if (d->stub.end)
		on_end_of_debugger(d);
}

/* A new debugger does not get the state of the last one. It has sent a packet
 * after the handshake. */
static void greet(struct debugger *d)
{
	const struct gdb_hello *hello = &d->client.hello;

	d->greeting = false;
	d->refused = (struct refusals){ 0 };
	hold_clear_breaks(&d->hold);
	d->stub.text = view_text(&d->kernel);
	gdb_stub_begin(&d->stub, &d->stop, &hello->caps);
	hear(d, hello->in, hello->len);
}

static void on_stopped(struct debugger *d)
{
	if (d->stopped || !hold_is_stopped(&d->hold, &d->stop))
		return;
	d->stopped = true;
	d->stopping = false;
	if (d->leaving) {
		let_go(d);
	} else if (d->greeting) {
		greet(d);
	} else {
		gdb_stub_stopped(&d->stub, &d->stop);
	}
}

/* Watch the sources from which something can come now. */
static void update(struct debugger *d)
{
	bool urges = !d->stopped && (d->stopping || d->line.fd >= 0);

	/* Packets of the debugger are read after the guest has stopped for
	 * it. */
	if (d->line.fd >= 0)
		loop_change(&d->debugger_says, d->greeting	 ? 0
					       : d->stub.out.len ? LOOP_OUT
								 : LOOP_IN);
	if (!urges)
		loop_timer_stop(&d->urge);
	else if (!loop_timer_is_set(&d->urge))
		loop_timer_set(d->loop, &d->urge, clock_ns() + URGE_NS);
	d->changed(d->ctx);
}

static void on_line(struct debugger *d)
{
	uint8_t bytes[READ_SIZE];
	ssize_t n = gdb_line_read(d->line.fd, bytes, sizeof(bytes));

	if (n < 0)
		on_lost(d);
	else
		hear(d, bytes, (size_t)n);
}

static void on_debugger_says(void *ctx, unsigned events)
{
	struct debugger *d = ctx;

	/* It gets a stop before its packets are read. */
	on_stopped(d);
	if (d->line.fd >= 0 && events & ~LOOP_OUT)
		on_line(d);
	if (d->line.fd >= 0 && !send_out(d))
		on_lost(d);
	update(d);
}

static void on_vcpus_say(void *ctx, unsigned events)
{
	struct debugger *d = ctx;
	eventfd_t ignored;

	(void)events;
	(void)eventfd_read(d->hold.pause->wake_fd, &ignored);
	on_stopped(d);
	update(d);
}

static void on_urge(void *ctx)
{
	struct debugger *d = ctx;

	hold_urge(&d->hold);
	update(d);
}

/* A client has become a debugger. */
static void on_arrived(void *ctx, const struct gdb_visitor *v)
{
	struct debugger *d = ctx;
	struct err e;

	if (loop_add(d->loop, &d->debugger_says, v->fd, 0, &e)) {
		log_say("gdb: refused %s: %s", v->peer.name, e.msg);
		close(v->fd);
		return;
	}
	d->client = *v;
	d->line.fd = v->fd;
	d->greeting = true;
	d->leaving = false;
	log_say("gdb connected: %s", d->client.peer.name);
	if (d->stopped)
		greet(d);
	else if (!d->stopping)
		stop_guest(d);
	update(d);
}

int debugger_serve(struct debugger *d, struct loop *loop,
		   void (*changed)(void *ctx), void *ctx, struct err *e)
{
	int rc;

	if (!d->on)
		return 0;
	d->debugger_says = (struct loop_watch){ .fn = on_debugger_says,
						.ctx = d };
	d->vcpus_say = (struct loop_watch){ .fn = on_vcpus_say, .ctx = d };
	d->urge = (struct loop_timer){ .fn = on_urge, .ctx = d };
	d->changed = changed;
	d->ctx = ctx;
	d->lobby.refused = on_refused;
	d->lobby.arrived = on_arrived;
	d->lobby.ctx = d;
	rc = loop_add(loop, &d->vcpus_say, d->hold.pause->wake_fd, LOOP_IN, e);
	if (rc)
		return rc;
	d->loop = loop;
	rc = gdb_lobby_open(&d->lobby, &d->line, loop, e);
	if (rc)
		return rc;
	update(d);
	return 0;
}

void debugger_stop_serving(struct debugger *d)
{
	gdb_lobby_close(&d->lobby);
	gdb_line_stop_listening(&d->line);
	loop_remove(&d->debugger_says);
	loop_remove(&d->vcpus_say);
	loop_timer_stop(&d->urge);
	d->loop = NULL;
}

void debugger_tell_end(struct debugger *d, int status)
{
	uint64_t start_ns = clock_ns(), ms = 0;
	struct pollfd p;

	if (!d->on || d->line.fd < 0)
		return;
	gdb_stub_exited(&d->stub, status);
	p = (struct pollfd){ d->line.fd, POLLOUT, 0 };
	while (d->stub.out.len && ms < FAREWELL_MS &&
	       poll(&p, 1, (int)(FAREWELL_MS - ms)) > 0 && send_out(d))
		ms = (clock_ns() - start_ns) / 1000000;
	gdb_line_hang_up(&d->line);
}

void debugger_release(struct debugger *d)
{
	debugger_stop_serving(d);
	gdb_line_close(&d->line);
	gdb_stub_release(&d->stub);
	hold_release(&d->hold);
	d->on = false;
}

void debugger_abandon(const struct debugger *d)
{
	gdb_line_abandon(&d->line);
}
