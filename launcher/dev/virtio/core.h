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
 * A device (rng.h, ...) knows its requests, but no registers. It takes any
 * number of chains of buffers at a time and gives each one back when it is
 * done, in any order. A transport (mmio.h, ...) knows registers and interrupts,
 * but no requests.
 *
 * A driver's life goes from DRIVER_OK to a reset, to FAILED or until the device
 * needs a reset; each life has a number. After its end the core does
 * not touch the rings: it drops a chain that is given back under an old number.
 * Host I/O that cannot be cancelled may still touch the buffers, so a reset is
 * not complete, and status does not read 0, until
 *
 *   - the device's stop() has returned, and
 *   - the device has given back each chain that it took, or has promised by
 *     virtio_forget() not to touch those it keeps.
 *
 * stop() therefore forgets what it can, cancels what it can, and returns. The
 * completions of host I/O in flight give their requests back. Meanwhile the
 * worker is not blocked and other devices on it go on. A transport whose
 * drivers do not poll status calls virtio_wait().
 *
 * If a driver breaks a rule so that the device cannot know what to do,
 * virtio_fault() ends the life. The device sets DEVICE_NEEDS_RESET and
 * announces this by a configuration change. The first such fault is logged with
 * the names of device and queue. A host call that fails is not the driver's
 * fault: see virtio_host_error().
 *
 * Threads: register accesses come on vCPU threads, which wait for host I/O only
 * during a reset. start(), stop() and serve() run on the device's worker, one
 * at a time, without a lock; so do the loop's callbacks for other files that
 * the device watches. Device state that only these use needs no lock.
 * write_config() is the exception: it runs on a vCPU thread. A device with
 * threads of its own (virtio_setup.threads) has its doorbells and serve()
 * there, on several at a time, after start() has returned; serve() may then
 * wait for host I/O after virtio_may_wait(). Chains that it took before stop()
 * are served while stop() runs.
 *
 * Locks: virtio.lock covers everything in struct virtio and in its transport.
 * It is held for register accesses and while a chain is taken or given back,
 * never during start(), stop(), serve() or host I/O. Order: virtio.lock, then
 * the worker's loop (loop_post() only); an interrupt is raised under
 * virtio.lock. A device may hold its own lock while it calls virtio_*();
 * write_config() must then not take that lock.
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

#include "base/crew.h"
#include "base/worker.h"
#include "dev/virtio/queue.h"

/* 6.2: "A device MUST offer VIRTIO_F_VERSION_1." */
#define VIRTIO_CORE_FEATURES \
	(UINT64_C(1) << VIRTIO_F_VERSION_1 | VIRTQ_FEATURES)

#define VIRTIO_QUEUES_MAX 128
#define VIRTIO_NO_QUEUE	  (-1)

/* Identifies a chain that is given back; see virtio_give(). */
struct virtio_ticket {
	uint32_t life;
	uint16_t queue;
	uint16_t head;
};

struct virtio_request {
	struct virtio_ticket ticket; /* a device that returns LATER keeps it */
	/* For DONE and HOST_ERROR: how many of the writable bytes were written,
	 * from the first on. 0 at first. */
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
	 * device's specification says for that case: give it back. */
	VIRTIO_HOST_ERROR,
};

struct device_counters;

struct virtio_device_ops {
	/* A life begins: features and queues are settled. May be NULL. A
	 * failure is a host error, and the device needs a reset. */
	int (*start)(void *dev, struct err *e);
	/* The life has ended: touch no more buffers; see above. May be NULL if
	 * the device never returns VIRTIO_LATER. */
	void (*stop)(void *dev);
	/*
	 * The guest has stopped for good: wait, but not for long, until what it
	 * has sent has arrived. On another thread than the worker's, before
	 * stop(). NULL: nothing to wait for.
	 */
	void (*drain)(void *dev);
	/* Serve one chain of r->ticket.queue, without waiting for anything,
	 * unless the device has threads of its own. */
	enum virtio_result (*serve)(void *dev, struct virtio_request *r,
				    struct err *e);
	/*
	 * The driver wrote @size bytes (1, 2 or 4) at @off, inside the
	 * configuration space @config; the device stores what may be changed.
	 * Called on a vCPU thread with virtio.lock held, so it must not call
	 * virtio_*(), but may post to the loop. NULL: the driver cannot write.
	 */
	void (*write_config)(void *dev, uint8_t *config, uint32_t off,
			     unsigned size, uint32_t value);
	/* Add the device's own counts to those of the core; with virtio.lock
	 * held. NULL: it has none. */
	void (*report)(void *dev, struct device_counters *c);
	/* Free the device and its stopped core. */
	void (*release)(void *dev);
};

/* The description of one device; not shared. */
struct virtio_setup {
	const char *name;  /* "virtio-rng", for messages; outlives the device */
	uint32_t id;	   /* 5: its type */
	uint64_t features; /* the core adds VERSION_1 and those of the rings */
	unsigned queues;
	uint16_t queue_size; /* descriptors in each: a power of 2 */
	const void *config;  /* its configuration space at first, copied */
	uint32_t config_len; /* 0: it has none */
	unsigned threads; /* its own, at most; 0: serve() runs on the worker */
	enum thread_role role; /* of these */
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
	unsigned held; /* chains that the device has */
	/* Chains given back without an interrupt so far, and their bytes. */
	unsigned unnotified;
	uint64_t unnotified_bytes;
	uint64_t given;	     /* chains given back, of all lives */
	uint64_t interrupts; /* that the driver wanted for them */
	int bell_fd; /* eventfd: the driver notified; -1 while v is empty */
	struct crew_watch own_bell; /* of bell_fd, with threads of its own */
	struct loop_watch bell;	    /* of bell_fd, on the worker */
	struct loop_call resume;    /* go on serving, on the worker */
	bool is_stalled;	    /* VIRTIO_NOT_NOW; of the worker */
};

struct virtio {
	struct virtio_setup is; /* is.ops NULL: the empty device */
	uint64_t offered;	/* features */
	struct virtio_queue *queues;
	const struct virtio_transport_ops *transport;
	void *transport_ctx;
	struct loop_call settle;       /* start or stop as the life demands */
	struct virtio_request request; /* of the worker */
	struct crew crew;	       /* if it has threads of its own */

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
	bool is_serving;   /* from after start() to before stop() */
	bool is_resetting; /* the driver wrote 0 */
	unsigned held;	   /* chains of this life that the device has */
	uint64_t stops;	   /* lives whose end is complete */
	/* The first of each, or "", and how many. */
	struct err fault, host_error;
	uint64_t faults, host_errors;
	bool is_fault_logged, is_host_error_logged;
};

/* --- making and ending one */

/* On failure *@v is the empty device. @v must not be moved. */
int virtio_init(struct virtio *v, const struct virtio_setup *setup,
		struct err *e);

/*
 * End the driver's life, as a reset does, and wait for the device. The driver
 * must have stopped; the worker must still run, unless it was never started.
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
 * Check that the driver lets the device write, or read, all buffers of the
 * chain. Otherwise @e says that this breaks the rule of @section, for
 * VIRTIO_DRIVER_FAULT.
 */
bool virtio_all_writable(const struct virtio_request *r, const char *section,
			 struct err *e);
bool virtio_all_readable(const struct virtio_request *r, const char *section,
			 struct err *e);

/*
 * Take the next chain of @queue outside serve(), on the worker. Returns whether
 * there was one. The device must give it back or put it back.
 */
bool virtio_take(struct virtio *v, unsigned queue, struct virtio_request *r);

/* Put back the chain that was taken last from its queue. On the worker. */
void virtio_put_back(struct virtio *v, const struct virtio_ticket *t);

/*
 * Give a chain back; the device has written the first @written of its writable
 * bytes. From any thread. Does nothing if the life in which the chain was taken
 * is over.
 */
void virtio_give(struct virtio *v, const struct virtio_ticket *t,
		 uint32_t written);

/* A chain to give back; see virtio_give(). */
struct virtio_given {
	struct virtio_ticket ticket;
	uint32_t written;
};

/* Give back @n chains of one queue and one life, at least one, so that the
 * driver sees all of them at once. */
void virtio_give_all(struct virtio *v, const struct virtio_given *all,
		     unsigned n);

/* The chain @t broke a rule, as @e says: VIRTIO_DRIVER_FAULT for a chain that
 * the device kept. From any thread. */
void virtio_refuse(struct virtio *v, const struct virtio_ticket *t,
		   const struct err *e);

/*
 * In serve(), of a device with threads of its own: what follows may take a
 * while, so send the interrupt for the chains of @queue that are done, and let
 * another thread serve those that come meanwhile.
 */
void virtio_may_wait(struct virtio *v, unsigned queue);

/* In stop(): no chain taken so far will be touched again. */
void virtio_forget(struct virtio *v);

/* Serve @queue again after VIRTIO_NOT_NOW. On the worker. */
void virtio_resume(struct virtio *v, unsigned queue);

/*
 * A host call failed for a request of @queue or VIRTIO_NO_QUEUE. The first one
 * is logged. The device decides what the guest sees. From any thread.
 */
void virtio_host_error(struct virtio *v, int queue, const struct err *e);

/* Change @len bytes of the configuration space and notify the driver. From any
 * thread. */
void virtio_set_config(struct virtio *v, uint32_t off, const void *data,
		       uint32_t len);

/* --- for transports; with the lock held, unless the comment says otherwise */

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

/* Word @n of the accepted features that a device can have. */
uint32_t virtio_accepted_word(const struct virtio *v, uint32_t n);

/* The driver accepts @value in word @n. */
void virtio_accept_word(struct virtio *v, uint32_t n, uint32_t value);

/*
 * The driver writes the device status. 0 begins a reset, which is complete when
 * v->status is 0. Until then, other writes are ignored.
 */
void virtio_set_status(struct virtio *v, uint32_t value);

/*
 * Wait until a life that is ending has ended, and its reset, if any, is
 * complete. Releases the lock meanwhile. Does not wait on the worker itself,
 * which does that work.
 */
void virtio_wait(struct virtio *v);

/* Queue @n, NULL if there is none. While it is not ready, transports write size
 * and addresses in ->ring. */
struct virtio_queue *virtio_queue(struct virtio *v, uint32_t n);

/* @reg names the register in the message. */
void virtio_enable_queue(struct virtio *v, struct virtio_queue *q,
			 const char *reg);

/* Takes effect at once. If the device has chains of this queue, it needs a
 * reset. */
void virtio_disable_queue(struct virtio *v, struct virtio_queue *q);

/* A doorbell that did not ring bell_fd by itself. */
void virtio_notify(struct virtio_queue *q);

/* Bytes beyond the configuration space read 0; writes to them are dropped. */
uint32_t virtio_read_config(const struct virtio *v, uint32_t off,
			    unsigned size);
void virtio_write_config(struct virtio *v, uint32_t off, unsigned size,
			 uint32_t value);

/* End the driver's life until the next reset: it may not have done anything
 * wrong, but the device cannot go on. */
void virtio_need_reset(struct virtio *v);

/* The same for a driver's fault on @queue, or VIRTIO_NO_QUEUE, which is counted
 * and, if it is the first, logged. */
void virtio_fault(struct virtio *v, int queue, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* --- between core.c and serve.c */

/* Let the worker start the device, or stop it: a stopped one takes no
 * chains. */
void virtio_begin_life(struct virtio *v);
void virtio_end_life(struct virtio *v);
void virtio_begin_reset(struct virtio *v);

#endif
