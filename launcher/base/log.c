/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Must never trust: the reader of stderr. A full pipe, or a terminal held with
 * Ctrl-S, would block the writing thread, and with it the run's time limit and
 * signals. So writing does not block: O_NONBLOCK belongs to the open file,
 * which other processes share, so the file is opened again with it. If that is
 * not possible, a pipe is written only when poll() promises room for a whole
 * line.
 */
#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clean.h"
#include "base/clock.h"
#include "base/patience.h"

/* Longer lines are cut. Less than PIPE_BUF, so that lines of several threads do
 * not mix, and a line for which poll() has promised room does not block. */
#define LINE_MAX_SIZE 2048

/* How long a line may wait. */
#define LINE_PATIENCE_NS UINT64_C(100000000)

static struct {
	unsigned level;
	uint64_t start_ns;
	int fd;		   /* stderr, or the same file opened again */
	atomic_bool stuck; /* no room for the last line; the next do not wait */
	atomic_uint lost;
} logging = { .fd = STDERR_FILENO };

void log_init(unsigned level)
{
	logging.level = level;
	logging.start_ns = clock_ns();
}

void log_open(void)
{
	char self[32];
	struct stat st;
	int fd;

	if (fstat(STDERR_FILENO, &st) ||
	    !(S_ISFIFO(st.st_mode) || isatty(STDERR_FILENO)))
		return;
	snprintf(self, sizeof(self), "/proc/self/fd/%d", STDERR_FILENO);
	fd = open(self, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd >= 0)
		logging.fd = fd;
}

void log_lose(void)
{
	logging.fd = STDERR_FILENO;
}

bool log_enabled(void)
{
	return logging.level > 0;
}

uint64_t log_start_ns(void)
{
	return logging.start_ns;
}

/* Write the @len bytes at @line, with one call if possible. */
static bool write_line(const char *line, size_t len)
{
	struct patience p = {
		.left_ns = atomic_load(&logging.stuck) ? 0 : LINE_PATIENCE_NS,
		.hurry_fd = -1,
	};

	while (len) {
		ssize_t n;

		if (patience_wait(&p, logging.fd))
			return false;
		n = write(logging.fd, line, len);
		if (n < 0 && errno != EAGAIN && errno != EINTR)
			return false;
		if (n > 0) {
			line += n;
			len -= (size_t)n;
		}
	}
	return true;
}

/* @line has room for one more byte than it uses. */
static void put_line(char *line)
{
	bool written;

	/* Names of files and strings of images are among it. */
	clean_text(line);
	written = write_line(line, strlen(strcat(line, "\n")));
	atomic_store(&logging.stuck, !written);
	if (!written)
		atomic_fetch_add(&logging.lost, 1);
}

/* @head and the text that @fmt makes. */
static void put_text(const char *head, const char *fmt, va_list ap)
	__attribute__((format(printf, 2, 0)));

static void put_text(const char *head, const char *fmt, va_list ap)
{
	char line[LINE_MAX_SIZE];
	size_t len = (size_t)snprintf(line, sizeof(line), "%s", head);

	vsnprintf(line + len, sizeof(line) - len - 1, fmt, ap);
	put_line(line);
}

void log_step(const char *fmt, ...)
{
	uint64_t t = clock_ns() - logging.start_ns;
	char head[32];
	va_list ap;

	if (!log_enabled())
		return;
	snprintf(head, sizeof(head), "[%4llu.%06llu] ",
		 (unsigned long long)(t / 1000000000),
		 (unsigned long long)(t / 1000 % 1000000));
	va_start(ap, fmt);
	put_text(head, fmt, ap);
	va_end(ap);
}

void log_say(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	put_text("launcher: ", fmt, ap);
	va_end(ap);
}

void log_end(void)
{
	unsigned lost = atomic_exchange(&logging.lost, 0);

	if (lost)
		log_say("stderr accepted nothing for a while: %u line%s "
			"missing",
			lost, lost == 1 ? " is" : "s are");
}
