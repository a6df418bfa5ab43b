/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What Xen's notes require of the loader: the PVH entry, where the kernel may
 * be moved, and the features that it offers and requires.
 *
 * Must never trust: any value. An entry that does not fit 32 bits, or an
 * unknown feature that is required, is refused by name.
 *
 * Spec: Xen public/elfnote.h and public/features.h.
 */
#include "image/notes.h"

#include <errno.h>

#include "pv/notes.h"

/* XENFEAT_*: the index is the bit. */
static const char *const feature_names[] = {
	"writable_page_tables",
	"writable_descriptor_tables",
	"auto_translated_physmap",
	"supervisor_mode_kernel",
	"pae_pgdir_above_4gb",
	"mmu_pt_update_preserve_ad",
	"highmem_assist",
	"gnttab_map_avail_bits",
	"hvm_callback_vector",
	"hvm_safe_pvclock",
	"hvm_pirqs",
	"dom0",
	"grant_map_identity",
	"memory_op_vnode_supported",
	"ARM_SMCCC_supported",
	"linux_rsdp_unrestricted",
	"not_direct_mapped",
	"direct_mapped",
	"runstate_phys_area",
	"vcpu_time_phys_area",
	"dm_msix_all_writes",
};
#define FEATURES_COUNT (sizeof(feature_names) / sizeof(feature_names[0]))

const char *xen_feature_name(unsigned bit)
{
	return bit < FEATURES_COUNT ? feature_names[bit] : NULL;
}

/* The bit of the feature called @name, or -1. */
static int feature_bit(struct bytes name)
{
	for (unsigned i = 0; i < FEATURES_COUNT; i++)
		if (name.len == strlen(feature_names[i]) &&
		    !memcmp(name.data, feature_names[i], name.len))
			return i;
	return -1;
}

/* Several notes may be wrong: every reason is kept, and the first code. */
static int also(int rc, struct err *e, int new_rc, const struct err *why)
{
	if (!new_rc)
		return rc;
	err_also(e, why);
	return rc ? rc : new_rc;
}

static int read_feature(struct xen_notes *x, struct bytes token, struct err *e)
{
	char name[XEN_FEATURE_NAME_MAX + 1];
	bool required = token.len && token.data[0] == '!';
	int bit;

	if (required)
		token = (struct bytes){ token.data + 1, token.len - 1 };
	note_string(&(struct note){ .desc = token }, name, sizeof(name));
	if (token.len > XEN_FEATURE_NAME_MAX)
		return err_set(e, EOPNOTSUPP,
			       "FEATURES: name \"%s...\" has %zu bytes, "
			       "limit %d",
			       name, token.len, XEN_FEATURE_NAME_MAX);
	bit = feature_bit(token);
	if (bit >= 0) {
		x->features_supported |= 1u << bit;
		x->features_required |= (uint32_t)required << bit;
	} else if (required) {
		return err_set(e, EOPNOTSUPP,
			       "FEATURES: unknown required feature \"%s\"",
			       name);
	}
	return 0;
}

/* "!name|name", ended by a NUL or by the end of the note. */
static int read_features(struct xen_notes *x, struct bytes text, struct err *e)
{
	const uint8_t *nul = text.len ? memchr(text.data, 0, text.len) : NULL;
	const uint8_t *p = text.data;
	const uint8_t *end = nul ? nul : text.data + text.len;
	int rc = 0;

	if (end - p > XEN_FEATURES_MAX)
		return err_set(e, EOPNOTSUPP,
			       "FEATURES: the list has %zu bytes, limit %d",
			       (size_t)(end - p), XEN_FEATURES_MAX);
	while (p < end) {
		const uint8_t *bar = memchr(p, '|', end - p);
		const uint8_t *stop = bar ? bar : end;
		struct err why = ERR_EMPTY;
		int one;

		one = read_feature(x, (struct bytes){ p, stop - p }, &why);
		rc = also(rc, e, one, &why);
		p = bar ? bar + 1 : end;
	}
	return rc;
}

static int read_entry(struct xen_notes *x, const struct note *n, struct err *e)
{
	uint64_t entry;

	if (note_kind(n) != NOTE_NUMBER)
		return err_set(e, EINVAL,
			       "PHYS32_ENTRY: descsz %zu is neither 4 nor 8",
			       n->desc.len);
	entry = note_number(n);
	if (entry > UINT32_MAX)
		return err_set(e, EINVAL,
			       "PHYS32_ENTRY: 0x%llx is not a 32-bit address",
			       (unsigned long long)entry);
	x->has_phys32_entry = true;
	x->phys32_entry = entry;
	return 0;
}

static int read_reloc(struct xen_notes *x, const struct note *n,
		      uint64_t default_align, struct err *e)
{
	struct phys32_reloc r;

	if (note_kind(n) != NOTE_PHYS32_RELOC)
		return err_set(e, EINVAL,
			       "PHYS32_RELOC: descsz %zu is not a multiple "
			       "of 4",
			       n->desc.len);
	note_phys32_reloc(n, default_align, &r);
	if (!r.align || (r.align & (r.align - 1)))
		return err_set(e, EINVAL,
			       "PHYS32_RELOC: align 0x%llx is not a power of "
			       "two",
			       (unsigned long long)r.align);
	if (r.min > r.max)
		return err_set(e, EINVAL,
			       "PHYS32_RELOC: min 0x%llx is above max 0x%llx",
			       (unsigned long long)r.min,
			       (unsigned long long)r.max);
	x->has_phys32_reloc = true;
	x->phys32_reloc = r;
	return 0;
}

int xen_notes_read(struct xen_notes *x, const struct notes *n,
		   uint64_t default_align, struct err *e)
{
	const struct note *entry, *reloc;
	int rc = 0;

	*x = (struct xen_notes){ 0 };
	e->msg[0] = '\0';
	for (unsigned i = 0; i < n->count; i++) {
		const struct note *one = &n->list[i];
		struct err why = ERR_EMPTY;

		if (strcmp(one->owner, "Xen"))
			continue;
		if (one->type == XEN_ELFNOTE_FEATURES)
			rc = also(rc, e, read_features(x, one->desc, &why),
				  &why);
		else if (one->type == XEN_ELFNOTE_SUPPORTED_FEATURES)
			x->features_supported |= (uint32_t)note_number(one);
	}
	entry = notes_find(n, "Xen", XEN_ELFNOTE_PHYS32_ENTRY);
	if (entry) {
		struct err why = ERR_EMPTY;

		rc = also(rc, e, read_entry(x, entry, &why), &why);
	}
	reloc = notes_find(n, "Xen", XEN_ELFNOTE_PHYS32_RELOC);
	if (reloc) {
		struct err why = ERR_EMPTY;

		rc = also(rc, e, read_reloc(x, reloc, default_align, &why),
			  &why);
	}
	return rc;
}
