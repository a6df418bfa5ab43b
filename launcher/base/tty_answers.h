/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Questions of a guest to the user's terminal, and the answers.
 *
 * A shell asks for the position of the cursor (ESC [ 6 n), an editor for the
 * type of the terminal (ESC [ c), and the terminal answers like a keyboard. If
 * the guest has ended meanwhile, the answer would be input for the user's
 * shell. So questions in the output and answers in the input are counted, and
 * at the end the missing answers are awaited for a moment and removed.
 *
 * Must never trust: the guest, which can ask without end and controls parts of
 * some answers. The wait and the memory are bounded.
 *
 * Spec: ECMA-48, 5.4 and 5.6; "XTerm Control Sequences" for the questions.
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
		TTY_C2,	 /* after the first byte of a C1 control in UTF-8 */
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

#define TTY_KEPT_MAX 4096 /* the size of a terminal's queue */

/* Typed text between the answers. */
struct tty_kept {
	size_t len;
	uint8_t bytes[TTY_KEPT_MAX];
};

/*
 * Remove the missing answers from the terminal @fd, which must be raw: wait at
 * most a second in all, and not at all if no question is recent. If text was
 * typed before them, it is read, too, and then also the rest, to keep the
 * order.
 */
void tty_answers_take(struct tty_answers *t, int fd, struct tty_kept *kept);

/* Put this text back, where the kernel allows it (TIOCSTI). */
void tty_kept_type(const struct tty_kept *kept, int fd);

#endif
