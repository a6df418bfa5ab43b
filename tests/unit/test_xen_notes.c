/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How a loader interprets Xen's notes.
 */
#include <errno.h>

#include "pv/notes.h"
#include "unit/note_list.h"

START_TEST(xen_features__are_named_by_bit)
{
	ck_assert_str_eq(xen_feature_name(0), "writable_page_tables");
	ck_assert_str_eq(xen_feature_name(4), "pae_pgdir_above_4gb");
	ck_assert_str_eq(xen_feature_name(11), "dom0");
	ck_assert_str_eq(xen_feature_name(15), "linux_rsdp_unrestricted");
	ck_assert_str_eq(xen_feature_name(20), "dm_msix_all_writes");
	ck_assert_ptr_null(xen_feature_name(21));
	ck_assert_ptr_null(xen_feature_name(UINT32_MAX));
}
END_TEST

#define TEXT(s) s, sizeof(s) - 1
#define LONG63	"123456789012345678901234567890123456789012345678901234567890123"

START_TEST(xen_notes__read_features)
{
	static const struct {
		const char *text;
		uint32_t size;
		int rc;
		uint32_t supported;
		uint32_t required;
		const char *msg;
	} rows[] = {
		/* Debian 6.1, without a NUL. */
		{ TEXT("!writable_page_tables|pae_pgdir_above_4gb"), 0,
		  1u << 0 | 1u << 4, 1u << 0, "" },
		{ TEXT("dom0\0|hvm_pirqs"), 0, 1u << 11, 0, "" },
		{ TEXT(""), 0, 0, 0, "" },
		{ TEXT("||"), 0, 0, 0, "" },
		{ TEXT("dom0|"), 0, 1u << 11, 0, "" },
		{ TEXT("dom"), 0, 0, 0, "" },
		{ TEXT("dom00"), 0, 0, 0, "" },
		{ TEXT("unheard_of|!dom0"), 0, 1u << 11, 1u << 11, "" },
		{ TEXT("!unheard_of|dom0"), -EOPNOTSUPP, 1u << 11, 0,
		  "unknown required feature \"unheard_of\"" },
		{ TEXT("!a|!b"), -EOPNOTSUPP, 0, 0,
		  "feature \"a\"; FEATURES: unknown required feature \"b\"" },
		{ TEXT("!"), -EOPNOTSUPP, 0, 0,
		  "unknown required feature \"\"" },
		{ TEXT("!a\x1b"), -EOPNOTSUPP, 0, 0, "feature \"a?\"" },
		{ TEXT(LONG63), 0, 0, 0, "" },
		{ TEXT(LONG63 "4|dom0"), -EOPNOTSUPP, 1u << 11, 0,
		  LONG63 "...\" has 64 bytes, limit 63" },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct notes n = { 0 };
		struct err e = ERR_EMPTY;
		struct xen_notes x;

		clear();
		add("Xen", XEN_ELFNOTE_FEATURES, rows[i].text, rows[i].size);
		read_all(&n);
		assert_err(xen_notes_read(&x, &n, 0x1000, &e), rows[i].rc, &e,
			   rows[i].msg);
		ck_assert_uint_eq(x.features_supported, rows[i].supported);
		ck_assert_uint_eq(x.features_required, rows[i].required);
		notes_release(&n);
	}
}
END_TEST

START_TEST(xen_notes__bound_the_list_of_features)
{
	static char text[XEN_FEATURES_MAX + 1];
	struct notes n = { 0 };
	struct err e = ERR_EMPTY;
	struct xen_notes x;

	memset(text, '|', sizeof(text));
	clear();
	add("Xen", XEN_ELFNOTE_FEATURES, text, XEN_FEATURES_MAX);
	read_all(&n);
	assert_ok(xen_notes_read(&x, &n, 0x1000, &e), &e);
	add("Xen", XEN_ELFNOTE_FEATURES, text, XEN_FEATURES_MAX + 1);
	notes_release(&n);
	read_all(&n);
	assert_err(xen_notes_read(&x, &n, 0x1000, &e), -EOPNOTSUPP, &e,
		   "the list has 4097 bytes, limit 4096");
	notes_release(&n);
}
END_TEST

START_TEST(xen_notes__collect_all_a_loader_asks)
{
	static const uint32_t reloc[] = { 0x200000, 0x1000000, 0x3fffffff };
	static const uint64_t entry = 0x1000a30;
	static const uint32_t bits = 0x8801;
	struct notes n = { 0 };
	struct err e = ERR_EMPTY;
	struct xen_notes x;

	clear();
	add("Xen", XEN_ELFNOTE_PHYS32_RELOC, reloc, sizeof(reloc));
	add("Xen", XEN_ELFNOTE_PHYS32_ENTRY, &entry, sizeof(entry));
	add("Xen", XEN_ELFNOTE_FEATURES, "pae_pgdir_above_4gb", 19);
	add("Xen", XEN_ELFNOTE_SUPPORTED_FEATURES, &bits, sizeof(bits));
	read_all(&n);
	assert_ok(xen_notes_read(&x, &n, 0x1000, &e), &e);
	ck_assert(x.has_phys32_entry && x.phys32_entry == 0x1000a30);
	ck_assert(x.has_phys32_reloc && x.phys32_reloc.given == 3);
	ck_assert_uint_eq(x.phys32_reloc.max, 0x3fffffff);
	ck_assert_uint_eq(x.features_supported, 0x8811);
	ck_assert_uint_eq(x.features_required, 0);
	notes_release(&n);

	/* The same under another name has no meaning. */
	clear();
	add("GNU", XEN_ELFNOTE_PHYS32_ENTRY, &entry, sizeof(entry));
	add("Linux", XEN_ELFNOTE_FEATURES, "!nonsense", 9);
	read_all(&n);
	assert_ok(xen_notes_read(&x, &n, 0x1000, &e), &e);
	ck_assert(!x.has_phys32_entry && !x.has_phys32_reloc);
	notes_release(&n);
}
END_TEST

START_TEST(xen_notes__refuse_what_is_malformed)
{
	static const uint32_t no_align[] = { 0 };
	static const uint32_t odd_align[] = { 0x300000 };
	static const uint32_t min_max[] = { 0x200000, 0x2000, 0x1fff };
	static const uint64_t high = 0x100000000;
	const struct {
		uint32_t type;
		const void *desc;
		uint32_t size;
		const char *msg;
	} rows[] = {
		{ XEN_ELFNOTE_PHYS32_ENTRY, "", 0,
		  "PHYS32_ENTRY: descsz 0 is neither 4 nor 8" },
		{ XEN_ELFNOTE_PHYS32_ENTRY, "123456", 6,
		  "PHYS32_ENTRY: descsz 6 is neither 4 nor 8" },
		{ XEN_ELFNOTE_PHYS32_ENTRY, &high, 8,
		  "PHYS32_ENTRY: 0x100000000 is not a 32-bit address" },
		{ XEN_ELFNOTE_PHYS32_RELOC, "12345", 5,
		  "PHYS32_RELOC: descsz 5 is not a multiple of 4" },
		{ XEN_ELFNOTE_PHYS32_RELOC, no_align, 4,
		  "PHYS32_RELOC: align 0x0 is not a power of two" },
		{ XEN_ELFNOTE_PHYS32_RELOC, odd_align, 4,
		  "PHYS32_RELOC: align 0x300000 is not a power of two" },
		{ XEN_ELFNOTE_PHYS32_RELOC, min_max, 12,
		  "PHYS32_RELOC: min 0x2000 is above max 0x1fff" },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct notes n = { 0 };
		struct err e = ERR_EMPTY;
		struct xen_notes x;

		clear();
		add("Xen", rows[i].type, rows[i].desc, rows[i].size);
		add("Xen", XEN_ELFNOTE_FEATURES, "dom0", 4);
		read_all(&n);
		assert_err(xen_notes_read(&x, &n, 0x1000, &e), -EINVAL, &e,
			   rows[i].msg);
		ck_assert(!x.has_phys32_entry && !x.has_phys32_reloc);
		ck_assert_uint_eq(x.features_supported, 1u << 11);
		notes_release(&n);
	}
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("xen_notes");
	TCase *t = tcase_create("all");

	tcase_add_test(t, xen_features__are_named_by_bit);
	tcase_add_test(t, xen_notes__read_features);
	tcase_add_test(t, xen_notes__bound_the_list_of_features);
	tcase_add_test(t, xen_notes__collect_all_a_loader_asks);
	tcase_add_test(t, xen_notes__refuse_what_is_malformed);
	suite_add_tcase(s, t);
	return s;
}
