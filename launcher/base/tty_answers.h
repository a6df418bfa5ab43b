/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Questions that a guest asks of the user's terminal, and the answers.
 *
 * A shell asks where the cursor is (ESC [ 6 n), an editor what terminal this
 * is (ESC [ c), and the terminal answers as if somebody had typed. When the
 * guest has ended meanwhile, the answer would be input for the user's shell.
 * So questions in the output and answers in the input are counted, and at the
 * end the missing answers are awaited for a moment and taken away.
 *
 * Must never trust: the guest, which can ask without end and has its say in
 * some answers. The wait and the memory are bounded.
 *
 * Spec: ECMA-48, 5.4 and 5.6; "XTerm Control Sequences" for which ask.
 */
#ifndef BASE_TTY_ANSWERS_H
#define BASE_TTY_ANSWERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One escape sequence, byte by byte; { 0 } is between two. */
struct tty_sequence {
	enum {
		TTY_TEXT,
		TTY_C2,	 /* in UTF-8 the first byte of a C1 control */
		TTY_ESC, /* after ESC */
		TTY_CSI,
		TTY_STRING,	/* OSC, DCS and others, up to BEL or ST */
		TTY_STRING_ESC, /* after ESC in one */
	} state;
	char intro;	 /* '[' CSI, ']' OSC, 'P' DCS, ...; 0: ESC alone */
	char prefix;	 /* '<', '=', '>' or '?' before the parameters */
	char middle;	 /* the last intermediate byte: '$', '+', ... */
	char final;	 /* 0: not there yet */
	unsigned number; /* the first parameter */
	bool numbered;	 /* it is complete */
	bool asks;	 /* a string with the parameter "?" */
	char last;	 /* byte of a string */
};

struct tty_answers {
	struct tty_sequence out, in;
	unsigned missing;  /* answers */
	uint64_t asked_ns; /* clock_ns() of the last question */
};

/* What the guest has printed on the terminal. */
void tty_answers_output(struct tty_answers *t, const uint8_t *data, size_t n);

/* What has come from the terminal. */
void tty_answers_input(struct tty_answers *t, const uint8_t *data, size_t n);

#define TTY_KEPT_MAX 4096 /* as much as a terminal's queue has room for */

/* What came with the answers, and was typed. */
struct tty_kept {
	size_t len;
	uint8_t bytes[TTY_KEPT_MAX];
};

/*
 * Take the missing answers from the terminal @fd, which must be raw: wait at
 * most a second in all, and not at all if no question is recent. Then what was
 * typed before them has been read, too; if so, the rest is, to keep the order.
 */
void tty_answers_take(struct tty_answers *t, int fd, struct tty_kept *kept);

/* Type that again, where the kernel allows it (TIOCSTI). */
void tty_kept_type(const struct tty_kept *kept, int fd);

#endif
