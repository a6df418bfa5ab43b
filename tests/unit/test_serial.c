/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The serial port, register by register. The interrupt line is not connected;
 * the tests read it from struct serial, and IIR gives its reason.
 *
 * Bits are written as the data sheet has them (PC16550D, tables II to IV).
 */
#include "unit/unit.h"
#include "dev/pc/serial.h"

enum { DATA, IER, IIR, LCR, MCR, LSR, MSR, SCR, FCR = IIR };

#define IIR_MSI	 0x00
#define IIR_NONE 0x01
#define IIR_THRE 0x02
#define IIR_RX	 0x04
#define IIR_LINE 0x06

#define ON_RX	0x01 /* IER */
#define ON_THRE 0x02
#define ON_LINE 0x04
#define ON_MSI	0x08

#define LOOP 0x10 /* MCR */
#define IDLE 0x60 /* LSR */
#define DR   0x01
#define OE   0x02

static struct serial s;
static char sent[256];
static size_t sent_count;
static unsigned rooms;

static void on_output(void *ctx, uint8_t byte)
{
	ck_assert_ptr_eq(ctx, &s);
	ck_assert_uint_lt(sent_count, sizeof(sent));
	sent[sent_count++] = (char)byte;
}

static void on_room(void *ctx)
{
	ck_assert_ptr_eq(ctx, &s);
	rooms++;
}

static void setup(void)
{
	const struct line_host host = { .ctx = &s,
					.output = on_output,
					.room = on_room };

	serial_init(&s, (struct irq_line){ .vm = -1, .gsi = 4 }, &host);
	sent_count = rooms = 0;
}

static uint8_t in(unsigned reg)
{
	return (uint8_t)serial_ops.read(&s, reg, 1);
}

static void out(unsigned reg, uint8_t value)
{
	serial_ops.write(&s, reg, 1, value);
}

static void type(const char *text)
{
	ck_assert_uint_eq(
		serial_receive(&s, (const uint8_t *)text, strlen(text)),
		strlen(text));
}

/* The reason for the raised line; reading it may acknowledge it. */
static void expect_iir(uint8_t want)
{
	bool level = s.irq_level;
	uint8_t iir = in(IIR);

	ck_assert_msg(iir == want, "IIR is 0x%02x, not 0x%02x", iir, want);
	ck_assert_msg(level == !(want & IIR_NONE), "the line is %d", level);
}

static void expect_reg(unsigned reg, uint8_t want)
{
	uint8_t got = in(reg);

	ck_assert_msg(got == want, "register %u is 0x%02x, not 0x%02x", reg,
		      got, want);
}

START_TEST(serial__after_reset)
{
	expect_reg(DATA, 0);
	expect_reg(IER, 0);
	expect_iir(IIR_NONE);
	expect_reg(LCR, 0);
	expect_reg(LSR, IDLE);
	expect_reg(MSR, 0xb0); /* DCD, DSR, CTS: somebody listens */
	expect_reg(SCR, 0);
	ck_assert(!s.irq_level);
}
END_TEST

START_TEST(serial__registers_hold)
{
	out(SCR, 0xa5);
	expect_reg(SCR, 0xa5);
	out(LCR, 0x1f);
	expect_reg(LCR, 0x1f);
	out(IER, 0xff); /* the upper half does not exist */
	expect_reg(IER, 0x0f);
	out(IER, 0);
	out(MCR, 0xff); /* nor do the upper three bits */
	expect_reg(MCR, 0x1f);
	out(MCR, 0x0b);
	expect_reg(MCR, 0x0b);
	out(LSR, 0xff);
	expect_reg(LSR, IDLE);
	(void)in(MSR);
	out(MSR, 0xff);
	expect_reg(MSR, 0xb0);
}
END_TEST

START_TEST(serial__divisor_latch)
{
	out(DATA, 'a');
	out(IER, ON_RX);
	out(LCR, 0x83);
	out(DATA, 0x0c);
	out(IER, 0x34);
	expect_reg(DATA, 0x0c);
	expect_reg(IER, 0x34);
	out(LCR, 0x03);
	expect_reg(IER, ON_RX);
	expect_reg(DATA, 0);
	/* A divisor byte is not sent. */
	ck_assert_uint_eq(sent_count, 1);
	out(LCR, 0x83);
	expect_reg(DATA, 0x0c);
	expect_reg(IER, 0x34);
}
END_TEST

START_TEST(serial__sends)
{
	for (const char *p = "hello"; *p; p++) {
		expect_reg(LSR, IDLE);
		out(DATA, (uint8_t)*p);
	}
	ck_assert_uint_eq(sent_count, 5);
	ck_assert_int_eq(memcmp(sent, "hello", 5), 0);
}
END_TEST

START_TEST(serial__receives_in_order)
{
	type("ab");
	expect_reg(LSR, IDLE | DR);
	expect_reg(DATA, 'a');
	expect_reg(LSR, IDLE | DR);
	expect_reg(DATA, 'b');
	expect_reg(LSR, IDLE);
	expect_reg(DATA, 0);
}
END_TEST

START_TEST(serial__fifo_bits_only_when_on)
{
	expect_iir(IIR_NONE);
	out(FCR, 0x01);
	expect_iir(0xc0 | IIR_NONE);
	out(FCR, 0x00);
	expect_iir(IIR_NONE);
}
END_TEST

START_TEST(serial__receive_interrupt)
{
	type("xy");
	expect_iir(IIR_NONE); /* not asked for */
	out(IER, ON_RX);
	expect_iir(IIR_RX);
	expect_iir(IIR_RX); /* reading IIR does not take it back */
	(void)in(DATA);
	expect_iir(IIR_RX);
	(void)in(DATA);
	expect_iir(IIR_NONE);
	type("z");
	ck_assert(s.irq_level);
	out(IER, 0);
	ck_assert(!s.irq_level);
}
END_TEST

START_TEST(serial__transmitter_interrupt)
{
	out(IER, ON_THRE); /* THR is empty: at once */
	ck_assert(s.irq_level);
	expect_iir(IIR_THRE);
	expect_iir(IIR_NONE); /* that was the acknowledgement */
	out(IER, ON_THRE);    /* it was on already */
	expect_iir(IIR_NONE);
	out(DATA, 'a');
	expect_iir(IIR_THRE);
	expect_iir(IIR_NONE);
	out(IER, 0);
	out(DATA, 'b');
	expect_iir(IIR_NONE);
	out(IER, ON_THRE);
	expect_iir(IIR_THRE);
}
END_TEST

/* Linux's probe for it: disabling and enabling must raise it again. */
START_TEST(serial__transmitter_interrupt_when_enabled_again)
{
	out(IER, ON_THRE);
	expect_iir(IIR_THRE);
	out(IER, 0);
	expect_iir(IIR_NONE);
	out(IER, ON_THRE);
	expect_iir(IIR_THRE);
}
END_TEST

/* Reading IIR acknowledges nothing while it names a more urgent reason. */
START_TEST(serial__transmitter_interrupt_waits_its_turn)
{
	out(IER, ON_THRE | ON_RX);
	type("x");
	expect_iir(IIR_RX);
	expect_iir(IIR_RX);
	(void)in(DATA);
	expect_iir(IIR_THRE);
	expect_iir(IIR_NONE);
}
END_TEST

START_TEST(serial__loopback_returns_and_does_not_send)
{
	out(MCR, LOOP);
	out(DATA, 'q');
	expect_reg(LSR, IDLE | DR);
	expect_reg(DATA, 'q');
	expect_reg(LSR, IDLE);
	ck_assert_uint_eq(sent_count, 0);
	out(MCR, 0);
	out(DATA, 'r');
	ck_assert_uint_eq(sent_count, 1);
	expect_reg(LSR, IDLE);
}
END_TEST

/* Typed input is received after the loopback test, not in it. */
START_TEST(serial__loopback_does_not_hear_the_line)
{
	type("abc");
	out(MCR, LOOP);
	expect_reg(LSR, IDLE);
	out(DATA, 'q');
	out(DATA, 'r');
	expect_reg(DATA, 'q');
	type("d");
	out(MCR, 0); /* the r is forgotten */
	for (const char *p = "abcd"; *p; p++)
		expect_reg(DATA, (uint8_t)*p);
	expect_reg(LSR, IDLE);
}
END_TEST

START_TEST(serial__loopback_overruns_after_a_fifo)
{
	out(MCR, LOOP);
	out(IER, ON_LINE);
	for (unsigned i = 0; i < 16; i++)
		out(DATA, (uint8_t)('a' + i));
	expect_iir(IIR_NONE);
	out(DATA, '!');
	expect_iir(IIR_LINE);
	expect_reg(LSR, IDLE | DR | OE);
	expect_iir(IIR_NONE); /* reading LSR took it back */
	expect_reg(LSR, IDLE | DR);
	for (unsigned i = 0; i < 16; i++)
		expect_reg(DATA, (uint8_t)('a' + i));
	expect_reg(LSR, IDLE);
}
END_TEST

static const struct {
	uint8_t mcr, msr;
} modem[] = {
	{ LOOP, 0x00 },	       { LOOP | 0x01, 0x20 }, /* DTR is DSR */
	{ LOOP | 0x02, 0x10 },			      /* RTS is CTS */
	{ LOOP | 0x04, 0x40 },			      /* OUT1 is RI */
	{ LOOP | 0x08, 0x80 },			      /* OUT2 is DCD */
	{ LOOP | 0x0a, 0x90 },			      /* what Linux looks for */
	{ LOOP | 0x0f, 0xf0 },
};

START_TEST(serial__loopback_of_the_modem_lines)
{
	out(MCR, modem[_i].mcr);
	(void)in(MSR);
	expect_reg(MSR, modem[_i].msr);
}
END_TEST

START_TEST(serial__modem_changes)
{
	out(MCR, LOOP);
	expect_reg(MSR, 0x0b); /* DCTS, DDSR, DDCD: they fell */
	expect_reg(MSR, 0x00); /* reading took that back */
	out(MCR, LOOP | 0x01);
	expect_reg(MSR, 0x22);
	out(MCR, LOOP | 0x05); /* RI rises: not reported */
	expect_reg(MSR, 0x60);
	out(MCR, LOOP | 0x01); /* RI falls: TERI */
	expect_reg(MSR, 0x24);
}
END_TEST

START_TEST(serial__modem_interrupt)
{
	out(MCR, LOOP);
	(void)in(MSR);
	out(IER, ON_MSI);
	expect_iir(IIR_NONE);
	out(MCR, LOOP | 0x02);
	expect_iir(IIR_MSI);
	expect_iir(IIR_MSI);
	(void)in(MSR);
	expect_iir(IIR_NONE);
}
END_TEST

START_TEST(serial__interrupts_by_priority)
{
	out(IER, 0x0f);
	out(MCR, LOOP); /* falling modem lines */
	for (unsigned i = 0; i < 17; i++)
		out(DATA, 'a'); /* data, overrun, THR empty */
	expect_iir(IIR_LINE);
	(void)in(LSR);
	expect_iir(IIR_RX);
	for (unsigned i = 0; i < 16; i++)
		(void)in(DATA);
	expect_iir(IIR_THRE);
	expect_iir(IIR_MSI);
	(void)in(MSR);
	expect_iir(IIR_NONE);
}
END_TEST

START_TEST(serial__clearing_the_fifo_keeps_what_was_typed)
{
	type("early");
	out(FCR, 0x07);
	expect_reg(LSR, IDLE | DR);
	for (const char *p = "early"; *p; p++)
		expect_reg(DATA, (uint8_t)*p);
}
END_TEST

START_TEST(serial__clearing_the_fifo_clears_the_loop)
{
	out(MCR, LOOP);
	out(DATA, 'x');
	out(FCR, 0x01); /* enabling alone clears nothing */
	expect_reg(LSR, IDLE | DR);
	out(FCR, 0x03);
	expect_reg(LSR, IDLE);
}
END_TEST

START_TEST(serial__queue_takes_what_it_has_room_for)
{
	static uint8_t data[SERIAL_RX_QUEUE + 10];

	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)(i * 7);
	ck_assert_uint_eq(serial_room(&s), SERIAL_RX_QUEUE);
	ck_assert_uint_eq(serial_receive(&s, data, 5), 5);
	ck_assert_uint_eq(serial_room(&s), SERIAL_RX_QUEUE - 5);
	ck_assert_uint_eq(serial_receive(&s, data + 5, sizeof(data) - 5),
			  SERIAL_RX_QUEUE - 5);
	ck_assert_uint_eq(serial_receive(&s, data, 1), 0);
	for (size_t i = 0; i < SERIAL_RX_QUEUE; i++)
		expect_reg(DATA, data[i]);
	expect_reg(LSR, IDLE);
}
END_TEST

static void fill(void)
{
	static const uint8_t zeros[SERIAL_RX_QUEUE];

	ck_assert_uint_eq(serial_receive(&s, zeros, sizeof(zeros)),
			  sizeof(zeros));
}

START_TEST(serial__says_when_there_is_room_again)
{
	fill();
	ck_assert_uint_eq(serial_room(&s), 0);
	/* Not for each byte: once half of it is free. */
	for (unsigned i = 0; i < SERIAL_RX_QUEUE / 2; i++)
		(void)in(DATA);
	ck_assert_uint_eq(rooms, 0);
	(void)in(DATA);
	ck_assert_uint_eq(rooms, 1);
	while (in(LSR)&DR)
		(void)in(DATA);
	ck_assert_uint_eq(rooms, 1);
}
END_TEST

START_TEST(serial__does_not_say_so_to_one_who_never_asked)
{
	fill();
	while (in(LSR)&DR)
		(void)in(DATA);
	ck_assert_uint_eq(rooms, 0);
}
END_TEST

START_TEST(serial__queue_goes_round)
{
	for (unsigned i = 0; i < 3 * SERIAL_RX_QUEUE / 100; i++) {
		uint8_t data[100];

		for (unsigned j = 0; j < sizeof(data); j++)
			data[j] = (uint8_t)(i + j);
		ck_assert_uint_eq(serial_receive(&s, data, sizeof(data)),
				  sizeof(data));
		for (unsigned j = 0; j < sizeof(data); j++)
			expect_reg(DATA, data[j]);
	}
}
END_TEST

Suite *unit_suite(void)
{
	Suite *suite = suite_create("serial");
	TCase *t = tcase_create("serial");

	tcase_add_checked_fixture(t, setup, NULL);
	tcase_add_test(t, serial__after_reset);
	tcase_add_test(t, serial__registers_hold);
	tcase_add_test(t, serial__divisor_latch);
	tcase_add_test(t, serial__sends);
	tcase_add_test(t, serial__receives_in_order);
	tcase_add_test(t, serial__fifo_bits_only_when_on);
	tcase_add_test(t, serial__receive_interrupt);
	tcase_add_test(t, serial__transmitter_interrupt);
	tcase_add_test(t, serial__transmitter_interrupt_when_enabled_again);
	tcase_add_test(t, serial__transmitter_interrupt_waits_its_turn);
	tcase_add_test(t, serial__loopback_returns_and_does_not_send);
	tcase_add_test(t, serial__loopback_does_not_hear_the_line);
	tcase_add_test(t, serial__loopback_overruns_after_a_fifo);
	tcase_add_loop_test(t, serial__loopback_of_the_modem_lines, 0,
			    COUNT(modem));
	tcase_add_test(t, serial__modem_changes);
	tcase_add_test(t, serial__modem_interrupt);
	tcase_add_test(t, serial__interrupts_by_priority);
	tcase_add_test(t, serial__clearing_the_fifo_keeps_what_was_typed);
	tcase_add_test(t, serial__clearing_the_fifo_clears_the_loop);
	tcase_add_test(t, serial__queue_takes_what_it_has_room_for);
	tcase_add_test(t, serial__says_when_there_is_room_again);
	tcase_add_test(t, serial__does_not_say_so_to_one_who_never_asked);
	tcase_add_test(t, serial__queue_goes_round);
	suite_add_tcase(suite, t);
	return suite;
}
