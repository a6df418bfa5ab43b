/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * O_TMPFILE makes a file without a name, which linkat() names when all bytes
 * are written. An existing name can only be replaced by rename(), so then the
 * complete file first gets a temporary name beside it. File systems without
 * O_TMPFILE, and hosts without /proc, get a temporary file with a name, which
 * is unlinked on failure.
 *
 * Spec: open(2), O_TMPFILE; linkat(2); fifo(7).
 */
#include "base/output.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/target.h"

/* How many temporary names are tried. */
#define NAME_TRIES 16

/* How long the first reader of a FIFO may take to come. */
#define READER_PATIENCE_NS UINT64_C(10000000000)

#define FLAGS (O_WRONLY | O_CLOEXEC | O_NOCTTY)

/* A path to the file of a descriptor, to open or link it. */
struct self {
	char path[32];
};

static struct self self_of(int fd)
{
	struct self s;

	snprintf(s.path, sizeof(s.path), "/proc/self/fd/%d", fd);
	return s;
}

/* ".launcher-0123456789abcdef" */
static int temp_name(struct output *o, struct err *e)
{
	uint64_t r;

	if (getrandom(&r, sizeof(r), 0) != sizeof(r))
		return err_sys(e, "getrandom");
	snprintf(o->temp, sizeof(o->temp), ".launcher-%016" PRIx64, r);
	return 0;
}

static int no_name(struct output *o, struct err *e)
{
	o->temp[0] = '\0';
	return err_set(e, EEXIST, "%s: no free temporary name", o->path);
}

/* Open a new file under a temporary name in the folder. */
static int open_named(struct output *o, unsigned mode, struct err *e)
{
	for (int i = 0; i < NAME_TRIES; i++) {
		int rc = temp_name(o, e);

		if (rc)
			return rc;
		o->fd = openat(o->folder, o->temp, FLAGS | O_CREAT | O_EXCL,
			       mode);
		if (o->fd >= 0)
			return 0;
		if (errno != EEXIST) {
			o->temp[0] = '\0';
			return err_sys(e, "%s", o->path);
		}
	}
	return no_name(o, e);
}

/* Give the nameless file a temporary name. */
static int link_named(struct output *o, struct err *e)
{
	for (int i = 0; i < NAME_TRIES; i++) {
		int rc = temp_name(o, e);

		if (rc)
			return rc;
		if (!linkat(AT_FDCWD, self_of(o->fd).path, o->folder, o->temp,
			    AT_SYMLINK_FOLLOW))
			return 0;
		if (errno != EEXIST) {
			o->temp[0] = '\0';
			return err_sys(e, "%s: linkat", o->path);
		}
	}
	return no_name(o, e);
}

/* Whether open() failed because the folder does not support files without a
 * name. EISDIR: a kernel that does not know the flag; others: the file
 * system. */
static bool needs_name(int error)
{
	return error == EOPNOTSUPP || error == EISDIR || error == EINVAL;
}

static int folder_failed(const struct output *o, struct err *e)
{
	const char *slash = strrchr(o->path, '/');

	if (!slash)
		return err_sys(e, "%s: folder .", o->path);
	return err_sys(e, "%s: folder %.*s", o->path,
		       slash == o->path ? 1 : (int)(slash - o->path), o->path);
}

static int open_file(struct output *o, unsigned mode, struct err *e)
{
	o->fd = openat(o->folder, ".", O_TMPFILE | FLAGS, mode);
	if (o->fd < 0)
		return needs_name(errno) ? open_named(o, mode, e)
					 : folder_failed(o, e);
	if (!access(self_of(o->fd).path, F_OK))
		return 0;
	/* Without /proc there is no way to name it. */
	close(o->fd);
	o->fd = -1;
	return open_named(o, mode, e);
}

/* Whether the existing file may be replaced. */
static int check_owner(const struct output *o, const struct target *t,
		       struct err *e)
{
	uid_t me = geteuid();
	struct stat folder;

	if (me == 0 || t->st.st_uid == me || fstat(t->folder, &folder))
		return 0;
	if (!(folder.st_mode & S_ISVTX) || folder.st_uid == me)
		return 0;
	return err_set(e, EPERM,
		       "%s: belongs to another user, and may not be replaced "
		       "in a sticky folder",
		       o->path);
}

static int open_replacement(struct output *o, const struct target *t,
			    unsigned mode, struct err *e)
{
	bool ours = t->found >= 0 && t->st.st_uid == geteuid();
	unsigned keep = t->st.st_mode & 0777;
	int rc = 0;

	o->folder = fcntl(t->folder, F_DUPFD_CLOEXEC, 3);
	if (o->folder < 0)
		return err_sys(e, "%s: dup", o->path);
	strcpy(o->name, t->name);
	if (t->found >= 0)
		rc = check_owner(o, t, e);
	if (!rc)
		rc = open_file(o, ours ? keep : mode, e);
	/* umask may have removed bits, so after a failure there are fewer bits,
	 * never more. */
	if (!rc && ours)
		(void)!fchmod(o->fd, keep);
	return rc;
}

/*
 * A FIFO without a reader cannot be opened only for writing, but for reading
 * and writing; while that descriptor is open, there is a reader.
 */
static int open_fifo(struct output *o, int found, struct err *e)
{
	int both = open(self_of(found).path,
			O_RDWR | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

	int rc = 0;

	o->is_fifo = true;
	o->fd = open(self_of(found).path, FLAGS | O_NONBLOCK);
	if (o->fd < 0 && errno == ENXIO)
		rc = err_set(e, ENXIO,
			     "%s: no process has opened it for reading",
			     o->path);
	else if (o->fd < 0)
		rc = err_sys(e, "%s", o->path);
	if (both >= 0)
		close(both);
	return rc;
}

static int open_device(struct output *o, int found, struct err *e)
{
	o->fd = open(self_of(found).path, FLAGS | O_NONBLOCK);
	return o->fd < 0 ? err_sys(e, "%s", o->path) : 0;
}

static int open_existing(struct output *o, const struct target *t,
			 unsigned mode, struct err *e)
{
	switch (t->st.st_mode & S_IFMT) {
	case S_IFREG:
		return open_replacement(o, t, mode, e);
	case S_IFIFO:
		return open_fifo(o, t->found, e);
	case S_IFCHR:
	case S_IFBLK:
		return open_device(o, t->found, e);
	default:
		return err_set(e, EINVAL, "%s: is a socket", o->path);
	}
}

int output_open(struct output *o, const char *path, unsigned mode,
		struct err *e)
{
	struct output new = OUTPUT_EMPTY;
	struct target t = TARGET_EMPTY;
	int rc;

	new.path = path;
	if (!strcmp(path, "-")) {
		new.path = "standard output";
		new.fd = STDOUT_FILENO;
		new.keep_fd = true;
		*o = new;
		return 0;
	}
	rc = target_find(&t, path, e);
	if (!rc)
		rc = t.found < 0 ? open_replacement(&new, &t, mode, e)
				 : open_existing(&new, &t, mode, e);
	target_release(&t);
	if (rc)
		output_discard(&new);
	else
		*o = new;
	return rc;
}

static int took_nothing(const struct output *o, struct err *e)
{
	return err_set(e, ETIMEDOUT, "%s: nothing reads it", o->path);
}

static int await_reader(struct output *o, struct patience *p, struct err *e)
{
	struct patience first = { .left_ns = READER_PATIENCE_NS,
				  .hurry_fd = -1 };

	if (!o->is_fifo)
		return 0;
	o->is_fifo = false;
	return patience_wait_reader(p ?: &first, o->fd) ? took_nothing(o, e)
							: 0;
}

static int write_part(struct output *o, struct bytes left, struct patience *p,
		      struct err *e)
{
	while (left.len) {
		ssize_t n = write(o->fd, left.data, left.len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN) {
			if (patience_wait(p, o->fd))
				return took_nothing(o, e);
			continue;
		}
		if (n < 0)
			return err_sys(e, "%s: write", o->path);
		left.data += n;
		left.len -= (size_t)n;
	}
	return 0;
}

int output_write(struct output *o, const struct bytes *parts, size_t n,
		 struct patience *p, struct err *e)
{
	int rc = await_reader(o, p, e);

	for (size_t i = 0; !rc && i < n; i++)
		rc = write_part(o, parts[i], p, e);
	return rc;
}

/* The file's size must grow, too: the hole may be its end. */
static int skip_in_file(struct output *o, uint64_t n, struct err *e)
{
	off_t end = lseek(o->fd, (off_t)n, SEEK_CUR);

	if (end < 0 || ftruncate(o->fd, end))
		return err_sys(e, "%s: cannot make it larger", o->path);
	return 0;
}

int output_skip(struct output *o, uint64_t n, struct patience *p, struct err *e)
{
	static const uint8_t zeros[65536];
	int rc = 0;

	if (o->folder >= 0)
		return skip_in_file(o, n, e);
	while (!rc && n) {
		const struct bytes part = { zeros, n < sizeof(zeros)
							   ? n
							   : sizeof(zeros) };

		rc = output_write(o, &part, 1, p, e);
		n -= part.len;
	}
	return rc;
}

/*
 * Some file systems (NFS, quotas) report a failed write only when a
 * descriptor is closed; closing a second one keeps the first for linkat().
 */
static int flush_errors(const struct output *o, struct err *e)
{
	int second = fcntl(o->fd, F_DUPFD_CLOEXEC, 3);

	if (second < 0 || close(second))
		return err_sys(e, "%s: close", o->path);
	return 0;
}

/* Give the complete file its name, and replace an old file. */
static int publish(struct output *o, struct err *e)
{
	int rc = 0;

	if (!o->temp[0]) {
		if (!linkat(AT_FDCWD, self_of(o->fd).path, o->folder, o->name,
			    AT_SYMLINK_FOLLOW))
			return 0;
		if (errno != EEXIST)
			return err_sys(e, "%s: linkat", o->path);
		rc = link_named(o, e);
	}
	if (rc)
		return rc;
	if (renameat(o->folder, o->temp, o->folder, o->name))
		return err_sys(e, "%s: rename", o->path);
	o->temp[0] = '\0';
	return 0;
}

int output_publish(struct output *o, struct err *e)
{
	int rc;

	if (o->folder < 0)
		return 0;
	rc = publish(o, e);
	if (rc)
		return rc;
	close(o->folder);
	o->folder = -1;
	return 0;
}

int output_commit(struct output *o, struct err *e)
{
	int rc = flush_errors(o, e) ?: output_publish(o, e);

	output_discard(o);
	return rc;
}

void output_discard(struct output *o)
{
	if (o->folder >= 0 && o->temp[0])
		unlinkat(o->folder, o->temp, 0);
	if (o->folder >= 0)
		close(o->folder);
	if (o->fd >= 0 && !o->keep_fd)
		close(o->fd);
	*o = (struct output)OUTPUT_EMPTY;
}

int output_finish(struct output *o, const struct bytes *parts, size_t n,
		  struct patience *p, struct err *e)
{
	int rc = output_write(o, parts, n, p, e);

	if (!rc)
		return output_commit(o, e);
	output_discard(o);
	return rc;
}

int output_save(const char *path, const struct bytes *parts, size_t n,
		unsigned mode, struct err *e)
{
	struct output o = OUTPUT_EMPTY;

	return output_open(&o, path, mode, e)
		       ?: output_finish(&o, parts, n, NULL, e);
}
