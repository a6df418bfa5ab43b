/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How a run ended.
 *
 * Many things can end a run: a device, a vCPU, the clock, a signal, a line on
 * the console. Each sets the latch; the first one wins, because later ones are
 * usually its consequence (a guest that panics also resets). This wakes the
 * event loop, which stops the machine.
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
	OUTCOME_SIGNAL,	 /* a signal ended the launcher; value is its number */
	OUTCOME_HOST,	 /* the launcher or the host failed */
	OUTCOME_SANDBOX, /* a thread did what it may not do */
};

#define OUTCOME_EVIDENCE_SIZE 512

struct outcome {
	enum outcome_kind kind;
	uint32_t value;
	/* What was observed: "port 0x64 (i8042) 0xfe", "KVM_EXIT_SHUTDOWN
	 * ...". */
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

/* Set how the run ended; only the first call counts. From any thread. */
void outcome_set(struct outcome_latch *l, enum outcome_kind kind,
		 uint32_t value, const char *evidence, ...)
	__attribute__((format(printf, 4, 5)));

/*
 * Correct how the run ended. Only after its end, when no other thread reads it.
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
