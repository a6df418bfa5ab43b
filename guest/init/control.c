/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The control port: what the host wants while the command runs.
 */
#include "init/init.h"

#include "init/sys.h"
#include "pv/exec.h"

int control_open(void)
{
	return port_open(EXEC_PORT_CONTROL);
}

void control_answer(int fd)
{
	(void)sys_write(fd, "", 1);
}

/* A process group that is not there yet has one process: it was started a
 * moment ago. */
static void deliver(int pid, int number)
{
	if (sys_2(__NR_kill, -pid, number) == -ESRCH)
		(void)sys_2(__NR_kill, pid, number);
}

void control_serve(int fd, int pid)
{
	uint8_t bytes[16];
	long n = sys_read(fd, bytes, sizeof(bytes));

	for (long i = 0; i < n; i++) {
		if (!bytes[i] || bytes[i] > EXEC_SIGNAL_MAX)
			continue;
		deliver(pid, bytes[i]);
		control_answer(fd);
	}
}

void control_await_done(int fd)
{
	struct sys_poll p = { fd, POLLIN, 0 };
	uint8_t byte;

	for (;;) {
		long n = sys_read(fd, &byte, 1);

		/* 0: the host has closed its end. */
		if (!n || (n == 1 && byte == EXEC_DONE))
			return;
		if (n < 0)
			(void)sys_poll(&p, 1, -1);
	}
}
