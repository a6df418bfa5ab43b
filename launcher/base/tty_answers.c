/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/tty_answers.h"

#include <limits.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "base/clock.h"

#define ESC 0x1b
#define BEL 0x07
#define CAN 0x18
#define SUB 0x1a

/* Answers to more questions than this are not awaited. */
#define MISSING_MAX 64

/* A terminal across a network begins to answer within the first of these, and
 * ends within the second. */
#define IDLE_MS	 300
#define TOTAL_MS 1000

/* An older question was answered, or will not be. */
#define RECENT_NS 2000000000ull

#define NUMBER_MAX 100000

/* ---- sequences */

/* After ESC, or instead of it a C1 control. Whether the sequence is whole. */
static bool after_esc(struct tty_sequence *s, uint8_t c)
{
	*s = (struct tty_sequence){ 0 };
	switch (c) {
	case ESC:
		s->state = TTY_ESC;
		return false;
	case '[':
		s->state = TTY_CSI;
		s->intro = '[';
		return false;
	case ']': /* OSC */
	case 'P': /* DCS */
	case 'X': /* SOS */
	case '^': /* PM */
	case '_': /* APC */
		s->state = TTY_STRING;
		s->intro = (char)c;
		return false;
	default:
		s->final = (char)c;
		return true;
	}
}

/* What stands before the final byte. */
static void take_parameter(struct tty_sequence *s, uint8_t c)
{
	if (c >= '<' && c <= '?')
		s->prefix = (char)c;
	else if (c >= 0x20 && c <= 0x2f)
		s->middle = (char)c;
	else if (c == ';' || c == ':')
		s->numbered = true;
	else if (c >= '0' && c <= '9' && !s->numbered && s->number < NUMBER_MAX)
		s->number = 10 * s->number + (c - '0');
}

static bool in_csi(struct tty_sequence *s, uint8_t c)
{
	if (c == ESC) {
		s->state = TTY_ESC;
	} else if (c == CAN || c == SUB) {
		s->state = TTY_TEXT;
	} else if (c >= 0x40 && c <= 0x7e) {
		s->state = TTY_TEXT;
		s->final = (char)c;
		return true;
	} else {
		take_parameter(s, c);
	}
	return false;
}

static bool in_string(struct tty_sequence *s, uint8_t c)
{
	if (c == ESC) {
		s->state = TTY_STRING_ESC;
		return false;
	}
	if (s->intro == 'P' && !s->final) {
		if (c >= 0x40 && c <= 0x7e)
			s->final = (char)c;
		else
			take_parameter(s, c);
	}
	s->asks = s->asks || (s->last == ';' && c == '?');
	s->last = (char)c;
	if (c != BEL && c != CAN && c != SUB)
		return false;
	s->state = TTY_TEXT;
	return true;
}

/* Whether @c completes the sequence in @s. */
static bool feed(struct tty_sequence *s, uint8_t c)
{
	switch (s->state) {
	case TTY_C2:
		if (c >= 0x80 && c <= 0x9f)
			return after_esc(s, c - 0x40);
		/* fallthrough */
	case TTY_TEXT:
		s->state = c == ESC ? TTY_ESC : c == 0xc2 ? TTY_C2 : TTY_TEXT;
		return false;
	case TTY_ESC:
		return after_esc(s, c);
	case TTY_CSI:
		return in_csi(s, c);
	case TTY_STRING:
		return in_string(s, c);
	case TTY_STRING_ESC:
		if (c != '\\')
			return after_esc(s, c);
		s->state = TTY_TEXT;
		return true;
	}
	return false;
}

/* ---- what they mean */

struct form {
	char intro, prefix, middle, final;
	unsigned least, most; /* the first parameter */
};

static const struct form questions[] = {
	{ '[', 0, 0, 'n', 5, UINT_MAX },   /* DSR: status, cursor */
	{ '[', '?', 0, 'n', 1, UINT_MAX }, /* DSR of DEC's kind */
	{ '[', 0, 0, 'c', 0, 0 },	   /* DA: which terminal */
	{ '[', '>', 0, 'c', 0, 0 },	   /* which version */
	{ '[', '=', 0, 'c', 0, 0 },	   /* which one of them */
	{ '[', 0, 0, 'x', 0, 1 },	   /* DECREQTPARM */
	{ '[', 0, 0, 't', 11, 21 },	   /* the window: size, title, ... */
	{ '[', 0, '$', 'p', 0, UINT_MAX }, /* DECRQM: a mode */
	{ '[', '?', '$', 'p', 0, UINT_MAX },
	{ '[', 0, '*', 'y', 0, UINT_MAX }, /* DECRQCRA: a checksum */
	{ '[', 0, '$', 'w', 1, 2 },	   /* DECRQPSR */
	{ '[', '>', 0, 'q', 0, UINT_MAX }, /* XTVERSION */
	{ '[', '?', 0, 'm', 0, UINT_MAX }, /* XTQMODKEYS */
	{ '[', '?', 0, 'S', 0, UINT_MAX }, /* graphics */
	{ '[', '?', 0, 'u', 0, UINT_MAX }, /* kitty's keyboard */
	{ 0, 0, 0, 'Z', 0, UINT_MAX },	   /* DECID */
	{ 'P', 0, '$', 'q', 0, UINT_MAX }, /* DECRQSS: a setting */
	{ 'P', 0, '+', 'q', 0, UINT_MAX }, /* XTGETTCAP */
};

/* Also strings, which keys never send. Of CSI, keys send A to H, ~, M, I, O and
 * u. */
static const struct form answers[] = {
	{ '[', 0, 0, 'R', 0, UINT_MAX },   { '[', '?', 0, 'R', 0, UINT_MAX },
	{ '[', 0, 0, 'n', 0, UINT_MAX },   { '[', '?', 0, 'n', 0, UINT_MAX },
	{ '[', '?', 0, 'c', 0, UINT_MAX }, { '[', '>', 0, 'c', 0, UINT_MAX },
	{ '[', 0, 0, 'x', 0, UINT_MAX },   { '[', 0, 0, 't', 0, UINT_MAX },
	{ '[', 0, '$', 'y', 0, UINT_MAX }, { '[', '?', '$', 'y', 0, UINT_MAX },
	{ '[', '>', 0, 'm', 0, UINT_MAX }, { '[', '?', 0, 'S', 0, UINT_MAX },
	{ '[', '?', 0, 'u', 0, UINT_MAX },
};

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static bool has_form(const struct tty_sequence *s, const struct form *forms,
		     size_t count)
{
	for (const struct form *f = forms; f < forms + count; f++)
		if (s->intro == f->intro && s->prefix == f->prefix &&
		    s->middle == f->middle && s->final == f->final &&
		    s->number >= f->least && s->number <= f->most)
			return true;
	return false;
}

static bool is_question(const struct tty_sequence *s)
{
	return (s->intro == ']' && s->asks) ||
	       has_form(s, questions, COUNT(questions));
}

static bool is_answer(const struct tty_sequence *s)
{
	return (s->intro && s->intro != '[') ||
	       has_form(s, answers, COUNT(answers));
}

void tty_answers_output(struct tty_answers *t, const uint8_t *data, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (!feed(&t->out, data[i]) || !is_question(&t->out))
			continue;
		t->asked_ns = clock_ns();
		if (t->missing < MISSING_MAX)
			t->missing++;
	}
}

void tty_answers_input(struct tty_answers *t, const uint8_t *data, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (feed(&t->in, data[i]) && is_answer(&t->in) && t->missing)
			t->missing--;
}

/* ---- taking them */

static void keep(struct tty_kept *kept, uint8_t c)
{
	if (kept->len < sizeof(kept->bytes))
		kept->bytes[kept->len++] = c;
}

/* One byte from the terminal; answers are removed. */
static void take(struct tty_answers *t, struct tty_kept *kept, uint8_t c,
		 size_t *start)
{
	unsigned missing = t->missing;

	if (t->in.state == TTY_TEXT)
		*start = kept->len;
	keep(kept, c);
	tty_answers_input(t, &c, 1);
	if (t->missing < missing)
		kept->len = *start;
}

static int wait_ms(const struct tty_answers *t, uint64_t start_ns)
{
	uint64_t now = clock_ns(), spent = (now - start_ns) / 1000000;

	if (now - t->asked_ns > RECENT_NS || spent >= TOTAL_MS)
		return 0;
	return TOTAL_MS - spent < IDLE_MS ? (int)(TOTAL_MS - spent) : IDLE_MS;
}

static void take_rest(struct tty_kept *kept, int fd)
{
	struct pollfd p = { fd, POLLIN, 0 };
	ssize_t n;

	while (kept->len < sizeof(kept->bytes) && poll(&p, 1, 0) > 0) {
		n = read(fd, kept->bytes + kept->len,
			 sizeof(kept->bytes) - kept->len);
		if (n <= 0)
			return;
		kept->len += (size_t)n;
	}
}

void tty_answers_take(struct tty_answers *t, int fd, struct tty_kept *kept)
{
	struct pollfd p = { fd, POLLIN, 0 };
	uint64_t start_ns = clock_ns();
	size_t start = 0;
	uint8_t c;

	kept->len = 0;
	while (t->missing && poll(&p, 1, wait_ms(t, start_ns)) > 0) {
		if (read(fd, &c, 1) != 1)
			return;
		take(t, kept, c, &start);
		if (clock_ns() - start_ns < 2 * TOTAL_MS * 1000000ull)
			continue;
		/* The input does not end, so it is not kept. */
		(void)tcflush(fd, TCIFLUSH);
		break;
	}
	if (kept->len && !t->missing)
		take_rest(kept, fd);
	/* An answer that came in part; ESC alone is a key. */
	if (t->in.state >= TTY_CSI)
		kept->len = start;
}

void tty_kept_type(const struct tty_kept *kept, int fd)
{
	for (size_t i = 0; i < kept->len; i++)
		if (ioctl(fd, TIOCSTI, &kept->bytes[i]))
			return;
}
