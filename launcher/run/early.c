/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "run/early.h"

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/log.h"

/* The watcher; there is one run. */
static struct early *_Atomic watching;

/* Another signal ends this thread. */
static void end(struct early *early, const struct outcome *o)
{
	pthread_sigmask(SIG_UNBLOCK, &early->signals->taken, NULL);
	early->end(early, o);
}

static void on_signal(void *ctx, unsigned events)
{
	struct early *early = ctx;
	int number = signals_take(early->signals);
	struct outcome o = { .kind = OUTCOME_SIGNAL,
			     .value = (uint32_t)number };

	(void)events;
	if (!number)
		return;
	snprintf(o.evidence, sizeof(o.evidence), "SIG%s, while %s",
		 sigabbrev_np(number), atomic_load(&early->step.now));
	end(early, &o);
}

static void on_cut_short(void *ctx, unsigned events)
{
	struct early *early = ctx;
	struct outcome o = { .kind = OUTCOME_HOST };

	(void)events;
	snprintf(o.evidence, sizeof(o.evidence), "%s: %s",
		 atomic_load(&early->lost), EARLY_LOST);
	end(early, &o);
}

static void on_deadline(void *ctx)
{
	struct early *early = ctx;
	struct outcome o = { .kind = OUTCOME_TIMEOUT };

	snprintf(o.evidence, sizeof(o.evidence), "while %s",
		 atomic_load(&early->step.now));
	end(early, &o);
}

static void release(struct early *early)
{
	if (early->lost_fd < 0)
		return;
	loop_remove(&early->signal);
	loop_remove(&early->cut_short);
	loop_timer_stop(&early->deadline);
	worker_release(&early->worker);
	close(early->lost_fd);
	early->lost_fd = -1;
}

static int watch(struct early *early, uint64_t deadline_ns, struct err *e)
{
	struct loop *l = &early->worker.loop;
	int rc;

	early->lost_fd = eventfd(0, EFD_CLOEXEC);
	if (early->lost_fd < 0)
		return err_sys(e, "eventfd");
	rc = worker_init(&early->worker, e);
	if (!rc)
		rc = loop_add(l, &early->signal, early->signals->fd,
			      LOOP_IN | LOOP_FIRST, e);
	if (!rc)
		rc = loop_add(l, &early->cut_short, early->lost_fd, LOOP_IN, e);
	if (!rc && deadline_ns)
		loop_timer_set(l, &early->deadline, deadline_ns);
	if (rc)
		release(early);
	return rc;
}

int early_begin(struct early *early, struct signals *signals,
		uint64_t deadline_ns, early_end_fn end_fn, void *ctx,
		struct err *e)
{
	struct err why;
	int rc;

	*early = (struct early){
		.signals = signals,
		.end = end_fn,
		.ctx = ctx,
		.worker = WORKER_EMPTY,
		.signal = { .fn = on_signal, .ctx = early },
		.cut_short = { .fn = on_cut_short, .ctx = early },
		.deadline = { .fn = on_deadline, .ctx = early },
		.lost_fd = -1,
	};
	step_begin(&early->step, "starting");
	rc = signals_open(signals, e);
	if (!rc)
		rc = watch(early, deadline_ns, e);
	if (rc)
		return rc;
	/* First, because the worker may be used before its thread has run. */
	signals_block(signals);
	atomic_store(&watching, early);
	if (worker_start(&early->worker, "the start", &why)) {
		log_step("%s", why.msg);
		atomic_store(&watching, NULL);
		signals_give_back(signals);
		release(early);
	}
	return 0;
}

bool early_lost(const char *path)
{
	struct early *early = atomic_load(&watching);

	if (!early)
		return false;
	atomic_store(&early->lost, path);
	/* Directly, because this is a signal handler. */
	return write(early->lost_fd, &(uint64_t){ 1 }, sizeof(uint64_t)) > 0;
}

void early_over(struct early *early)
{
	worker_stop(&early->worker);
	atomic_store(&watching, NULL);
	release(early);
}
