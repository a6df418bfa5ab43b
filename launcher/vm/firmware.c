/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vm/firmware.h"

#include <linux/kvm.h>
#include <string.h>
#include <sys/ioctl.h>

#include "pv/x86.h"
#include "vm/guest_mem.h"

/* Vectors of IRQ 0 to 7 and 8 to 15, as the IBM PC/AT's BIOS chose them. */
#define PIC_MASTER_BASE 0x08
#define PIC_SLAVE_BASE	0x70
#define PIC_ALL		0xff
#define PIC_CASCADE	(1u << 2)

/* Of the 8254's control word. */
#define PIT_MODE_ONCE	  0 /* interrupt on terminal count */
#define PIT_COUNT_MAX	  0x10000
#define PIT_LOW_THEN_HIGH 3

/* Local APIC registers, as offsets into its page (SDM 3, table "Local APIC
 * Register Address Map"). */
#define APIC_SPURIOUS	 0x0f0
#define APIC_LVT0	 0x350
#define APIC_LVT1	 0x360
#define APIC_ENABLED	 0x100
#define APIC_VECTOR	 0x0ff
#define APIC_MODE_NMI	 0x400
#define APIC_MODE_EXTINT 0x700

#define MSR_MISC_ENABLE		0x1a0
#define MISC_ENABLE_FAST_STRING 0x1

/* A fixed MTRR that gives all of its eight ranges one type. */
#define EIGHT_OF(type) ((type)*UINT64_C(0x0101010101010101))

/* No processor has fewer (SDM 3, 11.11.3). */
#define PHYS_BITS_MIN 36
#define PHYS_BITS_MAX 52

void firmware_fill_pic(struct kvm_pic_state *pic, bool master)
{
	pic->irq_base = master ? PIC_MASTER_BASE : PIC_SLAVE_BASE;
	pic->imr = master ? PIC_ALL & ~PIC_CASCADE : PIC_ALL;
	pic->init4 = 1; /* ICW4 was sent: 8086 mode */
}

static int set_pic(int vm_fd, unsigned chip, struct err *e)
{
	struct kvm_irqchip state = { .chip_id = chip };

	if (ioctl(vm_fd, KVM_GET_IRQCHIP, &state) < 0)
		return err_sys(e, "KVM_GET_IRQCHIP %u", chip);
	firmware_fill_pic(&state.chip.pic, chip == KVM_IRQCHIP_PIC_MASTER);
	if (ioctl(vm_fd, KVM_SET_IRQCHIP, &state) < 0)
		return err_sys(e, "KVM_SET_IRQCHIP %u", chip);
	return 0;
}

void firmware_fill_pit(struct kvm_pit_state2 *pit)
{
	struct kvm_pit_channel_state *c = &pit->channels[0];

	c->mode = PIT_MODE_ONCE;
	c->count = PIT_COUNT_MAX;
	c->rw_mode = PIT_LOW_THEN_HIGH;
}

static int set_pit(int vm_fd, struct err *e)
{
	struct kvm_pit_state2 state;

	if (ioctl(vm_fd, KVM_GET_PIT2, &state) < 0)
		return err_sys(e, "KVM_GET_PIT2");
	firmware_fill_pit(&state);
	if (ioctl(vm_fd, KVM_SET_PIT2, &state) < 0)
		return err_sys(e, "KVM_SET_PIT2");
	return 0;
}

int firmware_setup_chips(int vm_fd, struct err *e)
{
	int rc = set_pic(vm_fd, KVM_IRQCHIP_PIC_MASTER, e);

	if (!rc)
		rc = set_pic(vm_fd, KVM_IRQCHIP_PIC_SLAVE, e);
	if (!rc)
		rc = set_pit(vm_fd, e);
	return rc;
}

static void set_apic_register(struct kvm_lapic_state *lapic, unsigned off,
			      uint32_t value)
{
	memcpy(lapic->regs + off, &value, sizeof(value));
}

void firmware_fill_lapic(struct kvm_lapic_state *lapic)
{
	/* First, because an APIC that is off masks its vectors. */
	set_apic_register(lapic, APIC_SPURIOUS, APIC_ENABLED | APIC_VECTOR);
	set_apic_register(lapic, APIC_LVT0, APIC_MODE_EXTINT);
	set_apic_register(lapic, APIC_LVT1, APIC_MODE_NMI);
}

/* The others already have the right state. But KVM may use a list of APICs that
 * it makes when one is set or enabled, and a start-up message to an APIC that
 * is not in the list is lost. */
static int set_lapic(int vcpu_fd, bool first, struct err *e)
{
	struct kvm_lapic_state lapic;

	if (ioctl(vcpu_fd, KVM_GET_LAPIC, &lapic) < 0)
		return err_sys(e, "KVM_GET_LAPIC");
	if (first)
		firmware_fill_lapic(&lapic);
	if (ioctl(vcpu_fd, KVM_SET_LAPIC, &lapic) < 0)
		return err_sys(e, "KVM_SET_LAPIC");
	return 0;
}

/*
 *   0       0xa0000   0xc0000   1M        the hole    4G
 *   | WB    | UC      | WB      | WB ...  | UC        | WB ...
 *     fixed MTRRs                 default   variable    default
 */
void firmware_list_msrs(struct firmware_msr list[FIRMWARE_MSRS],
			unsigned phys_bits)
{
	const uint64_t hole = GUEST_MEM_HIGH - GUEST_MEM_HOLE;
	unsigned bits = phys_bits < PHYS_BITS_MIN   ? PHYS_BITS_MIN
			: phys_bits > PHYS_BITS_MAX ? PHYS_BITS_MAX
						    : phys_bits;
	uint64_t valid = (UINT64_C(1) << bits) - 1;
	const struct firmware_msr first[] = {
		{ MSR_MISC_ENABLE, 0, MISC_ENABLE_FAST_STRING },
		{ MSR_MTRR_PHYS_BASE(0), ~0ull, GUEST_MEM_HOLE | MTRR_UC },
		{ MSR_MTRR_PHYS_MASK(0), ~0ull,
		  (~(hole - 1) & valid) | MTRR_MASK_VALID },
		{ MSR_MTRR_FIX64K_00000, ~0ull, EIGHT_OF(MTRR_WB) },
		{ MSR_MTRR_FIX16K_80000, ~0ull, EIGHT_OF(MTRR_WB) },
		{ MSR_MTRR_FIX16K_A0000, ~0ull, EIGHT_OF(MTRR_UC) },
	};
	enum { n = sizeof(first) / sizeof(first[0]) };

	_Static_assert(sizeof(first) / sizeof(first[0]) +
				       MSR_MTRR_FIX4K_REGISTERS + 1 ==
			       FIRMWARE_MSRS,
		       "the caller has room");
	memcpy(list, first, sizeof(first));
	for (unsigned i = 0; i < MSR_MTRR_FIX4K_REGISTERS; i++)
		list[n + i] = (struct firmware_msr){ MSR_MTRR_FIX4K_C0000 + i,
						     ~0ull, EIGHT_OF(MTRR_WB) };
	/* Last, because it turns the others on. */
	list[FIRMWARE_MSRS - 1] = (struct firmware_msr){
		MSR_MTRR_DEF_TYPE, ~0ull,
		MTRR_ENABLE | MTRR_FIXED_ENABLE | MTRR_WB
	};
}

/* kvm_msrs ends in an array. */
struct msr_batch {
	struct kvm_msrs head;
	struct kvm_msr_entry entries[FIRMWARE_MSRS];
};

/* A register that this host does not have reads as zero. */
static int get_msr(int vcpu_fd, uint32_t index, uint64_t *value, struct err *e)
{
	struct msr_batch one = { .head.nmsrs = 1, .entries[0].index = index };

	if (ioctl(vcpu_fd, KVM_GET_MSRS, &one) < 0)
		return err_sys(e, "KVM_GET_MSRS");
	*value = one.entries[0].data;
	return 0;
}

static int set_msrs(int vcpu_fd, unsigned phys_bits, struct err *e)
{
	struct firmware_msr list[FIRMWARE_MSRS];
	unsigned done = 0;

	firmware_list_msrs(list, phys_bits);
	while (done < FIRMWARE_MSRS) {
		struct msr_batch batch = { .head.nmsrs = FIRMWARE_MSRS - done };
		int n, rc = 0;

		for (unsigned i = 0; !rc && i < batch.head.nmsrs; i++) {
			const struct firmware_msr *m = &list[done + i];
			uint64_t was = 0;

			if (~m->clear)
				rc = get_msr(vcpu_fd, m->index, &was, e);
			batch.entries[i].index = m->index;
			batch.entries[i].data = (was & ~m->clear) | m->set;
		}
		if (rc)
			return rc;
		n = ioctl(vcpu_fd, KVM_SET_MSRS, &batch);
		if (n < 0)
			return err_sys(e, "KVM_SET_MSRS");
		/* KVM stops at a register that this host does not have; that is
		 * fine. */
		done += (unsigned)n + 1;
	}
	return 0;
}

static int turn_caches_on(int vcpu_fd, struct err *e)
{
	struct kvm_sregs s;

	if (ioctl(vcpu_fd, KVM_GET_SREGS, &s) < 0)
		return err_sys(e, "KVM_GET_SREGS");
	s.cr0 &= ~(uint64_t)(CR0_CD | CR0_NW);
	if (ioctl(vcpu_fd, KVM_SET_SREGS, &s) < 0)
		return err_sys(e, "KVM_SET_SREGS");
	return 0;
}

int firmware_setup_vcpu(int vcpu_fd, bool first, unsigned phys_bits,
			struct err *e)
{
	int rc = set_msrs(vcpu_fd, phys_bits, e);

	if (!rc)
		rc = set_lapic(vcpu_fd, first, e);
	if (!rc)
		rc = turn_caches_on(vcpu_fd, e);
	return rc;
}
