/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The device's side of the transport: taking chains from the queues, telling
 * the driver, and stopping where the driver broke a rule.
 */
#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/log.h"
#include "dev/virtio_mmio.h"

int virtio_mmio_init(struct virtio_mmio *v, const struct virtio_device_ops *ops,
		     void *dev, const struct guest_mem *gm, struct irq_edge irq,
		     struct err *e)
{
	assert(ops->queues <= VIRTIO_QUEUES_MAX);
	assert(ops->queue_max <= VIRTQ_SIZE_MAX);
	memset(v, 0, sizeof(*v));
	v->kick_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (v->kick_fd < 0) {
		irq_edge_release(&irq);
		return err_sys(e, "%s: eventfd", ops->name);
	}
	v->ops = ops;
	v->dev = dev;
	v->gm = gm;
	v->irq = irq;
	pthread_mutex_init(&v->lock, NULL);
	return 0;
}

void virtio_mmio_release(struct virtio_mmio *v)
{
	if (!v->ops)
		return;
	irq_edge_release(&v->irq);
	close(v->kick_fd);
	v->ops = NULL;
}

void virtio_mmio_kick(struct virtio_mmio *v)
{
	(void)eventfd_write(v->kick_fd, 1);
}

/* 4.2.2.1: "present each event by setting the corresponding bit in
 * InterruptStatus from the moment it takes place". */
static void interrupt(struct virtio_mmio *v, uint32_t events)
{
	v->interrupt_status |= events;
	irq_edge_raise(&v->irq);
}

/*
 * Only the first fault is logged: a guest can reset the device and do it
 * again as often as it likes.
 */
void virtio_mmio_fault(struct virtio_mmio *v, int queue, const char *fmt, ...)
{
	char what[sizeof(v->fault.msg)], where[32] = "";
	va_list args;

	if (v->status & VIRTIO_STATUS_NEEDS_RESET)
		return;
	/* 2.1.2: "SHOULD set DEVICE_NEEDS_RESET when it enters an error
	 * state"; "If DRIVER_OK is set, [...] the device MUST send a device
	 * configuration change notification". */
	v->status |= VIRTIO_STATUS_NEEDS_RESET;
	if (v->status & VIRTIO_STATUS_DRIVER_OK)
		interrupt(v, VIRTIO_INT_CONFIG);
	if (v->faults++)
		return;
	va_start(args, fmt);
	vsnprintf(what, sizeof(what), fmt, args);
	va_end(args);
	if (queue != VIRTIO_NO_QUEUE)
		snprintf(where, sizeof(where), " queue %d", queue);
	err_set(&v->fault, EPROTO, "%s%s: %s", v->ops->name, where, what);
	log_step("%s; the device needs a reset", v->fault.msg);
}

/* 2.1.2: "MUST NOT consume buffers [...] before DRIVER_OK"; 4.2.2.1: "MUST
 * NOT access virtual queue contents when QueueReady is zero". */
static bool may_use(const struct virtio_mmio *v, const struct virtq *q)
{
	const uint32_t stopped = VIRTIO_STATUS_FAILED |
				 VIRTIO_STATUS_NEEDS_RESET;

	return (v->status & VIRTIO_STATUS_DRIVER_OK) &&
	       !(v->status & stopped) && q->ready;
}

static enum virtio_left serve_chain(struct virtio_mmio *v, unsigned i)
{
	struct virtq *q = &v->queues[i];
	uint32_t written = 0;
	struct err e;
	int rc;

	if (!may_use(v, q))
		return VIRTIO_LEFT_NOTHING;
	rc = virtq_pop(q, v->gm, &v->chain, &e);
	if (!rc)
		return virtq_arm(q) ? VIRTIO_LEFT_MORE : VIRTIO_LEFT_NOTHING;
	if (rc > 0)
		rc = v->ops->serve(v->dev, i, &v->chain, &written, &e);
	if (rc == -EAGAIN) {
		virtq_unpop(q);
		return VIRTIO_LEFT_LATER;
	}
	if (rc < 0) {
		virtio_mmio_fault(v, (int)i, "%s", e.msg);
		return VIRTIO_LEFT_NOTHING;
	}
	if (virtq_push(q, v->chain.head, written))
		interrupt(v, VIRTIO_INT_USED);
	return VIRTIO_LEFT_MORE;
}

/* The lock is released between chains: a register access waits for one. */
static enum virtio_left serve_queue(struct virtio_mmio *v, unsigned i)
{
	enum virtio_left left = VIRTIO_LEFT_MORE;

	for (unsigned n = 0; left == VIRTIO_LEFT_MORE && n < v->ops->queue_max;
	     n++) {
		pthread_mutex_lock(&v->lock);
		left = serve_chain(v, i);
		pthread_mutex_unlock(&v->lock);
	}
	return left;
}

enum virtio_left virtio_mmio_serve(struct virtio_mmio *v)
{
	enum virtio_left most = VIRTIO_LEFT_NOTHING;

	for (unsigned i = 0; i < v->ops->queues; i++) {
		enum virtio_left left = serve_queue(v, i);

		if (left > most)
			most = left;
	}
	return most;
}

void virtio_mmio_config_changed(struct virtio_mmio *v)
{
	pthread_mutex_lock(&v->lock);
	/* 4.2.2.1: "MUST change value returned in ConfigGeneration if there
	 * is any risk of a driver seeing an inconsistent configuration". */
	v->config_generation++;
	if (v->status & VIRTIO_STATUS_DRIVER_OK)
		interrupt(v, VIRTIO_INT_CONFIG);
	pthread_mutex_unlock(&v->lock);
}
