/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Garbage to every port; see sweep.h.
 *
 * The value is one that no port of the machine takes for an end of the run.
 * Only the test port accepts any value: it is not written as a whole.
 */
#include "lib/io.h"
#include "lib/say.h"
#include "lib/serial.h"
#include "pic.h"
#include "pv/testport.h"
#include "pv/x86.h"
#include "sweep.h"

/*
 * Not a pulse of the reset line at 0x64, not a sleep at 0x600, a reset at
 * 0x602 or 0xcf9, nor a panic at 0x505.
 */
#define GARBAGE	   0xaaaaaaaa
#define PORTS	   0x10000
#define WIDE_PORTS 0x1000 /* no device lies above */

#define ELCR_MASTER 0x4d0
#define ELCR_SLAVE  0x4d1

static void sweep_bytes(void)
{
	for (uint32_t port = 0; port < PORTS; port++) {
		outb((uint16_t)port, (uint8_t)GARBAGE);
		(void)inb((uint16_t)port);
	}
}

static void sweep_wide(void)
{
	for (uint16_t port = 0; port < WIDE_PORTS; port++) {
		outw(port, (uint16_t)GARBAGE);
		(void)inw(port);
		if (port != TESTPORT_EXIT)
			outl(port, GARBAGE);
		(void)inl(port);
	}
}

/* Garbage has set some edge interrupts to level. */
static void recover(void)
{
	outb(ELCR_MASTER, 0);
	outb(ELCR_SLAVE, 0);
	pic_init();
	serial_init();
}

void sweep_run(const struct boot *b)
{
	if (!cmdline_has(b, "sweep"))
		return;
	sweep_bytes();
	sweep_wide();
	recover();
	say("\nsweep: done\n");
}
