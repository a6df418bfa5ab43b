/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ELF notes: how a kernel says where to enter it and what it can do.
 *
 * notes_add() walks the raw note records of a PT_NOTE or SHT_NOTE into a flat
 * list. The table of known notes then says what each one means: note_kind()
 * names the form of its descriptor, which the text and JSON
 * reports both print, and xen_notes_read() (xen_notes.c) collects the ones
 * the boot plan asks about.
 *
 * Must never trust: namesz, descsz, strings (often without a NUL), counts.
 *
 * Spec: gABI "Note Section"; Xen public/elfnote.h, public/features.h.
 */
#ifndef IMAGE_NOTES_H
#define IMAGE_NOTES_H

#include "base/bytes.h"
#include "base/err.h"

#define NOTES_MAX	     256  /* notes kept of one image */
#define NOTE_OWNER_MAX	     64	  /* bytes of a name that are kept */
#define NOTE_PROPERTIES_MAX  4096 /* bytes of a GNU property list */
#define XEN_FEATURES_MAX     4096 /* bytes of a FEATURES list */
#define XEN_FEATURE_NAME_MAX 63	  /* Xen's own limit for one token */

struct note {
	char owner[NOTE_OWNER_MAX]; /* printable, NUL-terminated */
	uint32_t type;
	struct bytes desc; /* points into the ELF */
};

struct notes {
	struct note *list;
	unsigned count;
	const char *source; /* "PT_NOTE", "SHT_NOTE", or NULL: none found */
};

/* How the records of a segment or section with this p_align should be padded:
 * to 8 if it is 8, otherwise to 4. */
unsigned notes_padding(uint64_t align);

/*
 * Append the records of one note segment or section.
 *
 * @raw: its bytes. @align: its p_align or sh_addralign.
 * @padding: set to how the records were read, padded to 4 or to 8. That is
 * notes_padding(@align) unless the list comes out whole with the other padding
 * only: a linker that merges notes padded to 4 with notes padded to 8 states
 * the larger alignment and moves nothing.
 *
 * A record that runs past the end is an error that names its offset; the
 * list keeps what came before. Zeros too few for a record are padding.
 * -EINVAL, -E2BIG past NOTES_MAX, -ENOMEM.
 */
int notes_add(struct notes *n, struct bytes raw, uint64_t align,
	      unsigned *padding, struct err *e);
void notes_release(struct notes *n);

/* The first note of that owner and type, or NULL. */
const struct note *notes_find(const struct notes *n, const char *owner,
			      uint32_t type);

enum note_kind {
	NOTE_HEX,    /* unknown, or malformed for its type: raw bytes */
	NOTE_NUMBER, /* 4 or 8 bytes, by descsz */
	NOTE_STRING,
	NOTE_FEATURES,	   /* "!name|name" */
	NOTE_FEATURE_BITS, /* u32 bitmap */
	NOTE_MFN_VALID,	   /* mask/value pairs */
	NOTE_PHYS32_RELOC, /* align, min, max */
	NOTE_BUILD_ID,
	NOTE_PROPERTY, /* GNU property list */
};

/* What the table knows of a note. */
struct note_type {
	const char *owner;
	uint32_t type;
	const char *name; /* "PHYS32_ENTRY" */
	enum note_kind kind;
};

/* The table's row for @n, or NULL for an unknown note. */
const struct note_type *note_type(const struct note *n);

/*
 * How @n is to be printed: the table's kind if the descriptor is well formed
 * for it, NOTE_HEX otherwise (so that a malformed note is still shown).
 */
enum note_kind note_kind(const struct note *n);

/* NOTE_NUMBER, NOTE_FEATURE_BITS: the value. Ask note_kind() first. */
uint64_t note_number(const struct note *n);

/* NOTE_STRING and NOTE_FEATURES: printable copy, cut at NUL and @size - 1. */
void note_string(const struct note *n, char *buf, size_t size);

/*
 * NOTE_MFN_VALID: the @i-th pair, counted from 0; false past the last.
 */
bool note_mfn_valid(const struct note *n, unsigned i, uint64_t *mask,
		    uint64_t *value);

struct gnu_property {
	uint32_t type;
	struct bytes data;
};

/*
 * NOTE_PROPERTY: the property at *@pos, which starts as 0 and moves on to
 * the next; false at the end.
 */
bool note_property_next(const struct note *n, uint64_t *pos,
			struct gnu_property *p);

/* readelf's GNU_PROPERTY_ name without the prefix, or NULL. */
const char *gnu_property_name(uint32_t type);

struct phys32_reloc {
	uint64_t align;
	uint64_t min;
	uint64_t max;
	unsigned given; /* how many of the three the note had; 0 to 3 */
};

/*
 * NOTE_PHYS32_RELOC: its values with the defaults for those left out; more
 * than three are ignored, as Xen does.
 * @default_align: the largest PT_LOAD p_align if >= 4 KiB, else 2 MiB.
 */
void note_phys32_reloc(const struct note *n, uint64_t default_align,
		       struct phys32_reloc *r);

/* The name of XENFEAT bit @bit, or NULL. */
const char *xen_feature_name(unsigned bit);

/* What the notes ask of a loader. */
struct xen_notes {
	bool has_phys32_entry;
	uint64_t phys32_entry;
	bool has_phys32_reloc;
	struct phys32_reloc phys32_reloc;
	uint32_t features_supported; /* XENFEAT bits offered by the kernel */
	uint32_t features_required;  /* bits of FEATURES marked '!' */
};

/*
 * Collect them. An unknown required feature is -EOPNOTSUPP and named, as is
 * a name longer than XEN_FEATURE_NAME_MAX or a list longer than
 * XEN_FEATURES_MAX; unknown optional ones are skipped. A malformed
 * PHYS32_ENTRY or PHYS32_RELOC is -EINVAL, and then has_... stays false. The
 * struct is filled as far as possible even then, every reason is kept, and
 * the first one's code is returned.
 *
 * The features are Xen's view of the kernel: "!writable_page_tables", which
 * stock kernels carry, is asked of a host that runs them paravirtualised,
 * not of one that enters them by PHYS32_ENTRY.
 */
int xen_notes_read(struct xen_notes *x, const struct notes *n,
		   uint64_t default_align, struct err *e);

#endif
