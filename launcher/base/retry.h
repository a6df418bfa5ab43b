/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whether to repeat read() or write(): some failures only mean "later".
 */
#ifndef BASE_RETRY_H
#define BASE_RETRY_H

#include <errno.h>
#include <poll.h>
#include <stdbool.h>

/*
 * Whether the call on @fd that just set errno is worth repeating. For a
 * non-blocking descriptor this waits until it is ready.
 *
 * @events: POLLIN or POLLOUT, what the call needs.
 */
static inline bool retry_io(int fd, short events)
{
	struct pollfd p = { .fd = fd, .events = events };

	if (errno == EINTR)
		return true;
	return errno == EAGAIN && (poll(&p, 1, -1) >= 0 || errno == EINTR);
}

#endif
