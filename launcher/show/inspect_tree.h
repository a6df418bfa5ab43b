/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The result of an inspection as a tree of JSON values, which is printed for
 * one image, and compared for two.
 */
#ifndef SHOW_INSPECT_TREE_H
#define SHOW_INSPECT_TREE_H

#include <jansson.h>

#include "show/inspect.h"

/* A new reference; NULL if there is no memory. launcher-json.5 has the keys. */
json_t *inspection_tree(const struct inspection *in);

#endif
