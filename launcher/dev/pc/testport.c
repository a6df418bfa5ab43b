/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "pv/testport.h"

#include "dev/pc/legacy.h"

static uint64_t testport_read(void *dev, uint64_t off, unsigned size)
{
	(void)dev, (void)off, (void)size;
	return 0;
}

static void testport_write(void *dev, uint64_t off, unsigned size,
			   uint64_t value)
{
	struct testport *port = dev;

	/* One aligned doubleword is a verdict; anything else is a probe. */
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
