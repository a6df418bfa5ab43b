/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The initramfs of `launcher exec`: the archive, the modules in it, and the
 * words for the init, read by the init's own code.
 */
#include "unit/unit.h"
#include "../../guest/init/words.h"
#include "exec/cpio.h"
#include "exec/initramfs.h"
#include "exec/kernel.h"
#include "pv/exec.h"
#include "support/payloads.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#define HEADER 110

/* ---- the archive */

/* The number at place @i of the header at @off. */
static unsigned long field(const struct cpio *c, size_t off, unsigned i)
{
	char digits[9] = "";

	memcpy(digits, c->bytes.data + off + 6 + 8 * i, 8);
	return strtoul(digits, NULL, 16);
}

enum { INO, MODE, UID, GID, NLINK, MTIME, FILESIZE, NAMESIZE = 11 };

START_TEST(cpio__header_names_the_file)
{
	struct cpio c = { 0 };

	cpio_add_folder(&c, "dev");
	cpio_add_file(&c, "dev/x", 0755, (struct bytes){ (void *)"abcde", 5 });
	ck_assert_uint_eq(c.bytes.len, (HEADER + 4 + 2) + (HEADER + 6) + 8);
	ck_assert(!memcmp(c.bytes.data, "070701", 6));
	ck_assert_uint_eq(field(&c, 0, MODE), 040755);
	ck_assert_str_eq((char *)c.bytes.data + HEADER, "dev");
	ck_assert(!memcmp(c.bytes.data + 116, "070701", 6));
	ck_assert_uint_eq(field(&c, 116, MODE), 0100755);
	ck_assert_uint_eq(field(&c, 116, FILESIZE), 5);
	ck_assert_uint_eq(field(&c, 116, NAMESIZE), 6);
	ck_assert_uint_eq(field(&c, 116, INO), 2);
	ck_assert_str_eq((char *)c.bytes.data + 116 + HEADER, "dev/x");
	ck_assert(!memcmp(c.bytes.data + 116 + HEADER + 6, "abcde\0\0", 8));
	cpio_release(&c);
}
END_TEST

/* Every part begins at a multiple of four. */
START_TEST(cpio__parts_are_aligned)
{
	struct cpio c = { 0 };

	for (size_t len = 0; len < 6; len++) {
		char name[8] = "abcdefg";

		name[len + 1] = '\0';
		cpio_add_file(&c, name, 0644,
			      (struct bytes){ (void *)"12345", len });
		ck_assert_uint_eq(c.bytes.len % 4, 0);
	}
	cpio_end(&c);
	ck_assert_uint_eq(c.bytes.len % 4, 0);
	ck_assert_str_eq((char *)c.bytes.data + c.bytes.len - 14, "TRAILER!!!");
	cpio_release(&c);
}
END_TEST

/* ---- the words */

static const struct modules no_modules;
static const char *const args[] = { "sh", "-c", "exit 7", "", NULL };
static const char *const envs[] = { "A=b", "EMPTY=", NULL };
static const gid_t groups[] = { 4, 4294967294u };

static const struct exec_job job = {
	.modules = &no_modules,
	.root = "root",
	.overlay = true,
	.shares = { { "rw0", "/a=b,c" } },
	.shares_count = 1,
	.nets = { { .card = "eth0" },
		  { "eth1", "10.0.2.15/24", "255.255.255.255", "0.0.0.0" },
		  { .card = "eth2", .address = "10.0.3.15/24" } },
	.nets_count = 3,
	.host = "here",
	.uid = 1000,
	.gid = 4294967294u,
	.groups = groups,
	.groups_count = COUNT(groups),
	.dir = "/tmp/with blank",
	.tty = { false, true, false },
	.args = args,
	.envs = envs,
};

START_TEST(words__init_reads_what_was_written)
{
	struct buf b = { 0 };
	struct words w;
	const char *bad, *list[5];
	struct err e;

	assert_ok(exec_words(&job, &b, &e), &e);
	ck_assert_ptr_null(words_read(&w, (char *)b.data, b.len, &bad));
	ck_assert_str_eq(w.root, "root");
	ck_assert(w.overlay);
	ck_assert_uint_eq(w.shares_count, 1);
	ck_assert_str_eq(w.shares[0].tag, "rw0");
	ck_assert_str_eq(w.shares[0].at, "/a=b,c");
	ck_assert_uint_eq(w.nets_count, 3);
	ck_assert_str_eq(w.nets[0].card, "eth0");
	ck_assert_uint_eq(w.nets[0].address, 0);
	ck_assert_ptr_null(w.nets[0].dns);
	ck_assert_str_eq(w.nets[1].card, "eth1");
	ck_assert_uint_eq(w.nets[1].address, 0x0a00020f);
	ck_assert_uint_eq(w.nets[1].prefix, 24);
	ck_assert_uint_eq(w.nets[1].gateway, 0xffffffff);
	ck_assert_str_eq(w.nets[1].dns, "0.0.0.0");
	ck_assert_uint_eq(w.nets[2].address, 0x0a00030f);
	ck_assert_uint_eq(w.nets[2].gateway, 0);
	ck_assert_ptr_null(w.nets[2].dns);
	ck_assert_str_eq(w.host, "here");
	ck_assert_uint_eq(w.uid, 1000);
	ck_assert_uint_eq(w.gid, 4294967294u);
	ck_assert_uint_eq(w.groups_count, 2);
	ck_assert_uint_eq(w.groups[1], 4294967294u);
	ck_assert_str_eq(w.dir, "/tmp/with blank");
	ck_assert(!w.tty[0] && w.tty[1] && !w.tty[2]);
	ck_assert_uint_eq(w.args_count, 4);
	ck_assert_uint_eq(w.envs_count, 2);
	words_list((char *)b.data, b.len, "arg", list);
	for (size_t i = 0; i < 4; i++)
		ck_assert_str_eq(list[i], args[i]);
	ck_assert_ptr_null(list[4]);
	words_list((char *)b.data, b.len, "env", list);
	ck_assert_str_eq(list[0], "A=b");
	ck_assert_str_eq(list[1], "EMPTY=");
	ck_assert_ptr_null(list[2]);
	buf_release(&b);
}
END_TEST

#define WORDS(text) text, sizeof(text)

static const struct {
	const char *text;
	size_t len;
	const char *why, *bad;
} wrong[] = {
	{ WORDS("root=r"), "no command", "" },
	{ WORDS("arg=x"), "no root", "" },
	{ "root=r", 6, "the last word has no end", "" },
	{ "", 0, "no root", "" },
	{ WORDS("root=r\0roots=r"), "unknown key", "roots=r" },
	{ WORDS("root"), "unknown key", "root" },
	{ WORDS("uid="), "missing number", "uid=" },
	{ WORDS("uid=-1"), "not a number of 32 bits", "uid=-1" },
	{ WORDS("gid=4294967296"), "not a number of 32 bits",
	  "gid=4294967296" },
	{ WORDS("group=18446744073709551617"), "not a number of 32 bits",
	  "group=18446744073709551617" },
	{ WORDS("at=/x"), "a path without a share", "at=/x" },
	{ WORDS("share=a\0at=/x\0at=/y"), "a path without a share", "at=/y" },
	{ WORDS("root=r\0arg=x\0share=a"), "a share without a path", "" },
	{ WORDS("address=1.2.3.4/8"), "an address without a card",
	  "address=1.2.3.4/8" },
	{ WORDS("gateway=1.2.3.4"), "a gateway without a card",
	  "gateway=1.2.3.4" },
	{ WORDS("dns=1.2.3.4"), "a name server without a card", "dns=1.2.3.4" },
	{ WORDS("net=a\0address=1.2.3.4/8\0address=1.2.3.4/8"),
	  "an address without a card", "address=1.2.3.4/8" },
	{ WORDS("net=a\0address=1.2.3.4"), "not an address",
	  "address=1.2.3.4" },
	{ WORDS("net=a\0address=1.2.3.4/"), "not an address",
	  "address=1.2.3.4/" },
	{ WORDS("net=a\0address=1.2.3.4/0"), "not an address",
	  "address=1.2.3.4/0" },
	{ WORDS("net=a\0address=1.2.3.4/33"), "not an address",
	  "address=1.2.3.4/33" },
	{ WORDS("net=a\0address=1.2.3.4/8x"), "not an address",
	  "address=1.2.3.4/8x" },
	{ WORDS("net=a\0gateway=1.2.3"), "not an address", "gateway=1.2.3" },
	{ WORDS("net=a\0gateway=1.2.3."), "not an address", "gateway=1.2.3." },
	{ WORDS("net=a\0gateway=1.2.3.256"), "not an address",
	  "gateway=1.2.3.256" },
	{ WORDS("net=a\0gateway=1.2.3.4294967297"), "not an address",
	  "gateway=1.2.3.4294967297" },
	{ WORDS("net=a\0dns=1..2.3"), "not an address", "dns=1..2.3" },
	{ WORDS("net=a\0dns="), "not an address", "dns=" },
	{ WORDS("stdin=file"), "unknown stream", "stdin=file" },
};

START_TEST(words__init_refuses)
{
	struct words w;
	const char *bad;

	ck_assert_str_eq(words_read(&w, wrong[_i].text, wrong[_i].len, &bad),
			 wrong[_i].why);
	ck_assert_str_eq(bad, wrong[_i].bad);
}
END_TEST

/* One more of each than there is room for. */
START_TEST(words__init_counts)
{
	static const struct {
		const char *word, *why;
		unsigned room;
	} rows[] = {
		{ "module=/m", "too many modules", WORDS_MODULES_MAX },
		{ "group=1", "too many groups", WORDS_GROUPS_MAX },
		{ "net=n", "too many network cards", WORDS_NETS_MAX },
		{ "share=s\0at=/s", "too many shares", WORDS_SHARES_MAX },
	};
	struct words w;
	const char *bad;

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct buf b = { 0 };
		size_t len = strlen(rows[i].word) + 1;

		if (!strcmp(rows[i].word, "share=s"))
			len += sizeof("at=/s");
		buf_add(&b, WORDS("root=r\0arg=x"));
		for (unsigned n = 0; n < rows[i].room; n++)
			buf_add(&b, rows[i].word, len);
		ck_assert_ptr_null(words_read(&w, (char *)b.data, b.len, &bad));
		buf_add(&b, rows[i].word, len);
		ck_assert_str_eq(words_read(&w, (char *)b.data, b.len, &bad),
				 rows[i].why);
		buf_release(&b);
	}
}
END_TEST

/* ---- modules */

static void write_file(const char *path, const void *data, size_t len)
{
	FILE *f = fopen(path, "w");

	ck_assert(f && fwrite(data, 1, len, f) == len && !fclose(f));
}

static const uint8_t elf[4096] = { 0x7f, 'E', 'L', 'F', 2, 1 };

START_TEST(module__is_decompressed)
{
	static const char *const formats_of_modules[] = { "gzip", "xz", "zstd",
							  "none" };
	struct buf file = { 0 }, out = { 0 };
	struct err e;

	ck_assert(!payload_compress(formats_of_modules[_i], elf, sizeof(elf),
				    &file, false));
	write_file("m.ko", file.data, file.len);
	buf_add(&out, "before", 6);
	assert_ok(module_read("m.ko", &out, &e), &e);
	ck_assert_uint_eq(out.len, 6 + sizeof(elf));
	ck_assert(!memcmp(out.data + 6, elf, sizeof(elf)));
	buf_release(&file);
	buf_release(&out);
}
END_TEST

START_TEST(module__bad_file_is_named)
{
	struct buf file = { 0 }, out = { 0 };
	struct err e;

	assert_err(module_read("absent.ko", &out, &e), -ENOENT, &e,
		   "absent.ko: ");
	write_file("text.ko", "text", 4);
	assert_err(module_read("text.ko", &out, &e), -EINVAL, &e,
		   "module text.ko: not an ELF, and compressed in no known "
		   "format");
	ck_assert(!payload_compress("gzip", elf, sizeof(elf), &file, false));
	write_file("cut.ko", file.data, file.len / 2);
	assert_err(module_read("cut.ko", &out, &e), -ENODATA, &e,
		   "module cut.ko: gzip");
	ck_assert_uint_eq(out.len, 0);
	buf_release(&file);
}
END_TEST

/* A few KB that become more than a module may have. */
START_TEST(module__bomb_is_refused)
{
	size_t len = MODULE_SIZE_MAX + 1;
	uint8_t *zeros = calloc(1, len);
	struct buf file = { 0 }, out = { 0 };
	struct err e;

	ck_assert(!payload_compress("gzip", zeros, len, &file, false));
	write_file("bomb.ko", file.data, file.len);
	assert_err(module_read("bomb.ko", &out, &e), -EFBIG, &e,
		   "module bomb.ko: ");
	free(zeros);
	buf_release(&file);
	buf_release(&out);
}
END_TEST

START_TEST(modules__folder_without_index)
{
	struct modules m;
	struct err e;

#if HAVE_KMOD
	assert_err(modules_open(&m, ".", &e), -ENOENT, &e,
		   "./modules.dep.bin: No such file or directory; depmod(8) "
		   "makes that index");
#else
	assert_err(modules_open(&m, ".", &e), -EOPNOTSUPP, &e, "libkmod");
#endif
	ck_assert_ptr_null(m.ctx);
	modules_release(&m);
}
END_TEST

/* ---- together */

static bool holds(const uint8_t *data, size_t len, const char *text)
{
	return memmem(data, len, text, strlen(text)) != NULL;
}

START_TEST(initramfs__has_init_words_and_modules)
{
	char path[] = "m.ko";
	struct modules m = { .paths = { path }, .count = 1 };
	struct exec_job mine = job;
	uint8_t *data;
	struct err e;
	off_t len;
	int fd = memfd_create("initramfs", MFD_CLOEXEC);

	write_file(path, elf, sizeof(elf));
	mine.modules = &m;
	assert_ok(exec_initramfs(&mine, fd, &e), &e);
	len = lseek(fd, 0, SEEK_END);
	ck_assert_int_gt(len, 10000);
	ck_assert_int_eq(len % 4, 0);
	data = mmap(NULL, (size_t)len, PROT_READ, MAP_PRIVATE, fd, 0);
	ck_assert(data != MAP_FAILED);
	ck_assert(holds(data, (size_t)len, "exec.words"));
	ck_assert(holds(data, (size_t)len, "module=/modules/000.ko"));
	ck_assert(holds(data, (size_t)len, "arg=exit 7"));
	ck_assert(holds(data, (size_t)len, "TRAILER!!!"));
	munmap(data, (size_t)len);
	path[0] = 'n';
	assert_err(exec_initramfs(&mine, fd, &e), -ENOENT, &e, "n.ko: ");
	close(fd);
}
END_TEST

/* What a status looks like at the test port. */
START_TEST(report__keeps_kind_and_value)
{
	unsigned v = EXEC_REPORT(EXEC_KILLED, 9);

	ck_assert_uint_eq(v & EXEC_MAGIC_MASK, EXEC_MAGIC);
	ck_assert_uint_eq(EXEC_KIND(v), EXEC_KILLED);
	ck_assert_uint_eq(EXEC_VALUE(v), 9);
	ck_assert_uint_eq(EXEC_VALUE(EXEC_REPORT(EXEC_EXITED, 255)), 255);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("exec");
	TCase *t = tcase_create("all");

	tcase_add_test(t, cpio__header_names_the_file);
	tcase_add_test(t, cpio__parts_are_aligned);
	tcase_add_test(t, words__init_reads_what_was_written);
	tcase_add_loop_test(t, words__init_refuses, 0, COUNT(wrong));
	tcase_add_test(t, words__init_counts);
	tcase_add_loop_test(t, module__is_decompressed, 0, 4);
	tcase_add_test(t, module__bad_file_is_named);
	tcase_add_test(t, module__bomb_is_refused);
	tcase_add_test(t, modules__folder_without_index);
	tcase_add_test(t, initramfs__has_init_words_and_modules);
	tcase_add_test(t, report__keeps_kind_and_value);
	suite_add_tcase(s, t);
	return s;
}
