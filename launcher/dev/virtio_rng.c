/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dev/virtio_rng.h"

#include <errno.h>
#include <sys/random.h>

void virtio_rng_init(struct virtio_rng *rng)
{
	rng->source = getrandom;
}

/*
 * Up to @len random bytes to @data. Returns how many; fewer, even none, where
 * the host has no more to give without waiting, as in its first seconds.
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

static int rng_serve(void *dev, unsigned queue, const struct virtq_chain *c,
		     uint32_t *written, struct err *e)
{
	struct virtio_rng *rng = dev;
	uint32_t done = 0;

	(void)queue;
	if (c->readable)
		return err_set(e, EPROTO,
			       "chain %u: a device-readable buffer (5.4.6.1)",
			       c->head);
	/* 5.4.6.2: "The device MUST place one or more random bytes into the
	 * buffer" */
	if (!c->count)
		return err_set(e, EPROTO,
			       "chain %u: no room for a random byte (5.4.6.2)",
			       c->head);
	for (unsigned i = 0; i < c->count && done < RNG_CHAIN_MAX; i++) {
		uint32_t want = c->seg[i].len;
		int n;

		if (want > RNG_CHAIN_MAX - done)
			want = RNG_CHAIN_MAX - done;
		n = fill(rng, c->seg[i].data, want, e);
		if (n < 0)
			return n;
		done += (uint32_t)n;
		if ((uint32_t)n < want)
			break;
	}
	*written = done;
	return done ? 0 : -EAGAIN;
}

const struct virtio_device_ops virtio_rng_ops = {
	.name = "virtio-rng",
	.id = VIRTIO_ID_ENTROPY,
	.queues = 1,
	.queue_max = 64,
	.serve = rng_serve,
};

/* No EISA id: kernels know virtio over MMIO by this name. */
const struct device_type virtio_rng_type = {
	.name = "virtio-rng",
	.mmio_len = VIRTIO_MMIO_SIZE,
	.irq = DEVICE_IRQ_EDGE,
	.acpi_hid = "LNRO0005",
	.acpi_name = "VRT#",
	.ops = &virtio_mmio_ops,
};
