/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Claims about the keyboard controller, which is there to reset the machine.
 */
#include "claims.h"
#include "lib/io.h"
#include "pv/x86.h"

#define STATUS_INPUT_FULL 0x02
#define READY_READS_MAX	  100000

static enum verdict status_answers(const struct boot *b)
{
	(void)b;
	return inb(I8042_CMD) != 0xff;
}

/* Linux waits for this before it sends the reset, half a second at most. */
static enum verdict becomes_ready(const struct boot *b)
{
	(void)b;
	for (unsigned i = 0; i < READY_READS_MAX; i++)
		if (!(inb(I8042_CMD) & STATUS_INPUT_FULL))
			return PASS;
	return FAIL;
}

static const struct claim claims[] = {
	{ "the status port does not read 0xff", status_answers },
	{ "the input buffer becomes empty", becomes_ready },
	{ 0 },
};

const struct group i8042_group = { "i8042", claims };
