/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The end of a boot that cannot go on: say why, report it, stop.
 */
#include "bios.h"
#include "lib/io.h"
#include "lib/say.h"
#include "lib/serial.h"
#include "pv/testport.h"
#include "setup.h"

#define INT_VIDEO 0x10

static void screen_putc(char c)
{
	struct bios_regs r = { .ax = 0x0e00 | (uint8_t)c, .bx = 7 };

	bios_call(INT_VIDEO, &r);
}

void say_char(char c)
{
	serial_putc(c);
	if (c == '\n')
		screen_putc('\r');
	screen_putc(c);
}

void setup_fail(const char *why)
{
	serial_init();
	say("\nsetup: %s\n", why);
	outl(TESTPORT_EXIT, TESTPORT_FAIL_STUB);
	cpu_stop();
}
