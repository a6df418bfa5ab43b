/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a debugger needs from a vCPU: its registers, and traps.
 *
 * Everything here is for a vCPU that is not inside KVM_RUN; it may be called
 * from another thread than the one that runs it.
 *
 * Spec: Documentation/virt/kvm/api.rst, KVM_SET_GUEST_DEBUG.
 */
#ifndef VM_DEBUG_H
#define VM_DEBUG_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "vm/vcpu.h"
#include "vm/walk.h"

enum { CPU_RAX, CPU_RBX, CPU_RCX, CPU_RDX, CPU_RSI, CPU_RDI, CPU_RBP, CPU_RSP };

struct cpu_table {
	uint64_t base;
	uint64_t limit;
};

/* In the widths and the order that debuggers use. */
struct cpu_regs {
	uint64_t gpr[16]; /* rax, rbx, rcx, rdx, rsi, rdi, rbp, rsp, r8... */
	uint64_t rip;
	uint32_t rflags;
	uint32_t cs, ss, ds, es, fs, gs; /* selectors */
	uint64_t cs_base, ss_base, ds_base, es_base, fs_base, gs_base;
	uint64_t k_gs_base; /* what swapgs brings */
	uint64_t cr0, cr2, cr3, cr4, cr8, efer;
	uint64_t tr_base, ldtr_base;
	struct cpu_table gdt, idt;
	uint8_t st[8][10];
	uint32_t fctrl, fstat, ftag, fiseg, fioff, foseg, fooff, fop;
	uint8_t xmm[16][16];
	uint32_t mxcsr;
	bool code64; /* runs 64-bit code; no register */
	bool code32;
};

int vcpu_get_regs(struct vcpu *v, struct cpu_regs *r, struct err *e);

/* Set the registers that differ from the vCPU's; selectors cannot be set. */
int vcpu_set_regs(struct vcpu *v, const struct cpu_regs *r, struct err *e);

/* Only the linear address of rip, which is cheaper. */
int vcpu_get_rip(struct vcpu *v, uint64_t *rip, struct paging *paging,
		 struct err *e);

struct paging cpu_paging(const struct cpu_regs *r);

/* The linear address of the instruction at rip. */
uint64_t cpu_linear_rip(const struct cpu_regs *r);

/* "runs", "halted", "waits for its start", ... */
const char *vcpu_activity(struct vcpu *v);

/* Whether it waits for another CPU to start it. */
bool vcpu_is_unstarted(struct vcpu *v);

/* A debug register's kind, as DR7 has it. */
enum hw_break_kind {
	HW_BREAK_EXEC = 0,
	HW_BREAK_WRITE = 1,
	HW_BREAK_ACCESS = 3
};

#define HW_BREAKS 4

struct hw_break {
	uint64_t addr;
	uint8_t len; /* 1, 2, 4 or 8; 0: unused */
	enum hw_break_kind kind;
};

/* What ends KVM_RUN with a trap. */
struct vcpu_traps {
	bool int3;	  /* the guest's int3 */
	bool step;	  /* every instruction */
	bool hold_irqs;	  /* no interrupt is taken; for a step */
	bool inject_int3; /* the guest gets the exception of its int3 */
	struct hw_break hw[HW_BREAKS];
};

int vcpu_set_traps(struct vcpu *v, const struct vcpu_traps *t, struct err *e);

/* Tell the guest that it was stopped, so that its clocks are not considered
 * wrong. */
void vcpu_excuse_stop(struct vcpu *v);

/* What this host's KVM can do for a debugger. */
struct debug_means {
	bool step;
	bool hold_irqs;
	bool int3;     /* an int3 ends KVM_RUN, in one way or another */
	bool hw_exec;  /* breakpoints in debug registers */
	bool hw_watch; /* watchpoints */
};

/*
 * Find out by trying it on a separate machine: KVM may offer what the hardware
 * below it does not do.
 */
int debug_probe(struct debug_means *means, struct err *e);

#endif
