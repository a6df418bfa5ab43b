/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "debug/gdb/stub.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "debug/gdb/args.h"

/* The packet has the wrong form; gdb has no text for it. */
#define E_FORM "E01"
/* The memory does not exist: EFAULT, by convention. */
#define E_MEMORY "E14"

/* ---- answers: they grow in stub.reply */

#define LINE_SIZE 1100 /* an error's message fits */

static void say(struct gdb_stub *s, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

static void say(struct gdb_stub *s, const char *fmt, ...)
{
	char line[LINE_SIZE];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	buf_add(&s->reply, line, strlen(line));
}

/* A text after the second dot, which gdb shows for some packets. */
static void refuse(struct gdb_stub *s, const struct err *e)
{
	say(s, "E.refused.%s", e->msg);
}

static void say_reg(struct gdb_stub *s, unsigned n, const struct cpu_regs *r)
{
	const struct gdb_reg *reg = &s->arch->regs[n];

	gdb_hex_add(&s->reply, gdb_reg_value(reg, r), reg->size);
}

static void say_reason(struct gdb_stub *s, const struct gdb_stop *stop)
{
	switch (stop->reason) {
	case GDB_STOP_SOFT:
		if (s->caps.knows_soft)
			say(s, "swbreak:;");
		break;
	case GDB_STOP_HARD:
		if (s->caps.knows_hard)
			say(s, "hwbreak:;");
		break;
	case GDB_STOP_WATCH:
		say(s, "watch:%llx;", (unsigned long long)stop->addr);
		break;
	case GDB_STOP_AWATCH:
		say(s, "awatch:%llx;", (unsigned long long)stop->addr);
		break;
	case GDB_STOP_PLAIN:
		break;
	}
}

/* The packet that gdb gets when the target has stopped, with the registers that
 * it needs first. */
static void say_stop(struct gdb_stub *s)
{
	const unsigned first[] = { s->arch->bp, s->arch->sp, s->arch->pc };
	struct cpu_regs r;
	struct err ignored;

	say(s, "T%02xthread:%x;", s->stop.signal, s->stop.cpu + 1);
	say_reason(s, &s->stop);
	if (s->ops->get_regs(s->ctx, s->stop.cpu, &r, &ignored))
		return;
	for (size_t i = 0; i < sizeof(first) / sizeof(*first); i++) {
		say(s, "%02x:", first[i]);
		say_reg(s, first[i], &r);
		say(s, ";");
	}
}

/*
 * The commands: each gets its arguments and puts the answer into stub.reply.
 * For a malformed packet it only answers with an error.
 */

/* ---- registers, memory, breakpoints */

/* Bytes of memory that fit into a packet, as digits. */
#define MEMORY_MAX (GDB_PACKET_MAX / 2)

static void do_get_all(struct gdb_stub *s, struct gdb_args *a)
{
	struct cpu_regs r;
	struct err e;

	(void)a;
	if (s->ops->get_regs(s->ctx, s->cpu, &r, &e)) {
		say(s, E_FORM);
		return;
	}
	for (unsigned i = 0; i < s->arch->count; i++)
		say_reg(s, i, &r);
}

static void set_regs(struct gdb_stub *s, const struct cpu_regs *r, bool fixed)
{
	struct err e;

	/* KVM needs the whole descriptor, which a debugger does not have. */
	if (fixed)
		say(s, "E.refused.selectors cannot be set");
	else if (s->ops->set_regs(s->ctx, s->cpu, r, &e))
		refuse(s, &e);
	else
		say(s, "OK");
}

/* One register's digits into @r. *@fixed: the value differs, but cannot be
 * set. */
static bool take_reg(struct gdb_stub *s, struct gdb_args *a, unsigned n,
		     struct cpu_regs *r, bool *fixed)
{
	const struct gdb_reg *reg = &s->arch->regs[n];
	uint8_t value[16];

	if (!gdb_hex_read(a->at, (size_t)(a->end - a->at), value, reg->size))
		return false;
	a->at += 2 * reg->size;
	*fixed |= !gdb_reg_set(reg, r, value);
	return true;
}

static void do_set_all(struct gdb_stub *s, struct gdb_args *a)
{
	struct cpu_regs r;
	struct err e;
	bool sound = !s->ops->get_regs(s->ctx, s->cpu, &r, &e);
	bool fixed = false;

	for (unsigned i = 0; sound && i < s->arch->count; i++)
		sound = take_reg(s, a, i, &r, &fixed);
	if (!sound || !gdb_args_done(a))
		say(s, E_FORM);
	else
		set_regs(s, &r, fixed);
}

static void do_get_one(struct gdb_stub *s, struct gdb_args *a)
{
	struct cpu_regs r;
	struct err e;
	uint64_t n;

	if (!gdb_args_number(a, &n) || !gdb_args_done(a) ||
	    n >= s->arch->count || s->ops->get_regs(s->ctx, s->cpu, &r, &e))
		say(s, E_FORM);
	else
		say_reg(s, (unsigned)n, &r);
}

static void do_set_one(struct gdb_stub *s, struct gdb_args *a)
{
	bool fixed = false;
	struct cpu_regs r;
	struct err e;
	uint64_t n;

	if (!gdb_args_number(a, &n) || !gdb_args_char(a, '=') ||
	    n >= s->arch->count || s->ops->get_regs(s->ctx, s->cpu, &r, &e) ||
	    !take_reg(s, a, (unsigned)n, &r, &fixed) || !gdb_args_done(a))
		say(s, E_FORM);
	else
		set_regs(s, &r, fixed);
}

static void do_read(struct gdb_stub *s, struct gdb_args *a)
{
	uint8_t bytes[MEMORY_MAX];
	uint64_t addr, len;
	size_t n;

	if (!gdb_args_range(a, &addr, &len) || !gdb_args_done(a)) {
		say(s, E_FORM);
		return;
	}
	if (len > MEMORY_MAX)
		len = MEMORY_MAX;
	n = s->ops->read(s->ctx, s->cpu, addr, bytes, len);
	if (!n && len)
		say(s, E_MEMORY);
	gdb_hex_add(&s->reply, bytes, n);
}

static void write_bytes(struct gdb_stub *s, uint64_t addr, const void *bytes,
			size_t len)
{
	size_t n = s->ops->write(s->ctx, s->cpu, addr, bytes, len);

	say(s, "%s", n == len ? "OK" : E_MEMORY);
}

static void do_write(struct gdb_stub *s, struct gdb_args *a)
{
	uint8_t bytes[MEMORY_MAX];
	uint64_t addr, len;

	if (!gdb_args_range(a, &addr, &len) || !gdb_args_char(a, ':') ||
	    len > MEMORY_MAX || (size_t)(a->end - a->at) != 2 * len ||
	    !gdb_hex_read(a->at, 2 * len, bytes, len))
		say(s, E_FORM);
	else
		write_bytes(s, addr, bytes, len);
}

static void do_write_binary(struct gdb_stub *s, struct gdb_args *a)
{
	uint64_t addr, len;

	if (!gdb_args_range(a, &addr, &len) || !gdb_args_char(a, ':') ||
	    (size_t)(a->end - a->at) != len)
		say(s, E_FORM);
	else
		write_bytes(s, addr, a->at, len);
}

/* "KIND,ADDR,LEN", and conditions after a ; which we do not offer. */
static bool take_break(struct gdb_args *a, enum gdb_break *kind, uint64_t *addr,
		       uint64_t *len)
{
	uint64_t n;

	if (!gdb_args_number(a, &n) || n >= GDB_BREAK_KINDS ||
	    !gdb_args_char(a, ',') || !gdb_args_range(a, addr, len) ||
	    !gdb_args_done(a))
		return false;
	*kind = (enum gdb_break)n;
	return true;
}

static void do_insert(struct gdb_stub *s, struct gdb_args *a)
{
	enum gdb_break kind;
	uint64_t addr, len;
	struct err e;

	if (!take_break(a, &kind, &addr, &len))
		say(s, E_FORM);
	else if (s->ops->insert(s->ctx, s->cpu, kind, addr, len, &e))
		refuse(s, &e);
	else
		say(s, "OK");
}

static void do_remove(struct gdb_stub *s, struct gdb_args *a)
{
	enum gdb_break kind;
	uint64_t addr, len;
	struct err e;

	if (!take_break(a, &kind, &addr, &len))
		say(s, E_FORM);
	else if (s->ops->remove(s->ctx, s->cpu, kind, addr, len, &e))
		refuse(s, &e);
	else
		say(s, "OK");
}

/* ---- letting vCPUs run */

static void resume(struct gdb_stub *s, const enum gdb_action *actions)
{
	struct err e;

	s->running = true;
	if (s->ops->resume(s->ctx, actions, &e)) {
		s->running = false;
		refuse(s, &e);
	}
}

/* c, s and similar packets, with an optional address to continue at. */
static void run_from(struct gdb_stub *s, struct gdb_args *a,
		     enum gdb_action what)
{
	enum gdb_action actions[GDB_CPUS_MAX];
	unsigned cpu = s->run_cpu < 0 ? s->stop.cpu : (unsigned)s->run_cpu;
	struct cpu_regs r;
	struct err e;
	uint64_t addr;

	if (!gdb_args_done(a)) {
		if (!gdb_args_number(a, &addr) || !gdb_args_done(a) ||
		    s->ops->get_regs(s->ctx, cpu, &r, &e)) {
			say(s, E_FORM);
			return;
		}
		r.rip = addr;
		if (s->ops->set_regs(s->ctx, cpu, &r, &e)) {
			refuse(s, &e);
			return;
		}
	}
	for (unsigned i = 0; i < s->cpus; i++)
		actions[i] = s->run_cpu < 0 ? GDB_CONTINUE : GDB_STAY;
	actions[cpu] = what;
	resume(s, actions);
}

static void do_continue(struct gdb_stub *s, struct gdb_args *a)
{
	run_from(s, a, GDB_CONTINUE);
}

static void do_step(struct gdb_stub *s, struct gdb_args *a)
{
	run_from(s, a, GDB_STEP);
}

/* "SIGNAL", or "SIGNAL;ADDR": a guest takes no signals. */
static bool skip_signal(struct gdb_args *a)
{
	uint64_t signal;

	return gdb_args_number(a, &signal) &&
	       (gdb_args_done(a) || gdb_args_char(a, ';'));
}

static void do_continue_signal(struct gdb_stub *s, struct gdb_args *a)
{
	if (skip_signal(a))
		run_from(s, a, GDB_CONTINUE);
	else
		say(s, E_FORM);
}

static void do_step_signal(struct gdb_stub *s, struct gdb_args *a)
{
	if (skip_signal(a))
		run_from(s, a, GDB_STEP);
	else
		say(s, E_FORM);
}

static void do_vcont_query(struct gdb_stub *s, struct gdb_args *a)
{
	(void)a;
	say(s, "vCont;c;C;s;S");
}

/* One of vCont's actions, up to its thread. */
static bool take_action(struct gdb_args *a, enum gdb_action *what)
{
	uint64_t signal;

	if (gdb_args_char(a, 'c'))
		*what = GDB_CONTINUE;
	else if (gdb_args_char(a, 's'))
		*what = GDB_STEP;
	else if (gdb_args_char(a, 'C') && gdb_args_number(a, &signal))
		*what = GDB_CONTINUE;
	else if (gdb_args_char(a, 'S') && gdb_args_number(a, &signal))
		*what = GDB_STEP;
	else
		return false;
	return true;
}

/* The first action for a thread, or for all, counts. */
static void give(struct gdb_stub *s, enum gdb_action *actions, bool *given,
		 int thread, enum gdb_action what)
{
	for (unsigned i = 0; i < s->cpus; i++) {
		if (given[i] || (thread >= 0 && (unsigned)thread != i + 1))
			continue;
		actions[i] = what;
		given[i] = true;
	}
}

static void do_vcont(struct gdb_stub *s, struct gdb_args *a)
{
	enum gdb_action actions[GDB_CPUS_MAX] = { GDB_STAY };
	bool given[GDB_CPUS_MAX] = { false };
	enum gdb_action what;
	bool sound = false;
	int thread;

	while (gdb_args_char(a, ';')) {
		thread = -1;
		sound = false;
		if (!take_action(a, &what) ||
		    (gdb_args_char(a, ':') &&
		     !gdb_args_thread(a, s->cpus, &thread)))
			break;
		/* 0 is any thread: the one that has stopped. */
		if (!thread)
			thread = (int)s->stop.cpu + 1;
		give(s, actions, given, thread, what);
		sound = true;
	}
	if (!sound || !gdb_args_done(a))
		say(s, E_FORM);
	else
		resume(s, actions);
}

/* ---- threads, and queries about the target */

#define INFO_LINE 256
/* Digits of a text that fit into a packet. */
#define TEXT_MAX (GDB_PACKET_MAX / 2)

static void do_choose(struct gdb_stub *s, struct gdb_args *a)
{
	bool for_run = gdb_args_char(a, 'c');
	int thread;

	if ((!for_run && !gdb_args_char(a, 'g')) ||
	    !gdb_args_thread(a, s->cpus, &thread) || !gdb_args_done(a)) {
		say(s, E_FORM);
		return;
	}
	if (for_run)
		s->run_cpu = thread > 0 ? thread - 1 : -1;
	else
		s->cpu = thread > 0 ? (unsigned)thread - 1 : s->stop.cpu;
	say(s, "OK");
}

static void do_is_alive(struct gdb_stub *s, struct gdb_args *a)
{
	int thread;

	say(s, gdb_args_thread(a, s->cpus, &thread) && thread > 0 &&
			       gdb_args_done(a)
		       ? "OK"
		       : E_FORM);
}

static void do_current(struct gdb_stub *s, struct gdb_args *a)
{
	(void)a;
	say(s, "QC%x", s->cpu + 1);
}

/* gdb moves the symbols of all segments as far as the first one was moved. */
static void do_offsets(struct gdb_stub *s, struct gdb_args *a)
{
	(void)a;
	if (s->text)
		say(s, "TextSeg=%llx", (unsigned long long)s->text);
}

static void do_threads(struct gdb_stub *s, struct gdb_args *a)
{
	(void)a;
	for (unsigned i = 0; i < s->cpus; i++)
		say(s, "%c%x", i ? ',' : 'm', i + 1);
}

static void do_more_threads(struct gdb_stub *s, struct gdb_args *a)
{
	(void)a;
	say(s, "l");
}

static void do_thread_info(struct gdb_stub *s, struct gdb_args *a)
{
	char line[INFO_LINE];
	int thread;

	if (!gdb_args_thread(a, s->cpus, &thread) || thread <= 0 ||
	    !gdb_args_done(a)) {
		say(s, E_FORM);
		return;
	}
	s->ops->describe(s->ctx, (unsigned)thread - 1, line, sizeof(line));
	gdb_hex_add(&s->reply, line, strlen(line));
}

static void do_why(struct gdb_stub *s, struct gdb_args *a)
{
	(void)a;
	say_stop(s);
}

static void do_supported(struct gdb_stub *s, struct gdb_args *a)
{
	if (gdb_args_char(a, ':'))
		gdb_caps_read(&s->caps, a->at, (size_t)(a->end - a->at));
	gdb_caps_say(&s->reply);
}

/* A part of @whole for qXfer: "OFFSET,LENGTH". */
static void say_part(struct gdb_stub *s, struct gdb_args *a,
		     const struct buf *whole)
{
	uint64_t off, len;

	if (!gdb_args_range(a, &off, &len) || !gdb_args_done(a) ||
	    whole->failed || off > whole->len) {
		say(s, E_FORM);
		return;
	}
	/* Every byte may need an escape, and there is the letter. */
	if (len > GDB_PACKET_MAX / 2 - 1)
		len = GDB_PACKET_MAX / 2 - 1;
	if (len >= whole->len - off) {
		len = whole->len - off;
		say(s, "l");
	} else {
		say(s, "m");
	}
	buf_add(&s->reply, whole->data + off, len);
}

static void do_features(struct gdb_stub *s, struct gdb_args *a)
{
	struct buf xml = { 0 };

	gdb_target_xml(s->arch, &xml);
	say_part(s, a, &xml);
	buf_release(&xml);
}

static void do_attached(struct gdb_stub *s, struct gdb_args *a)
{
	/* The guest ran before the debugger, and may outlive it, so gdb
	 * detaches when it quits. */
	(void)a;
	say(s, "1");
}

#define COMMAND_MAX 128

static void do_monitor(struct gdb_stub *s, struct gdb_args *a)
{
	char command[COMMAND_MAX + 1] = "";
	size_t len = (size_t)(a->end - a->at) / 2;
	struct buf text = { 0 };

	if (len > COMMAND_MAX || (a->end - a->at) % 2 ||
	    !gdb_hex_read(a->at, 2 * len, command, len)) {
		say(s, E_FORM);
		return;
	}
	s->ops->monitor(s->ctx, command, &text);
	if (text.len > TEXT_MAX)
		text.len = TEXT_MAX;
	if (text.len)
		gdb_hex_add(&s->reply, text.data, text.len);
	else
		say(s, "OK");
	buf_release(&text);
}

/* ---- negotiation, and the end */

static void start_no_acks(struct gdb_stub *s, struct gdb_args *a)
{
	(void)a;
	s->caps.no_ack = true;
	say(s, "OK");
}

static void detach(struct gdb_stub *s, struct gdb_args *a)
{
	(void)a;
	s->end = GDB_END_DETACH;
	say(s, "OK");
}

static void kill(struct gdb_stub *s, struct gdb_args *a)
{
	(void)a;
	s->end = GDB_END_KILL;
}

static void kill_process(struct gdb_stub *s, struct gdb_args *a)
{
	kill(s, a);
	say(s, "OK");
}

/* ---- packets */

/* How a packet of this name ends: with the name, or in arguments. */
enum form { ALONE, WITH_ARGS };

static const struct command {
	const char *name;
	enum form form;
	void (*run)(struct gdb_stub *s, struct gdb_args *a);
} commands[] = {
	{ "?", ALONE, do_why },
	{ "g", ALONE, do_get_all },
	{ "G", WITH_ARGS, do_set_all },
	{ "p", WITH_ARGS, do_get_one },
	{ "P", WITH_ARGS, do_set_one },
	{ "m", WITH_ARGS, do_read },
	{ "M", WITH_ARGS, do_write },
	{ "X", WITH_ARGS, do_write_binary },
	{ "Z", WITH_ARGS, do_insert },
	{ "z", WITH_ARGS, do_remove },
	{ "c", WITH_ARGS, do_continue },
	{ "C", WITH_ARGS, do_continue_signal },
	{ "s", WITH_ARGS, do_step },
	{ "S", WITH_ARGS, do_step_signal },
	{ "vCont?", ALONE, do_vcont_query },
	{ "vCont", WITH_ARGS, do_vcont },
	{ "vKill;", WITH_ARGS, kill_process },
	{ "k", WITH_ARGS, kill },
	{ "D", WITH_ARGS, detach },
	{ "H", WITH_ARGS, do_choose },
	{ "T", WITH_ARGS, do_is_alive },
	{ "qC", ALONE, do_current },
	{ "qOffsets", ALONE, do_offsets },
	{ "qfThreadInfo", ALONE, do_threads },
	{ "qsThreadInfo", ALONE, do_more_threads },
	{ "qThreadExtraInfo,", WITH_ARGS, do_thread_info },
	{ "qSupported", WITH_ARGS, do_supported },
	{ "qXfer:features:read:target.xml:", WITH_ARGS, do_features },
	{ "qAttached", WITH_ARGS, do_attached },
	{ "qRcmd,", WITH_ARGS, do_monitor },
	{ "QStartNoAckMode", ALONE, start_no_acks },
};

static const struct command *find_command(struct gdb_args *a)
{
	for (size_t i = 0; i < sizeof(commands) / sizeof(*commands); i++) {
		struct gdb_args rest = *a;

		if (gdb_args_word(&rest, commands[i].name) &&
		    (commands[i].form == WITH_ARGS || gdb_args_done(&rest))) {
			*a = rest;
			return &commands[i];
		}
	}
	return NULL;
}

static void send_reply(struct gdb_stub *s)
{
	s->last.len = 0;
	gdb_packet_add(&s->last, s->reply.data, s->reply.len);
	buf_add(&s->out, s->last.data, s->last.len);
	s->reply.len = 0;
}

/* The answer to an unknown packet is empty. While the target runs, there is no
 * answer: the debugger must stop it first. */
static void on_packet(struct gdb_stub *s)
{
	struct gdb_args a = { s->reader.data, s->reader.data + s->reader.len };
	const struct command *command;

	if (s->running) {
		say(s, "E.refused.the guest is running");
		send_reply(s);
		return;
	}
	command = find_command(&a);
	if (command)
		command->run(s, &a);
	/* A running target answers when it stops; k is not answered. */
	if (!s->running && (s->end != GDB_END_KILL || s->reply.len))
		send_reply(s);
}

static void ack(struct gdb_stub *s, const char *sign)
{
	if (!s->caps.no_ack)
		buf_add(&s->out, sign, 1);
}

static void on_break_in(struct gdb_stub *s)
{
	if (s->running)
		s->ops->interrupt(s->ctx);
}

static void on_event(struct gdb_stub *s, enum gdb_event event)
{
	switch (event) {
	case GDB_PACKET:
		ack(s, "+");
		on_packet(s);
		break;
	case GDB_TOO_LONG:
		ack(s, "+");
		say(s, E_FORM);
		send_reply(s);
		break;
	case GDB_BAD_SUM:
		ack(s, "-");
		break;
	case GDB_BREAK_IN:
		on_break_in(s);
		break;
	case GDB_NAK:
		/* Once for several, while no answer is pending. */
		if (!s->caps.no_ack && !s->out.len)
			buf_add(&s->out, s->last.data, s->last.len);
		break;
	case GDB_ACK:
	case GDB_NOTHING:
		break;
	}
}

void gdb_stub_input(struct gdb_stub *s, const uint8_t *data, size_t len)
{
	for (size_t i = 0; i < len && !s->end; i++)
		on_event(s, gdb_reader_feed(&s->reader, data[i]));
}

void gdb_stub_init(struct gdb_stub *s, const struct gdb_target_ops *ops,
		   void *ctx, const struct gdb_arch *arch, unsigned cpus)
{
	assert(cpus > 0 && cpus <= GDB_CPUS_MAX);
	*s = (struct gdb_stub){ .ops = ops,
				.ctx = ctx,
				.arch = arch,
				.cpus = cpus,
				.run_cpu = -1 };
}

void gdb_stub_release(struct gdb_stub *s)
{
	buf_release(&s->out);
	buf_release(&s->reply);
	buf_release(&s->last);
}

void gdb_stub_begin(struct gdb_stub *s, const struct gdb_stop *stop,
		    const struct gdb_caps *caps)
{
	s->reader = (struct gdb_reader){ 0 };
	s->out.len = s->reply.len = s->last.len = 0;
	s->running = false;
	s->caps = *caps;
	s->stop = *stop;
	s->cpu = stop->cpu;
	s->run_cpu = -1;
	s->end = GDB_END_NONE;
}

void gdb_stub_stopped(struct gdb_stub *s, const struct gdb_stop *stop)
{
	s->stop = *stop;
	s->cpu = stop->cpu;
	if (!s->running)
		return;
	s->running = false;
	say_stop(s);
	send_reply(s);
}

void gdb_stub_exited(struct gdb_stub *s, int status)
{
	if (!s->running)
		return;
	s->running = false;
	say(s, "W%02x", status & 0xff);
	send_reply(s);
}
