/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dev/pc/legacy.h"

#include <errno.h>
#include <stdlib.h>

#include "pv/x86.h"

#define STATUS_OUTPUT_FULL 0x01
#define STATUS_SYSTEM	   0x04 /* self-test passed */
#define STATUS_COMMAND	   0x08 /* the last byte went to the command port */
#define STATUS_UNLOCKED	   0x10
#define STATUS_TIMEOUT	   0x40 /* the device did not answer */

#define CMD_READ_CONFIG	 0x20
#define CMD_WRITE_CONFIG 0x60
#define CMD_TEST_AUX	 0xa9
#define CMD_SELF_TEST	 0xaa
#define CMD_TEST_KBD	 0xab
#define CMD_WRITE_OUTPUT 0xd1
#define CMD_WRITE_KBDBUF 0xd2
#define CMD_WRITE_AUX	 0xd4
#define CMD_PULSE_FIRST	 0xf0 /* 0xf0 to 0xff: pulse output port bits */

#define OUTPUT_PORT_NO_RESET 0x01

#define SELF_TEST_OK 0x55
#define TEST_OK	     0x00
#define NO_ANSWER    0xfe

void i8042_init(struct i8042 *kbd, struct outcome_latch *latch)
{
	*kbd = (struct i8042){
		.latch = latch,
		.config = STATUS_SYSTEM,
		.status = STATUS_UNLOCKED | STATUS_SYSTEM,
	};
}

static void reply(struct i8042 *kbd, uint8_t byte, uint8_t status)
{
	kbd->output = byte;
	kbd->status |= STATUS_OUTPUT_FULL | status;
}

static uint64_t i8042_read(void *dev, uint64_t off, unsigned size)
{
	struct i8042 *kbd = dev;

	(void)size;
	if (off == I8042_CMD - I8042_DATA)
		return kbd->status;
	if (off)
		return 0xff;
	kbd->status &= (uint8_t) ~(STATUS_OUTPUT_FULL | STATUS_TIMEOUT);
	return kbd->output;
}

static void reset(struct i8042 *kbd, uint8_t value)
{
	outcome_set(kbd->latch, OUTCOME_RESET, 0,
		    "i8042: 0x%02x written to port 0x%x", value, I8042_CMD);
}

static void write_command(struct i8042 *kbd, uint8_t value)
{
	kbd->status |= STATUS_COMMAND;
	kbd->command = 0;
	switch (value) {
	case CMD_READ_CONFIG:
		reply(kbd, kbd->config, 0);
		break;
	case CMD_SELF_TEST:
		reply(kbd, SELF_TEST_OK, 0);
		break;
	case CMD_TEST_KBD:
	case CMD_TEST_AUX:
		reply(kbd, TEST_OK, 0);
		break;
	case CMD_WRITE_CONFIG:
	case CMD_WRITE_OUTPUT:
	case CMD_WRITE_KBDBUF:
	case CMD_WRITE_AUX:
		kbd->command = value;
		break;
	default:
		/* A pulse of output port bit 0 (low in the mask) is RESET. */
		if (value >= CMD_PULSE_FIRST && !(value & OUTPUT_PORT_NO_RESET))
			reset(kbd, value);
		break;
	}
}

static void write_data(struct i8042 *kbd, uint8_t value)
{
	uint8_t command = kbd->command;

	kbd->status &= (uint8_t)~STATUS_COMMAND;
	kbd->command = 0;
	switch (command) {
	case CMD_WRITE_CONFIG:
		kbd->config = value;
		break;
	case CMD_WRITE_OUTPUT:
		if (!(value & OUTPUT_PORT_NO_RESET))
			reset(kbd, value);
		break;
	case CMD_WRITE_KBDBUF:
		reply(kbd, value, 0);
		break;
	default: /* to the keyboard, or with WRITE_AUX to the mouse */
		reply(kbd, NO_ANSWER, STATUS_TIMEOUT);
		break;
	}
}

static void i8042_write(void *dev, uint64_t off, unsigned size, uint64_t value)
{
	struct i8042 *kbd = dev;

	(void)size;
	if (off == I8042_CMD - I8042_DATA)
		write_command(kbd, (uint8_t)value);
	else if (off == 0)
		write_data(kbd, (uint8_t)value);
}

const struct device_ops i8042_ops = {
	.name = "i8042",
	.width = 1,
	.read = i8042_read,
	.write = i8042_write,
};

static int i8042_create(void **dev, const struct device_slot *slot,
			struct device_env *env, struct err *e)
{
	struct i8042 *d = device_alloc(slot, sizeof(*d), e);

	if (!d)
		return -ENOMEM;
	i8042_init(d, env->latch);
	*dev = d;
	return 0;
}

const struct device_type i8042_type = {
	.name = "i8042",
	.fixed = { DEVICE_PORTS_AT(I8042_DATA, 5) },
	.ops = &i8042_ops,
	.create = i8042_create,
	.release = free,
};
