/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Every note of an image as JSON.
 */
#ifndef SHOW_NOTES_JSON_H
#define SHOW_NOTES_JSON_H

#include <jansson.h>

#include "show/inspect.h"

/* An array with an object per note; NULL if there is no memory. */
json_t *notes_json(const struct inspection *in);

#endif
