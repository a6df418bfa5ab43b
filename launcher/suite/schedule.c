/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "suite/schedule.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/clean.h"
#include "base/loop.h"
#include "suite/child.h"
#include "suite/judge.h"

/* The interval of ticks. */
#define TICK_NS UINT64_C(250000000)

static const int end_signals[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };

struct schedule {
	struct suite_run *r;
	struct listener *listeners;
	size_t listener_count;
	struct child *children; /* r->jobs of them */
	size_t running;
	size_t next; /* the case to start */
	int signal_fd;
	sigset_t mask_before;
	struct loop loop;
	struct loop_watch signals;
	struct loop_timer look; /* the next deadline, or tick */
	bool some_ended;	/* children, as SIGCHLD says */
	bool abandons;		/* only waits for running cases */
	int rc;			/* the first failure, with: */
	struct err *e;
};

/* Receive SIGCHLD, and the signals that end us, through a descriptor; signals
 * that were ignored at the start stay ignored. */
static int take_signals(struct schedule *s, struct err *e)
{
	struct sigaction sa;
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	for (size_t i = 0; i < sizeof(end_signals) / sizeof(int); i++)
		if (!sigaction(end_signals[i], NULL, &sa) &&
		    sa.sa_handler != SIG_IGN)
			sigaddset(&set, end_signals[i]);
	signal(SIGPIPE, SIG_IGN);
	/* If it were ignored, the status of every child would be lost. */
	signal(SIGCHLD, SIG_DFL);
	sigprocmask(SIG_BLOCK, &set, &s->mask_before);
	s->signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return s->signal_fd < 0 ? err_sys(e, "signalfd") : 0;
}

/* The members of listener_ops. */
enum told { TOLD_BEGIN, TOLD_DONE, TOLD_TICK, TOLD_END };

/* @i: the case that is done, if one is. */
static int tell(struct listener *l, const struct suite_run *r, enum told what,
		size_t i, struct err *e)
{
	const struct listener_ops *ops = l->ops;

	switch (what) {
	case TOLD_BEGIN:
		return ops->begin ? ops->begin(l, r, e) : 0;
	case TOLD_DONE:
		return ops->done ? ops->done(l, r, i, e) : 0;
	case TOLD_TICK:
		return ops->tick ? ops->tick(l, r, e) : 0;
	case TOLD_END:
		return ops->end ? ops->end(l, r, e) : 0;
	}
	return 0;
}

/* All are called; the first failure is returned. */
static int tell_all(struct schedule *s, enum told what, size_t i, struct err *e)
{
	int first = 0;

	for (size_t n = 0; n < s->listener_count; n++) {
		struct err why;
		int rc = tell(&s->listeners[n], s->r, what, i, &why);

		if (rc && !first) {
			first = rc;
			*e = why;
		}
	}
	return first;
}

/* Case @i has its result. */
static int conclude(struct schedule *s, size_t i, struct err *e)
{
	struct suite_run *r = s->r;
	struct result *res = &r->results[i];

	res->took_ns = clock_ns() - res->started_ns;
	r->count[res->end]++;
	r->done++;
	return tell_all(s, TOLD_DONE, i, e);
}

/* Missing files of a case; a missing image is an error of the case. */
static bool files_there(const struct suite_case *c, struct err *e)
{
	for (size_t i = 0; i < c->files.count; i++)
		if (access(c->files.at[i], R_OK)) {
			err_sys(e, "%s", c->files.at[i]);
			return false;
		}
	return true;
}

/* Start case @i in the free place @c, unless it already has a result. */
static int start_case(struct schedule *s, struct child *c, size_t i,
		      struct err *e)
{
	const struct suite_case *sc = &s->r->s->cases[i];
	struct result *res = &s->r->results[i];
	struct err why;

	res->started_ns = clock_ns();
	/* A retry is not skipped for a resource that is missing now. */
	if (!res->attempts && !needs_met(&sc->needs, s->r->find_kvm, &why)) {
		judge_as(res, CASE_SKIP, "%s", why.msg);
		return conclude(s, i, e);
	}
	res->attempts++;
	if (!files_there(sc, &why) ||
	    child_start(c, s->r, i, &s->mask_before, &why)) {
		judge_as(res, CASE_ERROR, "%s", why.msg);
		return conclude(s, i, e);
	}
	res->end = CASE_RUNS;
	s->running++;
	return 0;
}

static int start_cases(struct schedule *s, struct err *e)
{
	int rc = 0;

	for (unsigned long n = 0; !rc && n < s->r->jobs; n++)
		while (!rc && !s->children[n].pid && s->next < s->r->s->count)
			rc = start_case(s, &s->children[n], s->next++, e);
	return rc;
}

static bool try_again(struct schedule *s, struct result *res)
{
	return (res->end == CASE_FAIL || res->end == CASE_ERROR) &&
	       res->attempts <= s->r->retries && !s->r->signal;
}

/* End the cases that exceed their time limits, or fill the disk. */
static void enforce_limits(struct schedule *s)
{
	uint64_t now = clock_ns();

	for (unsigned long n = 0; n < s->r->jobs; n++) {
		struct child *c = &s->children[n];

		if (c->pid && !c->floods && child_floods(c)) {
			c->floods = true;
			child_kill(c, SIGKILL);
		}
		if (!c->pid || now < c->deadline_ns)
			continue;
		child_kill(c, c->told ? SIGKILL : SIGTERM);
		c->told = true;
		c->deadline_ns = now + CHILD_TERM_NS;
	}
}

static void end_children(struct schedule *s)
{
	for (unsigned long n = 0; n < s->r->jobs; n++)
		s->children[n].deadline_ns = 0;
	enforce_limits(s);
}

static void read_signals(struct schedule *s)
{
	struct signalfd_siginfo info;

	while (read(s->signal_fd, &info, sizeof(info)) == sizeof(info))
		if (info.ssi_signo == SIGCHLD) {
			s->some_ended = true;
		} else if (!s->r->signal) {
			s->r->signal = (int)info.ssi_signo;
			s->next = s->r->s->count;
			end_children(s);
		}
}

/* While a long console is read: check signals and time limits. */
static bool attend(void *schedule)
{
	struct schedule *s = schedule;

	read_signals(s);
	enforce_limits(s);
	return s->r->signal || s->r->broken;
}

static void judge_child(struct schedule *s, const struct child *c, int status,
			struct result *res)
{
	struct leavings left = {
		.wait_status = status,
		.console = c->console,
		.errors = c->errors,
		.give_up = attend,
		.ctx = s,
	};
	struct err e;
	int rc = child_take_report(c, s->r, &left.report, &e);

	judge(&s->r->s->cases[c->which], &left, res);
	if (left.report)
		fclose(left.report);
	if (rc)
		judge_as(res, CASE_ERROR, "%s", e.msg);
}

/* @c has ended with @status. */
static int on_end(struct schedule *s, struct child *c, int status,
		  struct err *e)
{
	const struct suite_case *sc = &s->r->s->cases[c->which];
	struct result *res = &s->r->results[c->which];
	size_t which = c->which;
	bool hung = c->told, floods = child_floods(c);

	free(res->tail);
	res->tail = NULL;
	child_cut_files(c);
	judge_child(s, c, status, res);
	child_release(c);
	s->running--;
	if (s->r->signal || s->r->broken) {
		/* We ended it. */
		res->end = CASE_WAITS;
		return 0;
	}
	if (hung)
		judge_as(res, CASE_ERROR,
			 "it did not end by itself within its time limit of "
			 "%.3f s and %.0f s more",
			 (double)sc->timeout_ns / 1e9, CHILD_GRACE_NS / 1e9);
	if (floods)
		judge_as(res, CASE_FAIL,
			 "it wrote more than %" PRIu64 " MiB to the console or "
			 "to standard error",
			 CHILD_FILE_MAX >> 20);
	if (!try_again(s, res))
		return conclude(s, which, e);
	snprintf(res->earlier, sizeof(res->earlier), "%s: %.*s",
		 case_end_name(res->end), RESULT_WHY_SIZE - 16, res->why);
	clean_text(res->earlier);
	child_keep_files(s->r, which, res->attempts);
	return start_case(s, c, which, e);
}

/* Other cases may end while one is judged. */
static int reap(struct schedule *s, struct err *e)
{
	int rc = 0, status;

	do {
		s->some_ended = false;
		for (unsigned long n = 0; n < s->r->jobs && !rc; n++)
			if (child_ended(&s->children[n], &status))
				rc = on_end(s, &s->children[n], status, e);
	} while (s->some_ended && !rc);
	return rc;
}

static uint64_t next_look(const struct schedule *s)
{
	uint64_t next_ns = clock_ns() + TICK_NS;

	for (unsigned long n = 0; n < s->r->jobs; n++)
		if (s->children[n].pid && s->children[n].deadline_ns < next_ns)
			next_ns = s->children[n].deadline_ns;
	return next_ns;
}

/* Start and judge cases. The loop ends when no case runs, or a listener
 * failed. */
static void go_on(void *ctx)
{
	struct schedule *s = ctx;
	struct err ignored;
	int rc = reap(s, s->abandons ? &ignored : s->e);

	enforce_limits(s);
	if (s->abandons)
		rc = 0;
	else if (!rc)
		rc = start_cases(s, s->e) ?: tell_all(s, TOLD_TICK, 0, s->e);
	s->rc = rc;
	if (rc || !s->running)
		loop_stop(&s->loop);
	else
		loop_timer_set(&s->loop, &s->look, next_look(s));
}

static void on_signals(void *ctx, unsigned events)
{
	struct schedule *s = ctx;

	(void)events;
	read_signals(s);
	go_on(s);
}

static int serve(struct schedule *s)
{
	go_on(s);
	loop_run(&s->loop);
	return s->rc;
}

/* After any failure, no case is left running. */
static void abandon(struct schedule *s)
{
	s->abandons = true;
	if (!s->r->signal)
		end_children(s);
	(void)serve(s);
}

static int open_loop(struct schedule *s, struct err *e)
{
	int rc = take_signals(s, e) ?: loop_init(&s->loop, e);

	s->signals = (struct loop_watch){ .fn = on_signals, .ctx = s };
	s->look = (struct loop_timer){ .fn = go_on, .ctx = s };
	return rc ?: loop_add(&s->loop, &s->signals, s->signal_fd, LOOP_IN, e);
}

static void close_loop(struct schedule *s)
{
	loop_timer_stop(&s->look);
	loop_remove(&s->signals);
	loop_release(&s->loop);
	if (s->signal_fd < 0)
		return;
	close(s->signal_fd);
	sigprocmask(SIG_SETMASK, &s->mask_before, NULL);
}

static int prepare(struct suite_run *r, struct schedule *s, struct err *e)
{
	r->results = calloc(r->s->count, sizeof(*r->results));
	s->children = calloc(r->jobs, sizeof(*s->children));
	if (!r->results || !s->children)
		return err_set(e, ENOMEM, "no memory for %zu cases",
			       r->s->count);
	for (size_t i = 0; i < r->s->count; i++)
		child_remove_files(r, i);
	r->began = time(NULL);
	r->began_ns = clock_ns();
	return open_loop(s, e);
}

int suite_run(struct suite_run *r, struct listener *l, size_t n, struct err *e)
{
	struct schedule s = {
		.r = r,
		.listeners = l,
		.listener_count = n,
		.signal_fd = -1,
		.loop = LOOP_EMPTY,
		.e = e,
	};
	struct err why, broken;
	int rc;

	sigemptyset(&s.mask_before);
	rc = prepare(r, &s, e);
	if (!rc)
		rc = tell_all(&s, TOLD_BEGIN, 0, e);
	if (!rc)
		rc = serve(&s);
	if (rc) {
		broken = *e;
		clean_text(broken.msg);
		r->broken = broken.msg;
	}
	if (s.running)
		abandon(&s);
	if (r->began_ns && tell_all(&s, TOLD_END, 0, &why) && !rc) {
		*e = why;
		rc = -EIO;
	}
	r->broken = NULL;
	close_loop(&s);
	free(s.children);
	return rc;
}

void suite_run_release(struct suite_run *r)
{
	for (size_t i = 0; r->results && i < r->s->count; i++)
		free(r->results[i].tail);
	free(r->results);
	r->results = NULL;
}
