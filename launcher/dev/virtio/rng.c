/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dev/virtio/rng.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/clock.h"

#define RNG_QUEUE 0

/*
 * Write up to @len random bytes to @data. Returns how many: fewer, even 0, if
 * the host would have to wait for more.
 */
static int fill(const struct virtio_rng *rng, uint8_t *data, uint32_t len,
		struct err *e)
{
	uint32_t done = 0;
	ssize_t n;

	while (done < len) {
		n = rng->source(data + done, len - done, GRND_NONBLOCK);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno != EAGAIN && !done)
			return err_sys(e, "getrandom");
		if (n <= 0)
			break;
		done += (uint32_t)n;
	}
	return (int)done;
}

/* Fill the beginning of @c. Returns as fill() does. */
static int fill_chain(const struct virtio_rng *rng, const struct virtq_chain *c,
		      struct err *e)
{
	struct virtq_cursor all = virtq_writer(c);
	struct virtq_cursor w = virtq_split(&all, RNG_CHAIN_MAX);
	uint32_t done = 0;
	struct iovec piece;

	while (virtq_iov(&w, RNG_CHAIN_MAX, &piece, 1)) {
		int n = fill(rng, piece.iov_base, (uint32_t)piece.iov_len, e);

		/* The driver still gets the bytes filled before. */
		if (n < 0 && !done)
			return n;
		if (n > 0)
			done += (uint32_t)n;
		if (n < 0 || (uint32_t)n < piece.iov_len)
			break;
	}
	return (int)done;
}

static enum virtio_result rng_serve(void *dev, struct virtio_request *r,
				    struct err *e)
{
	struct virtio_rng *rng = dev;
	int done;

	if (!virtio_all_writable(r, "5.4.6.1", e))
		return VIRTIO_DRIVER_FAULT;
	if (!r->chain.count) {
		err_set(e, EPROTO,
			"chain %u: no room for a random byte (5.4.6.2)",
			r->chain.head);
		return VIRTIO_DRIVER_FAULT;
	}
	done = fill_chain(rng, &r->chain, e);
	/* 5.4.6.2: "The device MUST place one or more random bytes into the
	 * buffer": a chain without bytes waits, whatever the reason. */
	if (done < 0)
		virtio_host_error(&rng->core, RNG_QUEUE, e);
	if (done <= 0) {
		loop_timer_set(&rng->core.is.worker->loop, &rng->retry,
			       clock_ns() + RNG_RETRY_NS);
		return VIRTIO_NOT_NOW;
	}
	r->written = (uint32_t)done;
	atomic_fetch_add(&rng->bytes, r->written);
	return VIRTIO_DONE;
}

static void on_retry(void *ctx)
{
	struct virtio_rng *rng = ctx;

	virtio_resume(&rng->core, RNG_QUEUE);
}

static void rng_stop(void *dev)
{
	struct virtio_rng *rng = dev;

	loop_timer_stop(&rng->retry);
}

static void rng_report(void *dev, struct device_counters *c)
{
	struct virtio_rng *rng = dev;

	device_count(c, "bytes", atomic_load(&rng->bytes));
}

static void rng_free(void *dev)
{
	virtio_rng_release(dev);
	free(dev);
}

static const struct virtio_device_ops rng_ops = {
	.serve = rng_serve,
	.stop = rng_stop,
	.report = rng_report,
	.release = rng_free,
};

int virtio_rng_init(struct virtio_rng *rng, const struct guest_mem *gm,
		    struct worker *worker, struct err *e)
{
	const struct virtio_setup setup = {
		.name = "virtio-rng",
		.id = VIRTIO_ID_ENTROPY,
		.queues = 1,
		.queue_size = 64,
		.ops = &rng_ops,
		.dev = rng,
		.gm = gm,
		.worker = worker,
	};

	memset(rng, 0, sizeof(*rng));
	rng->source = getrandom;
	rng->retry = (struct loop_timer){ .fn = on_retry, .ctx = rng };
	return virtio_init(&rng->core, &setup, e);
}

void virtio_rng_release(struct virtio_rng *rng)
{
	virtio_release(&rng->core);
}

static int rng_create(struct virtio **v, const struct device_slot *slot,
		      struct device_env *env, struct err *e)
{
	struct virtio_rng *rng = device_alloc(slot, sizeof(*rng), e);
	int rc;

	if (!rng)
		return -ENOMEM;
	rc = virtio_rng_init(rng, env->gm, env->worker, e);
	if (rc)
		free(rng);
	else
		*v = &rng->core;
	return rc;
}

const struct device_type virtio_rng_type = {
	.name = "virtio-rng",
	.virtio = rng_create,
};
