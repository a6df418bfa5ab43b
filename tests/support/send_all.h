/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * For both ends of a test's sockets: send every byte, without a signal if the
 * other end is gone.
 */
#ifndef TESTS_SUPPORT_SEND_ALL_H
#define TESTS_SUPPORT_SEND_ALL_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

/* False, with errno, if the other end takes no more. */
static inline bool send_all(int fd, const void *data, size_t n)
{
	const char *p = data;

	while (n) {
		ssize_t done = send(fd, p, n, MSG_NOSIGNAL);

		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0)
			return false;
		p += done;
		n -= (size_t)done;
	}
	return true;
}

#endif
