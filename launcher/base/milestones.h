/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The moments of a run, from opening the image to the end of the guest.
 *
 * Each part of the program marks the milestones that it reaches; the report
 * lists them by name and the timeline draws what lies between them. Threads
 * may mark and read different milestones at the same time.
 */
#ifndef BASE_MILESTONES_H
#define BASE_MILESTONES_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

enum milestone {
	MILESTONE_OPENED,     /* the image is open */
	MILESTONE_PREPARING,  /* there is guest memory to load into */
	MILESTONE_DECODED,    /* the payload is decoded, if there is one */
	MILESTONE_LOADED,     /* the kernel is at its place */
	MILESTONE_READY,      /* ... and its boot structures, too */
	MILESTONE_CONNECTING, /* begins to set up KVM, vCPUs, devices */
	MILESTONE_CONNECTED,  /* ... and is done */
	MILESTONE_FIRST_INSTRUCTION,  /* the first vCPU starts */
	MILESTONE_FIRST_CONSOLE_BYTE, /* the guest says something */
	MILESTONE_INIT,		      /* its kernel starts init */
	MILESTONE_EXPECTED,	      /* the last --expect has matched */
	MILESTONE_END,		      /* the last output is written */
	MILESTONES,		      /* how many */
};

/* "opened", ... : what the report calls them. */
extern const char *const milestone_names[MILESTONES];

/* { 0 }: none is reached. */
struct milestones {
	_Atomic uint64_t at_ns[MILESTONES]; /* clock_ns(); 0: not reached */
};

/*
 * Mark @which as reached now, unless it was reached before; returns whether it
 * was not. @m may be NULL: false.
 */
bool milestone_reach(struct milestones *m, enum milestone which);

/* clock_ns() when @which was reached; 0 if it was not. */
uint64_t milestone_ns(const struct milestones *m, enum milestone which);

/* Copy @from, which other threads may still add to, to *@to. */
void milestones_copy(struct milestones *to, const struct milestones *from);

#endif
