/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "show/symbols_list.h"

#include <errno.h>

#include "base/json.h"

static json_t *symbol_json(const struct kallsyms *k, uint32_t i)
{
	const char type[] = { kallsyms_type(k, i), '\0' };

	return json_pack("{s:o, s:s, s:s}", "address",
			 json_hex(k->addresses[i]), "type", type, "name",
			 kallsyms_name(k, i));
}

int symbols_list_json(const struct kallsyms *k, const char *path, char **out,
		      struct err *e)
{
	json_t *symbols = json_array();
	json_t *root;
	char *text;

	for (uint32_t i = 0; i < k->count; i++)
		symbols = json_push(symbols, symbol_json(k, i));
	root = json_pack("{s:o, s:s, s:o, s:o}", "file", json_text(path),
			 "addresses", k->form, "count", json_amount(k->count),
			 "symbols", symbols);
	text = root ? json_dumps(root, JSON_INDENT(2)) : NULL;
	json_decref(root);
	if (!text)
		return err_set(e, ENOMEM, "no memory for the JSON object");
	*out = text;
	return 0;
}
