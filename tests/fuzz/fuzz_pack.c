/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Packs any ELF: the decompressor stub must accept the result and find room for
 * it within init_size, and our own reader must accept the image.
 *
 * The code in which the stub decides (guest/stub/elf.c, place.c) is linked in.
 */
#include "fuzz/fuzz.h"

#include <elf.h>
#include <stdlib.h>

#include "image/image.h"
#include "pack/pack.h"
#include "pv/bootparam.h"
#include "pv/stub.h"
#include "support/elf_builder.h"
#include "../../guest/stub/elf.h"
#include "../../guest/stub/place.h"

static void must(bool claim)
{
	if (!claim)
		abort();
}

static void check_elf(struct bytes elf, const uint8_t *info)
{
	uint32_t start, end, len;
	struct elf_limits limits;
	struct fault f;
	struct elf k;

	memcpy(&len, info + STUB_INFO_ELF_LEN, 4);
	memcpy(&start, info + STUB_INFO_DEST_START, 4);
	memcpy(&end, info + STUB_INFO_DEST_END, 4);
	limits = (struct elf_limits){ len, start, end };
	must(len == elf.len);
	/* The stub sees the first window of the inflated data. */
	must(elf_parse(&k, elf.data,
		       len < STUB_ELF_HEAD_MAX ? len : STUB_ELF_HEAD_MAX,
		       &limits, &f));
}

/* Memory ends where init_size does. */
static void check_room(const struct setup_header *h, const uint8_t *info,
		       uint64_t here)
{
	uint64_t run = here > h->pref_address ? here : h->pref_address;
	uint64_t ram = run + h->init_size, to;
	uint32_t image_len, start, end, type = E820_RAM;
	uint8_t bp[BP_SIZE] = { 0 };
	struct fault f;

	if (ram > UINT64_C(1) << 32)
		return;
	bp[BP_E820_ENTRIES] = 1;
	memcpy(bp + BP_E820_TABLE + 8, &ram, 8);
	memcpy(bp + BP_E820_TABLE + 16, &type, 4);
	memcpy(&image_len, info + STUB_INFO_IMAGE_LEN, 4);
	memcpy(&start, info + STUB_INFO_DEST_START, 4);
	memcpy(&end, info + STUB_INFO_DEST_END, 4);
	must(place_choose(&(struct place){ here, image_len, start, end }, bp,
			  &to, &f));
}

/*
 * The packed ELF is the kernel that went in: segments, their bytes, notes. An
 * ELF header in a segment is not compared: it says where the sections are.
 */
static void check_same(struct bytes in, struct bytes out)
{
	const uint64_t head = sizeof(Elf64_Ehdr);
	struct err e = ERR_EMPTY;
	struct kernel_elf a, b;
	bool notes = true;

	must(!kernel_elf_parse(&a, in, &e));
	must(!kernel_elf_parse(&b, out, &e));
	must(b.elf_end == out.len && a.entry == b.entry &&
	     a.segments_count == b.segments_count);
	for (unsigned i = 0; i < a.segments_count; i++) {
		const struct elf_segment *s = &a.segments[i];
		uint64_t end = s->off + s->filesz;

		must(!memcmp(s, &b.segments[i], sizeof(*s)));
		for (uint64_t at = s->off; s->type != PT_NULL && at < end; at++)
			must(at < head || in.data[at] == out.data[at]);
		notes &= s->type != PT_NOTE || s->off >= head;
	}
	must(!notes || a.notes.count == b.notes.count);
	for (unsigned i = 0; notes && i < a.notes.count; i++) {
		struct bytes x = a.notes.list[i].desc, y = b.notes.list[i].desc;

		must(x.len == y.len &&
		     (!x.len || !memcmp(x.data, y.data, x.len)));
	}
	kernel_elf_release(&a);
	kernel_elf_release(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct pack_request r = {
		.elf = { data, size },
		.compressor = compressor_by_name("none"),
		.version = "",
	};
	struct buf out = { 0 };
	struct err e = ERR_EMPTY;
	struct image img;

	if (!pack_kernel(&r, &out, &e)) {
		must(!image_from_bytes(&img, buf_bytes(&out), &e));
		must(img.kind == IMAGE_BZIMAGE && img.has_payload);
		check_same(r.elf, img.payload.stream);
		check_elf(img.payload.stream, out.data + img.hdr.code_off);
		for (uint64_t off = 0; off < 4; off++) {
			uint64_t align = img.hdr.kernel_alignment;

			check_room(&img.hdr, out.data + img.hdr.code_off,
				   0x100000 + off * 0x1000);
			check_room(&img.hdr, out.data + img.hdr.code_off,
				   img.hdr.pref_address + off * align);
		}
		image_close(&img);
	}
	buf_release(&out);
	return 0;
}

void fuzz_seeds(void)
{
	struct buf elf = { 0 };

	elf_small_kernel(&elf, false);
	fuzz_seed("elf64", elf.data, elf.len);
	elf_patch(&elf, 64 + 24, 8, 0x100000);
	fuzz_seed("low", elf.data, elf.len);
	buf_release(&elf);
	elf_small_kernel(&elf, true);
	fuzz_seed("elf32", elf.data, elf.len);
	buf_release(&elf);
}
