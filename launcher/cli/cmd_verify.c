/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * launcher verify: compare the result of an image's own decompressor with the
 * launcher's load.
 *
 * Exit status 0: equal, 6: different, 1: the comparison was not possible.
 */
#include "cli/cli.h"

#include <errno.h>

#include "cli/confined.h"
#include "verify/verify.h"

/* A decompressor may hang; in an emulated guest, it may take long. */
#define DEFAULT_TIMEOUT_NS UINT64_C(300000000000)

/* Everything is open. */
static int verify(const struct options *o, const struct verify_request *req,
		  struct err *e)
{
	struct verification v;
	int status = STATUS_FAILED;

	if (confine_command(o, SANDBOX_RUN, NULL, e) ||
	    verify_image(&v, req, e))
		return STATUS_FAILED;
	if (!(o->json ? verification_print_json(&v, e)
		      : verification_print_text(&v, e)))
		status = v.result.different ? STATUS_REPORTED : STATUS_OK;
	verification_release(&v);
	return status;
}

int cmd_verify(const struct options *o, struct err *e)
{
	struct input image = INPUT_EMPTY;
	struct kvm kvm = KVM_EMPTY;
	struct verify_request req = {
		.image = &image,
		.kvm = &kvm,
		.mem = o->mem,
		.timeout_ns = o->timeout_ns ? o->timeout_ns
					    : DEFAULT_TIMEOUT_NS,
		.flip = o->flip,
		.flip_gpa = o->flip_gpa,
		.kaslr = o->kaslr.mode == KASLR_AUTO,
	};
	int status = STATUS_FAILED;

	if (o->kaslr.mode == KASLR_SEED)
		return err_set(e, EINVAL,
			       "--kaslr seed is not possible: the image chooses "
			       "where its kernel goes"),
		       STATUS_USAGE;
	/* That the image cannot be verified is the more useful message than
	 * that KVM is missing. */
	(void)kvm_open(&kvm, &req.no_kvm);
	if (!input_open(&image, o->image, e))
		status = verify(o, &req, e);
	input_close(&image);
	kvm_release(&kvm);
	return status;
}
