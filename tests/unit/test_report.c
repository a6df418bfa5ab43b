/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The run report: every key is always there; what did not happen is null.
 */
#include "unit/unit.h"
#include "base/json.h"
#include "outcome/report.h"

#include <stdio.h>
#include <stdlib.h>

static struct machine m;
static struct watch watch;
static struct symbols symbols;
static struct milestones times;
static struct boot_result boot;
static struct outcome o;
static struct report_facts f;
static json_t *report;

static void setup(void)
{
	m = (struct machine)MACHINE_EMPTY;
	watch_init(&watch);
	times = (struct milestones){ 0 };
	memset(&boot, 0, sizeof(boot));
	o = (struct outcome){ .kind = OUTCOME_RESET, .evidence = "i8042" };
	f = (struct report_facts){
		.image = "bzImage",
		.boot = "auto",
		.status = 1,
		.reason = "no such file",
		.plan = &boot,
		.machine = &m,
		.watch = &watch,
		.symbols = &symbols,
		.times = &times,
		.start_ns = 1000,
	};
}

static void teardown(void)
{
	json_decref(report);
	report = NULL;
	watch_release(&watch);
}

static void make(void)
{
	struct err e;
	char *text;

	assert_ok(report_json(&f, &text, &e), &e);
	json_decref(report);
	report = json_loads(text, 0, NULL);
	free(text);
	ck_assert_ptr_nonnull(report);
}

/* The value at "a.b". */
static json_t *at(const char *path)
{
	char copy[64];
	json_t *j = report;

	snprintf(copy, sizeof(copy), "%s", path);
	for (char *key = strtok(copy, "."); key; key = strtok(NULL, ".")) {
		j = json_object_get(j, key);
		ck_assert_msg(j != NULL, "no %s", path);
	}
	return j;
}

static const char *const keys[] = {
	"image",
	"outcome",
	"status",
	"reason",
	"evidence",
	"sandbox",
	"plan",
	"timeline.opened",
	"timeline.preparing",
	"timeline.decoded",
	"timeline.loaded",
	"timeline.ready",
	"timeline.connecting",
	"timeline.connected",
	"timeline.first_instruction",
	"timeline.first_console_byte",
	"timeline.kernel_entry",
	"timeline.init",
	"timeline.expected",
	"timeline.end",
	"console.bytes",
	"console.expected",
	"console.met",
	"console.failed_on",
	"console.last_lines",
	"vcpus",
	"exits.pio",
	"exits.mmio",
	"exits.msr",
	"exits.halt",
	"exits.interrupted",
	"exits.final",
	"unknown_ports.addresses",
	"unknown_ports.others",
	"unknown_mmio.addresses",
	"unknown_mmio.others",
	"unknown_msrs.addresses",
	"unknown_msrs.others",
	"memory",
	"devices",
};

START_TEST(report__has_all_keys_of_a_run_that_never_was)
{
	make();
	for (size_t i = 0; i < COUNT(keys); i++)
		at(keys[i]);
	ck_assert_str_eq(json_string_value(at("outcome")), "host");
	ck_assert_int_eq(json_integer_value(at("status")), 1);
	ck_assert_str_eq(json_string_value(at("reason")), "no such file");
	ck_assert(json_is_null(at("evidence")));
	ck_assert(json_is_null(at("plan")));
	ck_assert(json_is_null(at("memory")));
	ck_assert(json_is_null(at("timeline.opened")));
	ck_assert(json_is_integer(at("timeline.end")));
	ck_assert_uint_eq(json_array_size(at("vcpus")), 0);
}
END_TEST

START_TEST(report__times_count_from_the_start)
{
	f.outcome = &o;
	boot.decoded = 1;
	for (unsigned i = 0; i < MILESTONES; i++)
		times.at_ns[i] = 1500 + i * 500;
	make();
	ck_assert_int_eq(json_integer_value(at("timeline.opened")), 500);
	for (unsigned i = 0; i < MILESTONES; i++) {
		char key[64];

		snprintf(key, sizeof(key), "timeline.%s", milestone_names[i]);
		ck_assert_int_eq(json_integer_value(at(key)), 500 + i * 500);
	}
	ck_assert_str_eq(json_string_value(at("outcome")), "reset");
	ck_assert_str_eq(json_string_value(at("evidence")), "i8042");
}
END_TEST

static const char *weakness(size_t i)
{
	static const char *const all[] = { "no Landlock", "no filters" };

	return i < COUNT(all) ? all[i] : NULL;
}

START_TEST(report__says_how_the_run_was_confined)
{
	make();
	ck_assert(json_is_null(at("sandbox")));
	f.sandbox.mode = "on";
	f.sandbox.weakness = weakness;
	make();
	ck_assert_str_eq(json_string_value(at("sandbox.mode")), "on");
	ck_assert_int_eq(json_integer_value(at("sandbox.landlock")), 0);
	ck_assert_uint_eq(json_array_size(at("sandbox.weaker")), 2);
	ck_assert_str_eq(
		json_string_value(json_array_get(at("sandbox.weaker"), 1)),
		"no filters");
}
END_TEST

/* It is known only if the launcher itself enters the kernel. */
START_TEST(report__kernel_entry_of_an_elf_only)
{
	times.at_ns[MILESTONE_FIRST_INSTRUCTION] = 4000;
	boot.plan.possible = true;
	boot.plan.chosen = BOOT_LINUX64;
	make();
	ck_assert(json_is_null(at("timeline.kernel_entry")));
	boot.plan.chosen = BOOT_ELF64;
	make();
	ck_assert_int_eq(json_integer_value(at("timeline.kernel_entry")), 3000);
}
END_TEST

static void console(const char *text)
{
	watch_feed(&watch, (const uint8_t *)text, strlen(text));
}

START_TEST(report__console_is_clean)
{
	json_t *lines;

	console("one\n\033[2Jtwo\xff\n");
	make();
	lines = at("console.last_lines");
	ck_assert_uint_eq(json_array_size(lines), 2);
	ck_assert_str_eq(json_string_value(json_array_get(lines, 0)), "one");
	ck_assert_str_eq(json_string_value(json_array_get(lines, 1)), "two?");
}
END_TEST

START_TEST(report__counts_unknown_addresses)
{
	json_t *first;
	uint8_t byte = 0;

	bus_init(&m.ports, "port");
	bus_access(&m.ports, 0xeee0, &byte, 1, true);
	bus_access(&m.ports, 0xeee0, &byte, 1, false);
	bus_access(&m.ports, 0xeee0, &byte, 1, false);
	make();
	ck_assert_uint_eq(json_array_size(at("unknown_ports.addresses")), 1);
	first = json_array_get(at("unknown_ports.addresses"), 0);
	ck_assert_str_eq(json_string_value(json_object_get(first, "address")),
			 "0xeee0");
	ck_assert_int_eq(json_integer_value(json_object_get(first, "reads")),
			 2);
	ck_assert_int_eq(json_integer_value(json_object_get(first, "writes")),
			 1);
}
END_TEST

START_TEST(report__every_outcome_has_a_name)
{
	f.outcome = &o;
	for (o.kind = 0; o.kind <= OUTCOME_HOST; o.kind++) {
		make();
		ck_assert(json_is_string(at("outcome")));
	}
}
END_TEST

START_TEST(report__lists_the_devices)
{
	const struct machine_config config = { .cpus = 1 };
	const json_t *serial = NULL, *d;
	struct err e;
	size_t i;

	assert_ok(machine_plan_make(&m.plan, &config, &e), &e);
	make();
	ck_assert_uint_eq(json_array_size(at("devices")), m.plan.count);
	json_array_foreach(
		at("devices"), i,
		d) if (!strcmp(json_string_value(json_object_get(d, "name")),
			       "serial")) serial = d;
	ck_assert_ptr_nonnull(serial);
	ck_assert_str_eq(json_string_value(json_object_get(serial, "acpi")),
			 "COM1");
	ck_assert_int_eq(
		json_integer_value(json_object_get(serial, "interrupt")), 4);
	d = json_array_get(json_object_get(serial, "ranges"), 0);
	ck_assert_str_eq(json_string_value(json_object_get(d, "space")),
			 "ports");
	ck_assert_str_eq(json_string_value(json_object_get(d, "address")),
			 "0x3f8");
	ck_assert_int_eq(json_integer_value(json_object_get(d, "size")), 8);
}
END_TEST

/* A PCI function has a number, and a BAR instead of registers. */
START_TEST(report__has_pci_functions)
{
	const struct machine_config config = { .cpus = 1,
					       .virtio = MACHINE_VIRTIO_PCI };
	const json_t *d, *range;
	struct err e;

	assert_ok(machine_plan_make(&m.plan, &config, &e), &e);
	make();
	d = json_array_get(at("devices"), m.plan.count - 1);
	ck_assert_str_eq(json_string_value(json_object_get(d, "name")),
			 "virtio-rng");
	ck_assert_str_eq(json_string_value(json_object_get(d, "pci")),
			 "00:01.0");
	range = json_array_get(json_object_get(d, "ranges"), 0);
	ck_assert_str_eq(json_string_value(json_object_get(range, "space")),
			 "bar");
	ck_assert(json_is_null(json_object_get(d, "interrupt")));
	ck_assert(json_is_null(
		json_object_get(json_array_get(at("devices"), 0), "pci")));
}
END_TEST

static void count_two(void *dev, struct device_counters *c)
{
	device_count(c, "first", *(uint64_t *)dev);
	device_count(c, "second", 0);
}

START_TEST(report__has_the_counters_of_devices)
{
	static const struct device_type counts = { .name = "counts",
						   .report = count_two };
	static const struct device_type silent = { .name = "silent" };
	uint64_t value = UINT64_C(1) << 40;
	const json_t *d;

	m.plan.slots[0] = (struct device_slot){ &counts, .via = &counts };
	m.plan.slots[1] = (struct device_slot){ &silent, .via = &silent };
	m.plan.slots[2] = m.plan.slots[0];
	m.plan.count = 3;
	m.devices[0].state = m.devices[1].state = &value;
	make();
	d = json_object_get(json_array_get(at("devices"), 0), "counters");
	ck_assert_uint_eq(json_object_size(d), 2);
	ck_assert_int_eq(json_integer_value(json_object_get(d, "first")),
			 INT64_C(1) << 40);
	ck_assert_int_eq(json_integer_value(json_object_get(d, "second")), 0);
	/* A device that counts nothing, and one that was not created. */
	for (size_t i = 1; i < 3; i++) {
		d = json_array_get(at("devices"), i);
		ck_assert(json_is_null(json_object_get(d, "counters")));
	}
}
END_TEST

static bool forward_two(const void *config, unsigned n,
			struct device_forward *to)
{
	const unsigned *ports = config;

	*to = (struct device_forward){ n ? "udp" : "tcp", "::1", ports[n], 80 };
	return n < 2;
}

START_TEST(report__has_the_forwards_of_cards)
{
	static const struct device_option option = { .forward = forward_two };
	static const struct device_type card = { .name = "card",
						 .option = &option };
	static const struct device_type other = { .name = "other" };
	static const unsigned ports[] = { 4711, 65535, 0 };
	const json_t *all, *f1;

	m.plan.slots[0] = (struct device_slot){ &card, .via = &card,
						.config = ports };
	m.plan.slots[1] = (struct device_slot){ &other, .via = &other };
	m.plan.count = 2;
	make();
	all = json_object_get(json_array_get(at("devices"), 0), "forwards");
	ck_assert_uint_eq(json_array_size(all), 2);
	f1 = json_array_get(all, 1);
	ck_assert_str_eq(json_string_value(json_object_get(f1, "protocol")),
			 "udp");
	ck_assert_str_eq(json_string_value(json_object_get(f1, "address")),
			 "::1");
	ck_assert_int_eq(json_integer_value(json_object_get(f1, "port")),
			 65535);
	ck_assert_int_eq(json_integer_value(json_object_get(f1, "guest_port")),
			 80);
	ck_assert(json_is_null(
		json_object_get(json_array_get(at("devices"), 1), "forwards")));
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("report");
	TCase *t = tcase_create("report");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, report__has_all_keys_of_a_run_that_never_was);
	tcase_add_test(t, report__times_count_from_the_start);
	tcase_add_test(t, report__says_how_the_run_was_confined);
	tcase_add_test(t, report__kernel_entry_of_an_elf_only);
	tcase_add_test(t, report__console_is_clean);
	tcase_add_test(t, report__counts_unknown_addresses);
	tcase_add_test(t, report__every_outcome_has_a_name);
	tcase_add_test(t, report__lists_the_devices);
	tcase_add_test(t, report__has_pci_functions);
	tcase_add_test(t, report__has_the_counters_of_devices);
	tcase_add_test(t, report__has_the_forwards_of_cards);
	suite_add_tcase(s, t);
	return s;
}
