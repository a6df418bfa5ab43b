/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * `inspect --symbols`: the names that a kernel carries for itself, as nm(1)
 * prints symbols, or as JSON.
 */
#ifndef SHOW_SYMBOLS_LIST_H
#define SHOW_SYMBOLS_LIST_H

#include "base/err.h"
#include "image/kallsyms.h"

/* Write a line for each symbol into *@out, a string to be freed: the address in
 * 16 hexadecimal digits, or in 8, the type, the name. -ENOMEM. */
int symbols_list_text(const struct kallsyms *k, bool is64, char **out,
		      struct err *e);

/* One JSON object, without a newline at its end; its keys are documented in
 * launcher-json.5. */
int symbols_list_json(const struct kallsyms *k, const char *path, char **out,
		      struct err *e);

#endif
