/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A pseudo-terminal, and a process for which it is the controlling terminal.
 */
#ifndef TESTS_UNIT_PTY_SESSION_H
#define TESTS_UNIT_PTY_SESSION_H

#include "unit/unit.h"

#include <pty.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

static int master, slave;
static struct termios before; /* the slave's settings at the start */

static inline void open_pty(void)
{
	ck_assert_int_eq(openpty(&master, &slave, NULL, NULL, NULL), 0);
	ck_assert_int_eq(tcgetattr(slave, &before), 0);
	ck_assert(before.c_lflag & ICANON);
}

/* Run @f in a process whose terminal is the slave; its wait status, 0 if @f
 * returns. The test's assertions do not work there. */
static inline int in_session(void (*f)(void))
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		signal(SIGHUP, SIG_IGN);
		if (setsid() < 0 || ioctl(slave, TIOCSCTTY, 0))
			_exit(100);
		f();
		_exit(0);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	return status;
}

#endif
