/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "debug/gdb/stub_parts.h"

#include <assert.h>
#include <string.h>

static void send_reply(struct gdb_stub *s)
{
	s->last.len = 0;
	gdb_packet_add(&s->last, s->reply.data, s->reply.len);
	buf_add(&s->out, s->last.data, s->last.len);
	s->reply.len = 0;
}

static void start_no_acks(struct gdb_stub *s, struct args *a)
{
	(void)a;
	s->caps.no_ack = true;
	stub_say(s, "OK");
}

static void detach(struct gdb_stub *s, struct args *a)
{
	(void)a;
	s->end = GDB_END_DETACH;
	stub_say(s, "OK");
}

static void kill(struct gdb_stub *s, struct args *a)
{
	(void)a;
	s->end = GDB_END_KILL;
}

static void kill_process(struct gdb_stub *s, struct args *a)
{
	kill(s, a);
	stub_say(s, "OK");
}

/* How a packet of this name ends: with the name, or in arguments. */
enum form { ALONE, WITH_ARGS };

static const struct command {
	const char *name;
	enum form form;
	void (*run)(struct gdb_stub *s, struct args *a);
} commands[] = {
	{ "?", ALONE, stub_why },
	{ "g", ALONE, stub_get_all },
	{ "G", WITH_ARGS, stub_set_all },
	{ "p", WITH_ARGS, stub_get_one },
	{ "P", WITH_ARGS, stub_set_one },
	{ "m", WITH_ARGS, stub_read },
	{ "M", WITH_ARGS, stub_write },
	{ "X", WITH_ARGS, stub_write_binary },
	{ "Z", WITH_ARGS, stub_insert },
	{ "z", WITH_ARGS, stub_remove },
	{ "c", WITH_ARGS, stub_continue },
	{ "C", WITH_ARGS, stub_continue_signal },
	{ "s", WITH_ARGS, stub_step },
	{ "S", WITH_ARGS, stub_step_signal },
	{ "vCont?", ALONE, stub_vcont_query },
	{ "vCont", WITH_ARGS, stub_vcont },
	{ "vKill;", WITH_ARGS, kill_process },
	{ "k", WITH_ARGS, kill },
	{ "D", WITH_ARGS, detach },
	{ "H", WITH_ARGS, stub_choose },
	{ "T", WITH_ARGS, stub_is_alive },
	{ "qC", ALONE, stub_current },
	{ "qfThreadInfo", ALONE, stub_threads },
	{ "qsThreadInfo", ALONE, stub_more_threads },
	{ "qThreadExtraInfo,", WITH_ARGS, stub_thread_info },
	{ "qSupported", WITH_ARGS, stub_supported },
	{ "qXfer:features:read:target.xml:", WITH_ARGS, stub_features },
	{ "qAttached", WITH_ARGS, stub_attached },
	{ "qRcmd,", WITH_ARGS, stub_monitor },
	{ "QStartNoAckMode", ALONE, start_no_acks },
};

static const struct command *find_command(struct args *a)
{
	for (size_t i = 0; i < sizeof(commands) / sizeof(*commands); i++) {
		struct args rest = *a;

		if (args_word(&rest, commands[i].name) &&
		    (commands[i].form == WITH_ARGS || args_done(&rest))) {
			*a = rest;
			return &commands[i];
		}
	}
	return NULL;
}

/* To what is not known the answer is empty; while the target runs there is
 * nothing that could be answered, and the debugger has to break in first. */
static void on_packet(struct gdb_stub *s)
{
	struct args a = { s->reader.data, s->reader.data + s->reader.len };
	const struct command *command;

	if (s->running) {
		stub_say(s, "E.refused.the guest is running");
		send_reply(s);
		return;
	}
	command = find_command(&a);
	if (command)
		command->run(s, &a);
	/* A target that runs answers when it stops, k never. */
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
		stub_say(s, STUB_E_FORM);
		send_reply(s);
		break;
	case GDB_BAD_SUM:
		ack(s, "-");
		break;
	case GDB_BREAK_IN:
		on_break_in(s);
		break;
	case GDB_NAK:
		/* Once for however many, as long as nothing is on its way. */
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
	stub_say_stop(s);
	send_reply(s);
}

void gdb_stub_exited(struct gdb_stub *s, int status)
{
	if (!s->running)
		return;
	s->running = false;
	stub_say(s, "W%02x", status & 0xff);
	send_reply(s);
}
