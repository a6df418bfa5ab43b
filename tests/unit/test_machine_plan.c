/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The machine plan: where devices are, that no two overlap, and what is derived
 * from it, down to the man page.
 */
#include "unit/unit.h"
#include "dev/virtio/rng.h"
#include "machine/plan.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

static struct machine_plan plan;
static struct machine_config config;
static struct err e;

static void setup(void)
{
	config = (struct machine_config){ .cpus = 1,
					  .virtio = MACHINE_VIRTIO_MMIO };
}

static const struct device_slot *slot_of(const char *name)
{
	const struct device_slot *s = machine_plan_find(&plan, name, 0);

	ck_assert_msg(s, "no slot of %s", name);
	return s;
}

/* Where stock kernels, or claims of the small kernel, expect them. */
static const struct {
	const char *name;
	enum device_space space;
	uint64_t start, len;
	int gsi; /* -1: none */
	const char *acpi;
} fixtures[] = {
	{ "i8042", DEVICE_PORTS, 0x60, 5, -1, "" },
	{ "rtc", DEVICE_PORTS, 0x70, 2, 8, "RTC_" },
	{ "testport", DEVICE_PORTS, 0xf4, 4, -1, "" },
	{ "serial", DEVICE_PORTS, 0x3f8, 8, 4, "COM1" },
	{ "pvpanic", DEVICE_PORTS, 0x505, 1, -1, "PEVT" },
	{ "acpi", DEVICE_PORTS, 0x600, 3, -1, "" },
	{ "pci", DEVICE_PORTS, 0xcf8, 8, -1, "" },
	{ "pic", DEVICE_PORTS, 0x20, 2, -1, "" },
	{ "pit", DEVICE_PORTS, 0x40, 4, 0, "" },
	{ "ioapic", DEVICE_MMIO, 0xfec00000, 0x1000, -1, "" },
	{ "lapic", DEVICE_MMIO, 0xfee00000, 0x1000, -1, "" },
	{ "virtio-rng", DEVICE_MMIO, 0xd0000000, 0x1000, 5, "VRT0" },
};

START_TEST(plan__fixtures)
{
	const struct device_slot *s;

	assert_ok(machine_plan_make(&plan, &config, &e), &e);
	s = slot_of(fixtures[_i].name);
	ck_assert_int_eq(s->ranges[0].space, fixtures[_i].space);
	ck_assert_uint_eq(s->ranges[0].start, fixtures[_i].start);
	ck_assert_uint_eq(s->ranges[0].len, fixtures[_i].len);
	ck_assert_str_eq(s->acpi_name, fixtures[_i].acpi);
	if (fixtures[_i].gsi < 0)
		ck_assert_int_eq(s->via->irq, DEVICE_NO_IRQ);
	else
		ck_assert_uint_eq(s->gsi, (unsigned)fixtures[_i].gsi);
}
END_TEST

static bool overlap(const struct device_range *a, const struct device_range *b)
{
	return a->space == b->space && a->start < b->start + b->len &&
	       b->start < a->start + a->len;
}

static void expect_apart(const struct device_slot *a,
			 const struct device_slot *b)
{
	for (unsigned i = 0; i < a->ranges_count; i++)
		for (unsigned j = 0; j < b->ranges_count; j++)
			ck_assert_msg(!overlap(&a->ranges[i], &b->ranges[j]),
				      "%s %u overlaps %s %u", a->type->name,
				      a->instance, b->type->name, b->instance);
	ck_assert_msg(!*a->acpi_name || strcmp(a->acpi_name, b->acpi_name),
		      "two devices are called %s", a->acpi_name);
	/* A line has only one device; edge-triggered ones may be shared. */
	if (a->via->irq == DEVICE_IRQ_LEGACY && b->via->irq != DEVICE_NO_IRQ)
		ck_assert_uint_ne(a->gsi, b->gsi);
}

/* A machine that puts its devices on PCI where possible. */
static void use_pci(unsigned devices)
{
	config.virtio = MACHINE_VIRTIO_PCI;
	config.devices_count = devices;
	for (unsigned i = 0; i < devices; i++)
		config.devices[i].type = &virtio_rng_type;
}

START_TEST(plan__pci)
{
	const struct device_slot *s;

	use_pci(2);
	assert_ok(machine_plan_make(&plan, &config, &e), &e);
	s = slot_of("pci");
	ck_assert_str_eq(s->acpi_name, "PCI0");
	ck_assert_uint_eq(s->ranges_count, 2);
	ck_assert_uint_eq(s->ranges[0].start, 0xcf8);
	ck_assert_uint_eq(s->ranges[1].start, 0xe0000000);
	ck_assert_uint_eq(s->ranges[1].len, 0x10000000);
	for (unsigned i = 0; i < 3; i++) {
		s = machine_plan_find(&plan, "virtio-rng", i);
		ck_assert_uint_eq(s->pci_number, i + 1);
		ck_assert_int_eq(s->ranges[0].space, DEVICE_PCI);
		ck_assert_uint_eq(s->ranges[0].start, 0xe0000000 + 0x8000 * i);
		ck_assert_uint_eq(s->ranges_count, 1);
		ck_assert_str_eq(s->acpi_name, "");
		ck_assert_int_eq(s->via->irq, DEVICE_NO_IRQ);
		/* The bridge is created before the devices it leads to. */
		ck_assert(slot_of("pci") < s);
	}
}
END_TEST

/* One bridge and 31 functions. */
START_TEST(plan__pci_bus_is_full)
{
	use_pci(30);
	assert_ok(machine_plan_make(&plan, &config, &e), &e);
	use_pci(31);
	assert_err(machine_plan_make(&plan, &config, &e), -ENOSPC, &e,
		   "no room for virtio-rng: the PCI bus has 31 devices");
}
END_TEST

START_TEST(plan__no_bridge_without_functions)
{
	assert_ok(machine_plan_make(&plan, &config, &e), &e);
	ck_assert_ptr_null(slot_of("pci")->via->bridge);
	ck_assert_uint_eq(slot_of("pci")->ranges_count, 1);
}
END_TEST

static const struct device_type wide = { .name = "wide", .bar_len = 0x8000000 };
static const struct device_type wider = { .name = "wider",
					  .bar_len = 0x10000000 };

/* Aligned to their lengths, up to the window's end. */
START_TEST(plan__bars_fit_the_window)
{
	config.devices[0].type = &wide;
	config.devices[1].type = &virtio_rng_type;
	config.devices[2].type = &wide;
	config.devices_count = 3;
	config.virtio = MACHINE_VIRTIO_PCI;
	assert_err(machine_plan_make(&plan, &config, &e), -ENOSPC, &e,
		   "no room for virtio-rng: the PCI bus has 2 devices");
	config.devices_count = 1;
	assert_ok(machine_plan_make(&plan, &config, &e), &e);
	ck_assert_uint_eq(slot_of("wide")->ranges[0].start, 0xe8000000);
	config.devices[0].type = &wider;
	assert_err(machine_plan_make(&plan, &config, &e), -ENOSPC, &e,
		   "no room for wider");
}
END_TEST

START_TEST(plan__virtio_words)
{
	ck_assert_int_eq(machine_virtio_of(NULL), MACHINE_VIRTIO_AUTO);
	ck_assert_int_eq(machine_virtio_of("auto"), MACHINE_VIRTIO_AUTO);
	ck_assert_int_eq(machine_virtio_of("pci"), MACHINE_VIRTIO_PCI);
	ck_assert_int_eq(machine_virtio_of("mmio"), MACHINE_VIRTIO_MMIO);
}
END_TEST

static void fill(unsigned devices)
{
	config.devices_count = devices;
	for (unsigned i = 0; i < devices; i++)
		config.devices[i].type = &virtio_rng_type;
	assert_ok(machine_plan_make(&plan, &config, &e), &e);
}

START_TEST(plan__no_two_devices_collide)
{
	fill((unsigned)_i);
	for (unsigned i = 0; i < plan.count; i++)
		for (unsigned j = 0; j < plan.count; j++)
			if (i != j)
				expect_apart(&plan.slots[i], &plan.slots[j]);
}
END_TEST

START_TEST(plan__interrupts_are_pins_of_the_ioapic)
{
	fill(MACHINE_DEVICES_MAX);
	for (unsigned i = 0; i < plan.count; i++)
		if (plan.slots[i].via->irq != DEVICE_NO_IRQ)
			ck_assert_uint_lt(plan.slots[i].gsi, 24);
}
END_TEST

/* 17 pins are free, and there is always one rng. */
START_TEST(plan__shares_interrupts_only_when_all_are_taken)
{
	fill(16);
	ck_assert(!machine_plan_shares_gsi(
		&plan, machine_plan_find(&plan, "virtio-rng", 0)));
	fill(17);
	ck_assert(machine_plan_shares_gsi(
		&plan, machine_plan_find(&plan, "virtio-rng", 0)));
	ck_assert(machine_plan_shares_gsi(
		&plan, machine_plan_find(&plan, "virtio-rng", 17)));
	ck_assert(!machine_plan_shares_gsi(
		&plan, machine_plan_find(&plan, "virtio-rng", 1)));
	ck_assert(!machine_plan_shares_gsi(&plan, slot_of("i8042")));
}
END_TEST

START_TEST(plan__names_count_up)
{
	fill(MACHINE_DEVICES_MAX);
	ck_assert_str_eq(machine_plan_find(&plan, "virtio-rng", 9)->acpi_name,
			 "VRT9");
	ck_assert_str_eq(machine_plan_find(&plan, "virtio-rng", 10)->acpi_name,
			 "VRTA");
	ck_assert_str_eq(machine_plan_find(&plan, "virtio-rng", 32)->acpi_name,
			 "VRTW");
	ck_assert_ptr_null(machine_plan_find(&plan, "virtio-rng", 33));
}
END_TEST

static const struct device_type thief = {
	.name = "thief",
	.fixed = { DEVICE_PORTS_AT(0x3ff, 1) },
};
static const struct device_type neighbour = {
	.name = "neighbour",
	.fixed = { DEVICE_PORTS_AT(0x400, 1), DEVICE_MMIO_AT(0x3f8, 8) },
};
static const struct device_type irq_thief = {
	.name = "irq thief",
	.irq = DEVICE_IRQ_LEGACY,
	.gsi = 8,
};
static const struct device_type named_twice = {
	.name = "second clock",
	.acpi_hid = "PNP0B00",
	.acpi_name = "RTC_",
};
static const struct device_type huge = {
	.name = "huge",
	.mmio_len = 0x1000000,
};
static const struct device_type fitting = {
	.name = "fitting",
	.mmio_len = 0xfff000, /* all that one page leaves of the window */
};

static const struct {
	const struct device_type *type;
	int rc;
	const char *message;
} refusals[] = {
	{ &thief, -EBUSY, "port 0x3ff of thief overlaps serial" },
	{ &neighbour, 0, NULL },
	{ &irq_thief, -EBUSY, "interrupt 8 of irq thief is that of rtc" },
	{ &named_twice, -ENOSPC, "no ACPI name is left for second clock 0" },
	{ &huge, -ENOSPC,
	  "huge needs 0x1000000 bytes of registers at 0xd0001000, the MMIO "
	  "window ends at 0xd1000000" },
	{ &fitting, 0, NULL },
};

START_TEST(plan__refuses_what_collides)
{
	int rc;

	config.devices[0].type = refusals[_i].type;
	config.devices_count = 1;
	rc = machine_plan_make(&plan, &config, &e);
	if (refusals[_i].rc)
		assert_err(rc, refusals[_i].rc, &e, refusals[_i].message);
	else
		assert_ok(rc, &e);
}
END_TEST

START_TEST(plan__keeps_what_was_asked_of_a_device)
{
	static char first, second;

	config.devices[0].type = config.devices[1].type = &virtio_rng_type;
	config.devices[0].config = &first;
	config.devices[1].config = &second;
	config.devices_count = 2;
	assert_ok(machine_plan_make(&plan, &config, &e), &e);
	/* Every machine has one, of which nothing is asked. */
	ck_assert_ptr_null(machine_plan_find(&plan, "virtio-rng", 0)->config);
	ck_assert_ptr_eq(machine_plan_find(&plan, "virtio-rng", 1)->config,
			 &first);
	ck_assert_ptr_eq(machine_plan_find(&plan, "virtio-rng", 2)->config,
			 &second);
}
END_TEST

START_TEST(plan__refuses_too_many)
{
	int rc;

	config.devices_count = MACHINE_DEVICES_MAX + 1;
	rc = machine_plan_make(&plan, &config, &e);
	assert_err(rc, -ENOSPC, &e,
		   "33 devices asked for; at most 32 are possible");
}
END_TEST

/* --- the man page's section MACHINE */

static char *machine_section(void)
{
	static char page[1 << 20];
	FILE *f = unit_source("launcher.1");
	char *start, *end;

	page[fread(page, 1, sizeof(page) - 1, f)] = '\0';
	fclose(f);
	start = strstr(page, "\n.Sh MACHINE\n");
	ck_assert_ptr_nonnull(start);
	end = strstr(start + 1, "\n.Sh ");
	ck_assert_ptr_nonnull(end);
	*end = '\0';
	return start;
}

/* The text of the item @name, up to the next item. */
static char *item(const char *section, const char *name)
{
	char head[64], *text, *end;
	const char *at;

	snprintf(head, sizeof(head), "\n.It %s\n", name);
	at = strstr(section, head);
	ck_assert_msg(at, "launcher.1, MACHINE: no item \".It %s\"", name);
	text = strdup(at + strlen(head));
	end = strstr(text, "\n.");
	if (end)
		*end = '\0';
	return text;
}

static void expect_in(const char *text, const char *name, const char *what)
{
	ck_assert_msg(strstr(text, what),
		      "launcher.1, MACHINE: \"%s\" is not in the item %s: %s",
		      what, name, text);
}

START_TEST(plan__man_page_lists_the_machine)
{
	const char *section = machine_section();

	config.virtio = (enum machine_virtio)_i;
	assert_ok(machine_plan_make(&plan, &config, &e), &e);
	for (unsigned i = 0; i < plan.count; i++) {
		const struct device_slot *s = &plan.slots[i];
		char *text = item(section, s->type->name);
		char what[32];

		for (unsigned n = 0; n < s->ranges_count; n++) {
			snprintf(what, sizeof(what), "0x%llx",
				 (unsigned long long)s->ranges[n].start);
			expect_in(text, s->type->name, what);
		}
		if (s->via->irq != DEVICE_NO_IRQ) {
			snprintf(what, sizeof(what), "interrupt %u", s->gsi);
			expect_in(text, s->type->name, what);
		}
		free(text);
	}
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("machine_plan");
	TCase *t = tcase_create("machine_plan");

	tcase_add_checked_fixture(t, setup, NULL);
	tcase_add_loop_test(t, plan__fixtures, 0, COUNT(fixtures));
	tcase_add_loop_test(t, plan__no_two_devices_collide, 0,
			    MACHINE_DEVICES_MAX + 1);
	tcase_add_test(t, plan__interrupts_are_pins_of_the_ioapic);
	tcase_add_test(t, plan__shares_interrupts_only_when_all_are_taken);
	tcase_add_test(t, plan__names_count_up);
	tcase_add_loop_test(t, plan__refuses_what_collides, 0, COUNT(refusals));
	tcase_add_test(t, plan__keeps_what_was_asked_of_a_device);
	tcase_add_test(t, plan__refuses_too_many);
	tcase_add_test(t, plan__pci);
	tcase_add_test(t, plan__pci_bus_is_full);
	tcase_add_test(t, plan__no_bridge_without_functions);
	tcase_add_test(t, plan__bars_fit_the_window);
	tcase_add_test(t, plan__virtio_words);
	tcase_add_loop_test(t, plan__man_page_lists_the_machine,
			    MACHINE_VIRTIO_AUTO, MACHINE_VIRTIO_MMIO + 1);
	suite_add_tcase(s, t);
	return s;
}
