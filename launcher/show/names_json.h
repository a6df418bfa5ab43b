/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Bit fields with the names of their bits, as JSON.
 */
#ifndef SHOW_NAMES_JSON_H
#define SHOW_NAMES_JSON_H

#include "base/json.h"
#include "show/names.h"

/* { "value": "0x3", "names": [...] }; NULL if there is no memory. */
json_t *json_bits(const struct bits *b);

#endif
