/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Spec: open(2), O_TMPFILE; fcntl(2), F_OFD_SETLK; fallocate(2);
 * ioctl_ficlone(2); preadv2(2), RWF_NOWAIT.
 */
#include "dev/virtio/disk.h"

#include <assert.h>
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <libgen.h>
#include <limits.h>
#include <linux/falloc.h>
#include <linux/fs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* Zeros are written in pieces of this size, where the file system has no
 * call. */
#define ZERO_PIECE (64u << 10)

/* More pieces than a request can have. */
#define PIECES_MAX 256

/* ---- opening */

static int check_type(const char *path, const struct stat *st, struct err *e)
{
	if (S_ISREG(st->st_mode) || S_ISBLK(st->st_mode))
		return 0;
	if (S_ISDIR(st->st_mode))
		return err_set(e, EISDIR, "%s: is a directory", path);
	return err_set(e, EINVAL,
		       "%s: is neither a regular file nor a block device",
		       path);
}

static int cannot_open(const char *path, bool writes, struct err *e)
{
	if (writes && (errno == EACCES || errno == EPERM || errno == EROFS ||
		       errno == ETXTBSY))
		return err_set(e, EROFS,
			       "%s: cannot be written to (%s); add ,ro or "
			       ",snapshot",
			       path, strerror(errno));
	if (errno == EBUSY)
		return err_set(e, EBUSY, "%s: is in use, perhaps mounted",
			       path);
	return err_sys(e, "%s", path);
}

/*
 * Check what kind of file @c->path names, then open that same file. O_EXCL
 * keeps a block device from being mounted or shared while the guest writes to
 * it.
 */
static int open_image(const struct disk_config *c, struct stat *st,
		      struct err *e)
{
	bool writes = !c->ro && !c->snapshot;
	int flags = (writes ? O_RDWR : O_RDONLY) | O_CLOEXEC | O_NONBLOCK |
		    (c->direct ? O_DIRECT : 0);
	int found = open(c->path, O_PATH | O_CLOEXEC), fd, rc;
	char self[64];

	if (found < 0)
		return err_sys(e, "%s", c->path);
	rc = fstat(found, st) ? err_sys(e, "%s: fstat", c->path)
			      : check_type(c->path, st, e);
	if (!rc && writes && S_ISBLK(st->st_mode))
		flags |= O_EXCL;
	snprintf(self, sizeof(self), "/proc/self/fd/%d", found);
	fd = rc ? -1 : open(self, flags);
	if (!rc && fd < 0)
		rc = cannot_open(c->path, writes, e);
	close(found);
	return rc ?: fd;
}

static int find_size(struct disk *d, const struct stat *st, struct err *e)
{
	d->is_device = S_ISBLK(st->st_mode);
	d->size = (uint64_t)st->st_size;
	if (d->is_device && ioctl(d->fd, BLKGETSIZE64, &d->size))
		return err_sys(e, "%s: BLKGETSIZE64", d->path);
	if (!d->size)
		return err_set(e, EINVAL, "%s: is empty", d->path);
	if (d->size % DISK_SECTOR)
		return err_set(e, EINVAL,
			       "%s: has %" PRIu64
			       " bytes, which is not a multiple of %d",
			       d->path, d->size, DISK_SECTOR);
	return 0;
}

/* The alignment that O_DIRECT requires, as far as the host reports it. */
static int find_alignment(struct disk *d, struct err *e)
{
	int sector = DISK_PAGE;

	if (d->is_device && ioctl(d->fd, BLKSSZGET, &sector))
		return err_sys(e, "%s: BLKSSZGET", d->path);
#ifdef STATX_DIOALIGN
	struct statx sx;

	if (!d->is_device &&
	    !statx(d->fd, "", AT_EMPTY_PATH, STATX_DIOALIGN, &sx) &&
	    sx.stx_mask & STATX_DIOALIGN && sx.stx_dio_offset_align)
		sector = (int)(sx.stx_dio_offset_align > sx.stx_dio_mem_align
				       ? sx.stx_dio_offset_align
				       : sx.stx_dio_mem_align);
#endif
	if (sector < DISK_SECTOR)
		sector = DISK_SECTOR;
	if (d->size % (unsigned)sector)
		return err_set(e, EINVAL,
			       "%s: has %" PRIu64
			       " bytes; ,direct needs a multiple of %d",
			       d->path, d->size, sector);
	d->align = (uint32_t)sector;
	return 0;
}

/* Whether @file, in the folder of a process's descriptors @at, is the file @st
 * with an open file description lock. */
static bool is_locked_here(int at, const char *file, const struct stat *st)
{
	char path[64], text[1024];
	struct stat other;
	ssize_t len;
	int fd;

	snprintf(path, sizeof(path), "fd/%.16s", file);
	if (fstatat(at, path, &other, 0) || other.st_dev != st->st_dev ||
	    other.st_ino != st->st_ino)
		return false;
	snprintf(path, sizeof(path), "fdinfo/%.16s", file);
	fd = openat(at, path, O_RDONLY | O_CLOEXEC);
	len = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	if (fd >= 0)
		close(fd);
	text[len < 0 ? 0 : len] = '\0';
	return strstr(text, "OFDLCK");
}

/* Whether process @pid, a folder of /proc, has locked the file @st. */
static bool has_locked(const char *pid, const struct stat *st)
{
	char path[64];
	struct dirent *file;
	bool found = false;
	DIR *files;
	int at;

	snprintf(path, sizeof(path), "/proc/%.16s", pid);
	at = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	snprintf(path, sizeof(path), "/proc/%.16s/fdinfo", pid);
	files = at < 0 ? NULL : opendir(path);
	while (files && !found && (file = readdir(files)))
		found = isdigit((unsigned char)*file->d_name) &&
			is_locked_here(at, file->d_name, st);
	if (files)
		closedir(files);
	if (at >= 0)
		close(at);
	return found;
}

/* The kernel does not say which process has an open file description lock, so
 * look for it; 0 if there is none that may be looked at. */
static pid_t find_holder(int fd)
{
	DIR *processes = opendir("/proc");
	struct dirent *process;
	struct stat st;
	pid_t pid = 0;

	if (!processes)
		return 0;
	while (!pid && !fstat(fd, &st) && (process = readdir(processes)))
		if (isdigit((unsigned char)*process->d_name) &&
		    has_locked(process->d_name, &st))
			pid = (pid_t)strtol(process->d_name, NULL, 10);
	closedir(processes);
	return pid;
}

/* Who has locked the file of @fd; 0: unknown. */
static pid_t holder_of(int fd)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };

	if (fcntl(fd, F_OFD_GETLK, &lock) || lock.l_type == F_UNLCK)
		return 0;
	return lock.l_pid > 0 ? lock.l_pid : find_holder(fd);
}

/* " by NAME (process N)", or nothing for process 0. */
static void name_holder(pid_t pid, char *text, size_t size)
{
	char path[64], name[32] = "";
	FILE *f;

	*text = '\0';
	if (!pid)
		return;
	snprintf(path, sizeof(path), "/proc/%ld/comm", (long)pid);
	f = fopen(path, "re");
	if (f && fgets(name, sizeof(name), f))
		name[strcspn(name, "\n")] = '\0';
	if (f)
		fclose(f);
	snprintf(text, size, " by %s (process %ld)", *name ? name : "a program",
		 (long)pid);
}

static int lock_image(struct disk *d, bool writes, struct err *e)
{
	struct flock lock = {
		.l_type = writes ? F_WRLCK : F_RDLCK,
		.l_whence = SEEK_SET,
	};
	char holder[96];
	pid_t pid;

	if (!fcntl(d->fd, F_OFD_SETLK, &lock))
		return 0;
	if (errno != EAGAIN && errno != EACCES)
		/* A file system without locks cannot protect readers. */
		return writes ? err_sys(e, "%s: cannot be locked", d->path) : 0;
	pid = holder_of(d->fd);
	if (pid == getpid())
		return err_set(e, EBUSY,
			       "%s: is in use by another disk of this guest; "
			       "add ,ro or ,snapshot to both",
			       d->path);
	name_holder(pid, holder, sizeof(holder));
	return err_set(e, EBUSY, "%s: is in use%s: another program %s it",
		       d->path, holder, writes ? "has locked" : "writes to");
}

/* A file without a name in @folder; negative if that fails. */
static int open_unnamed(const char *folder)
{
	char path[PATH_MAX];
	int fd = open(folder, O_TMPFILE | O_RDWR | O_EXCL | O_CLOEXEC, 0600);

	if (fd >= 0 || snprintf(path, sizeof(path), "%s/launcher-disk.XXXXXX",
				folder) >= (int)sizeof(path))
		return fd;
	fd = mkostemp(path, O_CLOEXEC);
	if (fd >= 0)
		unlink(path);
	return fd;
}

/* Prefer the image's folder: it may have room, and its file system may be able
 * to share blocks. */
static int open_overlay_beside(const struct disk *d)
{
	char *copy = strdup(d->path);
	int fd = -1;

	if (copy && !d->is_device)
		fd = open_unnamed(dirname(copy));
	free(copy);
	return fd;
}

static int open_overlay_elsewhere(const struct disk *d, struct err *e)
{
	const char *const folders[] = { getenv("TMPDIR"), "/var/tmp", "/tmp" };
	int fd = -1;

	for (size_t i = 0; fd < 0 && i < sizeof(folders) / sizeof(*folders);
	     i++)
		if (folders[i])
			fd = open_unnamed(folders[i]);
	return fd >= 0 ? fd
		       : err_sys(e, "%s: snapshot: no temporary file", d->path);
}

static int make_overlay(struct disk *d, struct err *e)
{
	int fd = open_overlay_beside(d);

	/* A copy that shares its blocks has the whole image at once. */
	if (fd >= 0 && !ioctl(fd, FICLONE, d->fd)) {
		d->overlay = fd;
		return 0;
	}
	if (fd < 0)
		fd = open_overlay_elsewhere(d, e);
	if (fd < 0)
		return fd;
	d->overlay = fd;
	if (ftruncate(fd, (off_t)d->size))
		return err_sys(e, "%s: snapshot: ftruncate", d->path);
	d->written_len = (size_t)((d->size / DISK_PAGE) / 8 + 1);
	d->written = mmap(NULL, d->written_len, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (d->written == MAP_FAILED) {
		d->written = NULL;
		return err_sys(e, "%s: snapshot: mmap", d->path);
	}
	return 0;
}

int disk_open(struct disk *d, const struct disk_config *c, struct err *e)
{
	struct stat st;
	int rc;

	*d = (struct disk)DISK_EMPTY;
	d->path = c->path;
	d->is_ro = c->ro;
	d->align = 1;
	rc = open_image(c, &st, e);
	if (rc < 0)
		return rc;
	d->fd = rc;
	pthread_mutex_init(&d->copying, NULL);
	rc = find_size(d, &st, e);
	if (!rc)
		rc = lock_image(d, !c->ro && !c->snapshot, e);
	if (!rc && c->direct)
		rc = find_alignment(d, e);
	if (!rc && c->snapshot)
		rc = make_overlay(d, e);
	if (rc)
		disk_close(d);
	return rc;
}

void disk_close(struct disk *d)
{
	if (d->fd < 0)
		return;
	close(d->fd);
	if (d->overlay >= 0)
		close(d->overlay);
	if (d->written)
		munmap(d->written, d->written_len);
	pthread_mutex_destroy(&d->copying);
	*d = (struct disk)DISK_EMPTY;
}

/* ---- pieces of guest memory */

/* A place in an array of pieces. */
struct pieces {
	const struct iovec *iov;
	unsigned n;
	size_t off; /* in the first one */
};

/* Take the next @len bytes of @p into @out, of PIECES_MAX. Returns how many
 * pieces they are. */
static unsigned take(struct pieces *p, uint64_t len, struct iovec *out)
{
	unsigned n = 0;

	while (len) {
		size_t have = p->iov->iov_len - p->off;

		if (have > len)
			have = (size_t)len;
		out[n++] = (struct iovec){ (uint8_t *)p->iov->iov_base + p->off,
					   have };
		p->off += have;
		len -= have;
		if (p->off == p->iov->iov_len) {
			p->iov++;
			p->n--;
			p->off = 0;
		}
	}
	return n;
}

static uint64_t total(const struct iovec *iov, unsigned n)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < n; i++)
		sum += iov[i].iov_len;
	return sum;
}

typedef ssize_t io_fn(int fd, const struct iovec *iov, int n, off_t off);

/* Transfer all of @iov; changes its entries. */
static int transfer(io_fn *io, int fd, struct iovec *iov, unsigned n,
		    uint64_t off)
{
	while (n) {
		ssize_t done = io(fd, iov, (int)n, (off_t)off);

		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			return -errno;
		/* Past the end of a file that has become shorter. */
		if (!done)
			return -EIO;
		off += (uint64_t)done;
		while (n && (size_t)done >= iov->iov_len) {
			done -= (ssize_t)iov->iov_len;
			iov++;
			n--;
		}
		if (n) {
			iov->iov_base = (uint8_t *)iov->iov_base + done;
			iov->iov_len -= (size_t)done;
		}
	}
	return 0;
}

/* ---- O_DIRECT */

static bool is_aligned(const struct disk *d, const struct iovec *iov,
		       unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		if (((uintptr_t)iov[i].iov_base | iov[i].iov_len) &
		    (d->align - 1))
			return false;
	return true;
}

static void gather(uint8_t *to, const struct iovec *iov, unsigned n)
{
	for (unsigned i = 0; i < n; to += iov[i++].iov_len)
		memcpy(to, iov[i].iov_base, iov[i].iov_len);
}

static void scatter(const struct iovec *iov, unsigned n, const uint8_t *from)
{
	for (unsigned i = 0; i < n; from += iov[i++].iov_len)
		memcpy(iov[i].iov_base, from, iov[i].iov_len);
}

/* Transfer through an aligned buffer. */
static int transfer_copy(const struct disk *d, io_fn *io, int fd,
			 const struct iovec *iov, unsigned n, uint64_t off,
			 bool is_write)
{
	size_t len = (size_t)total(iov, n);
	void *copy;
	struct iovec one;
	int rc;

	if ((off | len) & (d->align - 1))
		return -EINVAL;
	if (posix_memalign(&copy, d->align, len))
		return -ENOMEM;
	if (is_write)
		gather(copy, iov, n);
	one = (struct iovec){ copy, len };
	rc = transfer(io, fd, &one, 1, off);
	if (!rc && !is_write)
		scatter(iov, n, copy);
	free(copy);
	return rc;
}

static int move(const struct disk *d, bool is_write, int fd, struct pieces *p,
		uint64_t len, uint64_t off)
{
	struct iovec iov[PIECES_MAX];
	unsigned n = take(p, len, iov);
	io_fn *io = is_write ? pwritev : preadv;

	if (fd == d->fd && d->align > 1 && !is_aligned(d, iov, n))
		return transfer_copy(d, io, fd, iov, n, off, is_write);
	return transfer(io, fd, iov, n, off);
}

/* ---- the overlay */

static bool page_is_written(const struct disk *d, uint64_t page)
{
	return __atomic_load_n(&d->written[page / 8], __ATOMIC_ACQUIRE) >>
		       (page % 8) &
	       1;
}

static void page_set_written(struct disk *d, uint64_t page)
{
	__atomic_fetch_or(&d->written[page / 8], (uint8_t)(1 << (page % 8)),
			  __ATOMIC_RELEASE);
}

/* How many bytes from @off on, up to @end, lie in the same file. */
static uint64_t run_length(const struct disk *d, uint64_t off, uint64_t end,
			   bool *in_overlay)
{
	uint64_t page = off / DISK_PAGE;

	*in_overlay = page_is_written(d, page);
	do
		page++;
	while (page * DISK_PAGE < end &&
	       page_is_written(d, page) == *in_overlay);
	return (page * DISK_PAGE < end ? page * DISK_PAGE : end) - off;
}

static int read_overlaid(struct disk *d, struct pieces *p, uint64_t off,
			 uint64_t end)
{
	int rc = 0;

	while (!rc && off < end) {
		bool in_overlay;
		uint64_t len = run_length(d, off, end, &in_overlay);

		rc = move(d, false, in_overlay ? d->overlay : d->fd, p, len,
			  off);
		off += len;
	}
	return rc;
}

/* Copy a page that will be partly overwritten. */
static int copy_page(struct disk *d, uint64_t page)
{
	uint64_t off = page * DISK_PAGE;
	uint8_t copy[DISK_PAGE] __attribute__((aligned(DISK_PAGE)));
	uint64_t len = d->size - off < DISK_PAGE ? d->size - off : DISK_PAGE;
	struct iovec from = { copy, (size_t)len }, to = from;
	int rc = 0;

	pthread_mutex_lock(&d->copying);
	if (!page_is_written(d, page)) {
		rc = transfer(preadv, d->fd, &from, 1, off);
		if (!rc)
			rc = transfer(pwritev, d->overlay, &to, 1, off);
		if (!rc)
			page_set_written(d, page);
	}
	pthread_mutex_unlock(&d->copying);
	return rc;
}

/* The pages that [@off, @end) covers in part. */
static int copy_edges(struct disk *d, uint64_t off, uint64_t end)
{
	int rc = 0;

	if (off % DISK_PAGE)
		rc = copy_page(d, off / DISK_PAGE);
	if (!rc && end % DISK_PAGE && end < d->size)
		rc = copy_page(d, end / DISK_PAGE);
	return rc;
}

static void set_written(struct disk *d, uint64_t off, uint64_t end)
{
	for (uint64_t page = off / DISK_PAGE; page * DISK_PAGE < end; page++)
		page_set_written(d, page);
}

static int write_overlaid(struct disk *d, struct pieces *p, uint64_t off,
			  uint64_t end)
{
	int rc = copy_edges(d, off, end);

	if (!rc)
		rc = move(d, true, d->overlay, p, end - off, off);
	if (!rc)
		set_written(d, off, end);
	return rc;
}

/* ---- requests of a device */

/* The file that has the whole disk. */
static int whole(const struct disk *d)
{
	return d->overlay >= 0 ? d->overlay : d->fd;
}

static int failed(const struct disk *d, int rc, const char *what, uint64_t off,
		  uint64_t len, struct err *e)
{
	return rc ? err_set(e, -rc,
			    "%s: %s of %" PRIu64 " bytes at %" PRIu64 ": %s",
			    d->path, what, len, off, strerror(-rc))
		  : 0;
}

int disk_read(struct disk *d, const struct iovec *iov, unsigned n, uint64_t off,
	      struct err *e)
{
	struct pieces p = { iov, n, 0 };
	uint64_t len = total(iov, n);
	int rc = d->written ? read_overlaid(d, &p, off, off + len)
			    : move(d, false, whole(d), &p, len, off);

	return failed(d, rc, "read", off, len, e);
}

int disk_write(struct disk *d, const struct iovec *iov, unsigned n,
	       uint64_t off, struct err *e)
{
	struct pieces p = { iov, n, 0 };
	uint64_t len = total(iov, n);
	int rc;

	assert(!d->is_ro);
	rc = d->written ? write_overlaid(d, &p, off, off + len)
			: move(d, true, whole(d), &p, len, off);
	return failed(d, rc, "write", off, len, e);
}

bool disk_read_now(struct disk *d, const struct iovec *iov, unsigned n,
		   uint64_t off)
{
	ssize_t done;

	if (d->written || d->align > 1)
		return false;
	done = preadv2(whole(d), iov, (int)n, (off_t)off, RWF_NOWAIT);
	return done >= 0 && (uint64_t)done == total(iov, n);
}

int disk_flush(struct disk *d, struct err *e)
{
	if (d->overlay >= 0 || d->is_ro || !fdatasync(d->fd))
		return 0;
	return err_sys(e, "%s: fdatasync", d->path);
}

static int punch(int fd, uint64_t off, uint64_t len)
{
	return fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
			 (off_t)off, (off_t)len)
		       ? -errno
		       : 0;
}

int disk_discard(struct disk *d, uint64_t off, uint64_t len, struct err *e)
{
	int rc = punch(whole(d), off, len);

	return rc == -EOPNOTSUPP ? 0 : failed(d, rc, "discard", off, len, e);
}

static int write_zeros(struct disk *d, uint64_t off, uint64_t end,
		       struct err *e)
{
	static const uint8_t zeros[ZERO_PIECE] __attribute__((aligned(4096)));
	int rc = 0;

	while (!rc && off < end) {
		uint64_t len = end - off < ZERO_PIECE ? end - off : ZERO_PIECE;
		const struct iovec piece = { (void *)zeros, (size_t)len };

		rc = disk_write(d, &piece, 1, off, e);
		off += len;
	}
	return rc;
}

/* Whole pages of an overlay become holes, which read zero. */
static int zero_overlaid(struct disk *d, uint64_t off, uint64_t end,
			 struct err *e)
{
	uint64_t from = (off + DISK_PAGE - 1) / DISK_PAGE * DISK_PAGE;
	uint64_t to = end == d->size ? end : end / DISK_PAGE * DISK_PAGE;
	int rc;

	if (from >= to || punch(d->overlay, from, to - from))
		return write_zeros(d, off, end, e);
	if (d->written)
		set_written(d, from, to);
	rc = write_zeros(d, off, from, e);
	return rc ?: write_zeros(d, to, end, e);
}

int disk_zero(struct disk *d, uint64_t off, uint64_t len, bool unmap,
	      struct err *e)
{
	int rc;

	if (d->overlay >= 0)
		return zero_overlaid(d, off, off + len, e);
	rc = unmap ? punch(d->fd, off, len) : -EOPNOTSUPP;
	if (rc && !fallocate(d->fd, FALLOC_FL_ZERO_RANGE | FALLOC_FL_KEEP_SIZE,
			     (off_t)off, (off_t)len))
		rc = 0;
	else if (rc)
		rc = -errno;
	if (rc == -EOPNOTSUPP)
		return write_zeros(d, off, off + len, e);
	return failed(d, rc, "write of zeros", off, len, e);
}
