/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A guest and what serves it on the host: machine, console, session. For all
 * commands that run a guest.
 */
#ifndef RUN_GUEST_H
#define RUN_GUEST_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "debug/debugger.h"
#include "machine/machine.h"
#include "outcome/autopsy.h"
#include "outcome/verdict.h"
#include "run/session.h"

struct guest {
	struct outcome_latch latch;
	struct machine m;
	struct console console;
	/* The serial line's output, if the console is the terminal of a virtio
	 * console alone; both set before guest_open(). */
	struct console log;
	bool log_apart;
	int log_fd; /* where it is written to; -1: nowhere */
	struct watch watch;
	struct sender sender;
	struct terminal terminal; /* opened before guest_run(), or empty */
	struct session session;
	struct symbols symbols;
	pthread_mutex_t names_lock; /* covers it while vCPUs run */
	struct autopsy autopsy;	  /* of the stopped guest; after guest_run() */
	struct trace trace;	  /* --trace; to be opened after guest_open() */
	struct debugger debugger; /* --gdb; opened before guest_open() */
	struct signals signals;
	struct session_dump dump; /* set before guest_open() */
	struct session_pass pass; /* set before guest_open() */
	uint64_t timeout_ns;
	const char *cmdline; /* the kernel's; NULL: not known yet */
	bool has_initrd;
	/* The kernel logs to ttyS0 and to hvc0: once hvc0 has printed, ttyS0
	 * is not shown any more. */
	bool logs_twice;
	atomic_bool has_hvc0;
	struct milestones times;
};

/*
 * The empty guest, of one that is all zeros: guest_release() may follow. The
 * parts point to each other, so a guest stays where it is. Buffers are not
 * written to: what a run does not use takes no memory of the host.
 */
void guest_init(struct guest *g);

/*
 * Memory for a kernel to be loaded into, and the host's side of the line.
 * @config: mem_twice is set here, as the debugger needs it.
 * @timeout_ns: since the launcher was started; 0: no limit.
 */
int guest_open(struct guest *g, const struct machine_config *config,
	       uint64_t timeout_ns, struct err *e);

/* clock_ns() when a time limit ends; 0: there is none. */
uint64_t guest_deadline(uint64_t timeout_ns);

/* KVM, vCPUs and devices; @kvm as machine_connect() has it. */
int guest_connect(struct guest *g, struct kvm *kvm, struct err *e);

/*
 * Name places in the trace, if it has any. Before guest_run(), once g->symbols
 * is filled in. @in_place: as for symbols_prepare().
 */
void guest_name_trace(struct guest *g, bool in_place);

/* Start it, serve it until it has ended, and stop it. */
int guest_run(struct guest *g, const struct cpu_entry *entry, struct err *e);

/* What its kernel has for mounting its root; its command line is known. */
struct root_facts guest_root(struct guest *g);

/*
 * Pause the running guest and call @examine with what its memory says; then the
 * guest goes on. On the session's thread. -EBUSY if a debugger has the guest or
 * a vCPU does not pause; else as @examine, whose message is in @e.
 */
int guest_examine(struct guest *g,
		  int (*examine)(void *ctx, struct autopsy *a, struct err *e),
		  void *ctx, struct err *e);

/* How it ended; after guest_run(). */
void guest_verdict(struct guest *g, struct verdict *v);

void guest_release(struct guest *g);

#endif
