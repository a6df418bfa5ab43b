/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dev/device.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/identity.h"

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

int device_request_parse(struct device_request *r,
			 const struct device_type *type, const char *text,
			 struct err *e)
{
	const struct device_option *o = type->option;
	/* The values point into a copy of the text, which follows them. */
	void *config = calloc(1, o->config_size + strlen(text) + 1);
	char *copy = (char *)config + o->config_size;
	int rc;

	if (!config)
		return err_set(e, ENOMEM, "no memory for the device %s",
			       type->name);
	rc = keywords_parse(&o->keywords, strcpy(copy, text), config, e);
	if (!rc && o->check)
		rc = o->check(config, e);
	if (rc)
		free(config);
	else
		*r = (struct device_request){ type, config };
	return rc;
}

int device_request_add(struct device_request *list, size_t *count, size_t max,
		       const struct device_request *r, struct err *e)
{
	const struct device_option *o = r->type->option;
	int rc = 0;

	for (size_t i = 0; !rc && i < *count; i++) {
		if (list[i].type != r->type)
			continue;
		if (o && o->join)
			return o->join(list[i].config, r->config, e);
		if (o && o->agree)
			rc = o->agree(r->config, list[i].config, e);
	}
	if (rc)
		return rc;
	if (*count == max)
		return err_set(e, E2BIG, "at most %zu devices may be added",
			       max);
	list[(*count)++] = *r;
	return 0;
}

int device_request_open(const struct device_request *r, const char *guest,
			unsigned instance, struct err *e)
{
	const struct device_option *o = r->type->option;
	int rc;

	if (o && o->identify)
		o->identify(r->config, guest, instance);
	if (!o || !o->open)
		return 0;
	if (!o->opened_as_user)
		return o->open(r->config, e);
	rc = identity_enter(e);
	if (rc)
		return rc;
	rc = o->open(r->config, e);
	identity_leave();
	return rc;
}

void device_request_abandon(const struct device_request *r)
{
	if (r->type->option && r->type->option->abandon)
		r->type->option->abandon(r->config);
}

void device_request_release(struct device_request *r)
{
	if (r->type && r->type->option && r->type->option->close)
		r->type->option->close(r->config);
	free(r->config);
	*r = (struct device_request){ .config = NULL };
}
