/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "show/drivers_list.h"

#include <errno.h>

#include "base/json.h"

/* One word each. */
static const char *const states[] = {
	[DRIVER_BUILT_IN] = "built-in",
	[DRIVER_MODULE] = "module",
	[DRIVER_ABSENT] = "absent",
	[DRIVER_MODULE_OR_ABSENT] = "module-or-absent",
};

static json_t *driver_json(const struct driver *d, enum driver_state state)
{
	return json_pack("{s:s, s:s, s:s, s:s}", "name", d->name, "option",
			 d->option, "drives", d->of, "state", states[state]);
}

static json_t *size_json(uint64_t size)
{
	return size ? json_amount(size) : json_null();
}

int drivers_list_json(const struct drivers_list *l, char **out, struct err *e)
{
	json_t *all = json_array();
	json_t *root;
	char *text;

	for (size_t i = 0; i < drivers_count; i++)
		all = json_push(all, driver_json(&drivers[i], l->states[i]));
	root = json_pack("{s:o, s:o, s:o, s:o}", "file", json_text(l->path),
			 "configuration", size_json(l->config_size), "btf",
			 size_json(l->btf_size), "drivers", all);
	text = root ? json_dumps(root, JSON_INDENT(2)) : NULL;
	json_decref(root);
	if (!text)
		return err_set(e, ENOMEM, "no memory for the JSON object");
	*out = text;
	return 0;
}
