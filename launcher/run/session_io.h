/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The parts of a session that session.c puts together; nobody else's.
 *
 *   session_input.c   stdin -> guest: the terminal made raw, the keys after
 *                     Ctrl-A, what --send types
 *   session_output.c  console -> stdout, and the watch that reads along
 *   session.c         waits for all of it, and judges what it means
 */
#ifndef RUN_SESSION_IO_H
#define RUN_SESSION_IO_H

#include <sys/types.h>

#include "run/session.h"

/* Make a terminal raw if stdin is ours to read; give stdin up otherwise. */
void input_take_terminal(struct session *s);

/*
 * The terminal as it was, without answers to what the guest has asked: they
 * would be input for the shell. After the last output.
 */
void input_give_back_terminal(struct session *s);

/* Hand what stdin has to the guest, as far as its serial port has room. */
void input_read(struct session *s);

/* Type what --send has ready, as far as the serial port has room. When that
 * is full, session_room() will wake the loop. */
void input_type_texts(struct session *s);

/* Let writing to stdout not block if it is a terminal. */
void stdout_open_terminal(struct session *s);

/* The terminal that is stdout, opened anew; negative if that fails. */
int stdout_reopen(const struct session *s, int flags);

bool stdout_pending(struct session *s);

/* For how long output may gather before it is written. */
#define OUTPUT_GATHER_MS 1

/* Whether what is pending may wait that long. */
bool stdout_gathers(struct session *s);

/*
 * Write a piece of queued output to stdout, and show it to the watch. Returns
 * how many bytes went; negative once there is no more, or no way to write it.
 */
ssize_t stdout_write(struct session *s);

/* Nobody will read what the guest says, perhaps long before it does. */
void stdout_gone(struct session *s);

/* The vCPUs have stopped: write what is still queued, but wait no longer for
 * a reader than a reader that is alive needs. */
void stdout_drain(struct session *s);

/* What the lines that the watch has seen mean for the run. */
void session_judge(struct session *s);

#endif
