/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "run/early.h"

#include <poll.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/thread.h"

/* The one that watches; of one run there is one. */
static struct early *_Atomic watching;

static void end_lost(struct early *early)
{
	struct outcome o = { .kind = OUTCOME_HOST };

	snprintf(o.evidence, sizeof(o.evidence), "%s: %s",
		 atomic_load(&early->lost), EARLY_LOST);
	early->end(early, &o);
}

/* @number: of the signal; 0: the time is up. */
static void end(struct early *early, int number)
{
	const char *step = atomic_load(&early->step.now);
	struct outcome o = { .kind = number ? OUTCOME_SIGNAL : OUTCOME_TIMEOUT,
			     .value = (uint32_t)number };

	snprintf(o.evidence, sizeof(o.evidence), "%s%swhile %s",
		 number ? strsignal(number) : "", number ? ", " : "", step);
	early->end(early, &o);
}

/* Milliseconds for poll(): rounded up, so that they are not too few. */
static int patience(const struct early *early)
{
	uint64_t now = clock_ns(), ms;

	if (!early->deadline_ns)
		return -1;
	if (now >= early->deadline_ns)
		return 0;
	ms = (early->deadline_ns - now + 999999) / 1000000;
	return ms < 60000 ? (int)ms : 60000;
}

static void *watch(void *arg)
{
	struct early *early = arg;
	struct pollfd p[] = {
		{ early->over_fd, POLLIN, 0 },
		{ early->signals->fd, POLLIN, 0 },
		{ early->lost_fd, POLLIN, 0 },
	};
	int ready, number;

	for (;;) {
		ready = poll(p, sizeof(p) / sizeof(*p), patience(early));
		if (p[0].revents)
			return NULL;
		number = ready > 0 && p[1].revents
				 ? signals_take(early->signals)
				 : 0;
		if (!number && !p[2].revents && patience(early))
			continue;
		/* Another one is for this thread, which ends things. */
		pthread_sigmask(SIG_UNBLOCK, &early->signals->taken, NULL);
		if (!number && p[2].revents)
			end_lost(early);
		end(early, number);
	}
}

static void close_events(struct early *early)
{
	close(early->over_fd);
	close(early->lost_fd);
}

static int open_events(struct early *early, struct err *e)
{
	int rc;

	early->over_fd = eventfd(0, EFD_CLOEXEC);
	early->lost_fd = eventfd(0, EFD_CLOEXEC);
	if (early->over_fd >= 0 && early->lost_fd >= 0)
		return 0;
	rc = err_sys(e, "eventfd");
	close_events(early);
	return rc;
}

int early_begin(struct early *early, struct signals *signals,
		uint64_t deadline_ns, early_end_fn end_fn, void *ctx,
		struct err *e)
{
	int rc = signals_open(signals, e);

	if (rc)
		return rc;
	early->signals = signals;
	early->deadline_ns = deadline_ns;
	early->end = end_fn;
	early->ctx = ctx;
	step_begin(&early->step, "starting");
	rc = open_events(early, e);
	if (rc)
		return rc;
	/* First: the thread may be asked before it has run. */
	signals_block(signals);
	early->running = thread_start(&early->thread, watch, early);
	if (early->running) {
		atomic_store(&watching, early);
	} else {
		close_events(early);
		signals_give_back(signals);
	}
	return 0;
}

bool early_lost(const char *path)
{
	struct early *early = atomic_load(&watching);

	if (!early)
		return false;
	atomic_store(&early->lost, path);
	/* Directly: a handler may call nothing else. */
	return write(early->lost_fd, &(uint64_t){ 1 }, sizeof(uint64_t)) > 0;
}

void early_over(struct early *early)
{
	if (!early->running)
		return;
	(void)eventfd_write(early->over_fd, 1);
	pthread_join(early->thread, NULL);
	atomic_store(&watching, NULL);
	close_events(early);
	early->running = false;
}
