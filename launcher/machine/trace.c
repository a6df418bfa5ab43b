/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "machine/trace.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/confine.h"
#include "base/log.h"
#include "base/parse.h"
#include "base/thread.h"

static const struct parse_word trace_words[] = {
	{ "pio", TRACE_PIO },
	{ "mmio", TRACE_MMIO },
	{ "exits", TRACE_EXITS },
	{ "irq", TRACE_IRQ },
};

int trace_parse(const char *list, unsigned *kinds, struct err *e)
{
	return parse_words(list, trace_words,
			   sizeof(trace_words) / sizeof(*trace_words), "kind",
			   kinds, e);
}

/* Wait until the buffer is half full or the trace ends, then move its contents
 * to the chunk. Returns the chunk's length, 0 if the trace is over. */
static size_t take(struct trace *t)
{
	size_t len;

	pthread_mutex_lock(&t->lock);
	while (t->open && t->len < TRACE_BUFFER / 2)
		pthread_cond_wait(&t->filled, &t->lock);
	len = t->len;
	memcpy(t->chunk, t->buffer, len);
	t->len = 0;
	pthread_cond_broadcast(&t->space);
	pthread_mutex_unlock(&t->lock);
	return len;
}

static void give_up(struct trace *t)
{
	pthread_mutex_lock(&t->lock);
	t->stuck = true;
	pthread_cond_broadcast(&t->space);
	pthread_mutex_unlock(&t->lock);
}

/* How much of a chunk of whole lines, @len bytes, the file may have. */
static size_t within_limit(struct trace *t, size_t len)
{
	uint64_t left = t->limit - t->written;

	if (!t->limit || len <= left)
		return len;
	len = (size_t)left;
	while (len && t->chunk[len - 1] != '\n')
		len--;
	return len;
}

static void *write_out(void *arg)
{
	struct trace *t = arg;
	size_t len;

	confine_thread(THREAD_WORK, "trace");
	while ((len = take(t))) {
		const struct bytes part = { (const uint8_t *)t->chunk,
					    within_limit(t, len) };

		t->rc = output_write(&t->out, &part, 1, &t->wait, &t->failure);
		if (t->rc)
			break;
		t->written += part.len;
		if (part.len < len) {
			log_say("--limit-output: %s ends after %" PRIu64
				" bytes; the run goes on",
				t->out.path, t->written);
			break;
		}
	}
	give_up(t);
	return NULL;
}

static int start_writer(struct trace *t, struct err *e)
{
	t->wait.hurry_fd = eventfd(0, EFD_CLOEXEC);
	if (t->wait.hurry_fd < 0)
		return err_sys(e, "eventfd");
	t->hurry_fd = t->wait.hurry_fd;
	t->open = true;
	if (thread_start(&t->writer, write_out, t))
		return 0;
	t->open = false;
	close(t->hurry_fd);
	return err_set(e, EAGAIN, "no thread to write it with");
}

int trace_open(struct trace *t, unsigned kinds, struct output *out,
	       uint64_t limit, uint64_t start_ns, struct err *e)
{
	int rc = output_publish(out, e);

	if (rc)
		return rc;
	*t = (struct trace){
		.limit = limit,
		.start_ns = start_ns,
		.loop = pthread_self(),
		.out = *out,
		.wait = PATIENCE_AT_END,
	};
	*out = (struct output)OUTPUT_EMPTY;
	pthread_mutex_init(&t->lock, NULL);
	pthread_cond_init(&t->space, NULL);
	pthread_cond_init(&t->filled, NULL);
	rc = start_writer(t, e);
	if (rc)
		output_discard(&t->out);
	else
		t->kinds = kinds;
	return rc;
}

/* Under the lock: whether there is room for a line, waiting for it if the
 * calling thread may. */
static bool has_room(struct trace *t, size_t len)
{
	size_t limit = TRACE_BUFFER;

	if (pthread_equal(t->loop, pthread_self()))
		limit += TRACE_RESERVE;
	else
		while (t->len + len > limit && !t->hurry && !t->stuck)
			pthread_cond_wait(&t->space, &t->lock);
	return t->len + len <= limit;
}

static void add(struct trace *t, const char *line, size_t len)
{
	if (!t->open || t->stuck)
		return;
	if (!has_room(t, len)) {
		/* Or the writer has given up meanwhile. */
		t->lost += !t->stuck;
		return;
	}
	memcpy(t->buffer + t->len, line, len);
	t->len += len;
	if (t->len >= TRACE_BUFFER / 2)
		pthread_cond_signal(&t->filled);
}

void trace_line(struct trace *t, const char *fmt, ...)
{
	uint64_t ns = clock_ns() - t->start_ns;
	char line[TRACE_LINE + 32];
	va_list ap;
	int n;

	n = snprintf(line, sizeof(line), "%llu.%09llu ",
		     (unsigned long long)(ns / 1000000000),
		     (unsigned long long)(ns % 1000000000));
	va_start(ap, fmt);
	n += vsnprintf(line + n, sizeof(line) - (size_t)n - 1, fmt, ap);
	va_end(ap);
	if ((size_t)n > sizeof(line) - 2)
		n = sizeof(line) - 2;
	line[n++] = '\n';

	pthread_mutex_lock(&t->lock);
	add(t, line, (size_t)n);
	pthread_mutex_unlock(&t->lock);
}

void trace_hurry(struct trace *t)
{
	if (!t || !t->kinds)
		return;
	pthread_mutex_lock(&t->lock);
	t->hurry = true;
	pthread_cond_broadcast(&t->space);
	pthread_mutex_unlock(&t->lock);
	(void)eventfd_write(t->hurry_fd, 1);
}

static int end_writer(struct trace *t)
{
	trace_hurry(t);
	pthread_mutex_lock(&t->lock);
	t->open = false;
	pthread_cond_signal(&t->filled);
	pthread_mutex_unlock(&t->lock);
	pthread_join(t->writer, NULL);
	close(t->hurry_fd);
	return t->rc;
}

int trace_close(struct trace *t, struct err *e)
{
	int rc;

	if (!t->kinds || !t->open)
		return 0;
	rc = end_writer(t);
	if (rc) {
		*e = t->failure;
		output_discard(&t->out);
		return rc;
	}
	if (t->lost)
		rc = err_set(e, ETIMEDOUT, "%s: %u lines are missing",
			     t->out.path, t->lost);
	return output_commit(&t->out, rc ? &t->failure : e) ?: rc;
}
