/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Packing: the image says of itself what is so, whatever the stub would
 * refuse is refused here, and what just fits is not.
 *
 * The stub's own checks (guest/stub/elf.c, place.c) are linked in, so that
 * packer and stub are held to the same answers.
 */
#include "unit/unit.h"
#include "support/elf_builder.h"
#include "image/image.h"
#include "pack/pack.h"
#include "pv/bootparam.h"
#include "pv/notes.h"
#include "pv/stub.h"
#include "../../guest/stub/elf.h"
#include "../../guest/stub/place.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <zlib.h>

#define SECTOR 512
#define PAGE   0x1000

static int pack(const struct buf *elf, const char *format,
		const struct pack_request *like, struct buf *out, struct err *e)
{
	struct pack_request r = { .version = "" };

	if (like)
		r = *like;
	r.elf = buf_bytes(elf);
	r.compressor = compressor_by_name(format);
	r.level = r.compressor->level_default;
	return pack_kernel(&r, out, e);
}

static void pack_small(bool is32, const char *format, struct buf *elf,
		       struct buf *out)
{
	struct err e = ERR_EMPTY;
	int rc;

	elf_small_kernel(elf, is32);
	rc = pack(elf, format, NULL, out, &e);
	assert_ok(rc, &e);
}

/* The @width bytes at @off of the protected-mode part. */
static uint64_t peek_code(const struct buf *image, size_t off, size_t width)
{
	size_t code = (elf_peek(image, 0x1f1, 1) + 1) * SECTOR;

	return elf_peek(image, code + off, width);
}

START_TEST(pack__every_format_holds_the_elf)
{
	struct buf elf = { 0 }, out = { 0 };
	struct err e = ERR_EMPTY;
	uint8_t *decoded;
	struct image img;
	size_t len;

	pack_small(false, formats[_i].name, &elf, &out);
	decoded = malloc(elf.len);
	assert_ok(image_from_bytes(&img, buf_bytes(&out), &e), &e);
	ck_assert_int_eq(img.kind, IMAGE_BZIMAGE);
	ck_assert_msg(img.has_payload, "%s", img.no_payload.msg);
	ck_assert_str_eq(img.payload.format->name, formats[_i].name);
	ck_assert(img.payload.has_size);
	ck_assert_uint_eq(img.payload.size, elf.len);
	assert_ok(image_decode(&img, decoded, elf.len, &len, &e), &e);
	ck_assert_uint_eq(len, elf.len);
	ck_assert_mem_eq(decoded, elf.data, len);
	free(decoded);
	image_close(&img);
	buf_release(&elf);
	buf_release(&out);
}
END_TEST

/* boot.rst's fields for a kernel from 0x1000000 to 0x1202000 (builder). */
START_TEST(pack__header_fields_follow_the_elf)
{
	bool is32 = _i;
	struct buf elf = { 0 }, out = { 0 };
	uint64_t image_len, image_pages, end = 0;
	size_t code;

	pack_small(is32, "gzip", &elf, &out);
	for (unsigned i = 0; i < SMALL_KERNEL_SEGMENTS; i++) {
		size_t ph = is32 ? 52 + i * 32 : 64 + i * 56;
		uint64_t paddr = elf_peek(&elf, ph + (is32 ? 12 : 24),
					  is32 ? 4 : 8);
		uint64_t memsz = elf_peek(&elf, ph + (is32 ? 20 : 40),
					  is32 ? 4 : 8);

		if (elf_peek(&elf, ph, 4) == PT_LOAD && paddr + memsz > end)
			end = paddr + memsz;
	}
	code = (elf_peek(&out, 0x1f1, 1) + 1) * SECTOR;
	image_len = out.len - code;
	image_pages = (image_len + PAGE - 1) / PAGE * PAGE;

	ck_assert_uint_eq(elf_peek(&out, 0x1fe, 2), 0xaa55);
	ck_assert_uint_eq(elf_peek(&out, 0x202, 4), 0x53726448);
	ck_assert_uint_eq(elf_peek(&out, 0x206, 2), 0x020f);
	ck_assert_uint_eq(elf_peek(&out, 0x1f4, 4) * 16, image_len);
	ck_assert_uint_eq(elf_peek(&out, 0x230, 4), 0x200000);
	ck_assert_uint_eq(elf_peek(&out, 0x234, 1), 1);
	ck_assert_uint_eq(elf_peek(&out, 0x235, 1), 21);
	ck_assert_uint_eq(elf_peek(&out, 0x236, 2), is32 ? 0 : 1);
	ck_assert_uint_eq(elf_peek(&out, 0x258, 8), SMALL_KERNEL_TEXT_PADDR);
	ck_assert_uint_eq(elf_peek(&out, 0x260, 4),
			  (end - SMALL_KERNEL_TEXT_PADDR + PAGE - 1) / PAGE *
					  PAGE +
				  image_pages + STUB_WORK_SIZE + PAGE);
	ck_assert_uint_eq(peek_code(&out, elf_peek(&out, 0x268, 4), 4),
			  0x506f544c);

	ck_assert_uint_eq(peek_code(&out, STUB_INFO_IMAGE_LEN, 4), image_len);
	ck_assert_uint_eq(peek_code(&out, STUB_INFO_PAYLOAD_OFFSET, 4),
			  elf_peek(&out, 0x248, 4));
	ck_assert_uint_eq(peek_code(&out, STUB_INFO_PAYLOAD_LEN, 4),
			  elf_peek(&out, 0x24c, 4));
	ck_assert_uint_eq(peek_code(&out, STUB_INFO_ELF_LEN, 4), elf.len);
	ck_assert_uint_eq(peek_code(&out, STUB_INFO_DEST_START, 4),
			  SMALL_KERNEL_TEXT_PADDR);
	ck_assert_uint_eq(peek_code(&out, STUB_INFO_DEST_END, 4), end);
	buf_release(&elf);
	buf_release(&out);
}
END_TEST

START_TEST(pack__file_ends_in_its_checksum)
{
	struct buf elf = { 0 }, out = { 0 };

	pack_small(false, "gzip", &elf, &out);
	/* zlib inverts at the end: the remainder itself is 0. */
	ck_assert_uint_eq(crc32(0, out.data, out.len), 0xffffffff);
	buf_release(&elf);
	buf_release(&out);
}
END_TEST

START_TEST(pack__same_bytes_every_time)
{
	struct buf elf = { 0 }, one = { 0 }, two = { 0 };
	struct err e = ERR_EMPTY;

	pack_small(false, formats[_i].name, &elf, &one);
	/* Behind something else, and out of other memory. */
	buf_add(&two, "before", 6);
	assert_ok(pack(&elf, formats[_i].name, NULL, &two, &e), &e);
	ck_assert_uint_eq(one.len, two.len - 6);
	ck_assert_mem_eq(one.data, two.data + 6, one.len);
	buf_release(&elf);
	buf_release(&one);
	buf_release(&two);
}
END_TEST

static void version_is(const struct buf *image, const char *want)
{
	size_t off = SECTOR + elf_peek(image, 0x20e, 2);
	const char *text = (const char *)image->data + off;

	ck_assert_uint_le(off + SETUP_VERSION_MAX, image->len);
	ck_assert_str_eq(text, want);
	for (size_t i = strlen(want); i < SETUP_VERSION_MAX; i++)
		ck_assert_int_eq(text[i], 0);
}

#define BY "packed by launcher " LAUNCHER_VERSION

START_TEST(pack__version_is_the_kernels_where_it_says)
{
	struct buf elf = { 0 }, out = { 0 }, note = { 0 };
	struct err e = ERR_EMPTY;
	struct test_segment segments[2];

	pack_small(false, "none", &elf, &out);
	version_is(&out, BY);
	buf_release(&elf);
	buf_release(&out);

	elf_note(&note, "Linux", LINUX_ELFNOTE_BUILD_SALT, "6.1.0-9-test", 13,
		 4);
	segments[0] = (struct test_segment){ .type = PT_LOAD,
					     .paddr = 0x1000000,
					     .vaddr = 0x1000000,
					     .data = "code",
					     .filesz = 4 };
	segments[1] = (struct test_segment){ .type = PT_NOTE,
					     .data = note.data,
					     .filesz = note.len,
					     .align = 4 };
	elf_build(&(struct test_elf){ .entry = 0x1000000,
				      .segments = segments,
				      .segments_count = 2 },
		  &elf);
	assert_ok(pack(&elf, "none", NULL, &out, &e), &e);
	version_is(&out, "6.1.0-9-test (" BY ")");
	buf_release(&out);

	assert_ok(pack(&elf, "none",
		       &(struct pack_request){ .version = "5.4 (somebody)" },
		       &out, &e),
		  &e);
	version_is(&out, "5.4 (somebody)");
	buf_release(&out);
	buf_release(&note);
	buf_release(&elf);
}
END_TEST

START_TEST(pack__longest_version_keeps_its_end)
{
	struct buf elf = { 0 }, out = { 0 };
	struct err e = ERR_EMPTY;
	char longest[SETUP_VERSION_MAX], longer[SETUP_VERSION_MAX + 1];

	memset(longest, 'v', sizeof(longest));
	longest[sizeof(longest) - 1] = '\0';
	memset(longer, 'v', sizeof(longer));
	longer[sizeof(longer) - 1] = '\0';
	elf_small_kernel(&elf, false);
	assert_ok(pack(&elf, "none",
		       &(struct pack_request){ .version = longer }, &out, &e),
		  &e);
	version_is(&out, longest);
	buf_release(&elf);
	buf_release(&out);
}
END_TEST

START_TEST(pack__keeps_what_another_image_said)
{
	struct buf elf = { 0 }, out = { 0 };
	struct err e = ERR_EMPTY;

	elf_small_kernel(&elf, false);
	assert_ok(pack(&elf, "none",
		       &(struct pack_request){ .version = "",
					       .cmdline_size = 255,
					       .initrd_addr_max = 0x37ffffff },
		       &out, &e),
		  &e);
	ck_assert_uint_eq(elf_peek(&out, 0x238, 4), 255);
	ck_assert_uint_eq(elf_peek(&out, 0x22c, 4), 0x37ffffff);
	buf_release(&elf);
	buf_release(&out);
}
END_TEST

/*
 * A kernel whose headers can be anywhere and whose segments anything.
 *
 *   0        0x1000                               FILE_LEN
 *   | header | 64 KiB that segments may be of ... |
 */
#define FILE_LEN  0x11000
#define DATA_OFF  0x1000
#define KERNEL_AT 0x1000000
#define PH_TABLE  sizeof(Elf64_Ehdr)
#define PH(i)	  (PH_TABLE + (i) * sizeof(Elf64_Phdr))
#define EH_AT(f)  offsetof(Elf64_Ehdr, f), sizeof(((Elf64_Ehdr *)0)->f)
#define PH_AT(i, f) \
	PH(i) + offsetof(Elf64_Phdr, f), sizeof(((Elf64_Phdr *)0)->f)

static void make_elf(struct buf *elf, unsigned loads)
{
	Elf64_Ehdr eh = { .e_ident = { 0x7f, 'E', 'L', 'F', ELFCLASS64,
				       ELFDATA2LSB, EV_CURRENT },
			  .e_type = ET_EXEC,
			  .e_machine = EM_X86_64,
			  .e_version = EV_CURRENT,
			  .e_entry = KERNEL_AT,
			  .e_phoff = PH_TABLE,
			  .e_ehsize = sizeof(eh),
			  .e_phentsize = sizeof(Elf64_Phdr),
			  .e_phnum = (uint16_t)loads };

	memset(buf_extend(elf, FILE_LEN), 0, FILE_LEN);
	memcpy(elf->data, &eh, sizeof(eh));
	for (unsigned i = 0; i < loads; i++) {
		Elf64_Phdr ph = { .p_type = PT_LOAD,
				  .p_offset = DATA_OFF,
				  .p_paddr = KERNEL_AT + i * PAGE,
				  .p_filesz = PAGE,
				  .p_memsz = PAGE };

		memcpy(elf->data + PH(i), &ph, sizeof(ph));
	}
}

struct patch {
	size_t off, size;
	uint64_t value;
};

/* The stub, asked about the same ELF the way the packed image would ask. */
static bool stub_accepts(const struct buf *elf, struct fault *f)
{
	struct elf_limits limits = { elf->len, UINT64_MAX, 0 };
	uint64_t phoff = elf_peek(elf, offsetof(Elf64_Ehdr, e_phoff), 8);
	unsigned phnum = elf_peek(elf, offsetof(Elf64_Ehdr, e_phnum), 2);
	struct elf k;

	for (unsigned i = 0; i < phnum; i++) {
		const Elf64_Phdr *ph = (void *)(elf->data + phoff + i * 56);

		if (ph->p_paddr < limits.dest_start)
			limits.dest_start = ph->p_paddr;
		if (ph->p_paddr + ph->p_memsz > limits.dest_end)
			limits.dest_end = ph->p_paddr + ph->p_memsz;
	}
	if (limits.dest_start < STUB_DEST_MIN ||
	    limits.dest_end > STUB_DEST_MAX) {
		f->what = "dest";
		return false;
	}
	return elf_parse(&k, elf->data, STUB_ELF_HEAD_MAX, &limits, f);
}

static const struct {
	struct patch p[3];
	const char *message;
} unfit[] = {
	{ { { EH_AT(e_machine), EM_386 } },
	  "e_machine is 3, an ELF64 needs 62" },
	{ { { EH_AT(e_machine), EM_AARCH64 } }, "e_machine is 183" },
	{ { { EH_AT(e_type), ET_REL } }, "e_type is 1" },
	{ { { EH_AT(e_phnum), 0 } }, "no program headers" },
	{ { { PH_AT(0, p_type), PT_NULL }, { PH_AT(1, p_type), PT_NULL } },
	  "no PT_LOAD segment" },
	{ { { PH_AT(0, p_memsz), 0 },
	    { PH_AT(0, p_filesz), 0 },
	    { PH_AT(1, p_type), PT_NULL } },
	  "every PT_LOAD has p_memsz 0" },
	{ { { PH_AT(1, p_filesz), PAGE + 1 } },
	  "p_filesz 0x1001 exceeds p_memsz 0x1000" },
	{ { { PH_AT(1, p_offset), FILE_LEN - PAGE + 1 } },
	  "segment 1: p_offset 0x10001 + p_filesz 0x1000 ends past the ELF" },
	{ { { PH_AT(1, p_paddr), STUB_DEST_MIN - 1 } },
	  "segment 1: p_paddr 0xfffff is below 0x100000" },
	{ { { PH_AT(1, p_paddr), 0 } }, "segment 1: p_paddr 0x0 is below" },
	{ { { PH_AT(1, p_paddr), STUB_DEST_MAX - PAGE + 1 } },
	  "segment 1: p_paddr 0xffeff001 + p_memsz 0x1000 is above "
	  "0xfff00000" },
	{ { { PH_AT(1, p_paddr), UINT64_C(1) << 32 } },
	  "p_paddr 0x100000000 + p_memsz 0x1000 is above 0xfff00000" },
	{ { { PH_AT(1, p_paddr), -(uint64_t)PAGE } },
	  "p_paddr 0xfffffffffffff000 + p_memsz 0x1000 is above" },
	{ { { PH_AT(1, p_memsz), 0xff000000 } },
	  "p_paddr 0x1001000 + p_memsz 0xff000000 is above" },
	{ { { PH_AT(0, p_memsz), PAGE + 1 } },
	  "segments 0 and 1 overlap: p_paddr 0x1000000 + p_memsz 0x1001, "
	  "p_paddr 0x1001000" },
	{ { { PH_AT(1, p_paddr), KERNEL_AT - PAGE + 1 } },
	  "segments 0 and 1 overlap" },
	{ { { EH_AT(e_entry), KERNEL_AT - 1 } },
	  "e_entry 0xffffff lies in no segment" },
	{ { { EH_AT(e_entry), KERNEL_AT + 2 * PAGE } },
	  "e_entry 0x1002000 lies in no segment" },
	{ { { PH_AT(1, p_filesz), PAGE - 1 },
	    { EH_AT(e_entry), KERNEL_AT + 2 * PAGE - 1 } },
	  "e_entry 0x1001fff lies in no segment" },
	{ { { EH_AT(e_entry), 0xffffffff81000000 } },
	  "e_entry 0xffffffff81000000 lies in no segment" },
};

START_TEST(pack__refuses_what_the_stub_would)
{
	struct buf elf = { 0 }, out = { 0 };
	struct err e = ERR_EMPTY;
	struct fault f = { 0 };

	make_elf(&elf, 2);
	for (unsigned i = 0; i < COUNT(unfit[_i].p); i++)
		elf_patch(&elf, unfit[_i].p[i].off, unfit[_i].p[i].size,
			  unfit[_i].p[i].value);
	assert_err(pack(&elf, "gzip", NULL, &out, &e), -EINVAL, &e,
		   unfit[_i].message);
	ck_assert(!stub_accepts(&elf, &f));
	buf_release(&elf);
	buf_release(&out);
}
END_TEST

static const struct {
	struct patch p[3];
	uint64_t pref_address, alignment;
} fits[] = {
	{ { { 0 } }, KERNEL_AT, 0x200000 },
	/* Neighbours that touch; the last byte as the entry. */
	{ { { EH_AT(e_entry), KERNEL_AT + 2 * PAGE - 1 } },
	  KERNEL_AT,
	  0x200000 },
	{ { { EH_AT(e_type), ET_DYN } }, KERNEL_AT, 0x200000 },
	{ { { PH_AT(1, p_offset), FILE_LEN - PAGE } }, KERNEL_AT, 0x200000 },
	/* Without memory it may lie on another. */
	{ { { PH_AT(1, p_paddr), KERNEL_AT },
	    { PH_AT(1, p_filesz), 0 },
	    { PH_AT(1, p_memsz), 0 } },
	  KERNEL_AT,
	  0x200000 },
	/* As low as may be: never rounded down to what is the firmware's. */
	{ { { PH_AT(1, p_paddr), STUB_DEST_MIN } }, STUB_DEST_MIN, 0x100000 },
	{ { { PH_AT(1, p_paddr), 0x234000 } }, 0x234000, 0x4000 },
	{ { { PH_AT(1, p_paddr), 0x301010 } }, 0x301000, 0x1000 },
	{ { { PH_AT(1, p_paddr), 0x600000 } }, 0x600000, 0x200000 },
};

START_TEST(pack__accepts_what_just_fits)
{
	struct buf elf = { 0 }, out = { 0 };
	struct err e = ERR_EMPTY;
	struct fault f = { 0 };

	make_elf(&elf, 2);
	for (unsigned i = 0; i < COUNT(fits[_i].p); i++)
		if (fits[_i].p[i].size)
			elf_patch(&elf, fits[_i].p[i].off, fits[_i].p[i].size,
				  fits[_i].p[i].value);
	assert_ok(pack(&elf, "gzip", NULL, &out, &e), &e);
	ck_assert_uint_eq(elf_peek(&out, HDR_PREF_ADDRESS, 8),
			  fits[_i].pref_address);
	ck_assert_uint_eq(elf_peek(&out, HDR_KERNEL_ALIGNMENT, 4),
			  fits[_i].alignment);
	ck_assert_uint_eq(1u << elf_peek(&out, HDR_MIN_ALIGNMENT, 1),
			  fits[_i].alignment);
	ck_assert_msg(stub_accepts(&elf, &f), "%s 0x%" PRIx64, f.what, f.found);
	buf_release(&elf);
	buf_release(&out);
}
END_TEST

START_TEST(pack__segments_up_to_the_stubs_limit)
{
	struct buf elf = { 0 }, out = { 0 };
	struct err e = ERR_EMPTY;
	struct fault f = { 0 };

	make_elf(&elf, STUB_ELF_LOADS_MAX);
	assert_ok(pack(&elf, "gzip", NULL, &out, &e), &e);
	ck_assert(stub_accepts(&elf, &f));
	buf_release(&elf);
	buf_release(&out);

	make_elf(&elf, STUB_ELF_LOADS_MAX + 1);
	assert_err(pack(&elf, "gzip", NULL, &out, &e), -EINVAL, &e,
		   "33 loadable segments are more than the stub's 32");
	ck_assert(!stub_accepts(&elf, &f));
	/* Empty ones do not count. */
	elf_patch(&elf, PH_AT(5, p_memsz), 0);
	elf_patch(&elf, PH_AT(5, p_filesz), 0);
	buf_release(&out);
	assert_ok(pack(&elf, "gzip", NULL, &out, &e), &e);
	ck_assert(stub_accepts(&elf, &f));
	buf_release(&elf);
	buf_release(&out);
}
END_TEST

START_TEST(pack__program_headers_up_to_the_first_window)
{
	const uint64_t last = STUB_ELF_HEAD_MAX - 2 * sizeof(Elf64_Phdr);
	struct buf elf = { 0 }, out = { 0 };
	struct err e = ERR_EMPTY;
	struct fault f = { 0 };

	make_elf(&elf, 2);
	memcpy(elf.data + last, elf.data + PH(0), 2 * sizeof(Elf64_Phdr));
	elf_patch(&elf, EH_AT(e_phoff), last);
	assert_ok(pack(&elf, "gzip", NULL, &out, &e), &e);
	ck_assert_msg(stub_accepts(&elf, &f), "%s", f.what);
	buf_release(&elf);
	buf_release(&out);

	make_elf(&elf, 2);
	memcpy(elf.data + last + 8, elf.data + PH(0), 2 * sizeof(Elf64_Phdr));
	elf_patch(&elf, EH_AT(e_phoff), last + 8);
	assert_err(pack(&elf, "gzip", NULL, &out, &e), -EINVAL, &e,
		   "e_phoff 0x7f98 + 2 program headers end past the first "
		   "0x8000 bytes");
	ck_assert(!stub_accepts(&elf, &f));
	buf_release(&elf);
	buf_release(&out);
}
END_TEST

/* Memory up to @top is all there is, but that is RAM without a hole. */
static bool stub_finds_room(const struct buf *image, uint64_t here,
			    uint64_t top, struct fault *f)
{
	static uint8_t bp[BP_SIZE];
	struct place p = {
		.here = here,
		.image_len = peek_code(image, STUB_INFO_IMAGE_LEN, 4),
		.dest_start = peek_code(image, STUB_INFO_DEST_START, 4),
		.dest_end = peek_code(image, STUB_INFO_DEST_END, 4),
	};
	uint32_t type = E820_RAM;
	uint64_t to;

	memset(bp, 0, sizeof(bp));
	bp[BP_E820_ENTRIES] = 1;
	memcpy(bp + BP_E820_TABLE + 8, &top, 8);
	memcpy(bp + BP_E820_TABLE + 16, &type, 4);
	return place_choose(&p, bp, &to, f);
}

/* boot.rst: a loader keeps init_size bytes free from where the image runs,
 * which is where it was loaded, or pref_address if that is above. */
START_TEST(pack__init_size_is_room_enough_wherever_it_is_loaded)
{
	static const uint64_t from[] = { 0x100000,  0xe00000,  0x1000000,
					 0x1200000, 0x1400000, 0x8000000 };
	struct buf elf = { 0 }, out = { 0 };
	struct fault f = { 0 };
	uint64_t init_size;

	pack_small(false, _i ? "none" : "gzip", &elf, &out);
	init_size = elf_peek(&out, HDR_INIT_SIZE, 4);
	for (size_t i = 0; i < COUNT(from); i++) {
		uint64_t run = from[i] > SMALL_KERNEL_TEXT_PADDR
				       ? from[i]
				       : SMALL_KERNEL_TEXT_PADDR;

		ck_assert_msg(
			stub_finds_room(&out, from[i], run + init_size, &f),
			"from 0x%" PRIx64 ": %s", from[i], f.what);
	}
	buf_release(&elf);
	buf_release(&out);
}
END_TEST

/* The highest kernel that leaves the stub its room, and one byte more. Of a
 * smaller image STUB_DEST_MAX would be the limit. */
START_TEST(pack__work_must_fit_below_4_gib)
{
	const uint64_t top = UINT64_C(1) << 32;
	struct buf elf = { 0 }, out = { 0 };
	struct err e = ERR_EMPTY;
	uint64_t spare, memsz;

	/* How much is left shows how much more there may be. */
	make_elf(&elf, 2);
	memset(buf_extend(&elf, 1 << 20), 0, 1 << 20);
	memsz = 0xe0000000;
	elf_patch(&elf, PH_AT(1, p_memsz), memsz);
	assert_ok(pack(&elf, "none", NULL, &out, &e), &e);
	spare = top - KERNEL_AT - elf_peek(&out, HDR_INIT_SIZE, 4);
	buf_release(&out);

	elf_patch(&elf, PH_AT(1, p_memsz), memsz + spare);
	assert_ok(pack(&elf, "none", NULL, &out, &e), &e);
	ck_assert_uint_eq(KERNEL_AT + elf_peek(&out, HDR_INIT_SIZE, 4), top);
	buf_release(&out);

	elf_patch(&elf, PH_AT(1, p_memsz), memsz + spare + 1);
	assert_err(pack(&elf, "none", NULL, &out, &e), -EINVAL, &e,
		   "from pref_address 0x1000000 on ends above 4 GiB");
	buf_release(&elf);
	buf_release(&out);
}
END_TEST

START_TEST(pack__refuses_x32)
{
	struct buf elf = { 0 }, out = { 0 };
	struct err e = ERR_EMPTY;

	elf_small_kernel(&elf, true);
	elf_patch(&elf, offsetof(Elf32_Ehdr, e_machine), 2, EM_X86_64);
	assert_err(pack(&elf, "gzip", NULL, &out, &e), -EINVAL, &e,
		   "e_machine is 62, an ELF32 needs 3");
	buf_release(&elf);
	buf_release(&out);
}
END_TEST

START_TEST(pack__refuses_what_is_no_elf)
{
	static const char *const texts[] = { "", "x", ELFMAG, "#!/bin/sh\n" };
	struct buf elf = { 0 }, out = { 0 };
	struct err e = ERR_EMPTY;

	buf_add(&elf, texts[_i], strlen(texts[_i]));
	assert_err(pack(&elf, "gzip", NULL, &out, &e), -EINVAL, &e,
		   _i == 2 ? "cut short after 4 bytes" : "no ELF magic");
	buf_release(&elf);
	buf_release(&out);
}
END_TEST

static const struct {
	const char *format;
	int level;
	const char *message; /* NULL: it has that level */
} levels[] = {
	{ "gzip", 1, NULL },
	{ "gzip", 9, NULL },
	{ "gzip", 0, "format gzip has levels 1 to 9, not 0" },
	{ "gzip", 10, "format gzip has levels 1 to 9, not 10" },
	{ "xz", 0, NULL },
	{ "xz", 10, "format xz has levels 0 to 9, not 10" },
	{ "lz4", 12, NULL },
	{ "lz4", 13, "levels 1 to 12, not 13" },
	{ "zstd", 22, NULL },
	{ "zstd", 23, "levels 1 to 22, not 23" },
	{ "none", 0, NULL },
	{ "none", 1, "format none has no levels" },
};

START_TEST(compress__levels_end_where_the_format_does)
{
	const struct compressor *c = compressor_by_name(levels[_i].format);
	struct err e = ERR_EMPTY;
	int rc = compressor_check_level(c, levels[_i].level, &e);

	if (levels[_i].message)
		assert_err(rc, -EINVAL, &e, levels[_i].message);
	else
		assert_ok(rc, &e);
}
END_TEST

/* Both ends of every format's levels, and its own choice, can be decoded. */
START_TEST(compress__every_level_is_decoded)
{
	const struct compressor *c = &compressors[_i];
	const int tried[] = { c->level_min, c->level_default, c->level_max };
	static uint8_t in[100000], out[sizeof(in)];
	struct err e = ERR_EMPTY;

	payload_fill(in, sizeof(in), 5);
	for (size_t i = 0; i < COUNT(tried); i++) {
		struct buf packed = { 0 };
		struct decode d = { .out = out,
				    .cap = sizeof(out),
				    .enough = SIZE_MAX };
		struct compress_how how = { .level = tried[i] };

		assert_ok(c->compress((struct bytes){ in, sizeof(in) }, &how,
				      &packed, &e),
			  &e);
		d.in = buf_bytes(&packed);
		assert_ok(format_by_name(c->name)->decode(&d, &e), &e);
		ck_assert_uint_eq(d.out_len, sizeof(in));
		ck_assert_mem_eq(in, out, sizeof(in));
		buf_release(&packed);
	}
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("pack");
	TCase *t = tcase_create("pack");

	tcase_add_loop_test(t, pack__every_format_holds_the_elf, 0,
			    (int)formats_count);
	tcase_add_loop_test(t, pack__header_fields_follow_the_elf, 0, 2);
	tcase_add_test(t, pack__file_ends_in_its_checksum);
	tcase_add_loop_test(t, pack__same_bytes_every_time, 0,
			    (int)formats_count);
	tcase_add_test(t, pack__version_is_the_kernels_where_it_says);
	tcase_add_test(t, pack__longest_version_keeps_its_end);
	tcase_add_test(t, pack__keeps_what_another_image_said);
	tcase_add_loop_test(t, pack__refuses_what_the_stub_would, 0,
			    COUNT(unfit));
	tcase_add_loop_test(t, pack__accepts_what_just_fits, 0, COUNT(fits));
	tcase_add_test(t, pack__segments_up_to_the_stubs_limit);
	tcase_add_test(t, pack__program_headers_up_to_the_first_window);
	tcase_add_loop_test(
		t, pack__init_size_is_room_enough_wherever_it_is_loaded, 0, 2);
	tcase_add_test(t, pack__work_must_fit_below_4_gib);
	tcase_add_test(t, pack__refuses_x32);
	tcase_add_loop_test(t, pack__refuses_what_is_no_elf, 0, 4);
	tcase_add_loop_test(t, compress__levels_end_where_the_format_does, 0,
			    COUNT(levels));
	tcase_add_loop_test(t, compress__every_level_is_decoded, 0,
			    (int)compressors_count);
	suite_add_tcase(s, t);
	return s;
}
