/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dev/pc/legacy.h"

static uint64_t pvpanic_read(void *dev, uint64_t off, unsigned size)
{
	(void)dev, (void)off, (void)size;
	return PVPANIC_PANICKED | PVPANIC_CRASHED;
}

static void pvpanic_write(void *dev, uint64_t off, unsigned size,
			  uint64_t value)
{
	struct pvpanic *p = dev;

	(void)off, (void)size;
	if (value & PVPANIC_PANICKED)
		outcome_set(p->latch, OUTCOME_PANIC, 0,
			    "pvpanic: 0x%02x written to port 0x%x",
			    (unsigned)value, PVPANIC_PORT);
}

const struct device_ops pvpanic_ops = {
	.name = "pvpanic",
	.width = 1,
	.read = pvpanic_read,
	.write = pvpanic_write,
};
