/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reading and writing files: what is refused with which message, and that a
 * result is written whole or not at all.
 */
#include "unit/unit.h"
#include "base/file.h"
#include "base/output.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/inotify.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <dirent.h>
#include <unistd.h>

#define LIMIT 1000

static char dir[] = "./launcher-file-XXXXXX";

/* Each test works in a new folder. */
static void enter(void)
{
	ck_assert_ptr_nonnull(mkdtemp(dir));
	ck_assert_int_eq(chdir(dir), 0);
}

static void leave(void)
{
	char cmd[64];

	snprintf(cmd, sizeof(cmd), "rm -r %s", dir);
	ck_assert_int_eq(chdir("..") || system(cmd), 0);
}

static void put(const char *path, size_t len)
{
	FILE *f = fopen(path, "w");

	while (len--)
		fputc('x', f);
	ck_assert_int_eq(fclose(f), 0);
}

static int count_entries(void)
{
	DIR *d = opendir(".");
	int n = -2; /* . and .. */

	while (readdir(d))
		n++;
	closedir(d);
	return n;
}

static void expect_content(const char *path, const char *want)
{
	struct file f = { 0 };
	struct err e = ERR_EMPTY;

	assert_ok(file_open(&f, path, 1 << 20, &e), &e);
	ck_assert_uint_eq(f.bytes.len, strlen(want));
	ck_assert(!memcmp(f.bytes.data, want, f.bytes.len));
	file_close(&f);
}

START_TEST(file__opens_up_to_the_limit)
{
	struct file f = { 0 };
	struct err e = ERR_EMPTY;
	int rc;

	put("f", LIMIT);
	assert_ok(file_open(&f, "f", LIMIT, &e), &e);
	ck_assert_uint_eq(f.bytes.len, LIMIT);
	ck_assert_int_eq(f.bytes.data[LIMIT - 1], 'x');
	file_close(&f);
	ck_assert_ptr_null(f.bytes.data);
	file_close(&f); /* the empty struct */
	rc = file_open(&f, "f", LIMIT - 1, &e);
	assert_err(rc, -EFBIG, &e, "f: larger than the limit of 999 bytes");
	ck_assert_ptr_null(f.bytes.data);
}
END_TEST

static int measure(struct input *in, const char *path, uint64_t limit,
		   struct err *e)
{
	return input_open(in, path, e) ?: input_measure(in, limit, e);
}

static void make_socket(const char *path)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	strcpy(a.sun_path, path);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	close(fd);
}

START_TEST(file__refuses_what_is_not_a_file)
{
	static const struct {
		const char *path;
		int rc;
		const char *msg;
	} rows[] = {
		{ "nothing", -ENOENT, "nothing: No such file or directory" },
		{ "folder", -EISDIR, "folder: is a directory" },
		{ "empty", -EINVAL, "empty: is empty" },
		{ "/dev/null", -EINVAL, "/dev/null: is a character device" },
		{ "socket", -EINVAL, "socket: is a socket" },
		{ "empty/x", -ENOTDIR, "empty/x: Not a directory" },
		{ "", -ENOENT, "the file's name is empty" },
	};
	struct input s = INPUT_EMPTY;
	struct file f = { 0 };

	mkdir("folder", 0700);
	make_socket("socket");
	put("empty", 0);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct err e = ERR_EMPTY;
		int rc = file_open(&f, rows[i].path, LIMIT, &e);

		assert_err(rc, rows[i].rc, &e, rows[i].msg);
		ck_assert_ptr_null(f.bytes.data);
		rc = measure(&s, rows[i].path, LIMIT, &e);
		assert_err(rc, rows[i].rc, &e, rows[i].msg);
		input_close(&s);
	}
}
END_TEST

/* Opening a device may have side effects. A folder can be watched for it. */
START_TEST(file__does_not_open_what_it_refuses)
{
	int fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	struct file f = { 0 };
	struct err e;
	char event[512];

	mkdir("folder", 0700);
	ck_assert_int_ge(inotify_add_watch(fd, "folder", IN_OPEN), 0);
	ck_assert_int_eq(file_open(&f, "folder", LIMIT, &e), -EISDIR);
	ck_assert_int_eq(read(fd, event, sizeof(event)), -1);
	ck_assert_int_eq(errno, EAGAIN);
	/* The watch works. */
	close(open("folder", O_RDONLY));
	ck_assert_int_gt(read(fd, event, sizeof(event)), 0);
	close(fd);
}
END_TEST

/* A child that opens the FIFO @path after a while and writes @len bytes. */
static pid_t feed_fifo(const char *path, size_t len)
{
	pid_t child = fork();
	int fd;

	if (child)
		return child;
	signal(SIGPIPE, SIG_DFL);
	usleep(20000);
	fd = open(path, O_WRONLY);
	while (len-- && write(fd, "x", 1) == 1)
		;
	_exit(0);
}

START_TEST(file__waits_for_the_writer_of_a_fifo)
{
	static const struct {
		size_t len;
		int rc;
		const char *msg;
	} rows[] = {
		{ LIMIT, 0, "" },
		{ 1, 0, "" },
		{ 0, -EINVAL, "fifo: is empty" },
		{ LIMIT + 1, -EFBIG, "fifo: larger than the limit of 1000" },
	};

	mkfifo("fifo", 0600);
	for (size_t i = 0; i < 2 * COUNT(rows); i++) {
		size_t row = i / 2;
		pid_t child = feed_fifo("fifo", rows[row].len);
		struct input s = INPUT_EMPTY;
		struct file f = { 0 };
		struct err e = ERR_EMPTY;
		int rc;

		if (i % 2)
			rc = measure(&s, "fifo", LIMIT, &e);
		else
			rc = file_open(&f, "fifo", LIMIT, &e);
		assert_err(rc, rows[row].rc, &e, rows[row].msg);
		ck_assert_uint_eq(f.bytes.len + s.size, rc ? 0 : rows[row].len);
		file_close(&f);
		input_close(&s);
		waitpid(child, NULL, 0);
	}
}
END_TEST

/* What a shell's <(...) gives: the name of a pipe. */
START_TEST(file__reads_a_pipe_by_its_name)
{
	int fd[2];
	char path[32];

	ck_assert_int_eq(pipe(fd), 0);
	ck_assert_int_eq(write(fd[1], "hello", 5), 5);
	close(fd[1]);
	snprintf(path, sizeof(path), "/dev/fd/%d", fd[0]);
	expect_content(path, "hello");
	close(fd[0]);
}
END_TEST

START_TEST(input__copies_where_it_is_told)
{
	struct input s = INPUT_EMPTY;
	struct err e = ERR_EMPTY;
	char to[LIMIT + 1];

	put("f", LIMIT);
	memset(to, '.', sizeof(to));
	assert_ok(measure(&s, "f", LIMIT, &e), &e);
	ck_assert_uint_eq(s.size, LIMIT);
	/* It grows; the new bytes are not read. */
	put("f", LIMIT + 100);
	assert_ok(input_copy(&s, to, &e), &e);
	ck_assert_int_eq(to[LIMIT - 1], 'x');
	ck_assert_int_eq(to[LIMIT], '.');
	ck_assert_int_eq(truncate("f", 10), 0);
	assert_err(input_copy(&s, to, &e), -ENODATA, &e,
		   "f: was cut short to 10 of 1000 bytes while it was read");
	input_close(&s);
	ck_assert_int_eq(s.fd, -1);
	input_close(&s); /* the empty one */
	assert_err(measure(&s, "f", 9, &e), -EFBIG, &e,
		   "f: larger than the limit of 9 bytes");
}
END_TEST

/* Standard input becomes a pipe; a child writes @len bytes to it, slowly at
 * first so that reads are short. */
static pid_t feed(size_t len, bool nonblocking)
{
	int fd[2];
	pid_t child;

	ck_assert_int_eq(pipe(fd), 0);
	child = fork();
	if (!child) {
		close(fd[0]);
		signal(SIGPIPE, SIG_DFL);
		for (size_t i = 0; i < len; i++) {
			if (write(fd[1], "x", 1) != 1)
				_exit(1);
			if (i < 3)
				usleep(2000);
		}
		_exit(0);
	}
	close(fd[1]);
	if (nonblocking)
		fcntl(fd[0], F_SETFL, O_NONBLOCK);
	if (fd[0] != 0) {
		dup2(fd[0], 0);
		close(fd[0]);
	}
	return child;
}

START_TEST(file__reads_standard_input_to_its_end)
{
	static const struct {
		size_t len;
		bool nonblocking;
		int rc;
		const char *msg;
	} rows[] = {
		{ LIMIT, false, 0, "" },
		{ LIMIT, true, 0, "" },
		{ 0, false, -EINVAL, "standard input: is empty" },
		{ LIMIT + 1, false, -EFBIG,
		  "standard input: larger than the limit of 1000 bytes" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		pid_t child = feed(rows[i].len, rows[i].nonblocking);
		struct file f = { 0 };
		struct err e = ERR_EMPTY;
		int rc = file_open(&f, "-", LIMIT, &e);

		assert_err(rc, rows[i].rc, &e, rows[i].msg);
		ck_assert_uint_eq(f.bytes.len, rc ? 0 : rows[i].len);
		file_close(&f);
		close(0);
		waitpid(child, NULL, 0);
	}
}
END_TEST

/* An endless input ends at the limit, and uses little memory. */
START_TEST(file__endless_standard_input_is_too_large)
{
	struct file f = { 0 };
	struct err e = ERR_EMPTY;
	int fd = open("/dev/zero", O_RDONLY), rc;

	dup2(fd, 0);
	close(fd);
	rc = file_open(&f, "-", 5 << 20, &e);
	assert_err(rc, -EFBIG, &e, "limit of 5242880 bytes");
}
END_TEST

static int write_text(const char *path, const char *a, const char *b,
		      struct err *e)
{
	const struct bytes parts[] = {
		{ (const uint8_t *)a, strlen(a) },
		{ NULL, 0 },
		{ (const uint8_t *)b, strlen(b) },
	};

	return output_save(path, parts, 3, 0644, e);
}

/* Whether there is room for it; no file may be left over. */
static int check_output(const char *path, struct err *e)
{
	struct output o = OUTPUT_EMPTY;
	int rc = output_open(&o, path, 0666, e);

	output_discard(&o);
	return rc;
}

/* Replaces libc's openat64: a file system without unnamed files. */
static bool no_tmpfile;

int openat(int folder, const char *path, int flags, ...)
{
	unsigned mode;
	va_list ap;

	va_start(ap, flags);
	mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(ap, unsigned) : 0;
	va_end(ap);
	if (no_tmpfile && (flags & O_TMPFILE) == O_TMPFILE) {
		errno = EOPNOTSUPP;
		return -1;
	}
	return (int)syscall(SYS_openat, folder, path, flags, mode);
}

START_TEST(output__creates_and_replaces)
{
	struct err e = ERR_EMPTY;
	struct stat st;

	umask(027);
	assert_ok(write_text("out", "hello, ", "world", &e), &e);
	expect_content("out", "hello, world");
	ck_assert_int_eq(stat("out", &st), 0);
	ck_assert_int_eq(st.st_mode & 07777, 0640);
	assert_ok(write_text("out", "again", "", &e), &e);
	expect_content("out", "again");
	mkdir("sub", 0700);
	assert_ok(write_text("sub/out", "below", "", &e), &e);
	expect_content("sub/out", "below");
	ck_assert_int_eq(count_entries(), 2);
}
END_TEST

START_TEST(output__follows_a_link_and_keeps_it)
{
	struct err e = ERR_EMPTY;
	struct stat st;

	put("target", 3);
	ck_assert_int_eq(symlink("target", "link"), 0);
	assert_ok(write_text("link", "new", "", &e), &e);
	expect_content("target", "new");
	ck_assert(!lstat("link", &st) && S_ISLNK(st.st_mode));
	ck_assert_int_eq(count_entries(), 2);
}
END_TEST

/* Private files stay private; umask and @mode apply to new files. */
START_TEST(output__replacing_keeps_permissions)
{
	static const unsigned modes[] = { 0600, 0444, 0755, 0666 };
	struct err e = ERR_EMPTY;
	struct stat st;

	umask(027);
	for (size_t i = 0; i < 2 * COUNT(modes); i++) {
		unsigned mode = modes[i % COUNT(modes)];

		no_tmpfile = i >= COUNT(modes);
		put("out", 3);
		ck_assert_int_eq(chmod("out", mode), 0);
		assert_ok(write_text("out", "new", "", &e), &e);
		ck_assert_int_eq(stat("out", &st), 0);
		ck_assert_msg((st.st_mode & 07777) == mode, "0%o, not 0%o",
			      st.st_mode & 07777, mode);
		expect_content("out", "new");
		ck_assert_int_eq(unlink("out"), 0);
	}
	no_tmpfile = false;
}
END_TEST

START_TEST(output__refuses_a_link_that_leads_nowhere)
{
	struct err e = ERR_EMPTY;
	struct stat st;
	int rc;

	ck_assert_int_eq(symlink("nothing", "link"), 0);
	rc = write_text("link", "new", "", &e);
	assert_err(rc, -ENOENT, &e,
		   "link: is a symbolic link to a file that does not exist");
	ck_assert_int_eq(symlink("loop", "loop"), 0);
	rc = write_text("loop", "new", "", &e);
	assert_err(rc, -ELOOP, &e, "loop: ");
	ck_assert(!lstat("link", &st) && S_ISLNK(st.st_mode));
	ck_assert(!lstat("loop", &st) && S_ISLNK(st.st_mode));
	ck_assert_int_eq(count_entries(), 2);
}
END_TEST

START_TEST(output__device_stays_a_device)
{
	struct err e = ERR_EMPTY;
	struct stat st;

	assert_ok(write_text("/dev/null", "gone", "", &e), &e);
	ck_assert(!stat("/dev/null", &st) && S_ISCHR(st.st_mode));
	ck_assert_int_eq(write_text("/dev/full", "x", "", &e), -ENOSPC);
	ck_assert_str_eq(e.msg, "/dev/full: write: No space left on device");
}
END_TEST

START_TEST(output__refuses_by_name)
{
	static const struct {
		const char *path;
		int rc;
		const char *msg;
	} rows[] = {
		{ "folder", -EISDIR, "folder: is a directory" },
		{ "no/out", -ENOENT, "no/out: " },
		{ "file/out", -ENOTDIR, "file/out: " },
		{ "", -ENOENT, "name is empty" },
	};

	mkdir("folder", 0700);
	put("file", 3);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct err e = ERR_EMPTY;
		int rc = write_text(rows[i].path, "x", "", &e);

		assert_err(rc, rows[i].rc, &e, rows[i].msg);
		/* The same when asked beforehand. */
		rc = check_output(rows[i].path, &e);
		assert_err(rc, rows[i].rc, &e, rows[i].msg);
	}
	ck_assert_int_eq(count_entries(), 2);
	expect_content("file", "xxx");
}
END_TEST

START_TEST(output_open__accepts_and_leaves_alone)
{
	static const char *const names[] = {
		"-",	"new",	"./new",     "/proc/self/../self/cwd/new",
		"file", "link", "/dev/full", "fifo"
	};
	struct err e = ERR_EMPTY;

	put("file", 3);
	ck_assert(!chmod("file", 0400));
	ck_assert(!symlink("file", "link"));
	ck_assert(!mkfifo("fifo", 0600));
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		assert_ok(check_output(names[i], &e), &e);
	ck_assert_int_eq(count_entries(), 3);
	expect_content("file", "xxx");
}
END_TEST

START_TEST(output_open__refuses_what_writing_would)
{
	static const struct {
		const char *path;
		int rc;
		const char *msg;
	} rows[] = {
		{ "dangling", -ENOENT, "dangling: is a symbolic link to" },
		{ "loop", -ELOOP, "loop: Too many levels" },
	};
	struct err e;

	ck_assert(!symlink("nowhere", "dangling"));
	ck_assert(!symlink("loop", "loop"));
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_err(check_output(rows[i].path, &e), rows[i].rc, &e,
			   rows[i].msg);
}
END_TEST

/* A disk that is full after some bytes, as this process sees it. */
static void limit_file_size(rlim_t bytes)
{
	struct rlimit l = { bytes, bytes };

	signal(SIGXFSZ, SIG_IGN);
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &l), 0);
}

START_TEST(output__failure_leaves_what_was_there)
{
	struct err e = ERR_EMPTY;
	int rc;

	put("old", 3);
	limit_file_size(5);
	rc = write_text("old", "more than", " five bytes", &e);
	assert_err(rc, -EFBIG, &e, "old: write: File too large");
	rc = write_text("new", "more than", " five bytes", &e);
	assert_err(rc, -EFBIG, &e, "new: write: File too large");
	ck_assert_int_eq(count_entries(), 1);
	expect_content("old", "xxx");
}
END_TEST

/* Replaces libc's: /proc is not mounted. */
static bool no_proc;

int linkat(int from_dir, const char *from, int to_dir, const char *to,
	   int flags)
{
	if (no_proc && !strncmp(from, "/proc/", 6)) {
		errno = ENOENT;
		return -1;
	}
	return (int)syscall(SYS_linkat, from_dir, from, to_dir, to, flags);
}

int access(const char *path, int mode)
{
	if (no_proc && !strncmp(path, "/proc/", 6)) {
		errno = ENOENT;
		return -1;
	}
	return faccessat(AT_FDCWD, path, mode, 0);
}

START_TEST(output__without_proc)
{
	struct err e = ERR_EMPTY;
	int rc;

	no_proc = true;
	assert_ok(write_text("out", "hello, ", "world", &e), &e);
	expect_content("out", "hello, world");
	assert_ok(write_text("out", "again", "", &e), &e);
	expect_content("out", "again");
	rc = write_text("no/out", "x", "", &e);
	assert_err(rc, -ENOENT, &e, "no/out: ");
	no_proc = false;
	ck_assert_int_eq(count_entries(), 1);
}
END_TEST

START_TEST(output__without_nameless_files)
{
	struct err e = ERR_EMPTY;
	struct stat st;
	int rc;

	no_tmpfile = true;
	umask(022);
	assert_ok(write_text("out", "hello, ", "world", &e), &e);
	assert_ok(write_text("out", "again", "", &e), &e);
	expect_content("out", "again");
	ck_assert_int_eq(stat("out", &st), 0);
	ck_assert_int_eq(st.st_mode & 07777, 0644);
	limit_file_size(5);
	rc = write_text("out", "more than", " five bytes", &e);
	assert_err(rc, -EFBIG, &e, "out: write: File too large");
	rc = write_text("no/out", "x", "", &e);
	assert_err(rc, -ENOENT, &e, "no/out: ");
	no_tmpfile = false;
	ck_assert_int_eq(count_entries(), 1);
	expect_content("out", "again");
}
END_TEST

/* Replaces libc's. */
static bool no_rename;

int renameat(int from_dir, const char *from, int to_dir, const char *to)
{
	if (no_rename) {
		errno = EBUSY;
		return -1;
	}
	return (int)syscall(SYS_renameat2, from_dir, from, to_dir, to, 0);
}

START_TEST(output__failing_rename_leaves_nothing)
{
	struct err e = ERR_EMPTY;
	int rc;

	put("out", 3);
	no_rename = true;
	for (int i = 0; i < 2; i++) {
		no_tmpfile = i;
		rc = write_text("out", "new", "", &e);
		assert_err(rc, -EBUSY, &e, "out: rename: ");
	}
	no_rename = no_tmpfile = false;
	ck_assert_int_eq(count_entries(), 1);
	expect_content("out", "xxx");
}
END_TEST

START_TEST(output__standard_output_is_written_directly)
{
	struct err e = ERR_EMPTY;
	int fd = open("out", O_WRONLY | O_CREAT, 0600), keep = dup(1);

	fflush(stdout);
	dup2(fd, 1);
	ck_assert_int_eq(write_text("-", "to ", "stdout", &e), 0);
	dup2(keep, 1);
	expect_content("out", "to stdout");
	ck_assert_int_eq(count_entries(), 1);
}
END_TEST

/* Links that another user could have planted: root does not follow them,
 * neither as the last component nor on the way. */
START_TEST(output__planted_links)
{
	struct err e = ERR_EMPTY;

	put("secret", 3);
	mkdir("sticky", 0777);
	mkdir("inner", 0700);
	ck_assert(!symlink("../secret", "sticky/link"));
	ck_assert(!symlink("../inner", "sticky/way"));
	ck_assert(!chmod("sticky", 01777));
	if (geteuid() != 0) {
		/* Links of our own are followed. */
		assert_ok(check_output("sticky/link", &e), &e);
		return;
	}
	assert_err(write_text("sticky/link", "x", "", &e), -EACCES, &e,
		   "sticky/link: 'link' is a symbolic link in a folder that "
		   "all users may write to");
	assert_err(write_text("sticky/way/new", "x", "", &e), -EACCES, &e,
		   "sticky/way/new: 'way' is a symbolic link in a folder");
	expect_content("secret", "xxx");
	ck_assert(!chmod("sticky", 0777));
	assert_ok(write_text("sticky/link", "new", "", &e), &e);
	expect_content("secret", "new");
}
END_TEST

/* Another owner's permissions are not kept; the file is ours then. */
START_TEST(output__replaces_another_owners_file)
{
	struct err e = ERR_EMPTY;
	struct stat st;

	if (geteuid() != 0)
		return;
	umask(022);
	put("out", 3);
	ck_assert(!chmod("out", 0666) && !chown("out", 65534, 65534));
	assert_ok(write_text("out", "new", "", &e), &e);
	ck_assert_int_eq(stat("out", &st), 0);
	ck_assert_int_eq(st.st_mode & 07777, 0644);
	ck_assert_uint_eq(st.st_uid, 0);
}
END_TEST

START_TEST(output__fifo_without_a_reader)
{
	struct patience p = PATIENCE_AT_END;
	struct output o = OUTPUT_EMPTY;
	struct bytes part = { (const uint8_t *)"x", 1 };
	struct err e = ERR_EMPTY;
	char got[2];
	int fd;

	mkfifo("fifo", 0600);
	assert_ok(output_open(&o, "fifo", 0666, &e), &e);
	assert_err(output_finish(&o, &part, 1, &p, &e), -ETIMEDOUT, &e,
		   "fifo: nothing reads it");
	/* The reader may open it later. */
	assert_ok(output_open(&o, "fifo", 0666, &e), &e);
	fd = open("fifo", O_RDONLY | O_NONBLOCK);
	assert_ok(output_finish(&o, &part, 1, &p, &e), &e);
	ck_assert_int_eq(read(fd, got, 2), 1);
	close(fd);
}
END_TEST

Suite *unit_suite(void)
{
	const TTest *const each[] = {
		file__opens_up_to_the_limit,
		file__refuses_what_is_not_a_file,
		file__does_not_open_what_it_refuses,
		file__waits_for_the_writer_of_a_fifo,
		file__reads_a_pipe_by_its_name,
		input__copies_where_it_is_told,
		file__reads_standard_input_to_its_end,
		file__endless_standard_input_is_too_large,
		output__creates_and_replaces,
		output__follows_a_link_and_keeps_it,
		output__replacing_keeps_permissions,
		output__refuses_a_link_that_leads_nowhere,
		output__device_stays_a_device,
		output__refuses_by_name,
		output_open__accepts_and_leaves_alone,
		output_open__refuses_what_writing_would,
		output__planted_links,
		output__replaces_another_owners_file,
		output__fifo_without_a_reader,
		output__failure_leaves_what_was_there,
		output__without_proc,
		output__without_nameless_files,
		output__failing_rename_leaves_nothing,
		output__standard_output_is_written_directly,
	};
	Suite *s = suite_create("file");
	TCase *t = tcase_create("all");

	tcase_add_checked_fixture(t, enter, leave);
	for (size_t i = 0; i < sizeof(each) / sizeof(each[0]); i++)
		tcase_add_test(t, each[i]);
	suite_add_tcase(s, t);
	return s;
}
