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
	const struct session *s = &f->guest->session;

	return s->end_ns ? s->end_ns : clock_ns();
}

/* What one thread did until the first instruction, and what another did
 * besides, with which it has to be done by then. */
static void launcher_phases(const struct report_facts *f, uint64_t end,
			    struct phases *p)
{
	const struct boot_result *b = f->plan;
	const struct guest *g = f->guest;
	const struct mark marks[] = {
		{ "open the image", f->opened_ns },
		/* What ends it before that may do so in the middle of all. */
		{ b->began_ns ? "make memory" : "prepare", b->began_ns },
		{ "decode the payload", b->decoded_ns },
		{ "load the kernel", b->loaded_ns },
		{ "hand over", b->ready_ns },
		{ "wait for KVM", g->connected_ns },
		{ "start", g->started_ns },
	};
	uint64_t at = f->start_ns;

	for (size_t i = 0; i < sizeof(marks) / sizeof(*marks); i++) {
		const struct mark *m = &marks[i];

		/* What another thread has done already takes no time. */
		if (m->ns && m->ns < at)
			continue;
		phases_add(p, m->name, m->ns ? PHASE_LAUNCHER : PHASE_FAILED,
			   at - f->start_ns, (m->ns ?: end) - f->start_ns);
		if (!m->ns)
			break;
		at = m->ns;
	}
	if (g->connecting_ns)
		phases_add(p, "connect to KVM, besides",
			   g->connected_ns ? PHASE_BESIDES : PHASE_FAILED,
			   g->connecting_ns - f->start_ns,
			   (g->connected_ns ?: end) - f->start_ns);
}

static int by_time(const void *a, const void *b)
{
	const struct mark *x = a, *y = b;

	return x->ns < y->ns ? -1 : x->ns > y->ns;
}

/* The guest's life, parted by what was seen of it. */
static void guest_phases(const struct report_facts *f, uint64_t end,
			 struct phases *p)
{
	const struct session *s = &f->guest->session;
	struct mark marks[] = {
		{ "to first console byte", s->first_byte_ns },
		{ "to init", s->init_ns },
		{ "to last --expect", s->expected_ns },
	};
	uint64_t at = f->guest->started_ns;

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
	if (f->guest->started_ns)
		guest_phases(f, end, &t->whole);
}

/* "256 MiB of RAM, 1 vCPU, entered by pvh" */
static void say_machine(const struct report_facts *f, char *text, size_t size)
{
	const struct machine *m = &f->guest->m;
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
