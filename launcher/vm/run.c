/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The run loop: KVM_RUN until something ends it.
 *
 * Must never trust: addresses and data of accesses. KVM has already reduced an
 * access to a port, a size and at most one page of data.
 */
#include "vm/vcpu.h"

#include <errno.h>
#include <linux/kvm.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>

#include "pv/x86.h"

/* Not one that a user might send: SIGUSR1 asks for a core. */
#define KICK_SIGNAL SIGRTMIN

static void on_kick(int sig)
{
	/* It only makes KVM_RUN return with EINTR. */
	(void)sig;
}

int vcpu_setup_kick(struct err *e)
{
	struct sigaction sa = { .sa_handler = on_kick };

	sigemptyset(&sa.sa_mask);
	if (sigaction(KICK_SIGNAL, &sa, NULL))
		return err_sys(e, "sigaction");
	return 0;
}

/* Make KVM_RUN return, also a call that comes next. */
static void leave_kvm_run(struct vcpu *v)
{
	/* Covers the moment between the loop's test and KVM_RUN. */
	__atomic_store_n(&v->run->immediate_exit, 1, __ATOMIC_SEQ_CST);
	if (atomic_load(&v->running))
		pthread_kill(v->thread, KICK_SIGNAL);
}

void vcpu_kick(struct vcpu *v)
{
	atomic_store(&v->stop, true);
	leave_kvm_run(v);
}

void vcpu_pause(struct vcpu *v)
{
	atomic_store(&v->pause, true);
	leave_kvm_run(v);
}

const char *const vcpu_exit_names[VCPU_EXITS] = {
	[VCPU_EXIT_PIO] = "pio",
	[VCPU_EXIT_MMIO] = "mmio",
	[VCPU_EXIT_MSR] = "msr",
	[VCPU_EXIT_HALT] = "halt",
	[VCPU_EXIT_INTERRUPTED] = "interrupted",
	[VCPU_EXIT_FINAL] = "final",
};

static void note_exit(struct vcpu *v, const struct vcpu_handlers *h,
		      enum vcpu_exit why)
{
	v->exits[why]++;
	if (why != VCPU_EXIT_INTERRUPTED)
		atomic_store_explicit(&v->caused, vcpu_exits_caused(v) + 1,
				      memory_order_relaxed);
	if (h->exited)
		h->exited(h->ctx, why);
}

static bool handle_pio(struct vcpu *v, const struct vcpu_handlers *h)
{
	struct kvm_run *run = v->run;
	uint8_t *data = (uint8_t *)run + run->io.data_offset;
	bool go_on = true;

	/* A string instruction arrives as `count` accesses to one port. */
	for (uint32_t i = 0; go_on && i < run->io.count; i++)
		go_on = h->pio(h->ctx, run->io.port, data + i * run->io.size,
			       run->io.size,
			       run->io.direction == KVM_EXIT_IO_OUT);
	return go_on;
}

static const char *internal_error_name(uint32_t suberror)
{
	switch (suberror) {
	case KVM_INTERNAL_ERROR_EMULATION:
		return "an instruction KVM cannot emulate";
	case KVM_INTERNAL_ERROR_SIMUL_EX:
		return "exceptions while delivering an exception";
	case KVM_INTERNAL_ERROR_DELIVERY_EV:
		return "an exit while delivering an event";
	default:
		return "an unexpected exit";
	}
}

/*
 * Describe a final exit. Returns false if the exit is one that the loop handles
 * or knows nothing about.
 */
static bool describe_end(struct vcpu *v, struct vcpu_result *result)
{
	struct kvm_run *run = v->run;

	switch (run->exit_reason) {
	case KVM_EXIT_SHUTDOWN:
		result->end = VCPU_SHUTDOWN;
		snprintf(result->detail, sizeof(result->detail),
			 "KVM_EXIT_SHUTDOWN (triple fault)");
		return true;
	case KVM_EXIT_INTERNAL_ERROR:
		result->end = VCPU_INTERNAL_ERROR;
		snprintf(result->detail, sizeof(result->detail),
			 "KVM_EXIT_INTERNAL_ERROR suberror %u: %s",
			 run->internal.suberror,
			 internal_error_name(run->internal.suberror));
		return true;
	case KVM_EXIT_FAIL_ENTRY:
		result->end = VCPU_FAIL_ENTRY;
		snprintf(result->detail, sizeof(result->detail),
			 "KVM_EXIT_FAIL_ENTRY, hardware reason 0x%llx",
			 (unsigned long long)
				 run->fail_entry.hardware_entry_failure_reason);
		return true;
	}
	return false;
}

/* KVM provides the bytes of the instruction if it has them, which is better
 * than reading them through page tables that it may have failed to walk. */
static void take_failed_insn(struct vcpu *v, struct vcpu_where *w)
{
	struct kvm_run *run = v->run;
	uint8_t len;

	if (run->exit_reason != KVM_EXIT_INTERNAL_ERROR ||
	    run->emulation_failure.suberror != KVM_INTERNAL_ERROR_EMULATION ||
	    run->emulation_failure.ndata < 3 ||
	    !(run->emulation_failure.flags &
	      KVM_INTERNAL_ERROR_EMULATION_FLAG_INSTRUCTION_BYTES))
		return;
	len = run->emulation_failure.insn_size;
	if (!len || len > INSN_MAX)
		return;
	memcpy(w->insn, run->emulation_failure.insn_bytes, len);
	w->insn_len = len;
}

/* DR6: bits 0 to 3 are the debug registers that hit. */
#define DR6_HITS 0xf

#define BP_VECTOR 3

static bool trap(const struct vcpu_handlers *h, enum vcpu_trap_kind kind,
		 unsigned hw)
{
	const struct vcpu_trap t = { .kind = kind, .hw = hw };

	return h->trapped && h->trapped(h->ctx, &t);
}

static bool handle_debug(struct vcpu *v, const struct vcpu_handlers *h)
{
	const struct kvm_debug_exit_arch *d = &v->run->debug.arch;
	unsigned hits = d->dr6 & DR6_HITS;

	if (d->exception == BP_VECTOR)
		return trap(h, VCPU_TRAP_INT3, 0);
	return trap(h, hits ? VCPU_TRAP_HW : VCPU_TRAP_STEP, hits);
}

/* A debugger may examine the end of the run, or have caused it. */
static bool handle_end(const struct vcpu_handlers *h,
		       const struct vcpu_result *result)
{
	return (result->end == VCPU_INTERNAL_ERROR &&
		trap(h, VCPU_TRAP_FAILED, 0)) ||
	       (result->end == VCPU_SHUTDOWN && trap(h, VCPU_TRAP_SHUTDOWN, 0));
}

/* KVM_RUN itself has failed. Returns true when the vCPU is done. */
static bool handle_failure(struct vcpu *v, const struct vcpu_handlers *h,
			   struct vcpu_result *result)
{
	int error = errno;

	note_exit(v, h, VCPU_EXIT_INTERRUPTED);
	if (error == EINTR || error == EAGAIN)
		return false;
	if (error == EFAULT && trap(h, VCPU_TRAP_NO_ACCESS, 0))
		return false;
	result->end = VCPU_BROKEN;
	snprintf(result->detail, sizeof(result->detail), "KVM_RUN: %s",
		 strerror(error));
	return true;
}

/* One turn. Returns true when the vCPU is done and @result says why. */
static bool run_once(struct vcpu *v, const struct vcpu_handlers *h,
		     struct vcpu_result *result)
{
	struct kvm_run *run = v->run;

	if (ioctl(v->fd, KVM_RUN, 0) < 0)
		return handle_failure(v, h, result);
	switch (run->exit_reason) {
	case KVM_EXIT_IO:
		note_exit(v, h, VCPU_EXIT_PIO);
		return !handle_pio(v, h);
	case KVM_EXIT_MMIO:
		note_exit(v, h, VCPU_EXIT_MMIO);
		return !h->mmio(h->ctx, run->mmio.phys_addr, run->mmio.data,
				run->mmio.len, run->mmio.is_write);
	case KVM_EXIT_X86_RDMSR:
	case KVM_EXIT_X86_WRMSR:
		note_exit(v, h, VCPU_EXIT_MSR);
		h->msr(h->ctx, run->msr.index,
		       run->exit_reason == KVM_EXIT_X86_WRMSR);
		/* The guest gets #GP, as it would from KVM. */
		run->msr.error = 1;
		return false;
	case KVM_EXIT_INTR:
		note_exit(v, h, VCPU_EXIT_INTERRUPTED);
		return false;
	case KVM_EXIT_HLT: /* not with an in-kernel LAPIC, but harmless */
		note_exit(v, h, VCPU_EXIT_HALT);
		return false;
	case KVM_EXIT_DEBUG:
		note_exit(v, h, VCPU_EXIT_INTERRUPTED);
		if (handle_debug(v, h))
			return false;
		break;
	}
	note_exit(v, h, VCPU_EXIT_FINAL);
	if (describe_end(v, result)) {
		if (handle_end(h, result)) {
			*result = (struct vcpu_result){ .end = VCPU_KICKED };
			return false;
		}
	} else {
		result->end = VCPU_BROKEN;
		snprintf(result->detail, sizeof(result->detail),
			 "KVM_RUN ended with exit reason %u, which this "
			 "launcher does not know",
			 run->exit_reason);
	}
	return true;
}

/* The reset vector, to which a CPU never returns: the guest has no memory
 * there. */
static bool is_at_reset(const struct vcpu_where *w)
{
	return w->known && w->rip == CPU_RESET_ADDRESS && !(w->cr0 & CR0_PE);
}

/*
 * Whether the vCPU must pause. A later request sets immediate_exit, which KVM
 * reads.
 */
static bool is_pausing(struct vcpu *v)
{
	uint8_t *leave = &v->run->immediate_exit;
	bool pausing;

	__atomic_store_n(leave, 0, __ATOMIC_SEQ_CST);
	pausing = atomic_load(&v->pause);
	if (pausing)
		__atomic_store_n(leave, 1, __ATOMIC_SEQ_CST);
	return pausing;
}

/*
 * One turn, or a pause. Before a pause, KVM must finish the access of its last
 * exit: it is entered, and returns before an instruction. After an interrupted
 * exit there is nothing to finish.
 */
static bool turn(struct vcpu *v, const struct vcpu_handlers *h,
		 struct vcpu_result *result)
{
	bool pausing = is_pausing(v);
	unsigned long interrupted = v->exits[VCPU_EXIT_INTERRUPTED];
	bool done;

	if (atomic_load(&v->stop))
		return true;
	done = run_once(v, h, result);
	if (!done && pausing && v->exits[VCPU_EXIT_INTERRUPTED] != interrupted)
		h->paused(h->ctx);
	return done;
}

void vcpu_run(struct vcpu *v, const struct vcpu_handlers *h,
	      const struct guest_mem *gm, struct vcpu_result *result)
{
	sigset_t kick;

	*result = (struct vcpu_result){ .end = VCPU_KICKED };
	/* Our parent may have blocked it. */
	sigemptyset(&kick);
	sigaddset(&kick, KICK_SIGNAL);
	pthread_sigmask(SIG_UNBLOCK, &kick, NULL);
	v->thread = pthread_self();
	atomic_store(&v->running, true);
	while (!turn(v, h, result))
		;
	atomic_store(&v->running, false);
	vcpu_where(v, gm, &result->where);
	result->where.was_reset = result->end == VCPU_SHUTDOWN &&
				  is_at_reset(&result->where);
	take_failed_insn(v, &result->where);
}
