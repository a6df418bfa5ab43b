/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The UNIX sockets of virtio-vsock: one on which programs here are listened
 * for, and beside it, with "_PORT" at the end of its path, those that programs
 * here listen on.
 *
 * A socket file that a launcher left when it was killed is removed; any other
 * file stays, and is an error. The file has mode 0600.
 *
 * Spec: unix(7).
 */
#ifndef DEV_VIRTIO_VSOCK_SOCKET_H
#define DEV_VIRTIO_VSOCK_SOCKET_H

#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"

/* What sockaddr_un holds, without "_4294967295" and the NUL. */
#define VSOCK_PATH_MAX (107 - 11)

struct vsock_socket {
	const char *path; /* NULL: empty */
	int fd;		  /* listens */
	/* The file that it made. */
	dev_t dev;
	ino_t ino;
};

/* Whether @path can be one. */
int vsock_socket_check(const char *path, struct err *e);

/* Listen on @path, which outlives *@s. On failure *@s is empty. */
int vsock_socket_open(struct vsock_socket *s, const char *path, struct err *e);

/* Stop listening and remove the file, if it is still the same. The empty one is
 * fine. */
void vsock_socket_close(struct vsock_socket *s);

/* Only remove the file, if it is still the same. The empty one is fine. */
void vsock_socket_abandon(const struct vsock_socket *s);

/* The next client, or negative. Never waits. */
int vsock_socket_accept(const struct vsock_socket *s);

/* A connection to the program that listens for @port, or a negative errno.
 * Never waits. */
int vsock_socket_connect(const struct vsock_socket *s, uint32_t port);

#endif
