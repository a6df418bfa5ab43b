/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * consoles_host COMMAND: run COMMAND, a launcher, on a terminal of its own, and
 * be the host's side of the guest of tests/box/consoles-init: the person at the
 * terminal, the process at the socket "both", and the reader of a pipe whose
 * other end is descriptor 30 of COMMAND.
 *
 * What the terminal shows goes to stdout, and at the end a line for each thing
 * that came from a port. The status is COMMAND's. COMMAND has a time limit of
 * its own.
 */
#include <errno.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define BYTES	 12582912
#define STALL_FD 30

/* A flow of bytes that go both ways. */
struct flow {
	int listening, fd; /* -1: not there */
	size_t sent, received;
	bool is_wrong, has_ended;
};

static int terminal, stalled = -1;
static struct flow both = { .fd = -1 };
static size_t stalled_bytes;
static bool may_send, may_read;
static char shown[1 << 20];
static size_t len, judged;

static uint8_t byte_at(size_t n)
{
	return (uint8_t)(n * 7 + n / 251 + n / 65537);
}

static void die(const char *what)
{
	perror(what);
	exit(99);
}

static int listen_at(const char *path)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	strncpy(addr.sun_path, path, sizeof(addr.sun_path) - 1);
	unlink(path);
	if (fd < 0 || bind(fd, (struct sockaddr *)&addr, sizeof(addr)) ||
	    listen(fd, 1))
		die(path);
	return fd;
}

static void start(char **argv)
{
	struct winsize size = { .ws_row = 43, .ws_col = 132 };
	int pipes[2];

	if (pipe(pipes))
		die("pipe");
	stalled = pipes[0];
	switch (forkpty(&terminal, NULL, NULL, &size)) {
	case -1:
		die("forkpty");
		break;
	case 0:
		close(pipes[0]);
		if (dup2(pipes[1], STALL_FD) < 0)
			die("dup2");
		close(pipes[1]);
		execvp(argv[0], argv);
		die(argv[0]);
	}
	close(pipes[1]);
}

static void react(const char *line)
{
	const struct winsize size = { .ws_row = 30, .ws_col = 100 };

	if (!strcmp(line, "guest: resize") &&
	    ioctl(terminal, TIOCSWINSZ, &size))
		die("TIOCSWINSZ");
	if (!strcmp(line, "guest: type") && write(terminal, "a line\n", 7) != 7)
		die("terminal");
	may_send |= !strcmp(line, "guest: send");
	may_read |= !strcmp(line, "guest: read");
	/* It has all it wants: the guest meets the end. */
	if (!strcmp(line, "guest: sent"))
		shutdown(both.fd, SHUT_WR);
}

static bool serve_terminal(void)
{
	ssize_t n = read(terminal, shown + len, sizeof(shown) - 1 - len);
	char *end;

	if (n <= 0)
		return false;
	fwrite(shown + len, 1, (size_t)n, stdout);
	fflush(stdout);
	len += (size_t)n;
	while ((end = memchr(shown + judged, '\n', len - judged))) {
		*end = '\0';
		/* One is the guest's, another one that of this terminal. */
		shown[judged + strcspn(shown + judged, "\r")] = '\0';
		react(shown + judged);
		judged = (size_t)(end + 1 - shown);
	}
	return true;
}

static void serve_in(void)
{
	uint8_t got[65536];
	ssize_t n = read(both.fd, got, sizeof(got));

	both.has_ended = n <= 0;
	for (ssize_t i = 0; i < n; i++)
		both.is_wrong |= got[i] != byte_at(both.received++);
}

static void serve_out(void)
{
	uint8_t data[65536];
	size_t left = BYTES - both.sent;
	ssize_t n;

	if (left > sizeof(data))
		left = sizeof(data);
	for (size_t i = 0; i < left; i++)
		data[i] = byte_at(both.sent + i);
	n = send(both.fd, data, left, MSG_DONTWAIT | MSG_NOSIGNAL);
	if (n > 0)
		both.sent += (size_t)n;
}

static void serve_stalled(void)
{
	char got[65536];
	ssize_t n = read(stalled, got, sizeof(got));

	if (n > 0) {
		stalled_bytes += (size_t)n;
		return;
	}
	close(stalled);
	stalled = -1;
}

static void serve(void)
{
	for (;;) {
		struct pollfd p[] = {
			{ terminal, POLLIN, 0 },
			{ both.fd < 0 ? both.listening : both.fd, POLLIN, 0 },
			{ may_read ? stalled : -1, POLLIN, 0 },
		};

		if (both.has_ended)
			p[1].fd = -1;
		if (both.fd >= 0 && may_send && both.sent < BYTES)
			p[1].events |= POLLOUT;
		if (poll(p, 3, -1) < 0)
			die("poll");
		if (p[0].revents && !serve_terminal())
			return;
		if (p[1].revents && both.fd < 0)
			both.fd = accept(both.listening, NULL, NULL);
		else if (p[1].revents & POLLOUT)
			serve_out();
		else if (p[1].revents)
			serve_in();
		if (p[2].revents)
			serve_stalled();
	}
}

int main(int argc, char **argv)
{
	int status;

	if (argc < 2)
		return 99;
	both.listening = listen_at("both");
	start(argv + 1);
	serve();
	/* The launcher has ended; what it has written is still there. */
	while (stalled >= 0)
		serve_stalled();
	while (both.fd >= 0 && !both.has_ended)
		serve_in();
	if (wait(&status) < 0)
		die("wait");
	printf("\nhost: both sent %zu received %zu%s%s\n", both.sent,
	       both.received, both.is_wrong ? " WRONG" : "",
	       both.has_ended ? " ended" : "");
	printf("host: stall %zu\n", stalled_bytes);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
