/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What can be packed: whatever the stub would refuse is refused, and what just
 * fits is accepted.
 *
 * The stub's own checks (guest/stub/elf.c, place.c) are linked in, so that
 * packer and stub must give the same answers.
 */
#include "unit/packed.h"
#include "pv/bootparam.h"
#include "pv/stub.h"
#include "../../guest/stub/elf.h"
#include "../../guest/stub/place.h"

#include <errno.h>
#include <inttypes.h>

#define PAGE 0x1000

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

/* Ask the stub about the same ELF, as the packed image would. */
static bool stub_accepts(const struct buf *elf, struct fault *f)
{
	struct elf_limits limits = { elf->len, UINT64_MAX, 0 };
	uint64_t phoff = elf_peek(elf, offsetof(Elf64_Ehdr, e_phoff), 8);
	unsigned phnum = elf_peek(elf, offsetof(Elf64_Ehdr, e_phnum), 2);
	struct elf k;

	for (unsigned i = 0; i < phnum; i++) {
		const Elf64_Phdr *ph = (void *)(elf->data + phoff + i * 56);

		if (!ph->p_memsz)
			continue;
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
	/* Adjacent segments; the last byte as the entry. */
	{ { { EH_AT(e_entry), KERNEL_AT + 2 * PAGE - 1 } },
	  KERNEL_AT,
	  0x200000 },
	{ { { EH_AT(e_type), ET_DYN } }, KERNEL_AT, 0x200000 },
	{ { { PH_AT(1, p_offset), FILE_LEN - PAGE } }, KERNEL_AT, 0x200000 },
	/* Without bytes in the file it may have any offset. */
	{ { { PH_AT(1, p_offset), -1ull }, { PH_AT(1, p_filesz), 0 } },
	  KERNEL_AT,
	  0x200000 },
	/* Without memory it may lie on another. */
	{ { { PH_AT(1, p_paddr), KERNEL_AT },
	    { PH_AT(1, p_filesz), 0 },
	    { PH_AT(1, p_memsz), 0 } },
	  KERNEL_AT,
	  0x200000 },
	/* ... or where the stub could not put it. */
	{ { { PH_AT(1, p_paddr), 0 },
	    { PH_AT(1, p_filesz), 0 },
	    { PH_AT(1, p_memsz), 0 } },
	  KERNEL_AT,
	  0x200000 },
	{ { { PH_AT(1, p_paddr), UINT64_C(1) << 40 },
	    { PH_AT(1, p_filesz), 0 },
	    { PH_AT(1, p_memsz), 0 } },
	  KERNEL_AT,
	  0x200000 },
	/* As low as possible, but never rounded down into firmware memory. */
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
	/* Empty segments do not count. */
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

/* RAM ends at @top and has no hole. */
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
 * which is the load address, or pref_address if that is higher. */
START_TEST(pack__init_size_is_room_enough_wherever_it_is_loaded)
{
	static const uint64_t from[] = { 0x100000,  0xe00000,  0x1000000,
					 0x1200000, 0x1400000, 0x8000000 };
	struct buf elf = { 0 }, out = { 0 };
	struct err e = ERR_EMPTY;
	struct fault f = { 0 };
	uint64_t init_size;

	elf_small_kernel(&elf, false);
	assert_ok(pack(&elf, _i ? "none" : "gzip", NULL, &out, &e), &e);
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

/* The highest kernel that leaves the stub its room, and one byte more. With a
 * smaller image, STUB_DEST_MAX would be the limit. */
START_TEST(pack__work_must_fit_below_4_gib)
{
	const uint64_t top = UINT64_C(1) << 32;
	struct buf elf = { 0 }, out = { 0 };
	struct err e = ERR_EMPTY;
	uint64_t spare, memsz;

	/* The room left shows how much more is possible. */
	make_elf(&elf, 2);
	elf_patch(&elf, PH_AT(1, p_offset), elf.len);
	elf_patch(&elf, PH_AT(1, p_filesz), 1 << 20);
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

Suite *unit_suite(void)
{
	Suite *s = suite_create("pack_fit");
	TCase *t = tcase_create("pack_fit");

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
	suite_add_tcase(s, t);
	return s;
}
