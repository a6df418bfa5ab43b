/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A console line: the byte stream between a guest's console device and the
 * host, whichever device it is.
 *
 *   device (vCPU threads) --- line_host.output ---> host (event loop)
 *                         <-- line_guest.receive --
 *                         --- line_host.room ------> "there is room again"
 *
 * A device whose requests are served by a worker, which must not wait, has
 *
 *   device (worker) --- line_host.take -----> host
 *                   <-- line_guest.more ----- "there is room again"
 *
 * The device implements struct line_guest, the run implements struct line_host.
 * Each knows only this interface of the other.
 */
#ifndef DEV_LINE_H
#define DEV_LINE_H

#include <stddef.h>
#include <stdint.h>

/* What the device calls. */
struct line_host {
	void *ctx;
	/* The guest sent @byte. Called without the device's lock; it may
	 * block, which is how a slow terminal slows the guest down. */
	void (*output)(void *ctx, uint8_t byte);
	/* The receive queue has room again after it was full. */
	void (*room)(void *ctx);
	/*
	 * The guest sent @n bytes. Never waits: returns how many were taken;
	 * if not all, line_guest.more is called once there is room.
	 */
	size_t (*take)(void *ctx, const uint8_t *data, size_t n);
};

/* What the host calls, from the event loop. */
struct line_guest {
	void *ctx;
	/* How many bytes may be queued for the guest now. */
	size_t (*room)(void *ctx);
	/* Queue up to @n bytes; returns how many were taken. */
	size_t (*receive)(void *ctx, const uint8_t *data, size_t n);
	/* There is room again after line_host.take(). From any thread, and not
	 * only after that. NULL: the device does not use take(). */
	void (*more)(void *ctx);
	/* The size of the terminal, at first and when it changes. NULL: the
	 * device cannot tell the guest. */
	void (*resize)(void *ctx, uint16_t cols, uint16_t rows);
};

/* Shorthands; a line without a device takes nothing. */
static inline size_t line_room(const struct line_guest *line)
{
	return line->room ? line->room(line->ctx) : 0;
}

static inline size_t line_receive(const struct line_guest *line,
				  const uint8_t *data, size_t n)
{
	return line->receive ? line->receive(line->ctx, data, n) : 0;
}

static inline void line_more(const struct line_guest *line)
{
	if (line->more)
		line->more(line->ctx);
}

static inline void line_resize(const struct line_guest *line, uint16_t cols,
			       uint16_t rows)
{
	if (line->resize)
		line->resize(line->ctx, cols, rows);
}

#endif
