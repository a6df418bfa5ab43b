/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "autopsy/btf.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#define MAGIC	    0xeb9f
#define TYPE_SIZE   12
#define MEMBER_SIZE 12

#define KIND_STRUCT 4

/* What follows a type of each kind: so many bytes, and so many for each of its
 * members, parameters or values. */
static const struct {
	bool known;
	uint8_t fixed, each;
} kinds[] = {
	[1] = { true, 4, 0 },		 /* int */
	[2] = { true, 0, 0 },		 /* pointer */
	[3] = { true, 12, 0 },		 /* array */
	[KIND_STRUCT] = { true, 0, 12 }, /* struct */
	[5] = { true, 0, 12 },		 /* union */
	[6] = { true, 0, 8 },		 /* enum */
	[7] = { true, 0, 0 },		 /* declaration */
	[8] = { true, 0, 0 },		 /* typedef */
	[9] = { true, 0, 0 },		 /* volatile */
	[10] = { true, 0, 0 },		 /* const */
	[11] = { true, 0, 0 },		 /* restrict */
	[12] = { true, 0, 0 },		 /* function */
	[13] = { true, 0, 8 },		 /* its parameters */
	[14] = { true, 4, 0 },		 /* variable */
	[15] = { true, 0, 12 },		 /* section of data */
	[16] = { true, 0, 0 },		 /* floating point */
	[17] = { true, 4, 0 },		 /* tag of a declaration */
	[18] = { true, 0, 0 },		 /* tag of a type */
	[19] = { true, 0, 12 },		 /* enum of 64 bits */
};

static int check(struct btf *b, struct bytes all, struct err *e)
{
	uint32_t head, types, types_len, names, names_len;
	uint16_t magic;
	uint8_t version;

	if (!bytes_le16(all, 0, &magic) || !bytes_u8(all, 2, &version) ||
	    !bytes_le32(all, 4, &head) || !bytes_le32(all, 8, &types) ||
	    !bytes_le32(all, 12, &types_len) || !bytes_le32(all, 16, &names) ||
	    !bytes_le32(all, 20, &names_len))
		return err_set(e, EINVAL,
			       "its type information (BTF) has %zu bytes, less "
			       "than a header",
			       all.len);
	if (magic != MAGIC || version != 1)
		return err_set(e, EINVAL,
			       "its type information (BTF) begins with 0x%x, "
			       "version %u (expected 0x%x, version 1)",
			       magic, version, MAGIC);
	if (!bytes_slice(all, (uint64_t)head + types, types_len, &b->types) ||
	    !bytes_slice(all, (uint64_t)head + names, names_len, &b->names))
		return err_set(e, EINVAL,
			       "its type information (BTF) of %zu bytes is cut",
			       all.len);
	return 0;
}

int btf_read(struct btf *b, const struct memory *m, uint64_t start,
	     uint64_t stop, struct err *e)
{
	uint64_t len = stop - start;
	int rc;

	*b = (struct btf){ 0 };
	if (!start || stop <= start)
		return err_set(e, ENOENT,
			       "the kernel has no type information (BTF)");
	if (len > BTF_MAX)
		return err_set(e, EINVAL,
			       "its type information (BTF) has %" PRIu64
			       " bytes; the most is %" PRIu64,
			       len, BTF_MAX);
	b->data = malloc(len);
	if (!b->data)
		return err_set(e, ENOMEM, "no memory for type information");
	if (memory_get(m, start, b->data, len))
		rc = check(b, (struct bytes){ b->data, len }, e);
	else
		rc = err_set(e, EINVAL,
			     "its type information (BTF) is not in memory");
	if (rc)
		btf_release(b);
	return rc;
}

void btf_release(struct btf *b)
{
	free(b->data);
	*b = (struct btf){ 0 };
}

/* Whether the string at @off is @name. */
static bool is_called(const struct btf *b, uint32_t off, const char *name)
{
	size_t len = strlen(name) + 1;

	return bytes_has(b->names, off, len) &&
	       !memcmp(b->names.data + off, name, len);
}

bool btf_find_struct(const struct btf *b, const char *name,
		     struct btf_struct *s)
{
	uint32_t name_off, info, size;

	for (uint64_t at = 0, len; bytes_le32(b->types, at, &name_off) &&
				   bytes_le32(b->types, at + 4, &info) &&
				   bytes_le32(b->types, at + 8, &size);
	     at += TYPE_SIZE + len) {
		unsigned kind, count;

		kind = info >> 24 & 31;
		count = info & 0xffff;
		if (kind >= sizeof(kinds) / sizeof(*kinds) ||
		    !kinds[kind].known)
			return false;
		len = kinds[kind].fixed + (uint64_t)kinds[kind].each * count;
		if (kind != KIND_STRUCT || !is_called(b, name_off, name))
			continue;
		s->size = size;
		s->packs_bits = info >> 31;
		return bytes_slice(b->types, at + TYPE_SIZE, len, &s->members);
	}
	return false;
}

bool btf_member(const struct btf *b, const struct btf_struct *s,
		const char *name, uint64_t *off)
{
	uint32_t name_off, bits;

	for (uint64_t at = 0; at < s->members.len; at += MEMBER_SIZE) {
		if (!bytes_le32(s->members, at, &name_off) ||
		    !bytes_le32(s->members, at + 8, &bits))
			return false;
		if (!is_called(b, name_off, name))
			continue;
		if (s->packs_bits)
			bits &= 0xffffff;
		*off = bits / 8;
		return bits % 8 == 0 && *off < s->size;
	}
	return false;
}
