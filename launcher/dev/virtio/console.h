/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * virtio-console: the guest's terminal, which Linux calls hvc0.
 *
 *   guest's tty --> transmit queue --> line_host.take()
 *               <-- receive queue  <-- a queue of what was typed
 *
 * The ports of --port are another device (ports.h), so that this one can do
 * without MULTIPORT: without it the terminal's size is in the configuration
 * space, which all drivers read alike. With MULTIPORT it is a control message,
 * and older Linux swaps its columns and rows.
 *
 * The worker never waits for a slow terminal: a chain stays in its queue until
 * all of it was taken. A byte of an emergency write is dropped if the terminal
 * does not keep up, because it comes from a vCPU that holds the device's lock.
 *
 * Must never trust: lengths and numbers of buffers; when and what is written to
 * the configuration space.
 *
 * Spec: virtio 1.2, 5.3.
 */
#ifndef DEV_VIRTIO_CONSOLE_H
#define DEV_VIRTIO_CONSOLE_H

#include <pthread.h>
#include <stdatomic.h>

#include "dev/device.h"
#include "dev/virtio/core.h"
#include "pv/virtio_console.h"

/* Bytes that were typed and wait for the driver: enough for a paste. */
#define VIRTIO_CONSOLE_TYPED 4096

extern const struct device_type virtio_console_type;

struct virtio_console {
	struct virtio core;
	struct line_host host;
	struct loop_call input; /* there are bytes for the guest */
	struct loop_call again; /* serve the transmit queue again */
	uint64_t sent;		/* bytes of the first chain that were taken */
	_Atomic uint64_t read_bytes, written_bytes;
	pthread_mutex_t lock; /* covers what follows; before virtio.lock */
	uint8_t typed[VIRTIO_CONSOLE_TYPED];
	size_t head, count;
	bool starved;	  /* room() has returned 0 */
	uint16_t size[2]; /* of the terminal: columns, rows; 0: not known */
};

/* @worker does not run yet. On failure the caller releases nothing. */
int virtio_console_init(struct virtio_console *c, const struct line_host *host,
			const struct guest_mem *gm, struct worker *worker,
			struct err *e);
void virtio_console_release(struct virtio_console *c);

/* Its end of the line, for the event loop. */
struct line_guest virtio_console_line(struct virtio_console *c);

#endif
