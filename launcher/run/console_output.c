/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "run/console_output.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <signal.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"

#define NS_PER_MS UINT64_C(1000000)

/*
 * Output comes byte by byte, and waking for each would cost more than the
 * guest's exit for it. After a write, bytes are gathered for a moment too short
 * for a person to notice, unless there are already many.
 */
#define GATHER_NS  NS_PER_MS
#define GATHER_MAX (CONSOLE_QUEUE / 4)

/* The delay before another attempt if stdout was ready but accepted nothing. */
#define RETRY_NS NS_PER_MS

static size_t pending(const struct console_output *o)
{
	const uint8_t *data;

	return console_peek(o->console, &data);
}

static void fail(struct console_output *o, int error)
{
	outcome_set(o->latch, OUTCOME_HOST, 0,
		    "cannot write the guest's console to stdout: %s",
		    strerror(error));
	console_close(o->console);
}

/* The reader has closed the pipe, perhaps long before the guest prints
 * anything. */
static void on_gone(struct console_output *o)
{
	if (o->terminal->out_fd >= 0)
		outcome_set(o->latch, OUTCOME_SIGNAL, SIGHUP,
			    "SIGHUP (the terminal was closed)");
	else
		fail(o, EPIPE);
}

static void show_watch(struct console_output *o, const uint8_t *data, size_t n)
{
	if (o->watch)
		watch_feed(o->watch, data, n);
}

static void pass_on(struct console_output *o, const uint8_t *data, size_t n)
{
	show_watch(o, data, n);
	terminal_shows(o->terminal, data, n);
	console_drop(o->console, n);
	o->seen(o->ctx);
}

/* Only the watch gets the @n bytes. */
static ssize_t drop(struct console_output *o, const uint8_t *data, size_t n)
{
	if (!o->dropped)
		log_say("--limit-output: %" PRIu64
			" bytes of the guest's console are written, and the "
			"rest is dropped; the run goes on",
			o->written);
	o->dropped += n;
	show_watch(o, data, n);
	console_drop(o->console, n);
	o->seen(o->ctx);
	return (ssize_t)n;
}

/*
 * Write a piece of the queue to stdout. Returns how many bytes were written, 0
 * if stdout accepts none for now, negative if there is nothing to write or
 * writing fails.
 *
 * A writable pipe accepts PIPE_BUF bytes without blocking, so the piece is not
 * longer than that.
 */
static ssize_t write_piece(struct console_output *o)
{
	const uint8_t *data;
	size_t len = console_peek(o->console, &data);
	ssize_t n;

	if (!len)
		return -1;
	/* This line comes first: stdout and stderr may be one terminal. */
	if (milestone_reach(o->times, MILESTONE_FIRST_CONSOLE_BYTE))
		log_step("first console byte");
	n = len < PIPE_BUF ? (ssize_t)len : PIPE_BUF;
	if (o->limit && o->written == o->limit)
		return drop(o, data, (size_t)n);
	if (o->limit && (uint64_t)n > o->limit - o->written)
		n = (ssize_t)(o->limit - o->written);
	if (o->fd >= 0)
		n = write(o->fd, data, (size_t)n);
	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return 0;
	if (n < 0) {
		o->write_error = errno;
		fail(o, errno);
		return -1;
	}
	o->written += (uint64_t)n;
	pass_on(o, data, (size_t)n);
	return n;
}

/* Wait for what is of interest now. */
static void update(struct console_output *o)
{
	bool pauses = loop_timer_is_set(&o->pause);
	bool writes = !pauses && pending(o);

	if (o->fd >= 0)
		loop_change(&o->stdout_watch, writes ? LOOP_OUT : LOOP_GONE);
	loop_change(&o->queue, pauses ? 0 : LOOP_IN);
}

static void serve(struct console_output *o)
{
	bool wrote = false;
	ssize_t n;

	do {
		n = write_piece(o);
		wrote |= n > 0;
	} while (n > 0 && o->fd < 0);
	/* A terminal with room for one byte, but not for a new line, is always
	 * ready. */
	if (!n)
		loop_timer_set(o->loop, &o->pause, clock_ns() + RETRY_NS);
	else if (wrote && pending(o) < GATHER_MAX)
		loop_timer_set(o->loop, &o->pause, clock_ns() + GATHER_NS);
	update(o);
}

static void on_stdout(void *ctx, unsigned events)
{
	struct console_output *o = ctx;

	(void)events;
	/* A write gives the reason. */
	if (o->stdout_watch.events & LOOP_OUT)
		serve(o);
	else
		on_gone(o);
}

/* There may be something to write. */
static void look(void *ctx)
{
	struct console_output *o = ctx;

	if (o->fd < 0)
		serve(o);
	else
		update(o);
}

static void on_queue(void *ctx, unsigned events)
{
	struct console_output *o = ctx;
	eventfd_t ignored;

	(void)events;
	(void)eventfd_read(o->console->wake_fd, &ignored);
	look(o);
}

int console_output_begin(struct console_output *o, struct loop *loop,
			 struct err *e)
{
	int rc;

	o->loop = loop;
	o->queue = (struct loop_watch){ .fn = on_queue, .ctx = o };
	o->stdout_watch = (struct loop_watch){ .fn = on_stdout, .ctx = o };
	o->pause = (struct loop_timer){ .fn = look, .ctx = o };
	rc = loop_add(loop, &o->queue, o->console->wake_fd, LOOP_IN, e);
	if (!rc && o->fd >= 0)
		rc = loop_add(loop, &o->stdout_watch, o->fd, LOOP_GONE, e);
	if (rc)
		console_output_end(o);
	else
		look(o);
	return rc;
}

void console_output_end(struct console_output *o)
{
	loop_remove(&o->queue);
	loop_remove(&o->stdout_watch);
	loop_timer_stop(&o->pause);
}

/* Bytes that stdout does not accept are still judged. */
static void forsake(struct console_output *o)
{
	const uint8_t *data;
	size_t len;

	while ((len = console_peek(o->console, &data))) {
		o->unwritten += len;
		show_watch(o, data, len);
		console_drop(o->console, len);
	}
	o->seen(o->ctx);
}

void console_output_drain(struct console_output *o, struct patience *patience)
{
	uint64_t last = clock_ns();

	while (pending(o)) {
		ssize_t n;

		if (o->fd >= 0 && patience_wait(patience, o->fd))
			break;
		n = write_piece(o);
		if (n > 0)
			last = clock_ns();
		/* A terminal may be ready but accept nothing. */
		else if (n < 0 ||
			 clock_ns() - last >= END_PATIENCE_MS * NS_PER_MS)
			break;
		else
			usleep(RETRY_NS / 1000);
	}
	forsake(o);
}
