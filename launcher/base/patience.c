/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/patience.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <unistd.h>

#include "base/clock.h"

#define NS_PER_MS UINT64_C(1000000)

/* poll() cannot wait for the reader of a FIFO, so it is called at this
 * interval. */
#define READER_PAUSE_MS 10

/* For how long, from now on; UINT64_MAX: without limit. */
static uint64_t limit_ns(const struct patience *p)
{
	if (!p || p->hurry_fd >= 0)
		return UINT64_MAX;
	return p->left_ns > p->least_ns ? p->left_ns : p->least_ns;
}

static int poll_ms(uint64_t waited, uint64_t limit)
{
	uint64_t ms;

	if (limit == UINT64_MAX)
		return -1;
	ms = waited < limit ? (limit - waited) / NS_PER_MS + 1 : 0;
	return ms < 60000 ? (int)ms : 60000;
}

/* Whether waiting is over: write() accepts bytes, or fails. A pipe without a
 * reader has POLLERR. */
static bool is_ready(const struct pollfd *p, bool for_reader)
{
	return for_reader ? p->revents && !(p->revents & POLLERR) : p->revents;
}

static int wait_for(struct patience *p, int fd, bool for_reader)
{
	uint64_t began = clock_ns();

	for (;;) {
		uint64_t limit = limit_ns(p), waited = clock_ns() - began;
		struct pollfd at[] = {
			{ fd, POLLOUT, 0 },
			{ p ? p->hurry_fd : -1, POLLIN, 0 },
		};

		if (poll(at, 2, poll_ms(waited, limit)) < 0 && errno != EINTR)
			return -errno;
		if (is_ready(&at[0], for_reader))
			return 0;
		if (waited >= limit)
			break;
		if (at[1].revents) {
			/* The wait until now does not count. */
			p->hurry_fd = -1;
			began = clock_ns();
		} else if (at[0].revents) {
			usleep(READER_PAUSE_MS * 1000);
		}
	}
	p->left_ns = 0;
	return -ETIMEDOUT;
}

int patience_wait(struct patience *p, int fd)
{
	return wait_for(p, fd, false);
}

int patience_wait_reader(struct patience *p, int fd)
{
	return wait_for(p, fd, true);
}
