/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What both forms of the report show of a note in addition to notes.h: how much
 * of it, why a malformed one is only shown as hex, and the names in a FEATURES
 * list.
 */
#ifndef SHOW_NOTE_SHOW_H
#define SHOW_NOTE_SHOW_H

#include "image/notes.h"

/* The limit of shown bytes of a descriptor; kernels have far less. */
#define NOTE_SHOWN_MAX 4096

/* @n with its descriptor cut to what is shown. Ask note_kind() of @n. */
struct note note_shown(const struct note *n);

/* "number", "string", ...: the JSON's word for the kind. */
const char *note_kind_name(enum note_kind kind);

/* What a descriptor of @n's type has to look like ("4 or 8 bytes"), if @n's
 * does not; NULL if it does, or if nothing is known of the type. */
const char *note_expected(const struct note *n);

struct note_feature {
	char name[XEN_FEATURE_NAME_MAX + 1]; /* printable; cut if longer */
	bool required;
	bool known;
};

/* NOTE_FEATURES: the name at *@pos, which starts as 0 and moves on to the
 * next; false at the end. Empty names are passed over. */
bool note_feature_next(const struct note *n, size_t *pos,
		       struct note_feature *f);

#endif
