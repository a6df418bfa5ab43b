/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Claims about the keyboard controller, which is there to reset the machine.
 */
#include "claims.h"
#include "lib/io.h"
#include "pv/x86.h"

#define STATUS_OUTPUT_FULL 0x01
#define STATUS_INPUT_FULL  0x02
#define READY_READS_MAX	   100000
#define ANSWERS_MAX	   300 /* far more than it can hold */
#define CMD_SELF_TEST	   0xaa
#define SELF_TEST_OK	   0x55
#define CMD_OUTPUT_FIRST   0xd0 /* the output port: reset and A20 */
#define CMD_OUTPUT_LAST	   0xdf
#define CMD_PULSE_FIRST	   0xf0

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

static enum verdict tests_itself(const struct boot *b)
{
	(void)b;
	/* Drop what is still in the output buffer. */
	for (unsigned i = 0; i < ANSWERS_MAX; i++)
		(void)inb(I8042_DATA);
	outb(I8042_CMD, CMD_SELF_TEST);
	for (unsigned i = 0; i < READY_READS_MAX; i++)
		if (inb(I8042_CMD) & STATUS_OUTPUT_FULL)
			return expect_equal("the answer", inb(I8042_DATA),
					    SELF_TEST_OK);
	return FAIL;
}

/* Except commands that reset the machine or disable an address line. */
static enum verdict survives_garbage(const struct boot *b)
{
	for (unsigned command = 0; command < CMD_PULSE_FIRST; command++) {
		if (command >= CMD_OUTPUT_FIRST && command <= CMD_OUTPUT_LAST)
			continue;
		outb(I8042_CMD, (uint8_t)command);
		outb(I8042_DATA, (uint8_t)~command);
		(void)inb(I8042_DATA);
		(void)inb(I8042_CMD);
	}
	(void)inw(I8042_DATA);
	(void)inl(I8042_DATA);
	return status_answers(b) && becomes_ready(b) && tests_itself(b);
}

static const struct claim claims[] = {
	{ "the status port does not read 0xff", status_answers },
	{ "the input buffer becomes empty", becomes_ready },
	{ "it tests itself", tests_itself },
	{ "after garbage of most kinds it tests itself", survives_garbage },
	{ 0 },
};

const struct group i8042_group = { "i8042", claims };
