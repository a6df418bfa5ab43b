/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A hostile guest that uses the ports of every legacy device, while input is
 * typed.
 *
 * The input is a list of steps of four bytes: the operation, the port and the
 * value. Beyond not crashing: typed bytes arrive complete and in order, the
 * serial line's interrupt is raised exactly while IIR names a reason, and a
 * read fills exactly the requested bytes.
 */
#include "fuzz/fuzz.h"
#include "dev/bus.h"
#include "dev/pc/legacy.h"
#include "dev/pc/serial.h"
#include "pv/testport.h"
#include "pv/x86.h"

#include <stdlib.h>
#include <string.h>

#define STEP	  4
#define DATA_PORT COM1_PORT
#define IIR	  2
#define LCR	  3
#define MCR	  4
#define DLAB	  0x80
#define LOOP	  0x10
#define CANARY	  0xa5

static struct {
	struct bus bus;
	struct outcome_latch latch;
	struct serial serial;
	struct rtc rtc;
	struct i8042 i8042;
	struct pci_stub pci;
	struct testport testport;
	struct acpi_power power;
	uint8_t typed;	  /* what the source types next */
	uint8_t expected; /* what the guest must read next */
} m;

static void on_output(void *ctx, uint8_t byte)
{
	(void)ctx, (void)byte;
}

static void on_room(void *ctx)
{
	(void)ctx;
}

static void claim(bool holds)
{
	if (!holds)
		abort();
}

static void start(void)
{
	const struct line_host host = { .output = on_output, .room = on_room };
	const struct {
		uint16_t port, len;
		const struct device_ops *ops;
		void *dev;
	} devices[] = {
		{ I8042_DATA, 5, &i8042_ops, &m.i8042 },
		{ RTC_INDEX, 2, &rtc_ops, &m.rtc },
		{ TESTPORT_EXIT, TESTPORT_LEN, &testport_ops, &m.testport },
		{ COM1_PORT, SERIAL_PORTS, &serial_ops, &m.serial },
		{ ACPI_POWER_PORT, ACPI_POWER_LEN, &acpi_power_ops, &m.power },
		{ 0xcf8, 8, &pci_stub_ops, &m.pci },
	};
	struct err e;

	memset(&m, 0, sizeof(m));
	claim(!outcome_latch_init(&m.latch, &e));
	bus_init(&m.bus, "port");
	serial_init(&m.serial, (struct irq_line){ .vm = -1 }, &host);
	rtc_init(&m.rtc);
	i8042_init(&m.i8042, &m.latch);
	pci_stub_init(&m.pci, &m.latch);
	m.testport.latch = m.power.latch = &m.latch;
	for (size_t i = 0; i < sizeof(devices) / sizeof(*devices); i++)
		claim(!bus_add(&m.bus, devices[i].port, devices[i].len,
			       devices[i].ops, devices[i].dev, &e));
}

static uint8_t serial_reg(unsigned reg)
{
	return (uint8_t)serial_ops.read(&m.serial, reg, 1);
}

static void type(unsigned n)
{
	uint8_t bytes[256];
	size_t room = serial_room(&m.serial), taken;

	claim(room <= SERIAL_RX_QUEUE);
	for (unsigned i = 0; i < n; i++)
		bytes[i] = (uint8_t)(m.typed + i);
	taken = serial_receive(&m.serial, bytes, n);
	claim(taken == (n < room ? n : room));
	m.typed += (uint8_t)taken;
}

/* A read of the data port with the line waiting takes its next byte. */
static void expect_typed(uint8_t byte)
{
	if (!(serial_reg(LCR) & DLAB) && !(serial_reg(MCR) & LOOP))
		claim(byte == m.expected++);
}

/* On a copy: reading IIR may clear its reason. */
static void check_irq(void)
{
	static struct serial copy;
	bool pending;

	copy = m.serial;
	pending = !(serial_ops.read(&copy, IIR, 1) & 1);
	claim(pending == m.serial.irq_level);
}

static void access(uint16_t port, unsigned size, bool write, uint8_t value)
{
	uint8_t data[8];
	bool waiting = m.serial.line.count;

	memset(data, CANARY, sizeof(data));
	data[0] = value;
	bus_access(&m.bus, port, data, size, write);
	for (unsigned i = size; i < sizeof(data); i++)
		claim(data[i] == CANARY);
	if (!write && port == DATA_PORT && waiting)
		expect_typed(data[0]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint8_t sizes[] = { 1, 2, 4, 8 };

	start();
	for (; size >= STEP; data += STEP, size -= STEP) {
		uint16_t port = (uint16_t)(data[1] | data[2] << 8);

		if (data[0] & 0x80)
			type(data[3]);
		else
			access(port, sizes[data[0] & 3], data[0] & 4, data[3]);
		check_irq();
	}
	outcome_latch_release(&m.latch);
	return 0;
}

/* Steps of one byte each: W writes, R reads. */
#define W(port, value) 4, (port)&0xff, (port) >> 8, (value)
#define R(port)	       0, (port)&0xff, (port) >> 8, 0
#define TYPE(n)	       0x80, 0, 0, (n)

void fuzz_seeds(void)
{
	static const uint8_t uart[] = {
		W(0x3f9, 0x0f), TYPE(3),	R(0x3fa),	R(0x3f8),
		R(0x3fd),	W(0x3fc, 0x1f), W(0x3f8, 0x41), R(0x3f8),
		R(0x3fe),	W(0x3fb, 0x80), W(0x3f8, 0x0c), R(0x3f9),
		W(0x3fb, 0x03), W(0x3fa, 0x07), TYPE(255),	R(0x3f8),
	};
	static const uint8_t others[] = {
		W(0x64, 0xaa),	R(0x64),	R(0x60),	W(0x64, 0x60),
		W(0x60, 0x47),	W(0x64, 0xfe),	W(0x70, 0x8b),	R(0x71),
		W(0x71, 0xff),	W(0xcf8, 0x00), W(0xcfb, 0x80), R(0xcfc),
		W(0xcf9, 0x06), W(0xf4, 1),	W(0x600, 0x34), W(0x602, 1),
	};

	fuzz_seed("uart", uart, sizeof(uart));
	fuzz_seed("others", others, sizeof(others));
}
