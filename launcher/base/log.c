/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"

static struct {
	unsigned level;
	uint64_t start_ns;
} logging;

void log_init(unsigned level)
{
	logging.level = level;
	logging.start_ns = clock_ns();
}

bool log_enabled(void)
{
	return logging.level > 0;
}

uint64_t log_start_ns(void)
{
	return logging.start_ns;
}

void log_step(const char *fmt, ...)
{
	uint64_t t = clock_ns() - logging.start_ns;
	char line[1024];
	va_list ap;
	int head;

	if (!log_enabled())
		return;
	head = snprintf(line, sizeof(line), "[%4llu.%06llu] ",
			(unsigned long long)(t / 1000000000),
			(unsigned long long)(t / 1000 % 1000000));
	va_start(ap, fmt);
	vsnprintf(line + head, sizeof(line) - (size_t)head, fmt, ap);
	va_end(ap);
	/* One write per line, so that lines of threads do not mix. */
	dprintf(STDERR_FILENO, "%s\n", line);
}

void log_warn(const char *fmt, ...)
{
	char line[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	dprintf(STDERR_FILENO, "launcher: %s\n", line);
}
