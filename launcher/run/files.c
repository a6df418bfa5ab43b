/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "run/files.h"

#include "base/identity.h"

void run_files_init(struct run_files *f)
{
	*f = (struct run_files){
		.report = OUTPUT_EMPTY,
		.timeline = OUTPUT_EMPTY,
		.trace = OUTPUT_EMPTY,
		.dmesg = OUTPUT_EMPTY,
		.core = OUTPUT_EMPTY,
		.image = INPUT_EMPTY,
		.symbols = INPUT_EMPTY,
		.kvm = KVM_EMPTY,
	};
	for (size_t i = 0; i < INITRD_PARTS_MAX; i++)
		f->initrds[i] = (struct input)INPUT_EMPTY;
}

static int open_output(struct output *o, const char *option, const char *path,
		       struct err *e)
{
	int rc = path ? output_open(o, path, 0666, e) : 0;

	return rc ? err_prefix(e, rc, "%s", option) : 0;
}

static int open_input(struct input *in, const char *what, const char *path,
		      struct err *e)
{
	int rc = path ? input_open(in, path, e) : 0;

	return rc && what ? err_prefix(e, rc, "%s", what) : rc;
}

int run_files_open(struct run_files *f, const struct run_paths *p,
		   struct err *e)
{
	int rc = identity_enter(e);

	if (rc)
		return rc;
	rc = open_output(&f->report, "--report", p->report, e)
		     ?: open_output(&f->timeline, "--timeline", p->timeline, e)
		     ?: open_output(&f->trace, "--trace", p->trace, e)
		     ?: open_output(&f->dmesg, "--dmesg", p->dmesg, e)
		     ?: open_output(&f->core, "--core", p->core, e);
	identity_leave();
	if (!rc)
		rc = open_input(&f->symbols, "--symbols", p->symbols, e)
			     ?: open_input(&f->image, NULL, p->image, e);
	for (size_t i = 0; !rc && i < p->initrds_count; i++)
		rc = open_input(&f->initrds[i], "initrd", p->initrds[i], e);
	if (!rc)
		(void)kvm_open(&f->kvm, &f->no_kvm);
	return rc;
}

void run_files_close_inputs(struct run_files *f)
{
	input_close(&f->image);
	input_close(&f->symbols);
	for (size_t i = 0; i < INITRD_PARTS_MAX; i++)
		input_close(&f->initrds[i]);
	kvm_release(&f->kvm);
}

void run_files_close(struct run_files *f)
{
	run_files_close_inputs(f);
	output_discard(&f->report);
	output_discard(&f->timeline);
	output_discard(&f->trace);
	output_discard(&f->dmesg);
	output_discard(&f->core);
}
