/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dev/pc/legacy.h"

#include <errno.h>
#include <stdlib.h>

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

static int pvpanic_create(void **dev, const struct device_slot *slot,
			  struct device_env *env, struct err *e)
{
	struct pvpanic *d = device_alloc(slot, sizeof(*d), e);

	if (!d)
		return -ENOMEM;
	d->latch = env->latch;
	*dev = d;
	return 0;
}

const struct device_type pvpanic_type = {
	.name = "pvpanic",
	.fixed = { DEVICE_PORTS_AT(PVPANIC_PORT, 1) },
	/* No EISA id: its driver matches this name. */
	.acpi_hid = "QEMU0001",
	.acpi_name = "PEVT",
	.ops = &pvpanic_ops,
	.create = pvpanic_create,
	.release = free,
};
