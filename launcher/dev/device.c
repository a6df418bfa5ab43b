/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dev/device.h"

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
