/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The decompressor stub's decisions, on the host: which ELFs it accepts and
 * where it puts things. Each row has one broken field, or one obstacle.
 */
#include "unit/unit.h"
#include "pv/bootparam.h"
#include "../../guest/stub/elf.h"
#include "../../guest/stub/place.h"

#include <elf.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define ELF_LEN	   0x3000
#define DEST_START 0x1000000
#define DEST_END   0x1010000

static const struct elf_limits limits = { ELF_LEN, DEST_START, DEST_END };

/*
 * file    0x1000-0x2000 -> 0x1000000, 0x2000-0x3000 -> 0x1002000 and .bss up
 *         to 0x1010000: both end exactly where they may
 */
static void make_elf64(uint8_t *out)
{
	Elf64_Ehdr eh = { .e_ident = { ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3,
				       ELFCLASS64, ELFDATA2LSB, EV_CURRENT },
			  .e_type = ET_EXEC,
			  .e_machine = EM_X86_64,
			  .e_entry = DEST_START + 0x10,
			  .e_phoff = sizeof(eh),
			  .e_phentsize = sizeof(Elf64_Phdr),
			  .e_phnum = 3 };
	Elf64_Phdr ph[3] = {
		{ .p_type = PT_LOAD,
		  .p_offset = 0x1000,
		  .p_paddr = DEST_START,
		  .p_filesz = 0x1000,
		  .p_memsz = 0x1000 },
		{ .p_type = PT_NOTE, .p_paddr = 0xdead, .p_filesz = ~0ull },
		{ .p_type = PT_LOAD,
		  .p_offset = 0x2000,
		  .p_paddr = DEST_START + 0x2000,
		  .p_filesz = 0x1000,
		  .p_memsz = 0xe000 },
	};

	memset(out, 0, ELF_LEN);
	memcpy(out, &eh, sizeof(eh));
	memcpy(out + sizeof(eh), ph, sizeof(ph));
}

static void make_elf32(uint8_t *out)
{
	Elf32_Ehdr eh = { .e_ident = { ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3,
				       ELFCLASS32, ELFDATA2LSB, EV_CURRENT },
			  .e_type = ET_DYN,
			  .e_machine = EM_386,
			  .e_entry = DEST_START + 0xfff,
			  .e_phoff = sizeof(eh),
			  .e_phentsize = sizeof(Elf32_Phdr),
			  .e_phnum = 1 };
	Elf32_Phdr ph = { .p_type = PT_LOAD,
			  .p_offset = 0x2000,
			  .p_paddr = DEST_START,
			  .p_filesz = 0x1000,
			  .p_memsz = 0x10000 };

	memset(out, 0, ELF_LEN);
	memcpy(out, &eh, sizeof(eh));
	memcpy(out + sizeof(eh), &ph, sizeof(ph));
}

START_TEST(elf__reads_both_classes)
{
	uint8_t bytes[ELF_LEN];
	struct fault f = { 0 };
	struct elf e;

	make_elf64(bytes);
	ck_assert_msg(elf_parse(&e, bytes, ELF_LEN, &limits, &f), "%s", f.what);
	ck_assert(e.is_64);
	ck_assert_uint_eq(e.entry, DEST_START + 0x10);
	ck_assert_uint_eq(e.count, 2);
	ck_assert_uint_eq(e.loads[1].off, 0x2000);
	ck_assert_uint_eq(e.loads[1].paddr, DEST_START + 0x2000);
	ck_assert_uint_eq(e.loads[1].filesz, 0x1000);
	ck_assert_uint_eq(e.loads[1].memsz, 0xe000);

	make_elf32(bytes);
	ck_assert_msg(elf_parse(&e, bytes, ELF_LEN, &limits, &f), "%s", f.what);
	ck_assert(!e.is_64);
	ck_assert_uint_eq(e.entry, DEST_START + 0xfff);
	ck_assert_uint_eq(e.count, 1);
	ck_assert_uint_eq(e.loads[0].off, 0x2000);
	ck_assert_uint_eq(e.loads[0].memsz, 0x10000);
}
END_TEST

#define EH(field) offsetof(Elf64_Ehdr, field), sizeof(((Elf64_Ehdr *)0)->field)
#define PH(i, field)                                    \
	sizeof(Elf64_Ehdr) + (i) * sizeof(Elf64_Phdr) + \
		offsetof(Elf64_Phdr, field),            \
		sizeof(((Elf64_Phdr *)0)->field)

static const struct {
	size_t off, size; /* what is broken */
	uint64_t value;
	uint64_t found; /* what the fault must name */
	const char *message;
} broken_elfs[] = {
	{ 0, 4, 0x464c4500, 0x464c4500, "the payload is not an ELF" },
	{ EI_CLASS, 1, 3, 3, "ELF class" },
	{ EI_CLASS, 1, 0, 0, "ELF class" },
	{ EI_CLASS, 1, ELFCLASS32, EM_X86_64, "e_machine" },
	{ EI_DATA, 1, ELFDATA2MSB, ELFDATA2MSB, "ELF data encoding" },
	{ EI_VERSION, 1, 0, 0, "ELF version" },
	{ EH(e_machine), EM_386, EM_386, "e_machine" },
	{ EH(e_type), ET_REL, ET_REL, "e_type" },
	{ EH(e_phentsize), 32, 32, "e_phentsize" },
	{ EH(e_phnum), 0, 0, "loadable segments" },
	{ EH(e_phnum), 0xffff, 64 + 0xffff * 56,
	  "the program headers end too late" },
	{ EH(e_phoff), ELF_LEN - 3 * 56 + 1, ELF_LEN + 1,
	  "the program headers end too late" },
	{ EH(e_phoff), -1ull, 3 * 56 - 1, "the program headers end too late" },
	{ EH(e_entry), DEST_START - 1, DEST_START - 1,
	  "the entry point is in no segment" },
	{ EH(e_entry), DEST_START + 0x1000, DEST_START + 0x1000,
	  "the entry point is in no segment" },
	{ EH(e_entry), DEST_START + 0x3000, DEST_START + 0x3000,
	  "the entry point is in no segment" },
	{ EH(e_entry), 0xffffffff81000010, 0xffffffff81000010,
	  "the entry point is in no segment" },
	{ PH(0, p_filesz), 0x1001, 0x1001, "p_filesz is larger than p_memsz" },
	{ PH(2, p_offset), 0x2001, 0x2001, "a segment ends past the file" },
	{ PH(2, p_offset), -1ull, -1ull, "a segment ends past the file" },
	{ PH(0, p_paddr), DEST_START - 1, DEST_START - 1,
	  "a segment begins too low" },
	{ PH(2, p_paddr), DEST_START + 0x2001, DEST_START + 0x2001,
	  "a segment ends too high" },
	{ PH(2, p_paddr), -1ull, -1ull, "a segment ends too high" },
	{ PH(2, p_memsz), 0xe001, DEST_START + 0x2000,
	  "a segment ends too high" },
	{ PH(2, p_memsz), -1ull, DEST_START + 0x2000,
	  "a segment ends too high" },
	{ PH(0, p_memsz), 0x2001, DEST_START + 0x2000, "segments overlap" },
};

START_TEST(elf__rejects_one_broken_field)
{
	uint8_t bytes[ELF_LEN];
	struct fault f = { 0 };
	struct elf e;

	make_elf64(bytes);
	memcpy(bytes + broken_elfs[_i].off, &broken_elfs[_i].value,
	       broken_elfs[_i].size);
	ck_assert(!elf_parse(&e, bytes, ELF_LEN, &limits, &f));
	ck_assert_msg(strstr(f.what, broken_elfs[_i].message), "\"%s\"",
		      f.what);
	ck_assert_uint_eq(f.found, broken_elfs[_i].found);
}
END_TEST

START_TEST(elf__accepts_what_just_fits)
{
	uint8_t bytes[ELF_LEN];
	struct fault f = { 0 };
	struct elf e;
	Elf64_Phdr ph[3];

	/* Headers at the end of the window. */
	make_elf64(bytes);
	memcpy(ph, bytes + 64, sizeof(ph));
	memcpy(bytes + ELF_LEN - sizeof(ph), ph, sizeof(ph));
	((Elf64_Ehdr *)bytes)->e_phoff = ELF_LEN - sizeof(ph);
	ck_assert_msg(elf_parse(&e, bytes, ELF_LEN, &limits, &f), "%s", f.what);

	/* Adjacent segments. */
	make_elf64(bytes);
	memcpy(ph, bytes + 64, sizeof(ph));
	ph[0].p_memsz = 0x2000;
	memcpy(bytes + 64, ph, sizeof(ph));
	ck_assert_msg(elf_parse(&e, bytes, ELF_LEN, &limits, &f), "%s", f.what);

	/* A segment that is all .bss may have any offset. */
	ph[2].p_filesz = 0;
	ph[2].p_offset = -1ull;
	memcpy(bytes + 64, ph, sizeof(ph));
	ck_assert_msg(elf_parse(&e, bytes, ELF_LEN, &limits, &f), "%s", f.what);
	ck_assert_uint_eq(e.count, 2);
	ph[2].p_filesz = 0x1000;
	ph[2].p_offset = 0x2000;

	/* A segment without memory may lie on another. */
	ph[0].p_memsz = 0x1000;
	ph[1] = ph[0];
	ph[1].p_memsz = ph[1].p_filesz = 0;
	memcpy(bytes + 64, ph, sizeof(ph));
	ck_assert_msg(elf_parse(&e, bytes, ELF_LEN, &limits, &f), "%s", f.what);
	ck_assert_uint_eq(e.count, 2);
}
END_TEST

START_TEST(elf__rejects_headers_cut_anywhere)
{
	uint8_t bytes[ELF_LEN];

	make_elf64(bytes);
	for (size_t cut = 0; cut < 64 + 3 * 56; cut++) {
		uint8_t *exact = malloc(cut ? cut : 1);
		struct fault f = { 0 };
		struct elf e;

		memcpy(exact, bytes, cut);
		ck_assert(!elf_parse(&e, exact, cut, &limits, &f));
		ck_assert_msg(strstr(f.what, "end"), "%zu: \"%s\"", cut,
			      f.what);
		free(exact);
	}
}
END_TEST

START_TEST(elf__rejects_too_many_segments)
{
	unsigned n = STUB_ELF_LOADS_MAX + 1;
	uint8_t bytes[ELF_LEN];
	struct fault f = { 0 };
	struct elf e;

	make_elf64(bytes);
	for (unsigned i = 0; i < n; i++) {
		Elf64_Phdr ph = { .p_type = PT_LOAD,
				  .p_paddr = DEST_START + i * 16,
				  .p_filesz = 16,
				  .p_memsz = 16 };

		memcpy(bytes + 64 + i * sizeof(ph), &ph, sizeof(ph));
	}
	((Elf64_Ehdr *)bytes)->e_phnum = (uint16_t)n;
	ck_assert(!elf_parse(&e, bytes, ELF_LEN, &limits, &f));
	ck_assert_str_eq(f.what, "too many segments");
	((Elf64_Ehdr *)bytes)->e_phnum = (uint16_t)(n - 1);
	ck_assert_msg(elf_parse(&e, bytes, ELF_LEN, &limits, &f), "%s", f.what);
}
END_TEST

/* Placement: an image of 0x8000 bytes, dest as above, RAM to 64 MiB. */
#define IMAGE_LEN 0x8000
#define RAM_END	  0x4000000
#define WORK_LEN  (IMAGE_LEN + STUB_WORK_SIZE)

static void add_ram(uint8_t *bp, uint64_t start, uint64_t end, uint32_t type)
{
	uint8_t *p = bp + BP_E820_TABLE +
		     bp[BP_E820_ENTRIES]++ * (size_t)E820_ENTRY_SIZE;
	uint64_t len = end - start;

	memcpy(p, &start, 8);
	memcpy(p + 8, &len, 8);
	memcpy(p + 16, &type, 4);
}

static const struct {
	uint64_t here, work; /* work 0: refused */
	uint64_t image_len;  /* 0: IMAGE_LEN */
	uint64_t ram_end;    /* 0: RAM_END */
	uint64_t initrd, cmdline;
	uint64_t found;
	const char *message;
} placements[] = {
	/* Below, at, in and just below the end of dest: above dest. */
	{ .here = 0x100000, .work = DEST_END },
	{ .here = DEST_START, .work = DEST_END },
	{ .here = DEST_END - IMAGE_LEN, .work = DEST_END },
	/* Reaching past the end of dest: above itself, on a page. */
	{ .here = DEST_END - 0x1000, .work = DEST_END + IMAGE_LEN - 0x1000 },
	{ .here = DEST_END - 0x10, .work = DEST_END + IMAGE_LEN },
	{ .here = 0x100000, .image_len = 0x1000000, .work = 0x1100000 },
	/* Above dest: stays. */
	{ .here = DEST_END, .work = DEST_END },
	{ .here = RAM_END - WORK_LEN, .work = RAM_END - WORK_LEN },
	{ .here = 0x100000, .work = DEST_END, .ram_end = DEST_END + WORK_LEN },
	{ .here = RAM_END - WORK_LEN + 0x1000,
	  .message = "there is no RAM",
	  .found = RAM_END },
	{ .here = 0x100000,
	  .ram_end = DEST_END + WORK_LEN - 1,
	  .message = "there is no RAM",
	  .found = DEST_END + WORK_LEN - 1 },
	{ .here = 0x100000,
	  .ram_end = DEST_START,
	  .message = "there is no RAM",
	  .found = DEST_START },
	/* Up to the last byte below 4 GiB, but no further. */
	{ .here = 0x100000000 - WORK_LEN,
	  .work = 0x100000000 - WORK_LEN,
	  .ram_end = 0x200000000 },
	{ .here = 0xfff00000,
	  .image_len = 0x100000,
	  .ram_end = 0x200000000,
	  .message = "there is no room below 4 GiB",
	  .found = 0x100000000 + STUB_WORK_SIZE },
	{ .here = 0x100000,
	  .initrd = DEST_END + WORK_LEN - 1,
	  .message = "the initrd",
	  .found = DEST_END + WORK_LEN - 1 },
	{ .here = 0x100000, .work = DEST_END, .initrd = DEST_END + WORK_LEN },
	{ .here = 0x100000, .work = DEST_END, .initrd = DEST_START - 0x1000 },
	{ .here = 0x100000,
	  .initrd = DEST_START - 0xfff,
	  .message = "the initrd",
	  .found = DEST_START - 0xfff },
	{ .here = 0x100000,
	  .cmdline = DEST_START,
	  .message = "the command line",
	  .found = DEST_START },
};

START_TEST(place__keeps_clear_of_everything)
{
	uint64_t ram = placements[_i].ram_end, len = placements[_i].image_len;
	uint32_t initrd = (uint32_t)placements[_i].initrd, initrd_len = 0x1000;
	uint32_t cmdline = (uint32_t)placements[_i].cmdline;
	struct place p = { .here = placements[_i].here,
			   .image_len = len ? len : IMAGE_LEN,
			   .dest_start = DEST_START,
			   .dest_end = DEST_END };
	static uint8_t bp[BP_SIZE];
	struct fault f = { 0 };
	uint64_t work = 0;
	bool ok;

	memset(bp, 0, sizeof(bp));
	add_ram(bp, 0, 0x9f000, E820_RAM);
	add_ram(bp, 0xf0000, 0x100000, E820_RESERVED);
	/* In two pieces and in the wrong order: still all RAM. */
	if (!ram)
		ram = RAM_END;
	if (ram > 0x800000)
		add_ram(bp, 0x800000, ram, E820_RAM);
	add_ram(bp, 0x100000, 0x800000, E820_RAM);
	if (initrd) {
		memcpy(bp + HDR_RAMDISK_IMAGE, &initrd, 4);
		memcpy(bp + HDR_RAMDISK_SIZE, &initrd_len, 4);
	}
	memcpy(bp + HDR_CMD_LINE_PTR, &cmdline, 4);

	ok = place_choose(&p, bp, &work, &f);
	ck_assert_msg(ok == !placements[_i].message, "%s 0x%" PRIx64,
		      f.what ? f.what : "accepted", f.found);
	ck_assert_uint_eq(work, placements[_i].work);
	if (placements[_i].message) {
		ck_assert_msg(strstr(f.what, placements[_i].message), "%s",
			      f.what);
		ck_assert_uint_eq(f.found, placements[_i].found);
	}
}
END_TEST

START_TEST(place__believes_the_loader_without_a_map)
{
	static uint8_t bp[BP_SIZE];
	struct place p = { 0x100000, IMAGE_LEN, DEST_START, DEST_END };
	struct fault f = { 0 };
	uint64_t work;

	ck_assert(place_choose(&p, bp, &work, &f));
	ck_assert_uint_eq(work, DEST_END);
}
END_TEST

START_TEST(place__rejects_an_impossible_dest)
{
	static const uint64_t dests[][2] = { { 0xff000, 0x200000 },
					     { 0x200000, 0x200000 },
					     { 0x200000, 0x1fffff } };
	static uint8_t bp[BP_SIZE];
	struct place p = { 0x100000, IMAGE_LEN, dests[_i][0], dests[_i][1] };
	struct fault f = { 0 };
	uint64_t work;

	ck_assert(!place_choose(&p, bp, &work, &f));
	ck_assert_str_eq(f.what, "the kernel's place is impossible");
}
END_TEST

#define ROWS(a) ((int)(sizeof(a) / sizeof((a)[0])))

Suite *unit_suite(void)
{
	Suite *s = suite_create("stub");
	TCase *t = tcase_create("stub");

	tcase_add_test(t, elf__reads_both_classes);
	tcase_add_loop_test(t, elf__rejects_one_broken_field, 0,
			    ROWS(broken_elfs));
	tcase_add_test(t, elf__accepts_what_just_fits);
	tcase_add_test(t, elf__rejects_headers_cut_anywhere);
	tcase_add_test(t, elf__rejects_too_many_segments);
	tcase_add_loop_test(t, place__keeps_clear_of_everything, 0,
			    ROWS(placements));
	tcase_add_test(t, place__believes_the_loader_without_a_map);
	tcase_add_loop_test(t, place__rejects_an_impossible_dest, 0, 3);
	suite_add_tcase(s, t);
	return s;
}
