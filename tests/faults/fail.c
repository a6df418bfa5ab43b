/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A library for LD_PRELOAD: counts a program's allocations and the system calls
 * that it makes through libc, and lets one of them fail.
 *
 * $FAULT_FILE is a file with a struct fault; see fault.h. It stays mapped, so
 * that no descriptor stays open and the sandbox has nothing to stop.
 */
#include "faults/fault.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/uio.h>
#include <unistd.h>

static struct fault *fault;
static pid_t self;

static void note(const char *name, void *caller)
{
	Dl_info info = { 0 };
	const char *file;

	strncpy(fault->name, name, sizeof(fault->name) - 1);
	if (!dladdr(caller, &info) || !info.dli_fname)
		return;
	file = strrchr(info.dli_fname, '/');
	strncpy(fault->file, file ? file + 1 : info.dli_fname,
		sizeof(fault->file) - 1);
	fault->offset =
		(unsigned long)((char *)caller - (char *)info.dli_fbase);
}

/* Whether this call is the one that fails. Calls of libc's own internals are
 * not seen here; those of forked processes are another's to count. */
static int fails(const char *name, int error, void *caller)
{
	if (!fault || (pid_t)syscall(SYS_getpid) != self)
		return 0;
	if (atomic_fetch_add(&fault->count, 1) + 1 != fault->at)
		return 0;
	note(name, caller);
	errno = error;
	return 1;
}

__attribute__((constructor)) static void begin(void)
{
	const char *path = getenv("FAULT_FILE");
	int fd = path ? (int)syscall(SYS_openat, AT_FDCWD, path, O_RDWR) : -1;
	void *p;

	if (fd < 0)
		return;
	/* Programs that this one starts are not counted. */
	unsetenv("FAULT_FILE");
	p = (void *)syscall(SYS_mmap, NULL, sizeof(*fault),
			    PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	syscall(SYS_close, fd);
	if (p == MAP_FAILED)
		abort();
	self = (pid_t)syscall(SYS_getpid);
	fault = p;
}

/* What dlsym() itself may allocate; it is never freed. The thread's counter is
 * volatile because the compiler takes dlsym() for a function that never calls
 * back, and it is reached without __tls_get_addr(): ASan has one of its own,
 * which does not work yet when its start allocates memory. */
static char early[1 << 16];
static size_t early_used;
static _Thread_local volatile int looking
	__attribute__((tls_model("initial-exec")));

static void *look_up(const char *name)
{
	void *p;

	looking++;
	p = dlsym(RTLD_NEXT, name);
	looking--;
	if (!p)
		abort();
	return p;
}

static void *early_alloc(size_t size)
{
	void *p = early + early_used;

	early_used += (size + 15) & ~(size_t)15;
	if (early_used > sizeof(early))
		abort();
	return p;
}

#define CALLER __builtin_return_address(0)

/* @name fails with @error, and then returns @failed. */
#define WRAP(type, name, params, args, error, failed)               \
	type name params;                                           \
	type name params                                            \
	{                                                           \
		static type(*real) params;                          \
                                                                    \
		if (!real)                                          \
			real = (type(*) params)look_up(#name);      \
		return fails(#name, error, CALLER) ? (type)(failed) \
						   : real args;     \
	}

/* --- memory */

void *malloc(size_t size)
{
	static void *(*real)(size_t);

	if (looking)
		return early_alloc(size);
	if (!real)
		real = (void *(*)(size_t))look_up("malloc");
	return fails("malloc", ENOMEM, CALLER) ? NULL : real(size);
}

void *calloc(size_t n, size_t size)
{
	static void *(*real)(size_t, size_t);

	if (looking)
		return early_alloc(n * size);
	if (!real)
		real = (void *(*)(size_t, size_t))look_up("calloc");
	return fails("calloc", ENOMEM, CALLER) ? NULL : real(n, size);
}

void free(void *p)
{
	static void (*real)(void *);

	/* dlsym() frees the text of its last error, too. */
	if (looking ||
	    ((char *)p >= early && (char *)p < early + sizeof(early)))
		return;
	if (!real)
		real = (void (*)(void *))look_up("free");
	real(p);
}

WRAP(void *, realloc, (void *p, size_t size), (p, size), ENOMEM, NULL)
WRAP(void *, reallocarray, (void *p, size_t n, size_t size), (p, n, size),
     ENOMEM, NULL)
WRAP(void *, mmap,
     (void *at, size_t len, int prot, int flags, int fd, off_t off),
     (at, len, prot, flags, fd, off), ENOMEM, MAP_FAILED)
WRAP(void *, mmap64,
     (void *at, size_t len, int prot, int flags, int fd, off_t off),
     (at, len, prot, flags, fd, off), ENOMEM, MAP_FAILED)
WRAP(int, mprotect, (void *at, size_t len, int prot), (at, len, prot), ENOMEM,
     -1)
WRAP(int, madvise, (void *at, size_t len, int what), (at, len, what), EINVAL,
     -1)
WRAP(int, memfd_create, (const char *name, unsigned flags), (name, flags),
     ENOMEM, -1)

/* --- files */

#define MODE_OF(last)                \
	va_list ap;                  \
	unsigned mode;               \
                                     \
	va_start(ap, last);          \
	mode = va_arg(ap, unsigned); \
	va_end(ap)

#define WRAP_OPEN(name)                                                        \
	int name(const char *path, int flags, ...)                             \
	{                                                                      \
		static int (*real)(const char *, int, ...);                    \
		MODE_OF(flags);                                                \
                                                                               \
		if (!real)                                                     \
			real = (int (*)(const char *, int, ...))look_up(       \
				#name);                                        \
		return fails(#name, EMFILE, CALLER) ? -1                       \
						    : real(path, flags, mode); \
	}

#define WRAP_OPENAT(name)                                                     \
	int name(int dir, const char *path, int flags, ...)                   \
	{                                                                     \
		static int (*real)(int, const char *, int, ...);              \
		MODE_OF(flags);                                               \
                                                                              \
		if (!real)                                                    \
			real = (int (*)(int, const char *, int, ...))look_up( \
				#name);                                       \
		return fails(#name, EMFILE, CALLER)                           \
			       ? -1                                           \
			       : real(dir, path, flags, mode);                \
	}

WRAP_OPEN(open)
WRAP_OPEN(open64)
WRAP_OPENAT(openat)
WRAP_OPENAT(openat64)

#define WRAP_CONTROL(name, type, error)                                        \
	int name(int fd, type what, ...)                                       \
	{                                                                      \
		static int (*real)(int, type, ...);                            \
		va_list ap;                                                    \
		void *arg;                                                     \
                                                                               \
		va_start(ap, what);                                            \
		arg = va_arg(ap, void *);                                      \
		va_end(ap);                                                    \
		if (!real)                                                     \
			real = (int (*)(int, type, ...))look_up(#name);        \
		return fails(#name, error, CALLER) ? -1 : real(fd, what, arg); \
	}

WRAP_CONTROL(ioctl, unsigned long, ENOMEM)
WRAP_CONTROL(fcntl, int, EMFILE)
WRAP_CONTROL(fcntl64, int, EMFILE)

WRAP(ssize_t, read, (int fd, void *to, size_t n), (fd, to, n), EIO, -1)
WRAP(ssize_t, write, (int fd, const void *from, size_t n), (fd, from, n),
     ENOSPC, -1)
WRAP(ssize_t, readv, (int fd, const struct iovec *v, int n), (fd, v, n), EIO,
     -1)
WRAP(ssize_t, writev, (int fd, const struct iovec *v, int n), (fd, v, n),
     ENOSPC, -1)
WRAP(ssize_t, pread64, (int fd, void *to, size_t n, off_t at), (fd, to, n, at),
     EIO, -1)
WRAP(ssize_t, pwrite64, (int fd, const void *from, size_t n, off_t at),
     (fd, from, n, at), ENOSPC, -1)
WRAP(off_t, lseek64, (int fd, off_t off, int whence), (fd, off, whence), EINVAL,
     -1)
WRAP(int, fstat64, (int fd, struct stat64 *st), (fd, st), EIO, -1)
WRAP(int, stat64, (const char *path, struct stat64 *st), (path, st), EIO, -1)
WRAP(int, fstatat64, (int dir, const char *path, struct stat64 *st, int flags),
     (dir, path, st, flags), EIO, -1)
WRAP(int, ftruncate64, (int fd, off_t size), (fd, size), EIO, -1)
WRAP(int, fallocate64, (int fd, int how, off_t at, off_t len),
     (fd, how, at, len), ENOSPC, -1)
WRAP(int, linkat, (int a, const char *from, int b, const char *to, int flags),
     (a, from, b, to, flags), ENOSPC, -1)
WRAP(int, renameat, (int a, const char *from, int b, const char *to),
     (a, from, b, to), ENOSPC, -1)
WRAP(int, access, (const char *path, int mode), (path, mode), EIO, -1)
WRAP(int, mkdir, (const char *path, mode_t mode), (path, mode), ENOSPC, -1)
WRAP(int, mkdirat, (int dir, const char *path, mode_t mode), (dir, path, mode),
     ENOSPC, -1)
WRAP(int, dup2, (int fd, int to), (fd, to), EMFILE, -1)
WRAP(ssize_t, getrandom, (void *to, size_t n, unsigned flags), (to, n, flags),
     EIO, -1)

/* Closed, all the same: what fails is what was written before. */
int close(int fd)
{
	int failed = fails("close", EIO, CALLER);
	int rc = (int)syscall(SYS_close, fd);

	if (!failed)
		return rc;
	errno = EIO;
	return -1;
}

/* --- events, sockets, processes */

WRAP(int, eventfd, (unsigned n, int flags), (n, flags), EMFILE, -1)
WRAP(int, timerfd_create, (int clock, int flags), (clock, flags), EMFILE, -1)
WRAP(int, timerfd_settime,
     (int fd, int flags, const struct itimerspec *new, struct itimerspec *old),
     (fd, flags, new, old), EINVAL, -1)
WRAP(int, epoll_create1, (int flags), (flags), EMFILE, -1)
WRAP(int, epoll_wait, (int fd, struct epoll_event *events, int n, int ms),
     (fd, events, n, ms), EINTR, -1)
WRAP(int, poll, (struct pollfd * fds, nfds_t n, int ms), (fds, n, ms), EINTR,
     -1)
WRAP(int, signalfd, (int fd, const sigset_t *set, int flags), (fd, set, flags),
     EMFILE, -1)
WRAP(int, pipe2, (int ends[2], int flags), (ends, flags), EMFILE, -1)
WRAP(int, socket, (int domain, int type, int protocol),
     (domain, type, protocol), EMFILE, -1)
WRAP(int, socketpair, (int domain, int type, int protocol, int ends[2]),
     (domain, type, protocol, ends), EMFILE, -1)
WRAP(int, bind, (int fd, const struct sockaddr *to, socklen_t len),
     (fd, to, len), EADDRINUSE, -1)
WRAP(int, listen, (int fd, int n), (fd, n), EADDRINUSE, -1)
WRAP(ssize_t, send, (int fd, const void *from, size_t n, int flags),
     (fd, from, n, flags), EPIPE, -1)
WRAP(ssize_t, recv, (int fd, void *to, size_t n, int flags), (fd, to, n, flags),
     EIO, -1)
WRAP(pid_t, fork, (void), (), EAGAIN, -1)

/* Only adding takes memory. */
int epoll_ctl(int fd, int op, int of, struct epoll_event *event)
{
	if (op == EPOLL_CTL_ADD && fails("epoll_ctl", ENOMEM, CALLER))
		return -1;
	return (int)syscall(SYS_epoll_ctl, fd, op, of, event);
}

int pthread_create(pthread_t *thread, const pthread_attr_t *attr,
		   void *(*fn)(void *), void *arg)
{
	static int (*real)(pthread_t *, const pthread_attr_t *,
			   void *(*)(void *), void *);

	if (!real)
		real = (int (*)(pthread_t *, const pthread_attr_t *,
				void *(*)(void *),
				void *))look_up("pthread_create");
	return fails("pthread_create", EAGAIN, CALLER)
		       ? EAGAIN
		       : real(thread, attr, fn, arg);
}
