/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Virtio ports are files that appear some time after their driver: when the
 * host has answered it. A port's name is in sysfs, once the host's end is open:
 *
 *   /sys/class/virtio-ports/vport1p2/name    "launcher.stdout"
 */
#include "init/init.h"

#include "init/sys.h"
#include "lib/string.h"
#include "pv/exec.h"

#define CLASS	 "/sys/class/virtio-ports/"
#define PATH_MAX 256

/* On a busy machine, drivers take their time. */
#define WAIT_MS 10000

/* struct linux_dirent64 of getdents64(2). */
struct entry {
	uint64_t ino;
	int64_t off;
	uint16_t len;
	uint8_t type;
	char name[];
} __attribute__((packed));

/* @a, @b and @c in one; cut if they are too long, so that no file is found. */
static const char *join(char path[PATH_MAX], const char *a, const char *b,
			const char *c)
{
	const char *parts[] = { a, b, c };
	size_t n = 0;

	for (unsigned i = 0; i < 3; i++)
		for (const char *p = parts[i]; *p && n < PATH_MAX - 1; p++)
			path[n++] = *p;
	path[n] = '\0';
	return path;
}

/* Whether the file of the port @node has the name @name. */
static bool is_called(const char *node, const char *name)
{
	char path[PATH_MAX], text[PATH_MAX];
	int fd = sys_open(join(path, CLASS, node, "/name"), O_RDONLY);
	long n = -1;

	if (fd >= 0)
		n = sys_read(fd, text, sizeof(text));
	sys_close(fd);
	if (n > 0 && text[n - 1] == '\n')
		n--;
	return n == (long)strlen(name) && !memcmp(text, name, (size_t)n);
}

/* Open the port called @name if it is there now; -ENOENT if not. */
static int find(const char *name)
{
	static char list[4096] __attribute__((aligned(8)));
	int dir = sys_open(CLASS, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	char path[PATH_MAX];
	int fd = -ENOENT;
	long n = 0;

	while (dir >= 0 && fd == -ENOENT &&
	       (n = sys_3(__NR_getdents64, dir, list, sizeof(list))) > 0)
		for (long at = 0; at < n && fd == -ENOENT;) {
			struct entry *e = (void *)(list + at);

			if (is_called(e->name, name))
				fd = sys_open(join(path, "/dev/", e->name, ""),
					      O_RDWR | O_CLOEXEC | O_NONBLOCK);
			at += e->len;
		}
	sys_close(dir);
	return fd;
}

int port_open(const char *name)
{
	long deadline = sys_now_ms() + WAIT_MS;
	int fd;

	while ((fd = find(name)) < 0 && sys_now_ms() < deadline)
		sys_sleep_ms(1);
	if (fd < 0)
		fail(fd == -ENOENT ? -ETIMEDOUT : fd, "the virtio port %s",
		     name);
	return fd;
}

int terminal_open(void)
{
	long deadline = sys_now_ms() + WAIT_MS;
	int fd;

	/* A file can be there before the device. */
	while ((fd = sys_open("/dev/" EXEC_TTY_NAME,
			      O_RDWR | O_NOCTTY | O_CLOEXEC)) < 0 &&
	       sys_now_ms() < deadline)
		sys_sleep_ms(1);
	if (fd < 0)
		fail(fd == -ENOENT ? -ETIMEDOUT : fd, "the terminal %s",
		     EXEC_TTY_NAME);
	return fd;
}
