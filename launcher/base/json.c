/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/json.h"

#include <stdlib.h>

#include "base/clean.h"

json_t *json_hex(uint64_t v)
{
	return json_sprintf("0x%llx", (unsigned long long)v);
}

json_t *json_amount(uint64_t v)
{
	/* jansson's integers are signed; a larger size, which cannot be real,
	 * becomes a real number. */
	return v <= INT64_MAX ? json_integer((json_int_t)v)
			      : json_real((double)v);
}

json_t *json_text(const char *s)
{
	char *clean;
	json_t *j;

	if (!s)
		return json_null();
	clean = clean_copy(s);
	j = clean ? json_string(clean) : NULL;
	free(clean);
	return j;
}

json_t *json_reason(const char *msg)
{
	return json_text(*msg ? msg : NULL);
}

json_t *json_bytes(struct bytes b, size_t max)
{
	static const char digits[] = "0123456789abcdef";
	size_t n = b.len < max ? b.len : max;
	char *text = malloc(2 * n + 1);
	json_t *j;

	if (!text)
		return NULL;
	for (size_t i = 0; i < n; i++) {
		text[2 * i] = digits[b.data[i] >> 4];
		text[2 * i + 1] = digits[b.data[i] & 0xf];
	}
	j = json_stringn(text, 2 * n);
	free(text);
	return j;
}

json_t *json_push(json_t *array, json_t *item)
{
	if (!json_array_append_new(array, item))
		return array;
	json_decref(array);
	return NULL;
}
