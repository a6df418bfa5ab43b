/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What --report writes: a run as one JSON object, for programs.
 *
 * It is made when the run is over, on every way out, from the state of the run;
 * nothing is counted only for it. The keys are documented in launcher-json.5:
 * change both together.
 *
 * Must never trust: console lines and symbol names.
 */
#ifndef OUTCOME_REPORT_H
#define OUTCOME_REPORT_H

#include "base/milestones.h"
#include "base/output.h"
#include "boot/boot.h"
#include "machine/machine.h"
#include "outcome/autopsy.h"
#include "outcome/symbols.h"
#include "outcome/watch.h"

struct report_facts {
	const char *image; /* as it was given */
	const char *boot;  /* the protocol asked for, or "auto" */
	int status;
	const char *reason;		/* the sentence that goes with it */
	const struct outcome *outcome;	/* NULL: the launcher failed before */
	const struct boot_result *plan; /* all zero until it is known */
	const struct machine *machine;	/* whose vCPUs have stopped */
	const struct watch *watch;
	uint64_t dropped; /* bytes of the console that were not written */
	struct symbols *symbols;
	struct autopsy *autopsy; /* NULL: none */
	/* The sandbox: its mode, NULL if the run ended before it; what it lacks
	 * here, NULL after the last. */
	struct {
		const char *mode;
		int landlock;
		uint64_t uid;
		const char *(*weakness)(size_t i);
	} sandbox;
	uint64_t start_ns; /* clock_ns() of the program's start */
	const struct milestones *times;
};

/* To be called before the process is confined: jansson reads random numbers
 * from a file when it is first used. */
void report_prepare(void);

/* The object as text, to be freed. -ENOMEM; *@out is then untouched. */
int report_json(const struct report_facts *f, char **out, struct err *e);

/* Write it to @o and commit that, or discard it on failure. */
int report_write(struct output *o, const struct report_facts *f,
		 struct patience *p, struct err *e);

#endif
