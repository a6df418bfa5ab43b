/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The host's end of the guest's console: a queue of bytes for stdout.
 *
 * vCPU threads and devices put bytes in, the event loop takes them out and
 * writes them. When the queue is full the guest waits: nothing is lost, and a
 * slow or stopped terminal blocks the guest and not the event loop.
 */
#ifndef RUN_CONSOLE_H
#define RUN_CONSOLE_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define CONSOLE_QUEUE 65536
/* Behind that, for console_finish(): more than there are vCPUs. */
#define CONSOLE_LAST 4096
#define CONSOLE_ROOM (CONSOLE_QUEUE + CONSOLE_LAST)

struct console {
	/* Called after console_offer() has taken less than was offered, when
	 * there is room. NULL: nothing offers. Set by the owner. */
	void (*more)(void *ctx);
	void *more_ctx;
	pthread_mutex_t lock;
	pthread_cond_t space;
	uint8_t queue[CONSOLE_ROOM];
	size_t head, count;
	bool finished; /* no thread waits any more */
	bool closed;   /* bytes are dropped */
	bool owes;     /* more() */
	int wake_fd;   /* eventfd: the queue is no longer empty; -1: empty */
};

int console_init(struct console *c, struct err *e);
void console_release(struct console *c);

/* Queue one byte; waits while the queue is full. From vCPU threads. */
void console_put(struct console *c, uint8_t byte);

/* Queue as many of @n bytes as there is room for, and return how many. Never
 * waits. From device threads. */
size_t console_offer(struct console *c, const uint8_t *data, size_t n);

/*
 * The oldest queued bytes in one piece; they stay queued until console_drop()
 * of as many or fewer. From the event loop.
 */
size_t console_peek(struct console *c, const uint8_t **data);
void console_drop(struct console *c, size_t n);

/*
 * The vCPUs are being stopped: they must not wait any more. There is room for
 * one more byte of each.
 */
void console_finish(struct console *c);

/* Wake all waiting threads: later bytes are dropped. */
void console_close(struct console *c);

#endif
