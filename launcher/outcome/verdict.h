/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The verdict: exit status and the one line that explains it.
 *
 *   0    powered off, reset or halted by itself, reported success, or
 *        --expect matched
 *   1    the launcher failed        3  the guest panicked
 *   4    it crashed, or halted      5  it ended before --expect matched
 *   6    it reported failure, or    124 timed out        128+N signal N
 *        met --fail-on
 *
 * A run that ends with 0 needs no line, unless the guest switched the machine
 * off before it said anything: a kernel that panics without a console does the
 * same.
 */
#ifndef OUTCOME_VERDICT_H
#define OUTCOME_VERDICT_H

#include "base/outcome.h"
#include "outcome/symbols.h"
#include "outcome/watch.h"
#include "vm/kvm.h"
#include "vm/vcpu.h"

enum exit_status {
	STATUS_OK = 0,
	STATUS_FAILED = 1,
	STATUS_USAGE = 2,
	STATUS_PANIC = 3,
	STATUS_CRASH = 4,
	STATUS_UNEXPECTED = 5,
	STATUS_REPORTED = 6,
	STATUS_TIMEOUT = 124,
	STATUS_SIGNAL = 128, /* plus the signal's number */
};

struct verdict {
	int status;
	bool silent;	 /* it ended well, and all that was seen is its end */
	char line[4096]; /* what happened, where, what to try */
};

struct verdict_facts {
	const struct outcome *outcome;
	const struct watch *watch;
	const struct vcpu_result *results; /* one per vCPU */
	unsigned cpus;
	enum kvm_host host;
	uint64_t timeout_ns;
	struct symbols *symbols; /* NULL: none */
	const char *cmdline;	 /* the kernel's; NULL: not known */
};

void verdict_make(struct verdict *v, const struct verdict_facts *f);

#endif
