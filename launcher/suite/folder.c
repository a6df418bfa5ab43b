/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "suite/folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/output.h"

#define PRIVATE ".private"

/* With O_NOFOLLOW and O_DIRECTORY, a link is reported as not a directory. */
#define OPEN_FOLDER (O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)

static bool is_link(int dir, const char *name)
{
	struct stat st;

	return !fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) &&
	       S_ISLNK(st.st_mode);
}

/* The folder @name in @dir, created if allowed. */
static int enter_one(int dir, const char *name, bool make)
{
	if (make && mkdirat(dir, name, 0777) && errno != EEXIST)
		return -1;
	return openat(dir, name, OPEN_FOLDER);
}

/*
 * The folder that holds @name, beneath @f. @make: create missing folders.
 * @last: the name there. Returns a descriptor or a negative errno.
 */
static int enter(const struct folder *f, const char *name, bool make,
		 const char **last, struct err *e)
{
	int dir = fcntl(f->fd, F_DUPFD_CLOEXEC, 0);
	char part[NAME_MAX + 1];
	const char *at = name, *slash;

	for (; dir >= 0 && (slash = strchr(at, '/')); at = slash + 1) {
		int next;

		if ((size_t)snprintf(part, sizeof(part), "%.*s",
				     (int)(slash - at), at) >= sizeof(part)) {
			close(dir);
			return err_set(e, ENAMETOOLONG, "%s/%s: name too long",
				       f->path, name);
		}
		next = enter_one(dir, part, make);
		if (next < 0) {
			int rc = is_link(dir, part)
					 ? err_set(e, ELOOP,
						   "%s/%.*s: a symbolic link, "
						   "which is not followed "
						   "among results",
						   f->path, (int)(slash - name),
						   name)
					 : err_sys(e, "%s/%.*s", f->path,
						   (int)(slash - name), name);

			close(dir);
			return rc;
		}
		close(dir);
		dir = next;
	}
	*last = at;
	return dir < 0 ? err_sys(e, "%s", f->path) : dir;
}

/* A new file @name in @dir, in place of an old one. */
static int replace(const struct folder *f, int dir, const char *name, int flags,
		   struct err *e)
{
	int fd = -1;

	if (!unlinkat(dir, name, 0) || errno == ENOENT)
		fd = openat(dir, name,
			    flags | O_CREAT | O_EXCL | O_CLOEXEC | O_NOCTTY,
			    0666);
	return fd < 0 ? err_sys(e, "%s/%s", f->path, name) : fd;
}

int folder_create(const struct folder *f, const char *name, struct err *e)
{
	const char *last;
	int dir = enter(f, name, true, &last, e), fd;

	if (dir < 0)
		return dir;
	fd = replace(f, dir, last, O_RDWR | O_APPEND, e);
	close(dir);
	return fd;
}

/* It may be a hard link to another user's file. */
static bool is_own(const struct stat *st)
{
	return S_ISREG(st->st_mode) && st->st_nlink == 1 &&
	       st->st_uid == geteuid();
}

int folder_open_own(const struct folder *f, const char *name, struct err *e)
{
	struct stat st;
	int fd;

	/* Check its type first: opening a device may have side effects. */
	if (fstatat(f->fd, name, &st, AT_SYMLINK_NOFOLLOW) || !is_own(&st))
		return replace(f, f->fd, name, O_WRONLY, e);
	fd = openat(f->fd, name,
		    O_WRONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd < 0)
		return err_sys(e, "%s/%s", f->path, name);
	if (!fstat(fd, &st) && is_own(&st))
		return fd;
	close(fd);
	return err_set(e, EBUSY, "%s/%s: it was replaced meanwhile", f->path,
		       name);
}

bool folder_remove(const struct folder *f, const char *name)
{
	const char *last;
	struct err e;
	int dir = enter(f, name, false, &last, &e);
	bool there;

	if (dir < 0)
		return false;
	there = !unlinkat(dir, last, 0);
	close(dir);
	return there;
}

/* The name behind the last slash. */
static const char *last_of(const char *name)
{
	const char *slash = strrchr(name, '/');

	return slash ? slash + 1 : name;
}

void folder_rename(const struct folder *f, const char *from, const char *to)
{
	const char *last;
	struct err e;
	int dir = enter(f, from, false, &last, &e);

	if (dir < 0)
		return;
	(void)!renameat(dir, last, dir, last_of(to));
	close(dir);
}

/* By the process id, so that the child does not need the descriptor. */
char *folder_private_path(const struct folder *f, const char *name)
{
	char *path;

	(void)unlinkat(f->private, name, 0);
	return asprintf(&path, "/proc/%d/fd/%d/%s", getpid(), f->private,
			name) < 0
		       ? NULL
		       : path;
}

static int move(const struct folder *f, const char *from, const char *to,
		struct err *e)
{
	const char *last;
	int dir = enter(f, to, true, &last, e), rc = 0;

	if (dir < 0)
		return dir;
	if (renameat(f->private, from, dir, last))
		rc = err_sys(e, "%s/%s", f->path, to);
	close(dir);
	return rc;
}

int folder_take(const struct folder *f, const char *from, const char *to,
		struct err *e)
{
	int fd = openat(f->private, from,
			O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	int rc;

	if (fd < 0)
		return err_sys(e, "%s/%s", f->path, to);
	rc = move(f, from, to, e);
	if (rc) {
		close(fd);
		return rc;
	}
	return fd;
}

int folder_write(const struct folder *f, const char *name, struct bytes part,
		 struct err *e)
{
	char *path = folder_private_path(f, name);
	int rc;

	if (!path)
		return err_set(e, ENOMEM, "no memory");
	rc = output_save(path, &part, 1, 0666, e);
	if (rc)
		err_set(e, -rc, "%s/%s: %s", f->path, name, strerror(-rc));
	free(path);
	return rc ?: move(f, name, name, e);
}

/* Whether only this user can write to the folder @fd. */
static bool is_private(int fd)
{
	struct stat st;

	return !fstat(fd, &st) && st.st_uid == geteuid() && !(st.st_mode & 077);
}

/* The files of an earlier run that was killed. */
static void empty(int fd)
{
	int copy = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	DIR *d = copy < 0 ? NULL : fdopendir(copy);
	struct dirent *entry;

	if (!d) {
		if (copy >= 0)
			close(copy);
		return;
	}
	rewinddir(d);
	while ((entry = readdir(d)))
		(void)unlinkat(fd, entry->d_name, 0);
	closedir(d);
}

int folder_make_private(struct folder *f, struct err *e)
{
	if (mkdirat(f->fd, PRIVATE, 0700) && errno != EEXIST)
		return err_sys(e, "%s", f->path);
	f->private = openat(f->fd, PRIVATE,
			    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (f->private >= 0 && is_private(f->private)) {
		empty(f->private);
		return 0;
	}
	if (f->private >= 0)
		close(f->private);
	f->private = -1;
	return err_set(e, EPERM,
		       "%s/" PRIVATE ": not a folder to which only this user "
		       "can write",
		       f->path);
}

int folder_open(struct folder *f, const char *path, bool follow, struct err *e)
{
	*f = (struct folder)FOLDER_EMPTY;
	f->path = path;
	if (mkdir(path, 0777) && errno != EEXIST)
		return err_sys(e, "%s", path);
	f->fd = open(path, follow ? OPEN_FOLDER & ~O_NOFOLLOW : OPEN_FOLDER);
	if (f->fd < 0)
		return is_link(AT_FDCWD, path) && !follow
			       ? err_set(e, ELOOP,
					 "%s: a symbolic link, which is only "
					 "followed if --output names it",
					 path)
			       : err_sys(e, "%s", path);
	return 0;
}

void folder_remove_private(struct folder *f)
{
	if (f->private < 0)
		return;
	empty(f->private);
	close(f->private);
	f->private = -1;
	(void)unlinkat(f->fd, PRIVATE, AT_REMOVEDIR);
}

void folder_close(struct folder *f)
{
	folder_remove_private(f);
	if (f->fd >= 0)
		close(f->fd);
	*f = (struct folder)FOLDER_EMPTY;
}
