/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What gdb does to the machine: the functions behind the stub.
 */
#include "debug/debugger_parts.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"

/* ---- memory */

/* Of @len bytes at @addr, how many there are before the end of all
 * addresses. */
static size_t within_addresses(uint64_t addr, size_t len)
{
	uint64_t room = 0 - addr; /* 0: all of them */

	return addr && len > room ? room : len;
}

/* The guest's bytes at @addr, and up to *@len of them in one piece; NULL where
 * there is no memory. */
static uint8_t *piece(const struct view *v, uint64_t addr, size_t *len)
{
	uint64_t gpa, run;
	uint8_t *p;

	if (!view_find(v, addr, &gpa, &run))
		return NULL;
	if (*len > run)
		*len = run;
	/* The last page may end where RAM does. */
	while (!(p = guest_mem_ptr(v->d->hold.gm, gpa, *len)))
		--*len;
	return p;
}

static size_t on_read(void *ctx, unsigned cpu, uint64_t addr, void *buf,
		      size_t len)
{
	size_t done = 0, n;
	const uint8_t *p;
	struct view v;

	len = within_addresses(addr, len);
	if (!view_open(ctx, cpu, &v))
		return 0;
	for (; done < len; done += n) {
		n = len - done;
		p = piece(&v, addr + done, &n);
		if (!p)
			break;
		memcpy((uint8_t *)buf + done, p, n);
	}
	return done;
}

static size_t on_write(void *ctx, unsigned cpu, uint64_t addr, const void *buf,
		       size_t len)
{
	size_t done = 0, n;
	struct view v;
	uint8_t *p;

	len = within_addresses(addr, len);
	if (!view_open(ctx, cpu, &v))
		return 0;
	for (; done < len; done += n) {
		n = len - done;
		p = piece(&v, addr + done, &n);
		if (!p)
			break;
		memcpy(p, (const uint8_t *)buf + done, n);
	}
	return done;
}

/* ---- registers and breakpoints */

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

/* Whether such a refusal is the debugger's first. One that comes up with more
 * kinds than there should be is told no more. */
static bool is_news(struct refusals *r, enum gdb_break kind, int rc)
{
	/* Watchpoints are refused alike. */
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

	if (!view_open(d, cpu, &v) || !view_find(&v, addr, &gpa, &run))
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

/* ---- running */

static int on_resume(void *ctx, const enum gdb_action *actions, struct err *e)
{
	struct debugger *d = ctx;
	int rc = hold_resume(&d->hold, actions, e);

	/* There may be a stop to be told first: the hold wakes us then. */
	if (!rc)
		d->stopped = false;
	d->stopping = false;
	return rc;
}

void debugger_stop(struct debugger *d)
{
	d->stop = (struct gdb_stop){ .signal = GDB_SIGINT, .cpu = d->stop.cpu };
	d->stopping = true;
	hold_stop(&d->hold);
}

static void on_interrupt(void *ctx)
{
	debugger_stop(ctx);
}

/* ---- what it tells about itself */

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
			 "a hexadecimal address, please, with or without 0x\n");
	else if (!view_open(d, d->stub.cpu, &v) ||
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

const struct gdb_target_ops debugger_ops = {
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
