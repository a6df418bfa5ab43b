/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "show/names_json.h"

json_t *json_bits(const struct bits *b)
{
	json_t *names = json_array();
	struct name_buf buf;

	for (unsigned bit = 0; bit < 64; bit++)
		if (b->value >> bit & 1)
			names = json_push(names,
					  json_string(bits_name(b, bit, &buf)));
	return json_pack("{s:o, s:o}", "value", json_hex(b->value), "names",
			 names);
}
