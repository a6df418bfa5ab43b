/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel's log out of memory: both forms, by VMCOREINFO and by names, and
 * memory that lies.
 */
#include "support/flat_memory.h"
#include "support/log_builder.h"
#include "unit/unit.h"
#include "autopsy/kernel_log.h"

#include <errno.h>

static struct buf built;
static struct flat_memory flat;
static struct kernel_log log_;
static struct vmcoreinfo info;
static struct err e;

static void teardown(void)
{
	buf_release(&built);
	kernel_log_release(&log_);
}

static const struct test_log_record usual[] = {
	{ .prio = 5, .ts_ns = 0, .text = "Linux version 6.1" },
	{ .prio = 6, .ts_ns = 1234567890, .text = "two\nlines" },
	{ .prio = 0, .ts_ns = 12345678901234, .text = "" },
	{ .prio = 30, .ts_ns = 2000, .text = "from a program\n" },
};

#define USUAL                                   \
	"<5>[    0.000000] Linux version 6.1\n" \
	"<6>[    1.234567] two\n"               \
	"<6>[    1.234567] lines\n"             \
	"<0>[12345.678901] \n"                  \
	"<30>[    0.000002] from a program\n"   \
	"<30>[    0.000002] \n"

static int read_log(const struct test_log *t)
{
	uint64_t base = t->is32 ? TEST_LOG_BASE32 : TEST_LOG_BASE64;
	struct memory m = flat_memory(&flat, !t->is32);
	struct kernel_log_names names = { 0 };

	flat.base = base;
	flat.bytes = buf_bytes(&built);
	if (t->old)
		names = (struct kernel_log_names){
			.log_buf = base + TEST_LOG_BUF,
			.log_buf_len = base + TEST_LOG_BUF_LEN,
			.log_first_idx = base + TEST_LOG_FIRST,
			.log_next_idx = base + TEST_LOG_NEXT,
		};
	else
		names.prb = base + TEST_LOG_PRB;
	vmcoreinfo_read(&info, &m, base + TEST_LOG_INFO,
			base + TEST_LOG_INFO_SIZE);
	return kernel_log_read(&log_, &m, &info, &names, &e);
}

static int build_and_read(const struct test_log *t)
{
	test_log_build(t, &built);
	return read_log(t);
}

static void check_text(const char *text)
{
	ck_assert_msg(log_.text.len == strlen(text) &&
			      !memcmp(log_.text.data, text, log_.text.len),
		      "\n%.*s", (int)log_.text.len,
		      (const char *)log_.text.data);
}

/* The offsets of 6.8 and later, and the ring by its address. */
#define INFO_LATER                                      \
	"OSRELEASE=6.12.1\n"                            \
	"SYMBOL(prb)=ffffffff82a00000\n"                \
	"SIZE(printk_ringbuffer)=88\n"                  \
	"OFFSET(printk_ringbuffer.text_data_ring)=48\n" \
	"OFFSET(printk_ringbuffer.fail)=80\n"           \
	"SIZE(printk_info)=88"

static const struct {
	const char *what;
	struct test_log log;
} forms[] = {
	{ "5.9", { .old = true, .buf_size = 4096 } },
	{ "5.9, round the end", { .old = true, .buf_size = 256, .skip = 160 } },
	{ "5.9 of 32 bits", { .old = true, .is32 = true, .buf_size = 4096 } },
	{ "5.10", { .buf_size = 4096 } },
	{ "5.10, ids overflow", { .buf_size = 4096, .skip = 14 } },
	{ "5.10, texts go round", { .buf_size = 128, .skip = 7 } },
	{ "5.10, texts overflow", { .buf_size = 128, .skip = 13 } },
	{ "5.10 of 32 bits", { .buf_size = 4096, .is32 = true } },
	{ "6.8", { .buf_size = 4096, .later = true } },
	{ "6.8 of 32 bits", { .buf_size = 4096, .later = true, .is32 = true } },
	{ "6.8 by VMCOREINFO",
	  { .buf_size = 4096, .later = true, .info = INFO_LATER } },
};

START_TEST(log__reads_every_form)
{
	struct test_log t = forms[_i].log;

	t.records = usual;
	t.records_count = COUNT(usual);
	ck_assert_msg(!build_and_read(&t), "%s: %s", forms[_i].what, e.msg);
	ck_assert_uint_eq(log_.left_out, 0);
	ck_assert_uint_eq(log_.records, t.records_count);
	check_text(USUAL);
}
END_TEST

/* A record that is being written is not there yet; one that may be continued
 * is. */
START_TEST(log__takes_finished_records)
{
	const struct test_log_record records[] = {
		{ .prio = 6, .text = "finalized" },
		{ .prio = 6, .text = "reserved", .state = 1 },
		{ .prio = 6, .text = "reusable", .state = 4 },
		{ .prio = 6, .text = "committed", .state = 2 },
	};
	const struct test_log t = { .buf_size = 4096,
				    .records = records,
				    .records_count = COUNT(records) };

	assert_ok(build_and_read(&t), &e);
	check_text("<6>[    0.000000] finalized\n"
		   "<6>[    0.000000] committed\n");
}
END_TEST

/* Where the fields are that a liar changes; see log_builder.c. */
#define DESC(i)	  (12288 + (i)*24)
#define INFO(i)	  (12288 + 16 * 24 + (i)*88)
#define TEXTS	  (12288 + 16 * (24 + 88))
#define OLD(off)  (12288 + (off))
#define RING(off) (TEST_LOG_RING + (off))

static const struct {
	const char *what;
	struct test_log log;
	uint64_t off, value;
	unsigned size;
	int rc;
	uint64_t left_out;
	const char *message;
} lies[] = {
	{ "no ring",
	  { 0 },
	  TEST_LOG_PRB,
	  0x1000,
	  8,
	  -EINVAL,
	  0,
	  "the ring of the kernel's log is not in memory" },
	{ "too many descriptors",
	  { 0 },
	  RING(0),
	  21,
	  4,
	  -EINVAL,
	  0,
	  "the ring of the kernel's log is not in memory" },
	{ "descriptors elsewhere",
	  { 0 },
	  RING(8),
	  0,
	  8,
	  -EINVAL,
	  0,
	  "the ring of the kernel's log is not in memory" },
	{ "infos elsewhere", { 0 }, RING(16), 0, 8, -EINVAL, 0, "not in" },
	{ "too many texts", { 0 }, RING(40), 26, 4, -EINVAL, 0, "not in" },
	{ "texts elsewhere", { 0 }, RING(48), 0, 8, -EINVAL, 0, "not in" },
	{ "a head far away", { 0 }, RING(24), 0x1234567, 8, 0, 0, "" },
	{ "another id", { 0 }, DESC(0), UINT64_C(2) << 62 | 5, 8, 0, 1, "" },
	{ "a text of another", { 0 }, TEXTS, 77, 8, 0, 1, "" },
	{ "an empty text", { 0 }, DESC(0) + 16, -4096ull, 8, 0, 1, "" },
	{ "a text too long", { 0 }, DESC(0) + 16, 1 << 20, 8, 0, 1, "" },
	{ "5.9: no buffer",
	  { .old = true },
	  TEST_LOG_BUF,
	  0,
	  8,
	  -ENOENT,
	  0,
	  "no records that are sound" },
	{ "5.9: too large",
	  { .old = true },
	  TEST_LOG_BUF_LEN,
	  1u << 31,
	  4,
	  -EINVAL,
	  0,
	  "log of 2147483648 bytes is from 0 to " },
	{ "5.9: begins behind",
	  { .old = true },
	  TEST_LOG_FIRST,
	  4096,
	  4,
	  -EINVAL,
	  0,
	  "is from 4096 to " },
	{ "5.9: ends nowhere", { .old = true }, TEST_LOG_NEXT, 3, 4, 0, 1, "" },
	{ "5.9: a record too long",
	  { .old = true },
	  OLD(8),
	  5000,
	  2,
	  -ENOENT,
	  0,
	  "sound" },
	{ "5.9: a record too short",
	  { .old = true },
	  OLD(8),
	  15,
	  2,
	  -ENOENT,
	  0,
	  "sound" },
	{ "5.9: a text too long",
	  { .old = true },
	  OLD(10),
	  100,
	  2,
	  -ENOENT,
	  0,
	  "sound" },
	{ "5.9: goes round",
	  { .old = true },
	  OLD(8),
	  0,
	  2,
	  -ENOENT,
	  0,
	  "sound" },
};

START_TEST(log__is_not_misled)
{
	struct test_log t = lies[_i].log;
	int rc;

	t.buf_size = 4096;
	t.records = usual;
	t.records_count = COUNT(usual);
	test_log_build(&t, &built);
	memcpy(built.data + lies[_i].off, &lies[_i].value, lies[_i].size);
	rc = read_log(&t);
	ck_assert_msg(rc == lies[_i].rc, "%s: %d, %s", lies[_i].what, rc,
		      e.msg);
	if (rc)
		assert_err(rc, lies[_i].rc, &e, lies[_i].message);
	else
		ck_assert_msg(log_.left_out == lies[_i].left_out,
			      "%s: left out %d", lies[_i].what,
			      (int)log_.left_out);
	ck_assert_uint_lt(flat.reads, 1000);
}
END_TEST

/* All descriptors of the largest ring claim the same text. */
START_TEST(log__has_an_end)
{
	const struct test_log t = { .buf_size = 4096,
				    .records = usual,
				    .records_count = COUNT(usual) };

	test_log_build(&t, &built);
	*(uint32_t *)(void *)(built.data + RING(0)) = 20;
	*(uint64_t *)(void *)(built.data + RING(24)) = 1 << 25;
	ck_assert_int_eq(read_log(&t), -ENOENT);
}
END_TEST

static const struct {
	const char *text, *why;
	int rc;
} infos[] = {
	{ "OSRELEASE=5\nOFFSET(printk_info.text_len)=4097\n",
	  "VMCOREINFO has OFFSET(printk_info.text_len)=4097; the most is 4096",
	  -EINVAL },
	{ "OSRELEASE=5\nSYMBOL(prb)=0\n", "", 0 }, /* is taken as unknown */
	{ "OSRELEASE=5\nSYMBOL(prb)=10000000000000000\n", "", 0 },
	{ "OSRELEASE=5\nSYMBOL(prb)=\n", "", 0 },
	{ "OSRELEASE=5\nSYMBOL(prb)=12g\n", "", 0 },
	{ "OSRELEASE=5\nSYMBOL(prb)", "", 0 },
	{ "NOTHING=5\nSYMBOL(prb)=1234\n", "", 0 },
	{ "OSRELEASE=5\nSYMBOL(prb)=1234\n", "not in memory", -EINVAL },
};

START_TEST(log__checks_vmcoreinfo)
{
	const struct test_log t = { .buf_size = 4096,
				    .info = infos[_i].text,
				    .records = usual,
				    .records_count = COUNT(usual) };
	int rc = build_and_read(&t);

	ck_assert_msg(rc == infos[_i].rc, "%s: %d", infos[_i].text, rc);
	if (rc)
		assert_err(rc, infos[_i].rc, &e, infos[_i].why);
}
END_TEST

START_TEST(log__without_places)
{
	const struct memory m = flat_memory(&flat, true);
	const struct kernel_log_names names = { 0 };

	info.len = 0;
	assert_err(kernel_log_read(&log_, &m, &info, &names, &e), -ENOENT, &e,
		   "neither a VMCOREINFO nor names");
}
END_TEST

START_TEST(log__gives_its_last_lines)
{
	static const char *const lines[] = { "[1] c", "b", "<x", "", "a" };
	const struct bytes text = {
		(const uint8_t *)"<6>a\n\n<x\nb\n<30>[1] c\n", 21
	};
	struct bytes line;
	size_t at = text.len;

	for (size_t i = 0; i < COUNT(lines); i++) {
		ck_assert(kernel_log_line_before(text, &at, &line));
		ck_assert_msg(line.len == strlen(lines[i]) &&
				      !memcmp(line.data, lines[i], line.len),
			      "%.*s", (int)line.len, (const char *)line.data);
	}
	ck_assert(!kernel_log_line_before(text, &at, &line));
}
END_TEST

static const struct {
	const char *what;
	uint32_t name, len, type;
	const char *text;
	size_t page, want;
} notes[] = {
	{ "a note", 11, 14, 0, "OSRELEASE=6.1\n", 4096, 14 },
	{ "ends with the page", 11, 14, 0, "OSRELEASE=6.1\n", 38, 14 },
	{ "longer than the page", 11, 5000, 0, "OSRELEASE=6.1\n", 4096, 14 },
	{ "another type", 11, 14, 1, "OSRELEASE=6.1\n", 4096, 0 },
	{ "another name", 10, 14, 0, "OSRELEASE=6.1\n", 4096, 0 },
	{ "another text", 11, 14, 0, "Osrelease=6.1\n", 4096, 0 },
	{ "no text", 11, 14, 0, "OSRELEASE=6.1\n", 24, 0 },
	{ "half a head", 11, 14, 0, "OSRELEASE=6.1\n", 12, 0 },
	{ "nothing", 11, 14, 0, "OSRELEASE=6.1\n", 0, 0 },
};

START_TEST(vmcoreinfo__from_a_note)
{
	uint8_t page[4096] = { 0 };

	memcpy(page, &notes[_i].name, 12);
	memcpy(page + 12, "VMCOREINFO", 11);
	memcpy(page + 24, notes[_i].text, strlen(notes[_i].text));
	ck_assert(vmcoreinfo_from_note(
			  &info, (struct bytes){ page, notes[_i].page }) ==
		  (notes[_i].want != 0));
	ck_assert_msg(info.len == notes[_i].want, "%s", notes[_i].what);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("kernel_log");
	TCase *tc = tcase_create("kernel_log");

	tcase_add_checked_fixture(tc, NULL, teardown);
	tcase_add_loop_test(tc, log__reads_every_form, 0, COUNT(forms));
	tcase_add_test(tc, log__takes_finished_records);
	tcase_add_loop_test(tc, log__is_not_misled, 0, COUNT(lies));
	tcase_add_test(tc, log__has_an_end);
	tcase_add_loop_test(tc, log__checks_vmcoreinfo, 0, COUNT(infos));
	tcase_add_test(tc, log__without_places);
	tcase_add_test(tc, log__gives_its_last_lines);
	tcase_add_loop_test(tc, vmcoreinfo__from_a_note, 0, COUNT(notes));
	suite_add_tcase(s, tc);
	return s;
}
