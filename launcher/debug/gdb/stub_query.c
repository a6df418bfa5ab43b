/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The stub: threads, and what the debugger asks about the target.
 */
#include <string.h>

#include "debug/gdb/stub_parts.h"

#define INFO_LINE 256
/* Digits of a text that fit into a packet. */
#define TEXT_MAX (GDB_PACKET_MAX / 2)

void stub_choose(struct gdb_stub *s, struct args *a)
{
	bool for_run = args_char(a, 'c');
	int thread;

	if ((!for_run && !args_char(a, 'g')) || !args_thread(s, a, &thread) ||
	    !args_done(a)) {
		stub_say(s, STUB_E_FORM);
		return;
	}
	if (for_run)
		s->run_cpu = thread > 0 ? thread - 1 : -1;
	else
		s->cpu = thread > 0 ? (unsigned)thread - 1 : s->stop.cpu;
	stub_say(s, "OK");
}

void stub_is_alive(struct gdb_stub *s, struct args *a)
{
	int thread;

	stub_say(s, args_thread(s, a, &thread) && thread > 0 && args_done(a)
			    ? "OK"
			    : STUB_E_FORM);
}

void stub_current(struct gdb_stub *s, struct args *a)
{
	(void)a;
	stub_say(s, "QC%x", s->cpu + 1);
}

void stub_threads(struct gdb_stub *s, struct args *a)
{
	(void)a;
	for (unsigned i = 0; i < s->cpus; i++)
		stub_say(s, "%c%x", i ? ',' : 'm', i + 1);
}

void stub_more_threads(struct gdb_stub *s, struct args *a)
{
	(void)a;
	stub_say(s, "l");
}

void stub_thread_info(struct gdb_stub *s, struct args *a)
{
	char line[INFO_LINE];
	int thread;

	if (!args_thread(s, a, &thread) || thread <= 0 || !args_done(a)) {
		stub_say(s, STUB_E_FORM);
		return;
	}
	s->ops->describe(s->ctx, (unsigned)thread - 1, line, sizeof(line));
	gdb_hex_add(&s->reply, line, strlen(line));
}

void stub_why(struct gdb_stub *s, struct args *a)
{
	(void)a;
	stub_say_stop(s);
}

void stub_supported(struct gdb_stub *s, struct args *a)
{
	if (args_char(a, ':'))
		gdb_caps_read(&s->caps, a->at, (size_t)(a->end - a->at));
	gdb_caps_say(&s->reply);
}

/* A part of @whole, as qXfer wants it: "OFFSET,LENGTH". */
static void say_part(struct gdb_stub *s, struct args *a,
		     const struct buf *whole)
{
	uint64_t off, len;

	if (!args_range(a, &off, &len) || !args_done(a) || whole->failed ||
	    off > whole->len) {
		stub_say(s, STUB_E_FORM);
		return;
	}
	/* Every byte may need an escape, and there is the letter. */
	if (len > GDB_PACKET_MAX / 2 - 1)
		len = GDB_PACKET_MAX / 2 - 1;
	if (len >= whole->len - off) {
		len = whole->len - off;
		stub_say(s, "l");
	} else {
		stub_say(s, "m");
	}
	buf_add(&s->reply, whole->data + off, len);
}

void stub_features(struct gdb_stub *s, struct args *a)
{
	struct buf xml = { 0 };

	gdb_target_xml(s->arch, &xml);
	say_part(s, a, &xml);
	buf_release(&xml);
}

void stub_attached(struct gdb_stub *s, struct args *a)
{
	/* The guest was there before the debugger, and may outlive it: gdb
	 * detaches when it quits. */
	(void)a;
	stub_say(s, "1");
}

#define COMMAND_MAX 128

void stub_monitor(struct gdb_stub *s, struct args *a)
{
	char command[COMMAND_MAX + 1] = "";
	size_t len = (size_t)(a->end - a->at) / 2;
	struct buf text = { 0 };

	if (len > COMMAND_MAX || (a->end - a->at) % 2 ||
	    !gdb_hex_read(a->at, 2 * len, command, len)) {
		stub_say(s, STUB_E_FORM);
		return;
	}
	s->ops->monitor(s->ctx, command, &text);
	if (text.len > TEXT_MAX)
		text.len = TEXT_MAX;
	if (text.len)
		gdb_hex_add(&s->reply, text.data, text.len);
	else
		stub_say(s, "OK");
	buf_release(&text);
}
