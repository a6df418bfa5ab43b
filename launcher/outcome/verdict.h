/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The verdict: the exit status (see base/status.h) and the one line that
 * explains it.
 *
 * A run that ends with 0 needs no line, unless the guest switched the machine
 * off before it said anything: a kernel that panics without a console does the
 * same.
 */
#ifndef OUTCOME_VERDICT_H
#define OUTCOME_VERDICT_H

#include "base/outcome.h"
#include "base/status.h"
#include "outcome/autopsy.h"
#include "outcome/root.h"
#include "outcome/symbols.h"
#include "outcome/watch.h"
#include "vm/kvm.h"
#include "vm/vcpu.h"

struct verdict {
	int status;	 /* enum exit_status */
	bool silent;	 /* it ended well, but printed nothing */
	char line[4096]; /* what happened, where, what to try */
};

struct verdict_facts {
	const struct outcome *outcome;
	const struct watch *watch;
	const struct vcpu_result *results; /* one per vCPU */
	unsigned cpus;
	enum kvm_host host;
	uint64_t timeout_ns;
	struct symbols *symbols;       /* NULL: none */
	struct autopsy *autopsy;       /* NULL: none */
	const char *cmdline;	       /* the kernel's; NULL: not known */
	const struct root_facts *root; /* NULL: not known */
};

void verdict_make(struct verdict *v, const struct verdict_facts *f);

#endif
