/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The user's terminal while a guest uses it: raw as stdin, non-blocking as
 * stdout, and restored afterwards.
 *
 * The guest's output may ask the terminal a question, and the answer would
 * become input for the shell if the guest ends first. So both directions pass
 * here, and missing answers are removed at the end.
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
	/* If stdout is a terminal, it is opened again, to write to and to read
	 * its answers; -1: not. */
	bool is_output;
	int out_fd, answer_fd;
	struct tty_answers answers;
};

#define TERMINAL_EMPTY                                     \
	{                                                  \
		.in_fd = -1, .out_fd = -1, .answer_fd = -1 \
	}

/* If @fd, which is stdout, is a terminal, open it. */
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

/* The size of the terminal, if stdin or stdout is one. */
bool terminal_size(const struct terminal *t, uint16_t *cols, uint16_t *rows);

/* What was printed on stdout, and what has come from stdin. */
void terminal_shows(struct terminal *t, const uint8_t *data, size_t n);
void terminal_says(struct terminal *t, const uint8_t *data, size_t n);

/* Restore it, without pending answers; after the last output. It need not have
 * been taken. */
void terminal_give_back(struct terminal *t);

void terminal_release(struct terminal *t);

#endif
