/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The driver's side of the core: status, features, queues, configuration and
 * faults, as transports pass them on. serve.c is the device's side.
 */
#include "dev/virtio/core.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>

/* The status bits that a driver sets. */
#define DRIVER_STATUS                                          \
	(VIRTIO_STATUS_ACKNOWLEDGE | VIRTIO_STATUS_DRIVER |    \
	 VIRTIO_STATUS_DRIVER_OK | VIRTIO_STATUS_FEATURES_OK | \
	 VIRTIO_STATUS_FAILED)

/* --- faults */

void virtio_need_reset(struct virtio *v)
{
	/* 2.1.2: "SHOULD set DEVICE_NEEDS_RESET when it enters an error
	 * state"; "If DRIVER_OK is set, [...] the device MUST send a device
	 * configuration change notification". */
	v->status |= VIRTIO_STATUS_NEEDS_RESET;
	if (v->status & VIRTIO_STATUS_DRIVER_OK)
		v->transport->config_changed(v->transport_ctx);
	virtio_end_life(v);
}

/*
 * Only the first fault is logged, and by the worker: a guest can reset the
 * device and cause the same fault any number of times.
 */
void virtio_fault(struct virtio *v, int queue, const char *fmt, ...)
{
	char what[sizeof(v->fault.msg)], where[32] = "";
	va_list args;

	if ((v->status & VIRTIO_STATUS_NEEDS_RESET) || v->is_resetting)
		return;
	virtio_need_reset(v);
	if (v->faults++)
		return;
	va_start(args, fmt);
	vsnprintf(what, sizeof(what), fmt, args);
	va_end(args);
	if (queue != VIRTIO_NO_QUEUE)
		snprintf(where, sizeof(where), " queue %d", queue);
	err_set(&v->fault, EPROTO, "%s%s: %s", v->is.name, where, what);
	loop_post(&v->is.worker->loop, &v->settle);
}

bool virtio_all_writable(const struct virtio_request *r, const char *section,
			 struct err *e)
{
	if (!r->chain.readable)
		return true;
	err_set(e, EPROTO, "chain %u: a device-readable buffer (%s)",
		r->chain.head, section);
	return false;
}

bool virtio_all_readable(const struct virtio_request *r, const char *section,
			 struct err *e)
{
	if (r->chain.count == r->chain.readable)
		return true;
	err_set(e, EPROTO, "chain %u: a device-writable buffer (%s)",
		r->chain.head, section);
	return false;
}

/* --- features */

uint32_t virtio_offered_word(const struct virtio *v, uint32_t n)
{
	return n > 1 ? 0 : (uint32_t)(v->offered >> 32 * n);
}

uint32_t virtio_accepted_word(const struct virtio *v, uint32_t n)
{
	return n > 1 ? 0 : (uint32_t)((v->accepted & v->offered) >> 32 * n);
}

void virtio_accept_word(struct virtio *v, uint32_t n, uint32_t value)
{
	unsigned shift = 32 * (n & 1);

	/* 3.1.1: "The driver MUST NOT accept new feature bits after this
	 * step." */
	if (v->status & VIRTIO_STATUS_FEATURES_OK) {
		virtio_fault(v, VIRTIO_NO_QUEUE,
			     "features after FEATURES_OK (3.1.1)");
		return;
	}
	if (n > 1) {
		v->accepts_others |= value != 0;
		return;
	}
	v->accepted &= ~((uint64_t)UINT32_MAX << shift);
	v->accepted |= (uint64_t)value << shift;
}

/*
 * 2.2.2: "The device SHOULD accept any valid subset of features the driver
 * accepts, otherwise it MUST fail to set the FEATURES_OK device status bit". A
 * driver without VIRTIO_F_VERSION_1 expects a legacy device (6.2).
 */
static bool features_fit(const struct virtio *v)
{
	return !(v->accepted & ~v->offered) && !v->accepts_others &&
	       virtio_has(v, VIRTIO_F_VERSION_1);
}

/* --- status */

void virtio_set_status(struct virtio *v, uint32_t value)
{
	uint32_t before = v->status & DRIVER_STATUS;
	uint32_t added;

	if (!value)
		virtio_begin_reset(v);
	if (!value || v->is_resetting)
		return;
	value &= DRIVER_STATUS;
	/* 2.1.1: "The driver MUST NOT clear a device status bit." */
	if (before & ~value) {
		virtio_fault(v, VIRTIO_NO_QUEUE,
			     "status 0x%x was written over 0x%x (2.1.1)", value,
			     before);
		return;
	}
	added = value & ~before;
	if ((added & VIRTIO_STATUS_FEATURES_OK) && !features_fit(v))
		added &= ~(uint32_t)VIRTIO_STATUS_FEATURES_OK;
	/* 3.1.1: a driver that finds FEATURES_OK clear gives up. */
	if ((added & VIRTIO_STATUS_DRIVER_OK) &&
	    !((before | added) & VIRTIO_STATUS_FEATURES_OK)) {
		virtio_fault(v, VIRTIO_NO_QUEUE,
			     "DRIVER_OK without FEATURES_OK (3.1.1)");
		return;
	}
	v->status |= added;
	if (v->status & (VIRTIO_STATUS_FAILED | VIRTIO_STATUS_NEEDS_RESET))
		virtio_end_life(v);
	else if (added & VIRTIO_STATUS_DRIVER_OK)
		virtio_begin_life(v);
}

/* --- queues */

struct virtio_queue *virtio_queue(struct virtio *v, uint32_t n)
{
	return n < v->is.queues ? &v->queues[n] : NULL;
}

void virtio_enable_queue(struct virtio *v, struct virtio_queue *q,
			 const char *reg)
{
	int n = (int)(q - v->queues);
	struct err e;

	if (v->is_resetting)
		return;
	/* 3.1.1: queues are set up after feature negotiation, because the
	 * features decide their layout. */
	if (!(v->status & VIRTIO_STATUS_FEATURES_OK))
		virtio_fault(v, n, "%s without FEATURES_OK (3.1.1)", reg);
	else if (virtq_enable(&q->ring, v->is.gm, v->is.queue_size, v->accepted,
			      &e))
		virtio_fault(v, n, "%s", e.msg);
}

/*
 * The core stops touching the rings at once, but the device may still touch the
 * buffers of chains that it has until it is stopped. VIRTIO_F_RING_RESET, with
 * which a driver may expect more, is not offered.
 */
void virtio_disable_queue(struct virtio *v, struct virtio_queue *q)
{
	virtq_disable(&q->ring);
	if (q->held && v->is_live)
		virtio_fault(v, (int)(q - v->queues),
			     "disabled while %u of its chains are in use "
			     "(VIRTIO_F_RING_RESET is not offered)",
			     q->held);
}

void virtio_notify(struct virtio_queue *q)
{
	(void)eventfd_write(q->bell_fd, 1);
}

/* --- configuration */

/* How many of @size bytes at @off exist. */
static unsigned inside(const struct virtio *v, uint32_t off, unsigned size)
{
	if (off >= v->is.config_len)
		return 0;
	return size <= v->is.config_len - off ? size : v->is.config_len - off;
}

uint32_t virtio_read_config(const struct virtio *v, uint32_t off, unsigned size)
{
	uint32_t value = 0;

	assert(size <= sizeof(value));
	if (inside(v, off, size))
		memcpy(&value, v->config + off, inside(v, off, size));
	return value;
}

void virtio_write_config(struct virtio *v, uint32_t off, unsigned size,
			 uint32_t value)
{
	if (v->is.ops->write_config && inside(v, off, size) == size)
		v->is.ops->write_config(v->is.dev, v->config, off, size, value);
}

void virtio_set_config(struct virtio *v, uint32_t off, const void *data,
		       uint32_t len)
{
	assert(inside(v, off, len) == len);
	virtio_lock(v);
	memcpy(v->config + off, data, len);
	/* 2.5: it "will change whenever there is a possibility that two
	 * accesses to the device configuration space can see different
	 * versions of that space." */
	v->config_generation++;
	if (v->status & VIRTIO_STATUS_DRIVER_OK)
		v->transport->config_changed(v->transport_ctx);
	virtio_unlock(v);
}
