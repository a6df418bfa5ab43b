/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Usage: fs_grid DIR EVERY
 *        fs_grid DIR EVERY make|keep
 *
 * Each operation on files, with each type of file, by several users; of these
 * nine thousand tries, each EVERYth. Prints a line for each result, and where
 * one changed something, the lines of a listing that are gone ("-") or new
 * ("+"). Run in a share and in a folder of the host, it prints the same.
 *
 * Root tries as root, as the owner of the files, as a member of their group and
 * as another user; other users try only as themselves, with files of their own.
 * The files are in DIR/set, and made anew after each change. `make` only makes
 * them. `keep` takes them as they are, for a DIR that is read-only.
 *
 * Left out, because a share differs on purpose: device nodes, which it refuses;
 * data in FIFOs, which stays in the guest; attributes named security., which a
 * confined launcher may not set; chown() of nothing, which takes
 * S_ISUID off a file, and which FUSE cannot say.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <grp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#define LISTING 8192
#define OLD	1000 /* every file's time of change */

/* ---- the files */

static const struct grid_file {
	const char *name;
	mode_t mode;
	const char *text; /* contents, or the target of a link */
} grid_files[] = {
	{ "file", S_IFREG | 0644, "1" },
	{ "secret", S_IFREG | 0600, "22" },
	{ "suid", S_IFREG | 06777, "333" },
	{ "dir", S_IFDIR | 0755, NULL },
	{ "dir/in", S_IFREG | 0664, "4444" },
	{ "empty", S_IFDIR | 0755, NULL },
	{ "closed", S_IFDIR | 0700, NULL },
	{ "closed/in", S_IFREG | 0666, "55555" },
	{ "sticky", S_IFDIR | 01777, NULL },
	{ "sticky/in", S_IFREG | 0666, "666666" },
	{ "group", S_IFDIR | 02775, NULL },
	{ "link", S_IFLNK, "file" },
	{ "dlink", S_IFLNK, "dir" },
	{ "dangling", S_IFLNK, "missing" },
	{ "loop", S_IFLNK, "loop" },
	{ "fifo", S_IFIFO | 0644, NULL },
	{ "sock", S_IFSOCK | 0755, NULL },
};

static char long_name[256 + 1], longest_name[255 + 1], long_path[4096 + 1];

static const char *const grid_paths[] = {
	"file",	     "secret",	"suid",	     "hard",	   "dir",
	"dir/in",    "empty",	"closed",    "closed/in",  "sticky",
	"sticky/in", "group",	"link",	     "dlink",	   "dangling",
	"loop",	     "fifo",	"sock",	     "missing",	   "missing/x",
	"file/x",    "link/x",	"dlink/in",  "dangling/x", "loop/x",
	"fifo/x",    "dir/",	"file/",     "link/",	   "dlink/",
	"missing/",  "dir/new", "group/new", "closed/new", "sticky/new",
	"",	     ".",	"dir/..",    "dir/.",	   longest_name,
	long_name,   long_path,
};

#define GRID_COUNT(a) (sizeof(a) / sizeof(*(a)))

static void grid_die(const char *what)
{
	printf("fs_grid: %s: %s\n", what, strerror(errno));
	fflush(stdout);
	_exit(1);
}

static int grid_remove(const char *path, const struct stat *st, int type,
		       struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

/* A user's folder that he may not read must be emptied, too. */
static int grid_open_up(const char *path, const struct stat *st, int type,
			struct FTW *ftw)
{
	(void)ftw;
	if (type == FTW_D || type == FTW_DNR)
		chmod(path, st->st_mode | 0700);
	return 0;
}

static int grid_make(const struct grid_file *f)
{
	int fd;

	switch (f->mode & S_IFMT) {
	case S_IFDIR:
		return mkdir(f->name, 0700);
	case S_IFLNK:
		return symlink(f->text, f->name);
	case S_IFREG:
		fd = open(f->name, O_WRONLY | O_CREAT | O_EXCL, 0600);
		if (fd < 0 || write(fd, f->text, strlen(f->text)) < 0)
			return -1;
		return close(fd);
	default:
		return mknod(f->name, f->mode, 0);
	}
}

/* Files of the user 1000, or of the one who is not root. */
static void grid_settle(const char *name, mode_t mode)
{
	const struct timespec times[] = { { OLD, 0 }, { OLD, 0 } };

	if (!geteuid() && lchown(name, 1000, 1000))
		grid_die(name);
	if (!S_ISLNK(mode) && chmod(name, mode & 07777))
		grid_die(name);
	if (utimensat(AT_FDCWD, name, times, AT_SYMLINK_NOFOLLOW))
		grid_die(name);
}

static void grid_end(const char *dir)
{
	if (chdir(dir))
		grid_die(dir);
	nftw("set", grid_open_up, 16, FTW_PHYS);
	nftw("set", grid_remove, 16, FTW_DEPTH | FTW_PHYS);
}

/* Make the folder `set` in @dir anew, and go there. */
static void grid_begin(const char *dir)
{
	grid_end(dir);
	if (mkdir("set", 0755) || chdir("set"))
		grid_die("set");
	for (size_t i = 0; i < GRID_COUNT(grid_files); i++)
		if (grid_make(&grid_files[i]))
			grid_die(grid_files[i].name);
	if (link("file", "hard"))
		grid_die("hard");
	/* Folders after what is in them. */
	for (size_t i = GRID_COUNT(grid_files); i-- > 0;)
		grid_settle(grid_files[i].name, grid_files[i].mode);
	grid_settle(".", S_IFDIR | 0755);
}

/* ---- what they are like */

static char before[LISTING], after[LISTING];

static void list_one(const char *path, char *to)
{
	size_t at = strlen(to);
	struct stat st;

	if (lstat(path, &st))
		return;
	snprintf(to + at, LISTING - at,
		 "%s: mode %o links %ld size %ld owner %u %u%s\n", path,
		 st.st_mode, (long)st.st_nlink,
		 S_ISDIR(st.st_mode) ? 0 : (long)st.st_size, st.st_uid,
		 st.st_gid, st.st_mtime == OLD ? "" : " modified");
}

/* A folder, and the folders in it, by name. */
static void list_all(const char *dir, char *to)
{
	struct dirent **names = NULL;
	int n = scandir(dir, &names, NULL, alphasort);
	char path[600];

	for (int i = 0; i < n; i++) {
		snprintf(path, sizeof(path), "%s/%s", dir, names[i]->d_name);
		if (strcmp(names[i]->d_name, "..")) {
			list_one(path, to);
			if (names[i]->d_type == DT_DIR &&
			    strcmp(names[i]->d_name, "."))
				list_all(path, to);
		}
		free(names[i]);
	}
	free(names);
}

static void list(char *to)
{
	*to = '\0';
	list_all(".", to);
}

/* Print the lines of @in that @other does not have. */
static void print_others(const char *sign, const char *in, const char *other)
{
	char line[700];
	size_t len;

	for (; *in; in += len) {
		len = (size_t)(strchr(in, '\n') - in) + 1;
		snprintf(line, sizeof(line), "%.*s", (int)len, in);
		if (!strstr(other, line))
			printf("  %s %s", sign, line);
	}
}

/* ---- operations */

struct grid_op {
	const char *name;
	long (*fn)(const char *path, const struct grid_op *op);
	const char *to;
	long a, b;
};

static long do_lstat(const char *path, const struct grid_op *op)
{
	struct stat st;

	(void)op;
	return lstat(path, &st) ? -1 : (long)st.st_mode;
}

static long do_readlink(const char *path, const struct grid_op *op)
{
	char text[64];

	(void)op;
	return readlink(path, text, sizeof(text));
}

static long do_access(const char *path, const struct grid_op *op)
{
	return faccessat(AT_FDCWD, path, (int)op->a, AT_EACCESS);
}

/* Also reads or writes a byte, but for FIFOs. */
static long do_open(const char *path, const struct grid_op *op)
{
	int fd = open(path, (int)op->a | O_NONBLOCK, 0640);
	struct stat st;
	char byte = 'w';
	long rc;

	if (fd < 0)
		return -1;
	if (fstat(fd, &st) || S_ISFIFO(st.st_mode))
		return close(fd);
	rc = (op->a & O_ACCMODE) == O_RDONLY ? read(fd, &byte, 1)
					     : write(fd, &byte, 1);
	rc = rc < 0 ? 1000 + errno : rc;
	close(fd);
	return rc;
}

static long do_mkdir(const char *path, const struct grid_op *op)
{
	return mkdir(path, (mode_t)op->a);
}

static long do_mknod(const char *path, const struct grid_op *op)
{
	return mknod(path, (mode_t)op->a, 0);
}

static long do_symlink(const char *path, const struct grid_op *op)
{
	return symlink(op->to, path);
}

static long do_link_to(const char *path, const struct grid_op *op)
{
	return link(path, op->to);
}

static long do_link_from(const char *path, const struct grid_op *op)
{
	return link(op->to, path);
}

static long do_rename_to(const char *path, const struct grid_op *op)
{
	return renameat2(AT_FDCWD, path, AT_FDCWD, op->to, (unsigned)op->a);
}

static long do_rename_from(const char *path, const struct grid_op *op)
{
	return renameat2(AT_FDCWD, op->to, AT_FDCWD, path, (unsigned)op->a);
}

static long do_unlink(const char *path, const struct grid_op *op)
{
	return unlinkat(AT_FDCWD, path, (int)op->a);
}

static long do_truncate(const char *path, const struct grid_op *op)
{
	return truncate(path, op->a);
}

static long do_chmod(const char *path, const struct grid_op *op)
{
	return chmod(path, (mode_t)op->a);
}

static long do_chown(const char *path, const struct grid_op *op)
{
	return fchownat(AT_FDCWD, path, (uid_t)op->a, (gid_t)op->b,
			op->to ? AT_SYMLINK_NOFOLLOW : 0);
}

static long do_utimes(const char *path, const struct grid_op *op)
{
	const struct timespec times[] = { { op->a, op->b }, { op->a, op->b } };

	return utimensat(AT_FDCWD, path, times,
			 op->to ? AT_SYMLINK_NOFOLLOW : 0);
}

static long do_setxattr(const char *path, const struct grid_op *op)
{
	return lsetxattr(path, op->to, "value", 5, (int)op->a);
}

static long do_getxattr(const char *path, const struct grid_op *op)
{
	char value[64];

	return lgetxattr(path, op->to, value, sizeof(value));
}

static const struct grid_op grid_ops[] = {
	{ "lstat", do_lstat, NULL, 0, 0 },
	{ "readlink", do_readlink, NULL, 0, 0 },
	{ "access read", do_access, NULL, R_OK, 0 },
	{ "access write", do_access, NULL, W_OK, 0 },
	{ "access execute", do_access, NULL, X_OK, 0 },
	{ "open read", do_open, NULL, O_RDONLY, 0 },
	{ "open write", do_open, NULL, O_WRONLY, 0 },
	{ "open truncate", do_open, NULL, O_RDWR | O_TRUNC, 0 },
	{ "open append", do_open, NULL, O_WRONLY | O_APPEND, 0 },
	{ "open create", do_open, NULL, O_WRONLY | O_CREAT, 0 },
	{ "open exclusive", do_open, NULL, O_WRONLY | O_CREAT | O_EXCL, 0 },
	{ "open folder", do_open, NULL, O_RDONLY | O_DIRECTORY, 0 },
	{ "open no link", do_open, NULL, O_RDONLY | O_NOFOLLOW, 0 },
	{ "open unnamed", do_open, NULL, O_TMPFILE | O_RDWR, 0 },
	{ "mkdir", do_mkdir, NULL, 0751, 0 },
	{ "mkdir sticky", do_mkdir, NULL, 01777, 0 },
	{ "mknod", do_mknod, NULL, S_IFREG | 0604, 0 },
	{ "mknod fifo", do_mknod, NULL, S_IFIFO | 0622, 0 },
	{ "mknod socket", do_mknod, NULL, S_IFSOCK | 0600, 0 },
	{ "symlink", do_symlink, "../secret", 0, 0 },
	{ "link to new", do_link_to, "new", 0, 0 },
	{ "link to dir/in", do_link_to, "dir/in", 0, 0 },
	{ "link from file", do_link_from, "file", 0, 0 },
	{ "link from link", do_link_from, "link", 0, 0 },
	{ "rename to new", do_rename_to, "new", 0, 0 },
	{ "rename to file", do_rename_to, "file", 0, 0 },
	{ "rename to empty", do_rename_to, "empty", 0, 0 },
	{ "rename to dir/in", do_rename_to, "dir/in", 0, 0 },
	{ "rename to dir/new", do_rename_to, "dir/new", 0, 0 },
	{ "rename to sticky/in", do_rename_to, "sticky/in", 0, 0 },
	{ "rename from file", do_rename_from, "file", 0, 0 },
	{ "rename from dir", do_rename_from, "dir", 0, 0 },
	{ "rename from link", do_rename_from, "link", 0, 0 },
	{ "rename no replace", do_rename_from, "file", RENAME_NOREPLACE, 0 },
	{ "exchange with file", do_rename_to, "file", RENAME_EXCHANGE, 0 },
	{ "exchange with dir", do_rename_to, "dir", RENAME_EXCHANGE, 0 },
	{ "rename bad flags", do_rename_to, "new",
	  RENAME_EXCHANGE | RENAME_NOREPLACE, 0 },
	{ "unlink", do_unlink, NULL, 0, 0 },
	{ "rmdir", do_unlink, NULL, AT_REMOVEDIR, 0 },
	{ "truncate", do_truncate, NULL, 2, 0 },
	{ "truncate longer", do_truncate, NULL, 70000, 0 },
	{ "truncate below 0", do_truncate, NULL, -1, 0 },
	{ "chmod", do_chmod, NULL, 0640, 0 },
	{ "chmod bits", do_chmod, NULL, 06777, 0 },
	{ "chown user", do_chown, NULL, 2000, -1 },
	{ "chown group", do_chown, NULL, -1, 1000 },
	{ "lchown", do_chown, "link", 2000, 2000 },
	{ "times", do_utimes, NULL, 5000, 999999999 },
	{ "times now", do_utimes, NULL, 0, UTIME_NOW },
	{ "times omitted", do_utimes, NULL, 0, UTIME_OMIT },
	{ "times of links", do_utimes, "link", 6000, 0 },
	{ "setxattr", do_setxattr, "user.name", 0, 0 },
	{ "setxattr replace", do_setxattr, "user.name", XATTR_REPLACE, 0 },
	{ "getxattr", do_getxattr, "user.name", 0, 0 },
};

/* ---- users */

static const struct grid_user {
	const char *name;
	uid_t uid;
	gid_t gid;
} grid_users[] = {
	{ "root", 0, 0 },
	{ "owner", 1000, 1000 },
	{ "member", 2000, 1000 },
	{ "other", 2000, 2000 },
};

static void become(const struct grid_user *user)
{
	if (user && (setegid(user->gid) || seteuid(user->uid)))
		grid_die(user->name);
}

static void become_root(const struct grid_user *user)
{
	if (user && (seteuid(0) || setegid(0)))
		grid_die("root");
}

/* Returns whether something has changed. */
static bool grid_try(const struct grid_user *user, const struct grid_op *op,
		     const char *path)
{
	long result;
	int error;

	become(user);
	result = op->fn(path, op);
	error = errno;
	become_root(user);
	if (result < 0)
		printf("%s %s %.40s: %s\n", user ? user->name : "self",
		       op->name, path, strerrorname_np(error));
	else
		printf("%s %s %.40s: %ld\n", user ? user->name : "self",
		       op->name, path, result);
	if (result < 0)
		return false;
	list(after);
	print_others("-", before, after);
	print_others("+", after, before);
	return strcmp(before, after) != 0 || op->fn == do_setxattr;
}

/* Each @every-th try; @keep: with the files as they are. */
static void grid_run(const struct grid_user *user, const char *dir,
		     unsigned long every, bool keep)
{
	unsigned long n = 0;

	for (size_t o = 0; o < GRID_COUNT(grid_ops); o++)
		for (size_t p = 0; p < GRID_COUNT(grid_paths); p++)
			if (!(n++ % every) &&
			    grid_try(user, &grid_ops[o], grid_paths[p]) &&
			    !keep)
				grid_begin(dir);
}

static void grid_init(void)
{
	umask(0);
	memset(longest_name, 'n', sizeof(longest_name) - 1);
	memset(long_name, 'n', sizeof(long_name) - 1);
	memset(long_path, '/', sizeof(long_path) - 1);
	if (!geteuid() && setgroups(0, NULL))
		grid_die("setgroups");
}

int main(int argc, char **argv)
{
	unsigned long every = argc > 2 ? strtoul(argv[2], NULL, 10) : 0;
	const char *how = argc == 4 ? argv[3] : "";
	bool keep = !strcmp(how, "keep");

	if (!every || *argv[1] != '/') {
		fprintf(stderr, "usage: fs_grid DIR EVERY [make|keep]\n");
		return 2;
	}
	grid_init();
	if (!keep)
		grid_begin(argv[1]);
	else if (chdir(argv[1]) || chdir("set"))
		grid_die(argv[1]);
	if (!strcmp(how, "make"))
		return 0;
	list(before);
	printf("%s", before);
	if (geteuid())
		grid_run(NULL, argv[1], every, keep);
	for (size_t u = 0; !geteuid() && u < GRID_COUNT(grid_users); u++)
		grid_run(&grid_users[u], argv[1], every, keep);
	if (!keep)
		grid_end(argv[1]);
	return 0;
}
