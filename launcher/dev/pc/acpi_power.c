/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dev/pc/legacy.h"

#include <errno.h>
#include <stdlib.h>

#define SLP_EN	      0x20
#define SLP_TYPE(ctl) ((ctl) >> 2 & 7)

static uint64_t acpi_power_read(void *dev, uint64_t off, unsigned size)
{
	(void)dev, (void)off, (void)size;
	return 0; /* never woken from a sleep, no bit latched */
}

static void acpi_power_write(void *dev, uint64_t off, unsigned size,
			     uint64_t value)
{
	struct acpi_power *power = dev;

	(void)size;
	if (off == ACPI_SLEEP_CTL && (value & SLP_EN) &&
	    SLP_TYPE(value) == ACPI_S5_TYPE)
		outcome_set(power->latch, OUTCOME_POWEROFF, 0,
			    "ACPI: S5 written to port 0x%x",
			    ACPI_POWER_PORT + ACPI_SLEEP_CTL);
	else if (off == ACPI_RESET && value == ACPI_RESET_VALUE)
		outcome_set(power->latch, OUTCOME_RESET, 0,
			    "ACPI: reset register, port 0x%x",
			    ACPI_POWER_PORT + ACPI_RESET);
	else if (off == ACPI_RESET && value == ACPI_RESET_BY_VECTOR)
		outcome_set(power->latch, OUTCOME_RESET, 0,
			    "jump to the reset vector, 0x%x", RESET_VECTOR_GPA);
}

const struct device_ops acpi_power_ops = {
	.name = "acpi",
	.width = 1,
	.read = acpi_power_read,
	.write = acpi_power_write,
};

int reset_vector_write(const struct guest_mem *gm, struct err *e)
{
	static const uint8_t code[] = {
		0xb0,
		ACPI_RESET_BY_VECTOR, /* mov al, ... */
		0xba,
		(ACPI_POWER_PORT + ACPI_RESET) & 0xff,
		(ACPI_POWER_PORT + ACPI_RESET) >> 8, /* mov dx, ... */
		0xee,				     /* out dx, al */
		0xf4,				     /* hlt */
		0xeb,
		0xfd, /* jmp to the hlt */
	};

	return guest_mem_write(gm, RESET_VECTOR_GPA, code, sizeof(code),
			       "reset vector", e);
}

static int acpi_power_create(void **dev, const struct device_slot *slot,
			     struct device_env *env, struct err *e)
{
	struct acpi_power *d = device_alloc(slot, sizeof(*d), e);

	if (!d)
		return -ENOMEM;
	d->latch = env->latch;
	*dev = d;
	return 0;
}

const struct device_type acpi_power_type = {
	.name = "acpi",
	.fixed = { DEVICE_PORTS_AT(ACPI_POWER_PORT, ACPI_POWER_LEN) },
	.ops = &acpi_power_ops,
	.create = acpi_power_create,
	.release = free,
};
