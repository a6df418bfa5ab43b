/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The ACPI tables, read back from guest memory the way a kernel does: by
 * pointer, signature, length and checksum, at the offsets of ACPI 6.4
 * chapter 5. The DSDT is also given to ACPICA's disassembler.
 */
#include "unit/unit.h"
#include "base/bytes.h"
#include "machine/acpi.h"
#include "dev/virtio/blk.h"
#include "machine/aml.h"
#include "dev/pc/legacy.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define AT   0xe0000
#define ROOM 0x20000

static struct guest_mem gm;
static struct machine_plan plan;
static uint64_t rsdp;
static enum machine_virtio virtio;
static struct err e;

static void setup(void)
{
	assert_ok(guest_mem_init(&gm, GUEST_MEM_MIN, &e), &e);
	rsdp = 0;
	virtio = MACHINE_VIRTIO_MMIO;
}

static void teardown(void)
{
	guest_mem_release(&gm);
}

/* The tables of a machine without optional devices. */
static int write_tables(unsigned cpus, uint64_t room)
{
	const struct machine_config config = { .cpus = cpus, .virtio = virtio };

	assert_ok(machine_plan_make(&plan, &config, &e), &e);
	return acpi_write_tables(&gm, AT, room, &plan, &rsdp, NULL, &e);
}

static void write_for(unsigned cpus)
{
	assert_ok(write_tables(cpus, ROOM), &e);
	ck_assert_uint_eq(rsdp, AT);
}

static uint64_t le(struct bytes b, uint64_t off, unsigned width)
{
	uint64_t v = 0;

	ck_assert(bytes_has(b, off, width));
	for (unsigned i = 0; i < width; i++)
		v |= (uint64_t)b.data[off + i] << 8 * i;
	return v;
}

static uint8_t sum(struct bytes b, size_t n)
{
	uint8_t total = 0;

	for (size_t i = 0; i < n; i++)
		total += b.data[i];
	return total;
}

static struct bytes table(uint64_t gpa, const char *signature)
{
	struct bytes b = { guest_mem_ptr(&gm, gpa, 36), 36 };

	ck_assert_ptr_nonnull(b.data);
	ck_assert_uint_ge(gpa, AT);
	ck_assert_msg(!memcmp(b.data, signature, 4), "\"%.4s\" is not %s",
		      (const char *)b.data, signature);
	b.len = le(b, 4, 4);
	ck_assert_uint_le(gpa + b.len, AT + ROOM);
	ck_assert_msg(sum(b, b.len) == 0, "%s: wrong checksum", signature);
	return b;
}

static struct bytes xsdt(void)
{
	struct bytes r = { guest_mem_ptr(&gm, rsdp, 36), 36 };

	return table(le(r, 24, 8), "XSDT");
}

static struct bytes fadt(void)
{
	return table(le(xsdt(), 36, 8), "FACP");
}

static struct bytes madt(void)
{
	return table(le(xsdt(), 44, 8), "APIC");
}

static struct bytes dsdt(void)
{
	return table(le(fadt(), 140, 8), "DSDT");
}

/* Device types differ, but they share the _HID of their transport. */
START_TEST(acpi__unique_ids)
{
	const struct machine_config config = {
		.cpus = 1,
		.virtio = MACHINE_VIRTIO_MMIO,
		.devices = { { .type = &virtio_blk_type },
			     { .type = &virtio_blk_type } },
		.devices_count = 2,
	};
	unsigned found = 0;
	struct bytes b;

	assert_ok(machine_plan_make(&plan, &config, &e), &e);
	assert_ok(acpi_write_tables(&gm, AT, ROOM, &plan, &rsdp, NULL, &e), &e);
	b = dsdt();
	for (uint64_t i = 0; i + 19 < b.len; i++) {
		/* "LNRO0005", its NUL, NameOp, "_UID", DWordPrefix. */
		if (memcmp(b.data + i, "LNRO0005", 9))
			continue;
		ck_assert_mem_eq(b.data + i + 10, "_UID", 4);
		ck_assert_uint_eq(b.data[i + 14], 0x0c);
		ck_assert_uint_eq(le(b, i + 15, 4), found);
		found++;
	}
	ck_assert_uint_eq(found, 3);
}
END_TEST

START_TEST(acpi__rsdp)
{
	struct bytes r;

	write_for(1);
	r = (struct bytes){ guest_mem_ptr(&gm, rsdp, 36), 36 };
	ck_assert_int_eq(memcmp(r.data, "RSD PTR ", 8), 0);
	ck_assert_uint_eq(sum(r, 20), 0);
	ck_assert_uint_eq(sum(r, 36), 0);
	ck_assert_uint_eq(le(r, 15, 1), 2);  /* revision */
	ck_assert_uint_eq(le(r, 20, 4), 36); /* length */
	ck_assert_uint_eq(le(r, 24, 8) % 16, 0);
}
END_TEST

/* For a kernel with acpi=rsdt. */
START_TEST(acpi__rsdt_lists_the_same_tables)
{
	struct bytes r, rsdt;

	write_for(1);
	r = (struct bytes){ guest_mem_ptr(&gm, rsdp, 36), 36 };
	rsdt = table(le(r, 16, 4), "RSDT");
	ck_assert_uint_eq(rsdt.len, 36 + 2 * 4);
	ck_assert_uint_eq(le(rsdt, 36, 4), le(xsdt(), 36, 8));
	ck_assert_uint_eq(le(rsdt, 40, 4), le(xsdt(), 44, 8));
}
END_TEST

START_TEST(acpi__xsdt_lists_two_tables)
{
	write_for(1);
	ck_assert_uint_eq(xsdt().len, 36 + 2 * 8);
	ck_assert_uint_eq(fadt().len, 276);
	ck_assert_uint_ge(madt().len, 44);
}
END_TEST

/* A generic address structure (5.2.3.2) of a one-byte I/O port. */
static void expect_port(struct bytes b, unsigned off, uint16_t port)
{
	ck_assert_uint_eq(le(b, off, 1), 1);	 /* system I/O */
	ck_assert_uint_eq(le(b, off + 1, 1), 8); /* bits */
	ck_assert_uint_eq(le(b, off + 2, 1), 0);
	ck_assert_uint_eq(le(b, off + 3, 1), 1); /* byte access */
	ck_assert_uint_eq(le(b, off + 4, 8), port);
}

/* Offsets of ACPI 6.4, table 5.9. */
START_TEST(acpi__fadt_of_a_hardware_reduced_machine)
{
	struct bytes f;

	write_for(1);
	f = fadt();
	ck_assert_uint_eq(le(f, 8, 1), 6);		/* major version */
	ck_assert_uint_eq(le(f, 131, 1), 4);		/* minor version */
	ck_assert_uint_eq(le(f, 40, 4), le(f, 140, 8)); /* DSDT, X_DSDT */
	ck_assert_uint_eq(le(f, 36, 4), 0);		/* no FACS */
	ck_assert_uint_eq(le(f, 132, 8), 0);
	ck_assert_uint_eq(le(f, 109, 2), 0x0005); /* legacy, no VGA */
	/* HW_REDUCED, RESET_REG, no fixed buttons, C1, WBINVD */
	ck_assert_uint_eq(le(f, 112, 4), 1u << 20 | 1u << 10 | 1u << 5 |
						 1u << 4 | 1u << 2 | 1u << 0);
	expect_port(f, 116, 0x602); /* RESET_REG */
	ck_assert_uint_eq(le(f, 128, 1), ACPI_RESET_VALUE);
	expect_port(f, 244, 0x600); /* SLEEP_CONTROL_REG */
	expect_port(f, 256, 0x601); /* SLEEP_STATUS_REG */
	/* Fixed hardware that this machine does not have. */
	for (unsigned off = 56; off < 95; off++)
		ck_assert_uint_eq(le(f, off, 1), 0);
	for (unsigned off = 148; off < 244; off++)
		ck_assert_uint_eq(le(f, off, 1), 0);
}
END_TEST

static const unsigned cpu_counts[] = { 1, 2, 8, 254, 255, 256, 257, 1024 };

/* 5.2.12: one local APIC per vCPU, an I/O APIC and an NMI line. There is no
 * override, because KVM wires each ISA interrupt to the pin of its number. */
START_TEST(acpi__madt_lists_every_cpu)
{
	unsigned cpus = 0, ioapics = 0, nmis = 0;
	struct bytes m;

	write_for(cpu_counts[_i]);
	m = madt();
	ck_assert_uint_eq(le(m, 36, 4), 0xfee00000);
	ck_assert_uint_eq(le(m, 40, 4), 1); /* there is a PIC, too */
	for (uint64_t at = 44; at < m.len; at += le(m, at + 1, 1)) {
		unsigned type = (unsigned)le(m, at, 1);
		unsigned len = (unsigned)le(m, at + 1, 1);

		ck_assert_uint_ge(len, 2);
		ck_assert(bytes_has(m, at, len));
		switch (type) {
		case 0: /* ids up to 254 */
			ck_assert_uint_eq(len, 8);
			ck_assert_uint_lt(cpus, 255);
			ck_assert_uint_eq(le(m, at + 2, 1), cpus);
			ck_assert_uint_eq(le(m, at + 3, 1), cpus++);
			ck_assert_uint_eq(le(m, at + 4, 4), 1);
			break;
		case 9: /* and from 255 on */
			ck_assert_uint_eq(len, 16);
			ck_assert_uint_ge(cpus, 255);
			ck_assert_uint_eq(le(m, at + 4, 4), cpus);
			ck_assert_uint_eq(le(m, at + 8, 4), 1);
			ck_assert_uint_eq(le(m, at + 12, 4), cpus++);
			break;
		case 1:
			ck_assert_uint_eq(len, 12);
			ck_assert_uint_eq(le(m, at + 4, 4), 0xfec00000);
			ck_assert_uint_eq(le(m, at + 8, 4), 0);
			ioapics++;
			break;
		case 4: /* LINT1 of all */
			ck_assert_uint_eq(len, 6);
			ck_assert_uint_eq(le(m, at + 2, 1), 0xff);
			ck_assert_uint_eq(le(m, at + 5, 1), 1);
			nmis++;
			break;
		default:
			ck_abort_msg("entry of type %u", type);
		}
	}
	ck_assert_uint_eq(cpus, cpu_counts[_i]);
	ck_assert_uint_eq(ioapics, 1);
	ck_assert_uint_eq(nmis, 1);
}
END_TEST

START_TEST(acpi__refuses_more_cpus_than_it_can_list)
{
	int rc = write_tables(1025, ROOM);

	assert_err(rc, -EINVAL, &e, "1025 vCPUs; the MADT has room for 1024");
	ck_assert_uint_eq(rsdp, 0);
}
END_TEST

/* Every size of the room, from zero to enough: refused, or not exceeded. */
START_TEST(acpi__keeps_to_its_room)
{
	uint64_t least = 0;

	for (uint64_t room = 0; room < 2048 && !least; room++) {
		int rc;

		memset(gm.base + AT, 0xa5, 4096);
		rc = write_tables(3, room);
		for (uint64_t i = room; i < 4096; i++)
			if (gm.base[AT + i] != 0xa5)
				ck_abort_msg("room %u: wrote at %u",
					     (unsigned)room, (unsigned)i);
		if (!rc)
			least = room;
		else
			assert_err(rc, -ENOSPC, &e, "does not fit below 0xe0");
	}
	/* The last table ends exactly at the end of the room. */
	ck_assert_uint_eq(rsdp + least,
			  le((struct bytes){ gm.base + rsdp, 36 }, 24, 8) +
				  xsdt().len);
}
END_TEST

/* 20.2.5.1: DefName of a package of four bytes. */
START_TEST(aml__package)
{
	static const uint8_t values[] = { 5, 0, 0, 7 };
	static const uint8_t want[] = { 0x08, '\\', '_',  'S', '5',  '_',
					0x12, 0x4b, 0x00, 4,   0x0a, 5,
					0x0a, 0,    0x0a, 0,   0x0a, 7 };
	struct aml a = { .len = 0 };

	aml_name_package(&a, "\\_S5_", values, sizeof(values));
	ck_assert_uint_eq(a.len, sizeof(want));
	ck_assert_mem_eq(a.bytes, want, sizeof(want));
}
END_TEST

/* Lengths: 2 + 4 + 2 * 10 in the device, 2 + 5 + 2 + 26 in the scope. */
START_TEST(aml__device_in_a_scope)
{
	static const uint8_t want[] = {
		0x10, 0x43, 0x02, '\\', '_', 'S',  'B',	 '_', /* Scope */
		0x5b, 0x82, 0x4a, 0x01, 'C', 'O',  'M',	 '1', /* Device */
		0x08, '_',  'U',  'I',	'D', 0x0c, 1,	 0,    0, 0,
		0x08, '_',  'H',  'I',	'D', 0x0c, 0x41, 0xd0, 5, 1,
	};
	struct aml a = { .len = 0 };
	aml_block sb, dev;

	sb = aml_scope(&a, "\\_SB_");
	dev = aml_device(&a, "COM1");
	aml_name_int(&a, "_UID", 1);
	aml_name_eisaid(&a, "_HID", "PNP0501");
	aml_close(&a, dev);
	aml_close(&a, sb);
	ck_assert_uint_eq(a.len, sizeof(want));
	ck_assert_mem_eq(a.bytes, want, sizeof(want));
}
END_TEST

/* 20.2.4: a PkgLength includes itself; it has four bits, then eight. */
static const struct {
	unsigned names; /* of ten bytes each */
	uint8_t length[2];
} lengths[] = {
	{ 0, { 0x46, 0x00 } },	 /* 2 + 4 */
	{ 1, { 0x40, 0x01 } },	 /* 16 */
	{ 25, { 0x40, 0x10 } },	 /* 256 */
	{ 408, { 0x46, 0xff } }, /* 4086 */
};

START_TEST(aml__package_length)
{
	struct aml a = { .len = 0 };
	aml_block b = aml_device(&a, "DEV0");

	for (unsigned i = 0; i < lengths[_i].names; i++)
		aml_name_int(&a, "_UID", i);
	aml_close(&a, b);
	ck_assert_uint_eq(a.bytes[2], lengths[_i].length[0]);
	ck_assert_uint_eq(a.bytes[3], lengths[_i].length[1]);
}
END_TEST

/* 6.4.2.5, 6.4.3.6 and 6.4.2.9: a port range, an interrupt, the end tag. */
START_TEST(aml__resources)
{
	static const uint8_t want[] = {
		0x08, '_',  'C',  'R',	'S',  0x11, 0x48, 0x01, 0x0b, 19,
		0,    0x47, 0x01, 0xf8, 0x03, 0xf8, 0x03, 1,	8,    0x89,
		6,    0,    0x03, 1,	4,    0,    0,	  0,	0x79, 0,
	};
	struct aml a = { .len = 0 };
	struct aml_crs crs = aml_crs_open(&a);

	aml_io(&a, 0x3f8, 8);
	aml_irq(&a, 4, false);
	aml_crs_close(&a, crs);
	ck_assert_uint_eq(a.len, sizeof(want));
	ck_assert_mem_eq(a.bytes, want, sizeof(want));
}
END_TEST

/* 6.4.3.5.3 and 6.4.3.5.2: the ranges that a host bridge forwards. */
START_TEST(aml__windows)
{
	static const uint8_t want[] = {
		0x88, 13,   0,	  2,	0x0c, 0, 0, 0, 0, 0, 0, 0, 0,
		0,    1,    0, /* one bus */
		0x87, 23,   0,	  0,	0x0c, 1, 0, 0, 0, 0, 0, 0, 0,
		0xe0, 0xff, 0xff, 0xff, 0xef, 0, 0, 0, 0, 0, 0, 0, 0x10,
	};
	struct aml a = { .len = 0 };

	aml_bus_numbers(&a, 0, 0);
	aml_window32(&a, 0xe0000000, 0x10000000);
	ck_assert_uint_eq(a.len, sizeof(want));
	ck_assert_mem_eq(a.bytes, want, sizeof(want));
}
END_TEST

/* What iasl must find in the DSDT. */
static const char *const asl[] = {
	"Name (\\_S5, Package (0x04)",
	"Scope (\\_SB)",
	"Device (COM1)",
	"Name (_HID, EisaId (\"PNP0501\")",
	"IO (Decode16,",
	"0x03F8,             // Range Minimum",
	"0x08,               // Length",
	"Interrupt (ResourceConsumer, Edge, ActiveHigh, Exclusive",
	"0x00000004,",
	"Device (RTC)",
	"Name (_HID, EisaId (\"PNP0B00\")",
	"0x0070,             // Range Minimum",
	"0x00000008,",
	"Device (PEVT)",
	"Name (_HID, \"QEMU0001\"",
	"0x0505,             // Range Minimum",
	"Device (VRT0)",
	"Name (_HID, \"LNRO0005\")",
	"Name (_UID, 0x00000000)",
	"Memory32Fixed (ReadWrite,",
	"0xD0000000,         // Address Base",
	"0x00001000,         // Address Length",
	"0x00000005,",
};

/* The same for a machine with PCI. */
static const char *const asl_pci[] = {
	"Device (PCI0)",
	"Name (_HID, EisaId (\"PNP0A03\")",
	"WordBusNumber (ResourceProducer, MinFixed, MaxFixed, PosDecode,",
	"0x0000,             // Range Maximum",
	"0x0CF8,             // Range Minimum",
	"DWordMemory (ResourceProducer, PosDecode, MinFixed, MaxFixed, "
	"NonCacheable, ReadWrite,",
	"0xE0000000,         // Range Minimum",
	"0xEFFFFFFF,         // Range Maximum",
	"0x10000000,         // Length",
};

static char *disassemble(struct bytes b)
{
	char dir[] = "./test_acpi.XXXXXX", command[256], path[64];
	char *text = calloc(1, 65536);
	FILE *f;

	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/dsdt.aml", dir);
	f = fopen(path, "wb");
	ck_assert_ptr_nonnull(f);
	ck_assert_uint_eq(fwrite(b.data, 1, b.len, f), b.len);
	fclose(f);
	snprintf(command, sizeof(command),
		 "iasl -d %s >%s/log 2>&1 && cat %s/dsdt.dsl && rm -r %s", path,
		 dir, dir, dir);
	f = popen(command, "r");
	ck_assert_ptr_nonnull(f);
	ck_assert_uint_gt(fread(text, 1, 65535, f), 0);
	ck_assert_msg(pclose(f) == 0, "iasl failed, see %s/log", dir);
	return text;
}

static void expect_asl(const char *const *lines, size_t n)
{
	char *text;

	write_for(1);
	text = disassemble(dsdt());
	for (size_t i = 0; i < n; i++)
		ck_assert_msg(strstr(text, lines[i]), "\"%s\" is not in:\n%s",
			      lines[i], text);
	ck_assert_msg(!strstr(text, "Unknown"), "%s", text);
	free(text);
}

START_TEST(acpi__dsdt_disassembles)
{
	if (system("command -v iasl >/dev/null"))
		UNIT_SKIP("iasl is not installed (acpica-tools)");
	expect_asl(asl, COUNT(asl));
	virtio = MACHINE_VIRTIO_PCI;
	expect_asl(asl_pci, COUNT(asl_pci));
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("acpi");
	TCase *t = tcase_create("acpi");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, acpi__rsdp);
	tcase_add_test(t, acpi__unique_ids);
	tcase_add_test(t, acpi__rsdt_lists_the_same_tables);
	tcase_add_test(t, acpi__xsdt_lists_two_tables);
	tcase_add_test(t, acpi__fadt_of_a_hardware_reduced_machine);
	tcase_add_loop_test(t, acpi__madt_lists_every_cpu, 0,
			    COUNT(cpu_counts));
	tcase_add_test(t, acpi__refuses_more_cpus_than_it_can_list);
	tcase_add_test(t, acpi__keeps_to_its_room);
	tcase_add_test(t, aml__package);
	tcase_add_test(t, aml__device_in_a_scope);
	tcase_add_loop_test(t, aml__package_length, 0, COUNT(lengths));
	tcase_add_test(t, aml__resources);
	tcase_add_test(t, aml__windows);
	tcase_add_test(t, acpi__dsdt_disassembles);
	suite_add_tcase(s, t);
	return s;
}
