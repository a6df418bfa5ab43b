/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "run/signals.h"

#include <sys/signalfd.h>
#include <unistd.h>

static const int taken_signals[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT,
				     SIGWINCH };

int signals_open(struct signals *s, struct err *e)
{
	struct sigaction sa;

	if (s->fd >= 0)
		return 0;
	sigemptyset(&s->taken);
	for (size_t i = 0; i < sizeof(taken_signals) / sizeof(int); i++)
		/* Ignored from the start: nohup, or a shell's background. */
		if (!sigaction(taken_signals[i], NULL, &sa) &&
		    sa.sa_handler != SIG_IGN)
			sigaddset(&s->taken, taken_signals[i]);
	/* A closed stdout is an error of write(), not a signal. */
	signal(SIGPIPE, SIG_IGN);
	s->fd = signalfd(-1, &s->taken, SFD_CLOEXEC | SFD_NONBLOCK);
	return s->fd < 0 ? err_sys(e, "signalfd") : 0;
}

void signals_block(struct signals *s)
{
	if (s->blocked)
		return;
	pthread_sigmask(SIG_BLOCK, &s->taken, &s->before);
	s->blocked = true;
}

int signals_take(struct signals *s)
{
	struct signalfd_siginfo info;

	while (read(s->fd, &info, sizeof(info)) == sizeof(info)) {
		if (info.ssi_signo != SIGWINCH)
			return (int)info.ssi_signo;
		s->resized = true;
	}
	return 0;
}

void signals_give_back(struct signals *s)
{
	if (!s->blocked)
		return;
	while (signals_take(s))
		;
	pthread_sigmask(SIG_SETMASK, &s->before, NULL);
	s->blocked = false;
}

void signals_release(struct signals *s)
{
	if (s->fd >= 0)
		close(s->fd);
	s->fd = -1;
}

int signals_take_usr1(int *fd, struct err *e)
{
	sigset_t usr1;

	sigemptyset(&usr1);
	sigaddset(&usr1, SIGUSR1);
	pthread_sigmask(SIG_BLOCK, &usr1, NULL);
	*fd = signalfd(-1, &usr1, SFD_CLOEXEC | SFD_NONBLOCK);
	return *fd < 0 ? err_sys(e, "signalfd") : 0;
}
