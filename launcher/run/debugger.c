/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "run/debugger_parts.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>

#include "base/clock.h"
#include "base/log.h"

/* How often vCPUs that do not do what they should are looked after. */
#define URGE_MS 20

/* How long a debugger may take, in all, to hear that it is over. */
#define FAREWELL_MS 1000

/* Each of these bytes may ask for many. */
#define READ_SIZE 1024

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
	return err_set(e, EINVAL, "'%s' is none of continue, kill, stop", text);
}

static void invite(const struct debugger *d)
{
	fprintf(stderr, "launcher: the guest waits for gdb: target remote %s\n",
		d->line.name);
}

int debugger_open(struct debugger *d, const char *address, struct err *e)
{
	int rc = gdb_line_open(&d->line, address, e);

	if (!rc)
		rc = debug_probe(&d->means, e);
	if (rc)
		return err_prefix(e, rc, "--gdb");
	d->on = true;
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

int debugger_attach(struct debugger *d, struct vcpu *vcpus, unsigned count,
		    const struct guest_mem *gm, struct outcome_latch *latch,
		    const char *host, struct err *e)
{
	int rc;

	if (!d->on)
		return 0;
	rc = hold_init(&d->hold, vcpus, count, gm, &d->means, e);
	if (rc)
		return rc;
	d->latch = latch;
	d->host = host;
	d->stopping = true;
	d->stop = (struct gdb_stop){ .signal = GDB_SIGTRAP };
	gdb_stub_init(&d->stub, &debugger_ops, d,
		      d->is32 ? &gdb_arch_32 : &gdb_arch_64, count);
	invite(d);
	return 0;
}

bool debugger_holds(const struct debugger *d)
{
	return d && d->on && d->line.fd >= 0 && d->stub.heard &&
	       (d->stopped || d->stopping);
}

/* Nobody debugs, and nothing of it is left. */
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

/* The guest goes on by itself, which it may have to be stopped for. */
static void leave(struct debugger *d)
{
	gdb_line_hang_up(&d->line);
	d->greeting = false;
	if (d->stopped) {
		let_go(d);
		return;
	}
	d->leaving = true;
	debugger_stop(d);
}

/* Ports are scanned, and another launcher looks who is at a socket file. */
static void on_stranger_gone(struct debugger *d)
{
	log_step("who was there was no debugger");
	if (d->waited)
		gdb_line_hang_up(&d->line);
	else
		leave(d);
}

static void on_lost(struct debugger *d)
{
	if (!d->stub.heard) {
		on_stranger_gone(d);
		return;
	}
	log_step("the debugger is gone");
	switch (d->lost) {
	case DEBUGGER_LOST_CONTINUE:
		leave(d);
		break;
	case DEBUGGER_LOST_KILL:
		gdb_line_hang_up(&d->line);
		kill_guest(d, "the debugger is gone");
		break;
	case DEBUGGER_LOST_STOP:
		gdb_line_hang_up(&d->line);
		d->greeting = false;
		if (!d->stopped)
			debugger_stop(d);
		invite(d);
		break;
	}
}

/* Whether the debugger is still there. */
static bool send_out(struct debugger *d)
{
	struct buf *out = &d->stub.out;
	ssize_t n;

	if (!out->len)
		return true;
	n = gdb_line_write(&d->line, out->data, out->len);
	if (n < 0)
		return false;
	memmove(out->data, out->data + n, out->len - (size_t)n);
	out->len -= (size_t)n;
	return true;
}

/* A new debugger, and none of what the last one has set up. */
static void greet(struct debugger *d)
{
	d->greeting = false;
	d->refused = (struct refusals){ 0 };
	hold_clear_breaks(&d->hold);
	gdb_stub_begin(&d->stub, &d->stop);
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

static void on_knock(struct debugger *d)
{
	struct gdb_line another = d->line;
	bool replaces = d->line.fd >= 0;

	if (!gdb_line_accept(&another))
		return;
	if (replaces && d->stub.heard) {
		/* One is enough. */
		gdb_line_hang_up(&another);
		return;
	}
	/* One who says nothing is not to keep others out. */
	gdb_line_hang_up(&d->line);
	d->line = another;
	if (!replaces)
		d->waited = (d->stopped || d->stopping) && !d->leaving;
	d->stub.heard = false;
	d->greeting = true;
	d->leaving = false;
	if (d->stopped)
		greet(d);
	else if (!d->stopping)
		debugger_stop(d);
}

static void on_end_of_debugger(struct debugger *d)
{
	bool kill = d->stub.end == GDB_END_KILL;

	(void)send_out(d);
	if (kill) {
		gdb_line_hang_up(&d->line);
		kill_guest(d, "the debugger killed the guest");
	} else {
		log_step("the debugger has detached");
		leave(d);
	}
}

static void on_line(struct debugger *d)
{
	uint8_t bytes[READ_SIZE];
	ssize_t n = gdb_line_read(&d->line, bytes, sizeof(bytes));
	bool known = d->stub.heard;

	if (n > 0)
		gdb_stub_input(&d->stub, bytes, (size_t)n);
	if (d->stub.heard && !known)
		log_step("a debugger is there");
	if (d->stub.end)
		on_end_of_debugger(d);
	else if (n < 0)
		on_lost(d);
}

int debugger_poll(const struct debugger *d, struct pollfd *p)
{
	bool there = d && d->on;
	short events = POLLIN;

	if (there && d->stub.out.len)
		events = POLLOUT;
	/* The next one may come when this one has had the chance to speak. */
	p[DEBUGGER_LISTEN] = (struct pollfd){
		there && !d->greeting ? d->line.listen_fd : -1, POLLIN, 0
	};
	p[DEBUGGER_LINE] = (struct pollfd){ there && !d->greeting ? d->line.fd
								  : -1,
					    events, 0 };
	p[DEBUGGER_WAKE] = (struct pollfd){ there ? d->hold.wake_fd : -1,
					    POLLIN, 0 };
	return there && !d->stopped && (d->stopping || d->line.fd >= 0)
		       ? URGE_MS
		       : -1;
}

static void serve_line(struct debugger *d, short revents)
{
	if (revents & ~POLLOUT)
		on_line(d);
	if (d->line.fd >= 0 && !send_out(d))
		on_lost(d);
}

void debugger_serve(struct debugger *d, const struct pollfd *p)
{
	eventfd_t ignored;

	if (!d || !d->on)
		return;
	if (p[DEBUGGER_WAKE].revents) {
		(void)eventfd_read(d->hold.wake_fd, &ignored);
		on_stopped(d);
	}
	if (!d->stopped && clock_ns() - d->urged_ns >= URGE_MS * 1000000ull) {
		d->urged_ns = clock_ns();
		hold_urge(&d->hold);
	}
	if (d->line.fd >= 0 && p[DEBUGGER_LINE].fd == d->line.fd)
		serve_line(d, p[DEBUGGER_LINE].revents);
	/* Last: what has been said before counts. */
	if (p[DEBUGGER_LISTEN].revents)
		on_knock(d);
}

void debugger_stop_listening(struct debugger *d)
{
	if (d)
		gdb_line_stop_listening(&d->line);
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
	gdb_line_close(&d->line);
	gdb_stub_release(&d->stub);
	hold_release(&d->hold);
	d->on = false;
}

void debugger_abandon(const struct debugger *d)
{
	gdb_line_abandon(&d->line);
}
