/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The setup header's fields as a table, for both forms of the report.
 *
 * In struct setup_header, fields that an older header lacks have their
 * defaults, for the loader; a report must not show these as the image's.
 *
 * Spec: Documentation/arch/x86/boot.rst, whose names the fields keep.
 */
#ifndef SHOW_HEADER_FIELDS_H
#define SHOW_HEADER_FIELDS_H

#include "image/setup_header.h"
#include "show/names.h"

enum field_form {
	FIELD_WHERE,	  /* an address or offset */
	FIELD_BYTES,	  /* a size in bytes */
	FIELD_PARAGRAPHS, /* a size in units of 16 bytes */
	FIELD_LOG2,	  /* a size's binary logarithm */
	FIELD_BOOL,
	FIELD_BITS,
	FIELD_SUBARCH,
};

struct header_field {
	const char *name;
	enum field_form form;
	uint16_t since; /* the first protocol version with it */
	uint16_t off;	/* HDR_... */
	uint8_t width;
	uint8_t member; /* within struct setup_header */
	uint8_t member_size;
	const struct flag_name *bits; /* FIELD_BITS */
	const size_t *bits_count;
};

extern const struct header_field header_fields[];
extern const size_t header_fields_count;

/* Whether the image has the field, by version and by the header's length. */
bool header_field_present(const struct header_field *f,
			  const struct setup_header *h);
uint64_t header_field_value(const struct header_field *f,
			    const struct setup_header *h);
/* FIELD_BITS: the value and its names. */
struct bits header_field_bits(const struct header_field *f,
			      const struct setup_header *h);

#endif
