/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One virtual CPU: its registers at the first instruction, and the loop that
 * runs it.
 *
 * vcpu_run() runs the guest and passes every port and MMIO access to the
 * machine's handlers, until the guest crashes, KVM cannot go on, or another
 * thread calls vcpu_kick().
 *
 * Spec: Documentation/virt/kvm/api.rst, KVM_RUN and what follows.
 */
#ifndef VM_VCPU_H
#define VM_VCPU_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "vm/cpu_entry.h"
#include "vm/kvm.h"

/* The ways out of KVM_RUN. */
enum vcpu_exit {
	VCPU_EXIT_PIO,
	VCPU_EXIT_MMIO,
	VCPU_EXIT_MSR,
	VCPU_EXIT_HALT,
	VCPU_EXIT_INTERRUPTED, /* a signal, or a kick */
	VCPU_EXIT_FINAL,       /* one that ends the run */
	VCPU_EXITS,
};

/* "pio", ... */
extern const char *const vcpu_exit_names[VCPU_EXITS];

struct kvm_run;

struct vcpu {
	int fd; /* -1: empty */
	unsigned id;
	struct kvm_run *run;
	size_t run_size;
	pthread_t thread;    /* valid while `running` */
	atomic_bool running; /* inside vcpu_run() */
	atomic_bool stop;    /* set by vcpu_kick() */
	atomic_bool pause;   /* set by vcpu_pause() */
	atomic_ulong caused; /* exits that the guest has caused */
	/* Of each kind; written by the vCPU's thread, to be read when that
	 * has ended. */
	unsigned long exits[VCPU_EXITS];
};

/*
 * Create vCPU @id of @count: CPUID, MSRs and local APIC ready. vCPU 0 can be
 * entered; the others wait for the guest to start them.
 */
int vcpu_init(struct vcpu *v, const struct kvm *kvm, unsigned id,
	      unsigned count, struct err *e);
void vcpu_release(struct vcpu *v);

/* Put the vCPU at its first instruction. */
int vcpu_set_entry(struct vcpu *v, const struct cpu_entry *entry,
		   struct err *e);

/* What a debugger has set up, or the end of a run, which it sees first. */
enum vcpu_trap_kind {
	VCPU_TRAP_STEP,	     /* one instruction is done */
	VCPU_TRAP_INT3,	     /* at an int3, which has not run */
	VCPU_TRAP_HW,	     /* debug registers */
	VCPU_TRAP_NO_ACCESS, /* to memory that the host took from KVM */
	VCPU_TRAP_FAILED,    /* at an instruction that ends the run */
	VCPU_TRAP_SHUTDOWN,  /* in a triple fault */
};

struct vcpu_trap {
	enum vcpu_trap_kind kind;
	unsigned hw; /* bit n: debug register n hit */
};

/*
 * The debugger of a machine's vCPUs; called on the thread of vCPU @cpu.
 */
struct vcpu_debugger {
	void *ctx;
	/* A trap; true: go on, false: end as without a debugger. NULL: there is
	 * no debugger. */
	bool (*trapped)(void *ctx, unsigned cpu, const struct vcpu_trap *trap);
	/* vcpu_pause() was called; wait while the vCPU must. */
	void (*paused)(void *ctx, unsigned cpu);
	/* The vCPU does not run any more. */
	void (*gone)(void *ctx, unsigned cpu);
};

/*
 * The machine's side of an exit. Called on the vCPU's thread. They say
 * whether the guest goes on: false ends vcpu_run() with VCPU_KICKED before
 * another instruction runs.
 */
struct vcpu_handlers {
	void *ctx;
	/* One port access; @size is 1, 2 or 4. */
	bool (*pio)(void *ctx, uint16_t port, uint8_t *data, unsigned size,
		    bool write);
	/* One access to guest-physical memory that is not RAM; @size to 8. */
	bool (*mmio)(void *ctx, uint64_t gpa, uint8_t *data, unsigned size,
		     bool write);
	/* An MSR that KVM does not know. */
	void (*msr)(void *ctx, uint32_t index, bool write);
	/* Every exit, before it is handled; or NULL. */
	void (*exited)(void *ctx, enum vcpu_exit why);
	/* A trap; true: go on, false: as without a debugger. NULL: there is no
	 * debugger, and no traps are set. */
	bool (*trapped)(void *ctx, const struct vcpu_trap *trap);
	/* vcpu_pause() was called, and the vCPU is between two instructions:
	 * return when it may go on. */
	void (*paused)(void *ctx);
};

enum vcpu_end {
	VCPU_KICKED,	     /* vcpu_kick() or a handler asked */
	VCPU_SHUTDOWN,	     /* triple fault */
	VCPU_INTERNAL_ERROR, /* KVM cannot go on (emulation, delivery) */
	VCPU_FAIL_ENTRY,     /* the CPU refused the guest state */
	VCPU_BROKEN,	     /* KVM_RUN itself failed, or an unknown exit */
};

#define INSN_MAX 15

/* Where a vCPU was, as far as KVM says. */
struct vcpu_where {
	bool known;
	/* The registers are those after a reset: KVM on AMD does not keep them
	 * when a CPU shuts down. */
	bool was_reset;
	uint64_t rip; /* in real mode: linear, the segment base added */
	bool gpa_known;
	uint64_t gpa; /* what rip translates to */
	uint64_t cr0, cr2, cr3, cr4, efer;
	const char *mode; /* "16-bit", "32-bit", "64-bit" */
	uint8_t insn[INSN_MAX];
	unsigned insn_len; /* bytes of insn that are known */
};

struct vcpu_result {
	enum vcpu_end end;
	struct vcpu_where where;
	char detail[160]; /* "KVM_EXIT_INTERNAL_ERROR suberror 1 ..." */
};

/*
 * Run until something ends it. To be called by the thread that owns @v, with
 * the kick signal unblocked. @gm: to read the instruction at rip.
 */
void vcpu_run(struct vcpu *v, const struct vcpu_handlers *h,
	      const struct guest_mem *gm, struct vcpu_result *result);

/* Make vcpu_run() of another thread return soon; may be called repeatedly. */
void vcpu_kick(struct vcpu *v);

/*
 * Make vcpu_run() of another thread call paused() soon, which clears v->pause
 * before it returns; may be called repeatedly.
 */
void vcpu_pause(struct vcpu *v);

/* How many exits the guest has caused so far; from any thread. */
static inline unsigned long vcpu_exits_caused(struct vcpu *v)
{
	return atomic_load_explicit(&v->caused, memory_order_relaxed);
}

/* Install the handler of the kick signal; once, before the first vcpu_run(). */
int vcpu_setup_kick(struct err *e);

/* Read where the vCPU stands; only while it is not inside KVM_RUN. */
void vcpu_where(struct vcpu *v, const struct guest_mem *gm,
		struct vcpu_where *w);

#endif
