/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dev/virtio_worker.h"

#include <errno.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/thread.h"

/* When a device that was not ready is asked again. */
#define RETRY_MS 100

#define STOP VIRTIO_MMIO_DEVICES /* its place behind the devices */

/* Serve who was kicked; *@left is what remained of each. */
static void serve_all(struct virtio_worker *w, const struct pollfd *p,
		      enum virtio_left *left)
{
	for (unsigned i = 0; i < VIRTIO_MMIO_DEVICES; i++) {
		struct virtio_mmio *v = &w->devices[i];
		eventfd_t count;

		if (p[i].revents)
			(void)eventfd_read(v->kick_fd, &count);
		else if (left[i] == VIRTIO_LEFT_NOTHING)
			continue;
		left[i] = virtio_mmio_serve(v);
	}
}

static int patience_ms(const enum virtio_left *left)
{
	int ms = -1;

	for (unsigned i = 0; i < VIRTIO_MMIO_DEVICES; i++) {
		if (left[i] == VIRTIO_LEFT_MORE)
			return 0;
		if (left[i] == VIRTIO_LEFT_LATER)
			ms = RETRY_MS;
	}
	return ms;
}

static void *worker_main(void *arg)
{
	struct virtio_worker *w = arg;
	enum virtio_left left[VIRTIO_MMIO_DEVICES] = { 0 };
	struct pollfd p[VIRTIO_MMIO_DEVICES + 1] = {
		[STOP] = { w->stop_fd, POLLIN, 0 },
	};

	for (unsigned i = 0; i < VIRTIO_MMIO_DEVICES; i++)
		p[i] = (struct pollfd){ w->devices[i].kick_fd, POLLIN, 0 };
	while (!p[STOP].revents)
		if (poll(p, STOP + 1, patience_ms(left)) >= 0)
			serve_all(w, p, left);
	return NULL;
}

int virtio_worker_start(struct virtio_worker *w, struct virtio_mmio *devices,
			struct err *e)
{
	w->devices = devices;
	w->stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (w->stop_fd < 0)
		return err_sys(e, "eventfd");
	if (!thread_start(&w->thread, worker_main, w)) {
		close(w->stop_fd);
		return err_set(e, EAGAIN,
			       "cannot start the thread of the virtio devices");
	}
	w->is_running = true;
	return 0;
}

void virtio_worker_stop(struct virtio_worker *w)
{
	if (!w->is_running)
		return;
	(void)eventfd_write(w->stop_fd, 1);
	pthread_join(w->thread, NULL);
	close(w->stop_fd);
	w->is_running = false;
}
