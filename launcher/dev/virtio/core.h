/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The core of a virtio device: features, status, queues, configuration and
 * faults, the same for every device and every transport.
 *
 *   driver, by its transport      core                 device, on its worker
 *   status DRIVER_OK       -->  a life begins     -->  start()
 *   doorbell of a queue    -->  eventfd, worker   -->  serve(chain)
 *   used, interrupt        <--  virtio_give()     <--  DONE, now or later
 *   status 0, or a fault   -->  the life ends     -->  stop()
 *
 * A device (rng.h, ...) knows its requests and nothing of registers. It takes
 * chains of buffers, as many at a time as it likes, and gives each back when
 * it is done, in any order. A transport (mmio.h, ...) knows registers and
 * interrupts and nothing of requests.
 *
 * A driver's life goes from DRIVER_OK to a reset, to FAILED or to a fault; it
 * has a number. Once it has ended, no ring is touched: a chain that is given
 * back under an old number is dropped. Its buffers may still be touched by
 * host I/O that cannot be called back, so a reset is not complete, and status
 * does not read 0, until
 *
 *   - the device's stop() has returned, and
 *   - each chain that the device had taken was given back, or it said by
 *     virtio_forget() that it will not touch any of them.
 *
 * stop() therefore forgets what it can, cancels what it can, and returns.
 * Requests whose host I/O is in flight are given back by their completions;
 * the worker is not blocked meanwhile, and other devices on it go on. A
 * transport whose drivers do not poll status waits with virtio_wait().
 *
 * A driver that breaks a rule which leaves the device without a meaning to act
 * on meets virtio_fault(): the life ends, the device sets DEVICE_NEEDS_RESET
 * and says so with a configuration change, and the first such fault is logged
 * with the names of device and queue. A host call that fails is not the
 * driver's fault: see virtio_host_error().
 *
 * Threads: register accesses come on vCPU threads, which never wait for host
 * I/O, but for that of a reset. start(), stop() and serve() run on the
 * device's worker, one at a time, without a lock; so do the loop's callbacks
 * for whatever else the device watches. State of a device that only these use
 * needs no lock. write_config() is the exception: it runs on a vCPU thread.
 *
 * Locks: virtio.lock covers everything in struct virtio and in its transport.
 * It is held for register accesses and while a chain is taken or given back,
 * never during start(), stop(), serve() or host I/O. Order: virtio.lock, then
 * the worker's loop (loop_post() only); an interrupt is raised under
 * virtio.lock. A device may call virtio_*() with a lock of its own
 * held, which write_config() must then not take.
 *
 * Must never trust: anything a driver writes, in any order; anything in the
 * queues.
 *
 * Spec: virtio 1.2, 2.1 to 2.7, 3.1.
 */
#ifndef DEV_VIRTIO_CORE_H
#define DEV_VIRTIO_CORE_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/worker.h"
#include "dev/virtio/queue.h"

/* 6.2: "A device MUST offer VIRTIO_F_VERSION_1." */
#define VIRTIO_CORE_FEATURES \
	(UINT64_C(1) << VIRTIO_F_VERSION_1 | VIRTQ_FEATURES)

#define VIRTIO_QUEUES_MAX 128
#define VIRTIO_NO_QUEUE	  (-1)

/* By what a chain is given back, at any time; see virtio_give(). */
struct virtio_ticket {
	uint32_t life;
	uint16_t queue;
	uint16_t head;
};

struct virtio_request {
	struct virtio_ticket ticket; /* to be kept by LATER */
	/* By DONE and HOST_ERROR: of the writable bytes, how many were
	 * written, from the first on. 0 at first. */
	uint32_t written;
	struct virtq_chain chain; /* valid until serve() returns */
};

enum virtio_result {
	VIRTIO_DONE,  /* give it back */
	VIRTIO_LATER, /* the device keeps it, and will give it back itself */
	/* It stays in the queue, which is not served again until
	 * virtio_resume(). */
	VIRTIO_NOT_NOW,
	VIRTIO_DRIVER_FAULT, /* @e says which rule was broken */
	/* A host call failed, as @e says. The request was answered as the
	 * device's specification has it for that: give it back. */
	VIRTIO_HOST_ERROR,
};

struct device_counters;

struct virtio_device_ops {
	/* A life begins: features and queues are settled. NULL: nothing to
	 * do. A failure is a host error, and the device needs a reset. */
	int (*start)(void *dev, struct err *e);
	/* It has ended: touch no more buffers; see above. NULL: the device
	 * never returns VIRTIO_LATER and has nothing to stop. */
	void (*stop)(void *dev);
	/* Serve one chain of r->ticket.queue, without waiting for anything. */
	enum virtio_result (*serve)(void *dev, struct virtio_request *r,
				    struct err *e);
	/*
	 * The driver wrote @size bytes (1, 2 or 4) at @off, inside the
	 * configuration space @config; the device stores what may be changed.
	 * On a vCPU thread, with virtio.lock, so that it must not call
	 * virtio_*(), but may post to the loop. NULL: nothing may be written.
	 */
	void (*write_config)(void *dev, uint8_t *config, uint32_t off,
			     unsigned size, uint32_t value);
	/* Add the device's own counts to those of the core; with virtio.lock.
	 * NULL: it has none. */
	void (*report)(void *dev, struct device_counters *c);
	/* Free the device and its core, which is stopped. */
	void (*release)(void *dev);
};

/* What one device is, all of it its own. */
struct virtio_setup {
	const char *name;  /* "virtio-rng", for messages; outlives the device */
	uint32_t id;	   /* 5: its type */
	uint64_t features; /* the core adds VERSION_1 and those of the rings */
	unsigned queues;
	uint16_t queue_size; /* descriptors in each: a power of 2 */
	const void *config;  /* its configuration space at first, copied */
	uint32_t config_len; /* 0: it has none */
	const struct virtio_device_ops *ops;
	void *dev;
	const struct guest_mem *gm;
	struct worker *worker; /* which does not run yet */
};

/* Called with virtio.lock held; none may block. */
struct virtio_transport_ops {
	/* Interrupt: chains of @queue were used. */
	void (*used)(void *transport, unsigned queue);
	/* Interrupt: status or the configuration space changed. */
	void (*config_changed)(void *transport);
	/* A reset: forget what the driver wrote to registers. */
	void (*reset)(void *transport);
};

struct virtio;

struct virtio_queue {
	struct virtio *v;
	struct virtq ring;
	unsigned held;	     /* chains that the device has */
	uint64_t given;	     /* chains given back, of all lives */
	uint64_t interrupts; /* that the driver wanted for them */
	int bell_fd; /* eventfd: the driver notified; -1 while v is empty */
	struct loop_watch bell;	 /* of bell_fd */
	struct loop_call resume; /* go on serving */
	bool is_stalled;	 /* VIRTIO_NOT_NOW; of the worker */
};

struct virtio {
	struct virtio_setup is; /* is.ops NULL: the empty device */
	uint64_t offered;	/* features */
	struct virtio_queue *queues;
	const struct virtio_transport_ops *transport;
	void *transport_ctx;
	struct loop_call settle; /* bring the device to where the life is */
	struct virtio_request request; /* of the worker */

	pthread_mutex_t lock; /* covers what follows, and each ring */
	pthread_cond_t has_stopped;
	uint32_t status;
	uint64_t accepted;   /* features */
	bool accepts_others; /* the driver accepted bits beyond 63 */
	uint8_t *config;
	uint32_t config_generation;
	uint32_t life;
	bool is_live;	   /* from DRIVER_OK to the life's end */
	bool is_started;   /* from before start() to after stop() */
	bool is_resetting; /* the driver wrote 0 */
	unsigned held;	   /* chains of this life that the device has */
	uint64_t stops;	   /* lives whose end is complete */
	/* The first of each, or "", and how many. */
	struct err fault, host_error;
	uint64_t faults, host_errors;
	bool is_fault_told, is_host_error_told;
};

/* --- making and ending one */

/* On failure *@v is the empty device. @v must not be moved. */
int virtio_init(struct virtio *v, const struct virtio_setup *setup,
		struct err *e);

/*
 * End the driver's life, as a reset does, and wait for the device. The driver
 * must not run any more; the worker must, unless it never did.
 */
void virtio_stop(struct virtio *v);

/* Add the counts of all lives to @c: for device_type.report(). */
void virtio_report(struct virtio *v, struct device_counters *c);

/* After virtio_stop() and worker_stop(). The empty device is fine. */
void virtio_release(struct virtio *v);

/* --- for devices */

/* Whether feature @bit was negotiated. From start() until stop() returns. */
static inline bool virtio_has(const struct virtio *v, unsigned bit)
{
	return v->accepted >> bit & 1;
}

/*
 * Take the next chain of @queue, on the worker, where a device wants one
 * without being asked by serve(). Returns whether there was one. Afterwards
 * it is to be given back or put back.
 */
bool virtio_take(struct virtio *v, unsigned queue, struct virtio_request *r);

/* Put back the chain that was taken last of its queue, on the worker. */
void virtio_put_back(struct virtio *v, const struct virtio_ticket *t);

/*
 * Give a chain back, of whose writable bytes the first @written were written.
 * From any thread. Nothing happens if the life in which it was taken is over.
 */
void virtio_give(struct virtio *v, const struct virtio_ticket *t,
		 uint32_t written);

/* The chain @t broke a rule, as @e says: VIRTIO_DRIVER_FAULT for one that was
 * kept. From any thread. */
void virtio_refuse(struct virtio *v, const struct virtio_ticket *t,
		   const struct err *e);

/* In stop(): no chain taken so far will be touched again. */
void virtio_forget(struct virtio *v);

/* Serve @queue again after VIRTIO_NOT_NOW. On the worker. */
void virtio_resume(struct virtio *v, unsigned queue);

/*
 * A host call failed for a request of @queue or VIRTIO_NO_QUEUE. The first
 * time, the user is told. What the guest gets to see is up to the device.
 * From any thread.
 */
void virtio_host_error(struct virtio *v, int queue, const struct err *e);

/* Change @len bytes of the configuration space and say so to the driver. From
 * any thread. */
void virtio_set_config(struct virtio *v, uint32_t off, const void *data,
		       uint32_t len);

/* --- for transports; with the lock, where nothing else is said */

/* Before the worker runs; without the lock. */
void virtio_attach(struct virtio *v, const struct virtio_transport_ops *ops,
		   void *transport);

static inline void virtio_lock(struct virtio *v)
{
	pthread_mutex_lock(&v->lock);
}

static inline void virtio_unlock(struct virtio *v)
{
	pthread_mutex_unlock(&v->lock);
}

/* Word @n of the features offered; 0 beyond the last. */
uint32_t virtio_offered_word(const struct virtio *v, uint32_t n);

/* Word @n of those that the driver accepted and a device can have. */
uint32_t virtio_accepted_word(const struct virtio *v, uint32_t n);

/* The driver accepts @value in word @n. */
void virtio_accept_word(struct virtio *v, uint32_t n, uint32_t value);

/*
 * The driver writes the device status. 0 begins a reset, which is complete
 * when v->status is 0. Until then, whatever else is written is ignored.
 */
void virtio_set_status(struct virtio *v, uint32_t value);

/*
 * Wait until the end of a life that has begun to end is complete, and its
 * reset, if there was one. Releases the lock meanwhile. Does not wait if it
 * is the worker itself that must do it.
 */
void virtio_wait(struct virtio *v);

/* Queue @n, NULL if there is none. Size and addresses in ->ring are written by
 * transports, while it is not ready. */
struct virtio_queue *virtio_queue(struct virtio *v, uint32_t n);

/* @reg: by which register, for the message. */
void virtio_enable_queue(struct virtio *v, struct virtio_queue *q,
			 const char *reg);

/* At once; if the device has chains of this queue, it needs a reset. */
void virtio_disable_queue(struct virtio *v, struct virtio_queue *q);

/* A doorbell that did not ring bell_fd by itself. */
void virtio_notify(struct virtio_queue *q);

/* Bytes beyond the configuration space read 0, and are not written. */
uint32_t virtio_read_config(const struct virtio *v, uint32_t off,
			    unsigned size);
void virtio_write_config(struct virtio *v, uint32_t off, unsigned size,
			 uint32_t value);

/*
 * The one place where a driver's fault ends its life, until the next reset:
 * of @queue or VIRTIO_NO_QUEUE.
 */
void virtio_fault(struct virtio *v, int queue, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* --- between core.c and serve.c */

/* Let the worker start the device, or stop it: it takes no more chains. */
void virtio_begin_life(struct virtio *v);
void virtio_end_life(struct virtio *v);
void virtio_begin_reset(struct virtio *v);

#endif
