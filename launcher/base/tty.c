/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/tty.h"

#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <termios.h>
#include <unistd.h>

#include "base/tty_guard.h"

static struct {
	int fd;
	struct termios saved;
	atomic_bool raw;
} tty;

/* The call that restores the terminal would stop a process that is not in the
 * foreground, unless SIGTTOU is blocked. */
static void put_back(void)
{
	sigset_t ttou, before;

	sigemptyset(&ttou);
	sigaddset(&ttou, SIGTTOU);
	pthread_sigmask(SIG_BLOCK, &ttou, &before);
	(void)tcsetattr(tty.fd, TCSANOW, &tty.saved);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
}

void tty_restore(void)
{
	if (!atomic_exchange(&tty.raw, false))
		return;
	put_back();
	tty_guard_tell(NULL);
}

static void restore_and_die(int sig)
{
	tty_restore();
	/* The handler was installed with SA_RESETHAND: this is final. */
	raise(sig);
}

static void restore_on_fatal_signals(void)
{
	static const int fatal[] = { SIGSEGV, SIGBUS, SIGILL, SIGFPE,
				     SIGABRT, SIGSYS, SIGTRAP };
	struct sigaction sa = {
		.sa_handler = restore_and_die,
		.sa_flags = SA_RESETHAND | SA_NODEFER,
	};
	struct sigaction old;

	for (size_t i = 0; i < sizeof(fatal) / sizeof(*fatal); i++)
		/* A sanitizer or a debugger may have its own. */
		if (!sigaction(fatal[i], NULL, &old) &&
		    old.sa_handler == SIG_DFL)
			sigaction(fatal[i], &sa, NULL);
}

int tty_make_raw(int fd, bool *raw, struct err *e)
{
	struct termios t;

	*raw = false;
	if (!tty_is_ours(fd))
		return 0;
	if (tcgetattr(fd, &tty.saved))
		return err_sys(e, "cannot read the terminal's settings");
	tty.fd = fd;
	t = tty.saved;
	cfmakeraw(&t);
	/* The launcher's own messages still want their \n to be a new line. */
	t.c_oflag |= OPOST | ONLCR;
	atexit(tty_restore);
	restore_on_fatal_signals();
	atomic_store(&tty.raw, true);
	tty_guard_tell(&tty.saved);
	if (tcsetattr(fd, TCSANOW, &t)) {
		atomic_store(&tty.raw, false);
		tty_guard_tell(NULL);
		return err_sys(e, "cannot make the terminal raw");
	}
	*raw = true;
	return 0;
}
