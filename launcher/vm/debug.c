/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vm/debug.h"

#include <errno.h>
#include <linux/kvm.h>
#include <string.h>
#include <sys/ioctl.h>

#include "pv/x86.h"

#define MSR_KERNEL_GS_BASE 0xc0000102

/* In the XSAVE area, in units of 4 bytes: MXCSR, which KVM_GET_FPU leaves out,
 * and which parts the area has. */
#define XSAVE_MXCSR (24 / 4)
#define XSAVE_PARTS (512 / 4)
#define PART_SSE    2

/* DR7: bit 2n + 1 enables n, kind and length lie from bit 16 + 4n on. */
#define DR7_FIXED	  0x400
#define DR7_GLOBAL(n)	  (2ull << 2 * (n))
#define DR7_KIND(n, kind) ((uint64_t)(kind) << (16 + 4 * (n)))
#define DR7_LEN(n, bits)  ((uint64_t)(bits) << (18 + 4 * (n)))

/* kvm_msrs ends in an array; room for one entry. */
union one_msr {
	struct kvm_msrs msrs;
	char room[sizeof(struct kvm_msrs) + sizeof(struct kvm_msr_entry)];
};

/* What KVM calls a vCPU's state. */
struct kvm_state {
	struct kvm_regs regs;
	struct kvm_sregs sregs;
	struct kvm_fpu fpu;
	uint64_t k_gs_base;
	bool has_k_gs_base;
	uint32_t mxcsr;
};

static bool access_k_gs_base(struct vcpu *v, unsigned long what,
			     uint64_t *value)
{
	union one_msr m = { .msrs.nmsrs = 1 };

	m.msrs.entries[0].index = MSR_KERNEL_GS_BASE;
	m.msrs.entries[0].data = *value;
	if (ioctl(v->fd, what, &m) != 1)
		return false;
	*value = m.msrs.entries[0].data;
	return true;
}

/* A KVM without XSAVE cannot say. */
static uint32_t get_mxcsr(struct vcpu *v)
{
	struct kvm_xsave x;

	return ioctl(v->fd, KVM_GET_XSAVE, &x) < 0 ? 0 : x.region[XSAVE_MXCSR];
}

static int set_mxcsr(struct vcpu *v, uint32_t mxcsr, struct err *e)
{
	struct kvm_xsave x;

	if (ioctl(v->fd, KVM_GET_XSAVE, &x) < 0)
		return err_sys(e, "KVM_GET_XSAVE");
	x.region[XSAVE_MXCSR] = mxcsr;
	x.region[XSAVE_PARTS] |= PART_SSE;
	if (ioctl(v->fd, KVM_SET_XSAVE, &x) < 0)
		return err_sys(e, "KVM_SET_XSAVE");
	return 0;
}

static int get_state(struct vcpu *v, struct kvm_state *s, struct err *e)
{
	*s = (struct kvm_state){ 0 };
	if (ioctl(v->fd, KVM_GET_REGS, &s->regs) < 0)
		return err_sys(e, "KVM_GET_REGS");
	if (ioctl(v->fd, KVM_GET_SREGS, &s->sregs) < 0)
		return err_sys(e, "KVM_GET_SREGS");
	if (ioctl(v->fd, KVM_GET_FPU, &s->fpu) < 0)
		return err_sys(e, "KVM_GET_FPU");
	s->has_k_gs_base = access_k_gs_base(v, KVM_GET_MSRS, &s->k_gs_base);
	s->mxcsr = get_mxcsr(v);
	return 0;
}

/* KVM has the general registers in another order. */
static void map_gprs(struct kvm_regs *k, __u64 **at)
{
	__u64 *const in_order[16] = {
		&k->rax, &k->rbx, &k->rcx, &k->rdx, &k->rsi, &k->rdi,
		&k->rbp, &k->rsp, &k->r8,  &k->r9,  &k->r10, &k->r11,
		&k->r12, &k->r13, &k->r14, &k->r15,
	};

	memcpy(at, in_order, sizeof(in_order));
}

static void get_segments(const struct kvm_sregs *s, struct cpu_regs *r)
{
	r->cs = s->cs.selector;
	r->ss = s->ss.selector;
	r->ds = s->ds.selector;
	r->es = s->es.selector;
	r->fs = s->fs.selector;
	r->gs = s->gs.selector;
	r->cs_base = s->cs.base;
	r->ss_base = s->ss.base;
	r->ds_base = s->ds.base;
	r->es_base = s->es.base;
	r->fs_base = s->fs.base;
	r->gs_base = s->gs.base;
	r->tr_base = s->tr.base;
	r->ldtr_base = s->ldt.base;
	r->gdt = (struct cpu_table){ s->gdt.base, s->gdt.limit };
	r->idt = (struct cpu_table){ s->idt.base, s->idt.limit };
	r->code64 = (s->efer & EFER_LMA) && s->cs.l;
	r->code32 = s->cs.db;
}

/* FXSAVE has one of the two bits of a debugger's tag: not empty. */
static uint32_t wide_tags(uint8_t ftwx)
{
	uint32_t tags = 0;

	for (unsigned i = 0; i < 8; i++)
		tags |= ftwx >> i & 1 ? 0 : 3u << 2 * i;
	return tags;
}

static uint8_t narrow_tags(uint32_t tags)
{
	uint8_t ftwx = 0;

	for (unsigned i = 0; i < 8; i++)
		ftwx |= (tags >> 2 * i & 3) == 3 ? 0 : 1u << i;
	return ftwx;
}

static void get_fpu(const struct kvm_fpu *f, struct cpu_regs *r)
{
	for (unsigned i = 0; i < 8; i++)
		memcpy(r->st[i], f->fpr[i], sizeof(r->st[i]));
	memcpy(r->xmm, f->xmm, sizeof(r->xmm));
	r->fctrl = f->fcw;
	r->fstat = f->fsw;
	r->ftag = wide_tags(f->ftwx);
	r->fop = f->last_opcode;
	r->fioff = (uint32_t)f->last_ip;
	r->fiseg = (uint32_t)(f->last_ip >> 32);
	r->fooff = (uint32_t)f->last_dp;
	r->foseg = (uint32_t)(f->last_dp >> 32);
}

static void to_regs(struct kvm_state *s, struct cpu_regs *r)
{
	__u64 *gpr[16];

	*r = (struct cpu_regs){ 0 };
	map_gprs(&s->regs, gpr);
	for (unsigned i = 0; i < 16; i++)
		r->gpr[i] = *gpr[i];
	r->rip = s->regs.rip;
	r->rflags = (uint32_t)s->regs.rflags;
	r->cr0 = s->sregs.cr0;
	r->cr2 = s->sregs.cr2;
	r->cr3 = s->sregs.cr3;
	r->cr4 = s->sregs.cr4;
	r->cr8 = s->sregs.cr8;
	r->efer = s->sregs.efer;
	r->k_gs_base = s->k_gs_base;
	get_segments(&s->sregs, r);
	get_fpu(&s->fpu, r);
	r->mxcsr = s->mxcsr;
}

int vcpu_get_regs(struct vcpu *v, struct cpu_regs *r, struct err *e)
{
	struct kvm_state s;
	int rc = get_state(v, &s, e);

	if (!rc)
		to_regs(&s, r);
	return rc;
}

static void from_regs(const struct cpu_regs *r, struct kvm_state *s)
{
	__u64 *gpr[16];

	map_gprs(&s->regs, gpr);
	for (unsigned i = 0; i < 16; i++)
		*gpr[i] = r->gpr[i];
	s->regs.rip = r->rip;
	s->regs.rflags = r->rflags;
	s->sregs.cr0 = r->cr0;
	s->sregs.cr2 = r->cr2;
	s->sregs.cr3 = r->cr3;
	s->sregs.cr4 = r->cr4;
	s->sregs.cr8 = r->cr8;
	s->sregs.efer = r->efer;
	s->k_gs_base = r->k_gs_base;
	s->sregs.cs.base = r->cs_base;
	s->sregs.ss.base = r->ss_base;
	s->sregs.ds.base = r->ds_base;
	s->sregs.es.base = r->es_base;
	s->sregs.fs.base = r->fs_base;
	s->sregs.gs.base = r->gs_base;
	s->sregs.tr.base = r->tr_base;
	s->sregs.ldt.base = r->ldtr_base;
	s->sregs.gdt.base = r->gdt.base;
	s->sregs.gdt.limit = (uint16_t)r->gdt.limit;
	s->sregs.idt.base = r->idt.base;
	s->sregs.idt.limit = (uint16_t)r->idt.limit;
	for (unsigned i = 0; i < 8; i++)
		memcpy(s->fpu.fpr[i], r->st[i], sizeof(r->st[i]));
	memcpy(s->fpu.xmm, r->xmm, sizeof(r->xmm));
	s->mxcsr = r->mxcsr;
	s->fpu.fcw = (uint16_t)r->fctrl;
	s->fpu.fsw = (uint16_t)r->fstat;
	s->fpu.ftwx = narrow_tags(r->ftag);
	s->fpu.last_opcode = (uint16_t)r->fop;
	s->fpu.last_ip = (uint64_t)r->fiseg << 32 | r->fioff;
	s->fpu.last_dp = (uint64_t)r->foseg << 32 | r->fooff;
}

int vcpu_set_regs(struct vcpu *v, const struct cpu_regs *r, struct err *e)
{
	struct kvm_state old, s;
	int rc = get_state(v, &old, e);

	if (rc)
		return rc;
	s = old;
	from_regs(r, &s);
	/* First the registers on which others depend. */
	if (memcmp(&s.sregs, &old.sregs, sizeof(s.sregs)) &&
	    ioctl(v->fd, KVM_SET_SREGS, &s.sregs) < 0)
		return err_sys(e, "KVM_SET_SREGS");
	if (memcmp(&s.regs, &old.regs, sizeof(s.regs)) &&
	    ioctl(v->fd, KVM_SET_REGS, &s.regs) < 0)
		return err_sys(e, "KVM_SET_REGS");
	if (memcmp(&s.fpu, &old.fpu, sizeof(s.fpu)) &&
	    ioctl(v->fd, KVM_SET_FPU, &s.fpu) < 0)
		return err_sys(e, "KVM_SET_FPU");
	if (s.k_gs_base != old.k_gs_base &&
	    !access_k_gs_base(v, KVM_SET_MSRS, &s.k_gs_base))
		return err_set(e, EINVAL,
			       "KVM does not take 0x%llx for k_gs_base",
			       (unsigned long long)s.k_gs_base);
	return s.mxcsr == old.mxcsr ? 0 : set_mxcsr(v, s.mxcsr, e);
}

struct paging cpu_paging(const struct cpu_regs *r)
{
	return (struct paging){ r->cr0, r->cr3, r->cr4, r->efer };
}

uint64_t cpu_linear_rip(const struct cpu_regs *r)
{
	return r->code64 ? r->rip : (uint32_t)(r->cs_base + r->rip);
}

int vcpu_get_rip(struct vcpu *v, uint64_t *rip, struct paging *paging,
		 struct err *e)
{
	struct kvm_sregs s;
	struct kvm_regs r;

	if (ioctl(v->fd, KVM_GET_SREGS, &s) < 0)
		return err_sys(e, "KVM_GET_SREGS");
	if (ioctl(v->fd, KVM_GET_REGS, &r) < 0)
		return err_sys(e, "KVM_GET_REGS");
	*paging = (struct paging){ s.cr0, s.cr3, s.cr4, s.efer };
	*rip = (s.efer & EFER_LMA) && s.cs.l ? r.rip
					     : (uint32_t)(s.cs.base + r.rip);
	return 0;
}

static int get_mp_state(struct vcpu *v)
{
	struct kvm_mp_state mp;

	return ioctl(v->fd, KVM_GET_MP_STATE, &mp) < 0 ? -1 : (int)mp.mp_state;
}

const char *vcpu_activity(struct vcpu *v)
{
	switch (get_mp_state(v)) {
	case KVM_MP_STATE_RUNNABLE:
		return "runs";
	case KVM_MP_STATE_HALTED:
		return "halted";
	case KVM_MP_STATE_UNINITIALIZED:
	case KVM_MP_STATE_INIT_RECEIVED:
		return "waits to be started";
	default:
		return "in an unknown state";
	}
}

bool vcpu_is_unstarted(struct vcpu *v)
{
	int state = get_mp_state(v);

	return state == KVM_MP_STATE_UNINITIALIZED ||
	       state == KVM_MP_STATE_INIT_RECEIVED;
}

/* DR7's two bits for a length. */
static unsigned len_bits(unsigned len)
{
	return len == 8 ? 2 : len - 1;
}

int vcpu_set_traps(struct vcpu *v, const struct vcpu_traps *t, struct err *e)
{
	struct kvm_guest_debug d = { 0 };
	uint64_t dr7 = 0;

	for (unsigned i = 0; i < HW_BREAKS; i++) {
		if (!t->hw[i].len)
			continue;
		d.arch.debugreg[i] = t->hw[i].addr;
		dr7 |= DR7_GLOBAL(i) | DR7_KIND(i, t->hw[i].kind) |
		       DR7_LEN(i, len_bits(t->hw[i].len));
	}
	if (dr7) {
		d.arch.debugreg[7] = dr7 | DR7_FIXED;
		d.control |= KVM_GUESTDBG_USE_HW_BP;
	}
	d.control |= t->int3 ? KVM_GUESTDBG_USE_SW_BP : 0;
	d.control |= t->step ? KVM_GUESTDBG_SINGLESTEP : 0;
	d.control |= t->hold_irqs ? KVM_GUESTDBG_BLOCKIRQ : 0;
	d.control |= t->inject_int3 ? KVM_GUESTDBG_INJECT_BP : 0;
	if (d.control)
		d.control |= KVM_GUESTDBG_ENABLE;
	if (ioctl(v->fd, KVM_SET_GUEST_DEBUG, &d) < 0)
		return err_sys(e, "KVM_SET_GUEST_DEBUG");
	return 0;
}

void vcpu_excuse_stop(struct vcpu *v)
{
	/* A guest without KVM's clock does not need this. */
	(void)ioctl(v->fd, KVM_KVMCLOCK_CTRL, 0);
}
