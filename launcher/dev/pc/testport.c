/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dev/pc/legacy.h"

#include <errno.h>
#include <stdlib.h>

#include "pv/testport.h"

static uint64_t testport_read(void *dev, uint64_t off, unsigned size)
{
	(void)dev, (void)off, (void)size;
	return 0;
}

static void testport_write(void *dev, uint64_t off, unsigned size,
			   uint64_t value)
{
	struct testport *port = dev;

	/* An aligned doubleword write is a verdict; any other access is a
	 * probe. */
	if (off == 0 && size == TESTPORT_LEN)
		outcome_set(port->latch, OUTCOME_REPORTED, (uint32_t)value,
			    "test port: %u written to port 0x%x",
			    (uint32_t)value, TESTPORT_EXIT);
}

const struct device_ops testport_ops = {
	.name = "testport",
	.width = 4,
	.read = testport_read,
	.write = testport_write,
};

static int testport_create(void **dev, const struct device_slot *slot,
			   struct device_env *env, struct err *e)
{
	struct testport *d = device_alloc(slot, sizeof(*d), e);

	if (!d)
		return -ENOMEM;
	d->latch = env->latch;
	*dev = d;
	return 0;
}

const struct device_type testport_type = {
	.name = "testport",
	.fixed = { DEVICE_PORTS_AT(TESTPORT_EXIT, TESTPORT_LEN) },
	.ops = &testport_ops,
	.create = testport_create,
	.release = free,
};
