/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Note records: from raw bytes to a list, and from a note to its meaning.
 *
 * A record is three words, a name and a descriptor, each padded:
 *
 *    | namesz | descsz | type | name, pad | descriptor, pad |
 *     <------ 12 bytes ------>
 *
 * The padding is to 4, or to 8 if p_align is 8, counted from the start of the
 * segment. After the last record it may be missing. If the records do not end
 * exactly at the end this way, the other padding is tried: GNU ld puts
 * .note.gnu.property, padded to 8, and notes padded to 4 into one segment.
 *
 * A table below has the meaning of the descriptors; xen_notes.c evaluates those
 * of Xen.
 *
 * Must never trust: sizes, strings, counts; see notes.h.
 *
 * Spec: gABI "Note Section"; Xen public/elfnote.h; Linux
 * include/linux/elfnote-lto.h and build-salt.h; the x86-64 psABI, "Program
 * Property".
 */
#include "image/notes.h"

#include <errno.h>
#include <stdlib.h>

#include "pv/notes.h"

#define NOTE_HEADER_SIZE     12
#define PROPERTY_HEADER_SIZE 8

/* Offsets lie in one object, so that rounding up cannot wrap. */
static uint64_t align_up(uint64_t off, uint64_t align)
{
	return (off + align - 1) & ~(align - 1);
}

/* Copy up to a NUL; control characters become '?'. */
static void printable(char *buf, size_t size, struct bytes text)
{
	size_t n = 0;

	if (!size)
		return;
	for (; n < text.len && n + 1 < size && text.data[n]; n++) {
		uint8_t c = text.data[n];

		buf[n] = c >= 0x20 && c < 0x7f ? (char)c : '?';
	}
	buf[n] = '\0';
}

/* Read the record at *@off into @n and move *@off to the next one. */
static int read_record(struct note *n, struct bytes raw, uint64_t align,
		       uint64_t *off, struct err *e)
{
	uint64_t name_off = *off + NOTE_HEADER_SIZE;
	uint32_t namesz = 0, descsz = 0;
	struct bytes name;
	uint64_t desc_off;

	bytes_le32(raw, *off, &namesz);
	bytes_le32(raw, *off + 4, &descsz);
	bytes_le32(raw, *off + 8, &n->type);
	if (!bytes_slice(raw, name_off, namesz, &name))
		return err_set(e, EINVAL,
			       "note at 0x%llx: namesz 0x%x runs past the end "
			       "(0x%zx bytes)",
			       (unsigned long long)*off, namesz, raw.len);
	/* With no descriptor the name's padding may be missing as well. */
	desc_off = align_up(name_off + namesz, align);
	if (!descsz && desc_off > raw.len)
		desc_off = raw.len;
	if (!bytes_slice(raw, desc_off, descsz, &n->desc))
		return err_set(e, EINVAL,
			       "note at 0x%llx: descsz 0x%x runs past the end "
			       "(0x%zx bytes)",
			       (unsigned long long)*off, descsz, raw.len);
	printable(n->owner, sizeof(n->owner), name);
	*off = align_up(desc_off + descsz, align);
	return 0;
}

/* The few bytes after the last record: padding if all are zero. */
static int check_tail(struct bytes raw, uint64_t off, struct err *e)
{
	for (uint64_t i = off; i < raw.len; i++)
		if (raw.data[i])
			return err_set(e, EINVAL,
				       "note at 0x%llx: only %llu bytes left "
				       "of a %d-byte header",
				       (unsigned long long)off,
				       (unsigned long long)(raw.len - off),
				       NOTE_HEADER_SIZE);
	return 0;
}

unsigned notes_padding(uint64_t align)
{
	return align == 8 ? 8 : 4;
}

/* Append all records, padded to @padding. */
static int read_records(struct notes *n, struct bytes raw, unsigned padding,
			struct err *e)
{
	uint64_t off = 0;

	while (bytes_has(raw, off, NOTE_HEADER_SIZE)) {
		int rc;

		if (n->count == NOTES_MAX)
			return err_set(e, E2BIG,
				       "note at 0x%llx: more than %d notes",
				       (unsigned long long)off, NOTES_MAX);
		rc = read_record(&n->list[n->count], raw, padding, &off, e);
		if (rc)
			return rc;
		n->count++;
	}
	return check_tail(raw, off, e);
}

/*
 * Each reading appends to the list anew. If neither comes out whole, the list
 * is that of the stated alignment, and so is the error.
 */
int notes_add(struct notes *n, struct bytes raw, uint64_t align,
	      unsigned *padding, struct err *e)
{
	unsigned stated = notes_padding(align), other = stated == 8 ? 4 : 8;
	unsigned before = n->count;
	struct err ignored;
	int rc;

	if (!n->list) {
		n->list = calloc(NOTES_MAX, sizeof(*n->list));
		if (!n->list)
			return err_set(e, ENOMEM, "no memory for notes");
	}
	*padding = stated;
	rc = read_records(n, raw, stated, e);
	if (!rc)
		return 0;
	n->count = before;
	if (!read_records(n, raw, other, &ignored)) {
		*padding = other;
		return 0;
	}
	n->count = before;
	(void)read_records(n, raw, stated, &ignored);
	return rc;
}

void notes_release(struct notes *n)
{
	free(n->list);
	*n = (struct notes){ 0 };
}

const struct note *notes_find(const struct notes *n, const char *owner,
			      uint32_t type)
{
	for (unsigned i = 0; i < n->count; i++)
		if (n->list[i].type == type && !strcmp(n->list[i].owner, owner))
			return &n->list[i];
	return NULL;
}

#define XEN(type, kind)                                       \
	{                                                     \
		"Xen", XEN_ELFNOTE_##type, #type, NOTE_##kind \
	}
#define LINUX(type, kind)                                         \
	{                                                         \
		"Linux", LINUX_ELFNOTE_##type, #type, NOTE_##kind \
	}

/* clang-format off */
static const struct note_type note_types[] = {
	XEN(INFO, STRING),
	XEN(ENTRY, NUMBER),
	XEN(HYPERCALL_PAGE, NUMBER),
	XEN(VIRT_BASE, NUMBER),
	XEN(PADDR_OFFSET, NUMBER),
	XEN(XEN_VERSION, STRING),
	XEN(GUEST_OS, STRING),
	XEN(GUEST_VERSION, STRING),
	XEN(LOADER, STRING),
	XEN(PAE_MODE, STRING),
	XEN(FEATURES, FEATURES),
	XEN(BSD_SYMTAB, STRING),
	XEN(HV_START_LOW, NUMBER),
	XEN(L1_MFN_VALID, MFN_VALID),
	XEN(SUSPEND_CANCEL, NUMBER),
	XEN(INIT_P2M, NUMBER),
	XEN(MOD_START_PFN, NUMBER),
	XEN(SUPPORTED_FEATURES, FEATURE_BITS),
	XEN(PHYS32_ENTRY, NUMBER),
	XEN(PHYS32_RELOC, PHYS32_RELOC),
	XEN(CRASH_INFO, HEX),
	XEN(CRASH_REGS, HEX),
	XEN(DUMPCORE_NONE, HEX),
	XEN(DUMPCORE_HEADER, HEX),
	XEN(DUMPCORE_XEN_VERSION, HEX),
	XEN(DUMPCORE_FORMAT_VERSION, HEX),
	LINUX(BUILD_SALT, STRING),
	LINUX(LTO_INFO, NUMBER),
	{ "GNU", GNU_ELFNOTE_BUILD_ID, "build-id", NOTE_BUILD_ID },
	{ "GNU", GNU_ELFNOTE_PROPERTY, "property", NOTE_PROPERTY },
};
/* clang-format on */

const struct note_type *note_type(const struct note *n)
{
	for (size_t i = 0; i < sizeof(note_types) / sizeof(note_types[0]); i++)
		if (note_types[i].type == n->type &&
		    !strcmp(note_types[i].owner, n->owner))
			return &note_types[i];
	return NULL;
}

/* The property at *@pos, which moves on; false and unmoved if none is. */
static bool property_at(struct bytes desc, uint64_t *pos, uint64_t align,
			struct gnu_property *p)
{
	uint32_t datasz = 0;
	uint64_t next;

	if (!bytes_has(desc, *pos, PROPERTY_HEADER_SIZE))
		return false;
	bytes_le32(desc, *pos, &p->type);
	bytes_le32(desc, *pos + 4, &datasz);
	if (!bytes_slice(desc, *pos + PROPERTY_HEADER_SIZE, datasz, &p->data))
		return false;
	next = align_up(*pos + PROPERTY_HEADER_SIZE + datasz, align);
	if (next > desc.len)
		return false;
	*pos = next;
	return true;
}

/*
 * Properties are padded to 8 in an ELF64 and to 4 in an ELF32. The class of the
 * ELF is not known here, so the padding is the one with which the list ends
 * exactly at the end. 0: neither fits.
 */
static uint64_t property_align(struct bytes desc)
{
	if (!desc.len || desc.len > NOTE_PROPERTIES_MAX)
		return 0;
	for (uint64_t align = 8; align >= 4; align /= 2) {
		struct gnu_property p;
		uint64_t pos = 0;

		while (property_at(desc, &pos, align, &p))
			;
		if (pos == desc.len)
			return align;
	}
	return 0;
}

bool note_property_next(const struct note *n, uint64_t *pos,
			struct gnu_property *p)
{
	uint64_t align = property_align(n->desc);

	return align && property_at(n->desc, pos, align, p);
}

const char *gnu_property_name(uint32_t type)
{
	static const struct {
		uint32_t type;
		const char *name;
	} names[] = {
		{ 0x00000001, "STACK_SIZE" },
		{ 0x00000002, "NO_COPY_ON_PROTECTED" },
		{ 0xc0000002, "X86_FEATURE_1_AND" },
		{ 0xc0008001, "X86_FEATURE_2_NEEDED" },
		{ 0xc0008002, "X86_ISA_1_NEEDED" },
		{ 0xc0010001, "X86_FEATURE_2_USED" },
		{ 0xc0010002, "X86_ISA_1_USED" },
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (names[i].type == type)
			return names[i].name;
	return NULL;
}

static bool well_formed(enum note_kind kind, struct bytes desc)
{
	switch (kind) {
	case NOTE_NUMBER:
	case NOTE_FEATURE_BITS:
		return desc.len == 4 || desc.len == 8;
	case NOTE_MFN_VALID:
		return desc.len && (desc.len == 8 || desc.len % 16 == 0);
	case NOTE_PHYS32_RELOC:
		return desc.len % 4 == 0;
	case NOTE_BUILD_ID:
		return desc.len;
	case NOTE_PROPERTY:
		return property_align(desc);
	case NOTE_HEX:
	case NOTE_STRING:
	case NOTE_FEATURES:
		break;
	}
	return true;
}

enum note_kind note_kind(const struct note *n)
{
	const struct note_type *t = note_type(n);

	return t && well_formed(t->kind, n->desc) ? t->kind : NOTE_HEX;
}

uint64_t note_number(const struct note *n)
{
	uint32_t v32 = 0;
	uint64_t v64;

	if (bytes_le64(n->desc, 0, &v64))
		return v64;
	bytes_le32(n->desc, 0, &v32);
	return v32;
}

void note_string(const struct note *n, char *buf, size_t size)
{
	printable(buf, size, n->desc);
}

bool note_mfn_valid(const struct note *n, unsigned i, uint64_t *mask,
		    uint64_t *value)
{
	uint32_t m32, v32;

	/* "maddr_t-sized": one pair of words is all a non-PAE kernel has. */
	if (n->desc.len == 8) {
		if (i || !bytes_le32(n->desc, 0, &m32) ||
		    !bytes_le32(n->desc, 4, &v32))
			return false;
		*mask = m32;
		*value = v32;
		return true;
	}
	return bytes_le64(n->desc, i * 16ull, mask) &&
	       bytes_le64(n->desc, i * 16ull + 8, value);
}

void note_phys32_reloc(const struct note *n, uint64_t default_align,
		       struct phys32_reloc *r)
{
	uint32_t v[3] = { 0, 0, 0xffffffff };
	unsigned given = 0;

	while (given < 3 && bytes_le32(n->desc, given * 4, &v[given]))
		given++;
	*r = (struct phys32_reloc){
		.align = given ? v[0] : default_align,
		.min = v[1],
		.max = v[2],
		.given = given,
	};
}
