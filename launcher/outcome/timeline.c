/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "outcome/timeline.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/output.h"
#include "show/scale.h"

/* A phase by its end. */
struct mark {
	const char *name;
	uint64_t ns; /* clock_ns(); 0: it was not reached */
};

static uint64_t end_of(const struct report_facts *f)
{
	return milestone_ns(f->times, MILESTONE_END) ?: clock_ns();
}

/* The phases of one thread until the first instruction, and those of a parallel
 * thread, which must end by then. */
static void launcher_phases(const struct report_facts *f, uint64_t end,
			    struct phases *p)
{
	static const struct {
		const char *name;
		enum milestone ends;
	} steps[] = {
		{ "open the image", MILESTONE_OPENED },
		{ "make memory", MILESTONE_PREPARING },
		{ "decode the payload", MILESTONE_DECODED },
		{ "load the kernel", MILESTONE_LOADED },
		{ "hand over", MILESTONE_READY },
		{ "wait for KVM", MILESTONE_CONNECTED },
		{ "start", MILESTONE_FIRST_INSTRUCTION },
	};
	uint64_t connecting = milestone_ns(f->times, MILESTONE_CONNECTING);
	uint64_t connected = milestone_ns(f->times, MILESTONE_CONNECTED);
	uint64_t at = f->start_ns;

	for (size_t i = 0; i < sizeof(steps) / sizeof(*steps); i++) {
		uint64_t ns = milestone_ns(f->times, steps[i].ends);
		const char *name = steps[i].name;

		/* A phase that another thread has already done takes no
		 * time. */
		if (ns && ns < at)
			continue;
		/* A run that ends here may have done other things, too. */
		if (!ns && steps[i].ends == MILESTONE_PREPARING)
			name = "prepare";
		phases_add(p, name, ns ? PHASE_LAUNCHER : PHASE_FAILED,
			   at - f->start_ns, (ns ?: end) - f->start_ns);
		if (!ns)
			break;
		at = ns;
	}
	if (connecting)
		phases_add(p, "connect to KVM, besides",
			   connected ? PHASE_BESIDES : PHASE_FAILED,
			   connecting - f->start_ns,
			   (connected ?: end) - f->start_ns);
}

static int by_time(const void *a, const void *b)
{
	const struct mark *x = a, *y = b;

	return x->ns < y->ns ? -1 : x->ns > y->ns;
}

/* The phases of the guest, between the events seen. */
static void guest_phases(const struct report_facts *f, uint64_t end,
			 struct phases *p)
{
	struct mark marks[] = {
		{ "to first console byte",
		  milestone_ns(f->times, MILESTONE_FIRST_CONSOLE_BYTE) },
		{ "to init", milestone_ns(f->times, MILESTONE_INIT) },
		{ "to last --expect",
		  milestone_ns(f->times, MILESTONE_EXPECTED) },
	};
	uint64_t at = milestone_ns(f->times, MILESTONE_FIRST_INSTRUCTION);

	phases_add(p, "launcher", PHASE_LAUNCHER, 0, at - f->start_ns);
	qsort(marks, sizeof(marks) / sizeof(*marks), sizeof(*marks), by_time);
	for (size_t i = 0; i < sizeof(marks) / sizeof(*marks); i++) {
		if (!marks[i].ns)
			continue;
		phases_add(p, marks[i].name, PHASE_GUEST, at - f->start_ns,
			   marks[i].ns - f->start_ns);
		at = marks[i].ns;
	}
	phases_add(p, "to the end", f->status ? PHASE_FAILED : PHASE_GUEST,
		   at - f->start_ns, end - f->start_ns);
}

void timeline_phases(const struct report_facts *f, struct timeline *t)
{
	uint64_t end = end_of(f);

	launcher_phases(f, end, &t->launcher);
	if (milestone_ns(f->times, MILESTONE_FIRST_INSTRUCTION))
		guest_phases(f, end, &t->whole);
}

/* "256 MiB of RAM, 1 vCPU, entered by pvh" */
static void say_machine(const struct report_facts *f, char *text, size_t size)
{
	const struct machine *m = f->machine;
	const struct boot_plan *plan = &f->plan->plan;
	const struct boot_protocol *by = plan->possible
						 ? &boot_protocols[plan->chosen]
						 : NULL;
	struct amount mem;

	if (!m->gm.base) {
		snprintf(text, size, "There was no machine yet");
		return;
	}
	snprintf(text, size, "%s of RAM, %u vCPU%s%s%s%s",
		 amount_bytes(&mem, guest_mem_size(&m->gm)), m->cpus,
		 m->cpus == 1 ? "" : "s", by ? ", the kernel entered by " : "",
		 by ? by->name : "",
		 by && !by->loads_elf ? ", unpacking itself" : "");
}

int timeline_write(struct output *o, const struct report_facts *f,
		   const struct memory_map *places, struct patience *p,
		   struct err *e)
{
	char machine[128], verdict[1024];
	struct timeline t = {
		.image = f->image,
		.machine = machine,
		.verdict = verdict,
		.map = places,
	};
	char *svg = NULL;
	int rc;

	timeline_phases(f, &t);
	say_machine(f, machine, sizeof(machine));
	snprintf(verdict, sizeof(verdict), "Status %d: %s", f->status,
		 f->reason);
	rc = timeline_svg(&t, &svg, e);
	if (rc)
		output_discard(o);
	else
		rc = output_finish(
			o, &(struct bytes){ (const uint8_t *)svg, strlen(svg) },
			1, p, e);
	free(svg);
	return rc;
}
