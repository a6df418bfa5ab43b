/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "run/debugger.h"

#include <elf.h>
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/parse.h"

/* How often vCPUs that do not do what they should are looked after. */
#define URGE_MS 20

/* How long a debugger may take to hear that it is over. */
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

/* ---- memory */

struct view {
	struct debugger *d;
	struct paging paging;
};

static bool open_view(struct debugger *d, unsigned cpu, struct view *v)
{
	struct cpu_regs r;
	struct err ignored;

	if (vcpu_get_regs(d->hold.cpus[cpu].v, &r, &ignored))
		return false;
	*v = (struct view){ d, cpu_paging(&r) };
	return true;
}

static bool is_ram(const struct view *v, uint64_t addr, uint64_t *gpa,
		   uint64_t *run)
{
	return walk_linear(v->d->hold.gm, &v->paging, addr, gpa, run) &&
	       guest_mem_ptr(v->d->hold.gm, *gpa, 1);
}

/* A segment with an address of its own: per-CPU data has 0. */
static bool is_kernel(const struct elf_segment *seg)
{
	return seg->type == PT_LOAD && seg->vaddr;
}

/* Whether the guest's tables know where its kernel is. */
static bool is_mapped(const struct view *v)
{
	const struct kernel_elf *k = v->d->elf;
	uint64_t gpa, run;

	for (unsigned i = 0; i < k->segments_count; i++)
		if (is_kernel(&k->segments[i]))
			return is_ram(v, k->segments[i].vaddr, &gpa, &run);
	return true;
}

static bool find_in_elf(const struct view *v, uint64_t addr, uint64_t *gpa,
			uint64_t *run)
{
	const struct kernel_elf *k = v->d->elf;

	for (unsigned i = 0; i < k->segments_count; i++) {
		const struct elf_segment *seg = &k->segments[i];
		uint64_t off = addr - seg->vaddr;

		if (!is_kernel(seg) || addr < seg->vaddr || off >= seg->memsz)
			continue;
		*gpa = seg->paddr + v->d->delta + off;
		*run = seg->memsz - off;
		return true;
	}
	return false;
}

/* Where @addr is in RAM, and how much follows in one piece. */
static bool find_memory(const struct view *v, uint64_t addr, uint64_t *gpa,
			uint64_t *run)
{
	if (is_ram(v, addr, gpa, run))
		return true;
	return v->d->elf && !is_mapped(v) && find_in_elf(v, addr, gpa, run) &&
	       guest_mem_ptr(v->d->hold.gm, *gpa, 1);
}

/* Copy @len bytes between guest and @buf, as far as there is memory. */
static size_t copy(struct debugger *d, unsigned cpu, uint64_t addr,
		   uint8_t *buf, size_t len, bool write)
{
	size_t done = 0;
	struct view v;

	if (!open_view(d, cpu, &v))
		return 0;
	while (done < len) {
		uint64_t gpa, run;
		size_t n = len - done;
		uint8_t *p;

		if (!find_memory(&v, addr + done, &gpa, &run))
			break;
		if (n > run)
			n = run;
		/* The last page may end where RAM does. */
		while (!(p = guest_mem_ptr(d->hold.gm, gpa, n)))
			n--;
		if (write)
			memcpy(p, buf + done, n);
		else
			memcpy(buf + done, p, n);
		done += n;
	}
	return done;
}

static size_t on_read(void *ctx, unsigned cpu, uint64_t addr, void *buf,
		      size_t len)
{
	return copy(ctx, cpu, addr, buf, len, false);
}

static size_t on_write(void *ctx, unsigned cpu, uint64_t addr, const void *buf,
		       size_t len)
{
	return copy(ctx, cpu, addr, (uint8_t *)buf, len, true);
}

/* ---- registers and breakpoints */

static int on_get_regs(void *ctx, unsigned cpu, struct cpu_regs *r,
		       struct err *e)
{
	struct debugger *d = ctx;

	return vcpu_get_regs(d->hold.cpus[cpu].v, r, e);
}

static int on_set_regs(void *ctx, unsigned cpu, const struct cpu_regs *r,
		       struct err *e)
{
	struct debugger *d = ctx;

	return vcpu_set_regs(d->hold.cpus[cpu].v, r, e);
}

/* gdb does not show every refusal. */
static int refuse(struct debugger *d, int rc, const struct err *e)
{
	if (!d->refused)
		fprintf(stderr, "launcher: gdb: %s\n", e->msg);
	d->refused = true;
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

	if (!open_view(d, cpu, &v) || !find_memory(&v, addr, &gpa, &run))
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
	return rc ? refuse(d, rc, e) : 0;
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

/* ---- running */

static int on_resume(void *ctx, const enum gdb_action *actions, struct err *e)
{
	struct debugger *d = ctx;
	int rc = hold_resume(&d->hold, actions, e);

	/* There may be a stop to be told first: it will have the hold wake us. */
	if (!rc)
		d->stopped = false;
	d->stopping = false;
	return rc;
}

static void stop(struct debugger *d)
{
	d->stop = (struct gdb_stop){ .signal = GDB_SIGINT, .cpu = d->stop.cpu };
	d->stopping = true;
	hold_stop(&d->hold);
}

static void on_interrupt(void *ctx)
{
	stop(ctx);
}

/* ---- what it tells about itself */

static void on_describe(void *ctx, unsigned cpu, char *buf, size_t size)
{
	struct debugger *d = ctx;
	struct cpu_regs r;
	struct err e;

	if (vcpu_get_regs(d->hold.cpus[cpu].v, &r, &e)) {
		snprintf(buf, size, "vCPU %u: %s", cpu, e.msg);
		return;
	}
	snprintf(buf, size, "vCPU %u: %s code, %s", cpu,
		 r.code64   ? "64-bit"
		 : r.code32 ? "32-bit"
			    : "16-bit",
		 vcpu_activity(d->hold.cpus[cpu].v));
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

static void tell_gpa(struct debugger *d, const char *arg, struct buf *out)
{
	uint64_t addr, gpa, run;
	struct err e = ERR_EMPTY;
	struct view v;
	char text[128];

	if (parse_address(arg, &addr, &e))
		snprintf(text, sizeof(text), "an address, please\n");
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

static const struct gdb_target_ops ops = {
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

/* ---- coming and going */

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
	gdb_stub_init(&d->stub, &ops, d,
		      d->elf && !d->elf->is64 ? &gdb_arch_32 : &gdb_arch_64,
		      count);
	invite(d);
	return 0;
}

bool debugger_holds(const struct debugger *d)
{
	return d && d->on && d->line.fd >= 0 && (d->stopped || d->stopping);
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
	stop(d);
}

static void on_lost(struct debugger *d)
{
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
			stop(d);
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

	if (d->line.fd >= 0) {
		/* One is enough. */
		if (gdb_line_accept(&another))
			gdb_line_hang_up(&another);
		return;
	}
	if (!gdb_line_accept(&d->line))
		return;
	log_step("a debugger is there");
	d->greeting = true;
	d->leaving = false;
	if (d->stopped)
		greet(d);
	else if (!d->stopping)
		stop(d);
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

	if (n > 0)
		gdb_stub_input(&d->stub, bytes, (size_t)n);
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
	p[DEBUGGER_LISTEN] = (struct pollfd){ there ? d->line.listen_fd : -1,
					      POLLIN, 0 };
	p[DEBUGGER_LINE] = (struct pollfd){ there && !d->greeting ? d->line.fd
								  : -1,
					    events, 0 };
	p[DEBUGGER_WAKE] = (struct pollfd){ there ? d->hold.wake_fd : -1,
					    POLLIN, 0 };
	return there && !d->stopped && (d->stopping || d->line.fd >= 0)
		       ? URGE_MS
		       : -1;
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
	if (p[DEBUGGER_LISTEN].revents)
		on_knock(d);
	if (d->line.fd < 0 || p[DEBUGGER_LINE].fd != d->line.fd)
		return;
	if (p[DEBUGGER_LINE].revents & ~POLLOUT)
		on_line(d);
	if (d->line.fd >= 0 && !send_out(d))
		on_lost(d);
}

void debugger_tell_end(struct debugger *d, int status)
{
	struct pollfd p;

	if (!d->on || d->line.fd < 0)
		return;
	gdb_stub_exited(&d->stub, status);
	p = (struct pollfd){ d->line.fd, POLLOUT, 0 };
	while (d->stub.out.len && poll(&p, 1, FAREWELL_MS) > 0 && send_out(d))
		;
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
