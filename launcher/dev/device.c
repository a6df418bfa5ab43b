/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dev/device.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

void *device_alloc(const struct device_slot *slot, size_t size, struct err *e)
{
	void *state = calloc(1, size);

	if (!state)
		err_set(e, ENOMEM, "no memory for the device %s",
			slot->type->name);
	return state;
}

void device_count(struct device_counters *c, const char *name, uint64_t value)
{
	assert(c->count < DEVICE_COUNTERS_MAX);
	c->of[c->count].name = name;
	c->of[c->count].value = value;
	c->count++;
}
