/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The texts of --send, and when they are typed into the guest's console.
 *
 * Each text waits until the expectations before it on the command line have
 * been met. Texts are sent in order, as fast as the serial port accepts them,
 * so that none is lost.
 */
#ifndef RUN_SEND_H
#define RUN_SEND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define SEND_MAX 16

struct send_text {
	uint8_t *data;
	size_t len;
	size_t after; /* expectations that have to be met first */
};

struct sender {
	struct send_text texts[SEND_MAX];
	size_t count;
	size_t next; /* the text that is being typed */
	size_t done; /* bytes of it that have been */
};

/*
 * Replace the escapes of @text: \n \r \t \\ and \xNN. *@len bytes, of any
 * value, go to @out, which has room for as many as @text has; it may be NULL
 * to check only. -EINVAL naming the escape.
 */
int send_parse(const char *text, uint8_t *out, size_t *len, struct err *e);

/* Add a text; @after must not be less than before. -EINVAL, -E2BIG. */
int sender_add(struct sender *s, const char *text, size_t after, struct err *e);

/* The text to type now that @met expectations have been met, or NULL. */
const uint8_t *sender_next(struct sender *s, size_t met, size_t *len);

/* @n bytes of the text have been typed. */
void sender_took(struct sender *s, size_t n);

/* Whether there is a text for after the last of @expected expectations: then
 * meeting it does not end the run. */
bool sender_outlasts(const struct sender *s, size_t expected);

void sender_release(struct sender *s);

#endif
