/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vm/vcpu.h"

#include <errno.h>
#include <linux/kvm.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "pv/x86.h"
#include "vm/cpuid.h"
#include "vm/firmware.h"

/*
 * Selectors 0x10 code, 0x18 data, 0x20 TSS, as in boot.rst. The CPU starts with
 * them loaded; the table is for a guest that reloads a segment before it has
 * its own.
 */
const uint64_t boot_gdt32[] = {
	0, 0, 0x00cf9b000000ffff, 0x00cf93000000ffff, 0x00008b0000000067, 0
};
const uint64_t boot_gdt64[] = {
	0, 0, 0x00af9b000000ffff, 0x00cf93000000ffff, 0x00008b0000000067, 0
};

int vcpu_init(struct vcpu *v, const struct kvm *kvm, unsigned id,
	      unsigned count, struct err *e)
{
	unsigned phys_bits;
	void *run;
	int rc;

	*v = (struct vcpu){ .fd = -1, .id = id };
	v->fd = ioctl(kvm->vm, KVM_CREATE_VCPU, (unsigned long)id);
	if (v->fd < 0)
		return err_sys(e, "KVM_CREATE_VCPU %u", id);
	run = mmap(NULL, kvm->run_size, PROT_READ | PROT_WRITE, MAP_SHARED,
		   v->fd, 0);
	if (run == MAP_FAILED) {
		rc = err_sys(e, "cannot map the run area of vCPU %u", id);
		goto out;
	}
	v->run = run;
	v->run_size = kvm->run_size;
	/* CPUID first, because it decides which MSRs exist. */
	rc = cpuid_setup(kvm, v->fd, id, count, &phys_bits, e);
	if (!rc)
		rc = firmware_setup_vcpu(v->fd, id == 0, phys_bits, e);
out:
	if (rc)
		vcpu_release(v);
	return rc;
}

void vcpu_release(struct vcpu *v)
{
	if (v->run)
		munmap(v->run, v->run_size);
	if (v->fd >= 0)
		close(v->fd);
	v->run = NULL;
	v->fd = -1;
}

static struct kvm_segment flat_segment(uint16_t selector, uint8_t type,
				       bool code64)
{
	return (struct kvm_segment){
		.base = 0,
		.limit = 0xffffffff,
		.selector = selector,
		.type = type,
		.present = 1,
		.s = 1,
		.db = !code64,
		.l = code64,
		.g = 1,
	};
}

static void set_flat_segments(struct kvm_sregs *s, bool long_mode)
{
	struct kvm_segment data = flat_segment(BOOT_DS, 0x3, false);

	s->cs = flat_segment(BOOT_CS, 0xb, long_mode);
	s->ds = s->es = s->fs = s->gs = s->ss = data;
	/* PVH requires exactly this task register; Linux accepts it. */
	s->tr = (struct kvm_segment){
		.limit = 0x67,
		.selector = BOOT_TR,
		.type = 0xb,
		.present = 1,
	};
}

static void set_real_segments(struct kvm_sregs *s, uint16_t cs, uint16_t ds)
{
	struct kvm_segment *data[] = { &s->ds, &s->es, &s->fs, &s->gs, &s->ss };

	s->cs.selector = cs;
	s->cs.base = (uint64_t)cs << 4;
	for (size_t i = 0; i < sizeof(data) / sizeof(*data); i++) {
		data[i]->selector = ds;
		data[i]->base = (uint64_t)ds << 4;
	}
}

int vcpu_set_entry(struct vcpu *v, const struct cpu_entry *entry, struct err *e)
{
	struct kvm_regs r = {
		.rip = entry->rip,
		.rsp = entry->rsp,
		.rbx = entry->rbx,
		.rsi = entry->rsi,
		.rflags = RFLAGS_FIXED,
	};
	struct kvm_sregs s;

	if (ioctl(v->fd, KVM_GET_SREGS, &s) < 0)
		return err_sys(e, "KVM_GET_SREGS");
	if (entry->mode == CPU_REAL) {
		set_real_segments(&s, entry->cs, entry->ds);
	} else {
		set_flat_segments(&s, entry->mode == CPU_LONG64);
		s.gdt.base = entry->gdt;
		s.gdt.limit = BOOT_GDT_SIZE - 1;
		s.cr0 = CR0_PE | CR0_ET;
		s.cr4 = 0;
	}
	if (entry->mode == CPU_LONG64) {
		s.cr0 |= CR0_PG;
		s.cr4 = CR4_PAE;
		s.cr3 = entry->cr3;
		s.efer = EFER_LME | EFER_LMA;
	}
	if (ioctl(v->fd, KVM_SET_SREGS, &s) < 0)
		return err_sys(e, "KVM_SET_SREGS");
	if (ioctl(v->fd, KVM_SET_REGS, &r) < 0)
		return err_sys(e, "KVM_SET_REGS");
	return 0;
}

static const char *mode_name(const struct kvm_sregs *s)
{
	if (s->efer & EFER_LMA)
		return s->cs.l ? "64-bit" : "compatibility";
	return s->cs.db ? "32-bit" : "16-bit";
}

static bool translate(struct vcpu *v, uint64_t addr, uint64_t *gpa)
{
	struct kvm_translation t = { .linear_address = addr };

	if (ioctl(v->fd, KVM_TRANSLATE, &t) < 0 || !t.valid)
		return false;
	*gpa = t.physical_address;
	return true;
}

/* The guest's bytes at its linear address @addr, as far as they are RAM. */
static unsigned read_insn(struct vcpu *v, const struct guest_mem *gm,
			  uint64_t addr, uint8_t *insn)
{
	const uint8_t *p;
	uint64_t gpa;
	unsigned n;

	for (n = 0; n < INSN_MAX && translate(v, addr + n, &gpa); n++) {
		p = guest_mem_ptr(gm, gpa, 1);
		if (!p)
			break;
		insn[n] = *p;
	}
	return n;
}

void vcpu_where(struct vcpu *v, const struct guest_mem *gm,
		struct vcpu_where *w)
{
	struct kvm_sregs s;
	struct kvm_regs r;

	*w = (struct vcpu_where){ 0 };
	if (ioctl(v->fd, KVM_GET_SREGS, &s) < 0 ||
	    ioctl(v->fd, KVM_GET_REGS, &r) < 0)
		return;
	w->known = true;
	w->mode = mode_name(&s);
	w->rip = s.efer & EFER_LMA ? r.rip : s.cs.base + r.rip;
	w->cr0 = s.cr0;
	w->cr2 = s.cr2;
	w->cr3 = s.cr3;
	w->cr4 = s.cr4;
	w->efer = s.efer;
	w->gpa_known = translate(v, w->rip, &w->gpa);
	w->insn_len = read_insn(v, gm, w->rip, w->insn);
}
