/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "run/terminal.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "base/log.h"
#include "base/tty.h"

bool terminal_take_input(struct terminal *t, int fd)
{
	struct err e;
	bool raw;

	if (!isatty(fd))
		return true;
	if (tty_make_raw(fd, &raw, &e)) {
		log_step("%s", e.msg);
		raw = false;
	}
	if (raw)
		t->in_fd = fd;
	return raw;
}

/* The terminal that is stdout, opened anew; negative if that fails. */
static int reopen(const struct terminal *t, int flags)
{
	char path[32];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", t->shown_fd);
	return open(path, flags | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
}

/*
 * A terminal that is ready to be written to may have room for one byte, and a
 * write of more waits. So it must not block; but O_NONBLOCK belongs to the
 * open file, which the shell shares with us: open another one.
 */
int terminal_take_output(struct terminal *t, int fd)
{
	if (!isatty(fd))
		return fd;
	t->is_output = true;
	t->shown_fd = fd;
	t->out_fd = reopen(t, O_WRONLY);
	return t->out_fd >= 0 ? t->out_fd : fd;
}

void terminal_shows(struct terminal *t, const uint8_t *data, size_t n)
{
	if (t->is_output)
		tty_answers_output(&t->answers, data, n);
}

void terminal_says(struct terminal *t, const uint8_t *data, size_t n)
{
	if (t->in_fd >= 0)
		tty_answers_input(&t->answers, data, n);
}

/* The terminal that has shown the guest's output, to read its answers. */
static int open_answering(const struct terminal *t)
{
	struct err e;
	bool raw;
	int fd;

	if (t->in_fd >= 0)
		return dup(t->in_fd);
	fd = reopen(t, O_RDWR);
	if (fd >= 0 && !tty_make_raw(fd, &raw, &e) && raw)
		return fd;
	/* In the background, it is not ours to read. */
	if (fd >= 0)
		close(fd);
	return -1;
}

void terminal_give_back(struct terminal *t)
{
	struct tty_kept kept = { 0 };
	int fd = -1;

	if (t->is_output && t->answers.missing)
		fd = open_answering(t);
	if (fd >= 0)
		tty_answers_take(&t->answers, fd, &kept);
	tty_restore();
	if (fd < 0)
		return;
	tty_kept_type(&kept, fd);
	close(fd);
}

void terminal_release(struct terminal *t)
{
	if (t->out_fd >= 0)
		close(t->out_fd);
	*t = (struct terminal)TERMINAL_EMPTY;
}
