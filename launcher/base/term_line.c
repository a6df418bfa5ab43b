/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/term_line.h"

#include <stdbool.h>
#include <string.h>

#define BELL   0x07
#define CANCEL 0x18
#define SUB    0x1a
#define ESCAPE 0x1b
#define DELETE 0x7f

/* The furthest move of the cursor by a sequence. */
#define NUMBER_MAX 9999

/* A line may be longer, but not because of a few bytes of a sequence. */
#define COLUMNS 132

enum state {
	TEXT,
	AFTER_ESCAPE,
	ESCAPE_MORE,   /* ESC (, whose last byte is to come */
	CONTROL,       /* ESC [, and perhaps a number */
	CONTROL_MORE,  /* its further numbers */
	CONTROL_OTHER, /* a sequence that is not known */
	STRING,	       /* ESC ], ESC P, ...: up to BEL or ESC \ */
};

void term_line_init(struct term_line *t, char *text, size_t room)
{
	*t = (struct term_line){ .text = text, .room = room };
	*text = '\0';
}

/* A byte that goes on with the UTF-8 character before it. */
static bool is_rest(uint8_t byte)
{
	return (byte & 0xc0) == 0x80;
}

static bool is_shown(uint8_t byte)
{
	return byte == '\t' || (byte >= ' ' && byte != DELETE);
}

static bool in_control(const struct term_line *t)
{
	return t->state == CONTROL || t->state == CONTROL_MORE;
}

/* The cursor goes to another line, or the terminal is reset. */
static bool leaves_line(const struct term_line *t, uint8_t byte)
{
	if (t->state == AFTER_ESCAPE)
		return byte == 'c';
	return in_control(t) && (byte == 'H' || byte == 'f');
}

static bool removes_text(const struct term_line *t, uint8_t byte)
{
	if (t->state == TEXT)
		return t->at < t->len && is_shown(byte) && !is_rest(byte);
	return in_control(t) && (byte == 'J' || byte == 'K');
}

enum term_change term_line_next(const struct term_line *t, uint8_t byte)
{
	if (byte == '\n' || (t->len && leaves_line(t, byte)))
		return LINE_ENDS;
	if (t->len && t->written >= t->len && removes_text(t, byte))
		return LINE_CHANGES;
	return LINE_STAYS;
}

/* Bytes from @from on have changed. */
static void note_change(struct term_line *t, size_t from)
{
	if (t->same > from)
		t->same = from;
}

static void set_len(struct term_line *t, size_t len)
{
	note_change(t, len);
	t->len = len;
	t->text[len] = '\0';
}

/* Replace the @old bytes at the cursor by @byte, if there is room. */
static void replace(struct term_line *t, size_t old, uint8_t byte)
{
	char *p = t->text + t->at;
	size_t rest = t->len - t->at - old;

	if (t->len + 1 - old >= t->room)
		return;
	note_change(t, t->at);
	memmove(p + 1, p + old, rest);
	*p = (char)byte;
	set_len(t, t->len + 1 - old);
	t->at++;
	t->written++;
}

/* How long the character at the cursor is. */
static size_t character(const struct term_line *t)
{
	size_t n = t->at < t->len;

	while (t->at + n < t->len && is_rest((uint8_t)t->text[t->at + n]))
		n++;
	return n;
}

static void write_byte(struct term_line *t, uint8_t byte)
{
	size_t len = t->len;

	if (t->at > len && t->at < t->room) {
		memset(t->text + len, ' ', t->at - len);
		set_len(t, t->at);
	}
	replace(t, is_rest(byte) ? 0 : character(t), byte);
}

static void go_back(struct term_line *t, size_t n)
{
	for (; n && t->at; n--)
		do
			t->at--;
		while (t->at && t->at < t->len &&
		       is_rest((uint8_t)t->text[t->at]));
}

/* Beyond the end of the text, not past the last column. */
static void go_forward(struct term_line *t, size_t n)
{
	size_t end = t->len > COLUMNS - 1 ? t->len : COLUMNS - 1;

	for (; n && t->at < end && t->at < t->room - 1; n--)
		t->at += character(t) ?: 1;
}

/* 0: from the cursor on, 1: up to it, 2: all of the line */
static void erase(struct term_line *t, unsigned which)
{
	size_t upto = t->at < t->len ? t->at + character(t) : t->len;

	if (which == 0 && t->at < t->len) {
		set_len(t, t->at);
	} else if (which == 2 || (which == 1 && upto == t->len)) {
		set_len(t, 0);
	} else if (which == 1) {
		note_change(t, 0);
		memset(t->text, ' ', upto);
	}
}

static void finish_control(struct term_line *t, uint8_t last)
{
	size_t n = t->number ?: 1;

	switch (last) {
	case 'C':
		go_forward(t, n);
		break;
	case 'D':
		go_back(t, n);
		break;
	case 'G':
		t->at = 0;
		go_forward(t, n - 1);
		break;
	case 'J':
	case 'K':
		erase(t, t->number);
		break;
	}
}

static void put_after_escape(struct term_line *t, uint8_t byte)
{
	if (byte == '[') {
		t->state = CONTROL;
		t->number = 0;
	} else if (strchr("]PX^_", byte)) {
		t->state = STRING;
	} else {
		t->state = byte < '0' ? ESCAPE_MORE : TEXT;
	}
}

static void put_in_control(struct term_line *t, uint8_t byte)
{
	if (byte >= '@') {
		if (t->state != CONTROL_OTHER)
			finish_control(t, byte);
		t->state = TEXT;
	} else if (byte == ';') {
		t->state = t->state == CONTROL ? CONTROL_MORE : t->state;
	} else if (byte < '0' || byte > '9') {
		t->state = CONTROL_OTHER;
	} else if (t->state == CONTROL && t->number < NUMBER_MAX) {
		t->number = 10 * t->number + (byte - '0');
	}
}

/* Control characters also work inside a sequence. */
static void put_control_character(struct term_line *t, uint8_t byte)
{
	if (byte == ESCAPE)
		t->state = AFTER_ESCAPE;
	else if (byte == CANCEL || byte == SUB ||
		 (byte == BELL && t->state == STRING))
		t->state = TEXT;
	else if (t->state == STRING)
		return;
	else if (byte == '\r')
		t->at = 0;
	else if (byte == '\b')
		go_back(t, 1);
	else if (byte == '\t' && t->state == TEXT)
		write_byte(t, byte);
}

void term_line_put(struct term_line *t, uint8_t byte)
{
	if (byte == '\n' || leaves_line(t, byte)) {
		term_line_init(t, t->text, t->room);
		return;
	}
	if (term_line_next(t, byte) == LINE_CHANGES)
		t->written = 0;
	if (byte < ' ' || byte == DELETE) {
		put_control_character(t, byte);
		return;
	}
	switch ((enum state)t->state) {
	case TEXT:
		write_byte(t, byte);
		break;
	case AFTER_ESCAPE:
		put_after_escape(t, byte);
		break;
	case ESCAPE_MORE:
		if (byte >= '0')
			t->state = TEXT;
		break;
	case CONTROL:
	case CONTROL_MORE:
	case CONTROL_OTHER:
		put_in_control(t, byte);
		break;
	case STRING:
		break;
	}
}
