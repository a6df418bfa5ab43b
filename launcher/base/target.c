/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Spec: path_resolution(7); proc(5) and proc_sys_fs(5), protected_symlinks.
 */
#include "base/target.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>

/* As many as the kernel follows. */
#define LINKS_MAX 40

#define WALK_FLAGS (O_PATH | O_CLOEXEC | O_NOFOLLOW)

struct walk {
	const char *path; /* as it was given, for messages */
	struct target t;
	char rest[PATH_MAX]; /* the rest to be walked */
	unsigned links;	     /* followed so far */
	bool by_link;	     /* the last name comes from a link */
};

static void replace_fd(int *fd, int by)
{
	int error = errno;

	if (*fd >= 0)
		close(*fd);
	*fd = by;
	errno = error;
}

/* Remove the next name from the rest; false at the end. */
static bool next_name(struct walk *w, struct err *e, int *rc)
{
	char *at = w->rest + strspn(w->rest, "/");
	size_t len = strcspn(at, "/");

	*rc = 0;
	if (!len)
		return false;
	if (len > NAME_MAX) {
		*rc = err_set(e, ENAMETOOLONG, "%s: name too long", w->path);
		return false;
	}
	memcpy(w->t.name, at, len);
	w->t.name[len] = '\0';
	memmove(w->rest, at + len, strlen(at + len) + 1);
	return true;
}

static bool is_last(const struct walk *w)
{
	return !w->rest[0];
}

/* The folder's part of the path as it was given. */
static int folder_missing(const struct walk *w, struct err *e)
{
	const char *slash = strrchr(w->path, '/');

	if (!slash)
		return err_sys(e, "%s", w->path);
	return err_sys(e, "%s: folder %.*s", w->path,
		       slash == w->path ? 1 : (int)(slash - w->path), w->path);
}

static int is_missing(const struct walk *w, struct err *e)
{
	if (errno == ENOENT && w->by_link)
		return err_set(e, ENOENT,
			       "%s: is a symbolic link to a file that does "
			       "not exist",
			       w->path);
	return errno == ENOENT && is_last(w) ? 0 : folder_missing(w, e);
}

/* Refuse the link @link in the folder if another user may have planted it. */
static int check_link(const struct walk *w, const struct stat *link,
		      struct err *e)
{
	const mode_t open_to_all = S_ISVTX | S_IWOTH;
	struct stat folder;

	if (fstat(w->t.folder, &folder))
		return err_sys(e, "%s: fstat", w->path);
	if ((folder.st_mode & open_to_all) != open_to_all)
		return 0;
	if (geteuid() != 0 &&
	    (link->st_uid == geteuid() || link->st_uid == folder.st_uid))
		return 0;
	return err_set(e, EACCES,
		       "%s: '%s' is a symbolic link in a folder that all users "
		       "may write to, and is not followed",
		       w->path, w->t.name);
}

/* Put the text of the link @name of @fd before the rest. */
static int insert_text(struct walk *w, int fd, const char *name, struct err *e)
{
	char text[PATH_MAX];
	ssize_t len = readlinkat(fd, name, text, sizeof(text) - 1);
	size_t rest = strlen(w->rest);

	if (len < 0)
		return err_sys(e, "%s: readlink", w->path);
	if ((size_t)len + rest >= sizeof(w->rest) - 1)
		return err_set(e, ENAMETOOLONG, "%s: name too long", w->path);
	if (is_last(w))
		w->by_link = true;
	memmove(w->rest + len, w->rest, rest + 1);
	memcpy(w->rest, text, (size_t)len);
	w->t.name[0] = '\0';
	if (w->rest[0] != '/')
		return 0;
	replace_fd(&w->t.folder, open("/", O_PATH | O_CLOEXEC));
	return w->t.folder < 0 ? err_sys(e, "/") : 0;
}

static int count_link(struct walk *w, struct err *e)
{
	if (++w->links <= LINKS_MAX)
		return 0;
	errno = ELOOP;
	return err_sys(e, "%s", w->path);
}

/*
 * A link of /proc leads directly to a file; its text may not be a path. So the
 * kernel follows it. Only a regular file is then looked up by the text, because
 * it will be replaced.
 */
static int follow_magic(struct walk *w, struct err *e)
{
	char self[32];
	int fd = openat(w->t.folder, w->t.name, O_PATH | O_CLOEXEC), rc;

	if (fd < 0)
		return err_sys(e, "%s", w->path);
	replace_fd(&w->t.found, fd);
	if (fstat(fd, &w->t.st))
		return err_sys(e, "%s: fstat", w->path);
	if (!is_last(w) || !S_ISREG(w->t.st.st_mode))
		return 0;
	snprintf(self, sizeof(self), "/proc/self/fd/%d", fd);
	rc = insert_text(w, AT_FDCWD, self, e);
	replace_fd(&w->t.found, -1);
	return rc;
}

static bool is_in_proc(int fd)
{
	struct statfs fs;

	return !fstatfs(fd, &fs) && fs.f_type == PROC_SUPER_MAGIC;
}

static int follow(struct walk *w, struct err *e)
{
	struct stat link = w->t.st;
	int fd, rc = count_link(w, e);

	if (rc)
		return rc;
	if (is_in_proc(w->t.found))
		return follow_magic(w, e);
	fd = w->t.found;
	w->t.found = -1;
	rc = check_link(w, &link, e) ?: insert_text(w, fd, "", e);
	close(fd);
	return rc;
}

/* Look up the name in the folder, and follow a link by one step. */
static int look(struct walk *w, struct err *e)
{
	replace_fd(&w->t.found, openat(w->t.folder, w->t.name, WALK_FLAGS));
	if (w->t.found < 0)
		return is_missing(w, e);
	if (fstat(w->t.found, &w->t.st))
		return err_sys(e, "%s: fstat", w->path);
	return S_ISLNK(w->t.st.st_mode) ? follow(w, e) : 0;
}

/* The file must be a folder, because a name or a slash follows. */
static int enter(struct walk *w, struct err *e)
{
	if (!S_ISDIR(w->t.st.st_mode)) {
		errno = ENOTDIR;
		return folder_missing(w, e);
	}
	replace_fd(&w->t.folder, w->t.found);
	w->t.found = -1;
	w->t.name[0] = '\0';
	return 0;
}

static int walk_all(struct walk *w, struct err *e)
{
	int rc;

	while (next_name(w, e, &rc)) {
		rc = look(w, e);
		if (rc || is_last(w))
			break;
		/* If nothing was found, the text of a link is next. */
		rc = w->t.found < 0 ? 0 : enter(w, e);
		if (rc)
			break;
	}
	return rc;
}

int target_find(struct target *t, const char *path, struct err *e)
{
	struct walk w = { .path = path, .t = TARGET_EMPTY };
	int rc;

	if (!*path)
		return err_set(e, ENOENT, "the output file's name is empty");
	if (strlen(path) >= sizeof(w.rest))
		return err_set(e, ENAMETOOLONG, "%s: name too long", path);
	strcpy(w.rest, path);
	w.t.folder = open(*path == '/' ? "/" : ".", O_PATH | O_CLOEXEC);
	if (w.t.folder < 0)
		return err_sys(e, "%s: folder %s", path,
			       *path == '/' ? "/" : ".");
	rc = walk_all(&w, e);
	if (!rc &&
	    (!w.t.name[0] || (w.t.found >= 0 && S_ISDIR(w.t.st.st_mode))))
		rc = err_set(e, EISDIR, "%s: is a directory", path);
	if (rc)
		target_release(&w.t);
	else
		*t = w.t;
	return rc;
}

void target_release(struct target *t)
{
	replace_fd(&t->folder, -1);
	replace_fd(&t->found, -1);
	t->name[0] = '\0';
}
