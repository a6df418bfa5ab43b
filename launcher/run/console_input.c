/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "run/console_input.h"

#include <errno.h>
#include <signal.h>
#include <unistd.h>

#define CTRL_A 0x01

static void print_keys(void)
{
	static const char keys[] = "\n"
				   "Ctrl-A x       end the run\n"
				   "Ctrl-A Ctrl-A  send Ctrl-A to the guest\n"
				   "Ctrl-A h       this list\n";

	(void)!write(STDERR_FILENO, keys, sizeof(keys) - 1);
}

/* A key after Ctrl-A. Returns whether it goes to the guest. */
static bool escaped_key(struct console_input *in, uint8_t key)
{
	switch (key) {
	case 'x':
	case 'X':
		outcome_set(in->latch, OUTCOME_SIGNAL, SIGINT, "Ctrl-A x");
		return false;
	case 'h':
	case 'H':
		print_keys();
		return false;
	default:
		return true;
	}
}

static bool for_guest(struct console_input *in, uint8_t key)
{
	if (in->escape) {
		in->escape = false;
		return escaped_key(in, key);
	}
	in->escape = key == CTRL_A;
	return !in->escape;
}

/* Remove the keys that are for us; returns how many bytes are left. */
static size_t take_keys(struct console_input *in, uint8_t *bytes, size_t n)
{
	size_t keep = 0;

	for (size_t i = 0; i < n; i++)
		if (for_guest(in, bytes[i]))
			bytes[keep++] = bytes[i];
	return keep;
}

/* No more will come. */
static void stop_reading(struct console_input *in)
{
	loop_remove(&in->bytes);
	in->fd = -1;
}

static void read_bytes(struct console_input *in, size_t room)
{
	uint8_t bytes[1024];
	size_t len;
	ssize_t n;

	n = read(in->fd, bytes, room < sizeof(bytes) ? room : sizeof(bytes));
	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return;
	if (n <= 0) {
		stop_reading(in);
		return;
	}
	len = (size_t)n;
	if (in->terminal->in_fd >= 0) {
		terminal_says(in->terminal, bytes, len);
		len = take_keys(in, bytes, len);
	}
	line_receive(in->line, bytes, len);
}

static void type_texts(struct console_input *in)
{
	const uint8_t *data;
	size_t room, len;

	while (in->sender && (data = sender_next(in->sender, in->met, &len)) &&
	       (room = line_room(in->line)))
		sender_took(in->sender, line_receive(in->line, data,
						     len < room ? len : room));
}

/* Read on when there is room. The console reports when it has room again. */
static void update(struct console_input *in)
{
	if (in->fd >= 0)
		loop_change(&in->bytes, line_room(in->line) ? LOOP_IN : 0);
}

static void on_bytes(void *ctx, unsigned events)
{
	struct console_input *in = ctx;
	size_t room = line_room(in->line);

	(void)events;
	if (room)
		read_bytes(in, room);
	update(in);
}

static void on_room(void *ctx)
{
	struct console_input *in = ctx;

	type_texts(in);
	update(in);
}

int console_input_begin(struct console_input *in, struct loop *loop,
			struct err *e)
{
	int rc;

	in->bytes = (struct loop_watch){ .fn = on_bytes, .ctx = in };
	in->room = (struct loop_call){ .fn = on_room, .ctx = in };
	if (in->fd >= 0) {
		rc = loop_add(loop, &in->bytes, in->fd, 0, e);
		if (rc)
			return rc;
	}
	in->loop = loop;
	on_room(in);
	return 0;
}

void console_input_met(struct console_input *in, size_t met)
{
	if (!in->loop || in->met == met)
		return;
	in->met = met;
	on_room(in);
}

void console_input_room(struct console_input *in)
{
	loop_post(in->loop, &in->room);
}

void console_input_end(struct console_input *in)
{
	if (!in->loop)
		return;
	loop_remove(&in->bytes);
	loop_cancel(in->loop, &in->room);
	in->loop = NULL;
}
