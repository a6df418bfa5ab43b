/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "machine/acpi.h"

#include <errno.h>
#include <inttypes.h>
#include <stddef.h>
#include <string.h>

#include "machine/aml.h"
#include "dev/pc/legacy.h"
#include "dev/pc/serial.h"
#include "pv/virtio.h"
#include "pv/x86.h"

#define FADT_WBINVD	 (1u << 0)
#define FADT_PROC_C1	 (1u << 2)
#define FADT_PWR_BUTTON	 (1u << 4) /* no fixed power button */
#define FADT_SLP_BUTTON	 (1u << 5) /* no fixed sleep button */
#define FADT_RESET_REG	 (1u << 10)
#define FADT_HW_REDUCED	 (1u << 20)
#define BOOT_ARCH_LEGACY (1u << 0)
#define BOOT_ARCH_NO_VGA (1u << 2)

#define MADT_PCAT_COMPAT    1u
#define MADT_LAPIC_ENABLED  1u
#define MADT_ALL_PROCESSORS 0xff

#define ADDR_SPACE_IO 1
#define ACCESS_BYTE   1

#define PACKED __attribute__((packed))

struct PACKED acpi_header {
	char signature[4];
	uint32_t length;
	uint8_t revision;
	uint8_t checksum;
	char oem_id[6];
	char oem_table_id[8];
	uint32_t oem_revision;
	char creator_id[4];
	uint32_t creator_revision;
};

struct PACKED acpi_address {
	uint8_t space, bits, bit_offset, access;
	uint64_t address;
};

struct PACKED acpi_rsdp {
	char signature[8];
	uint8_t checksum; /* of the first 20 bytes */
	char oem_id[6];
	uint8_t revision;
	uint32_t rsdt;
	uint32_t length;
	uint64_t xsdt;
	uint8_t ext_checksum;
	uint8_t reserved[3];
};
#define RSDP_V1_SIZE 20

struct PACKED acpi_rsdt {
	struct acpi_header h;
	uint32_t tables[2];
};

struct PACKED acpi_xsdt {
	struct acpi_header h;
	uint64_t tables[2];
};

struct PACKED acpi_fadt {
	struct acpi_header h;
	uint32_t firmware_ctrl, dsdt;
	uint8_t unused1[65]; /* fixed hardware this machine does not have */
	uint16_t boot_arch;
	uint8_t reserved;
	uint32_t flags;
	struct acpi_address reset_reg;
	uint8_t reset_value;
	uint16_t arm_boot_arch;
	uint8_t minor;
	uint64_t x_firmware_ctrl, x_dsdt;
	uint8_t unused2[96]; /* the same, as addresses */
	struct acpi_address sleep_control, sleep_status;
	uint64_t hypervisor;
};
_Static_assert(offsetof(struct acpi_fadt, boot_arch) == 109, "FADT");
_Static_assert(offsetof(struct acpi_fadt, flags) == 112, "FADT");
_Static_assert(offsetof(struct acpi_fadt, sleep_control) == 244, "FADT");
_Static_assert(sizeof(struct acpi_fadt) == 276, "FADT");

struct PACKED madt_head {
	struct acpi_header h;
	uint32_t lapic;
	uint32_t flags;
};

struct PACKED madt_lapic {
	uint8_t type, len, uid, id;
	uint32_t flags;
};

struct PACKED madt_ioapic {
	uint8_t type, len, id, reserved;
	uint32_t address, gsi_base;
};

struct PACKED madt_lapic_nmi {
	uint8_t type, len, uid;
	uint16_t flags;
	uint8_t lint;
};

struct PACKED madt_x2apic {
	uint8_t type, len;
	uint16_t reserved;
	uint32_t id, flags, uid;
};

/* Where the next table goes. */
struct writer {
	const struct guest_mem *gm;
	uint64_t gpa, end;
};

static uint8_t checksum(const uint8_t *p, size_t n)
{
	uint8_t sum = 0;

	while (n--)
		sum += *p++;
	return (uint8_t)-sum;
}

/* Fill in @h for a table of @len bytes and copy it out; *@at is where. */
static int write_table(struct writer *w, struct acpi_header *h, size_t len,
		       const char *signature, uint8_t revision, uint64_t *at,
		       struct err *e)
{
	/* Aligning may move the address past the end. */
	if (w->gpa > w->end || len > w->end - w->gpa)
		return err_set(e, ENOSPC,
			       "ACPI table %s of %zu bytes does not fit below "
			       "0x%" PRIx64,
			       signature, len, w->end);
	memcpy(h->signature, signature, 4);
	h->length = (uint32_t)len;
	h->revision = revision;
	memcpy(h->oem_id, "LNCHR ", 6);
	memcpy(h->oem_table_id, "LAUNCHER", 8);
	h->oem_revision = 1;
	memcpy(h->creator_id, "LNCH", 4);
	h->creator_revision = 1;
	h->checksum = 0;
	h->checksum = checksum((uint8_t *)h, len);
	*at = w->gpa;
	w->gpa = (w->gpa + len + 15) & ~UINT64_C(15);
	return guest_mem_write(w->gm, *at, h, len, "ACPI table", e);
}

static struct acpi_address io_register(uint16_t port)
{
	return (struct acpi_address){ ADDR_SPACE_IO, 8, 0, ACCESS_BYTE, port };
}

/* Three letters and four digits form an EISA id, which AML packs. */
static bool is_eisa_id(const char *hid)
{
	return strlen(hid) == 7;
}

static void add_resources(struct aml *a, const struct machine_plan *plan,
			  const struct device_slot *slot)
{
	struct aml_crs crs = aml_crs_open(a);
	bool is_bridge = slot->via->bridge;

	if (is_bridge)
		aml_bus_numbers(a, 0, 0);
	for (unsigned i = 0; i < slot->ranges_count; i++) {
		const struct device_range *r = &slot->ranges[i];

		if (r->space == DEVICE_PORTS)
			aml_io(a, (uint16_t)r->start, (uint8_t)r->len);
		else if (is_bridge)
			aml_window32(a, (uint32_t)r->start, (uint32_t)r->len);
		else
			aml_memory32(a, (uint32_t)r->start, (uint32_t)r->len);
	}
	if (slot->via->irq != DEVICE_NO_IRQ)
		aml_irq(a, slot->gsi, machine_plan_shares_gsi(plan, slot));
	aml_crs_close(a, crs);
}

/* ACPI 6.5, 6.1.12: "The _UID must be unique across all devices with either a
 * common _HID or _CID." */
static unsigned unique_id(const struct machine_plan *plan,
			  const struct device_slot *slot)
{
	unsigned n = 0;

	for (const struct device_slot *s = plan->slots; s < slot; s++)
		n += s->via->acpi_hid &&
		     !strcmp(s->via->acpi_hid, slot->via->acpi_hid);
	return n;
}

static void add_device(struct aml *a, const struct machine_plan *plan,
		       const struct device_slot *slot)
{
	const char *hid = slot->via->acpi_hid;
	aml_block dev = aml_device(a, slot->acpi_name);

	if (is_eisa_id(hid))
		aml_name_eisaid(a, "_HID", hid);
	else
		aml_name_string(a, "_HID", hid);
	aml_name_int(a, "_UID", unique_id(plan, slot));
	add_resources(a, plan, slot);
	aml_close(a, dev);
}

static int write_dsdt(struct writer *w, const struct machine_plan *plan,
		      uint64_t *at, struct err *e)
{
	static const uint8_t s5[] = { ACPI_S5_TYPE, 0, 0, 0 };
	struct aml a = { .len = sizeof(struct acpi_header) };
	aml_block sb;

	aml_name_package(&a, "\\_S5_", s5, sizeof(s5));
	sb = aml_scope(&a, "\\_SB_");
	for (unsigned i = 0; i < plan->count; i++)
		if (plan->slots[i].via->acpi_hid)
			add_device(&a, plan, &plan->slots[i]);
	aml_close(&a, sb);
	return write_table(w, (struct acpi_header *)a.bytes, a.len, "DSDT", 2,
			   at, e);
}

static int write_fadt(struct writer *w, uint64_t dsdt, uint64_t *at,
		      struct err *e)
{
	struct acpi_fadt f = {
		.dsdt = (uint32_t)dsdt,
		.x_dsdt = dsdt,
		.boot_arch = BOOT_ARCH_LEGACY | BOOT_ARCH_NO_VGA,
		.flags = FADT_WBINVD | FADT_PROC_C1 | FADT_PWR_BUTTON |
			 FADT_SLP_BUTTON | FADT_RESET_REG | FADT_HW_REDUCED,
		.reset_reg = io_register(ACPI_POWER_PORT + ACPI_RESET),
		.reset_value = ACPI_RESET_VALUE,
		.minor = 4,
		.sleep_control = io_register(ACPI_POWER_PORT + ACPI_SLEEP_CTL),
		.sleep_status = io_register(ACPI_POWER_PORT + ACPI_SLEEP_STS),
	};

	return write_table(w, &f.h, sizeof(f), "FACP", 6, at, e);
}

/* Append @n bytes at @p + *@len. */
static void add(uint8_t *p, size_t *len, const void *entry, size_t n)
{
	memcpy(p + *len, entry, n);
	*len += n;
}

static void add_cpu(uint8_t *p, size_t *len, unsigned id)
{
	struct madt_lapic lapic = { 0, sizeof(lapic), (uint8_t)id, (uint8_t)id,
				    MADT_LAPIC_ENABLED };
	struct madt_x2apic x2apic = { 9,  sizeof(x2apic),     0,
				      id, MADT_LAPIC_ENABLED, id };

	if (id < 255)
		add(p, len, &lapic, sizeof(lapic));
	else
		add(p, len, &x2apic, sizeof(x2apic));
}

#define MADT_MAX_CPUS 1024

static int write_madt(struct writer *w, unsigned cpus, uint64_t *at,
		      struct err *e)
{
	struct madt_head head = { .lapic = LAPIC_GPA,
				  .flags = MADT_PCAT_COMPAT };
	struct madt_ioapic ioapic = { 1, sizeof(ioapic), 0, 0, IOAPIC_GPA, 0 };
	struct madt_lapic_nmi nmi = { 4, sizeof(nmi), MADT_ALL_PROCESSORS, 0,
				      1 };
	uint8_t table[sizeof(head) + sizeof(ioapic) + sizeof(nmi) +
		      MADT_MAX_CPUS * sizeof(struct madt_x2apic)];
	size_t len = 0;

	if (cpus > MADT_MAX_CPUS)
		return err_set(e, EINVAL, "%u vCPUs; the MADT has room for %u",
			       cpus, MADT_MAX_CPUS);
	add(table, &len, &head, sizeof(head));
	for (unsigned i = 0; i < cpus; i++)
		add_cpu(table, &len, i);
	add(table, &len, &ioapic, sizeof(ioapic));
	/*
	 * No overrides: KVM's I/O APIC has ISA interrupt n at pin n. That
	 * includes the PIT at pin 0, which a PC has at pin 2.
	 */
	add(table, &len, &nmi, sizeof(nmi));
	return write_table(w, (struct acpi_header *)table, len, "APIC", 5, at,
			   e);
}

/* The same list in ACPI 1.0's form, which a kernel reads with acpi=rsdt. */
static int write_rsdt(struct writer *w, uint64_t fadt, uint64_t madt,
		      uint64_t *at, struct err *e)
{
	struct acpi_rsdt r = { .tables = { (uint32_t)fadt, (uint32_t)madt } };

	return write_table(w, &r.h, sizeof(r), "RSDT", 1, at, e);
}

static int write_xsdt(struct writer *w, uint64_t fadt, uint64_t madt,
		      uint64_t *at, struct err *e)
{
	struct acpi_xsdt x = { .tables = { fadt, madt } };

	return write_table(w, &x.h, sizeof(x), "XSDT", 1, at, e);
}

static int write_rsdp(const struct guest_mem *gm, uint64_t gpa, uint64_t rsdt,
		      uint64_t xsdt, struct err *e)
{
	struct acpi_rsdp r = { .revision = 2,
			       .rsdt = (uint32_t)rsdt,
			       .length = sizeof(r),
			       .xsdt = xsdt };

	memcpy(r.signature, "RSD PTR ", 8);
	memcpy(r.oem_id, "LNCHR ", 6);
	r.checksum = checksum((uint8_t *)&r, RSDP_V1_SIZE);
	r.ext_checksum = checksum((uint8_t *)&r, sizeof(r));
	return guest_mem_write(gm, gpa, &r, sizeof(r), "ACPI RSDP", e);
}

int acpi_write_tables(const struct guest_mem *gm, uint64_t gpa, uint64_t room,
		      const struct machine_plan *plan, uint64_t *rsdp,
		      uint64_t *end, struct err *e)
{
	struct writer w = { gm, gpa + 64, gpa + room };
	uint64_t dsdt = 0, fadt = 0, madt = 0, rsdt = 0, xsdt = 0;
	int rc;

	/* The RSDP comes first in memory but is written last. */
	rc = write_dsdt(&w, plan, &dsdt, e);
	if (!rc)
		rc = write_fadt(&w, dsdt, &fadt, e);
	if (!rc)
		rc = write_madt(&w, plan->cpus, &madt, e);
	if (!rc)
		rc = write_rsdt(&w, fadt, madt, &rsdt, e);
	if (!rc)
		rc = write_xsdt(&w, fadt, madt, &xsdt, e);
	if (!rc)
		rc = write_rsdp(gm, gpa, rsdt, xsdt, e);
	if (rc)
		return rc;
	*rsdp = gpa;
	if (end)
		*end = w.gpa;
	return 0;
}
