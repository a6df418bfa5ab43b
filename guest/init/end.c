/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "init/init.h"

#include <linux/reboot.h>

#include "init/sys.h"
#include "lib/io.h"
#include "lib/say.h"
#include "pv/testport.h"

/* The write to the port ends the guest at once, so what must be on a disk or in
 * a shared folder has to be there before. */
void end_guest(unsigned value)
{
	long rc;

	(void)sys_0(__NR_sync);
	rc = sys_3(__NR_ioperm, TESTPORT_EXIT, TESTPORT_LEN, 1);
	if (!rc)
		outl(TESTPORT_EXIT, value);
	say("the status 0x%x cannot be reported by the test port: %s\n", value,
	    rc ? error_text((int)rc) : "it is missing");
	(void)sys_4(__NR_reboot, LINUX_REBOOT_MAGIC1, LINUX_REBOOT_MAGIC2,
		    LINUX_REBOOT_CMD_POWER_OFF, NULL);
	for (;;)
		sys_sleep_ms(1000);
}
