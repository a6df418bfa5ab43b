/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Address bit 20. A PC forces it to zero until software enables it, so that
 * programs of 1981 could wrap around at 1 MiB. On nearly every machine it is
 * already enabled; the ways to do it are tried in order of their side effects.
 */
#include "bios.h"
#include "lib/io.h"
#include "pv/x86.h"
#include "setup.h"

#define INT_SYSTEM	 0x15
#define TEST_OFFSET	 0x200 /* of the vector of INT 80h: unused */
#define HIGH_SEGMENT	 0xffff
#define HIGH_OFFSET	 (TEST_OFFSET + 0x10)
#define PORT_92		 0x92
#define PORT_92_A20	 0x02
#define PORT_92_RESET	 0x01
#define I8042_INPUT_FULL 0x02
#define I8042_WRITE_OUT	 0xd1
#define I8042_OUT_A20	 0xdf
#define POLLS_MAX	 100000
#define TESTS_MAX	 1000

/* Is 0xffff:0x210 another place than 0:0x200? */
static bool a20_is_on(void)
{
	uint32_t saved = far_load32(0, TEST_OFFSET), value = saved;
	bool is_on = false;

	for (unsigned i = 0; i < TESTS_MAX && !is_on; i++) {
		far_store32(0, TEST_OFFSET, ++value);
		is_on = far_load32(HIGH_SEGMENT, HIGH_OFFSET) != value;
	}
	far_store32(0, TEST_OFFSET, saved);
	return is_on;
}

static void ask_bios(void)
{
	struct bios_regs r = { .ax = 0x2401 };

	bios_call(INT_SYSTEM, &r);
	asm volatile("cli");
}

static void i8042_wait(void)
{
	for (unsigned i = 0; i < POLLS_MAX; i++)
		if (!(inb(I8042_CMD) & I8042_INPUT_FULL))
			break;
}

static void ask_i8042(void)
{
	i8042_wait();
	outb(I8042_CMD, I8042_WRITE_OUT);
	i8042_wait();
	outb(I8042_DATA, I8042_OUT_A20);
	i8042_wait();
}

static void set_port_92(void)
{
	outb(PORT_92, (inb(PORT_92) | PORT_92_A20) & (uint8_t)~PORT_92_RESET);
}

void a20_enable(void)
{
	static void (*const ways[])(void) = { ask_bios, ask_i8042,
					      set_port_92 };

	for (unsigned i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		if (a20_is_on())
			return;
		ways[i]();
	}
	if (!a20_is_on())
		setup_fail("address bit 20 cannot be enabled");
}
