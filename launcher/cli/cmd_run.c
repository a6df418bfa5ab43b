/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * launcher run: boot an image and report how the run ended.
 *
 * The steps: open the image, make the machine while decoding the kernel into
 * its memory, start the first vCPU, run the session until an event ends it, and
 * compute the verdict.
 */
#include "cli/cli.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/inherited.h"
#include "base/log.h"
#include "base/output.h"
#include "base/thread.h"
#include "base/tty.h"
#include "base/tty_guard.h"
#include "boot/boot.h"
#include "boot/cmdline.h"
#include "dev/virtio/vsock.h"
#include "run/early.h"
#include "run/files.h"
#include "run/guest.h"
#include "outcome/core.h"
#include "outcome/report.h"
#include "sandbox/sandbox.h"
#include "outcome/timeline.h"

struct run {
	const struct options *o;
	const struct run_way *way; /* NULL: the console is the user's */
	struct image img;
	char *cmdline;
	struct guest guest;
	struct boot_result boot;
	struct memory_map places; /* filled in for --timeline only */
	struct run_files files;
	struct early early;
	struct outcome outcome;
	struct verdict verdict;
	bool judged; /* these two are filled in */
	bool dumped; /* SIGUSR1 has asked for the core, which is written once */
	bool dump_failed; /* and it is not there: */
	struct err dump_error;
};

/* Connecting the machine to KVM and decoding the kernel both take milliseconds,
 * and are independent of each other. */
struct connect_job {
	struct run *r;
	struct err e;
	int rc;
	pthread_t thread;
	bool threaded;
};

static void *connect_main(void *arg)
{
	struct connect_job *job = arg;

	struct run_files *f = &job->r->files;

	if (f->kvm.fd >= 0) {
		job->rc = guest_connect(&job->r->guest, &f->kvm, &job->e);
	} else {
		job->e = f->no_kvm;
		job->rc = -EIO;
	}
	return NULL;
}

static void connect_begin(struct connect_job *job, struct run *r)
{
	*job = (struct connect_job){ .r = r };
	job->threaded = thread_start(&job->thread, connect_main, job);
	if (!job->threaded)
		connect_main(job);
}

static int connect_end(struct connect_job *job, struct err *e)
{
	if (job->threaded)
		pthread_join(job->thread, NULL);
	if (job->rc)
		*e = job->e;
	else
		log_step("machine ready on %s",
			 kvm_host_name(job->r->guest.m.kvm.host));
	return job->rc;
}

/* Load the kernel and connect the machine, in parallel. */
static int prepare(struct run *r, struct err *e)
{
	const struct boot_request req = {
		.img = &r->img,
		.gm = &r->guest.m.gm,
		.map = &r->guest.m.map,
		.protocol = r->o->boot,
		.cmdline = r->cmdline,
		.kaslr = r->o->kaslr,
		.initrds = r->files.initrds,
		.initrds_count = r->o->initrd_count,
		.rsdp = r->guest.m.rsdp,
		.step = &r->early.step,
		.times = &r->guest.times,
		.places = r->o->timeline ? &r->places : NULL,
		.symbols = r->o->symbols ? NULL : &r->guest.symbols.table,
	};
	struct connect_job job;
	struct err connect_err;
	int rc, connect_rc;

	connect_begin(&job, r);
	rc = boot_prepare(&req, &r->boot, e);
	step_begin(&r->early.step, "making the machine");
	connect_rc = connect_end(&job, &connect_err);
	if (rc)
		return err_prefix(e, rc, "%s", r->o->image);
	if (r->boot.warning.msg[0]) {
		err_prefix(&r->boot.warning, 0, "%s", r->o->image);
		warn(&r->boot.warning);
	}
	if (connect_rc)
		*e = connect_err;
	return connect_rc;
}

/* Whether the run is to wait until the guest says that it has booted. */
static bool expects_ready(const struct options *o)
{
	for (size_t i = 0; i < o->devices_count; i++) {
		const struct virtio_vsock_config *c = o->devices[i].config;

		if (o->devices[i].type == &virtio_vsock_type && c->expect_ready)
			return true;
	}
	return false;
}

/* systemd takes credentials from the kernel's command line, too; see
 * systemd(1), systemd.set_credential= and vmm.notify_socket. */
static int add_credential(char **cmdline, struct err *e)
{
	char *longer;

	if (asprintf(&longer,
		     "%s systemd.set_credential=vmm.notify_socket:"
		     "vsock-stream:%d:%d",
		     *cmdline, VSOCK_CID_HOST, VSOCK_READY_PORT) < 0)
		return err_set(e, ENOMEM, "no memory for the command line");
	free(*cmdline);
	*cmdline = longer;
	return 0;
}

/* The texts to watch for on the console, and those to type into it. */
static int prepare_dialogue(struct run *r, struct err *e)
{
	const struct options *o = r->o;
	int rc = 0;

	r->guest.watch.wants_ready = expects_ready(o);
	for (size_t i = 0; !rc && i < o->expect_count; i++)
		rc = watch_expect(&r->guest.watch, o->expect[i], e);
	for (size_t i = 0; !rc && i < o->fail_on_count; i++)
		rc = watch_fail_on(&r->guest.watch, o->fail_on[i], e);
	for (size_t i = 0; !rc && i < o->send_count; i++)
		rc = sender_add(&r->guest.sender, o->send[i].text,
				o->send[i].after, e);
	return rc;
}

static int read_symbols(struct run *r, struct err *e)
{
	int rc = symbols_read(&r->guest.symbols, &r->files.symbols, e);

	return rc ? err_prefix(e, rc, "--symbols") : 0;
}

/* Open the files before reading any of them. */
static int open_all(struct run *r, struct err *e)
{
	const struct options *o = r->o;
	const struct run_paths paths = {
		.report = o->report,
		.timeline = o->timeline,
		.trace = o->trace,
		.dmesg = o->dmesg,
		.core = o->core,
		.image = o->image,
		.symbols = o->symbols,
		.initrds = o->initrd,
		.initrds_count = o->initrd_count,
	};
	int rc = run_files_open(&r->files, &paths, e);

	terminal_open(&r->guest.terminal, STDOUT_FILENO);
	r->guest.debugger.lost = o->gdb_lost;
	if (!rc && o->gdb)
		rc = debugger_open(&r->guest.debugger, o->gdb, e);
	return rc ?: options_open_devices(o, e);
}

/* Open the image and make a guest for it. */
static int read_all(struct run *r, struct err *e)
{
	const struct options *o = r->o;
	const struct machine_config config = options_machine(o);
	int rc;

	rc = prepare_dialogue(r, e);
	step_begin(&r->early.step, "reading the symbols");
	if (!rc && o->symbols)
		rc = read_symbols(r, e);
	step_begin(&r->early.step, "reading the image");
	if (!rc)
		rc = image_read(&r->img, &r->files.image, e);
	if (rc)
		return rc;
	milestone_reach(&r->guest.times, MILESTONE_OPENED);
	log_step("opened %s: %s%s, %zu bytes", o->image,
		 r->img.is_uki ? "unified kernel image of " : "",
		 image_kind_name(r->img.kind), r->img.whole.len);
	rc = place_choose_cmdline(&r->cmdline, &r->img, o->cmdline,
				  options_consoles(o), e);
	if (!rc && r->guest.watch.wants_ready)
		rc = add_credential(&r->cmdline, e);
	if (rc)
		return err_prefix(e, rc, "%s", o->image);
	r->guest.cmdline = r->cmdline;
	if (o->gdb) {
		step_begin(&r->early.step,
			   "trying what KVM can do for a debugger");
		rc = debugger_probe(&r->guest.debugger, e);
	}
	if (rc)
		return rc;
	step_begin(&r->early.step, "making the machine");
	if (r->way) {
		r->guest.log_apart = r->way->has_terminal;
		r->guest.log_fd = r->way->log_fd;
	}
	rc = guest_open(&r->guest, &config, o->timeout_ns, e);
	if (!rc && r->way && !r->way->has_terminal) {
		r->guest.session.input.fd = -1;
		r->guest.session.output.fd = r->way->log_fd;
	}
	if (!rc && o->timeline)
		machine_map(&r->guest.m, &r->places);
	if (rc || !o->trace_kinds)
		return rc;
	rc = trace_open(&r->guest.trace, o->trace_kinds, &r->files.trace,
			log_start_ns(), e);
	return rc ? err_prefix(e, rc, "--trace") : 0;
}

/* The kernel runs where the launcher put it, unless it decompresses itself:
 * then it may move. */
static int find_symbols(struct run *r, struct err *e)
{
	struct symbols *s = &r->guest.symbols;
	int rc;

	s->kernel = r->img.has_payload ? &r->img.head : NULL;
	s->delta = r->boot.delta;
	s->slide = r->boot.kaslr.slide;
	s->memory = &r->guest.m.gm;
	s->moved = !boot_protocols[r->boot.plan.chosen].loads_elf &&
		   !(r->cmdline && cmdline_has_word(r->cmdline, "nokaslr"));
	rc = r->o->symbols ? symbols_check_kernel(s, e) : 0;
	return rc ? err_prefix(e, rc, "--symbols: %s", r->o->symbols) : 0;
}

/* Tell the debugger where the launcher put the kernel. */
static void show_kernel(struct run *r)
{
	r->guest.debugger.is32 = r->img.has_payload && !r->img.head.is64;
	if (!boot_protocols[r->boot.plan.chosen].loads_elf)
		return;
	r->guest.debugger.kernel.elf = &r->img.head;
	r->guest.debugger.kernel.delta = r->boot.delta;
	r->guest.debugger.kernel.slide = r->boot.kaslr.slide;
}

static void warn_of(const char *text)
{
	struct err e;

	err_set(&e, 0, "%s", text);
	warn(&e);
}

/* Reading the kernel's names takes time: only for a guest that is likely to
 * lack something. An image that decompresses itself has none yet. */
static void warn_about_root(struct run *r)
{
	struct root_facts root;
	char words[ROOT_WORDS_MAX];

	r->guest.has_initrd = r->boot.initrd.size;
	if (!boot_protocols[r->boot.plan.chosen].loads_elf)
		return;
	root = guest_root(&r->guest);
	if (root_lacks(&root, words))
		warn_of(words);
}

static int draw_verdict(struct run *r, struct err *e)
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
		warn_of(v->line);
	return v->status;
}

/* The status if the launcher fails. */
static int failed(const struct run *r)
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
	return status == STATUS_OK ? failed(r) : status;
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
		.symbols = &r->guest.symbols,
		.autopsy = &r->guest.autopsy,
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
	int status = failed(r);

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
		status = draw_verdict(&ended, &e);
	}
	if (r->o->report)
		status = write_report(&ended, status, &e);
	if (r->o->timeline)
		status = write_timeline(&ended, status, &e);
	leave(status, &e);
}

/* A signal, the time limit or a lost file ended the run before the guest was
 * made. */
static void end_early(struct early *early, const struct outcome *outcome)
{
	end_at_once(early->ctx, outcome);
}

/* The same, while the guest may run. */
static void end_violated(void *run, const char *what)
{
	struct outcome outcome = { .kind = OUTCOME_SANDBOX };

	snprintf(outcome.evidence, sizeof(outcome.evidence), "%s", what);
	tty_restore();
	end_at_once(run, &outcome);
}

/* Run from opening the image to the guest's end; returns the status, and its
 * sentence in @e. */
static int boot_and_judge(struct run *r, struct err *e)
{
	int status = failed(r);
	int rc = read_all(r, e);

	if (!rc)
		rc = prepare(r, e);
	early_over(&r->early);
	if (!rc)
		rc = find_symbols(r, e);
	if (!rc) {
		show_kernel(r);
		warn_about_root(r);
		/* From here on the file may be cut short or overwritten. */
		image_close_file(&r->img);
		run_files_close_inputs(&r->files);
		inherited_close();
	}
	if (!rc && !guest_run(&r->guest, &r->boot.cpu, e))
		status = draw_verdict(r, e);
	debugger_tell_end(&r->guest.debugger, status);
	signals_give_back(&r->guest.signals);
	return status;
}

static int write_results(struct run *r, int status, struct err *e)
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

/* Before there are threads, which inherit the mask. */
static int take_usr1(struct run *r, struct err *e)
{
	r->guest.dump.fn = dump_core;
	r->guest.dump.ctx = r;
	return signals_take_usr1(&r->guest.dump.fd, e);
}

static void allow_results(struct sandbox_config *c, const struct output *o)
{
	if (o->folder >= 0)
		c->folders[c->folders_count++] =
			(struct landlock_folder){ o->folder, LANDLOCK_RESULTS };
}

/* A socket's file is removed in the end. */
static void allow_removal(struct sandbox_config *c, const char *path)
{
	char *copy = strdup(path);
	int fd = copy ? open(dirname(copy), O_PATH | O_DIRECTORY | O_CLOEXEC)
		      : -1;

	free(copy);
	if (fd >= 0)
		c->folders[c->folders_count++] =
			(struct landlock_folder){ fd, LANDLOCK_REMOVE };
}

/* The folders in which devices open files. */
static void allow_devices(struct sandbox_config *c, const struct options *o)
{
	for (size_t i = 0; i < o->devices_count; i++) {
		const struct device_request *r = &o->devices[i];
		const struct device_option *option = r->type->option;
		const char *socket = option && option->removes
					     ? option->removes(r->config)
					     : NULL;
		bool writable;
		int fd;

		if (socket)
			allow_removal(c, socket);
		if (!option || !option->opens_files)
			continue;
		c->wide = true;
		if (!option->folder)
			continue;
		fd = option->folder(r->config, &writable);
		c->folders[c->folders_count++] = (struct landlock_folder){
			fd, writable ? LANDLOCK_WRITE : LANDLOCK_READ
		};
	}
}

/* Everything is open: give up the right to open more. */
static int confine(struct run *r, struct err *e)
{
	struct sandbox_config c = {
		.mode = sandbox_mode_of(r->o->sandbox),
		.end = end_violated,
		.ctx = r,
	};
	int rc;

	report_prepare();
	allow_results(&c, &r->files.report);
	allow_results(&c, &r->files.timeline);
	allow_results(&c, &r->files.trace);
	allow_results(&c, &r->files.dmesg);
	allow_results(&c, &r->files.core);
	allow_devices(&c, r->o);
	if (*r->guest.debugger.line.path)
		allow_removal(&c, r->guest.debugger.line.path);
	/* This opens a KVM of its own. */
	rc = c.mode == SANDBOX_OFF ? 0 : debugger_probe(&r->guest.debugger, e);
	if (!rc)
		rc = sandbox_enter(&c, e);
	for (size_t i = 0; i < c.folders_count; i++)
		if (c.folders[i].use == LANDLOCK_REMOVE)
			close(c.folders[i].fd);
	return rc;
}

int run_image(const struct options *o, const struct run_way *way, struct err *e)
{
	struct run r = { .o = o, .way = way };
	int status = failed(&r);
	int rc;

	guest_init(&r.guest);
	run_files_init(&r.files);
	/* This forks: do it before there are threads, memory and
	 * descriptors. */
	tty_guard_start(STDIN_FILENO);
	r.guest.dump.fd = -1;
	rc = o->core ? take_usr1(&r, e) : 0;
	if (!rc)
		rc = open_all(&r, e);
	if (!rc)
		rc = confine(&r, e);
	if (!rc)
		rc = early_begin(&r.early, &r.guest.signals,
				 guest_deadline(o->timeout_ns), end_early, &r,
				 e);
	if (!rc)
		status = boot_and_judge(&r, e);
	status = write_results(&r, status, e);
	guest_release(&r.guest);
	free(r.cmdline);
	run_files_close(&r.files);
	image_close(&r.img);
	if (r.guest.dump.fd >= 0)
		close(r.guest.dump.fd);
	tty_guard_stop();
	return status;
}

int cmd_run(const struct options *o, struct err *e)
{
	return run_image(o, NULL, e);
}
