/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The text and JSON of `inspect`, for one file and for the difference of two.
 * Lines stay within the width, terminals get no control bytes, and the JSON is
 * valid. A file does not differ from itself, and the difference of two files is
 * the same in both directions. The picture of its places in memory is
 * well-formed XML, even if the file cannot be loaded.
 *
 * Packed payloads are fuzzed by the decoders' targets: here they would only
 * take time.
 */
#include "fuzz/fuzz.h"

#include <jansson.h>
#include <stdlib.h>

#include "boot/map_segments.h"
#include "pv/notes.h"
#include "show/inspect.h"
#include "show/inspect_diff.h"
#include "show/map_svg.h"
#include "show/text.h"
#include "support/bzimage_builder.h"
#include "support/elf_builder.h"
#include "support/uki_builder.h"

static const struct inspect_want want = { .cmdline = "console=ttyS0",
					  .mem = UINT64_C(64) << 20 };

/* Frees @text. */
static void check_lines(char *text)
{
	size_t col = 0;

	for (const char *p = text; *p; p++) {
		if (*p == '\n') {
			col = 0;
			continue;
		}
		if (++col > TEXT_WIDTH || (unsigned char)*p < 0x20 ||
		    *p == 0x7f)
			abort();
	}
	if (col)
		abort();
	free(text);
}

static void check_text(const struct inspection *in)
{
	struct err e = ERR_EMPTY;
	char *text;

	if (inspection_text(in, &text, &e))
		abort();
	check_lines(text);
}

static void check_json(const struct inspection *in)
{
	struct err e = ERR_EMPTY;
	json_t *back;
	char *json;

	if (inspection_json(in, &json, &e))
		abort();
	back = json_loads(json, JSON_REJECT_DUPLICATES, NULL);
	if (!back)
		abort();
	json_decref(back);
	free(json);
}

static json_t *diff(const struct inspection *a, const struct inspection *b)
{
	struct err e = ERR_EMPTY;
	json_t *d;
	char *text;

	if (inspection_diff(a, b, &d, &e) || diff_text(d, &text, &e))
		abort();
	check_lines(text);
	if (diff_json(d, &text, &e))
		abort();
	free(text);
	return d;
}

static size_t count(const json_t *d)
{
	return json_array_size(json_object_get(d, "differences"));
}

static void check_diff(const struct inspection *a, const struct inspection *b)
{
	json_t *itself = diff(a, a), *forth = diff(a, b), *back = diff(b, a);

	if (!diff_is_empty(itself) || count(itself) ||
	    count(forth) != count(back) ||
	    diff_is_empty(forth) != !count(forth))
		abort();
	json_decref(itself);
	json_decref(forth);
	json_decref(back);
}

/* The input is compared with this. */
static void check_pair(const struct inspection *in)
{
	static struct inspection other;
	static struct buf kernel;
	struct err e = ERR_EMPTY;

	if (!kernel.len) {
		struct buf elf = { 0 };

		elf_small_kernel(&elf, false);
		bzimage_of_elf(&elf, "none", &kernel);
		buf_release(&elf);
		if (inspection_from_bytes(
			    &other, "other",
			    (struct bytes){ kernel.data, kernel.len }, &want,
			    &e))
			abort();
	}
	check_diff(in, &other);
}

/* Every tag ends: foreign text contains no such characters. */
static void check_map(const struct inspection *in)
{
	struct memory_map map = { 0 };
	struct err e = ERR_EMPTY;
	unsigned open = 0;
	char *svg;

	if (!in->has_elf)
		return;
	map_segments(&map, &in->elf);
	if (map_svg(&map, "fuzz", "map", &svg, &e))
		abort();
	for (const char *p = svg; *p; p++) {
		if (((unsigned char)*p < 0x20 && *p != '\n') || *p == 0x7f)
			abort();
		open += *p == '<';
		open -= *p == '>';
		if (open > 1)
			abort();
	}
	if (open)
		abort();
	free(svg);
}

static bool is_packed(struct bytes b)
{
	struct err e = ERR_EMPTY;
	struct image img;
	bool packed;

	if (image_from_bytes(&img, b, &e))
		return false;
	packed = img.has_payload && strcmp(img.payload.format->name, "none");
	image_close(&img);
	return packed;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct bytes b = { data, size };
	struct err e = ERR_EMPTY;
	struct inspection in;

	if (is_packed(b) || inspection_from_bytes(&in, "fuzz", b, &want, &e))
		return 0;
	check_text(&in);
	check_json(&in);
	check_pair(&in);
	check_map(&in);
	inspection_close(&in);
	return 0;
}

/* One note of every form, so that the fuzzer need not find their types. */
static void seed_notes(void)
{
	static const uint8_t zeros[64];
	static const struct {
		const char *owner;
		uint32_t type;
		uint32_t size;
	} notes[] = {
		{ "Xen", XEN_ELFNOTE_GUEST_OS, 8 },
		{ "Xen", XEN_ELFNOTE_ENTRY, 8 },
		{ "Xen", XEN_ELFNOTE_FEATURES, 32 },
		{ "Xen", XEN_ELFNOTE_SUPPORTED_FEATURES, 4 },
		{ "Xen", XEN_ELFNOTE_L1_MFN_VALID, 32 },
		{ "Xen", XEN_ELFNOTE_PHYS32_ENTRY, 8 },
		{ "Xen", XEN_ELFNOTE_PHYS32_RELOC, 12 },
		{ "GNU", GNU_ELFNOTE_BUILD_ID, 20 },
		{ "GNU", GNU_ELFNOTE_PROPERTY, 32 },
		{ "Linux", LINUX_ELFNOTE_BUILD_SALT, 16 },
		{ "Go", 4, 64 },
	};
	const struct test_segment load = { .type = PT_LOAD, .memsz = 0x1000 };
	struct buf list = { 0 }, elf = { 0 };

	for (size_t i = 0; i < sizeof(notes) / sizeof(notes[0]); i++)
		elf_note(&list, notes[i].owner, notes[i].type, zeros,
			 notes[i].size, 4);
	const struct test_segment segments[] = {
		load,
		{ .type = PT_NOTE, .data = list.data, .filesz = list.len },
	};
	elf_build(
		&(struct test_elf){ .segments = segments, .segments_count = 2 },
		&elf);
	fuzz_seed("notes", elf.data, elf.len);
	buf_release(&list);
	buf_release(&elf);
}

void fuzz_seeds(void)
{
	struct buf elf = { 0 }, elf32 = { 0 }, image = { 0 }, old = { 0 };
	struct buf uki = { 0 };

	elf_small_kernel(&elf, false);
	fuzz_seed("elf64", elf.data, elf.len);
	elf_small_kernel(&elf32, true);
	fuzz_seed("elf32", elf32.data, elf32.len);
	bzimage_of_elf(&elf, "none", &image);
	fuzz_seed("bzimage", image.data, image.len);
	bzimage_build(&(struct test_bzimage){ .version = 0x202,
					      .kernel_version = "2.4.37" },
		      &old);
	fuzz_seed("old", old.data, old.len);
	seed_notes();
	uki_build(&image, &elf, "quiet", &uki);
	fuzz_seed("uki", uki.data, uki.len);
	buf_release(&uki);
	buf_release(&elf);
	buf_release(&elf32);
	buf_release(&image);
	buf_release(&old);
}
