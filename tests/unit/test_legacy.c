/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A PC's small fixed devices, by what their data sheets say of each port:
 * clock, keyboard controller, PCI configuration, test port, ACPI registers.
 */
#include "unit/unit.h"
#include "dev/pc/legacy.h"
#include "pv/testport.h"

#include <time.h>

static struct outcome_latch latch;
static struct rtc rtc;
static struct i8042 kbd;
static struct pci_stub pci;
static struct testport testport = { &latch };
static struct acpi_power power = { &latch };
static struct pvpanic pvpanic = { &latch };

static void setup(void)
{
	struct err e;

	assert_ok(outcome_latch_init(&latch, &e), &e);
	rtc_init(&rtc);
	i8042_init(&kbd, &latch);
	pci_stub_init(&pci, &latch);
}

static void teardown(void)
{
	outcome_latch_release(&latch);
}

/* How the run ended, or that it did not (@kind < 0). */
static void expect_end(int kind, const char *evidence)
{
	struct outcome o;
	bool ended = outcome_get(&latch, &o);

	ck_assert_int_eq(ended, kind >= 0);
	if (!ended)
		return;
	ck_assert_int_eq((int)o.kind, kind);
	ck_assert_msg(strstr(o.evidence, evidence), "\"%s\"", o.evidence);
}

static uint8_t cmos(uint8_t reg)
{
	rtc_ops.write(&rtc, 0, 1, reg);
	return (uint8_t)rtc_ops.read(&rtc, 1, 1);
}

static void set_cmos(uint8_t reg, uint8_t value)
{
	rtc_ops.write(&rtc, 0, 1, reg);
	rtc_ops.write(&rtc, 1, 1, value);
}

static int from_bcd(uint8_t v)
{
	ck_assert_msg((v & 0xf) < 10 && v >> 4 < 10, "0x%02x is not BCD", v);
	return v / 16 * 10 + v % 16;
}

/* The clock's UTC time, read again if a second passed meanwhile. */
static struct tm clock_time(void)
{
	struct tm tm = { 0 };

	do {
		tm.tm_sec = from_bcd(cmos(0));
		tm.tm_min = from_bcd(cmos(2));
		tm.tm_hour = from_bcd(cmos(4));
		tm.tm_wday = from_bcd(cmos(6)) - 1;
		tm.tm_mday = from_bcd(cmos(7));
		tm.tm_mon = from_bcd(cmos(8)) - 1;
		tm.tm_year = from_bcd(cmos(0x32)) * 100 + from_bcd(cmos(9)) -
			     1900;
	} while (tm.tm_sec != from_bcd(cmos(0)));
	return tm;
}

static void expect_host_time(void)
{
	time_t before = time(NULL), after, told;
	struct tm tm = clock_time(), back;

	after = time(NULL);
	told = timegm(&tm);
	ck_assert_msg(told >= before && told <= after, "%ld, not %ld",
		      (long)told, (long)before);
	gmtime_r(&told, &back);
	ck_assert_int_eq(clock_time().tm_wday, back.tm_wday);
}

START_TEST(rtc__tells_the_time)
{
	expect_host_time();
}
END_TEST

static time_t fake_now;

static time_t fake_time(time_t *out)
{
	if (out)
		*out = fake_now;
	return fake_now;
}

/* 1999-12-31 23:59:59 UTC, a Friday; every field changes a second later. */
#define LAST_SECOND 946684799

static const struct {
	uint8_t reg, before, after;
} midnight[] = {
	{ 0x00, 0x59, 0x00 }, { 0x02, 0x59, 0x00 }, { 0x04, 0x23, 0x00 },
	{ 0x06, 0x06, 0x07 }, { 0x07, 0x31, 0x01 }, { 0x08, 0x12, 0x01 },
	{ 0x09, 0x99, 0x00 }, { 0x32, 0x19, 0x20 },
};

/* Whenever the second ends, and in either order, the time is consistent. */
START_TEST(rtc__registers_tell_one_time)
{
	const unsigned n = COUNT(midnight);

	rtc.host_time = fake_time;
	for (unsigned turn = 0; turn <= n; turn++) {
		fake_now = LAST_SECOND;
		ck_assert_uint_eq(cmos(0x0a), 0x26);
		for (unsigned i = 0; i < n; i++) {
			unsigned at = _i ? n - 1 - i : i;

			fake_now = LAST_SECOND + (i >= turn);
			ck_assert_uint_eq(cmos(midnight[at].reg),
					  midnight[at].before);
		}
	}
}
END_TEST

START_TEST(rtc__does_not_stand_still)
{
	uint8_t reg = midnight[_i].reg;

	rtc.host_time = fake_time;
	fake_now = LAST_SECOND;
	ck_assert_uint_eq(cmos(reg), midnight[_i].before);
	/* read again */
	fake_now++;
	ck_assert_uint_eq(cmos(reg), midnight[_i].after);
	/* a new reading begins with register A */
	fake_now = LAST_SECOND;
	cmos(0x0a);
	fake_now++;
	cmos(0x0a);
	ck_assert_uint_eq(cmos(reg), midnight[_i].after);
	/* a reading abandoned long ago, or the host's clock set back */
	cmos(0x0a);
	fake_now = LAST_SECOND - 60;
	cmos(0x0a);
	fake_now = LAST_SECOND + 1;
	ck_assert_uint_eq(cmos(reg), midnight[_i].after);
	cmos(0x0a);
	fake_now = LAST_SECOND;
	ck_assert_uint_eq(cmos(reg), midnight[_i].before);
}
END_TEST

START_TEST(rtc__status_registers)
{
	ck_assert_uint_eq(cmos(0x0a), 0x26); /* no update in progress */
	ck_assert_uint_eq(cmos(0x0b), 0x02); /* 24 hours, BCD */
	ck_assert_uint_eq(cmos(0x0c), 0);    /* no interrupt */
	ck_assert_uint_eq(cmos(0x0d), 0x80); /* the battery is good */
}
END_TEST

START_TEST(rtc__ram_holds)
{
	for (unsigned i = 0x0e; i < 0x80; i++)
		if (i != 0x32)
			set_cmos((uint8_t)i, (uint8_t)(i ^ 0x5a));
	for (unsigned i = 0x0e; i < 0x80; i++)
		if (i != 0x32)
			ck_assert_uint_eq(cmos((uint8_t)i), i ^ 0x5a);
}
END_TEST

START_TEST(rtc__top_bit_of_the_index_masks_nmi)
{
	set_cmos(0x40, 0x77);
	ck_assert_uint_eq(cmos(0xc0), 0x77);
	ck_assert_uint_eq(rtc_ops.read(&rtc, 0, 1), 0xff);
}
END_TEST

START_TEST(rtc__the_time_cannot_be_set)
{
	set_cmos(9, 0x01);
	set_cmos(0x32, 0x19);
	set_cmos(0x0a, 0xff);
	set_cmos(0x0d, 0);
	expect_host_time();
	ck_assert_uint_eq(cmos(0x0a), 0x26);
	ck_assert_uint_eq(cmos(0x0d), 0x80);
}
END_TEST

/* The format bits describe the format, so they must be correct. */
START_TEST(rtc__the_format_cannot_be_set)
{
	set_cmos(0x0b, 0x04); /* binary, 12 hours */
	ck_assert_uint_eq(cmos(0x0b) & 0x06, 0x02);
	set_cmos(0x0b, 0xf6); /* the other bits belong to the guest */
	ck_assert_uint_eq(cmos(0x0b), 0xf2);
}
END_TEST

static uint8_t kbd_in(uint16_t port)
{
	return (uint8_t)i8042_ops.read(&kbd, port - 0x60u, 1);
}

static void kbd_out(uint16_t port, uint8_t value)
{
	i8042_ops.write(&kbd, port - 0x60u, 1, value);
}

START_TEST(i8042__after_reset)
{
	/* Unlocked, self-test passed, nothing to read, ready for a command. */
	ck_assert_uint_eq(kbd_in(0x64), 0x14);
	ck_assert_uint_eq(kbd_in(0x61), 0xff);
}
END_TEST

static const struct {
	uint8_t command, answer;
} kbd_answers[] = {
	{ 0xaa, 0x55 }, /* self-test */
	{ 0xab, 0x00 }, /* keyboard interface test */
	{ 0xa9, 0x00 }, /* auxiliary interface test */
	{ 0x20, 0x04 }, /* command byte: the system flag */
};

START_TEST(i8042__answers_a_command)
{
	kbd_out(0x64, kbd_answers[_i].command);
	ck_assert_uint_eq(kbd_in(0x64), 0x1d); /* full, command last */
	ck_assert_uint_eq(kbd_in(0x60), kbd_answers[_i].answer);
	ck_assert_uint_eq(kbd_in(0x64), 0x1c);
	expect_end(-1, NULL);
}
END_TEST

START_TEST(i8042__command_byte_holds)
{
	kbd_out(0x64, 0x60);
	kbd_out(0x60, 0x47);
	ck_assert_uint_eq(kbd_in(0x64) & 0x01, 0);
	kbd_out(0x64, 0x20);
	ck_assert_uint_eq(kbd_in(0x60), 0x47);
}
END_TEST

START_TEST(i8042__gives_back_what_the_keyboard_would_have_said)
{
	kbd_out(0x64, 0xd2);
	kbd_out(0x60, 0x1e);
	ck_assert_uint_eq(kbd_in(0x64) & 0x41, 0x01);
	ck_assert_uint_eq(kbd_in(0x60), 0x1e);
}
END_TEST

static const int devices[] = { -1, 0xd4 }; /* keyboard, mouse */

START_TEST(i8042__nobody_is_there)
{
	if (devices[_i] >= 0)
		kbd_out(0x64, (uint8_t)devices[_i]);
	kbd_out(0x60, 0xf4);
	ck_assert_uint_eq(kbd_in(0x64) & 0x41, 0x41); /* full, timeout */
	ck_assert_uint_eq(kbd_in(0x60), 0xfe);
	ck_assert_uint_eq(kbd_in(0x64), 0x14);
}
END_TEST

static const struct {
	int command; /* to 0x64 */
	int data;    /* to 0x60, or -1 */
	bool resets;
} kbd_pulses[] = {
	{ 0xfe, -1, true },    { 0xf0, -1, true },    { 0xfa, -1, true },
	{ 0xff, -1, false },   { 0xf1, -1, false },   { 0xd1, 0x00, true },
	{ 0xd1, 0xfe, true },  { 0xd1, 0x01, false }, { 0xd1, 0xff, false },
	{ 0xd4, 0xfe, false }, { 0x60, 0x00, false }, { 0xee, -1, false },
};

START_TEST(i8042__output_port_resets)
{
	kbd_out(0x64, (uint8_t)kbd_pulses[_i].command);
	if (kbd_pulses[_i].data >= 0) {
		expect_end(-1, NULL);
		kbd_out(0x60, (uint8_t)kbd_pulses[_i].data);
	}
	if (kbd_pulses[_i].resets)
		expect_end(OUTCOME_RESET, "written to port 0x64");
	else
		expect_end(-1, NULL);
}
END_TEST

/* A command that waits for data is dropped when another one arrives. */
START_TEST(i8042__a_new_command_takes_over)
{
	kbd_out(0x64, 0xd1);
	kbd_out(0x64, 0x20);
	(void)kbd_in(0x60);
	kbd_out(0x60, 0x00);
	expect_end(-1, NULL);
	kbd_out(0x64, 0x20);
	ck_assert_uint_eq(kbd_in(0x60), 0x04);
}
END_TEST

static uint32_t pci_in(uint16_t port, unsigned size)
{
	uint64_t mask = UINT64_MAX >> (64 - 8 * size);

	return (uint32_t)(pci_stub_ops.read(&pci, port - 0xcf8u, size) & mask);
}

static void pci_out(uint16_t port, unsigned size, uint32_t value)
{
	pci_stub_ops.write(&pci, port - 0xcf8u, size, value);
}

static const struct {
	uint32_t address;
	uint16_t port;
	unsigned size;
	uint32_t want;
} pci_reads[] = {
	/* the host bridge at 00:00.0 */
	{ 0x80000000, 0xcfc, 4, 0x12378086 },
	{ 0x80000000, 0xcfc, 2, 0x8086 },
	{ 0x80000000, 0xcfe, 2, 0x1237 },
	{ 0x80000000, 0xcfd, 1, 0x80 },
	{ 0x80000000, 0xcff, 1, 0x12 },
	{ 0x80000008, 0xcfc, 4, 0x06000002 },
	{ 0x80000008, 0xcfe, 2, 0x0600 }, /* class, as Linux's probe has it */
	{ 0x80000004, 0xcfc, 4, 0 },
	{ 0x8000000c, 0xcfe, 1, 0 }, /* header type 0, one function */
	{ 0x800000fc, 0xcfc, 4, 0 },
	/* other functions, devices, buses; mechanism off */
	{ 0x80000100, 0xcfc, 4, 0xffffffff },
	{ 0x80000800, 0xcfc, 4, 0xffffffff },
	{ 0x8000f800, 0xcfc, 2, 0xffff },
	{ 0x80010000, 0xcfc, 4, 0xffffffff },
	{ 0x80ffff00, 0xcfe, 1, 0xff },
	{ 0x00000000, 0xcfc, 4, 0xffffffff },
};

START_TEST(pci__reads)
{
	pci_out(0xcf8, 4, pci_reads[_i].address);
	ck_assert_uint_eq(pci_in(0xcf8, 4), pci_reads[_i].address);
	ck_assert_uint_eq(pci_in(pci_reads[_i].port, pci_reads[_i].size),
			  pci_reads[_i].want);
	/* All writes are ignored. */
	pci_out(pci_reads[_i].port, pci_reads[_i].size, 0x5a5a5a5a);
	ck_assert_uint_eq(pci_in(pci_reads[_i].port, pci_reads[_i].size),
			  pci_reads[_i].want);
	expect_end(-1, NULL);
}
END_TEST

START_TEST(pci__address_register_is_a_doubleword)
{
	pci_out(0xcf8, 4, 0xffffffff);
	ck_assert_uint_eq(pci_in(0xcf8, 4), 0x80fffffc);
	/*
	 * Linux's probe of mechanism 1: a byte write next to it does not count.
	 */
	pci_out(0xcfb, 1, 0x01);
	ck_assert_uint_eq(pci_in(0xcf8, 4), 0x80fffffc);
	pci_out(0xcf8, 1, 0);
	pci_out(0xcf8, 2, 0);
	ck_assert_uint_eq(pci_in(0xcf8, 4), 0x80fffffc);
}
END_TEST

static const struct {
	uint16_t port;
	unsigned size;
	uint32_t value;
	bool resets;
} resets[] = {
	{ 0xcf9, 1, 0x04, true },  { 0xcf9, 1, 0x06, true },
	{ 0xcf9, 1, 0x0e, true },  { 0xcf9, 1, 0x02, false },
	{ 0xcf9, 1, 0x00, false }, { 0xcf8, 4, 0x80000400, false },
	{ 0xcfa, 1, 0x04, false }, { 0xcfc, 4, 0x04, false },
};

START_TEST(pci__reset_control)
{
	pci_out(resets[_i].port, resets[_i].size, resets[_i].value);
	if (resets[_i].resets)
		expect_end(OUTCOME_RESET, "written to port 0xcf9");
	else
		expect_end(-1, NULL);
}
END_TEST

START_TEST(testport__takes_one_doubleword)
{
	testport_ops.write(&testport, 0, 1, 1);
	testport_ops.write(&testport, 0, 2, 1);
	testport_ops.write(&testport, 2, 2, 1);
	testport_ops.write(&testport, 1, 4, 1);
	expect_end(-1, NULL);
	ck_assert_uint_eq(testport_ops.read(&testport, 0, 4), 0);
	testport_ops.write(&testport, 0, 4, 0xfffffffe);
	expect_end(OUTCOME_REPORTED,
		   "test port: 4294967294 written to port 0xf4");
}
END_TEST

START_TEST(testport__keeps_the_value)
{
	struct outcome o;

	testport_ops.write(&testport, 0, 4, 77);
	ck_assert(outcome_get(&latch, &o));
	ck_assert_uint_eq(o.value, 77);
}
END_TEST

static const struct {
	unsigned off;
	uint8_t value;
	int end;
} powers[] = {
	/* SLP_EN is bit 5, SLP_TYP bits 2 to 4 */
	{ ACPI_SLEEP_CTL, 0x20 | ACPI_S5_TYPE << 2, OUTCOME_POWEROFF },
	{ ACPI_SLEEP_CTL, 0xff & ~(2 << 2), OUTCOME_POWEROFF },
	{ ACPI_SLEEP_CTL, ACPI_S5_TYPE << 2, -1 },
	{ ACPI_SLEEP_CTL, 0x20, -1 },
	{ ACPI_SLEEP_CTL, 0x20 | 3 << 2, -1 },
	{ ACPI_SLEEP_STS, 0xff, -1 },
	{ ACPI_RESET, ACPI_RESET_VALUE, OUTCOME_RESET },
	{ ACPI_RESET, 0, -1 },
};

START_TEST(acpi_power__sleeps_and_resets)
{
	ck_assert_uint_eq(acpi_power_ops.read(&power, powers[_i].off, 1), 0);
	acpi_power_ops.write(&power, powers[_i].off, 1, powers[_i].value);
	expect_end(powers[_i].end, powers[_i].end == OUTCOME_RESET
					   ? "port 0x602"
					   : "S5 written to port "
					     "0x600");
}
END_TEST

static const struct {
	uint8_t value;
	int end;
} panics[] = {
	{ 0x00, -1 },
	{ 0x01, OUTCOME_PANIC },
	{ 0x02, -1 }, /* a crash kernel goes on from here */
	{ 0x03, OUTCOME_PANIC },
	{ 0xfc, -1 },
};

START_TEST(pvpanic__ends_on_the_panic_bit)
{
	ck_assert_uint_eq(pvpanic_ops.read(&pvpanic, 0, 1), 0x03);
	pvpanic_ops.write(&pvpanic, 0, 1, panics[_i].value);
	expect_end(panics[_i].end, "written to port 0x505");
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("legacy");
	TCase *t = tcase_create("legacy");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, rtc__tells_the_time);
	tcase_add_loop_test(t, rtc__registers_tell_one_time, 0, 2);
	tcase_add_loop_test(t, rtc__does_not_stand_still, 0, COUNT(midnight));
	tcase_add_test(t, rtc__status_registers);
	tcase_add_test(t, rtc__ram_holds);
	tcase_add_test(t, rtc__top_bit_of_the_index_masks_nmi);
	tcase_add_test(t, rtc__the_time_cannot_be_set);
	tcase_add_test(t, rtc__the_format_cannot_be_set);
	tcase_add_test(t, i8042__after_reset);
	tcase_add_loop_test(t, i8042__answers_a_command, 0, COUNT(kbd_answers));
	tcase_add_test(t, i8042__command_byte_holds);
	tcase_add_test(t, i8042__gives_back_what_the_keyboard_would_have_said);
	tcase_add_loop_test(t, i8042__nobody_is_there, 0, COUNT(devices));
	tcase_add_loop_test(t, i8042__output_port_resets, 0, COUNT(kbd_pulses));
	tcase_add_test(t, i8042__a_new_command_takes_over);
	tcase_add_loop_test(t, pci__reads, 0, COUNT(pci_reads));
	tcase_add_test(t, pci__address_register_is_a_doubleword);
	tcase_add_loop_test(t, pci__reset_control, 0, COUNT(resets));
	tcase_add_test(t, testport__takes_one_doubleword);
	tcase_add_test(t, testport__keeps_the_value);
	tcase_add_loop_test(t, acpi_power__sleeps_and_resets, 0, COUNT(powers));
	tcase_add_loop_test(t, pvpanic__ends_on_the_panic_bit, 0,
			    COUNT(panics));
	suite_add_tcase(s, t);
	return s;
}
