/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The system calls that the init makes. Each returns what the kernel returns:
 * a negative value is an errno.
 *
 * Spec: Linux, arch/x86/entry/syscalls/syscall_64.tbl.
 */
#ifndef GUEST_INIT_SYS_H
#define GUEST_INIT_SYS_H

#include <asm/errno.h>
#include <asm/fcntl.h>
#include <asm/poll.h>
#include <asm/unistd_64.h>
#include <linux/fcntl.h>
#include <stddef.h>
#include <stdint.h>

static inline long sys_6(long nr, long a, long b, long c, long d, long e,
			 long f)
{
	register long r10 asm("r10") = d;
	register long r8 asm("r8") = e;
	register long r9 asm("r9") = f;
	long ret;

	asm volatile("syscall"
		     : "=a"(ret)
		     : "a"(nr), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8),
		       "r"(r9)
		     : "rcx", "r11", "memory");
	return ret;
}

#define SYS_ARG(x)	((long)(x))
#define sys_0(nr)	sys_6(nr, 0, 0, 0, 0, 0, 0)
#define sys_1(nr, a)	sys_6(nr, SYS_ARG(a), 0, 0, 0, 0, 0)
#define sys_2(nr, a, b) sys_6(nr, SYS_ARG(a), SYS_ARG(b), 0, 0, 0, 0)
#define sys_3(nr, a, b, c) \
	sys_6(nr, SYS_ARG(a), SYS_ARG(b), SYS_ARG(c), 0, 0, 0)
#define sys_4(nr, a, b, c, d) \
	sys_6(nr, SYS_ARG(a), SYS_ARG(b), SYS_ARG(c), SYS_ARG(d), 0, 0)
#define sys_5(nr, a, b, c, d, e) \
	sys_6(nr, SYS_ARG(a), SYS_ARG(b), SYS_ARG(c), SYS_ARG(d), SYS_ARG(e), 0)

static inline int sys_open(const char *path, int flags)
{
	return (int)sys_4(__NR_openat, AT_FDCWD, path, flags, 0666);
}

static inline long sys_read(int fd, void *buf, size_t len)
{
	return sys_3(__NR_read, fd, buf, len);
}

static inline long sys_write(int fd, const void *buf, size_t len)
{
	return sys_3(__NR_write, fd, buf, len);
}

static inline void sys_close(int fd)
{
	(void)sys_1(__NR_close, fd);
}

static inline int sys_ioctl(int fd, unsigned long request, const void *arg)
{
	return (int)sys_3(__NR_ioctl, fd, request, arg);
}

static inline int sys_mkdir(const char *path, int mode)
{
	return (int)sys_2(__NR_mkdir, path, mode);
}

static inline int sys_mount(const char *what, const char *where,
			    const char *type, unsigned long flags,
			    const char *options)
{
	return (int)sys_5(__NR_mount, what, where, type, flags, options);
}

static inline void sys_exit(int status)
{
	for (;;)
		(void)sys_1(__NR_exit_group, status);
}

struct sys_time {
	long seconds, ns;
};

static inline void sys_sleep_ms(long ms)
{
	const struct sys_time t = { ms / 1000, ms % 1000 * 1000000 };

	(void)sys_2(__NR_nanosleep, &t, NULL);
}

/* Milliseconds since the boot. */
static inline long sys_now_ms(void)
{
	struct sys_time t = { 0, 0 };

	(void)sys_2(__NR_clock_gettime, 1 /* CLOCK_MONOTONIC */, &t);
	return t.seconds * 1000 + t.ns / 1000000;
}

struct sys_poll {
	int fd;
	short events, revents;
};

static inline int sys_poll(struct sys_poll *fds, unsigned count, int ms)
{
	return (int)sys_3(__NR_poll, fds, count, ms);
}

#endif
