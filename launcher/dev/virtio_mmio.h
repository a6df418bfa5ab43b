/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The virtio transport: the registers by which a guest's driver finds a
 * device, agrees on features, sets up queues, and is told what was done.
 *
 * A device is a table of struct virtio_device_ops and a function that serves
 * one chain of buffers; everything else is here. The guest's side is on the
 * vCPU threads (registers), the device's on the worker (virtio_worker.h),
 * which a notification wakes through kick_fd; one lock covers both, so that
 * once a reset was written no buffer is touched any more.
 *
 *   driver                          transport                    device
 *   QueueNotify --> kick_fd --> worker --> virtq_pop() --> serve()
 *   interrupt <-- irq <-- InterruptStatus <-- virtq_push() <--'
 *
 * A driver that breaks a rule which leaves the device without a meaning to
 * act on meets virtio_mmio_fault(): the device sets DEVICE_NEEDS_RESET, says
 * so with a configuration change, touches no queue until it is reset, and
 * the first such fault is logged. Accesses that just mean nothing (a write to
 * a read-only register, a byte of a 32-bit one) do nothing; the bus counts
 * them and names each address once.
 *
 * Modern devices only; no packed queues, no shared memory, no queue reset.
 *
 * Must never trust: anything written to a register, in any order, at any
 * size; anything in the queues.
 *
 * Spec: virtio 1.2, 2.1 to 2.7, 3.1, 4.2.
 */
#ifndef DEV_VIRTIO_MMIO_H
#define DEV_VIRTIO_MMIO_H

#include <pthread.h>
#include <stdint.h>

#include "dev/bus.h"
#include "dev/virtio/queue.h"
#include "vm/irq.h"

/* How many devices there are; the DSDT names as many. */
#define VIRTIO_MMIO_DEVICES 1

#define VIRTIO_QUEUES_MAX 4

struct virtio_device_ops {
	const char *name; /* "virtio-rng", for messages */
	uint32_t id;
	unsigned queues;
	uint16_t queue_max; /* descriptors in each: a power of 2 */
	uint64_t features;  /* of the device type; the transport adds its own */
	/* The configuration space; NULL: there is none. */
	uint64_t (*read_config)(void *dev, uint32_t off, unsigned size);
	void (*write_config)(void *dev, uint32_t off, unsigned size,
			     uint64_t value);
	/*
	 * Serve one chain of @queue, on the worker's thread, without
	 * blocking. *@written: how many of its writable bytes were, from the
	 * first on. -EAGAIN: not now, ask again later. Any other error is a
	 * fault of the driver, and @e says which.
	 */
	int (*serve)(void *dev, unsigned queue, const struct virtq_chain *c,
		     uint32_t *written, struct err *e);
};

struct virtio_mmio {
	const struct virtio_device_ops *ops; /* NULL: empty */
	void *dev;
	const struct guest_mem *gm;
	struct irq_edge irq;
	int kick_fd; /* eventfd: a queue may have something to do */

	pthread_mutex_t lock; /* covers what follows */
	uint32_t status;
	uint32_t interrupt_status;
	uint32_t config_generation;
	uint32_t device_features_sel, driver_features_sel, queue_sel;
	uint64_t driver_features;
	bool strange_features; /* the driver accepted bits beyond 63 */
	struct virtq queues[VIRTIO_QUEUES_MAX];
	struct virtq_chain chain; /* the one being served */
	struct err fault;	  /* the first one since the start, or "" */
	uint64_t faults;
};

extern const struct device_ops virtio_mmio_ops;

/* @irq is the device's from here on, also on failure. */
int virtio_mmio_init(struct virtio_mmio *v, const struct virtio_device_ops *ops,
		     void *dev, const struct guest_mem *gm, struct irq_edge irq,
		     struct err *e);
void virtio_mmio_release(struct virtio_mmio *v);

/*
 * The one place where a driver's fault ends a device's work, until the next
 * reset: of @queue or VIRTIO_NO_QUEUE. With the lock.
 */
#define VIRTIO_NO_QUEUE (-1)
void virtio_mmio_fault(struct virtio_mmio *v, int queue, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* There may be something to serve. From any thread. */
void virtio_mmio_kick(struct virtio_mmio *v);

/* What is left after virtio_mmio_serve(). */
enum virtio_left {
	VIRTIO_LEFT_NOTHING, /* until the next kick */
	VIRTIO_LEFT_LATER, /* the device was not ready: try again in a while */
	VIRTIO_LEFT_MORE,  /* at once, when others had their turn */
};

/*
 * Serve each queue, at most as many chains as it has room for. From one
 * thread at a time.
 */
enum virtio_left virtio_mmio_serve(struct virtio_mmio *v);

/* The device's configuration space changed: say so. Without the lock. */
void virtio_mmio_config_changed(struct virtio_mmio *v);

#endif
