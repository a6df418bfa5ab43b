/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * launcher run: boot an image and say how it ended.
 *
 * The order is the story: the image is opened, the machine is made while the
 * kernel is decoded into its memory, the first vCPU starts, the session
 * lasts until something ends it, and the verdict is drawn.
 */
#include "cli/cli.h"

#include <pthread.h>
#include <string.h>

#include "base/log.h"
#include "boot/boot.h"
#include "run/session.h"

struct run {
	const struct options *o;
	struct image img;
	struct outcome_latch latch;
	struct machine m;
	struct console console;
	struct watch watch;
	struct session session;
	struct boot_result boot;
};

/* Connecting the machine to KVM takes milliseconds that decoding the kernel
 * takes too; they have nothing to do with each other. */
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
	const struct serial_host console = {
		.ctx = &job->r->console,
		.output = session_output,
		.room = session_room,
	};

	job->rc = machine_connect(&job->r->m, &console, &job->e);
	return NULL;
}

static void connect_begin(struct connect_job *job, struct run *r)
{
	*job = (struct connect_job){ .r = r };
	job->threaded = !pthread_create(&job->thread, NULL, connect_main, job);
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
			 kvm_host_name(job->r->m.kvm.host));
	return job->rc;
}

/* Load the kernel and connect the machine, side by side. */
static int prepare(struct run *r, struct err *e)
{
	const struct boot_request req = {
		.img = &r->img,
		.gm = &r->m.gm,
		.map = &r->m.map,
		.protocol = r->o->boot,
		.cmdline = r->o->cmdline,
		.initrd = r->o->initrd,
		.rsdp = r->m.rsdp,
	};
	struct connect_job job;
	struct err connect_err;
	int rc, connect_rc;

	connect_begin(&job, r);
	rc = boot_prepare(&req, &r->boot, e);
	connect_rc = connect_end(&job, &connect_err);
	if (rc)
		return err_prefix(e, rc, "%s", r->o->image);
	if (connect_rc)
		*e = connect_err;
	return connect_rc;
}

static int open_all(struct run *r, struct err *e)
{
	int rc = 0;

	for (size_t i = 0; !rc && i < r->o->expect_count; i++)
		rc = watch_expect(&r->watch, r->o->expect[i], e);
	if (!rc)
		rc = outcome_latch_init(&r->latch, e);
	if (!rc)
		rc = console_init(&r->console, e);
	if (!rc)
		rc = image_open(&r->img, r->o->image, e);
	if (rc)
		return rc;
	log_step("opened %s: %s, %zu bytes", r->o->image,
		 image_kind_name(r->img.kind), r->img.bytes.len);
	rc = machine_init(&r->m, r->o->mem, (unsigned)r->o->cpus, &r->latch, e);
	if (!rc)
		rc = session_init(&r->session, &r->m, &r->console, &r->watch,
				  &r->latch, r->o->timeout_ns, e);
	return rc;
}

static int draw_verdict(struct run *r, struct err *e)
{
	struct outcome outcome;
	struct verdict v;

	outcome_get(&r->latch, &outcome);
	verdict_make(&v, &(struct verdict_facts){
				 .outcome = &outcome,
				 .watch = &r->watch,
				 .results = r->m.results,
				 .cpus = r->m.cpus,
				 .host = r->m.kvm.host,
				 .timeout_ns = r->o->timeout_ns,
			 });
	log_step("%s", v.line);
	if (v.status)
		err_set(e, 1, "%s", v.line);
	return v.status;
}

int cmd_run(const struct options *o, struct err *e)
{
	struct run r = {
		.o = o,
		.latch.wake_fd = -1,
		.console.wake_fd = -1,
		.m = MACHINE_EMPTY,
		.session = SESSION_EMPTY,
	};
	int status = STATUS_FAILED;

	watch_init(&r.watch);
	if (open_all(&r, e) || prepare(&r, e))
		goto out;
	log_step("first guest instruction at 0x%llx",
		 (unsigned long long)cpu_entry_address(&r.boot.cpu));
	if (machine_start(&r.m, &r.boot.cpu, e))
		goto out;
	/* The image's pages are in the guest now. */
	image_close(&r.img);
	session_run(&r.session);
	status = draw_verdict(&r, e);
out:
	session_release(&r.session);
	machine_release(&r.m);
	image_close(&r.img);
	console_release(&r.console);
	outcome_latch_release(&r.latch);
	watch_release(&r.watch);
	return status;
}
