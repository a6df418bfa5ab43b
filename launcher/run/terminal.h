/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The user's terminal while a guest has it: raw as stdin, never blocking as
 * stdout, and as it was afterwards.
 *
 * What the guest prints may ask the terminal for an answer, which would become
 * input for the shell if the guest ends first. So both directions pass by
 * here, and the answers that are missing at the end are taken away.
 *
 * Must never trust: the guest, which chooses what is asked; see
 * base/tty_answers.h.
 */
#ifndef RUN_TERMINAL_H
#define RUN_TERMINAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/tty_answers.h"

struct terminal {
	int in_fd; /* stdin, if that is a terminal and is raw; -1: not */
	/* If stdout is a terminal, it is opened anew, to write to and to read
	 * its answers; -1: not. */
	bool is_output;
	int out_fd, answer_fd;
	struct tty_answers answers;
};

#define TERMINAL_EMPTY                                     \
	{                                                  \
		.in_fd = -1, .out_fd = -1, .answer_fd = -1 \
	}

/* If @fd, which is stdout, is a terminal, open what will be needed of it. */
void terminal_open(struct terminal *t, int fd);

/*
 * If @fd is a terminal, make it raw. Returns whether @fd may be read: a
 * terminal whose foreground is another job's may not.
 */
bool terminal_take_input(struct terminal *t, int fd);

/*
 * Returns the descriptor to write to: one that does not block if stdout, @fd,
 * is a terminal that was opened; otherwise @fd itself.
 */
int terminal_output(const struct terminal *t, int fd);

/* What was printed on stdout, and what has come from stdin. */
void terminal_shows(struct terminal *t, const uint8_t *data, size_t n);
void terminal_says(struct terminal *t, const uint8_t *data, size_t n);

/* Make it what it was, without answers that are still on their way; after the
 * last output. One that was not taken is fine. */
void terminal_give_back(struct terminal *t);

void terminal_release(struct terminal *t);

#endif
