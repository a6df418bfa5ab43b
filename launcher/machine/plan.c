/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "machine/plan.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "dev/pc/legacy.h"
#include "dev/pc/serial.h"
#include "dev/pci/host.h"
#include "dev/virtio/mmio.h"
#include "dev/virtio/pci.h"
#include "dev/virtio/rng.h"
#include "pv/pci.h"
#include "pv/virtio.h"
#include "pv/x86.h"
#include "vm/kvm.h"

/* Registers without a fixed address go into the hole below 4 GiB, below the I/O
 * APIC. */
#define MMIO_WINDOW	VIRTIO_MMIO_GPA
#define MMIO_WINDOW_END 0xd1000000u

const char *const machine_virtio_words[] = {
	[MACHINE_VIRTIO_AUTO] = "auto",
	[MACHINE_VIRTIO_PCI] = "pci",
	[MACHINE_VIRTIO_MMIO] = "mmio",
	NULL,
};

enum machine_virtio machine_virtio_of(const char *word)
{
	for (size_t i = 0; word && machine_virtio_words[i]; i++)
		if (!strcmp(word, machine_virtio_words[i]))
			return (enum machine_virtio)i;
	return MACHINE_VIRTIO_AUTO;
}

static const struct device_type *const transports[] = {
	[MACHINE_VIRTIO_AUTO] = &virtio_pci_type,
	[MACHINE_VIRTIO_PCI] = &virtio_pci_type,
	[MACHINE_VIRTIO_MMIO] = &virtio_mmio_type,
};

/* --- what every machine has */

/* Emulated inside KVM: our buses do not serve them, but their addresses are
 * taken. */
static const struct device_type pic_type = {
	.name = "pic",
	.fixed = { DEVICE_PORTS_AT(0x20, 2), DEVICE_PORTS_AT(0xa0, 2),
		   DEVICE_PORTS_AT(0x4d0, 2) },
};

static const struct device_type pit_type = {
	.name = "pit",
	.fixed = { DEVICE_PORTS_AT(0x40, 4) },
	.irq = DEVICE_IRQ_LEGACY,
	.gsi = 0,
};

static const struct device_type ioapic_type = {
	.name = "ioapic",
	.fixed = { DEVICE_MMIO_AT(IOAPIC_GPA, PAGE_4K) },
};

static const struct device_type lapic_type = {
	.name = "lapic",
	.fixed = { DEVICE_MMIO_AT(LAPIC_GPA, PAGE_4K) },
};

static const struct device_type kvm_pages_type = {
	.name = "kvm",
	.fixed = { DEVICE_MMIO_AT(KVM_PAGES_GPA, KVM_PAGES_SIZE) },
};

static const struct device_type *const always[] = {
	&pic_type,	  &pit_type,	  &ioapic_type,	 &lapic_type,
	&kvm_pages_type,  &serial_type,	  &rtc_type,	 &i8042_type,
	&acpi_power_type, &pci_stub_type, &pvpanic_type, &testport_type,
	&virtio_rng_type,
};

/*
 * The GSIs to assign: the pins of KVM's I/O APIC without those of the PIT (0),
 * the keyboard (1), the second PIC (2), the serial ports (3, 4), the clock (8)
 * and the FPU (13). A kernel may assume that those have their usual devices.
 */
static const uint8_t free_gsis[] = { 5,	 6,  7,	 9,  10, 11, 12, 14, 15,
				     16, 17, 18, 19, 20, 21, 22, 23 };
#define FREE_GSIS (sizeof(free_gsis) / sizeof(*free_gsis))

/* --- allocation */

struct planner {
	struct machine_plan *plan;
	const struct device_type *transport; /* of virtio devices */
	unsigned gsis;			     /* how many were assigned */
};

static bool overlap(const struct device_range *a, const struct device_range *b)
{
	return a->space == b->space && a->start < b->start + b->len &&
	       b->start < a->start + a->len;
}

static int check_range(const struct machine_plan *plan,
		       const struct device_type *type,
		       const struct device_range *r, struct err *e)
{
	for (unsigned i = 0; i < plan->count; i++) {
		const struct device_slot *other = &plan->slots[i];

		for (unsigned n = 0; n < other->ranges_count; n++)
			if (overlap(r, &other->ranges[n]))
				return err_set(
					e, EBUSY,
					"%s 0x%" PRIx64 " of %s overlaps %s",
					r->space == DEVICE_PORTS ? "port"
								 : "MMIO",
					r->start, type->name,
					other->type->name);
	}
	return 0;
}

static int add_range(struct planner *p, struct device_slot *slot,
		     struct device_range r, struct err *e)
{
	int rc = check_range(p->plan, slot->type, &r, e);

	if (!rc)
		slot->ranges[slot->ranges_count++] = r;
	return rc;
}

/* The BAR's address is a multiple of its length, a power of 2. */
static int place_function(struct planner *p, struct device_slot *slot,
			  struct err *e)
{
	struct machine_plan *plan = p->plan;
	uint64_t len = slot->via->bar_len, window_end, start;

	if (!len)
		return 0;
	window_end = (uint64_t)PCI_WINDOW_GPA + PCI_WINDOW_SIZE;
	start = (plan->pci_end + len - 1) & ~(len - 1);
	if (plan->pci_functions == PCI_DEVICES_MAX - 1 || start >= window_end ||
	    len > window_end - start)
		return err_set(e, ENOSPC,
			       "no room for %s: the PCI bus has %u devices",
			       slot->type->name, plan->pci_functions);
	slot->ranges[slot->ranges_count++] =
		(struct device_range){ DEVICE_PCI, start, len, NULL };
	slot->pci_number = ++plan->pci_functions;
	plan->pci_end = start + len;
	return 0;
}

static int place_registers(struct planner *p, struct device_slot *slot,
			   struct err *e)
{
	const struct device_type *type = slot->via;
	struct device_range r = { DEVICE_MMIO, p->plan->mmio_end,
				  type->mmio_len, NULL };
	int rc = 0;

	for (unsigned i = 0; !rc && i < DEVICE_RANGES && type->fixed[i].len;
	     i++)
		rc = add_range(p, slot, type->fixed[i], e);
	if (rc || !type->mmio_len)
		return rc;
	if (r.len > MMIO_WINDOW_END - r.start)
		return err_set(e, ENOSPC,
			       "%s needs 0x%" PRIx64
			       " bytes of registers at 0x%" PRIx64
			       ", the MMIO window ends at 0x%x",
			       type->name, r.len, r.start, MMIO_WINDOW_END);
	rc = add_range(p, slot, r, e);
	p->plan->mmio_end = (r.start + r.len + PAGE_4K - 1) &
			    ~(uint64_t)(PAGE_4K - 1);
	return rc;
}

static int choose_gsi(struct planner *p, struct device_slot *slot,
		      struct err *e)
{
	const struct device_type *type = slot->via;

	if (type->irq == DEVICE_IRQ_EDGE)
		slot->gsi = free_gsis[p->gsis++ % FREE_GSIS];
	if (type->irq != DEVICE_IRQ_LEGACY)
		return 0;
	slot->gsi = type->gsi;
	for (unsigned i = 0; i < p->plan->count; i++) {
		const struct device_slot *other = &p->plan->slots[i];

		if (other->via->irq != DEVICE_NO_IRQ && other->gsi == slot->gsi)
			return err_set(
				e, EBUSY, "interrupt %u of %s is that of %s",
				slot->gsi, type->name, other->type->name);
	}
	return 0;
}

/* "VRT#" becomes "VRT0", ..., "VRT9", "VRTA", ... */
static int choose_name(const struct machine_plan *plan,
		       struct device_slot *slot, struct err *e)
{
	static const char digits[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
	const char *pattern = slot->via->acpi_name;
	unsigned n = 0;

	if (!slot->via->acpi_hid)
		return 0;
	for (unsigned i = 0; i < plan->count; i++)
		n += plan->slots[i].via->acpi_name &&
		     !strcmp(plan->slots[i].via->acpi_name, pattern);
	if (n >= (pattern[3] == '#' ? sizeof(digits) - 1 : 1))
		return err_set(e, ENOSPC, "no ACPI name is left for %s %u",
			       slot->type->name, slot->instance);
	memcpy(slot->acpi_name, pattern, 4);
	if (pattern[3] == '#')
		slot->acpi_name[3] = digits[n];
	return 0;
}

static int add_slot(struct planner *p, const struct device_type *type,
		    const void *config, struct err *e)
{
	struct machine_plan *plan = p->plan;
	struct device_slot slot = {
		.type = type,
		.config = config,
		.via = type->virtio ? p->transport : type,
	};
	int rc;

	if (plan->count == MACHINE_SLOTS_MAX)
		return err_set(e, ENOSPC,
			       "no room for %s: a machine has at most %d "
			       "devices",
			       type->name, MACHINE_SLOTS_MAX);
	for (unsigned i = 0; i < plan->count; i++)
		slot.instance += plan->slots[i].type == type;
	rc = place_registers(p, &slot, e);
	if (!rc)
		rc = place_function(p, &slot, e);
	if (!rc)
		rc = choose_gsi(p, &slot, e);
	if (!rc)
		rc = choose_name(plan, &slot, e);
	if (!rc)
		plan->slots[plan->count++] = slot;
	return rc;
}

/* A machine with PCI functions also has a host bridge. */
static const struct device_type *fit(const struct planner *p,
				     const struct device_type *type)
{
	if (type == &pci_stub_type && p->transport == &virtio_pci_type)
		return &pci_host_type;
	return type;
}

int machine_plan_make(struct machine_plan *plan,
		      const struct machine_config *config, struct err *e)
{
	struct planner p = { .plan = plan,
			     .transport = transports[config->virtio] };
	int rc = 0;

	*plan = (struct machine_plan){ .cpus = config->cpus,
				       .mmio_end = MMIO_WINDOW,
				       .pci_end = PCI_WINDOW_GPA };
	if (config->devices_count > MACHINE_DEVICES_MAX)
		return err_set(e, ENOSPC,
			       "%zu devices asked for; at most %d are possible",
			       config->devices_count, MACHINE_DEVICES_MAX);
	for (size_t i = 0; !rc && i < sizeof(always) / sizeof(*always); i++)
		rc = add_slot(&p, fit(&p, always[i]), NULL, e);
	for (size_t i = 0; !rc && i < config->devices_count; i++)
		rc = add_slot(&p, config->devices[i].type,
			      config->devices[i].config, e);
	return rc;
}

const struct device_slot *machine_plan_find(const struct machine_plan *plan,
					    const char *name, unsigned instance)
{
	for (unsigned i = 0; i < plan->count; i++) {
		const struct device_slot *s = &plan->slots[i];

		if (!strcmp(s->type->name, name) && s->instance == instance)
			return s;
	}
	return NULL;
}

bool machine_plan_shares_gsi(const struct machine_plan *plan,
			     const struct device_slot *slot)
{
	unsigned n = 0;

	for (unsigned i = 0; i < plan->count; i++)
		n += plan->slots[i].via->irq != DEVICE_NO_IRQ &&
		     plan->slots[i].gsi == slot->gsi;
	return slot->via->irq != DEVICE_NO_IRQ && n > 1;
}
