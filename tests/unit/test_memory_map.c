/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * For every protocol, the recorded memory ranges match what is there.
 */
#include "boot/boot.h"
#include "boot/map_segments.h"
#include "image/section_name.h"
#include "pv/pvh.h"
#include "unit/image_file.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#define MIB    (UINT64_C(1) << 20)
#define GIB    (MIB << 10)
#define INITRD "an initial RAM disk"

static struct guest_mem gm;
static struct e820 e820;
static struct image img;
static struct boot_result r;
static struct memory_map map;
static char initrd[] = "./test_memory_map.XXXXXX";
static struct err e;

static void setup(void)
{
	int fd = mkstemp(initrd);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, INITRD, strlen(INITRD)), strlen(INITRD));
	close(fd);
	assert_ok(guest_mem_init(&gm, 64 * MIB, &e), &e);
	e820_build(&e820, &gm);
	map.count = 0;
	build("none");
}

static void teardown(void)
{
	unlink(initrd);
	memcpy(initrd + sizeof(initrd) - 7, "XXXXXX", 6);
	image_close(&img);
	guest_mem_release(&gm);
	tight_free(held);
	held = (struct bytes){ 0 };
	buf_release(&elf);
	buf_release(&file);
}

static int boot(const char *protocol)
{
	struct input in = INPUT_EMPTY;
	int rc;

	assert_ok(open_file(&img, &e), &e);
	assert_ok(input_open(&in, initrd, &e), &e);
	rc = boot_prepare(&(struct boot_request){ .img = &img,
						  .gm = &gm,
						  .map = &e820,
						  .protocol = protocol,
						  .cmdline = "one two=3",
						  .initrds = &in,
						  .initrds_count = 1,
						  .places = &map },
			  &r, &e);
	input_close(&in);
	return rc;
}

/* The range of that name; there must be one. */
static const struct map_range *range(const char *name)
{
	const struct map_range *found = NULL;

	for (unsigned i = 0; i < map.count; i++)
		if (!strcmp(map.list[i].name, name)) {
			ck_assert_msg(!found, "two of '%s'", name);
			found = &map.list[i];
		}
	ck_assert_msg(found != NULL, "none of '%s'", name);
	return found;
}

static bool has_range(const char *name)
{
	for (unsigned i = 0; i < map.count; i++)
		if (!strcmp(map.list[i].name, name))
			return true;
	return false;
}

static const uint8_t *bytes_of(const char *name)
{
	const struct map_range *at = range(name);
	const uint8_t *p = guest_mem_ptr(&gm, at->gpa, at->size);

	ck_assert_ptr_nonnull(p);
	return p;
}

/* Nothing overlaps it, and it is in RAM. */
static void check_apart(void)
{
	for (unsigned i = 0; i < map.count; i++) {
		const struct map_range *a = &map.list[i];

		ck_assert_ptr_nonnull(guest_mem_ptr(&gm, a->gpa, a->size));
		for (unsigned k = 0; k < i; k++) {
			const struct map_range *b = &map.list[k];

			if (a->kind == RANGE_ENTRY || b->kind == RANGE_ENTRY)
				continue;
			ck_assert_msg(a->gpa >= b->gpa + b->size ||
					      b->gpa >= a->gpa + a->size,
				      "'%s' lies on '%s'", a->name, b->name);
		}
	}
}

/* For each protocol, what it has and others may lack. */
static const struct {
	const char *protocol;
	const char *has[5];
	uint64_t entry;
} boots[] = {
	{ "elf64",
	  { "boot_params", "page tables", "GDT", "segment 1 r-x", "bss" },
	  SMALL_KERNEL_ENTRY },
	{ "linux64",
	  { "boot_params", "page tables", "GDT", "bzImage code",
	    "room to unpack" },
	  0x1000200 },
	{ "linux32",
	  { "boot_params", "GDT", "bzImage code", "room to unpack" },
	  0x1000000 },
	{ "linux16",
	  { "interrupt vectors", "BIOS", "setup code", "its heap and stack",
	    "room to unpack" },
	  0x10200 },
};

START_TEST(map__of_every_protocol)
{
	char entry[32];

	if (boot(boots[_i].protocol)) {
		ck_abort_msg("%s", e.msg);
	}
	check_apart();
	ck_assert_str_eq((const char *)bytes_of("command line"), "one two=3");
	ck_assert_uint_eq(range("command line")->size, 10);
	ck_assert_mem_eq(bytes_of("initrd"), INITRD, strlen(INITRD));
	ck_assert_uint_eq(range("initrd")->size, strlen(INITRD));
	for (unsigned i = 0; i < 5 && boots[_i].has[i]; i++)
		range(boots[_i].has[i]);
	snprintf(entry, sizeof(entry), "entry: %s", boots[_i].protocol);
	ck_assert_int_eq(range(entry)->kind, RANGE_ENTRY);
	ck_assert_uint_eq(range(entry)->gpa, boots[_i].entry);
	if (has_range("boot_params"))
		ck_assert_mem_eq(bytes_of("boot_params") + HDR_MAGIC, "HdrS",
				 4);
	if (has_range("bzImage code"))
		ck_assert_mem_eq(bytes_of("bzImage code"),
				 file.data + img.hdr.code_off,
				 range("bzImage code")->size);
}
END_TEST

START_TEST(map__of_pvh)
{
	static const uint64_t from = SMALL_KERNEL_PVH_ENTRY;
	uint8_t *note = memmem(file.data, file.len, &from, sizeof(from));
	const uint64_t entry = SMALL_KERNEL_TEXT_PADDR + 0x50;

	/* The builder puts it past its text, which is invalid. */
	memcpy(note, &entry, sizeof(entry));
	assert_ok(boot("pvh"), &e);
	check_apart();
	ck_assert_mem_eq(bytes_of("PVH start_info"), "\x78\xc5\x6e\x33", 4);
	ck_assert_uint_eq(range("PVH start_info")->size, 56);
	ck_assert_uint_eq(range("PVH memory map")->size, 24 * e820.count);
	ck_assert_uint_eq(range("PVH module list")->size, 32);
	ck_assert_uint_eq(range("entry: pvh")->gpa, entry);
}
END_TEST

START_TEST(map__segments_are_where_they_were_loaded)
{
	assert_ok(boot("elf64"), &e);
	ck_assert_uint_eq(range("segment 0 r-x")->gpa, SMALL_KERNEL_TEXT_PADDR);
	ck_assert_uint_eq(range("segment 0 r-x")->size, 96);
	ck_assert_uint_eq(range("bss")->gpa, SMALL_KERNEL_DATA_PADDR + 40);
	ck_assert_uint_eq(range("bss")->size, 0x1000 - 40);
	ck_assert_uint_eq(range("room to start")->gpa,
			  SMALL_KERNEL_DATA_PADDR + 0x1000);
	/* init_size covers the whole kernel. */
	ck_assert_uint_eq(range("room to start")->gpa +
				  range("room to start")->size,
			  SMALL_KERNEL_TEXT_PADDR + 0x2000000);
}
END_TEST

START_TEST(map__has_no_segments_that_were_not_loaded)
{
	/* Where there is no RAM: both must be, and nothing may move them. */
	file.len = 0;
	elf_patch(&elf, elf_peek(&elf, 32, 8) + 24, 8, 0xf0000000);
	buf_add(&file, elf.data, elf.len);
	ck_assert_int_ne(boot("elf64"), 0);
	ck_assert_uint_eq(map.count, 0);
}
END_TEST

static const struct {
	uint32_t flags;
	enum range_kind kind;
	const char *letters;
} flags[] = {
	{ PF_R | PF_X, RANGE_TEXT, "r-x" },
	{ PF_R, RANGE_RODATA, "r--" },
	{ PF_R | PF_W, RANGE_DATA, "rw-" },
	{ PF_R | PF_W | PF_X, RANGE_INIT, "rwx" },
	{ 0, RANGE_RODATA, "---" },
};

START_TEST(map__segments_are_known_by_their_flags)
{
	struct kernel_elf k;
	char name[32];

	assert_ok(kernel_elf_parse(&k, buf_bytes(&elf), &e), &e);
	k.segments[0].flags = flags[_i].flags;
	map_segments(&map, &k);
	snprintf(name, sizeof(name), "segment 0 %s", flags[_i].letters);
	ck_assert_int_eq(range(name)->kind, flags[_i].kind);
	kernel_elf_release(&k);
}
END_TEST

/* The first section becomes one that takes memory, where text begins. */
static void name_section(uint32_t name, uint64_t at)
{
	uint64_t header = elf_peek(&elf, 40, 8) + 64;

	elf_patch(&elf, header, 4, name);
	elf_patch(&elf, header + 8, 8, SHF_ALLOC);
	elf_patch(&elf, header + 24, 8, at);
	elf_patch(&elf, 62, 2,
		  3); /* e_shstrndx, which the builder leaves out */
}

START_TEST(map__segments_are_named_by_sections)
{
	uint64_t text = elf_peek(&elf, elf_peek(&elf, 32, 8) + 8, 8);
	struct kernel_elf k;
	char name[8];

	name_section(1, text + 90);
	assert_ok(kernel_elf_parse(&k, buf_bytes(&elf), &e), &e);
	map_segments(&map, &k);
	ck_assert_uint_eq(range(".shstrtab r-x")->gpa, SMALL_KERNEL_TEXT_PADDR);
	kernel_elf_release(&k);
	/* Not a byte after the segment's last one, nor before its first. */
	ck_assert(section_name(buf_bytes(&elf), text, 91, name, sizeof(name)));
	ck_assert_str_eq(name, ".shstrt");
	ck_assert(!section_name(buf_bytes(&elf), text, 90, name, sizeof(name)));
	ck_assert_str_eq(name, "");
	ck_assert(!section_name(buf_bytes(&elf), text + 91, 96, name,
				sizeof(name)));
	elf_patch(&elf, 62, 2, 0xfff0);
	ck_assert(!section_name(buf_bytes(&elf), text, 96, name, sizeof(name)));
	/* A name that lies nowhere. */
	name_section(0xffffff, text);
	ck_assert(!section_name(buf_bytes(&elf), text, 96, name, sizeof(name)));
}
END_TEST

static const struct {
	uint64_t size;
	unsigned count;
} machines[] = {
	{ 64 * MIB, 6 },       { 256 * MIB, 6 }, { 3 * GIB, 6 },
	{ 3 * GIB + 4096, 7 }, { 6 * GIB, 7 },	 { GUEST_MEM_MAX, 7 },
};

START_TEST(map__tells_all_of_the_address_space)
{
	struct guest_mem other = { 0 };
	uint64_t at = 0, ram = 0;

	assert_ok(guest_mem_init(&other, machines[_i].size, &e), &e);
	e820_build(&e820, &other);
	guest_mem_release(&other);
	memory_map_add_e820(&map, &e820);
	ck_assert_uint_eq(map.count, machines[_i].count);
	for (unsigned i = 0; i < map.count; i++) {
		ck_assert(range_is_told(map.list[i].kind));
		ck_assert_uint_eq(map.list[i].gpa, at);
		at += map.list[i].size;
		if (map.list[i].kind == RANGE_RAM)
			ram += map.list[i].size;
	}
	ck_assert_uint_ge(at, 4 * GIB);
	/* All of it except the holes in a PC's first MiB. */
	ck_assert_uint_eq(ram, machines[_i].size - (MIB - 0x9fc00));
	ck_assert_uint_eq(range("VGA hole")->gpa, 0xa0000);
	ck_assert_uint_eq(range("VGA hole")->size, 0x40000);
	ck_assert_uint_eq(range("EBDA")->gpa, 0x9fc00);
	ck_assert_uint_eq(range("hole below 4 GiB")->gpa +
				  range("hole below 4 GiB")->size,
			  4 * GIB);
}
END_TEST

START_TEST(map__nobody_wants_to_know)
{
	memory_map_add(NULL, RANGE_RAM, 0, 1, "x");
	memory_map_move(NULL, 0, 1);
	memory_map_cut(NULL, 0);
	ck_assert_uint_eq(memory_map_count(NULL), 0);
	memory_map_add(&map, RANGE_RAM, 5, 0, "nothing");
	ck_assert_uint_eq(map.count, 0);
	memory_map_add(&map, RANGE_ENTRY, 5, 0, "%0100d", 7);
	ck_assert_uint_eq(strlen(map.list[0].name), RANGE_NAME_SIZE - 1);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("memory_map");
	TCase *t = tcase_create("memory_map");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_loop_test(t, map__of_every_protocol, 0, COUNT(boots));
	tcase_add_test(t, map__of_pvh);
	tcase_add_test(t, map__segments_are_where_they_were_loaded);
	tcase_add_test(t, map__has_no_segments_that_were_not_loaded);
	tcase_add_loop_test(t, map__segments_are_known_by_their_flags, 0,
			    COUNT(flags));
	tcase_add_test(t, map__segments_are_named_by_sections);
	tcase_add_loop_test(t, map__tells_all_of_the_address_space, 0,
			    COUNT(machines));
	tcase_add_test(t, map__nobody_wants_to_know);
	suite_add_tcase(s, t);
	return s;
}
