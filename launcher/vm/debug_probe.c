/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What this host's KVM can do for a debugger, found out by trying.
 *
 * KVM offers all of it everywhere. But a KVM whose processor is emulated, or
 * that interprets the guest's kernel, may pass an int3 to the guest, or ignore
 * debug registers. Only a trial shows this, so a guest of four instructions
 * runs on a separate machine:
 *
 *   0x1000  90        nop
 *   0x1001  90        nop         or cc, int3
 *   0x1002  89 03     mov [ebx], eax
 *   0x1004  e6 80     out 0x80, al: the end
 */
#include "vm/debug.h"

#include <errno.h>
#include <linux/kvm.h>
#include <string.h>
#include <sys/ioctl.h>

#include "pv/x86.h"

#define CODE	  0x1000
#define SECOND	  (CODE + 1)
#define DATA	  0x3000
#define GDT	  0x4000
#define PROBE_MEM GUEST_MEM_MIN

struct probe {
	struct kvm kvm;
	struct guest_mem gm;
	struct vcpu v;
	int trapped; /* enum vcpu_trap_kind; -1: it did not */
};

static bool on_pio(void *ctx, uint16_t port, uint8_t *data, unsigned size,
		   bool write)
{
	(void)ctx, (void)port, (void)data, (void)size, (void)write;
	return false;
}

static bool on_mmio(void *ctx, uint64_t gpa, uint8_t *data, unsigned size,
		    bool write)
{
	(void)ctx, (void)gpa, (void)data, (void)size, (void)write;
	return false;
}

static void on_msr(void *ctx, uint32_t index, bool write)
{
	(void)ctx, (void)index, (void)write;
}

static bool on_trap(void *ctx, const struct vcpu_trap *trap)
{
	struct probe *p = ctx;

	p->trapped = trap->kind;
	return false;
}

static int probe_open(struct probe *p, struct err *e)
{
	int rc;

	*p = (struct probe){ .kvm = KVM_EMPTY, .v.fd = -1 };
	rc = kvm_open(&p->kvm, e);
	if (!rc)
		rc = guest_mem_init(&p->gm, PROBE_MEM, e);
	if (!rc)
		rc = kvm_create_vm(&p->kvm, &p->gm, KVM_NO_TRAP, e);
	if (!rc)
		rc = vcpu_init(&p->v, &p->kvm, 0, 1, e);
	if (!rc)
		rc = vcpu_setup_kick(e);
	return rc;
}

static void probe_close(struct probe *p)
{
	vcpu_release(&p->v);
	kvm_release(&p->kvm);
	guest_mem_release(&p->gm);
}

/* Whether the guest of these four instructions traps like @want with @traps
 * set, and rip is then @rip. */
static bool meets(struct probe *p, uint8_t second,
		  const struct vcpu_traps *traps, enum vcpu_trap_kind want,
		  uint64_t rip)
{
	const uint8_t code[] = { 0x90, second, 0x89, 0x03, 0xe6, 0x80 };
	const struct cpu_entry entry = {
		.mode = CPU_PROT32, .rip = CODE, .rbx = DATA, .gdt = GDT
	};
	const struct vcpu_handlers h = { .ctx = p,
					 .pio = on_pio,
					 .mmio = on_mmio,
					 .msr = on_msr,
					 .trapped = on_trap };
	struct vcpu_result result;
	struct err ignored;

	memcpy(p->gm.base + CODE, code, sizeof(code));
	p->trapped = -1;
	if (vcpu_set_entry(&p->v, &entry, &ignored) ||
	    vcpu_set_traps(&p->v, traps, &ignored))
		return false;
	vcpu_run(&p->v, &h, &p->gm, &result);
	return p->trapped == (int)want && result.where.rip == rip;
}

int debug_probe(struct debug_means *means, struct err *e)
{
	const struct vcpu_traps step = { .step = true },
				int3 = { .int3 = true };
	const struct vcpu_traps exec = { .hw[0] = { SECOND, 1,
						    HW_BREAK_EXEC } };
	const struct vcpu_traps watch = { .hw[0] = { DATA, 4,
						     HW_BREAK_WRITE } };
	struct probe p;
	int rc, flags;

	*means = (struct debug_means){ 0 };
	rc = probe_open(&p, e);
	if (!rc) {
		flags = ioctl(p.kvm.fd, KVM_CHECK_EXTENSION,
			      KVM_CAP_SET_GUEST_DEBUG2);
		means->hold_irqs = flags > 0 && (flags & KVM_GUESTDBG_BLOCKIRQ);
		means->step = meets(&p, 0x90, &step, VCPU_TRAP_STEP, SECOND);
		means->hw_exec = meets(&p, 0x90, &exec, VCPU_TRAP_HW, SECOND);
		means->hw_watch = meets(&p, 0x90, &watch, VCPU_TRAP_HW,
					CODE + 4);
		/* Last, because it may end the vCPU. */
		means->int3 = meets(&p, 0xcc, &int3, VCPU_TRAP_INT3, SECOND) ||
			      (p.trapped == VCPU_TRAP_FAILED);
	}
	probe_close(&p);
	if (!rc && !means->step)
		rc = err_set(e, EOPNOTSUPP,
			     "this host's KVM does not step through a guest "
			     "(KVM_SET_GUEST_DEBUG)");
	return rc;
}
