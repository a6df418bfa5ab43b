/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "run/terminal.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/confine.h"
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

/* The terminal @fd, opened again; negative if that fails. */
static int reopen(int fd, int flags)
{
	char path[32];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return open(path, flags | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
}

/*
 * A writable terminal may have room for only one byte, and a write of more
 * waits. So it must not block; but O_NONBLOCK belongs to the open file, which
 * the shell shares with us: open another one.
 */
void terminal_open(struct terminal *t, int fd)
{
	if (!isatty(fd))
		return;
	t->is_output = true;
	t->out_fd = reopen(fd, O_WRONLY);
	t->answer_fd = reopen(fd, O_RDWR);
}

int terminal_output(const struct terminal *t, int fd)
{
	return t->out_fd >= 0 ? t->out_fd : fd;
}

bool terminal_size(const struct terminal *t, uint16_t *cols, uint16_t *rows)
{
	struct winsize size = { 0 };
	int fd = t->out_fd >= 0 ? t->out_fd : t->in_fd;

	if (fd < 0 || ioctl(fd, TIOCGWINSZ, &size) || !size.ws_col ||
	    !size.ws_row)
		return false;
	*cols = size.ws_col;
	*rows = size.ws_row;
	return true;
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

/* Where to read the answers of the terminal that shows the guest's output; -1
 * if we may not read them, as in the background. */
static int answering(const struct terminal *t)
{
	struct err e;
	bool raw;

	if (t->in_fd >= 0)
		return t->in_fd;
	if (t->answer_fd >= 0 && !tty_make_raw(t->answer_fd, &raw, &e) && raw)
		return t->answer_fd;
	return -1;
}

void terminal_give_back(struct terminal *t)
{
	struct tty_kept kept = { 0 };
	int fd = -1;

	if (t->is_output && t->answers.missing)
		fd = answering(t);
	if (fd >= 0)
		tty_answers_take(&t->answers, fd, &kept);
	tty_restore();
	/* A confined thread can type nothing for the shell. */
	if (fd >= 0 && !confine_hook)
		tty_kept_type(&kept, fd);
}

void terminal_release(struct terminal *t)
{
	if (t->out_fd >= 0)
		close(t->out_fd);
	if (t->answer_fd >= 0)
		close(t->answer_fd);
	*t = (struct terminal)TERMINAL_EMPTY;
}
