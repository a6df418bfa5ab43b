/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Chains as the queue gives them to a device, put together by a test.
 */
#ifndef TESTS_SUPPORT_CHAIN_H
#define TESTS_SUPPORT_CHAIN_H

#include <stddef.h>

#include "dev/virtio/queue.h"

/* Append the @len bytes at @p, if there are any. Those that the device may read
 * come first, as in virtio 1.2, 2.7.4.2. */
static inline void chain_add(struct virtq_chain *c, void *p, size_t len,
			     bool writable)
{
	if (!len)
		return;
	c->seg[c->count++] = (struct virtq_seg){ p, (uint32_t)len };
	if (writable) {
		c->writable_bytes += len;
	} else {
		c->readable++;
		c->readable_bytes += len;
	}
}

#endif
