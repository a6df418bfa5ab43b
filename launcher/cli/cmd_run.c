/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * launcher run: boot an image and report how the run ended.
 *
 * The steps: open the image, make the machine while decoding the kernel into
 * its memory, start the first vCPU, run the session until an event ends it, and
 * compute the verdict.
 */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/host_memory.h"
#include "base/identity.h"
#include "base/log.h"
#include "base/thread.h"
#include "base/tty_guard.h"
#include "boot/cmdline.h"
#include "cli/run.h"
#include "dev/virtio/vsock.h"
#include "sandbox/sandbox.h"

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

static int open_debugger(struct run *r, struct err *e)
{
	int rc = identity_enter(e);

	if (rc)
		return rc;
	rc = debugger_open(&r->guest.debugger, r->o->gdb, e);
	identity_leave();
	return rc;
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
		rc = open_debugger(r, e);
	if (!rc)
		rc = options_open_devices(o, e);
	if (rc || !o->keep_free_given)
		return rc;
	rc = host_memory_check(o->mem, o->keep_free, e);
	return rc ? err_prefix(e, rc, "--keep-free") : 0;
}

/* The image, and the kernel's command line, which may come from it. */
static int read_image(struct run *r, struct err *e)
{
	const struct options *o = r->o;
	int rc = image_read(&r->img, &r->files.image, e);

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
	return 0;
}

/* What another command than `run` does with its guest's console and log. */
static void set_way(struct run *r)
{
	const struct run_way *way = r->way;

	r->guest.log_apart = way->has_terminal;
	r->guest.log_fd = way->log_fd;
	r->guest.pass = (struct session_pass){ way->pass, way->ctx };
}

/* Make a guest without a kernel. */
static int open_guest(struct run *r, struct err *e)
{
	const struct options *o = r->o;
	const struct machine_config config = options_machine(o);
	struct session *s = &r->guest.session;
	int rc;

	if (r->way)
		set_way(r);
	rc = guest_open(&r->guest, &config, o->timeout_ns, e);
	if (!rc && r->way && !r->way->has_terminal) {
		s->input.fd = -1;
		s->output.fd = r->way->log_fd;
	}
	/* What a command prints is not the console. */
	if (r->guest.log_apart)
		s->log.limit = o->limit_output;
	else
		s->output.limit = o->limit_output;
	if (!rc && o->timeline)
		machine_map(&r->guest.m, &r->places);
	if (rc || !o->trace_kinds)
		return rc;
	rc = trace_open(&r->guest.trace, o->trace_kinds, &r->files.trace,
			o->limit_output, log_start_ns(), e);
	return rc ? err_prefix(e, rc, "--trace") : 0;
}

/* Read what has been opened, and make a guest for it. */
static int read_all(struct run *r, struct err *e)
{
	int rc = prepare_dialogue(r, e);

	step_begin(&r->early.step, "reading the symbols");
	if (!rc && r->o->symbols)
		rc = read_symbols(r, e);
	step_begin(&r->early.step, "reading the image");
	if (!rc)
		rc = read_image(r, e);
	if (!rc && r->o->gdb) {
		step_begin(&r->early.step,
			   "trying what KVM can do for a debugger");
		rc = debugger_probe(&r->guest.debugger, e);
	}
	if (rc)
		return rc;
	step_begin(&r->early.step, "making the machine");
	return open_guest(r, e);
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
		warn_text(words);
}

/* Wait for what is read in a process beside this one. */
static int complete_files(struct run *r, struct err *e)
{
	step_begin(&r->early.step, "reading the kernel and its modules");
	return r->way->confined(r->way->ctx, e);
}

/* Run from opening the image to the guest's end; returns the status, and its
 * sentence in @e. */
static int boot_and_judge(struct run *r, struct err *e)
{
	int status = run_failed(r);
	int rc = r->way ? complete_files(r, e) : 0;

	if (!rc)
		rc = read_all(r, e);
	if (!rc)
		rc = prepare(r, e);
	early_over(&r->early);
	if (!rc)
		rc = find_symbols(r, e);
	if (!rc) {
		show_kernel(r);
		warn_about_root(r);
		guest_name_trace(&r->guest,
				 boot_protocols[r->boot.plan.chosen].loads_elf);
		/* From here on the file may be cut short or overwritten. */
		image_close_file(&r->img);
		run_files_close_inputs(&r->files);
	}
	if (!rc && !guest_run(&r->guest, &r->boot.cpu, e))
		status = run_judge(r, e);
	debugger_tell_end(&r->guest.debugger, status);
	signals_give_back(&r->guest.signals);
	return status;
}

/* A process beside this one may have been stopped after the loop looked last:
 * that replaces whatever the run ended with. */
static int check_sandbox(struct run *r, int status, struct err *e)
{
	const char *what = sandbox_violation();

	if (!what)
		return status;
	r->outcome = (struct outcome){ .kind = OUTCOME_SANDBOX };
	snprintf(r->outcome.evidence, sizeof(r->outcome.evidence), "%s", what);
	r->judged = true;
	err_set(e, EPERM, "%s", what);
	return r->way ? r->way->failed : STATUS_SANDBOX;
}

int run_image(const struct options *o, const struct run_way *way, struct err *e)
{
	/* The only one of this process, and not on the stack: it is all zeros
	 * without being written to. Most of it are buffers that few runs use,
	 * whose pages stay untouched. */
	static struct run only;
	struct run *r = &only;
	int status, rc;

	r->o = o;
	r->way = way;
	status = run_failed(r);
	guest_init(&r->guest);
	run_files_init(&r->files);
	r->guest.dump.fd = -1;
	rc = run_choose_user(r, e);
	if (!rc)
		rc = sandbox_prepare(sandbox_mode_of(o->sandbox), e);
	/* This forks: do it before there are threads, memory and
	 * descriptors. */
	if (!rc)
		tty_guard_start(STDIN_FILENO);
	if (!rc && o->core)
		rc = run_take_usr1(r, e);
	if (!rc)
		rc = open_all(r, e);
	if (!rc && way)
		rc = way->opened(way->ctx, &r->files.image, e);
	if (!rc)
		rc = run_confine(r, e);
	if (!rc)
		rc = early_begin(&r->early, &r->guest.signals,
				 guest_deadline(o->timeout_ns), run_end_early,
				 r, e);
	if (!rc)
		status = boot_and_judge(r, e);
	/* The terminal has been restored. */
	tty_guard_stop();
	status = check_sandbox(r, status, e);
	status = run_write_results(r, status, e);
	r->reported = true;
	guest_release(&r->guest);
	status = check_sandbox(r, status, e);
	free(r->cmdline);
	run_files_close(&r->files);
	image_close(&r->img);
	if (r->guest.dump.fd >= 0)
		close(r->guest.dump.fd);
	return status;
}

int cmd_run(const struct options *o, struct err *e)
{
	return run_image(o, NULL, e);
}
