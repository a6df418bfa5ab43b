/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "run/trace.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/retry.h"

static const struct {
	const char *name;
	enum trace_kind kind;
} kind_names[] = {
	{ "pio", TRACE_PIO },
	{ "mmio", TRACE_MMIO },
	{ "exits", TRACE_EXITS },
	{ "irq", TRACE_IRQ },
};

static unsigned find_kind(const char *name, size_t len)
{
	for (size_t i = 0; i < sizeof(kind_names) / sizeof(*kind_names); i++)
		if (strlen(kind_names[i].name) == len &&
		    !memcmp(kind_names[i].name, name, len))
			return kind_names[i].kind;
	return 0;
}

int trace_parse(const char *list, unsigned *kinds, struct err *e)
{
	unsigned all = 0;

	for (const char *at = list;; at++) {
		size_t len = strcspn(at, ",");
		unsigned kind = find_kind(at, len);

		if (!kind)
			return err_set(e, EINVAL,
				       "'%.*s' is none of pio, mmio, exits "
				       "and irq",
				       len < 64 ? (int)len : 64, at);
		all |= kind;
		at += len;
		if (!*at)
			break;
	}
	*kinds = all;
	return 0;
}

int trace_open(struct trace *t, unsigned kinds, const char *path,
	       uint64_t start_ns, struct err *e)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOCTTY,
		      0666);

	if (fd < 0)
		return err_sys(e, "%s", path);
	t->path = path;
	t->fd = fd;
	t->start_ns = start_ns;
	t->error = 0;
	t->len = 0;
	pthread_mutex_init(&t->lock, NULL);
	t->kinds = kinds;
	return 0;
}

static void write_out(struct trace *t)
{
	const char *at = t->buffer;

	while (t->len && !t->error) {
		ssize_t n = write(t->fd, at, t->len);

		if (n >= 0) {
			at += n;
			t->len -= (size_t)n;
		} else if (!retry_io(t->fd, POLLOUT)) {
			t->error = errno;
		}
	}
	t->len = 0;
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
	if (t->len + (size_t)n > TRACE_BUFFER)
		write_out(t);
	if (!t->error && t->fd >= 0) {
		memcpy(t->buffer + t->len, line, (size_t)n);
		t->len += (size_t)n;
	}
	pthread_mutex_unlock(&t->lock);
}

int trace_close(struct trace *t, struct err *e)
{
	int error;

	if (!t->kinds || t->fd < 0)
		return 0;
	pthread_mutex_lock(&t->lock);
	write_out(t);
	if (close(t->fd) && !t->error)
		t->error = errno;
	t->fd = -1;
	error = t->error;
	pthread_mutex_unlock(&t->lock);
	return error ? err_set(e, error, "%s: write: %s", t->path,
			       strerror(error))
		     : 0;
}
