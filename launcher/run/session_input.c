/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The session's input: what is typed or pasted on stdin, and what --send has
 * to type, on its way into the guest's serial line. Nothing is read that the
 * port has no room for, so nothing is lost.
 */
#include "run/session_io.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/log.h"
#include "base/tty.h"

#define CTRL_A 0x01

void input_take_terminal(struct session *s)
{
	struct err e;
	bool raw;

	if (s->in_fd < 0 || !isatty(s->in_fd))
		return;
	if (tty_make_raw(s->in_fd, &raw, &e)) {
		log_step("%s", e.msg);
		raw = false;
	}
	/* In the background the terminal is not ours to read. */
	s->input_is_tty = raw;
	s->tty_fd = s->in_fd;
	if (!raw)
		s->in_fd = -1;
}

/* The terminal that has shown the guest's output, to read its answers. */
static int open_answering(const struct session *s)
{
	struct err e;
	bool raw;
	int fd;

	if (s->input_is_tty)
		return dup(s->tty_fd);
	fd = stdout_reopen(s, O_RDWR);
	if (fd >= 0 && !tty_make_raw(fd, &raw, &e) && raw)
		return fd;
	/* In the background, it is not ours to read. */
	if (fd >= 0)
		close(fd);
	return -1;
}

void input_give_back_terminal(struct session *s)
{
	struct tty_kept kept = { 0 };
	int fd = -1;

	if (s->output_is_tty && s->answers.missing)
		fd = open_answering(s);
	if (fd >= 0)
		tty_answers_take(&s->answers, fd, &kept);
	tty_restore();
	if (fd < 0)
		return;
	tty_kept_type(&kept, fd);
	close(fd);
}

static void print_keys(void)
{
	static const char keys[] = "\n"
				   "Ctrl-A x       end the run\n"
				   "Ctrl-A Ctrl-A  send Ctrl-A to the guest\n"
				   "Ctrl-A h       this list\n";

	(void)!write(STDERR_FILENO, keys, sizeof(keys) - 1);
}

/* A key after Ctrl-A. Returns whether it goes to the guest. */
static bool escaped_key(struct session *s, uint8_t key)
{
	switch (key) {
	case 'x':
	case 'X':
		outcome_set(s->latch, OUTCOME_SIGNAL, SIGINT,
			    "Ctrl-A x was typed");
		return false;
	case 'h':
	case 'H':
		print_keys();
		return false;
	default:
		return true;
	}
}

static bool for_guest(struct session *s, uint8_t key)
{
	if (!s->input_is_tty)
		return true;
	if (s->escape) {
		s->escape = false;
		return escaped_key(s, key);
	}
	s->escape = key == CTRL_A;
	return !s->escape;
}

void input_read(struct session *s)
{
	uint8_t buf[1024];
	size_t room = line_room(&s->m->console);
	size_t keep = 0;
	ssize_t n;

	if (!room)
		return;
	n = read(s->in_fd, buf, room < sizeof(buf) ? room : sizeof(buf));
	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return;
	if (n <= 0) {
		s->in_fd = -1;
		return;
	}
	if (s->input_is_tty)
		tty_answers_input(&s->answers, buf, (size_t)n);
	for (ssize_t i = 0; i < n; i++)
		if (for_guest(s, buf[i]))
			buf[keep++] = buf[i];
	line_receive(&s->m->console, buf, keep);
}

void input_type_texts(struct session *s)
{
	const uint8_t *data;
	size_t room, len;

	while (s->sender &&
	       (data = sender_next(s->sender, s->watch->expect_met, &len)) &&
	       (room = line_room(&s->m->console)))
		sender_took(s->sender, line_receive(&s->m->console, data,
						    len < room ? len : room));
}
