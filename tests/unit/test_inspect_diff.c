/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The differences between two images made in memory: exactly the changes made
 * to one of them are reported.
 */
#include "unit/unit.h"
#include "show/inspect_diff.h"
#include "show/text.h"
#include "support/bzimage_builder.h"
#include "support/elf_builder.h"
#include "support/uki_builder.h"

#include <jansson.h>
#include <stdlib.h>

#include "pv/bootparam.h"
#include "pv/notes.h"

/* bzimage_of_elf() puts the payload here, after five sectors and its gap. */
#define PAYLOAD 0xcccu
/* ELF64 offsets of e_phoff, e_flags and the program headers. */
#define E_ENTRY	       0x18
#define E_PHOFF	       0x20
#define E_FLAGS	       0x30
#define PHDR(i, field) (64 + 56 * (i) + (field))
enum {
	P_FLAGS = 4,
	P_OFFSET = 8,
	P_VADDR = 16,
	P_PADDR = 24,
	P_MEMSZ = 40,
	P_ALIGN = 48
};
enum { TEXT, DATA, NOTES };

static struct buf elf, image;

static void setup(void)
{
	elf = image = (struct buf){ 0 };
	elf_small_kernel(&elf, false);
	ck_assert_uint_eq(elf_peek(&elf, E_PHOFF, 8), 64);
	bzimage_of_elf(&elf, "none", &image);
	elf_patch(&image, HDR_SYSSIZE, 4, 75);
}

static void teardown(void)
{
	buf_release(&elf);
	buf_release(&image);
}

static struct buf copy_of(const struct buf *b)
{
	struct buf copy = { 0 };

	memcpy(buf_extend(&copy, b->len), b->data, b->len);
	return copy;
}

static json_t *diff_as(const struct buf *a, const char *a_name,
		       const struct buf *b, const char *b_name)
{
	static const struct inspect_want want = { .mem = UINT64_C(256) << 20 };
	struct inspection x, y;
	struct err e = ERR_EMPTY;
	json_t *diff = NULL;

	assert_ok(inspection_from_bytes(&x, a_name,
					(struct bytes){ a->data, a->len },
					&want, &e),
		  &e);
	assert_ok(inspection_from_bytes(&y, b_name,
					(struct bytes){ b->data, b->len },
					&want, &e),
		  &e);
	assert_ok(inspection_diff(&x, &y, &diff, &e), &e);
	inspection_close(&x);
	inspection_close(&y);
	return diff;
}

static json_t *diff_of(const struct buf *a, const struct buf *b)
{
	return diff_as(a, "a", b, "b");
}

/* One line each: "header setup_header init_size: 33554432 -> 4096\n". */
static char *lines_of(const json_t *diff, const char *from, const char *to)
{
	char *lines = NULL;
	size_t len = 0, i, k;
	FILE *f = open_memstream(&lines, &len);
	json_t *one, *key;

	json_array_foreach(json_object_get(diff, "differences"), i, one)
	{
		char *a = json_dumps(json_object_get(one, from),
				     JSON_ENCODE_ANY | JSON_COMPACT);
		char *b = json_dumps(json_object_get(one, to),
				     JSON_ENCODE_ANY | JSON_COMPACT);

		fprintf(f, "%s",
			json_string_value(json_object_get(one, "part")));
		json_array_foreach(json_object_get(one, "path"), k, key)
			fprintf(f, " %s", json_string_value(key));
		fprintf(f, ": %s -> %s\n", a, b);
		free(a);
		free(b);
	}
	fclose(f);
	return lines;
}

static void expect_lines(const json_t *diff, const char *from, const char *to,
			 const char *wanted)
{
	char *lines = lines_of(diff, from, to);

	ck_assert_msg(!strcmp(lines, wanted), "found:\n%swanted:\n%s", lines,
		      wanted);
	free(lines);
}

/* These lines are all the differences, in both directions; equal, same and the
 * exit status's source agree with them. */
static void expect_diff(const struct buf *a, const struct buf *b,
			const char *wanted)
{
	json_t *forth = diff_of(a, b), *back = diff_of(b, a), *part;
	size_t i;

	expect_lines(forth, "a", "b", wanted);
	expect_lines(back, "b", "a", wanted);
	ck_assert_int_eq(diff_is_empty(forth), !*wanted);
	json_array_foreach(json_object_get(forth, "same"), i, part)
	{
		char start[32];

		snprintf(start, sizeof(start), "%s ", json_string_value(part));
		ck_assert(strncmp(wanted, start, strlen(start)));
	}
	json_decref(forth);
	json_decref(back);
}

#define SEGMENTS "segments elf segments "

/* One field of the image is overwritten. */
static const struct {
	unsigned off;
	unsigned width;
	uint64_t value;
	const char *wanted;
} header_rows[] = {
	{ HDR_SYSSIZE, 4, 7, "header setup_header syssize: 75 -> 7\n" },
	{ HDR_LOADFLAGS, 1, 1,
	  "header setup_header loadflags: "
	  "{\"value\":\"0x81\",\"names\":[\"LOADED_HIGH\",\"CAN_USE_HEAP\"]} "
	  "-> {\"value\":\"0x1\",\"names\":[\"LOADED_HIGH\"]}\n" },
	{ HDR_CODE32_START, 4, 0x200000,
	  "header setup_header code32_start: \"0x100000\" -> \"0x200000\"\n" },
	{ HDR_INITRD_ADDR_MAX, 4, 0x37ffffff,
	  "header setup_header initrd_addr_max: \"0x7fffffff\" -> "
	  "\"0x37ffffff\"\n" },
	{ HDR_KERNEL_ALIGNMENT, 4, 0x1000,
	  "header setup_header kernel_alignment: 2097152 -> 4096\n" },
	{ HDR_RELOCATABLE_KERNEL, 1, 0,
	  "header setup_header relocatable_kernel: true -> false\n" },
	{ HDR_MIN_ALIGNMENT, 1, 12,
	  "header setup_header min_alignment: 21 -> 12\n" },
	{ HDR_CMDLINE_SIZE, 4, 255,
	  "header setup_header cmdline_size: 2047 -> 255\n" },
	{ HDR_HARDWARE_SUBARCH, 4, 99,
	  "header setup_header hardware_subarch: "
	  "{\"value\":2,\"name\":\"Xen\"} -> {\"value\":99,\"name\":null}\n" },
	{ HDR_SETUP_DATA, 8, 0,
	  "header setup_header setup_data: \"0x123456789a\" -> \"0x0\"\n" },
	{ HDR_PREF_ADDRESS, 8, 0x2000000,
	  "header setup_header pref_address: \"0x1000000\" -> "
	  "\"0x2000000\"\n" },
	{ HDR_INIT_SIZE, 4, 0x3000000,
	  "header setup_header init_size: 33554432 -> 50331648\n" },
	{ HDR_HANDOVER_OFFSET, 4, 0,
	  "header setup_header handover_offset: \"0x190\" -> \"0x0\"\n" },
	{ HDR_KERNEL_INFO_OFFSET, 4, 8,
	  "header setup_header kernel_info_offset: \"0x1c0\" -> \"0x8\"\n" },
	/* A byte without a name is reported as a byte of the file. */
	{ 0x10, 1, 0xcd,
	  "payload payload byte of the file setup code 0x10: \"0x00\" -> "
	  "\"0xcd\"\n" },
	{ PAYLOAD - 1, 1, 0xcd,
	  "payload payload byte of the file protected-mode code 0xccb: "
	  "\"0x90\" -> \"0xcd\"\n" },
	{ PAYLOAD + E_FLAGS, 1, 0xcd,
	  "payload payload byte of the file payload 0xcfc: \"0x00\" -> "
	  "\"0xcd\"\n" },
	/* The ELF's own headers. */
	{ PAYLOAD + E_ENTRY, 8, 0x1000048,
	  "segments elf entry: \"0x1000040\" -> \"0x1000048\"\n"
	  "plan boot protocols elf64 reason: \"e_entry 0x1000040: 64-bit "
	  "entry with boot_params\" -> \"e_entry 0x1000048: 64-bit entry with "
	  "boot_params\"\n" },
	{ PAYLOAD + PHDR(TEXT, P_FLAGS), 4, 6,
	  SEGMENTS "PT_LOAD[0] flags: \"r-x\" -> \"rw-\"\n" },
	{ PAYLOAD + PHDR(DATA, P_VADDR), 8, 0x1234,
	  SEGMENTS "PT_LOAD[1] vaddr: \"0xffffffff81200000\" -> "
		   "\"0x1234\"\n" },
	{ PAYLOAD + PHDR(DATA, P_PADDR), 8, 0x1300000,
	  SEGMENTS "PT_LOAD[1] paddr: \"0x1200000\" -> \"0x1300000\"\n" },
	{ PAYLOAD + PHDR(DATA, P_MEMSZ), 8, 0x2000,
	  SEGMENTS "PT_LOAD[1] memsz: 4096 -> 8192\n" },
	{ PAYLOAD + PHDR(DATA, P_ALIGN), 8, 0x10,
	  SEGMENTS "PT_LOAD[1] align: 4096 -> 16\n" },
};

START_TEST(diff__names_the_one_field_that_was_changed)
{
	struct buf changed = copy_of(&image);

	elf_patch(&changed, header_rows[_i].off, header_rows[_i].width,
		  header_rows[_i].value);
	expect_diff(&image, &changed, header_rows[_i].wanted);
	buf_release(&changed);
}
END_TEST

START_TEST(diff__of_a_file_with_itself_is_empty)
{
	json_t *diff = diff_of(&image, &image);

	expect_diff(&image, &image, "");
	ck_assert_uint_eq(json_array_size(json_object_get(diff, "same")), 5);
	json_decref(diff);
}
END_TEST

START_TEST(diff__of_version_strings)
{
	struct buf changed = copy_of(&image);
	uint8_t *at = memmem(changed.data, changed.len, "6.1.0-test", 10);

	memcpy(at, "6.1.1", 5);
	expect_diff(&image, &changed,
		    "header setup_header kernel_version: "
		    "\"6.1.0-test (builder)\" -> \"6.1.1-test (builder)\"\n");
	buf_release(&changed);
}
END_TEST

/* An older header says nothing about later fields. */
START_TEST(diff__of_what_only_one_header_has)
{
	struct buf old = copy_of(&image);

	elf_patch(&old, HDR_VERSION, 2, 0x20e);
	expect_diff(&image, &old,
		    "header setup_header version: \"2.15\" -> \"2.14\"\n"
		    "header setup_header kernel_info_offset: \"0x1c0\" -> "
		    "null\n");
	buf_release(&old);
}
END_TEST

/* --- notes */

static const struct note_row {
	const char *owner;
	uint32_t type;
	const void *desc;
	uint32_t size;
} base_notes[] = {
	{ "Xen", XEN_ELFNOTE_GUEST_OS, "linux", 6 },
	{ "Xen", XEN_ELFNOTE_PHYS32_RELOC, "\0\0\x20\0\0\0\0\1\xff\xff\xff\x1f",
	  12 },
	{ "Xen", XEN_ELFNOTE_FEATURES, "!auto_translated_physmap|dom0", 29 },
	{ "me", 7, "\1\2\3\4", 4 },
	{ "me", 7, "\5\6\7\x8", 4 },
};

/* The base notes with note @at replaced by @with; NULL omits the note. */
static void elf_with_notes(struct buf *out, unsigned at,
			   const struct note_row *with)
{
	static const uint8_t text[16] = { 0xf4 };
	struct buf notes = { 0 };

	for (unsigned i = 0; i < COUNT(base_notes); i++) {
		const struct note_row *n = i == at ? with : &base_notes[i];

		if (n)
			elf_note(&notes, n->owner, n->type, n->desc, n->size,
				 4);
	}
	const struct test_segment segments[] = {
		{ .type = PT_LOAD,
		  .paddr = 0x1000000,
		  .data = text,
		  .filesz = 16,
		  .align = 0x1000 },
		{ .type = PT_NOTE,
		  .data = notes.data,
		  .filesz = notes.len,
		  .align = 4 },
	};
	elf_build(&(struct test_elf){ .entry = 0x1000000,
				      .segments = segments,
				      .segments_count = 2 },
		  out);
	buf_release(&notes);
}

#define NOTE "notes elf notes "

static const struct {
	unsigned at;
	struct note_row with;
	const char *wanted;
} note_rows[] = {
	{ 0,
	  { "Xen", XEN_ELFNOTE_GUEST_OS, "linus", 6 },
	  NOTE "Xen GUEST_OS value: \"linux\" -> \"linus\"\n" },
	/* A difference after the NUL of a string. */
	{ 0,
	  { "Xen", XEN_ELFNOTE_GUEST_OS, "linux\0\0a", 8 },
	  NOTE "Xen GUEST_OS size: 6 -> 8\n" },
	{ 1,
	  { "Xen", XEN_ELFNOTE_PHYS32_RELOC,
	    "\0\0\x20\0\0\0\0\2\xff\xff\xff\x1f", 12 },
	  NOTE "Xen PHYS32_RELOC value min: \"0x1000000\" -> "
	       "\"0x2000000\"\n" },
	{ 2,
	  { "Xen", XEN_ELFNOTE_FEATURES, "auto_translated_physmap|!dom0", 29 },
	  NOTE "Xen FEATURES value auto_translated_physmap required: true -> "
	       "false\n" NOTE
	       "Xen FEATURES value dom0 required: false -> true\n" },
	/* A different order of names has no name of its own. */
	{ 2,
	  { "Xen", XEN_ELFNOTE_FEATURES, "dom0|!auto_translated_physmap", 29 },
	  NOTE
	  "Xen FEATURES desc: "
	  "\"216175746f5f7472616e736c617465645f706879736d61707c646f6d30\" "
	  "-> "
	  "\"646f6d307c216175746f5f7472616e736c617465645f706879736d6170\"\n" },
	/* The second note of a kind is compared with the second. */
	{ 4,
	  { "me", 7, "\5\6\7\x9", 4 },
	  NOTE "me 0x7[1] desc: \"05060708\" -> \"05060709\"\n" },
	{ 3,
	  { "me", 8, "\1\2\3\4", 4 },
	  NOTE "me 0x7 desc: \"01020304\" -> \"05060708\"\n" NOTE
	       "me 0x7[1]: {\"owner\":\"me\",\"type\":7,\"name\":null,"
	       "\"kind\":\"hex\",\"value\":null,\"size\":4,\"desc\":"
	       "\"05060708\",\"malformed\":null} -> null\n" NOTE
	       "me 0x8: null -> {\"owner\":\"me\",\"type\":8,\"name\":null,"
	       "\"kind\":\"hex\",\"value\":null,\"size\":4,\"desc\":"
	       "\"01020304\",\"malformed\":null}\n" },
};

/* Only the notes' own bytes: their length moves other things. */
static void expect_note_lines(const struct buf *a, const struct buf *b,
			      const char *wanted)
{
	json_t *diff = diff_of(a, b);
	json_t *all = json_object_get(diff, "differences"), *one;
	size_t i = 0;

	while ((one = json_array_get(all, i)))
		if (strcmp(json_string_value(json_object_get(one, "part")),
			   "notes"))
			json_array_remove(all, i);
		else
			i++;
	expect_lines(diff, "a", "b", wanted);
	json_decref(diff);
}

START_TEST(diff__of_notes)
{
	struct buf a = { 0 }, b = { 0 };

	elf_with_notes(&a, COUNT(base_notes), NULL);
	elf_with_notes(&b, note_rows[_i].at, &note_rows[_i].with);
	if (a.len == b.len && note_rows[_i].at != 3)
		expect_diff(&a, &b, note_rows[_i].wanted);
	else
		expect_note_lines(&a, &b, note_rows[_i].wanted);
	buf_release(&a);
	buf_release(&b);
}
END_TEST

/* --- segments and payload */

START_TEST(diff__of_a_segment_that_only_one_has)
{
	struct buf changed = copy_of(&image);
	json_t *diff;

	elf_patch(&changed, PAYLOAD + PHDR(DATA, 0), 4, PT_NULL);
	diff = diff_of(&image, &changed);
	expect_lines(diff, "a", "b",
		     SEGMENTS
		     "PT_LOAD[1]: {\"type\":\"PT_LOAD\",\"flags\":\"r-x\","
		     "\"offset\":\"0x150\",\"vaddr\":\"0xffffffff81200000\","
		     "\"paddr\":\"0x1200000\",\"filesz\":40,\"memsz\":4096,"
		     "\"align\":4096} -> null\n" SEGMENTS
		     "PT_NULL[0]: null -> {\"type\":\"PT_NULL\",\"flags\":"
		     "\"r-x\",\"offset\":\"0x150\",\"vaddr\":"
		     "\"0xffffffff81200000\",\"paddr\":\"0x1200000\","
		     "\"filesz\":40,\"memsz\":4096,\"align\":4096}\n");
	json_decref(diff);
	buf_release(&changed);
}
END_TEST

/* A byte of the text, counted in the same way in packed and plain images. */
START_TEST(diff__tells_where_the_bytes_part)
{
	static const char *const packings[] = { "none", "gzip", "xz" };
	uint64_t text = elf_peek(&elf, PHDR(TEXT, P_OFFSET), 8);
	struct buf changed = copy_of(&elf), a = { 0 }, b = { 0 };
	json_t *diff, *content, *first;
	char offset[32];

	elf_patch(&changed, text + 5, 1, 0x77);
	elf_patch(&changed, text + 90, 1, 0x77);
	bzimage_of_elf(&elf, packings[_i], &a);
	bzimage_of_elf(&changed, packings[_i], &b);
	diff = diff_of(&a, &b);
	content = json_object_get(diff, "content");
	first = json_object_get(content, "first_difference");
	snprintf(offset, sizeof(offset), "0x%llx",
		 (unsigned long long)text + 5);
	ck_assert_int_eq(
		json_integer_value(json_object_get(content, "different_bytes")),
		2);
	ck_assert_str_eq(json_string_value(json_object_get(first, "offset")),
			 offset);
	ck_assert_str_eq(json_string_value(json_object_get(first, "segment")),
			 "PT_LOAD[0]");
	ck_assert_str_eq(json_string_value(json_object_get(first, "address")),
			 "0x1000005");
	ck_assert_str_ne(
		json_string_value(json_object_get(content, "crc32_a")),
		json_string_value(json_object_get(content, "crc32_b")));
	json_decref(diff);
	buf_release(&changed);
	buf_release(&a);
	buf_release(&b);
}
END_TEST

/* The same kernel, compressed differently: only the payload differs. */
START_TEST(diff__of_two_packings_leaves_the_kernel_the_same)
{
	struct buf gzip = { 0 };
	json_t *diff, *one;
	size_t i;

	bzimage_of_elf(&elf, "gzip", &gzip);
	diff = diff_of(&image, &gzip);
	ck_assert(!diff_is_empty(diff));
	ck_assert_int_eq(
		json_integer_value(json_object_get(
			json_object_get(diff, "content"), "different_bytes")),
		0);
	json_array_foreach(json_object_get(diff, "differences"), i, one)
	{
		const char *part =
			json_string_value(json_object_get(one, "part"));

		ck_assert(!strcmp(part, "payload") || !strcmp(part, "header"));
	}
	json_decref(diff);
	buf_release(&gzip);
}
END_TEST

START_TEST(diff__of_an_image_and_its_elf)
{
	json_t *diff = diff_of(&image, &elf), *one;
	bool kind = false, header = false;
	size_t i;

	json_array_foreach(json_object_get(diff, "differences"), i, one)
	{
		const char *key = json_string_value(
			json_array_get(json_object_get(one, "path"), 0));

		ck_assert_str_ne(key, "elf");
		kind |= !strcmp(key, "kind");
		header |= !strcmp(key, "setup_header") &&
			  json_is_null(json_object_get(one, "b"));
	}
	ck_assert(kind && header);
	json_decref(diff);
}
END_TEST

/* If one side has no payload, there are no bytes to compare. */
START_TEST(diff__of_an_image_without_a_payload)
{
	struct buf bare = { 0 };
	json_t *diff;

	bzimage_build(&(struct test_bzimage){ .payload_rest = 0x1000 }, &bare);
	diff = diff_of(&image, &bare);
	ck_assert(!diff_is_empty(diff));
	ck_assert(json_is_null(json_object_get(diff, "content")));
	json_decref(diff);
	buf_release(&bare);
}
END_TEST

/* --- text */

static char *text_of(const struct buf *a, const struct buf *b)
{
	json_t *diff = diff_as(a, "one\x1b[2J", b, "other\n");
	struct err e = ERR_EMPTY;
	char *text = NULL;

	assert_ok(diff_text(diff, &text, &e), &e);
	json_decref(diff);
	return text;
}

/* Unified images: parts have names; other bytes are named by section. */
START_TEST(diff__of_unified_images)
{
	struct buf a = { 0 }, b = { 0 }, longer = { 0 };

	uki_build(&image, NULL, "one", &a);
	uki_build(&image, NULL, "two", &b);
	expect_diff(&a, &a, "");
	expect_diff(&a, &b, "payload uki cmdline: \"one\" -> \"two\"\n");
	b.len = 0;
	buf_add(&longer, "initrd", 6);
	uki_build(&image, &longer, "one", &b);
	expect_diff(&a, &b,
		    "payload size: 7680 -> 8192\n"
		    "payload uki initrd_size: null -> 6\n"
		    "payload payload file_offset: \"0x18cc\" -> "
		    "\"0x1acc\"\n");
	/* ID=test of .osrel, and a byte of the kernel's setup code */
	b.len = 0;
	buf_add(&b, a.data, a.len);
	elf_patch(&b, 0x803, 1, 'T');
	expect_diff(&a, &b,
		    "payload payload byte of the file .osrel 0x803: \"0x74\" "
		    "-> \"0x54\"\n");
	b.len = 0;
	buf_add(&b, a.data, a.len);
	elf_patch(&b, 0xc10, 1, 0xcd);
	expect_diff(&a, &b,
		    "payload payload byte of the file setup code 0xc10: "
		    "\"0x00\" -> \"0xcd\"\n");
	buf_release(&a);
	buf_release(&b);
	buf_release(&longer);
}
END_TEST

START_TEST(diff__text_has_only_the_headings_that_differ)
{
	struct buf changed = copy_of(&image);
	char *text;

	elf_patch(&changed, HDR_INIT_SIZE, 4, 4096);
	elf_patch(&changed, PAYLOAD + PHDR(DATA, P_MEMSZ), 8, 0x2000);
	text = text_of(&image, &changed);
	ck_assert_str_eq(text, "Header\n"
			       "  init_size           33554432 -> 4096\n"
			       "\n"
			       "Segments\n"
			       "  PT_LOAD[1] memsz    4096 -> 8192\n"
			       "\n"
			       "The same\n"
			       "  notes, payload, plan\n");
	free(text);
	buf_release(&changed);
}
END_TEST

START_TEST(diff__text_of_the_same)
{
	char *text = text_of(&image, &image);

	ck_assert_str_eq(text, "The same\n"
			       "  header, notes, segments, payload, plan; "
			       "every byte of the files\n");
	free(text);
}
END_TEST

/* Names and strings of either image: no control bytes, no overlong lines. */
START_TEST(diff__text_is_clean)
{
	struct buf changed = copy_of(&image);
	uint8_t *at = memmem(changed.data, changed.len, "6.1.0-test", 10);
	json_t *diff;
	char *text;
	size_t col = 0;

	memcpy(at, "\x1b[2J\x9b\r\a\xff\x80\x7f", 10);
	text = text_of(&image, &changed);
	for (const char *p = text; *p; p++) {
		col = *p == '\n' ? 0 : col + 1;
		ck_assert(*p == '\n' || (*p >= 0x20 && *p < 0x7f));
		ck_assert_uint_le(col, TEXT_WIDTH);
	}
	ck_assert_ptr_nonnull(strstr(text, "6.1.0-test (builder) -> ?[2J????"));
	free(text);
	diff = diff_as(&image, "one\x1b[2J", &changed, "other\n");
	ck_assert_str_eq(json_string_value(json_object_get(diff, "a")),
			 "one?[2J");
	ck_assert_str_eq(json_string_value(json_object_get(diff, "b")),
			 "other?");
	json_decref(diff);
	buf_release(&changed);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("inspect_diff");
	TCase *t = tcase_create("all");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_loop_test(t, diff__names_the_one_field_that_was_changed, 0,
			    (int)COUNT(header_rows));
	tcase_add_test(t, diff__of_a_file_with_itself_is_empty);
	tcase_add_test(t, diff__of_version_strings);
	tcase_add_test(t, diff__of_what_only_one_header_has);
	tcase_add_loop_test(t, diff__of_notes, 0, (int)COUNT(note_rows));
	tcase_add_test(t, diff__of_a_segment_that_only_one_has);
	tcase_add_loop_test(t, diff__tells_where_the_bytes_part, 0, 3);
	tcase_add_test(t, diff__of_two_packings_leaves_the_kernel_the_same);
	tcase_add_test(t, diff__of_an_image_and_its_elf);
	tcase_add_test(t, diff__of_an_image_without_a_payload);
	tcase_add_test(t, diff__of_unified_images);
	tcase_add_test(t, diff__text_has_only_the_headings_that_differ);
	tcase_add_test(t, diff__text_of_the_same);
	tcase_add_test(t, diff__text_is_clean);
	suite_add_tcase(s, t);
	return s;
}
