/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The thread that serves the virtio devices.
 *
 * It sleeps until a queue is notified. It is not the event loop's thread: a
 * guest that keeps every queue full for ever delays neither the console nor
 * the time limit, and the devices take turns.
 */
#ifndef DEV_VIRTIO_WORKER_H
#define DEV_VIRTIO_WORKER_H

#include <pthread.h>
#include <stdbool.h>

#include "base/err.h"
#include "dev/virtio_mmio.h"

struct virtio_worker {
	pthread_t thread;
	bool is_running;
	int stop_fd; /* valid while it runs */
	struct virtio_mmio *devices;
};

/* Serve the VIRTIO_MMIO_DEVICES devices at @devices from now on. */
int virtio_worker_start(struct virtio_worker *w, struct virtio_mmio *devices,
			struct err *e);

/* Stop, after the chain being served; one that does not run is fine. */
void virtio_worker_stop(struct virtio_worker *w);

#endif
