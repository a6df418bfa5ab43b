/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What differs between two images: header, notes, segments, payload, plan.
 *
 * The two inspections are compared as the trees that --json prints, so a
 * field that is added there is compared, too; the elements of an array are
 * compared by their names, not by their places. Beyond the fields, the bytes of
 * the two kernels are compared, and if all of that is equal, the files.
 *
 * Must never trust: as inspect.h.
 */
#ifndef SHOW_INSPECT_DIFF_H
#define SHOW_INSPECT_DIFF_H

#include "show/inspect.h"

struct json_t; /* of jansson, which not every build has */

/*
 * The object that launcher-json.5 documents; to be released with json_decref().
 * -ENOMEM; *@diff is then untouched.
 */
int inspection_diff(const struct inspection *a, const struct inspection *b,
		    struct json_t **diff, struct err *e);

void diff_release(struct json_t *diff);

/* Whether there is no difference at all. */
bool diff_is_empty(const struct json_t *diff);

/* The same as text, and as JSON. Strings to be freed; -ENOMEM. */
int diff_text(const struct json_t *diff, char **out, struct err *e);
int diff_json(const struct json_t *diff, char **out, struct err *e);

/* "header", "notes", ...: the headings, in their order; ends with NULL. */
extern const char *const diff_parts[];

#endif
