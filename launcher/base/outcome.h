/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How a run ended, said once.
 *
 * Many things can end a run: a device, a vCPU, the clock, a signal, a line on
 * the console. Each tells the latch; the first one wins, because what follows
 * is usually its consequence (a guest that panics also resets). The event
 * loop is woken and takes the machine down.
 */
#ifndef BASE_OUTCOME_H
#define BASE_OUTCOME_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

enum outcome_kind {
	OUTCOME_POWEROFF,  /* the guest powered itself off */
	OUTCOME_RESET,	   /* the guest asked for a reset */
	OUTCOME_REPORTED,  /* the test port; value is the guest's status */
	OUTCOME_EXPECTED,  /* every --expect matched */
	OUTCOME_FAILED_ON, /* a console line matched --fail-on */
	OUTCOME_PANIC,	   /* the guest's kernel panicked */
	OUTCOME_CRASH,	   /* triple fault, or KVM could not go on */
	OUTCOME_HALTED,	   /* no vCPU runs, and nothing can wake any */
	OUTCOME_TIMEOUT,
	OUTCOME_SIGNAL, /* the launcher was told to stop; value is the signal */
	OUTCOME_HOST,	/* the launcher or the host failed */
};

#define OUTCOME_EVIDENCE_SIZE 512

struct outcome {
	enum outcome_kind kind;
	uint32_t value;
	/* What said so: "port 0x64 (i8042) 0xfe", "KVM_EXIT_SHUTDOWN ...". */
	char evidence[OUTCOME_EVIDENCE_SIZE];
};

struct outcome_latch {
	pthread_mutex_t lock;
	atomic_bool set; /* written under the lock */
	struct outcome outcome;
	int wake_fd; /* eventfd that becomes readable; -1: empty */
};

int outcome_latch_init(struct outcome_latch *l, struct err *e);
void outcome_latch_release(struct outcome_latch *l);

/* Say how the run ended; ignored unless first. From any thread. */
void outcome_set(struct outcome_latch *l, enum outcome_kind kind,
		 uint32_t value, const char *evidence, ...)
	__attribute__((format(printf, 4, 5)));

/*
 * Say better how the run ended, in the light of what was learnt since. Only
 * once it has ended, and nothing runs any more that might look.
 */
void outcome_amend(struct outcome_latch *l, enum outcome_kind kind,
		   const char *evidence, ...)
	__attribute__((format(printf, 3, 4)));

/* Whether it has ended; cheap enough for every exit. */
static inline bool outcome_is_set(const struct outcome_latch *l)
{
	return atomic_load_explicit(&l->set, memory_order_relaxed);
}

/* Whether it has ended; if so, copy how to *@out (may be NULL). */
bool outcome_get(struct outcome_latch *l, struct outcome *out);

#endif
