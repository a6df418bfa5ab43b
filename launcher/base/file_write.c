/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Files out: how a result (an extracted ELF, a packed image, a report) gets
 * its name.
 *
 * O_TMPFILE keeps file.h's promise: the bytes go into a file without a name,
 * which linkat() names once they are all there. A name that is taken can
 * only be replaced by rename(), so then the complete file is linked beside
 * it first. File systems without O_TMPFILE, and hosts without /proc, get a
 * named temporary file, which is unlinked on failure.
 */
#include "base/file.h"
#include "base/retry.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

/* How often a temporary name may turn out to be taken. */
#define NAME_TRIES 16

/* Permissions of the result: of a new file, before umask; of one that
 * replaces another, exactly what they were. */
struct rights {
	unsigned mode;
	bool exact;
};

/* umask has only taken away, so that a failure leaves less and never more. */
static void restore_rights(int fd, const struct rights *r)
{
	if (r->exact)
		(void)!fchmod(fd, r->mode);
}

static int write_parts(int fd, const char *path, const struct bytes *parts,
		       size_t n, struct err *e)
{
	for (size_t i = 0; i < n; i++) {
		struct bytes left = parts[i];

		while (left.len) {
			ssize_t done = write(fd, left.data, left.len);

			if (done < 0 && retry_io(fd, POLLOUT))
				continue;
			if (done < 0)
				return err_sys(e, "%s: write", path);
			left.data += done;
			left.len -= done;
		}
	}
	return 0;
}

/*
 * Some file systems (NFS, quotas) report a failed write only when a
 * descriptor is closed; closing a second one keeps the first for linkat().
 */
static int flush_errors(int fd, const char *path, struct err *e)
{
	int second = dup(fd);

	if (second < 0 || close(second))
		return err_sys(e, "%s: close", path);
	return 0;
}

/* Write to something that can be neither replaced nor half done: a device,
 * a pipe, standard output. */
static int write_directly(int fd, const char *path, const struct bytes *parts,
			  size_t n, struct err *e)
{
	return write_parts(fd, path, parts, n, e) ?: flush_errors(fd, path, e);
}

/* ".launcher-0123456789abcdef" in the folder of @path. */
static int temp_name(char *buf, size_t size, const char *dir, struct err *e)
{
	uint64_t r;

	if (getrandom(&r, sizeof(r), 0) != sizeof(r))
		return err_sys(e, "getrandom");
	if ((size_t)snprintf(buf, size, "%s/.launcher-%016" PRIx64, dir, r) >=
	    size)
		return err_set(e, ENAMETOOLONG, "%s: name too long", dir);
	return 0;
}

/* Open a new file under a name of its own in @dir. */
static int open_named(char *name, size_t size, const char *dir,
		      const struct rights *r, struct err *e)
{
	for (int i = 0; i < NAME_TRIES; i++) {
		int rc = temp_name(name, size, dir, e), fd;

		if (rc)
			return rc;
		fd = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC,
			  r->mode);
		if (fd >= 0 || errno != EEXIST)
			return fd >= 0 ? fd : err_sys(e, "%s", name);
	}
	return err_set(e, EEXIST, "%s: no free temporary name", dir);
}

/* Give the nameless file @fd a temporary name in @dir. */
static int link_named(int fd, char *name, size_t size, const char *dir,
		      struct err *e)
{
	char self[64];

	snprintf(self, sizeof(self), "/proc/self/fd/%d", fd);
	for (int i = 0; i < NAME_TRIES; i++) {
		int rc = temp_name(name, size, dir, e);

		if (rc)
			return rc;
		if (!linkat(AT_FDCWD, self, AT_FDCWD, name, AT_SYMLINK_FOLLOW))
			return 0;
		if (errno != EEXIST)
			return err_sys(e, "%s: linkat", name);
	}
	return err_set(e, EEXIST, "%s: no free temporary name", dir);
}

static int rename_or_unlink(const char *from, const char *to, struct err *e)
{
	int rc;

	if (!rename(from, to))
		return 0;
	rc = err_sys(e, "%s: rename", to);
	unlink(from);
	return rc;
}

/* Name the complete file @fd @path, replacing what had the name. */
static int publish(int fd, const char *dir, const char *path, struct err *e)
{
	char self[64], name[PATH_MAX];
	int rc;

	snprintf(self, sizeof(self), "/proc/self/fd/%d", fd);
	if (!linkat(AT_FDCWD, self, AT_FDCWD, path, AT_SYMLINK_FOLLOW))
		return 0;
	if (errno != EEXIST)
		return err_sys(e, "%s: linkat", path);
	rc = link_named(fd, name, sizeof(name), dir, e);
	return rc ?: rename_or_unlink(name, path, e);
}

static int write_nameless(int fd, const char *dir, const char *path,
			  const struct bytes *parts, size_t n, struct err *e)
{
	int rc = write_parts(fd, path, parts, n, e) ?:
		 flush_errors(fd, path, e) ?:
		 publish(fd, dir, path, e);

	close(fd);
	return rc;
}

static int write_named(const char *dir, const char *path,
		       const struct bytes *parts, size_t n,
		       const struct rights *r, struct err *e)
{
	char name[PATH_MAX];
	int fd = open_named(name, sizeof(name), dir, r, e), rc;

	if (fd < 0)
		return err_prefix(e, fd, "%s", path);
	restore_rights(fd, r);
	rc = write_parts(fd, path, parts, n, e) ?: flush_errors(fd, path, e);
	close(fd);
	if (rc) {
		unlink(name);
		return rc;
	}
	return rename_or_unlink(name, path, e);
}

/* The folder of @path, to PATH_MAX bytes at @dir. */
static int folder_of(const char *path, char *dir, struct err *e)
{
	const char *slash = strrchr(path, '/');
	size_t len = slash ? (size_t)(slash - path) ?: 1 : 0;

	if (len >= PATH_MAX)
		return err_set(e, ENAMETOOLONG, "%s: name too long", path);
	memcpy(dir, slash ? path : ".", slash ? len : 1);
	dir[slash ? len : 1] = '\0';
	return 0;
}

/* What open() says of a folder that cannot hold nameless files. EISDIR: a
 * kernel that does not know the flag; others: the file system. */
static bool needs_names(int error)
{
	return error == EOPNOTSUPP || error == EISDIR || error == EINVAL;
}

static int replace(const char *path, const struct bytes *parts, size_t n,
		   const struct rights *r, struct err *e)
{
	char dir[PATH_MAX];
	int fd, rc;

	rc = folder_of(path, dir, e);
	if (rc)
		return rc;
	fd = open(dir, O_TMPFILE | O_WRONLY | O_CLOEXEC, r->mode);
	if (fd >= 0) {
		restore_rights(fd, r);
		rc = write_nameless(fd, dir, path, parts, n, e);
		/* Without /proc there is no way to name it. */
		return rc != -ENOENT ? rc
				     : write_named(dir, path, parts, n, r, e);
	}
	if (needs_names(errno))
		return write_named(dir, path, parts, n, r, e);
	return err_sys(e, "%s: folder %s", path, dir);
}

static int write_existing(const char *path, mode_t type,
			  const struct bytes *parts, size_t n, struct err *e)
{
	const struct rights keep = { type & 0777, true };
	char real[PATH_MAX];
	int fd, rc;

	if (S_ISDIR(type))
		return err_set(e, EISDIR, "%s: is a directory", path);
	if (S_ISREG(type)) {
		/* A symbolic link stays; the file it leads to is replaced. */
		if (!realpath(path, real))
			return err_sys(e, "%s", path);
		return replace(real, parts, n, &keep, e);
	}
	fd = open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY);
	if (fd < 0)
		return err_sys(e, "%s", path);
	rc = write_directly(fd, path, parts, n, e);
	close(fd);
	return rc;
}

/* stat() has failed on @path. Creating it would replace a symbolic link that
 * leads nowhere, which is to stay. */
static int check_link(const char *path, struct err *e)
{
	int code = errno;
	struct stat st;

	if (lstat(path, &st) || !S_ISLNK(st.st_mode))
		return 0;
	if (code == ENOENT)
		return err_set(e, ENOENT,
			       "%s: is a symbolic link to a file that does "
			       "not exist",
			       path);
	errno = code;
	return err_sys(e, "%s", path);
}

int file_write(const char *path, const struct bytes *parts, size_t n,
	       unsigned mode, struct err *e)
{
	const struct rights fresh = { mode, false };
	struct stat st;

	if (!strcmp(path, "-"))
		return write_directly(STDOUT_FILENO, "standard output", parts,
				      n, e);
	if (!*path)
		return err_set(e, ENOENT, "the output file's name is empty");
	if (!stat(path, &st))
		return write_existing(path, st.st_mode, parts, n, e);
	return check_link(path, e) ?: replace(path, parts, n, &fresh, e);
}

/* Whether a new file may come into being beside @path. */
static int check_folder(const char *path, struct err *e)
{
	char dir[PATH_MAX];
	int fd, rc;

	rc = folder_of(path, dir, e);
	if (rc)
		return rc;
	fd = open(dir, O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600);
	if (fd >= 0)
		return close(fd);
	if (needs_names(errno) && !access(dir, W_OK | X_OK))
		return 0;
	return err_sys(e, "%s: folder %s", path, dir);
}

static int check_existing(const char *path, mode_t type, struct err *e)
{
	char real[PATH_MAX];

	if (S_ISDIR(type))
		return err_set(e, EISDIR, "%s: is a directory", path);
	if (S_ISREG(type) && realpath(path, real))
		return check_folder(real, e);
	if (S_ISREG(type) || access(path, W_OK))
		return err_sys(e, "%s", path);
	return 0;
}

int file_check_output(const char *path, struct err *e)
{
	struct stat st;

	if (!strcmp(path, "-"))
		return 0;
	if (!*path)
		return err_set(e, ENOENT, "the output file's name is empty");
	if (!stat(path, &st))
		return check_existing(path, st.st_mode, e);
	if (errno != ENOENT)
		return err_sys(e, "%s", path);
	return check_link(path, e) ?: check_folder(path, e);
}
