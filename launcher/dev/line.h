/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A console line: the byte stream between a guest's console device and the
 * host, whichever device it is.
 *
 *   device (vCPU threads) --- line_host.output ---> host (event loop)
 *                         <-- line_guest.receive --
 *                         --- line_host.room ------> "there is room again"
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
};

/* What the host calls, from the event loop. */
struct line_guest {
	void *ctx;
	/* How many bytes may be queued for the guest now. */
	size_t (*room)(void *ctx);
	/* Queue up to @n bytes; returns how many were taken. */
	size_t (*receive)(void *ctx, const uint8_t *data, size_t n);
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

#endif
