/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The end of a run: its verdict, the files it leaves behind, and the ways to
 * end before there is a guest or while its threads cannot be trusted.
 *
 * A file that cannot be written never hides why the run ended: the sentence
 * about it is added to the run's own.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/output.h"
#include "base/tty.h"
#include "cli/run.h"
#include "outcome/core.h"
#include "outcome/report.h"
#include "outcome/timeline.h"
#include "sandbox/sandbox.h"

int run_judge(struct run *r, struct err *e)
{
	struct verdict *v = &r->verdict;
	bool is_said = true;

	outcome_get(&r->guest.latch, &r->outcome);
	guest_verdict(&r->guest, v);
	if (r->way)
		is_said = r->way->judge(r->way->ctx, &r->outcome,
					&r->guest.watch, v);
	r->judged = true;
	log_step("%s", v->line);
	if (v->status && is_said)
		err_set(e, 1, "%s", v->line);
	else if (v->silent && is_said)
		warn_text(v->line);
	return v->status;
}

/* The status if the launcher fails. */
int run_failed(const struct run *r)
{
	return r->way ? r->way->failed : STATUS_FAILED;
}

/* If a result file cannot be written, a successful run fails. */
static int file_failed(const struct run *r, int rc, const char *option,
		       struct err *why, int status, struct err *e)
{
	if (!rc)
		return status;
	err_prefix(why, rc, "%s", option);
	if (status == STATUS_OK || !e->msg[0])
		*e = *why;
	else
		err_also(e, why);
	return status == STATUS_OK ? run_failed(r) : status;
}

/* Console bytes that stdout did not accept. A run that ended because of this
 * already says so. */
static int finish_console(const struct run *r, int status, struct err *e)
{
	const struct console_output *o = &r->guest.session.output;
	struct err why;

	if (!o->unwritten || !r->judged || r->outcome.kind == OUTCOME_HOST)
		return status;
	err_set(&why, EIO, "%zu bytes of the guest's console are missing: %s",
		o->unwritten,
		o->write_error ? strerror(o->write_error) : "nothing reads it");
	return file_failed(r, -EIO, "stdout", &why, status, e);
}

static int finish_trace(struct run *r, int status, struct err *e)
{
	struct err why;
	int rc = trace_close(&r->guest.trace, &why);

	return file_failed(r, rc, "--trace", &why, status, e);
}

static void gather_facts(struct report_facts *f, struct run *r, int status,
			 const struct err *e)
{
	*f = (struct report_facts){
		.image = r->o->image,
		.boot = r->o->boot ? r->o->boot : "auto",
		.status = status,
		.reason = *e->msg ? e->msg : r->verdict.line,
		.outcome = r->judged ? &r->outcome : NULL,
		.plan = &r->boot,
		.machine = &r->guest.m,
		.watch = &r->guest.watch,
		.dropped = r->guest.session.output.dropped +
			   r->guest.session.log.dropped,
		.symbols = &r->guest.symbols,
		.autopsy = &r->guest.autopsy,
		.sandbox = { sandbox_entered(), sandbox_landlock(), geteuid(),
			     sandbox_weakness },
		.start_ns = log_start_ns(),
		.times = &r->guest.times,
	};
}

static int write_report(struct run *r, int status, struct err *e)
{
	struct report_facts f;
	struct err why;
	int rc;

	gather_facts(&f, r, status, e);
	rc = report_write(&r->files.report, &f, &r->guest.session.patience,
			  &why);
	return file_failed(r, rc, "--report", &why, status, e);
}

/* The kernel's log as /proc/kmsg has it, out of memory. Without a guest there
 * is none. */
static int write_dmesg(struct run *r, int status, struct err *e)
{
	struct err why;
	const struct kernel_log *log;
	int rc = -ENOENT;

	if (!r->guest.autopsy.gm)
		return status;
	log = autopsy_log(&r->guest.autopsy, &why);
	if (log) {
		const struct bytes text = buf_bytes(&log->text);

		rc = output_finish(&r->files.dmesg, &text, 1,
				   &r->guest.session.patience, &why);
	}
	return file_failed(r, rc, "--dmesg", &why, status, e);
}

static int examine(void *ctx, struct autopsy *a, struct err *e)
{
	struct run *r = ctx;
	struct patience p = PATIENCE_AT_END;

	return core_write(&r->files.core, a, &p, e);
}

/* SIGUSR1: the core of a guest that goes on. */
static void dump_core(void *ctx)
{
	struct run *r = ctx;
	struct err e;
	int rc;

	if (r->dumped) {
		log_say("SIGUSR1: the core has been written already");
		return;
	}
	rc = guest_examine(&r->guest, examine, r, &e);
	if (rc == -EBUSY) {
		log_say("SIGUSR1: no core: %s", e.msg);
		return;
	}
	r->dumped = true;
	r->dump_failed = rc;
	r->dump_error = e;
	if (!rc)
		log_say("SIGUSR1: the core is in %s", r->o->core);
}

/* A vmcore of a guest that ended badly. */
static int write_core(struct run *r, int status, struct err *e)
{
	struct err why;
	int rc;

	if (r->dump_failed)
		return file_failed(r, -EIO, "--core", &r->dump_error, status,
				   e);
	if (r->dumped || !r->guest.autopsy.gm || !status)
		return status;
	if (r->files.core.fd < 0)
		return status;
	rc = core_write(&r->files.core, &r->guest.autopsy,
			&r->guest.session.patience, &why);
	return file_failed(r, rc, "--core", &why, status, e);
}

/* Without an image there is no picture to draw. */
static int write_timeline(struct run *r, int status, struct err *e)
{
	struct report_facts f;
	struct err why;
	int rc;

	if (!milestone_ns(&r->guest.times, MILESTONE_OPENED))
		return status;
	gather_facts(&f, r, status, e);
	rc = timeline_write(&r->files.timeline, &f, &r->places,
			    &r->guest.session.patience, &why);
	return file_failed(r, rc, "--timeline", &why, status, e);
}

int run_write_results(struct run *r, int status, struct err *e)
{
	status = finish_console(r, status, e);
	status = finish_trace(r, status, e);
	if (r->files.dmesg.fd >= 0)
		status = write_dmesg(r, status, e);
	if (r->o->core)
		status = write_core(r, status, e);
	if (r->files.report.fd >= 0)
		status = write_report(r, status, e);
	if (r->files.timeline.fd >= 0)
		status = write_timeline(r, status, e);
	return status;
}

/*
 * Something ended the run before the guest was made, or while other threads
 * cannot be trusted any more. They continue until the process ends; their
 * results are not used, and the report shows a run without a guest.
 */
static void end_at_once(const struct run *r, const struct outcome *outcome)
{
	struct run ended = {
		.o = r->o,
		.way = r->way,
		.files = r->files,
	};
	struct err e = ERR_EMPTY;
	int status = run_failed(r);

	debugger_abandon(&r->guest.debugger);
	options_abandon_devices(r->o);
	guest_init(&ended.guest);
	milestones_copy(&ended.guest.times, &r->guest.times);
	ended.guest.timeout_ns = r->o->timeout_ns;
	if (outcome_latch_init(&ended.guest.latch, &e))
		leave(status, &e);
	outcome_set(&ended.guest.latch, outcome->kind, outcome->value, "%s",
		    outcome->evidence);
	/* Only a guest gets a verdict. */
	if (outcome->kind == OUTCOME_HOST || outcome->kind == OUTCOME_SANDBOX) {
		err_set(&e, EIO, "%s", outcome->evidence);
		ended.outcome = *outcome;
		ended.judged = true;
		if (outcome->kind == OUTCOME_SANDBOX && status == STATUS_FAILED)
			status = STATUS_SANDBOX;
	} else {
		status = run_judge(&ended, &e);
	}
	if (ended.files.report.fd >= 0)
		status = write_report(&ended, status, &e);
	if (ended.files.timeline.fd >= 0)
		status = write_timeline(&ended, status, &e);
	leave(status, &e);
}

/* A signal, the time limit or a lost file ended the run before the guest was
 * made. */
void run_end_early(struct early *early, const struct outcome *outcome)
{
	end_at_once(early->ctx, outcome);
}

/* The same, while the guest may run. */
void run_end_violated(void *run, const char *what)
{
	struct outcome outcome = { .kind = OUTCOME_SANDBOX };
	const struct run *r = run;

	if (r->reported)
		return;
	snprintf(outcome.evidence, sizeof(outcome.evidence), "%s", what);
	tty_restore();
	end_at_once(run, &outcome);
}

/* Before there are threads, which inherit the mask. */
int run_take_usr1(struct run *r, struct err *e)
{
	r->guest.dump.fn = dump_core;
	r->guest.dump.ctx = r;
	return signals_take_usr1(&r->guest.dump.fd, e);
}
