/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A fake guest console: it accepts bytes up to a capacity, and the test takes
 * them out when it wants. Thread-safe.
 */
#ifndef TESTS_UNIT_FAKE_LINE_H
#define TESTS_UNIT_FAKE_LINE_H

#include "unit/unit.h"
#include "dev/line.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

struct fake_line {
	pthread_mutex_t lock;
	size_t capacity; /* bytes that wait for the guest */
	size_t waiting;
	bool starved;		 /* the host was told that there is no room */
	void (*room)(void *ctx); /* tell the host that there is some again */
	void *ctx;
	size_t len; /* of all that has come: */
	uint8_t bytes[65536];
};

static inline size_t fake_line_room(void *line)
{
	struct fake_line *l = line;
	size_t room;

	pthread_mutex_lock(&l->lock);
	room = l->capacity - l->waiting;
	l->starved = !room;
	pthread_mutex_unlock(&l->lock);
	return room;
}

static inline size_t fake_line_receive(void *line, const uint8_t *data,
				       size_t n)
{
	struct fake_line *l = line;

	pthread_mutex_lock(&l->lock);
	if (n > l->capacity - l->waiting)
		n = l->capacity - l->waiting;
	ck_assert_uint_le(n, sizeof(l->bytes) - l->len);
	memcpy(l->bytes + l->len, data, n);
	l->len += n;
	l->waiting += n;
	pthread_mutex_unlock(&l->lock);
	return n;
}

static inline struct line_guest fake_line_end(struct fake_line *l)
{
	return (struct line_guest){ .ctx = l,
				    .room = fake_line_room,
				    .receive = fake_line_receive };
}

/* The guest reads up to @n bytes; returns how many there were. */
static inline size_t fake_line_take(struct fake_line *l, size_t n)
{
	bool has_room = false;

	pthread_mutex_lock(&l->lock);
	if (n > l->waiting)
		n = l->waiting;
	l->waiting -= n;
	if (n && l->starved) {
		l->starved = false;
		has_room = true;
	}
	pthread_mutex_unlock(&l->lock);
	if (has_room)
		l->room(l->ctx);
	return n;
}

/* The number of bytes received so far. */
static inline size_t fake_line_len(struct fake_line *l)
{
	size_t len;

	pthread_mutex_lock(&l->lock);
	len = l->len;
	pthread_mutex_unlock(&l->lock);
	return len;
}

#endif
