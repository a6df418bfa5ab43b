/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The forms of values in this project's JSON.
 *
 * Addresses, bit fields and numbers from notes are strings "0x...", because
 * readers of JSON keep numbers as doubles, which lose the low bits of a
 * kernel's addresses. Sizes and counts are numbers.
 *
 * Everything here returns a new reference, or NULL if there is no memory;
 * jansson's functions take NULL and pass the failure on.
 */
#ifndef BASE_JSON_H
#define BASE_JSON_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"

json_t *json_hex(uint64_t v);
/* A size or a count. */
json_t *json_amount(uint64_t v);
/* A foreign string; null for NULL. */
json_t *json_text(const char *s);
/* A reason; null for "". */
json_t *json_reason(const char *msg);
/* "00112233", at most @max bytes of them. */
json_t *json_bytes(struct bytes b, size_t max);

/*
 * Append @item to @array. Takes both references; returns @array, or NULL if
 * memory runs out or either of them is NULL. So a loop need not look:
 *
 *	for (...)
 *		all = json_push(all, ...);
 *	return all;
 */
json_t *json_push(json_t *array, json_t *item);

#endif
