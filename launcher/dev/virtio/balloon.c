/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dev/virtio/balloon.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define PAGE VIRTIO_BALLOON_PAGE

/* Linux wants room for 32 reports at a time. */
#define BALLOON_QUEUE_SIZE 128

/* Page numbers of one request: a driver sends at most 256, and more would keep
 * the worker busy for long. */
#define BALLOON_PAGES_MAX 4096

/* --- reports */

/* 5.5.6.7.2: with PAGE_POISON, the device must not change a reported page,
 * except to what the driver says is in it. We can only change it to zeros. */
static bool may_clear(const struct virtio_balloon *b)
{
	return !virtio_has(&b->core, VIRTIO_BALLOON_F_PAGE_POISON) ||
	       !atomic_load(&b->poison);
}

static enum virtio_result serve_report(struct virtio_balloon *b,
				       struct virtio_request *r, struct err *e)
{
	const struct virtq_chain *c = &r->chain;

	if (!virtio_has(&b->core, VIRTIO_BALLOON_F_PAGE_REPORTING)) {
		err_set(e, EPROTO,
			"a report without VIRTIO_BALLOON_F_PAGE_REPORTING "
			"(5.5.6.7)");
		return VIRTIO_DRIVER_FAULT;
	}
	if (c->readable) {
		err_set(e, EPROTO,
			"chain %u: a report with device-readable buffers "
			"(5.5.6.7)",
			c->head);
		return VIRTIO_DRIVER_FAULT;
	}
	for (unsigned i = 0; may_clear(b) && i < c->count; i++)
		atomic_fetch_add(&b->reported,
				 guest_mem_discard(b->gm, c->seg[i].data,
						   c->seg[i].len));
	return VIRTIO_DONE;
}

/* --- the balloon */

/* Pages that follow each other in guest memory. */
struct run {
	uint64_t first, count;
};

static void discard_run(struct virtio_balloon *b, const struct run *run)
{
	void *p = guest_mem_ptr(b->gm, run->first * PAGE, run->count * PAGE);

	if (p)
		atomic_fetch_add(
			&b->inflated,
			guest_mem_discard(b->gm, p, run->count * PAGE));
}

/* Whether page @n extends @run at one of its ends: drivers allocate upwards or
 * downwards. */
static bool extends(struct run *run, uint64_t n)
{
	if (n + 1 == run->first)
		run->first--;
	else if (n != run->first + run->count)
		return false;
	run->count++;
	return true;
}

static enum virtio_result inflate(struct virtio_balloon *b,
				  const struct virtio_request *r, struct err *e)
{
	struct virtq_cursor in = virtq_reader(&r->chain);
	struct run run = { 0, 0 };
	uint32_t n;

	if (in.left > BALLOON_PAGES_MAX * sizeof(n) || in.left % sizeof(n)) {
		err_set(e, EPROTO,
			"chain %u: %" PRIu64 " bytes of page numbers "
			"(expected a multiple of 4, at most %zu)",
			r->chain.head, in.left, BALLOON_PAGES_MAX * sizeof(n));
		return VIRTIO_DRIVER_FAULT;
	}
	while (virtq_read(&in, &n, sizeof(n))) {
		if (!guest_mem_ptr(b->gm, (uint64_t)n * PAGE, PAGE)) {
			err_set(e, EPROTO,
				"chain %u: page 0x%" PRIx64
				" is not RAM (5.5.6)",
				r->chain.head, (uint64_t)n * PAGE);
			return VIRTIO_DRIVER_FAULT;
		}
		/* All of its pages are RAM, so a run has no hole in it. */
		if (run.count && extends(&run, n))
			continue;
		if (run.count)
			discard_run(b, &run);
		run = (struct run){ n, 1 };
	}
	if (run.count)
		discard_run(b, &run);
	return VIRTIO_DONE;
}

static enum virtio_result balloon_serve(void *dev, struct virtio_request *r,
					struct err *e)
{
	switch (r->ticket.queue) {
	case VIRTIO_BALLOON_INFLATE:
		return inflate(dev, r, e);
	case VIRTIO_BALLOON_DEFLATE:
		/* The pages come back when the guest touches them. */
		return VIRTIO_DONE;
	default:
		return serve_report(dev, r, e);
	}
}

/* --- the device */

static void balloon_write_config(void *dev, uint8_t *config, uint32_t off,
				 unsigned size, uint32_t value)
{
	struct virtio_balloon *b = dev;

	if (size != sizeof(value))
		return;
	if (off == VIRTIO_BALLOON_ACTUAL)
		atomic_store(&b->held, (uint64_t)value * PAGE);
	else if (off == VIRTIO_BALLOON_POISON_VAL)
		atomic_store(&b->poison, value);
	else
		return;
	memcpy(config + off, &value, sizeof(value));
}

static void balloon_report(void *dev, struct device_counters *c)
{
	struct virtio_balloon *b = dev;
	uint64_t inflated = atomic_load(&b->inflated);

	device_count(c, BALLOON_RETURNED, atomic_load(&b->reported) + inflated);
	device_count(c, "inflated_bytes", inflated);
	device_count(c, "held_bytes", atomic_load(&b->held));
}

static void balloon_free(void *dev)
{
	virtio_balloon_release(dev);
	free(dev);
}

static const struct virtio_device_ops balloon_ops = {
	.serve = balloon_serve,
	.write_config = balloon_write_config,
	.report = balloon_report,
	.release = balloon_free,
};

int virtio_balloon_init(struct virtio_balloon *b, uint64_t size,
			const struct guest_mem *gm, struct worker *worker,
			struct err *e)
{
	const uint32_t pages = (uint32_t)(size / PAGE);
	uint8_t config[VIRTIO_BALLOON_CONFIG_SIZE] = { 0 };
	const struct virtio_setup setup = {
		.name = "virtio-balloon",
		.id = VIRTIO_ID_BALLOON,
		.features = UINT64_C(1) << VIRTIO_BALLOON_F_DEFLATE_ON_OOM |
			    UINT64_C(1) << VIRTIO_BALLOON_F_PAGE_POISON |
			    UINT64_C(1) << VIRTIO_BALLOON_F_PAGE_REPORTING,
		.queues = VIRTIO_BALLOON_QUEUES,
		.queue_size = BALLOON_QUEUE_SIZE,
		.config = config,
		.config_len = sizeof(config),
		.ops = &balloon_ops,
		.dev = b,
		.gm = gm,
		.worker = worker,
	};

	memset(b, 0, sizeof(*b));
	b->gm = gm;
	memcpy(config + VIRTIO_BALLOON_NUM_PAGES, &pages, sizeof(pages));
	return virtio_init(&b->core, &setup, e);
}

void virtio_balloon_release(struct virtio_balloon *b)
{
	virtio_release(&b->core);
}

/* --- its option */

static int balloon_check(const void *config, struct err *e)
{
	const struct virtio_balloon_config *c = config;

	if (c->size % PAGE)
		return err_set(e, EINVAL, "%" PRIu64 " is not a multiple of 4K",
			       c->size);
	return 0;
}

static const struct device_option balloon_option = {
	.keywords = { .first = "SIZE",
		      .first_value = VALUE_SIZE_AT(struct virtio_balloon_config,
						   size) },
	.config_size = sizeof(struct virtio_balloon_config),
	.check = balloon_check,
};

static int balloon_create(struct virtio **v, const struct device_slot *slot,
			  struct device_env *env, struct err *e)
{
	const struct virtio_balloon_config *c = slot->config;
	struct virtio_balloon *b;
	int rc;

	if (c->size >= guest_mem_size(env->gm))
		return err_set(e, EINVAL,
			       "--balloon: %" PRIu64 " bytes (expected less "
			       "than the guest's memory of %" PRIu64 ")",
			       c->size, guest_mem_size(env->gm));
	b = device_alloc(slot, sizeof(*b), e);
	if (!b)
		return -ENOMEM;
	rc = virtio_balloon_init(b, c->size, env->gm, env->worker, e);
	if (rc)
		free(b);
	else
		*v = &b->core;
	return rc;
}

const struct device_type virtio_balloon_type = {
	.name = "virtio-balloon",
	.virtio = balloon_create,
	.option = &balloon_option,
};
