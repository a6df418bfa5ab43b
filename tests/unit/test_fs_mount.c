/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * This machine's kernel as the client of the file server: it mounts a share
 * through /dev/fuse, in a mount namespace of the test's own, and programs get
 * there what they get in the folder itself. It sends the same messages as the
 * kernel of a guest does by virtio-fs.
 *
 * Needs root and /dev/fuse; otherwise the tests are skipped.
 */
#include "unit/unit.h"
#include "dev/fs/server.h"

#include <sched.h>
#include <sys/mount.h>

int fs_probe_main(int argc, char **argv);
int fs_grid_main(int argc, char **argv);

#define main fs_probe_main
#include "box/fs_probe.c"
#undef main
#define main fs_grid_main
#include "box/fs_grid.c"
#undef main

#define CANNOT_MOUNT 77
#define DIFFERS	     78
#define BUFFER	     (FS_DATA_MAX + 4096)

/* --- between /dev/fuse and the server */

static void serve_one(struct fs_server *s, int fd, uint8_t *in, size_t len,
		      uint8_t *out)
{
	const struct virtq_seg from = { in, (uint32_t)len },
			       to = { out, BUFFER };
	uint32_t written;
	struct err e;

	if (fs_serve(s, (struct virtq_cursor){ .seg = &from, .left = len },
		     (struct virtq_cursor){
			     .seg = &to, .left = BUFFER, .is_writable = true },
		     &written, &e))
		_exit(1);
	/* The one who asked may be gone (ENOENT). */
	if (written && write(fd, out, written) < 0 && errno != ENOENT)
		_exit(1);
}

/* Until the mount is gone. */
static void serve_all(int fd, bool is_rw, unsigned fds_max)
{
	uint8_t *in = malloc(BUFFER), *out = malloc(BUFFER);
	struct fs_folder folder;
	struct fs_server s;
	struct err e;

	if (!in || !out || fs_folder_open(&folder, "share", &e))
		_exit(1);
	if (fds_max)
		folder.fds_max = fds_max;
	if (fs_server_init(&s, &folder, is_rw, &e))
		_exit(1);
	for (;;) {
		ssize_t n = read(fd, in, BUFFER);

		if (n >= 0)
			serve_one(&s, fd, in, (size_t)n, out);
		else if (errno != EINTR && errno != EAGAIN && errno != ENOENT)
			break;
	}
	_exit(0);
}

static void mount_share(bool is_rw, unsigned fds_max)
{
	int fd = open("/dev/fuse", O_RDWR | O_CLOEXEC);
	char options[128];

	snprintf(options, sizeof(options),
		 "fd=%d,rootmode=40000,user_id=0,group_id=0,allow_other,"
		 "default_permissions",
		 fd);
	if (fd < 0 || unshare(CLONE_NEWNS) ||
	    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	    mount("share", "mnt", "fuse", 0, options))
		_exit(CANNOT_MOUNT);
	if (!fork())
		serve_all(fd, is_rw, fds_max);
	close(fd);
}

/* --- what is done in a mount */

/* Run @fn in a process with a mount, which is gone when that ends. */
static void in_mount(int (*fn)(void), bool is_rw, unsigned fds_max)
{
	pid_t child;
	int status;

	mkdir("share", 0755);
	mkdir("mnt", 0755);
	fflush(stdout);
	child = fork();
	if (!child) {
		mount_share(is_rw, fds_max);
		status = fn();
		umount2("mnt", MNT_DETACH);
		_exit(status);
	}
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	if (WIFEXITED(status) && WEXITSTATUS(status) == CANNOT_MOUNT)
		UNIT_SKIP("this user cannot mount by /dev/fuse");
	ck_assert_msg(!status, "status 0x%x", status);
}

/* Run a program in @folder, with its output in @file. */
static bool run_in(const char *folder, const char *file,
		   int (*program)(int argc, char **argv), char *argument)
{
	char path[4096], here[2048], name[] = "program";
	char *argv[] = { name, path, argument, NULL };
	int status;
	pid_t child;

	if (!getcwd(here, sizeof(here)))
		return false;
	snprintf(path, sizeof(path), "%s/%s", here, folder);
	mkdir(path, 0755);
	child = fork();
	if (!child) {
		if (!freopen(file, "w", stdout))
			_exit(1);
		status = program(argument ? 3 : 2, argv);
		_exit(fflush(stdout) ? 1 : status);
	}
	if (waitpid(child, &status, 0) != child || status)
		return false;
	rmdir(path);
	return true;
}

static int compare(int (*program)(int argc, char **argv), char *argument)
{
	if (!run_in("local", "results", program, argument) ||
	    !run_in("mnt/work", "results.mnt", program, argument))
		return 1;
	return system("diff results results.mnt") ? DIFFERS : 0;
}

static int same_results(void)
{
	return compare(fs_probe_main, NULL);
}

START_TEST(fs__programs_get_what_they_get_here)
{
	in_mount(same_results, true, 0);
}
END_TEST

/* A part of all tries, which takes seconds; others than in the box. */
static int same_errors(void)
{
	char every[] = "41";

	return compare(fs_grid_main, every);
}

START_TEST(fs__errors_are_those_of_a_folder)
{
	in_mount(same_errors, true, 0);
}
END_TEST

/* Many more files than descriptors. */
static int many_files(void)
{
	return system("set -e; mkdir -p mnt/a/b; i=0; "
		      "while [ $i -lt 500 ]; do echo $i >mnt/a/b/$i; "
		      "i=$((i + 1)); done; "
		      "[ \"$(ls mnt/a/b | wc -l)\" = 500 ]; "

		      "diff -r share mnt; "
		      "mv mnt/a mnt/moved; diff -r share mnt; "
		      "rm -r mnt/moved; [ -z \"$(ls share)\" ]")
		       ? DIFFERS
		       : 0;
}

START_TEST(fs__serves_more_files_than_descriptors)
{
	in_mount(many_files, true, 48);
}
END_TEST

/* The mount is not read-only itself, but the share is. */
static int read_only(void)
{
	return system("set -e; [ \"$(cat mnt/file)\" = text ]; "
		      "! (echo more >>mnt/file) 2>/dev/null; "
		      "! mkdir mnt/new 2>/dev/null; "
		      "! rm -f mnt/file 2>/dev/null; "
		      "! mv mnt/file mnt/other 2>/dev/null; "
		      "! chmod 0 mnt/file 2>/dev/null; "
		      "[ \"$(cat share/file)\" = text ]")
		       ? DIFFERS
		       : 0;
}

START_TEST(fs__is_read_only_without_rw)
{
	mkdir("share", 0755);
	ck_assert_int_eq(system("echo text >share/file"), 0);
	in_mount(read_only, false, 0);
}
END_TEST

/* An edit of the folder itself, after what the kernel may keep. */
static int edited(void)
{
	return system("set -e; echo old >share/file; "
		      "[ \"$(cat mnt/file)\" = old ]; ! [ -e mnt/new ]; "
		      "echo newer >share/file; echo x >share/new; sleep 1; "
		      "[ \"$(cat mnt/file)\" = newer ]; [ -e mnt/new ]; "
		      "rm share/file; sleep 1; ! [ -e mnt/file ]")
		       ? DIFFERS
		       : 0;
}

START_TEST(fs__edits_are_seen_within_a_second)
{
	in_mount(edited, true, 0);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("fs_mount");
	TCase *t = tcase_create("mount");

	tcase_set_timeout(t, 120);
	tcase_add_test(t, fs__programs_get_what_they_get_here);
	tcase_add_test(t, fs__errors_are_those_of_a_folder);
	tcase_add_test(t, fs__serves_more_files_than_descriptors);
	tcase_add_test(t, fs__is_read_only_without_rw);
	tcase_add_test(t, fs__edits_are_seen_within_a_second);
	suite_add_tcase(s, t);
	return s;
}
