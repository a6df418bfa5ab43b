/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Names for a vCPU's location: which kernel address it is, and the lines of a
 * System.map, whatever it contains.
 */
#include "support/kallsyms_builder.h"
#include "unit/unit.h"
#include "outcome/own_names.h"
#include "outcome/symbols.h"

#include <elf.h>
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#define TEXT 0xffffffff81000000

/* A kernel linked like Linux: text high, a per-CPU segment at virtual 0. */
static struct elf_segment segments[] = {
	{ .type = PT_LOAD, .vaddr = TEXT, .paddr = 0x1000000, .memsz = 0x2000 },
	{ .type = PT_LOAD, .vaddr = 0, .paddr = 0x1002000, .memsz = 0x1000 },
	{ .type = PT_NOTE, .vaddr = 0x5000, .paddr = 0x5000, .memsz = 0x1000 },
};

static const struct {
	const char *what;
	uint64_t delta, rip, gpa;
	bool gpa_known, found;
	uint64_t vaddr;
} places[] = {
	{ "virtual", 0, TEXT + 0x10, 0x1000010, true, true, TEXT + 0x10 },
	{ "physical", 0, 0x1000010, 0x1000010, true, true, TEXT + 0x10 },
	{ "last byte", 0, 0x1001fff, 0x1001fff, true, true, TEXT + 0x1fff },
	{ "next segment", 0, 0x1002000, 0x1002000, true, true, 0 },
	{ "behind all", 0, 0x1003000, 0x1003000, true, false, 0 },
	{ "below all", 0, 0xffffff, 0xffffff, true, false, 0 },
	{ "moved", 0x800000, 0x1800010, 0x1800010, true, true, TEXT + 0x10 },
	{ "where it was", 0x800000, 0x1000010, 0x1000010, true, false, 0 },
	{ "moved down", -0x800000ull, 0x800010, 0x800010, true, true,
	  TEXT + 0x10 },
	{ "shifted", 0, TEXT + 0x400010, 0x1000010, true, true, TEXT + 0x10 },
	{ "a program's", 0, 0x401000, 0x7000000, true, false, 0 },
	{ "a note's", 0, 0x5000, 0x5000, true, false, 0 },
	{ "untranslated", 0, TEXT + 0x20, 0, false, true, TEXT + 0x20 },
	{ "nowhere", 0, 0x1000010, 0, false, false, 0 },
};

START_TEST(symbols__finds_the_place)
{
	const struct kernel_elf k = { .segments = segments,
				      .segments_count = COUNT(segments) };
	struct symbols s = { .kernel = &k, .delta = places[_i].delta };
	struct vcpu_where w = { .known = true,
				.rip = places[_i].rip,
				.gpa_known = places[_i].gpa_known,
				.gpa = places[_i].gpa };
	struct symbols_place place = { 0 };
	bool high;
	bool found = symbols_find(&s, &w, &place);

	ck_assert_msg(found == places[_i].found, "%s", places[_i].what);
	if (!found)
		return;
	ck_assert_msg(place.virtual.at == places[_i].vaddr, "%s: 0x%llx",
		      places[_i].what, (unsigned long long)place.virtual.at);
	high = place.virtual.at >= TEXT;
	ck_assert_uint_eq(place.virtual.segment, high ? TEXT : 0);
	ck_assert_uint_eq(place.physical.segment, high ? 0x1000000 : 0x1002000);
	ck_assert_uint_eq(place.physical.at - place.physical.segment,
			  place.virtual.at - place.virtual.segment);
}
END_TEST

#define MAP                            \
	"0000000000000000 A VDSO\n"    \
	"ffffffff81000000 T _text\n"   \
	"ffffffff81000000 T startup\n" \
	"ffffffff81000040 t idle\n"    \
	"ffffffff81000100 T late\n"

static const struct {
	const char *map;
	uint64_t vaddr;
	const char *name;
} maps[] = {
	{ MAP, TEXT, "startup+0x0" },
	{ MAP, TEXT + 0x3f, "startup+0x3f" },
	{ MAP, TEXT + 0x40, "idle+0x0" },
	{ MAP, TEXT + 0xff, "idle+0xbf" },
	{ MAP, TEXT + 0x10000, "late+0xff00" },
	{ MAP, TEXT - 1, "" },
	/* in any order, the last line unterminated, a module's name */
	{ "20 T b\n10 T a", 0x1f, "a+0xf" },
	{ "10 t f\t[module]\n", 0x10, "f+0x0" },
	/* undefined ones have no address */
	{ "         U f\n10 T g\n", 0x10, "g+0x0" },
	{ "                 w f\n", 0x10, "" },
	/* lines of another kind */
	{ "", 0x10, "" },
	{ "\n\n\n", 0x10, "" },
	{ "10", 0x10, "" },
	{ "10 ", 0x10, "" },
	{ "10 T", 0x10, "" },
	{ "10 T ", 0x10, "" },
	{ "10 T \n11 T b\n", 0x10, "" },
	{ "10 a f\n", 0x10, "" },
	{ "xyz T f\n", 0x10, "" },
	{ " 10 T f\n", 0x10, "" },
	{ "10000000000000000 T f\n", 0x10, "" },
	{ "ffffffffffffffff T f\n", UINT64_MAX, "f+0x0" },
};

START_TEST(symbols__in_map)
{
	size_t len = strlen(maps[_i].map);
	char *copy = malloc(len ? len : 1); /* for ASan to see overruns */
	char buf[64];
	bool found;

	memcpy(copy, maps[_i].map, len);
	found = symbols_in_map((struct bytes){ (uint8_t *)copy, len },
			       &(struct symbols_addr){ maps[_i].vaddr, 0 }, buf,
			       sizeof(buf));
	ck_assert_str_eq(buf, maps[_i].name);
	ck_assert_int_eq(found, *maps[_i].name != '\0');
	free(copy);
}
END_TEST

/* A place in a segment that starts at @segment. */
static const struct {
	uint64_t vaddr, segment;
	const char *name;
} segment_rows[] = {
	{ TEXT + 0x50, TEXT, "idle+0x10" },
	{ TEXT + 0x50, TEXT + 0x40, "idle+0x10" },
	{ TEXT + 0x50, TEXT + 0x41, "" },
	{ TEXT + 0x3000000, TEXT + 0x200000, "" },
};

START_TEST(symbols__in_map_of_the_same_segment)
{
	const struct symbols_addr addr = { segment_rows[_i].vaddr,
					   segment_rows[_i].segment };
	const struct bytes map = { (const uint8_t *)MAP, sizeof(MAP) - 1 };
	char buf[64];

	symbols_in_map(map, &addr, buf, sizeof(buf));
	ck_assert_str_eq(buf, segment_rows[_i].name);
}
END_TEST

START_TEST(symbols__long_name_leaves_room)
{
	static char map[400] = "10 T ";
	char buf[32];

	memset(map + 5, 'x', sizeof(map) - 6);
	ck_assert(symbols_in_map(
		(struct bytes){ (uint8_t *)map, sizeof(map) - 1 },
		&(struct symbols_addr){ 0x12, 0 }, buf, sizeof(buf)));
	ck_assert_str_eq(buf, "xxxxxxxxxxxxxxxx+0x2");
}
END_TEST

#define EXPECTED                                                             \
	"expected an ELF with a symbol table, or a System.map, whose lines " \
	"are ADDRESS TYPE NAME"

/* Contents of files for --symbols; message NULL: accepted. */
static const struct {
	const char *text;
	const char *message;
} files[] = {
	{ MAP, NULL },
	{ "10 t f", NULL },
	{ "\n10 T f\n\n", NULL },
	{ "                 U f\n0000000000000010 T g\n", NULL },
	{ "0 A zero\n10 t f\t[module]\n", NULL },
	{ "\x1f\x8b\x08\x01",
	  "line 1, '\x1f\x8b\x08\x01', is not of a System.map (" EXPECTED ")" },
	{ "#!/bin/sh\n", "line 1, '#!/bin/sh', is not of a System.map" },
	{ MAP "and more\n", "line 6, 'and more', is not of a System.map" },
	{ "10 T f\n11 T\n", "line 2, '11 T', is not of" },
	{ "10 T f\n10  T f\n", "line 2, '10  T f', is not of" },
	{ "10000000000000000 T f\n", "line 1, '10000000000000000 T f', is" },
	{ "\n\n", "no symbols (" EXPECTED ")" },
	{ "10 A f\n20 a g\n", "no symbols (" },
	{ "0000000000000000 T f\n0000000000000000 t g\n",
	  "every address is 0: /proc/kallsyms shows addresses only to root" },
	{ "\x7f"
	  "ELF",
	  "cut short after 4 bytes" },
	{ "\x7f"
	  "ELF3456789abcdef",
	  "EI_CLASS is 51" },
};

static char path[] = "./test_symbols.XXXXXX";

static int open_file(struct symbols *s, const void *data, size_t len,
		     struct err *e)
{
	struct input in = INPUT_EMPTY;
	int fd = mkstemp(path), rc;

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, data, len), (ssize_t)len);
	rc = input_open(&in, path, e) ?: symbols_read(s, &in, e);
	input_close(&in);
	/* The symbols survive the file's buffer. */
	ck_assert_int_eq(ftruncate(fd, 0), 0);
	close(fd);
	unlink(path);
	return rc;
}

START_TEST(symbols__open_decides_by_content)
{
	struct symbols s = { 0 };
	struct err e = ERR_EMPTY;
	int rc = open_file(&s, files[_i].text, strlen(files[_i].text), &e);

	if (files[_i].message) {
		assert_err(rc, -EINVAL, &e, files[_i].message);
		ck_assert_ptr_eq(strstr(e.msg, path), e.msg);
	} else {
		assert_ok(rc, &e);
		ck_assert(!s.map.mapped);
		ck_assert_uint_eq(s.map.bytes.len, strlen(files[_i].text));
		ck_assert_mem_eq(s.map.bytes.data, files[_i].text,
				 s.map.bytes.len);
	}
	symbols_release(&s);
}
END_TEST

/* System.maps of this kernel by virtual or physical addresses, and others. */
static const struct {
	const char *map, *name; /* of the place; NULL: none */
	bool ours;
} kernels[] = {
	{ "ffffffff81000004 T virtual\n1000008 T physical\n", "virtual+0xc",
	  true },
	{ "1000008 T physical\n", "physical+0x8", true },
	{ "ffffffff81001fff T late\n", NULL, true },
	{ "ffffffff82000000 T f\n", NULL, false },
	{ "ffffffff80ffffff T f\n3000 t g\n", NULL, false },
	{ "5000 T f\n", NULL, false },
};

START_TEST(symbols__are_of_this_kernel)
{
	const struct kernel_elf k = { .segments = segments,
				      .segments_count = COUNT(segments) };
	const char *map = kernels[_i].map;
	struct symbols s = {
		.kernel = &k,
		.map.bytes = { (const uint8_t *)map, strlen(map) },
	};
	const struct vcpu_where w = { .known = true,
				      .rip = TEXT + 0x10,
				      .gpa_known = true,
				      .gpa = 0x1000010 };
	const char *name = symbols_name(&s, &w);
	struct err e = ERR_EMPTY;
	int rc = symbols_check_kernel(&s, &e);

	if (kernels[_i].name)
		ck_assert_str_eq(name, kernels[_i].name);
	else
		ck_assert_ptr_null(name);
	if (kernels[_i].ours)
		assert_ok(rc, &e);
	else
		assert_err(rc, -EINVAL, &e, "it is not of this kernel");
	/* Without an ELF there is nothing to compare it with. */
	s.kernel = NULL;
	assert_ok(symbols_check_kernel(&s, &e), &e);
}
END_TEST

/* A kernel in guest memory, @delta above its link address, that carries its own
 * names in its first segment. */
static struct test_kallsyms own_names = {
	.numbers = KALLSYMS_PERCPU_OR_BASE,
	.marker_size = 4,
	.sequence_size = 3,
	.count = 600,
	.percpu = 20,
	.vaddr = TEXT,
};
#define DELTA 0x800000

static struct elf_segment own_segments[2];
static struct kernel_elf own_kernel = { .is64 = true,
					.segments = own_segments,
					.segments_count = 2 };

static struct kallsyms_offsets own_at;

static void put_slid_names(struct guest_mem *gm, uint32_t flags, uint64_t slide)
{
	struct test_kallsyms names = own_names;
	struct buf tables = { 0 };
	struct err e = ERR_EMPTY;

	names.vaddr += slide;
	kallsyms_build(&names, &tables, &own_at);
	own_segments[0] = (struct elf_segment){ .type = PT_LOAD,
						.flags = flags,
						.vaddr = TEXT,
						.paddr = 0x1000000,
						.filesz = tables.len,
						.memsz = 0x100000 };
	own_segments[1] = (struct elf_segment){ .type = PT_LOAD,
						.flags = PF_R | PF_W,
						.paddr = 0x1100000,
						.filesz = 0x1000,
						.memsz = 0x1000 };
	assert_ok(guest_mem_init(gm, GUEST_MEM_MIN, &e), &e);
	assert_ok(guest_mem_write(gm, 0x1000000 + DELTA, tables.data,
				  tables.len, "names", &e),
		  &e);
	buf_release(&tables);
}

static void put_own_names(struct guest_mem *gm, uint32_t flags)
{
	put_slid_names(gm, flags, 0);
}

static const struct vcpu_where own_place = { .known = true,
					     .rip = TEXT + 16 * 21 + 4,
					     .gpa_known = true,
					     .gpa = 0x1000000 + DELTA +
						    16 * 21 + 4 };

START_TEST(symbols__come_from_the_kernel_in_memory)
{
	const uint32_t flags = _i ? PF_R | PF_W | PF_X : PF_R | PF_X;
	struct symbols s = { .kernel = &own_kernel, .delta = DELTA };
	struct guest_mem gm;
	const char *name;

	put_own_names(&gm, flags);
	ck_assert_ptr_null(symbols_name(&s, &own_place));
	s = (struct symbols){ .kernel = &own_kernel,
			      .delta = DELTA,
			      .memory = &gm };
	name = symbols_name(&s, &own_place);
	ck_assert(name != NULL);
	ck_assert_str_eq(name, "symbol_21+0x4");
	/* They are read only once. */
	guest_mem_zero(&gm, 0x1000000 + DELTA, 0x10000);
	s.looked_up = false;
	ck_assert_str_eq(symbols_name(&s, &own_place), "symbol_21+0x4");
	symbols_release(&s);
	guest_mem_release(&gm);
}
END_TEST

START_TEST(symbols__of_a_file_win_over_the_kernels_own)
{
	const char *map = "ffffffff81000000 T from_the_map\n";
	struct guest_mem gm;
	struct symbols s = {
		.kernel = &own_kernel,
		.delta = DELTA,
		.memory = &gm,
		.map.bytes = { (const uint8_t *)map, strlen(map) },
	};

	put_own_names(&gm, PF_R | PF_X);
	ck_assert_str_eq(symbols_name(&s, &own_place), "from_the_map+0x154");
	ck_assert(!s.own_read);
	guest_mem_release(&gm);
}
END_TEST

START_TEST(symbols__that_the_guest_has_damaged_are_not_used)
{
	struct guest_mem gm;
	struct symbols s = { .kernel = &own_kernel,
			     .delta = DELTA,
			     .memory = &gm };

	put_own_names(&gm, PF_R | PF_X);
	*(uint8_t *)guest_mem_ptr(&gm, 0x1000000 + DELTA + own_at.markers + 4,
				  1) ^= 1;
	ck_assert_ptr_null(symbols_name(&s, &own_place));
	ck_assert(s.own_read);
	symbols_release(&s);
	guest_mem_release(&gm);
}
END_TEST

/* By name and by address, in a kernel that runs elsewhere than linked. */
START_TEST(symbols__of_a_kernel_that_was_slid)
{
	const char *map = "ffffffff81000010 T first\n"
			  "ffffffff81000020 D second\n"
			  "ffffffff81000030 A third\n";
	const uint64_t slide = 0x12000000;
	struct guest_mem gm;
	struct symbols s = { .kernel = &own_kernel,
			     .delta = DELTA,
			     .memory = &gm,
			     .slide = slide };

	put_slid_names(&gm, PF_R | PF_X, slide);
	ck_assert_uint_eq(symbols_address(&s, "symbol_21"),
			  TEXT + 16 * 21 + slide);
	ck_assert_uint_eq(symbols_address(&s, "symbol"), 0);
	ck_assert_str_eq(symbols_name_at(&s, TEXT + slide + 16 * 21, false),
			 "symbol_21+0x0");
	/* A call may be a function's last instruction. */
	ck_assert_str_eq(symbols_name_at(&s, TEXT + slide + 16 * 25, true),
			 "symbol_24+0x10");
	ck_assert_ptr_null(symbols_name_at(&s, TEXT + 16 * 21, false));
	ck_assert_ptr_null(symbols_name_at(&s, 0x1000, false));
	ck_assert_ptr_eq(symbols_segment(&s, TEXT + slide + 0xfffff),
			 &own_segments[0]);
	ck_assert_ptr_null(symbols_segment(&s, TEXT + slide + 0x100000));
	s.map.bytes = (struct bytes){ (const uint8_t *)map, strlen(map) };
	ck_assert_uint_eq(symbols_address(&s, "second"),
			  0xffffffff81000020 + slide);
	ck_assert_uint_eq(symbols_address(&s, "secon"), 0);
	ck_assert_uint_eq(symbols_address(&s, "third"), 0);
	/* What the file lacks may be in the kernel. */
	ck_assert_uint_eq(symbols_address(&s, "symbol_21"),
			  TEXT + 16 * 21 + slide);
	s.moved = true;
	ck_assert_uint_eq(symbols_address(&s, "second"), 0);
	ck_assert_ptr_null(symbols_name_at(&s, TEXT + slide, false));
	symbols_release(&(struct symbols){ .own = s.own });
	guest_mem_release(&gm);
}
END_TEST

/* By the physical address, and by the virtual one when that is unknown. */
START_TEST(symbols__follow_the_slide)
{
	const uint64_t slide = 0x2a00000;
	struct guest_mem gm;
	struct symbols s = { .kernel = &own_kernel,
			     .delta = DELTA,
			     .slide = slide,
			     .memory = &gm };
	struct vcpu_where w = own_place;

	put_slid_names(&gm, PF_R | PF_X, slide);
	w.rip += slide;
	ck_assert_pstr_eq(symbols_name(&s, &w), "symbol_21+0x4");
	w.gpa_known = false;
	w.rip++;
	ck_assert_pstr_eq(symbols_name(&s, &w), "symbol_21+0x5");
	w.rip -= slide;
	ck_assert_ptr_null(symbols_name(&s, &w));
	symbols_release(&s);
	guest_mem_release(&gm);
}
END_TEST

/* An image that has decompressed itself does not say where its kernel is. */
START_TEST(symbols__are_found_where_the_kernel_moved_itself)
{
	const uint64_t slide = _i ? 0x2a00000 : 0x2a00000 + 0x1000;
	struct guest_mem gm;
	struct symbols s = { .kernel = &own_kernel,
			     .moved = true,
			     .memory = &gm };
	struct vcpu_where w = own_place;

	/* The first name is where the kernel begins. */
	own_names.percpu = 0;
	put_slid_names(&gm, PF_R | PF_X, slide);
	/* Code of the user's, or of an early page table. */
	w.rip = 0x401000;
	ck_assert_ptr_null(symbols_name(&s, &w));
	ck_assert(!s.sought);
	w.rip = TEXT + slide + 16 * 21 + 4;
	if (_i) {
		ck_assert_pstr_eq(symbols_name(&s, &w), "symbol_21+0x4");
		ck_assert_uint_eq(s.slide, slide);
		ck_assert_uint_eq(s.delta, DELTA);
		ck_assert(!s.moved);
	} else {
		/* No kernel is moved by that. */
		ck_assert_ptr_null(symbols_name(&s, &w));
		ck_assert(s.moved);
	}
	symbols_release(&s);
	guest_mem_release(&gm);
	own_names.percpu = 20;
}
END_TEST

START_TEST(symbols__of_another_slide_are_not_used)
{
	struct guest_mem gm;
	struct symbols s = { .kernel = &own_kernel,
			     .delta = DELTA,
			     .slide = 0x2a00000,
			     .memory = &gm };

	put_slid_names(&gm, PF_R | PF_X, 0x2800000);
	ck_assert_ptr_null(symbols_name(&s, &own_place));
	ck_assert(s.own_read);
	symbols_release(&s);
	guest_mem_release(&gm);
}
END_TEST

static int read_own(struct kallsyms *k, uint64_t delta,
		    const struct guest_mem *gm, struct err *e)
{
	const struct own_names_place at = { .delta = delta };

	return own_names_read(k, &own_kernel, &at, gm, e);
}

START_TEST(own_names__refuses_segments_outside_memory)
{
	struct err e = ERR_EMPTY;
	struct guest_mem gm;
	struct kallsyms k;

	put_own_names(&gm, PF_R | PF_X);
	assert_err(read_own(&k, GUEST_MEM_MIN, &gm, &e), -EFAULT, &e,
		   "the kernel's segment");
	own_segments[0].filesz = OWN_NAMES_COPY_MAX + 1;
	assert_err(read_own(&k, DELTA, &gm, &e), -EFBIG, &e,
		   "more than 536870912 bytes");
	own_segments[0].filesz = 0;
	assert_err(read_own(&k, DELTA, &gm, &e), -ENOENT, &e, "no kallsyms");
	guest_mem_release(&gm);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("symbols");
	TCase *t = tcase_create("symbols");

	tcase_add_loop_test(t, symbols__finds_the_place, 0, COUNT(places));
	tcase_add_loop_test(t, symbols__in_map, 0, COUNT(maps));
	tcase_add_loop_test(t, symbols__in_map_of_the_same_segment, 0,
			    COUNT(segment_rows));
	tcase_add_loop_test(t, symbols__are_of_this_kernel, 0, COUNT(kernels));
	tcase_add_loop_test(t, symbols__open_decides_by_content, 0,
			    COUNT(files));
	tcase_add_test(t, symbols__long_name_leaves_room);
	tcase_add_loop_test(t, symbols__come_from_the_kernel_in_memory, 0, 2);
	tcase_add_test(t, symbols__of_a_file_win_over_the_kernels_own);
	tcase_add_test(t, symbols__that_the_guest_has_damaged_are_not_used);
	tcase_add_test(t, symbols__of_a_kernel_that_was_slid);
	tcase_add_test(t, symbols__follow_the_slide);
	tcase_add_loop_test(t, symbols__are_found_where_the_kernel_moved_itself,
			    0, 2);
	tcase_add_test(t, symbols__of_another_slide_are_not_used);
	tcase_add_test(t, own_names__refuses_segments_outside_memory);
	suite_add_tcase(s, t);
	return s;
}
