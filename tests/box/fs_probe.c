/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Usage: fs_probe DIR
 *
 * Does what programs do with files, in the empty folder DIR, whose path is
 * absolute, and removes it at the end. Prints each result: "WHAT: VALUE" or
 * "WHAT: ERROR". tests/unit/test_fs_mount.c runs it in a mounted share and in a
 * folder, and compares.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/falloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#define SIZE 100000

static char data[SIZE], got[SIZE];

static void say(const char *what, long result)
{
	if (result < 0)
		printf("%s: %s\n", what, strerrorname_np(errno));
	else
		printf("%s: %ld\n", what, result);
}

#define DO(call) say(#call, (long)(call))

static void show(const char *path)
{
	struct stat st;

	if (lstat(path, &st))
		say(path, -1);
	else
		printf("%s: mode %o links %ld size %ld uid %u gid %u\n", path,
		       st.st_mode, (long)st.st_nlink,
		       S_ISDIR(st.st_mode) ? 0 : (long)st.st_size, st.st_uid,
		       st.st_gid);
}

/* --- in the order in which they are printed */

static void files(void)
{
	int fd = open("f", O_RDWR | O_CREAT | O_EXCL, 0640), fd2;

	show("f");
	DO(open("f", O_RDWR | O_CREAT | O_EXCL, 0600));
	DO(write(fd, data, SIZE));
	DO(pwrite(fd, "xyz", 3, 50));
	DO(pread(fd, got, SIZE, 0));
	memcpy(data + 50, "xyz", 3);
	DO(memcmp(got, data, SIZE));
	DO(ftruncate(fd, 10));
	DO(truncate("f", 20));
	DO(lseek(fd, 0, SEEK_END));
	fd2 = open("f", O_WRONLY | O_APPEND);
	DO(pwrite(fd2, "end", 3, 0));
	DO(fstat(fd, &(struct stat){ 0 }));
	show("f");
	DO(pread(fd, got, 100, 0));
	DO(fsync(fd));
	DO(fdatasync(fd2));
	DO(close(fd2));
	DO(open("f", O_WRONLY | O_TRUNC));
	show("f");
	DO(open("f/x", O_RDONLY));
	DO(open("none", O_RDONLY));
	DO(open(".", O_WRONLY));
	DO(unlink("f"));
	DO(write(fd, "still", 5));
	DO(pread(fd, got, 5, 0));
	DO(close(fd));
	show("f");
}

static void folders(void)
{
	char name[32];
	unsigned n = 0;
	DIR *dir;

	DO(mkdir("d", 0750));
	DO(mkdir("d", 0750));
	DO(mkdir("d/e", 02755));
	show("d");
	show("d/e");
	DO(rmdir("d"));
	for (unsigned i = 0; i < 300; i++) {
		snprintf(name, sizeof(name), "d/e/file-%u", i);
		close(open(name, O_CREAT | O_WRONLY, 0600));
	}
	dir = opendir("d/e");
	for (struct dirent *e; (e = readdir(dir));)
		n += e->d_type == DT_REG;
	closedir(dir);
	DO(n);
	for (unsigned i = 0; i < 300; i++) {
		snprintf(name, sizeof(name), "d/e/file-%u", i);
		unlink(name);
	}
	DO(rmdir("d/e"));
	DO(unlink("d"));
	DO(rmdir("d"));
}

static void links(void)
{
	char long_name[300];

	memset(long_name, 'n', sizeof(long_name));
	long_name[256] = '\0';
	DO(open(long_name, O_CREAT | O_WRONLY, 0600));
	long_name[255] = '\0';
	close(open(long_name, O_CREAT | O_WRONLY, 0600));
	DO(unlink(long_name));
	close(open("a", O_CREAT | O_WRONLY, 0644));
	DO(link("a", "b"));
	DO(link("a", "b"));
	show("b");
	DO(symlink("a", "s"));
	DO(symlink("s/x", "loop"));
	show("s");
	DO(readlink("s", got, SIZE));
	DO(readlink("a", got, SIZE));
	DO(open("loop", O_RDONLY));
	DO(open("s", O_RDONLY | O_NOFOLLOW));
	DO(link("s", "s2"));
	show("s2");
	DO(mkfifo("fifo", 0622));
	show("fifo");
	DO(open("fifo", O_WRONLY | O_NONBLOCK));
	DO(unlink("s"));
	DO(unlink("s2"));
	DO(unlink("loop"));
	DO(unlink("fifo"));
}

static void renames(void)
{
	DO(mkdir("d", 0755));
	DO(rename("a", "d/c"));
	show("d/c");
	DO(rename("b", "d/c"));
	DO(renameat2(AT_FDCWD, "d/c", AT_FDCWD, "c", RENAME_NOREPLACE));
	close(open("e", O_CREAT | O_WRONLY, 0600));
	DO(renameat2(AT_FDCWD, "c", AT_FDCWD, "e", RENAME_NOREPLACE));
	DO(renameat2(AT_FDCWD, "c", AT_FDCWD, "e", RENAME_EXCHANGE));
	show("c");
	show("e");
	DO(renameat2(AT_FDCWD, "c", AT_FDCWD, "none", RENAME_EXCHANGE));
	DO(rename("d", "d/d"));
	DO(rename("e", "d"));
	DO(rename("d", "e"));
	DO(rename("d", "d2"));
	DO(rmdir("d2"));
	DO(unlink("c"));
	DO(unlink("e"));
	DO(unlink("b"));
}

static void attributes(void)
{
	const struct timespec times[] = { { 1000, 1 }, { 2000, 123456789 } };
	struct stat st;

	close(open("m", O_CREAT | O_WRONLY, 0600));
	DO(chmod("m", 04711));
	show("m");
	DO(chown("m", 1000, 2000));
	show("m");
	DO(lchown("m", 0, 0));
	DO(utimensat(AT_FDCWD, "m", times, 0));
	DO(stat("m", &st));
	DO(st.st_atime);
	DO(st.st_mtime);
	DO(st.st_mtim.tv_nsec);
	DO(access("m", R_OK | W_OK));
	DO(setxattr("m", "user.test", "value", 5, 0));
	DO(getxattr("m", "user.test", got, 100));
	DO(setxattr("m", "user.test", "value", 5, XATTR_CREATE));
	DO(removexattr("m", "user.test"));
	DO(removexattr("m", "user.test"));
	DO(unlink("m"));
}

static void space(void)
{
	int fd = open("s", O_CREAT | O_RDWR, 0600), to, tmp;
	char path[64];

	DO(fallocate(fd, 0, 0, 65536));
	show("s");
	DO(pwrite(fd, data, 65536, 0));
	DO(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 4096,
		     8192));
	DO(lseek(fd, 0, SEEK_HOLE));
	DO(lseek(fd, 4096, SEEK_DATA));
	DO(pread(fd, got, 10, 4096));
	DO(got[0]);
	to = open("t", O_CREAT | O_RDWR, 0600);
	DO(copy_file_range(fd, &(off_t){ 100 }, to, NULL, 1000, 0));
	DO(pread(to, got, 2000, 0));
	DO(memcmp(got, data + 100, 1000));
	tmp = open(".", O_TMPFILE | O_RDWR, 0600);
	DO(tmp < 0);
	DO(write(tmp, "unnamed", 7));
	snprintf(path, sizeof(path), "/proc/self/fd/%d", tmp);
	DO(linkat(AT_FDCWD, path, AT_FDCWD, "named", AT_SYMLINK_FOLLOW));
	show("named");
	DO(unlink("s"));
	DO(unlink("t"));
	DO(unlink("named"));
}

static void memory(void)
{
	int fd = open("map", O_CREAT | O_RDWR, 0600);
	char *p;

	DO(ftruncate(fd, 8192));
	p = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	DO(p == MAP_FAILED);
	if (p != MAP_FAILED) {
		strcpy(p + 5000, "through memory");
		DO(msync(p, 8192, MS_SYNC));
		DO(munmap(p, 8192));
	}
	DO(pread(fd, got, 15, 5000));
	DO(strcmp(got, "through memory"));
	DO(unlink("map"));
}

/* What another process gets. */
static void other(int (*fn)(void), const char *what)
{
	pid_t child;
	int status;

	fflush(stdout);
	child = fork();
	if (!child)
		_exit(fn() < 0 ? errno : 0);
	waitpid(child, &status, 0);
	errno = WEXITSTATUS(status);
	say(what, errno ? -1 : 0);
}

static int lock_it(void)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };

	return fcntl(open("l", O_RDWR), F_SETLK, &lock);
}

static int flock_it(void)
{
	return flock(open("l", O_RDWR), LOCK_EX | LOCK_NB);
}

static int as_user(void)
{
	return setgid(1000) || setuid(1000) ? -1 : open("l", O_RDWR);
}

static int make_as_user(void)
{
	if (setgid(1000) || setuid(1000))
		return -1;
	umask(022);
	return open("p/theirs", O_CREAT | O_RDWR, 0666);
}

static void locks_and_users(void)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	int fd = open("l", O_CREAT | O_RDWR, 0600);

	DO(fcntl(fd, F_SETLK, &lock));
	other(lock_it, "lock twice");
	DO(flock(fd, LOCK_EX));
	other(flock_it, "flock twice");
	close(fd);
	other(lock_it, "lock again");
	other(as_user, "another user's file");
	DO(chmod("l", 0666));
	other(as_user, "a file for all");
	DO(unlink("l"));
	mkdir("p", 0);
	DO(chmod("p", 01777));
	other(make_as_user, "make in /tmp");
	show("p/theirs");
	DO(unlink("p/theirs"));
	DO(rmdir("p"));
}

int main(int argc, char **argv)
{
	if (argc != 2 || chdir(argv[1])) {
		perror("fs_probe");
		return 1;
	}
	umask(0);
	for (unsigned i = 0; i < SIZE; i++)
		data[i] = (char)(i % 251 + 1);
	files();
	folders();
	links();
	renames();
	attributes();
	space();
	memory();
	locks_and_users();
	DO(rmdir(argv[1]));
	return 0;
}
