/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The small kernel: checks how it was started, prints it, and stops.
 *
 * A table of contents. Up to selfcheck_run() nothing may write to .data or
 * .bss, because the check looks at them as the loader left them.
 */
#include "boot.h"
#include "claims.h"
#include "console.h"
#include "end.h"
#include "firmware.h"
#include "lib/say.h"
#include "lib/serial.h"
#include "pic.h"
#include "pv/testport.h"
#include "report.h"
#include "selfcheck.h"
#include "sweep.h"
#include "trap.h"

void say_char(char c)
{
	serial_putc(c);
}

void kernel_main(const struct entry_frame *f)
{
	static struct boot boot;
	bool is_whole;
	unsigned failed;

	serial_init();
	say("\nself-checking kernel, %u bits\n", (unsigned)sizeof(long) * 8);
	trap_init();
	is_whole = selfcheck_run(f);

	firmware_look();
	pic_init();
	boot_read(&boot, f);
	report_boot(&boot);
	sweep_run(&boot);
	failed = claims_run(&boot);
	console_run(&boot);
	end_as_asked(&boot, is_whole && !failed ? TESTPORT_SUCCESS
						: TESTPORT_FAIL_CLAIMS);
}
