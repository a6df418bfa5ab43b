/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reads the MADT; see acpi.h.
 */
#include "acpi.h"
#include "lib/string.h"

#define RSDP_V1_SIZE	20
#define RSDP_SIZE	36
#define RSDP_REVISION	15
#define RSDP_RSDT	16
#define RSDP_XSDT	24
#define BIOS_START	0xe0000
#define BIOS_END	0x100000
#define TABLE_LENGTH	4
#define TABLE_HEAD	36
#define TABLE_MAX	0x10000
#define TABLES_MAX	64
#define MADT_LAPIC_ADDR 36
#define MADT_ENTRIES	44
#define ENTRY_LAPIC	0
#define ENTRY_IOAPIC	1
#define ENTRY_OVERRIDE	2
#define ENTRY_LAPIC_64	5
#define ENTRY_X2APIC	9
#define CPU_ENABLED	1

static const uint8_t *at(uint64_t gpa)
{
	return (const uint8_t *)(uintptr_t)gpa;
}

static uint8_t sum(const uint8_t *p, uint32_t len)
{
	uint8_t total = 0;

	while (len--)
		total = (uint8_t)(total + *p++);
	return total;
}

/* The table at @gpa. If it is not a table, its name goes to m->wrong. */
static const uint8_t *table_at(struct madt *m, uint64_t gpa, const char *name)
{
	const uint8_t *t = at(gpa);
	uint32_t len;

	if (!gpa || gpa > UINT32_MAX - TABLE_MAX)
		goto wrong;
	len = load32(t, TABLE_LENGTH);
	if (len >= TABLE_HEAD && len <= TABLE_MAX && !sum(t, len))
		return t;
wrong:
	m->wrong = name;
	return NULL;
}

static const uint8_t *find_rsdp(const struct boot *b)
{
	if (b->rsdp)
		return at(b->rsdp);
	for (uint32_t gpa = BIOS_START; gpa < BIOS_END; gpa += 16)
		if (!memcmp(at(gpa), "RSD PTR ", 8) &&
		    !sum(at(gpa), RSDP_V1_SIZE))
			return at(gpa);
	return NULL;
}

static const uint8_t *read_rsdp(struct madt *m, const uint8_t *p,
				unsigned *width)
{
	bool is_v2;

	m->wrong = "RSDP";
	if (memcmp(p, "RSD PTR ", 8) || sum(p, RSDP_V1_SIZE))
		return NULL;
	is_v2 = p[RSDP_REVISION] >= 2;
	if (is_v2 && sum(p, RSDP_SIZE))
		return NULL;
	m->wrong = NULL;
	*width = is_v2 ? 8 : 4;
	return is_v2 ? table_at(m, load64(p, RSDP_XSDT), "XSDT")
		     : table_at(m, load32(p, RSDP_RSDT), "RSDT");
}

/* All listed addresses must be tables, not only the wanted one. */
static const uint8_t *find_madt(struct madt *m, const uint8_t *list,
				unsigned width)
{
	uint32_t len = load32(list, TABLE_LENGTH);
	const uint8_t *found = NULL;

	for (uint32_t off = TABLE_HEAD; off + width <= len && !m->wrong;
	     off += width) {
		const uint8_t *t = table_at(
			m, width == 8 ? load64(list, off) : load32(list, off),
			"table that is listed");

		if (t && !memcmp(t, "APIC", 4))
			found = t;
	}
	if (!found && !m->wrong)
		m->wrong = "list without an MADT";
	return found;
}

static void add_cpu(struct madt *m, uint32_t id, uint32_t flags)
{
	if (!(flags & CPU_ENABLED))
		return;
	if (m->cpus_count < MADT_CPUS_MAX)
		m->cpus[m->cpus_count] = id;
	m->cpus_count++;
}

static void add_entry(struct madt *m, const uint8_t *e)
{
	switch (e[0]) {
	case ENTRY_LAPIC:
		add_cpu(m, e[3], load32(e, 4));
		break;
	case ENTRY_X2APIC:
		add_cpu(m, load32(e, 4), load32(e, 8));
		break;
	case ENTRY_LAPIC_64:
		m->lapic = load64(e, 4);
		break;
	case ENTRY_IOAPIC:
		if (m->ioapics_count < MADT_IOAPICS_MAX)
			m->ioapics[m->ioapics_count++] = (struct madt_ioapic){
				e[2], load32(e, 4), load32(e, 8)
			};
		break;
	case ENTRY_OVERRIDE:
		if (m->overrides_count < MADT_OVERRIDES_MAX)
			m->overrides[m->overrides_count++] =
				(struct madt_override){ e[2], e[3],
							load32(e, 4),
							load16(e, 8) };
		break;
	}
}

/* The minimum length of the entries that are read; 0: any length. */
static bool is_long_enough(const uint8_t *e)
{
	static const uint8_t sizes[] = { [ENTRY_LAPIC] = 8,
					 [ENTRY_IOAPIC] = 12,
					 [ENTRY_OVERRIDE] = 10,
					 [ENTRY_LAPIC_64] = 12,
					 [ENTRY_X2APIC] = 16 };

	return e[1] >= 2 && (e[0] >= sizeof(sizes) || e[1] >= sizes[e[0]]);
}

static void read_entries(struct madt *m, const uint8_t *t)
{
	uint32_t len = load32(t, TABLE_LENGTH), off = MADT_ENTRIES;

	m->lapic = load32(t, MADT_LAPIC_ADDR);
	while (off + 2 <= len && is_long_enough(t + off) &&
	       off + t[off + 1] <= len) {
		add_entry(m, t + off);
		off += t[off + 1];
	}
	if (off != len)
		m->wrong = "MADT";
}

void madt_read(struct madt *m, const struct boot *b)
{
	const uint8_t *rsdp = find_rsdp(b), *list, *table = NULL;
	unsigned width = 0;

	*m = (struct madt){ .is_there = rsdp };
	if (!rsdp)
		return;
	list = read_rsdp(m, rsdp, &width);
	if (list)
		table = find_madt(m, list, width);
	if (table)
		read_entries(m, table);
}

uint32_t madt_gsi_of_irq(const struct madt *m, unsigned irq)
{
	for (unsigned i = 0; i < m->overrides_count; i++)
		if (m->overrides[i].source == irq)
			return m->overrides[i].gsi;
	return irq;
}

const struct madt_ioapic *madt_ioapic_of_gsi(const struct madt *m, uint32_t gsi)
{
	const struct madt_ioapic *found = NULL;

	for (unsigned i = 0; i < m->ioapics_count; i++)
		if (m->ioapics[i].gsi_base <= gsi &&
		    (!found || found->gsi_base < m->ioapics[i].gsi_base))
			found = &m->ioapics[i];
	return found;
}
