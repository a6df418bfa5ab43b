/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The boot plan: what each protocol answers, and which one is chosen.
 */
#include "unit/unit.h"
#include "boot/plan.h"
#include "pv/bootparam.h"
#include "pv/notes.h"

#include <elf.h>
#include <errno.h>
#include <stdio.h>

#define MIB    (UINT64_C(1) << 20)
#define GIB    (UINT64_C(1) << 30)
#define MEMORY (256 * MIB)

/* A stock 64-bit bzImage; the rows below change one field of it. */
static struct elf_segment segments[2];
static struct kernel_elf elf;
static struct image img;
static struct guest_mem gm;
static struct boot_facts facts;

static void setup(void)
{
	gm = guest_mem_sizes(MEMORY);
	segments[0] = (struct elf_segment){ .type = PT_LOAD,
					    .paddr = 0x1000000,
					    .filesz = 0x200000,
					    .memsz = 0x400000,
					    .align = 0x200000 };
	segments[1] = (struct elf_segment){ .type = PT_NOTE,
					    .paddr = 0x1100000,
					    .filesz = 0x1000 };
	elf = (struct kernel_elf){ .is64 = true,
				   .machine = EM_X86_64,
				   .entry = 0x1000040,
				   .segments = segments,
				   .segments_count = 2 };
	img = (struct image){
		.kind = IMAGE_BZIMAGE,
		.hdr = { .version = 0x20f,
			 .loadflags = LOADED_HIGH,
			 .xloadflags = XLF_KERNEL_64,
			 .code_off = 0x1000,
			 .syssize = 0x400,
			 .code32_start = 0x100000,
			 .relocatable = true,
			 .kernel_alignment = 0x1000000,
			 .pref_address = 0x1000000,
			 .init_size = 0x2000000 },
		.bytes = { .len = 0x5000 },
	};
	facts = (struct boot_facts){
		.img = &img,
		.elf = &elf,
		.notes = { .has_phys32_entry = true,
			   .phys32_entry = 0x1000080 },
		.gm = &gm,
	};
}

static void as_is(void)
{
}

static void no_elf(void)
{
	facts.elf = NULL;
	err_set(&facts.no_elf, EINVAL, "payload: unknown format");
}

static void no_entry_note(void)
{
	facts.notes.has_phys32_entry = false;
}

static void bad_notes(void)
{
	facts.notes.has_phys32_entry = false;
	err_set(&facts.bad_notes, EINVAL,
		"required feature \"warp_drive\" is unknown");
}

static void requires(uint32_t bits)
{
	facts.notes.features_required = bits;
}

static void requires_offered(void)
{
	requires(0x1f);
}

static void requires_dom0(void)
{
	requires(1u << 11 | 1u << 18);
}

static void requires_bit5(void)
{
	requires(0x1f | 1u << 5);
}

static void entry_note_at(uint64_t gpa)
{
	facts.notes.phys32_entry = gpa;
}

static void entry_first_byte(void)
{
	entry_note_at(0x1000000);
}

static void entry_last_byte(void)
{
	entry_note_at(0x11fffff);
}

static void entry_in_bss(void)
{
	entry_note_at(0x1200000);
}

static void entry_before(void)
{
	entry_note_at(0xffffff);
}

static void entry_at_4g(void)
{
	segments[0].paddr = 4 * GIB;
	entry_note_at(4 * GIB);
}

static void entry_in_note_segment(void)
{
	segments[1].paddr = 0x8000000;
	entry_note_at(0x8000000);
}

static void e_entry_virtual(void)
{
	elf.entry = UINT64_C(0xffffffff81000040);
}

static void elf32_of_386(void)
{
	elf.is64 = false;
	elf.machine = EM_386;
}

static void elf32_of_x86_64(void)
{
	elf.is64 = false;
}

static void elf64_of_386(void)
{
	elf.machine = EM_386;
}

static void plain_elf(void)
{
	img = (struct image){ .kind = IMAGE_ELF };
}

static void no_xlf_64(void)
{
	img.hdr.version = 0x20b;
	img.hdr.xloadflags = 0x7e;
}

static void zimage(void)
{
	img.hdr.loadflags = CAN_USE_HEAP;
}

/* ---- places: the memory, and where the image wants to be in it */

static void zimage_to_the_brim(void)
{
	zimage();
	img.bytes.len = img.hdr.code_off + 0x80000;
	img.hdr.syssize = 0x8000;
}

static void zimage_large(void)
{
	zimage_to_the_brim();
	img.bytes.len++;
}

static void segment_at(uint64_t paddr)
{
	segments[0].paddr = paddr;
	elf.entry = paddr + 0x40;
	entry_note_at(paddr + 0x80);
}

static void segment_to_the_end(void)
{
	segment_at(MEMORY - segments[0].memsz);
}

static void segment_outside(void)
{
	segment_to_the_end();
	segments[0].memsz++;
}

/* The bzImage says that its 64-bit kernel is relocatable; the ELF alone does
 * not. */
static void segment_outside_unmovable(void)
{
	segment_outside();
	img.hdr.relocatable = false;
}

static void segment_too_large_to_move(void)
{
	segment_outside();
	segments[0].memsz = MEMORY;
}

static void segment_low(void)
{
	segment_at(0xff000);
	img.hdr.relocatable = false;
}

static void segments_overlap(void)
{
	segments[1] = segments[0];
	segments[1].paddr += segments[0].memsz - 1;
}

static void segments_meet(void)
{
	segments[1] = segments[0];
	segments[1].paddr += segments[0].memsz;
}

static void code_at(uint32_t code32_start)
{
	no_elf();
	img.hdr.relocatable = false;
	img.hdr.pref_address = 0;
	img.hdr.code32_start = code32_start;
}

static void code_at_1m(void)
{
	code_at(0x100000);
}

static void code_nowhere(void)
{
	code_at(0);
}

/* A relocatable kernel gives its preferred address in pref_address. */
static void code_nowhere_relocatable(void)
{
	code_at(0);
	img.hdr.relocatable = true;
}

static void code_low(void)
{
	code_at(0xfffff);
}

static void code_outside(void)
{
	code_at(MEMORY - 0x3fff);
}

static void room_to_the_end(void)
{
	img.hdr.init_size = MEMORY - 0x1000000;
}

static void room_outside(void)
{
	room_to_the_end();
	img.hdr.init_size++;
}

/* A larger guest has room for it. */
static void room_outside_of_less(void)
{
	room_outside();
	gm = guest_mem_sizes(MEMORY + MIB);
}

/* Boot protocols cannot use memory above 4 GiB. */
static void room_in_the_hole(void)
{
	gm = guest_mem_sizes(8 * GIB);
	img.hdr.pref_address = 3 * GIB - 0x1000000;
	img.hdr.init_size = 0x1000000 + 1;
	img.hdr.kernel_alignment = 3 * GIB - 0x800000;
}

static void code_shorter_than_entry(void)
{
	img.bytes.len = img.hdr.code_off + 0x200;
	img.hdr.syssize = 0x20;
}

static void code_empty(void)
{
	img.bytes.len = img.hdr.code_off;
	img.hdr.syssize = 0;
}

static void setup_of(unsigned sects)
{
	img.hdr.setup_sects = sects;
	img.hdr.code_off = (sects + 1) * 512;
	img.bytes.len = img.hdr.code_off + 0x4000;
}

static void setup_to_the_brim(void)
{
	setup_of(63);
}

static void setup_large(void)
{
	setup_of(64);
}

/* A file of 0x5000 bytes with 0x4000 of protected-mode code. */
static void code_of(uint32_t syssize)
{
	img.bytes.len = 0x5000;
	img.hdr.code_off = 0x1000;
	img.hdr.syssize = syssize;
}

static void code_whole(void)
{
	code_of(0x400);
}

static void code_longer(void)
{
	code_of(0x300);
}

/* Old kernels count a last unit that the file does not fill. */
static void code_part_of_a_unit(void)
{
	code_of(0x400);
	img.bytes.len -= 15;
}

static void code_cut(void)
{
	code_of(0x401);
}

static void code_cut_most(void)
{
	code_of(UINT32_MAX);
}

static void code_cut_old(void)
{
	code_of(0x401);
	img.hdr.version = 0x203;
	img.hdr.xloadflags = XLF_KERNEL_64;
}

static void payload_cut(void)
{
	no_elf();
	img.payload_damaged = true;
	err_set(&img.no_payload, EINVAL, "payload_length ends past the file");
}

/* The last kernel before boot.rst had a 32-bit protocol: no payload either. */
static void before_2_07(void)
{
	no_elf();
	img.hdr.version = 0x206;
	img.hdr.xloadflags = 0;
}

static void at_2_07(void)
{
	before_2_07();
	img.hdr.version = 0x207;
}

/* One protocol's answer for one image. */
static const struct {
	void (*change)(void);
	enum boot_id id;
	bool fits;
	const char *reason;
} answers[] = {
	{ as_is, BOOT_PVH, true, "PHYS32_ENTRY 0x1000080: 32-bit entry" },
	{ no_elf, BOOT_PVH, false, "payload: unknown format" },
	{ no_entry_note, BOOT_PVH, false, "no PHYS32_ENTRY note" },
	{ bad_notes, BOOT_PVH, false, "\"warp_drive\" is unknown" },
	{ requires_offered, BOOT_PVH, true, "PHYS32_ENTRY" },
	{ requires_dom0, BOOT_PVH, false, "requires the Xen feature dom0" },
	{ requires_bit5, BOOT_PVH, false, "mmu_pt_update_preserve_ad" },
	{ entry_first_byte, BOOT_PVH, true, "0x1000000" },
	{ entry_last_byte, BOOT_PVH, true, "0x11fffff" },
	{ entry_in_bss, BOOT_PVH, false,
	  "PHYS32_ENTRY 0x1200000 is not a loaded physical address" },
	{ entry_before, BOOT_PVH, false, "0xffffff is not a loaded" },
	{ entry_at_4g, BOOT_PVH, false, "0x100000000 is not a loaded" },
	{ entry_in_note_segment, BOOT_PVH, false, "0x8000000 is not" },
	{ plain_elf, BOOT_PVH, true, "PHYS32_ENTRY" },

	{ as_is, BOOT_ELF64, true, "e_entry 0x1000040: 64-bit entry" },
	{ no_elf, BOOT_ELF64, false, "payload: unknown format" },
	{ bad_notes, BOOT_ELF64, true, "e_entry 0x1000040" },
	{ e_entry_virtual, BOOT_ELF64, false,
	  "e_entry 0xffffffff81000040 is not the physical address" },
	{ elf32_of_386, BOOT_ELF64, false, "the kernel is an ELF32" },
	{ elf64_of_386, BOOT_ELF64, false, "the ELF's machine is 3" },
	{ plain_elf, BOOT_ELF64, true, "e_entry" },

	{ as_is, BOOT_ELF32, false, "the kernel is an ELF64" },
	{ no_elf, BOOT_ELF32, false, "payload: unknown format" },
	{ elf32_of_386, BOOT_ELF32, true, "e_entry 0x1000040: 32-bit entry" },
	{ elf32_of_x86_64, BOOT_ELF32, false, "the ELF's machine is 62" },

	{ as_is, BOOT_LINUX64, true, "XLF_KERNEL_64" },
	{ no_elf, BOOT_LINUX64, true, "XLF_KERNEL_64" },
	{ no_xlf_64, BOOT_LINUX64, false,
	  "protocol 2.11, xloadflags 0x7e: no 64-bit entry" },
	{ plain_elf, BOOT_LINUX64, false, "not a bzImage" },
	{ zimage, BOOT_LINUX64, false, "LOADED_HIGH is clear" },

	{ as_is, BOOT_LINUX32, true, "32-bit entry" },
	{ no_xlf_64, BOOT_LINUX32, true, "32-bit entry" },
	{ plain_elf, BOOT_LINUX32, false, "not a bzImage" },
	{ zimage, BOOT_LINUX32, false, "LOADED_HIGH is clear" },
	{ at_2_07, BOOT_LINUX32, true, "32-bit entry" },
	{ before_2_07, BOOT_LINUX32, false,
	  "protocol 2.06: the 32-bit entry with boot_params came with 2.07" },
	{ before_2_07, BOOT_LINUX16, true, "16-bit setup code" },

	{ plain_elf, BOOT_LINUX16, false, "not a bzImage" },

	{ code_whole, BOOT_LINUX64, true, "XLF_KERNEL_64" },
	{ code_longer, BOOT_LINUX64, true, "XLF_KERNEL_64" },
	{ code_part_of_a_unit, BOOT_LINUX32, true, "32-bit entry" },
	{ code_cut, BOOT_LINUX64, false,
	  "syssize 0x401: 0x4010 bytes of protected-mode code, and the file "
	  "has 0x4000" },
	{ code_cut, BOOT_LINUX32, false, "syssize 0x401" },
	{ code_cut, BOOT_LINUX16, false, "syssize 0x401" },
	{ code_cut, BOOT_PVH, true, "PHYS32_ENTRY" },
	{ code_cut_most, BOOT_LINUX64, false, "0xffffffff0 bytes of" },
	{ code_cut_old, BOOT_LINUX64, true, "XLF_KERNEL_64" },
	{ payload_cut, BOOT_LINUX64, false,
	  "the payload is damaged: payload_length ends past the file" },
	{ payload_cut, BOOT_LINUX32, false, "the payload is damaged" },
	{ payload_cut, BOOT_LINUX16, false, "the payload is damaged" },

	{ segment_to_the_end, BOOT_PVH, true, "PHYS32_ENTRY 0xfc00080" },
	{ segment_to_the_end, BOOT_ELF64, true, "e_entry 0xfc00040" },
	{ segment_outside, BOOT_PVH, false,
	  "segment 0 (0xfc00000 to 0x10000001) is outside guest memory (RAM "
	  "below 4 GiB ends at 0x10000000); give it more with --mem" },
	/* moved */
	{ segment_outside, BOOT_ELF64, true, "e_entry 0xfc00040" },
	{ segment_outside_unmovable, BOOT_ELF64, false,
	  "segment 0 (0xfc00000 to 0x10000001) is outside guest memory" },
	{ segment_too_large_to_move, BOOT_ELF64, false,
	  "and no place where it may be moved holds it; give it more" },
	{ segment_low, BOOT_PVH, false,
	  "segment 0 lies at 0xff000, below 1 MiB" },
	{ segment_low, BOOT_ELF64, false,
	  "segment 0 lies at 0xff000, below 1 MiB" },
	{ segments_meet, BOOT_PVH, true, "PHYS32_ENTRY" },
	{ segments_overlap, BOOT_PVH, false, "overlaps segment 0" },
	{ segments_overlap, BOOT_ELF64, false, "overlaps segment 0" },

	{ code_at_1m, BOOT_LINUX64, true, "XLF_KERNEL_64" },
	{ code_nowhere, BOOT_LINUX64, false,
	  "code32_start is 0: the image is entered through its 16-bit code" },
	{ code_nowhere, BOOT_LINUX32, false, "code32_start is 0" },
	{ code_nowhere, BOOT_LINUX16, true, "16-bit setup code" },
	{ code_nowhere_relocatable, BOOT_LINUX64, true, "XLF_KERNEL_64" },
	{ code_nowhere_relocatable, BOOT_LINUX32, true, "32-bit entry" },
	{ code_low, BOOT_LINUX64, false, "code32_start 0xfffff is below" },
	{ code_low, BOOT_LINUX32, false, "code32_start 0xfffff is below" },
	{ code_low, BOOT_LINUX16, false, "code32_start 0xfffff is below" },
	{ code_outside, BOOT_LINUX16, false,
	  "the image needs 0x2000000 bytes at 0xfffc001 (init_size), RAM below "
	  "4 GiB ends at 0x10000000; give it more with --mem" },
	{ room_to_the_end, BOOT_LINUX64, true, "XLF_KERNEL_64" },
	{ room_outside, BOOT_LINUX64, false,
	  "the image needs 0xf000001 bytes at 0x1000000 (init_size)" },
	{ room_outside, BOOT_LINUX32, false, "the image needs 0xf000001" },
	{ room_outside, BOOT_LINUX16, false, "the image needs 0xf000001" },
	{ room_outside_of_less, BOOT_LINUX64, true, "XLF_KERNEL_64" },
	{ room_in_the_hole, BOOT_LINUX64, false,
	  "RAM below 4 GiB ends at 0xc0000000" },
	{ code_shorter_than_entry, BOOT_LINUX64, false,
	  "the protected-mode code has 0x200 bytes, and its entry is at "
	  "0x200" },
	{ code_shorter_than_entry, BOOT_LINUX32, true, "32-bit entry" },
	{ code_empty, BOOT_LINUX32, false,
	  "the protected-mode code has 0x0 bytes" },
	/* its setup code may be the only part that can run */
	{ code_empty, BOOT_LINUX16, true, "16-bit setup code" },
	{ setup_to_the_brim, BOOT_LINUX16, true, "16-bit setup code" },
	{ setup_large, BOOT_LINUX16, false,
	  "setup_sects 64: the setup code has 33280 bytes, real mode has room "
	  "for 32768" },
	{ setup_large, BOOT_LINUX64, true, "XLF_KERNEL_64" },
	{ zimage_to_the_brim, BOOT_LINUX16, true, "16-bit setup code" },
	{ zimage_large, BOOT_LINUX16, false,
	  "a zImage of 524289 bytes of code, there is room for 524288" },
};

START_TEST(plan__asks_a_protocol)
{
	const struct boot_protocol *p = &boot_protocols[answers[_i].id];
	struct boot_fit fit = { 0 };

	answers[_i].change();
	p->probe(&facts, &fit);
	ck_assert_msg(fit.fits == answers[_i].fits, "%s: \"%s\"", p->name,
		      fit.reason);
	ck_assert_msg(strstr(fit.reason, answers[_i].reason), "%s: \"%s\"",
		      p->name, fit.reason);
}
END_TEST

/* An image that fits has an address, and the answer says which. */
static const struct {
	void (*change)(void);
	enum boot_id id;
	uint64_t entry, kernel, end;
	uint64_t code_gpa, delta;
} spots[] = {
	{ as_is, BOOT_PVH, 0x1000080, 0x1000000, 0x3000000, 0, 0 },
	{ as_is, BOOT_ELF64, 0x1000040, 0x1000000, 0x3000000, 0, 0 },
	{ plain_elf, BOOT_ELF64, 0x1000040, 0x1000000, 0x1400000, 0, 0 },
	/* as low as its alignment allows, with its entry */
	{ segment_outside, BOOT_ELF64, 0x1c00040, 0x1c00000, 0x3c00000, 0,
	  0x1c00000 - 0xfc00000 },
	{ as_is, BOOT_LINUX64, 0x1000200, 0x1000000, 0x3000000, 0x1000000, 0 },
	{ as_is, BOOT_LINUX32, 0x1000000, 0x1000000, 0x3000000, 0x1000000, 0 },
	{ as_is, BOOT_LINUX16, 0x1000000, 0x1000000, 0x3000000, 0x1000000, 0 },
	{ code_at_1m, BOOT_LINUX32, 0x100000, 0x100000, 0x2100000, 0x100000,
	  0 },
	{ code_nowhere, BOOT_LINUX16, 0x100000, 0x100000, 0x2100000, 0x100000,
	  0 },
	{ zimage, BOOT_LINUX16, 0x10000, 0x100000, 0x500000, 0x10000, 0 },
};

START_TEST(plan__says_where_the_kernel_goes)
{
	struct boot_fit fit = { 0 };

	spots[_i].change();
	boot_protocols[spots[_i].id].probe(&facts, &fit);
	ck_assert_msg(fit.fits, "\"%s\"", fit.reason);
	ck_assert_uint_eq(fit.spot.entry, spots[_i].entry);
	ck_assert_uint_eq(fit.spot.kernel.gpa, spots[_i].kernel);
	ck_assert_uint_eq(fit.spot.kernel.gpa + fit.spot.kernel.size,
			  spots[_i].end);
	ck_assert_uint_eq(fit.spot.code_gpa, spots[_i].code_gpa);
	ck_assert_uint_eq(fit.spot.delta, spots[_i].delta);
}
END_TEST

static void nothing(void)
{
	no_elf();
	plain_elf();
}

static void outside_elf(void)
{
	segment_outside();
	plain_elf();
}

static void elf_and_code_outside(void)
{
	code_outside();
	facts.elf = &elf;
	segment_outside();
}

static const struct {
	void (*change)(void);
	const char *forced;
	int chosen; /* -1: refused */
	const char *message;
} plans[] = {
	{ as_is, NULL, BOOT_PVH, NULL },
	{ as_is, "auto", BOOT_PVH, NULL },
	{ no_entry_note, NULL, BOOT_ELF64, NULL },
	{ requires_dom0, NULL, BOOT_ELF64, NULL },
	{ no_elf, NULL, BOOT_LINUX64, NULL },
	{ e_entry_virtual, "pvh", BOOT_PVH, NULL },
	{ as_is, "elf64", BOOT_ELF64, NULL },
	{ as_is, "linux64", BOOT_LINUX64, NULL },
	{ as_is, "linux32", BOOT_LINUX32, NULL },
	{ elf32_of_386, "elf32", BOOT_ELF32, NULL },
	{ at_2_07, NULL, BOOT_LINUX32, NULL },
	{ before_2_07, NULL, BOOT_LINUX16, NULL },
	{ before_2_07, "linux32", -1,
	  "--boot linux32 does not fit this image: protocol 2.06: the 32-bit" },
	{ as_is, "elf32", -1,
	  "--boot elf32 does not fit this image: the kernel is an ELF64" },
	{ no_entry_note, "pvh", -1,
	  "--boot pvh does not fit this image: the ELF has no PHYS32_ENTRY" },
	{ plain_elf, "linux64", -1,
	  "--boot linux64 does not fit this image: not a bzImage" },
	{ as_is, "efi", -1, "unknown boot protocol 'efi'" },
	{ as_is, "", -1, "unknown boot protocol ''" },
	{ as_is, "PVH", -1, "unknown boot protocol 'PVH'" },
	{ nothing, NULL, -1,
	  "no boot protocol fits; pvh, elf64, elf32: payload: unknown format; "
	  "linux64, linux32, linux16: not a bzImage: there is no setup "
	  "header" },
	/* Without an address it is skipped, just as without an entry. */
	{ segment_outside, NULL, BOOT_ELF64, NULL },
	{ segment_outside_unmovable, NULL, BOOT_LINUX64, NULL },
	{ code_nowhere, NULL, BOOT_LINUX16, NULL },
	{ code_shorter_than_entry, "linux64", -1,
	  "--boot linux64 does not fit this image: the protected-mode code" },
	/*
	 * The reason is reported once, for the protocols that the image offers.
	 */
	{ outside_elf, NULL, -1, "segment 0 (0xfc00000 to 0x10000001) is" },
	{ code_low, NULL, -1, "code32_start 0xfffff is below 1 MiB" },
	{ elf_and_code_outside, NULL, -1,
	  "no boot protocol fits; pvh, elf64: segment 0 (0xfc00000 to "
	  "0x10000001) is outside guest memory (RAM below 4 GiB ends at "
	  "0x10000000); give it more with --mem; linux64, linux32, linux16: "
	  "the image needs" },
};

START_TEST(plan__chooses)
{
	struct boot_plan plan;
	struct err e;
	int rc;

	plans[_i].change();
	rc = boot_plan_make(&plan, &facts, plans[_i].forced, &e);
	if (plans[_i].chosen < 0) {
		assert_err(rc, -EINVAL, &e, plans[_i].message);
		/* from its first word on */
		ck_assert_ptr_eq(strstr(e.msg, plans[_i].message), e.msg);
		ck_assert(!plan.possible);
		return;
	}
	assert_ok(rc, &e);
	ck_assert(plan.possible);
	ck_assert_int_eq((int)plan.chosen, plans[_i].chosen);
	/* A choice does not silence the other answers. */
	for (unsigned i = 0; i < BOOT_PROTOCOLS; i++)
		ck_assert_msg(plan.fits[i].reason[0], "%s says nothing",
			      boot_protocols[i].name);
}
END_TEST

/* inspect prints the answers even if a forced protocol does not fit. */
START_TEST(plan__answers_are_there_after_a_refusal)
{
	struct boot_plan plan;
	struct err e;

	assert_err(boot_plan_make(&plan, &facts, "elf32", &e), -EINVAL, &e,
		   "elf32");
	ck_assert(plan.fits[BOOT_PVH].fits);
	ck_assert_str_ne(plan.fits[BOOT_LINUX16].reason, "");
}
END_TEST

START_TEST(plan__long_reasons_are_cut)
{
	struct boot_fit fit;

	no_elf();
	memset(facts.no_elf.msg, 'x', ERR_MSG_SIZE - 1);
	boot_protocols[BOOT_PVH].probe(&facts, &fit);
	ck_assert_uint_eq(strlen(fit.reason), BOOT_REASON_SIZE - 1);
}
END_TEST

START_TEST(plan__names_are_what_users_type)
{
	static const char *const names[] = { "pvh",	"elf64",   "elf32",
					     "linux64", "linux32", "linux16" };

	ck_assert_uint_eq(BOOT_PROTOCOLS, COUNT(names));
	for (unsigned i = 0; i < COUNT(names); i++)
		ck_assert_str_eq(boot_protocols[i].name, names[i]);
}
END_TEST

static void reloc_note(void)
{
	facts.notes.has_phys32_reloc = true;
	facts.notes.phys32_reloc = (struct phys32_reloc){ 0x400000, 0x800000,
							  0x7fffffff, 3 };
}

static void reloc_note_align_zero(void)
{
	reloc_note();
	facts.notes.phys32_reloc.align = 0;
}

static void reloc_note_align_odd(void)
{
	reloc_note();
	facts.notes.phys32_reloc.align = 0x300000;
}

static void not_relocatable(void)
{
	img.hdr.relocatable = false;
}

static void small_alignment(void)
{
	img.hdr.kernel_alignment = 0x1000;
}

static void alignment_odd(void)
{
	img.hdr.kernel_alignment = 0x1800000;
}

/* allowed, align, min, max of a struct load_reloc */
#define RELOC(allow, step, low, high)                              \
	{                                                          \
		.allowed = (allow), .align = (step), .min = (low), \
		.max = (high)                                      \
	}

static const struct {
	void (*change)(void);
	enum boot_id id;
	struct load_reloc want;
} relocs[] = {
	{ as_is, BOOT_PVH, RELOC(false, 0, 0, 0) },
	{ reloc_note, BOOT_PVH, RELOC(true, 0x400000, 0x800000, 0x7fffffff) },
	{ reloc_note_align_zero, BOOT_PVH, RELOC(false, 0, 0, 0) },
	{ reloc_note_align_odd, BOOT_PVH, RELOC(false, 0, 0, 0) },
	/* the note speaks of the PVH entry only */
	{ as_is, BOOT_ELF64, RELOC(true, 0x1000000, 0x1000000, 3 * GIB - 1) },
	{ not_relocatable, BOOT_ELF64, RELOC(false, 0, 0, 0) },
	{ small_alignment, BOOT_ELF64,
	  RELOC(true, 0x200000, 0x1000, 3 * GIB - 1) },
	{ alignment_odd, BOOT_ELF64, RELOC(false, 0, 0, 0) },
	{ plain_elf, BOOT_ELF64, RELOC(false, 0, 0, 0) },
	{ elf32_of_386, BOOT_ELF32, RELOC(false, 0, 0, 0) },
};

START_TEST(plan__says_how_far_a_kernel_may_be_moved)
{
	struct load_reloc r;

	relocs[_i].change();
	r = boot_plan_reloc(&facts, relocs[_i].id);
	ck_assert_int_eq(r.allowed, relocs[_i].want.allowed);
	if (!r.allowed)
		return;
	ck_assert_uint_eq(r.align, relocs[_i].want.align);
	ck_assert_uint_eq(r.min, relocs[_i].want.min);
	ck_assert_uint_eq(r.max, relocs[_i].want.max);
}
END_TEST

static const struct {
	uint64_t align, want;
} aligns[] = {
	{ 0x200000, 0x200000 }, { 0x1000, 0x1000 },	  { 0xfff, 0x200000 },
	{ 0, 0x200000 },	{ 0x1000000, 0x1000000 },
};

START_TEST(plan__default_alignment)
{
	segments[0].align = aligns[_i].align;
	segments[1].align = 0x40000000; /* no PT_LOAD: does not count */
	ck_assert_uint_eq(boot_default_align(&elf), aligns[_i].want);
}
END_TEST

static void facts_of_note(uint32_t type, const void *desc, size_t len)
{
	struct note note = { .owner = "Xen",
			     .type = type,
			     .desc = { desc, len } };

	elf.notes = (struct notes){ &note, 1, "PT_NOTE" };
	boot_facts_read(&facts, &img, &elf, NULL, &gm);
}

START_TEST(plan__reads_facts_from_notes)
{
	static const uint8_t entry[8] = { 0x80, 0, 0, 0x01 };
	static const uint8_t align[4] = { 0, 0, 0x40, 0 };

	facts_of_note(XEN_ELFNOTE_PHYS32_ENTRY, entry, 8);
	ck_assert(facts.notes.has_phys32_entry);
	ck_assert_uint_eq(facts.notes.phys32_entry, 0x1000080);
	ck_assert_str_eq(facts.bad_notes.msg, "");
	/* By default, the alignment is the segments'. */
	segments[0].align = 0x800000;
	facts_of_note(XEN_ELFNOTE_PHYS32_RELOC, NULL, 0);
	ck_assert(facts.notes.has_phys32_reloc);
	ck_assert_uint_eq(facts.notes.phys32_reloc.align, 0x800000);
	facts_of_note(XEN_ELFNOTE_PHYS32_RELOC, align, 4);
	ck_assert_uint_eq(facts.notes.phys32_reloc.align, 0x400000);
	/* Required but unknown features are named. */
	facts_of_note(XEN_ELFNOTE_FEATURES, "!warp_drive", 11);
	ck_assert_ptr_nonnull(strstr(facts.bad_notes.msg, "warp_drive"));
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("plan");
	TCase *t = tcase_create("plan");

	tcase_add_checked_fixture(t, setup, NULL);
	tcase_add_loop_test(t, plan__asks_a_protocol, 0, COUNT(answers));
	tcase_add_loop_test(t, plan__says_where_the_kernel_goes, 0,
			    COUNT(spots));
	tcase_add_loop_test(t, plan__chooses, 0, COUNT(plans));
	tcase_add_test(t, plan__answers_are_there_after_a_refusal);
	tcase_add_test(t, plan__long_reasons_are_cut);
	tcase_add_test(t, plan__names_are_what_users_type);
	tcase_add_loop_test(t, plan__says_how_far_a_kernel_may_be_moved, 0,
			    COUNT(relocs));
	tcase_add_loop_test(t, plan__default_alignment, 0, COUNT(aligns));
	tcase_add_test(t, plan__reads_facts_from_notes);
	suite_add_tcase(s, t);
	return s;
}
