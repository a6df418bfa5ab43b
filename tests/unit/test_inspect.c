/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * inspect's two reports on images made in memory: each shows exactly what was
 * put in.
 */
#include "unit/unit.h"
#include "show/inspect.h"
#include "show/text.h"
#include "support/bzimage_builder.h"
#include "support/elf_builder.h"
#include "support/uki_builder.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>

#include "pv/bootparam.h"
#include "pv/notes.h"

#define HIGH 0xffffffff80000000
#define LOAD 0x1000000

/* An image, read, and both its reports. */
struct seen {
	struct inspection in;
	char *text;
	json_t *json;
};

#define MEMORY (UINT64_C(256) << 20)

static struct kaslr_wish wish; /* KASLR_OFF */

/* JSON is parsed strictly: what jansson wrote must be JSON. */
static void look_as(struct seen *s, const struct buf *image, const char *path,
		    const char *boot)
{
	struct err e = ERR_EMPTY;
	json_error_t why;
	char *json = NULL;

	*s = (struct seen){ 0 };
	assert_ok(inspection_from_bytes(
			  &s->in, path,
			  (struct bytes){ image->data, image->len },
			  &(struct inspect_want){ .boot = boot,
						  .mem = MEMORY,
						  .cmdline = "quiet",
						  .kaslr = wish },
			  &e),
		  &e);
	assert_ok(inspection_text(&s->in, &s->text, &e), &e);
	assert_ok(inspection_json(&s->in, &json, &e), &e);
	s->json = json_loads(json, JSON_REJECT_DUPLICATES, &why);
	ck_assert_msg(s->json, "%s: %s", why.text, json);
	free(json);
}

static void look(struct seen *s, const struct buf *image)
{
	look_as(s, image, "image", NULL);
}

static void seen_release(struct seen *s)
{
	inspection_close(&s->in);
	free(s->text);
	json_decref(s->json);
}

/* The value at "a.b.2.c". */
static json_t *at(const struct seen *s, const char *path)
{
	json_t *j = s->json;
	char word[64];

	while (*path) {
		size_t n = strcspn(path, ".");
		char *end;
		unsigned long i;

		ck_assert_uint_lt(n, sizeof(word));
		memcpy(word, path, n);
		word[n] = '\0';
		i = strtoul(word, &end, 10);
		j = *end ? json_object_get(j, word) : json_array_get(j, i);
		ck_assert_msg(j, "there is no %s", path);
		path += n + (path[n] == '.');
	}
	return j;
}

/* The JSON at @path, written compactly, is @want. */
static void says_json(const struct seen *s, const char *path, const char *want)
{
	char *got = json_dumps(at(s, path), JSON_ENCODE_ANY | JSON_COMPACT);

	ck_assert_msg(!strcmp(got, want), "%s is %s, not %s", path, got, want);
	free(got);
}

/* The text contains this line. */
static void says(const struct seen *s, const char *line)
{
	const char *found = strstr(s->text, line);
	size_t n = strlen(line);

	while (found &&
	       ((found != s->text && found[-1] != '\n') || found[n] != '\n'))
		found = strstr(found + 1, line);
	ck_assert_msg(found, "no line \"%s\" in\n%s", line, s->text);
}

static void is_silent_on(const struct seen *s, const char *word)
{
	ck_assert_msg(!strstr(s->text, word), "\"%s\" in\n%s", word, s->text);
}

static void is_narrow(const struct seen *s)
{
	for (const char *line = s->text; *line;) {
		size_t len = strcspn(line, "\n");

		ck_assert_msg(len <= TEXT_WIDTH, "%zu columns: %.*s", len,
			      (int)len, line);
		line += len + (line[len] == '\n');
	}
}

/* A kernel with one segment and these notes. */
static void kernel_with_notes(const struct buf *notes, struct buf *elf)
{
	static const uint8_t text[64];
	const struct test_segment segments[] = {
		{ .type = PT_LOAD,
		  .vaddr = HIGH + LOAD,
		  .paddr = LOAD,
		  .data = text,
		  .filesz = sizeof(text),
		  .align = 0x400000 },
		{ .type = PT_NOTE,
		  .data = notes->data,
		  .filesz = notes->len,
		  .align = 4 },
	};

	elf_build(&(struct test_elf){ .entry = LOAD,
				      .segments = segments,
				      .segments_count = 2 },
		  elf);
}

static void look_at_note(struct seen *s, struct buf *elf, const char *owner,
			 uint32_t type, const void *desc, size_t size)
{
	struct buf notes = { 0 };

	elf_note(&notes, owner, type, desc, (uint32_t)size, 4);
	kernel_with_notes(&notes, elf);
	buf_release(&notes);
	look(s, elf);
}

/* Every field, the version that introduced it, and the value that the builder
 * stores (boot.rst, "Details of Header Fields"). */
static const struct {
	const char *name;
	uint16_t since;
	const char *line;
	const char *json;
} fields[] = {
	{ "syssize", 0x200, "32 * 16 = 512 bytes", "32" },
	{ "loadflags", 0x200, "0x81 (LOADED_HIGH, CAN_USE_HEAP)",
	  "{\"value\":\"0x81\",\"names\":[\"LOADED_HIGH\",\"CAN_USE_HEAP\"]}" },
	{ "code32_start", 0x200, "0x100000", "\"0x100000\"" },
	{ "initrd_addr_max", 0x203, "0x7fffffff", "\"0x7fffffff\"" },
	{ "kernel_alignment", 0x205, "2097152 bytes (2.0 MiB)", "2097152" },
	{ "relocatable_kernel", 0x205, "yes", "true" },
	{ "min_alignment", 0x20a, "2^21 bytes", "21" },
	{ "xloadflags", 0x20c,
	  "0x3 (XLF_KERNEL_64, XLF_CAN_BE_LOADED_ABOVE_4G)",
	  "{\"value\":\"0x3\",\"names\":[\"XLF_KERNEL_64\","
	  "\"XLF_CAN_BE_LOADED_ABOVE_4G\"]}" },
	{ "cmdline_size", 0x206, "2047 bytes (2.0 KiB)", "2047" },
	{ "hardware_subarch", 0x207, "2 (Xen)",
	  "{\"value\":2,\"name\":\"Xen\"}" },
	{ "payload_offset", 0x208, "0x0", "\"0x0\"" },
	{ "payload_length", 0x208, "0 bytes", "0" },
	{ "setup_data", 0x209, "0x123456789a", "\"0x123456789a\"" },
	{ "pref_address", 0x20a, "0x1000000", "\"0x1000000\"" },
	{ "init_size", 0x20a, "33554432 bytes (32.0 MiB)", "33554432" },
	{ "handover_offset", 0x20b, "0x190", "\"0x190\"" },
	{ "kernel_info_offset", 0x20f, "0x1c0", "\"0x1c0\"" },
};

START_TEST(inspect__shows_the_fields_of_each_version)
{
	uint16_t version = (uint16_t)_i;
	struct buf image = { 0 };
	struct seen s;
	char want[128];

	bzimage_build(&(struct test_bzimage){ .version = version,
					      .kernel_version = "1.2.3",
					      .payload_rest = 512 },
		      &image);
	look(&s, &image);
	snprintf(want, sizeof(want), "  protocol            2.%02u",
		 version & 0xff);
	says(&s, want);
	snprintf(want, sizeof(want), "\"2.%02u\"", version & 0xff);
	says_json(&s, "setup_header.version", want);
	says_json(&s, "setup_header.kernel_version", "\"1.2.3\"");
	for (unsigned i = 0; i < COUNT(fields); i++) {
		bool has = version >= fields[i].since;

		snprintf(want, sizeof(want), "  %-20s%s", fields[i].name,
			 fields[i].line);
		if (has)
			says(&s, want);
		else
			is_silent_on(&s, want);
		snprintf(want, sizeof(want), "setup_header.%s", fields[i].name);
		says_json(&s, want, has ? fields[i].json : "null");
	}
	is_narrow(&s);
	seen_release(&s);
	buf_release(&image);
}
END_TEST

START_TEST(inspect__names_the_fields_a_header_lacks)
{
	struct buf image = { 0 };
	struct seen s;

	bzimage_build(&(struct test_bzimage){ .version = 0x20c }, &image);
	look(&s, &image);
	says(&s, "  not in this header  kernel_info_offset");
	seen_release(&s);
	/* The version is new enough, but the length byte excludes the field. */
	elf_patch(&image, HDR_VERSION, 2, 0x20f);
	look(&s, &image);
	says(&s, "  not in this header  kernel_info_offset");
	says_json(&s, "setup_header.kernel_info_offset", "null");
	seen_release(&s);
	buf_release(&image);
}
END_TEST

START_TEST(inspect__names_unknown_bits_and_values)
{
	struct buf image = { 0 };
	struct seen s;

	bzimage_build(&(struct test_bzimage){ 0 }, &image);
	elf_patch(&image, HDR_LOADFLAGS, 1, 0x09);
	elf_patch(&image, HDR_XLOADFLAGS, 2, 0x8000);
	elf_patch(&image, HDR_HARDWARE_SUBARCH, 4, 99);
	elf_patch(&image, HDR_RELOCATABLE_KERNEL, 1, 0);
	look(&s, &image);
	says(&s, "  loadflags           0x9 (LOADED_HIGH, bit 3)");
	says(&s, "  xloadflags          0x8000 (bit 15)");
	says(&s, "  hardware_subarch    99");
	says(&s, "  relocatable_kernel  no");
	says(&s, "  kernel_version      none");
	says_json(&s, "setup_header.xloadflags.names", "[\"bit 15\"]");
	says_json(&s, "setup_header.hardware_subarch",
		  "{\"value\":99,\"name\":null}");
	says_json(&s, "setup_header.relocatable_kernel", "false");
	says_json(&s, "setup_header.kernel_version", "null");
	seen_release(&s);
	buf_release(&image);
}
END_TEST

START_TEST(inspect__says_why_there_is_no_payload)
{
	struct buf image = { 0 };
	struct seen s;

	bzimage_build(
		&(struct test_bzimage){ .version = 0x207, .payload_gap = 16 },
		&image);
	look(&s, &image);
	says(&s, "  unusable            boot protocol 2.07 has no payload "
		 "fields, 2.08 is the first");
	says_json(&s, "payload", "null");
	says_json(&s, "elf", "null");
	says_json(&s, "relocations", "null");
	says_json(&s, "no_payload",
		  "\"boot protocol 2.07 has no payload fields, 2.08 is the "
		  "first\"");
	is_silent_on(&s, "Segments");
	is_silent_on(&s, "Notes");
	/* The image is bootable all the same. */
	says_json(&s, "boot.chosen", "\"linux32\"");
	says_json(&s, "boot.protocols.0.fits", "false");
	seen_release(&s);
	buf_release(&image);
}
END_TEST

static const struct {
	const char *name;
	bool tail;
} formats_of[] = {
	{ "gzip", false }, { "bzip2", true }, { "lzma", true }, { "xz", true },
	{ "lzo", true },   { "lz4", true },   { "zstd", true },
};

START_TEST(inspect__shows_each_payload_format)
{
	const char *name = formats_of[_i].name;
	struct buf elf = { 0 }, packed = { 0 }, image = { 0 };
	struct seen s;
	char want[128];

	elf_small_kernel(&elf, false);
	payload_compress(name, elf.data, elf.len, &packed, false);
	bzimage_of_elf(&elf, name, &image);
	look(&s, &image);
	says(&s, "  kind                bzImage");
	snprintf(want, sizeof(want), "  format              %s", name);
	says(&s, want);
	/* (4 + 1) sectors and the builder's gap. */
	says(&s, "  file offset         0xccc");
	snprintf(want, sizeof(want),
		 "{\"format\":\"%s\",\"file_offset\":\"0xccc\","
		 "\"compressed_size\":%zu,\"stated_size\":%zu,"
		 "\"decoded_size\":%zu}",
		 name, packed.len, elf.len, elf.len);
	says_json(&s, "payload", want);
	says_json(&s, "no_payload", "null");
	seen_release(&s);
	/* The same without a bzImage around it. */
	look(&s, &packed);
	says(&s, "  kind                compressed ELF");
	says_json(&s, "setup_header", "null");
	says_json(&s, "payload.file_offset", "\"0x0\"");
	says_json(&s, "payload.stated_size", "null");
	seen_release(&s);
	buf_release(&elf);
	buf_release(&packed);
	buf_release(&image);
}
END_TEST

START_TEST(inspect__shows_an_elf)
{
	bool is32 = _i;
	struct buf elf = { 0 };
	struct seen s;

	elf_small_kernel(&elf, is32);
	look(&s, &elf);
	says(&s, "  kind                ELF");
	says(&s, "  format              none");
	says(&s, is32 ? "  class               ELF32"
		      : "  class               ELF64");
	says(&s, "  type                ET_EXEC");
	says(&s, is32 ? "  machine             EM_386"
		      : "  machine             EM_X86_64");
	says(&s, "  entry               0x1000040");
	says(&s, "  sections            4");
	says(&s, "Segments (3)");
	/* Header, three program headers, then data, each aligned to 16. */
	says(&s, is32 ? "  LOAD  r-x     0x100  0xc1200000  0x1200000    0x28  "
			"0x1000    0x1000"
		      : "  LOAD  r-x     0x150  0xffffffff81200000  0x1200000  "
			"  0x28  0x1000    0x1000");
	says(&s, "Notes (2, from PT_NOTE)");
	says(&s, "  GNU     build-id            0123456789abcdef");
	says_json(&s, "elf.class", is32 ? "32" : "64");
	says_json(&s, "elf.entry", "\"0x1000040\"");
	says_json(&s, "elf.sections_count", "4");
	says_json(&s, "elf.segments.1.filesz", "40");
	says_json(&s, "elf.segments.1.memsz", "4096");
	says_json(&s, "elf.notes_source", "\"PT_NOTE\"");
	says_json(&s, "elf.notes_padding", "null");
	says_json(&s, "elf.notes_incomplete", "null");
	says_json(&s, "elf.notes_unusable", "null");
	says_json(&s, "relocations", "null");
	seen_release(&s);
	buf_release(&elf);
}
END_TEST

static const uint8_t number4[] = { 0x78, 0x56, 0x34, 0x12 };
static const uint8_t number8[] = { 0, 0, 0, 0x80, 0xff, 0xff, 0xff, 0xff };
static const uint8_t pairs[] = {
	1, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0,
	3, 0, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0x80,
};
static const uint8_t reloc[] = { 0, 0, 0x20, 0,	   0,	 0,
				 0, 1, 0xff, 0xff, 0xff, 0x3f };
static const uint8_t property[] = {
	2, 0, 0, 0xc0, 4, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0,
	7, 0, 0, 0x90, 3, 0, 0, 0, 1, 2, 3, 0, 0, 0, 0, 0,
};

/* One note each: its contents, the line of text, and JSON's kind and value. */
static const struct {
	const char *owner;
	uint32_t type;
	const void *desc;
	size_t size;
	const char *line;
	const char *kind;
	const char *value;
} notes[] = {
	{ "Xen", XEN_ELFNOTE_VIRT_BASE, number8, 8,
	  "  Xen     VIRT_BASE           0xffffffff80000000", "number",
	  "\"0xffffffff80000000\"" },
	{ "Xen", XEN_ELFNOTE_INIT_P2M, number4, 4,
	  "  Xen     INIT_P2M            0x12345678", "number",
	  "\"0x12345678\"" },
	{ "Xen", XEN_ELFNOTE_GUEST_OS, "linux", 6,
	  "  Xen     GUEST_OS            \"linux\"", "string", "\"linux\"" },
	{ "Xen", XEN_ELFNOTE_LOADER, "no end\x1b[1m", 9,
	  "  Xen     LOADER              \"no end?[1\"", "string",
	  "\"no end?[1\"" },
	{ "Xen", XEN_ELFNOTE_FEATURES, "!writable_page_tables||!|new_one", 32,
	  "  Xen     FEATURES            !writable_page_tables | "
	  "new_one (unknown)",
	  "features",
	  "[{\"name\":\"writable_page_tables\",\"required\":true,"
	  "\"known\":true},{\"name\":\"new_one\",\"required\":false,"
	  "\"known\":false}]" },
	{ "Xen", XEN_ELFNOTE_FEATURES, "dom0\0|junk", 10,
	  "  Xen     FEATURES            dom0", "features",
	  "[{\"name\":\"dom0\",\"required\":false,\"known\":true}]" },
	{ "Xen", XEN_ELFNOTE_SUPPORTED_FEATURES, "\x01\x08\x00\x80", 4,
	  "  Xen     SUPPORTED_FEATURES  0x80000801 (writable_page_tables, "
	  "dom0, bit 31)",
	  "feature_bits",
	  "{\"value\":\"0x80000801\",\"names\":[\"writable_page_tables\","
	  "\"dom0\",\"bit 31\"]}" },
	{ "Xen", XEN_ELFNOTE_L1_MFN_VALID, pairs, 32,
	  "  Xen     L1_MFN_VALID        mask 0x1 value 0x2, "
	  "mask 0x3 value 0x8000000000000004",
	  "mfn_valid",
	  "[{\"mask\":\"0x1\",\"value\":\"0x2\"},"
	  "{\"mask\":\"0x3\",\"value\":\"0x8000000000000004\"}]" },
	{ "Xen", XEN_ELFNOTE_PHYS32_RELOC, reloc, 12,
	  "  Xen     PHYS32_RELOC        align 0x200000, min 0x1000000, "
	  "max 0x3fffffff",
	  "phys32_reloc",
	  "{\"align\":2097152,\"min\":\"0x1000000\",\"max\":\"0x3fffffff\","
	  "\"given\":3}" },
	{ "Xen", XEN_ELFNOTE_PHYS32_RELOC, reloc, 4,
	  "  Xen     PHYS32_RELOC        align 0x200000, min 0x0 (default), "
	  "max 0xffffffff (default)",
	  "phys32_reloc",
	  "{\"align\":2097152,\"min\":\"0x0\",\"max\":\"0xffffffff\","
	  "\"given\":1}" },
	/* The largest PT_LOAD alignment, in the absence of another. */
	{ "Xen", XEN_ELFNOTE_PHYS32_RELOC, reloc, 0,
	  "  Xen     PHYS32_RELOC        align 0x400000 (default), "
	  "min 0x0 (default), max 0xffffffff (default)",
	  "phys32_reloc",
	  "{\"align\":4194304,\"min\":\"0x0\",\"max\":\"0xffffffff\","
	  "\"given\":0}" },
	{ "GNU", GNU_ELFNOTE_BUILD_ID, number8, 8,
	  "  GNU     build-id            00000080ffffffff", "build_id",
	  "\"00000080ffffffff\"" },
	{ "GNU", GNU_ELFNOTE_PROPERTY, property, sizeof(property),
	  "  GNU     property            X86_FEATURE_1_AND 0x3, "
	  "0x90000007 01 02 03",
	  "property",
	  "[{\"type\":\"0xc0000002\",\"name\":\"X86_FEATURE_1_AND\","
	  "\"data\":\"03000000\"},{\"type\":\"0x90000007\",\"name\":null,"
	  "\"data\":\"010203\"}]" },
	{ "Linux", LINUX_ELFNOTE_BUILD_SALT, "salt", 4,
	  "  Linux   BUILD_SALT          \"salt\"", "string", "\"salt\"" },
	{ "Linux", LINUX_ELFNOTE_LTO_INFO, "\1\0\0\0", 4,
	  "  Linux   LTO_INFO            0x1", "number", "\"0x1\"" },
	{ "Go", 4, "id", 2, "  Go      type 0x4            2 bytes: 69 64",
	  "hex", "null" },
	{ "Go", 5, "", 0, "  Go      type 0x5            0 bytes", "hex",
	  "null" },
	{ NULL, 1, "x", 1, "          type 0x1            1 byte: 78", "hex",
	  "null" },
};

START_TEST(inspect__shows_each_kind_of_note)
{
	struct buf elf = { 0 };
	struct seen s;
	char want[64];

	look_at_note(&s, &elf, notes[_i].owner, notes[_i].type, notes[_i].desc,
		     notes[_i].size);
	/* Long lines continue below; only the first is compared here. */
	if (strlen(notes[_i].line) < 90)
		says(&s, notes[_i].line);
	snprintf(want, sizeof(want), "\"%s\"", notes[_i].kind);
	says_json(&s, "elf.notes.0.kind", want);
	says_json(&s, "elf.notes.0.value", notes[_i].value);
	says_json(&s, "elf.notes.0.malformed", "null");
	ck_assert_int_eq(json_integer_value(at(&s, "elf.notes.0.type")),
			 notes[_i].type);
	ck_assert_int_eq(json_integer_value(at(&s, "elf.notes.0.size")),
			 notes[_i].size);
	ck_assert_uint_eq(json_string_length(at(&s, "elf.notes.0.desc")),
			  2 * notes[_i].size);
	is_narrow(&s);
	seen_release(&s);
	buf_release(&elf);
}
END_TEST

/* The fault of a note is reported, and the note is shown nevertheless. */
static const struct {
	const char *owner;
	uint32_t type;
	size_t size;
	const char *line;
	const char *expected;
} malformed[] = {
	{ "Xen", XEN_ELFNOTE_ENTRY, 3,
	  "  Xen     ENTRY               3 bytes (malformed: expected 4 or 8 "
	  "bytes): 41 42 43",
	  "\"expected 4 or 8 bytes\"" },
	{ "Xen", XEN_ELFNOTE_SUPPORTED_FEATURES, 2,
	  "  Xen     SUPPORTED_FEATURES  2 bytes (malformed: expected 4 or 8 "
	  "bytes): 41 42",
	  "\"expected 4 or 8 bytes\"" },
	{ "Xen", XEN_ELFNOTE_L1_MFN_VALID, 4,
	  "  Xen     L1_MFN_VALID        4 bytes (malformed: expected 8 bytes "
	  "or a multiple of 16): 41 42 43",
	  "\"expected 8 bytes or a multiple of 16\"" },
	{ "Xen", XEN_ELFNOTE_PHYS32_RELOC, 5,
	  "  Xen     PHYS32_RELOC        5 bytes (malformed: expected a "
	  "multiple of 4 bytes): 41 42 43 44",
	  "\"expected a multiple of 4 bytes\"" },
	{ "GNU", GNU_ELFNOTE_BUILD_ID, 0,
	  "  GNU     build-id            0 bytes (malformed: expected at "
	  "least 1 byte)",
	  "\"expected at least 1 byte\"" },
	{ "GNU", GNU_ELFNOTE_PROPERTY, 6,
	  "  GNU     property            6 bytes (malformed: expected a list "
	  "of GNU properties): 41 42 43",
	  "\"expected a list of GNU properties\"" },
};

START_TEST(inspect__shows_malformed_notes_with_the_reason)
{
	struct buf elf = { 0 };
	struct seen s;

	look_at_note(&s, &elf, malformed[_i].owner, malformed[_i].type,
		     "ABCDEF", malformed[_i].size);
	ck_assert_msg(strstr(s.text, malformed[_i].line), "%s", s.text);
	says_json(&s, "elf.notes.0.kind", "\"hex\"");
	says_json(&s, "elf.notes.0.value", "null");
	says_json(&s, "elf.notes.0.malformed", malformed[_i].expected);
	is_narrow(&s);
	seen_release(&s);
	buf_release(&elf);
}
END_TEST

START_TEST(inspect__cuts_what_is_long_and_says_so)
{
	char text[4097];
	struct buf elf = { 0 };
	struct seen s;

	memset(text, 'a', sizeof(text));
	look_at_note(&s, &elf, "Xen", XEN_ELFNOTE_GUEST_OS, text, sizeof(text));
	ck_assert_msg(strstr(s.text, "aa\" (the first 4096 of 4097 bytes)\n"),
		      "%s", s.text);
	ck_assert_uint_eq(json_string_length(at(&s, "elf.notes.0.value")),
			  4096);
	ck_assert_uint_eq(json_string_length(at(&s, "elf.notes.0.desc")),
			  2 * 4096);
	says_json(&s, "elf.notes.0.size", "4097");
	is_narrow(&s);
	seen_release(&s);
	elf.len = 0;
	/* A value of exactly the limit is not cut. */
	look_at_note(&s, &elf, "Xen", XEN_ELFNOTE_GUEST_OS, text, 4096);
	ck_assert_msg(strstr(s.text, "aa\"\n"), "%s", s.text);
	seen_release(&s);
	elf.len = 0;
	look_at_note(&s, &elf, "Go", 4, text, 65);
	ck_assert_msg(strstr(s.text, " 61 ... (1"), "%s", s.text);
	seen_release(&s);
	elf.len = 0;
	look_at_note(&s, &elf, "Go", 4, text, 64);
	is_silent_on(&s, "more)");
	seen_release(&s);
	buf_release(&elf);
}
END_TEST

START_TEST(inspect__says_that_the_list_of_notes_is_incomplete)
{
	struct buf list = { 0 }, elf = { 0 };
	struct seen s;

	elf_note(&list, "Xen", XEN_ELFNOTE_GUEST_OS, "linux", 6, 4);
	elf_note(&list, "Xen", XEN_ELFNOTE_LOADER, "generic", 8, 4);
	/* The second note's descsz. */
	elf_patch(&list, list.len - 8 - 4 - 8, 4, 0x1000);
	kernel_with_notes(&list, &elf);
	look(&s, &elf);
	says(&s, "Notes (1, from PT_NOTE)");
	ck_assert_msg(strstr(s.text, "\n  list incomplete     PT_NOTE 1: note "
				     "at 0x18: descsz 0x1000 runs past"),
		      "%s", s.text);
	ck_assert_ptr_nonnull(strstr(
		json_string_value(at(&s, "elf.notes_incomplete")), "0x1000"));
	seen_release(&s);
	buf_release(&list);
	buf_release(&elf);
}
END_TEST

START_TEST(inspect__says_which_padding_notes_were_read_with)
{
	struct buf list = { 0 }, elf = { 0 };
	struct seen s;

	elf_note(&list, "GNU", GNU_ELFNOTE_PROPERTY, "0123456789abcdef", 16, 8);
	elf_note(&list, "Xen", XEN_ELFNOTE_GUEST_OS, "tst", 4, 8);
	elf_note(&list, "Xen", XEN_ELFNOTE_LOADER, "generic", 8, 8);
	kernel_with_notes(&list, &elf);
	look(&s, &elf);
	says(&s, "  padding             PT_NOTE 1: p_align is 0x4, but the "
		 "notes are padded to 8");
	says_json(&s, "elf.notes_padding",
		  "\"PT_NOTE 1: p_align is 0x4, but the notes are padded to "
		  "8\"");
	says_json(&s, "elf.notes_incomplete", "null");
	seen_release(&s);
	buf_release(&list);
	buf_release(&elf);
}
END_TEST

START_TEST(inspect__says_which_notes_cannot_be_used)
{
	struct buf elf = { 0 };
	struct seen s;

	look_at_note(&s, &elf, "Xen", XEN_ELFNOTE_FEATURES, "!teleport", 9);
	says(&s, "  not usable          FEATURES: unknown required feature "
		 "\"teleport\"");
	says_json(&s, "elf.notes_unusable",
		  "\"FEATURES: unknown required feature \\\"teleport\\\"\"");
	says_json(&s, "boot.protocols.0.fits", "false");
	seen_release(&s);
	buf_release(&elf);
}
END_TEST

START_TEST(inspect__shows_relocations)
{
	const uint32_t words[] = { 0,	       0x81000000, 0x81000008,
				   0,	       0x81000010, 0,
				   0x81000018, 0x81000020, 0x81000028 };
	static const uint8_t text[64];
	const struct test_segment segment = {
		.type = PT_LOAD,
		.vaddr = HIGH + LOAD,
		.paddr = LOAD,
		.data = text,
		.filesz = sizeof(text),
	};
	struct test_elf t = {
		.entry = LOAD,
		.segments = &segment,
		.segments_count = 1,
		.trailer = words,
		.trailer_count = 9,
	};
	struct buf elf = { 0 };
	struct seen s;

	elf_build(&t, &elf);
	look(&s, &elf);
	says(&s, "Notes (none)");
	says(&s, "  64-bit entries      2");
	says(&s, "  inverse entries     1");
	says(&s, "  32-bit entries      3");
	/* ELF header, program header, text; each a multiple of 16 but one. */
	says_json(&s, "relocations",
		  "{\"offset\":\"0xc0\",\"size\":36,\"count64\":2,"
		  "\"count32_inverse\":1,\"count32\":3}");
	says_json(&s, "no_relocations", "null");
	says_json(&s, "elf.notes", "[]");
	says_json(&s, "elf.notes_source", "null");
	seen_release(&s);
	elf.len = 0;
	t.trailer = words + 4;
	t.trailer_count = 2;
	elf_build(&t, &elf);
	look(&s, &elf);
	says_json(&s, "relocations", "null");
	ck_assert_ptr_nonnull(
		strstr(json_string_value(at(&s, "no_relocations")),
		       "no relocation lists"));
	ck_assert_ptr_nonnull(
		strstr(s.text, "\n  none                no relocation lists"));
	seen_release(&s);
	buf_release(&elf);
}
END_TEST

START_TEST(inspect__shows_a_unified_kernel_image)
{
	struct buf elf = { 0 }, kernel = { 0 }, initrd = { 0 }, image = { 0 };
	struct seen s;

	elf_small_kernel(&elf, false);
	bzimage_of_elf(&elf, "gzip", &kernel);
	buf_add(&initrd, "070701", 6);
	uki_build(&kernel, &initrd, "quiet\x1b splash\n", &image);
	look(&s, &image);
	says(&s, "  kind                unified kernel image of bzImage");
	says(&s, "Unified kernel image (6 sections)");
	says(&s, "  machine             x86-64");
	says(&s, "  cmdline             quiet  splash");
	says(&s, "  .text     0x400       0x123");
	says(&s, "  .cmdline  0xa00       0xe         its command line, unless "
		 "--cmdline is given");
	says(&s, "  .initrd   0xc00       0x6         its initrd, unless "
		 "--initrd is given");
	ck_assert_ptr_nonnull(strstr(s.text, "  .linux    0xe00 "));
	ck_assert_ptr_nonnull(strstr(s.text, "  the kernel that is run\n"));
	says_json(&s, "kind", "\"bzImage\"");
	says_json(&s, "uki.machine", "\"x86-64\"");
	says_json(&s, "uki.kernel_offset", "\"0xe00\"");
	says_json(&s, "uki.cmdline", "\"quiet  splash\"");
	says_json(&s, "uki.initrd_size", "6");
	says_json(&s, "uki.sections.4",
		  "{\"name\":\".initrd\",\"file_offset\":\"0xc00\","
		  "\"size\":6,\"virtual_size\":6,"
		  "\"virtual_address\":\"0x10800\"}");
	/* Counted from the start of the file. */
	says_json(&s, "payload.file_offset", "\"0x1acc\"");
	says_json(&s, "boot.chosen", "\"elf64\"");
	seen_release(&s);

	image.len = 0;
	uki_build(&kernel, NULL, NULL, &image);
	look(&s, &image);
	is_silent_on(&s, "its initrd");
	says_json(&s, "uki.cmdline", "null");
	says_json(&s, "uki.initrd_size", "null");
	seen_release(&s);
	look(&s, &kernel);
	is_silent_on(&s, "Unified");
	says_json(&s, "uki", "null");
	seen_release(&s);
	buf_release(&elf);
	buf_release(&kernel);
	buf_release(&initrd);
	buf_release(&image);
}
END_TEST

/* An ELF with lists of one word each, which a bzImage holds. */
static void build_random(struct buf *image)
{
	static const uint32_t lists[] = { 0,	      0x81000008, 0,
					  0x81000020, 0,	  0x81000030 };
	struct buf elf = { 0 };

	elf_small_kernel(&elf, false);
	buf_add(&elf, lists, sizeof(lists));
	bzimage_of_elf(&elf, "gzip", image);
	buf_release(&elf);
}

START_TEST(inspect__shows_how_the_place_is_chosen)
{
	struct buf image = { 0 };
	struct seen s;

	build_random(&image);
	wish = (struct kaslr_wish){ KASLR_AUTO, 0 };
	look(&s, &image);
	says(&s, "  chosen  elf64     e_entry 0x1000040: 64-bit entry with "
		 "boot_params, which tell the kernel that its");
	says(&s, "  kaslr               random in each run: one of 489 virtual "
		 "and 105 physical places");
	says_json(&s, "kaslr.seed", "null");
	says_json(&s, "kaslr.virtual", "null");
	says_json(&s, "kaslr.physical", "null");
	says_json(&s, "kaslr.virtual_places", "489");
	says_json(&s, "kaslr.physical_places", "105");
	says_json(&s, "kaslr.reason", "null");
	seen_release(&s);

	wish = (struct kaslr_wish){ KASLR_SEED, 9 };
	look(&s, &image);
	says_json(&s, "kaslr.seed", "\"0x9\"");
	says_json(&s, "kaslr.virtual_places", "489");
	seen_release(&s);

	wish = (struct kaslr_wish){ KASLR_OFF, 0 };
	look(&s, &image);
	says(&s, "  kaslr               not random: it is switched off");
	says_json(&s, "kaslr.seed", "null");
	says_json(&s, "kaslr.virtual_places", "null");
	says_json(&s, "kaslr.reason", "\"it is switched off\"");
	seen_release(&s);

	wish = (struct kaslr_wish){ KASLR_AUTO, 0 };
	look_as(&s, &image, "image", "linux64");
	says_json(&s, "kaslr.reason",
		  "\"the image decompresses itself, and chooses a place "
		  "itself\"");
	seen_release(&s);
	wish = (struct kaslr_wish){ KASLR_OFF, 0 };
	buf_release(&image);
}
END_TEST

START_TEST(inspect__shows_the_plan)
{
	struct buf elf = { 0 };
	struct seen s;

	elf_small_kernel(&elf, false);
	look(&s, &elf);
	says(&s, "Boot plan (--boot auto, --mem 256M)");
	says(&s, "  chosen  elf64     e_entry 0x1000040: 64-bit entry with "
		 "boot_params");
	says(&s, "  no      elf32     the kernel is an ELF64");
	is_silent_on(&s, "nothing chosen");
	says_json(&s, "boot.requested", "\"auto\"");
	says_json(&s, "boot.memory", "268435456");
	says_json(&s, "boot.chosen", "\"elf64\"");
	says_json(&s, "boot.error", "null");
	says_json(&s, "boot.protocols.2",
		  "{\"name\":\"elf32\",\"fits\":false,\"reason\":"
		  "\"the kernel is an ELF64\"}");
	ck_assert_uint_eq(json_array_size(at(&s, "boot.protocols")), 6);
	seen_release(&s);

	look_as(&s, &elf, "image", "elf32");
	says(&s, "Boot plan (--boot elf32, --mem 256M)");
	says(&s, "  fits    elf64     e_entry 0x1000040: 64-bit entry with "
		 "boot_params");
	says(&s, "  nothing chosen      --boot elf32 does not fit this image: "
		 "the kernel is an ELF64");
	says_json(&s, "boot.requested", "\"elf32\"");
	says_json(&s, "boot.chosen", "null");
	says_json(&s, "boot.error",
		  "\"--boot elf32 does not fit this image: the kernel is an "
		  "ELF64\"");
	seen_release(&s);
	buf_release(&elf);
}
END_TEST

/* The widest possible numbers, in as many segments as are allowed. */
START_TEST(inspect__stays_narrow_with_wide_numbers)
{
	struct test_segment segments[KERNEL_ELF_MAX_SEGMENTS];
	struct buf elf = { 0 };
	struct seen s;

	for (unsigned i = 0; i < KERNEL_ELF_MAX_SEGMENTS; i++)
		segments[i] = (struct test_segment){
			.type = i ? 0x60000000 + i : PT_LOAD,
			.vaddr = i ? UINT64_MAX : 0,
			.paddr = i ? UINT64_MAX : 0,
			.memsz = UINT64_MAX - i,
			.align = UINT64_MAX,
		};
	elf_build(
		&(struct test_elf){ .segments = segments,
				    .segments_count = KERNEL_ELF_MAX_SEGMENTS },
		&elf);
	/* Its flags: the other bits of p_flags. */
	elf_patch(&elf, sizeof(Elf64_Ehdr) + sizeof(Elf64_Phdr) + 4, 4,
		  0xfffffff8);
	look(&s, &elf);
	is_narrow(&s);
	ck_assert_ptr_nonnull(strstr(
		s.text, "\n  0x60000001          ---,0xfffffff8, offset 0x"));
	says_json(&s, "elf.segments.1.flags", "\"---,0xfffffff8\"");
	says_json(&s, "elf.segments.1.vaddr", "\"0xffffffffffffffff\"");
	/* Too large for the integers of JSON readers, but still a number. */
	ck_assert(json_is_real(at(&s, "elf.segments.1.memsz")));
	ck_assert(json_real_value(at(&s, "elf.segments.1.memsz")) ==
		  18446744073709551615.0);
	ck_assert_uint_eq(json_array_size(at(&s, "elf.segments")),
			  KERNEL_ELF_MAX_SEGMENTS);
	seen_release(&s);
	buf_release(&elf);
}
END_TEST

START_TEST(inspect__stays_narrow_with_long_names)
{
	struct buf list = { 0 }, elf = { 0 };
	char owner[200], features[4096];
	struct seen s;

	memset(owner, 'o', sizeof(owner));
	owner[sizeof(owner) - 1] = '\0';
	for (size_t i = 0; i < sizeof(features); i++)
		features[i] = i % 40 == 39 ? '|' : 'f';
	elf_note(&list, owner, 0xffffffff, features, 100, 4);
	elf_note(&list, "Xen", XEN_ELFNOTE_FEATURES, features, sizeof(features),
		 4);
	kernel_with_notes(&list, &elf);
	look_as(&s, &elf, owner, NULL);
	is_narrow(&s);
	seen_release(&s);
	buf_release(&list);
	buf_release(&elf);
}
END_TEST

START_TEST(inspect__replaces_what_cannot_be_printed)
{
	struct buf image = { 0 };
	struct seen s;

	bzimage_build(
		&(struct test_bzimage){ .kernel_version = "6.1\x1b[2J\xff" },
		&image);
	look_as(&s, &image, "na\x1bme\xff \xc3\xa9", NULL);
	says(&s, "  file                na?me? \xc3\xa9");
	says(&s, "  kernel_version      6.1?[2J?");
	says_json(&s, "file", "\"na?me? \xc3\xa9\"");
	says_json(&s, "setup_header.kernel_version", "\"6.1?[2J?\"");
	seen_release(&s);
	buf_release(&image);
}
END_TEST

/* The sorted names of the keys at every level; arrays are entered once. */
static void add_keys(json_t *j, const char *prefix, struct buf *out)
{
	const char *key;
	json_t *value;

	json_object_foreach(j, key, value)
	{
		char path[128];

		snprintf(path, sizeof(path), "%s.%s", prefix, key);
		buf_add(out, path, strlen(path));
		buf_add(out, "\n", 1);
	}
}

START_TEST(inspect__json_always_has_the_same_keys)
{
	static const char *const parts[] = { "", "setup_header", "boot" };
	struct buf elf = { 0 }, with = { 0 }, without = { 0 };
	struct seen a, b;

	elf_small_kernel(&elf, false);
	bzimage_of_elf(&elf, "gzip", &with);
	bzimage_build(&(struct test_bzimage){ .version = 0x200 }, &without);
	look(&a, &with);
	look(&b, &without);
	for (unsigned i = 0; i < COUNT(parts); i++) {
		struct buf x = { 0 }, y = { 0 };

		add_keys(at(&a, parts[i]), parts[i], &x);
		add_keys(at(&b, parts[i]), parts[i], &y);
		ck_assert_uint_gt(x.len, 0);
		ck_assert_msg(x.len == y.len && !memcmp(x.data, y.data, x.len),
			      "%.*s\n%.*s", (int)x.len, x.data, (int)y.len,
			      y.data);
		buf_release(&x);
		buf_release(&y);
	}
	seen_release(&a);
	seen_release(&b);
	buf_release(&elf);
	buf_release(&with);
	buf_release(&without);
}
END_TEST

/* Damage after the part of the payload that is checked first: only decoding all
 * of it can find that. */
START_TEST(inspect__refuses_a_damaged_payload)
{
	const size_t size = 4 * IMAGE_PEEK_SIZE;
	uint8_t *text = malloc(size);
	const struct test_segment segment = {
		.type = PT_LOAD,
		.paddr = LOAD,
		.data = text,
		.filesz = size,
	};
	struct buf elf = { 0 }, image = { 0 };
	struct err e = ERR_EMPTY;
	struct inspection in;
	int rc;

	payload_fill(text, size, 1);
	elf_build(
		&(struct test_elf){ .segments = &segment, .segments_count = 1 },
		&elf);
	bzimage_of_elf(&elf, "lz4", &image);
	/* The size follows the stream; the builder puts 0x100 bytes there. */
	elf_patch(&image, image.len - 0x100 - 4, 4, elf.len + 1);
	rc = inspection_from_bytes(&in, "broken",
				   (struct bytes){ image.data, image.len },
				   &(struct inspect_want){ .mem = MEMORY }, &e);
	assert_err(rc, -EILSEQ, &e, "broken: payload decoded to ");
	buf_release(&elf);
	buf_release(&image);
	free(text);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("inspect");
	TCase *t = tcase_create("reports");

	tcase_add_loop_test(t, inspect__shows_the_fields_of_each_version, 0x200,
			    0x210);
	tcase_add_test(t, inspect__names_the_fields_a_header_lacks);
	tcase_add_test(t, inspect__names_unknown_bits_and_values);
	tcase_add_test(t, inspect__says_why_there_is_no_payload);
	tcase_add_loop_test(t, inspect__shows_each_payload_format, 0,
			    COUNT(formats_of));
	tcase_add_loop_test(t, inspect__shows_an_elf, 0, 2);
	tcase_add_loop_test(t, inspect__shows_each_kind_of_note, 0,
			    COUNT(notes));
	tcase_add_loop_test(t, inspect__shows_malformed_notes_with_the_reason,
			    0, COUNT(malformed));
	tcase_add_test(t, inspect__cuts_what_is_long_and_says_so);
	tcase_add_test(t, inspect__says_that_the_list_of_notes_is_incomplete);
	tcase_add_test(t, inspect__says_which_padding_notes_were_read_with);
	tcase_add_test(t, inspect__says_which_notes_cannot_be_used);
	tcase_add_test(t, inspect__shows_relocations);
	tcase_add_test(t, inspect__shows_a_unified_kernel_image);
	tcase_add_test(t, inspect__shows_the_plan);
	tcase_add_test(t, inspect__shows_how_the_place_is_chosen);
	tcase_add_test(t, inspect__stays_narrow_with_wide_numbers);
	tcase_add_test(t, inspect__stays_narrow_with_long_names);
	tcase_add_test(t, inspect__replaces_what_cannot_be_printed);
	tcase_add_test(t, inspect__json_always_has_the_same_keys);
	tcase_add_test(t, inspect__refuses_a_damaged_payload);
	suite_add_tcase(s, t);
	return s;
}
