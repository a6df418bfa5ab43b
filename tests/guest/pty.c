/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pty STEP... -- COMMAND: run COMMAND on a terminal of its own and act like
 * the person in front of it.
 *
 *   wait:TEXT    until the terminal has shown TEXT since the last wait
 *   type:TEXT    type it; \xNN is a byte
 *   kill:NUMBER  send that signal to COMMAND
 *   raw, cooked  the terminal's line editing must be off, on
 *   size:ROWSxCOLUMNS
 *                that is the terminal's size from now on
 *   patience:S   steps may take so long from now on
 *   pause:MS     do nothing so long; the terminal takes no more output
 *   stalled      look no more, until the terminal is full and has taken no
 *                output for a second
 *   gone         COMMAND must end without anybody looking
 *   queued:N     until COMMAND has read all but N bytes of what was typed
 *   grown:KIB    until COMMAND uses more memory than that
 *   left:TEXT    when COMMAND has ended, this is all that is left to read for
 *                a shell; "-" is nothing, and "*TEXT" anything without ESC
 *                that ends like this
 *
 * What it shows goes to stdout. When COMMAND has ended, the terminal must be
 * as it was before: "pty: restored" is printed, or "pty: not restored" and
 * the status is 99, as it is when a step fails or takes 30 s. Otherwise the
 * status is COMMAND's, 128 + N if signal N ended it.
 */
#include <errno.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>
#include <utmp.h>

#define FAILED 99

struct session {
	int fd, slave;
	pid_t pid;
	bool ended;
	int status;
	char shown[1 << 20]; /* since the last wait */
	size_t len;
};

static int64_t patience_ms = 30000;

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static int fail(struct session *s, const char *step)
{
	printf("\npty: failed at %s\n", step);
	fflush(stdout);
	if (!s->ended)
		kill(s->pid, SIGKILL);
	exit(FAILED);
}

/* Read what the terminal shows, waiting @ms for it; false at the end. */
static bool look(struct session *s, int ms)
{
	struct pollfd p = { s->fd, POLLIN, 0 };
	ssize_t n;

	if (poll(&p, 1, ms) <= 0)
		return true;
	/* Output that no step waits for is dropped. */
	if (s->len == sizeof(s->shown) - 1)
		s->len = 0;
	n = read(s->fd, s->shown + s->len, sizeof(s->shown) - 1 - s->len);
	if (n <= 0)
		return false;
	fwrite(s->shown + s->len, 1, (size_t)n, stdout);
	s->len += (size_t)n;
	return true;
}

static void do_wait(struct session *s, const char *step, const char *text)
{
	int64_t until = now_ms() + patience_ms;
	char *at;

	for (;;) {
		s->shown[s->len] = '\0';
		at = memmem(s->shown, s->len, text, strlen(text));
		if (at)
			break;
		if (now_ms() > until || !look(s, 100))
			fail(s, step);
	}
	s->len -= (size_t)(at - s->shown) + strlen(text);
	memmove(s->shown, at + strlen(text), s->len);
}

/* The command changes the mode at an unknown time. */
static void do_mode(struct session *s, const char *step, bool raw)
{
	int64_t until = now_ms() + patience_ms;
	struct termios t;

	for (;;) {
		if (tcgetattr(s->fd, &t))
			fail(s, step);
		if (!(t.c_lflag & (ICANON | ECHO | ISIG)) == raw)
			return;
		if (now_ms() > until)
			fail(s, step);
		look(s, 20);
	}
}

static void await_end(struct session *s, bool looking)
{
	int64_t until = now_ms() + patience_ms;

	while (!s->ended && waitpid(s->pid, &s->status, WNOHANG) == 0) {
		if (now_ms() > until)
			fail(s, "the end");
		if (looking)
			look(s, 20);
		else
			usleep(20000);
	}
	s->ended = true;
}

static char unescape(const char **text)
{
	char c = *(*text)++;

	if (c == '\\' && **text == 'x' && strlen(*text) >= 3) {
		char hex[3] = { (*text)[1], (*text)[2] };

		c = (char)strtol(hex, NULL, 16);
		*text += 3;
	}
	return c;
}

static void do_type(struct session *s, const char *step, const char *text)
{
	while (*text) {
		char c = unescape(&text);

		if (write(s->fd, &c, 1) != 1)
			fail(s, step);
	}
}

#define STEADY_LOOKS 25

/* What was typed may still be on its way: the number must stay. */
static void do_queued(struct session *s, const char *step, int most)
{
	int64_t until = now_ms() + patience_ms;
	int n, last = -1, looks = 0;

	while (looks < STEADY_LOOKS) {
		if (ioctl(s->slave, FIONREAD, &n) || n > most || n != last)
			looks = 0;
		else
			looks++;
		last = n;
		if (now_ms() > until)
			fail(s, step);
		look(s, 20);
	}
}

#define STALLED_MS  1000
#define STALLED_MIN 1024 /* bytes: the least that fills a terminal */

static void do_stalled(struct session *s, const char *step)
{
	int64_t until = now_ms() + patience_ms, since = now_ms();
	int n, before = 0;

	while (now_ms() - since < STALLED_MS) {
		if (ioctl(s->fd, FIONREAD, &n) || now_ms() > until)
			fail(s, step);
		if (n != before || n < STALLED_MIN)
			since = now_ms();
		before = n;
		usleep(10000);
	}
}

/* The command's memory according to /proc; 0: unknown. */
static long resident_kib(pid_t pid)
{
	long size, pages = 0;
	char path[64];
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/statm", pid);
	f = fopen(path, "re");
	if (f && fscanf(f, "%ld %ld", &size, &pages) != 2)
		pages = 0;
	if (f)
		fclose(f);
	return pages * (sysconf(_SC_PAGESIZE) / 1024);
}

static void do_grown(struct session *s, const char *step, long kib)
{
	int64_t until = now_ms() + patience_ms;

	while (resident_kib(s->pid) <= kib) {
		if (now_ms() > until)
			fail(s, step);
		look(s, 10);
	}
}

static void do_left(struct session *s, const char *step, const char *text)
{
	char wanted[256], left[8192] = "";
	bool any = *text == '*';
	struct termios was, raw;
	size_t len = 0;
	ssize_t n;

	await_end(s, true);
	text += any;
	while (strcmp(text, "-") && *text && len < sizeof(wanted))
		wanted[len++] = unescape(&text);
	/* An unfinished line cannot be read otherwise. */
	tcgetattr(s->slave, &was);
	raw = was;
	cfmakeraw(&raw);
	raw.c_cc[VMIN] = 0;
	tcsetattr(s->slave, TCSANOW, &raw);
	n = read(s->slave, left, sizeof(left));
	tcsetattr(s->slave, TCSANOW, &was);
	if (any ? n >= (ssize_t)len && !memchr(left, 0x1b, (size_t)n)
		: n == (ssize_t)len)
		if (!memcmp(left + n - len, wanted, len))
			return;
	printf("\npty: %zd bytes left:", n);
	for (ssize_t i = 0; i < n; i++)
		printf(" %02x", (unsigned char)left[i]);
	fail(s, step);
}

static void do_size(struct session *s, const char *step, const char *text)
{
	struct winsize size = { 0 };

	if (sscanf(text, "%hux%hu", &size.ws_row, &size.ws_col) != 2 ||
	    ioctl(s->fd, TIOCSWINSZ, &size))
		fail(s, step);
}

static const char *argument(const char *step, const char *name)
{
	size_t n = strlen(name);

	return strncmp(step, name, n) ? NULL : step + n;
}

static void do_step(struct session *s, const char *step)
{
	const char *arg;

	if ((arg = argument(step, "wait:")))
		do_wait(s, step, arg);
	else if ((arg = argument(step, "type:")))
		do_type(s, step, arg);
	else if ((arg = argument(step, "kill:")))
		kill(s->pid, atoi(arg));
	else if ((arg = argument(step, "size:")))
		do_size(s, step, arg);
	else if ((arg = argument(step, "patience:")))
		patience_ms = atoll(arg) * 1000;
	else if ((arg = argument(step, "pause:")))
		usleep((useconds_t)atoi(arg) * 1000);
	else if (!strcmp(step, "raw") || !strcmp(step, "cooked"))
		do_mode(s, step, !strcmp(step, "raw"));
	else if ((arg = argument(step, "queued:")))
		do_queued(s, step, atoi(arg));
	else if ((arg = argument(step, "grown:")))
		do_grown(s, step, atol(arg));
	else if (!strcmp(step, "stalled"))
		do_stalled(s, step);
	else if ((arg = argument(step, "left:")))
		do_left(s, step, arg);
	else if (!strcmp(step, "gone"))
		await_end(s, false);
	else
		fail(s, step);
}

static bool same(const struct termios *a, const struct termios *b)
{
	return a->c_iflag == b->c_iflag && a->c_oflag == b->c_oflag &&
	       a->c_cflag == b->c_cflag && a->c_lflag == b->c_lflag;
}

int main(int argc, char **argv)
{
	static struct session s;
	struct termios before, after;
	int i = 1;

	while (i < argc && strcmp(argv[i], "--"))
		i++;
	if (i + 1 >= argc) {
		fprintf(stderr, "usage: pty STEP... -- COMMAND\n");
		return FAILED;
	}
	if (openpty(&s.fd, &s.slave, NULL, NULL, NULL)) {
		perror("pty");
		return FAILED;
	}
	tcgetattr(s.fd, &before);
	s.pid = fork();
	if (s.pid == 0) {
		close(s.fd);
		if (login_tty(s.slave))
			_exit(FAILED);
		execvp(argv[i + 1], argv + i + 1);
		_exit(127);
	}
	/*
	 * The slave stays open here, so that its settings outlive the command.
	 */
	for (int step = 1; step < i; step++)
		do_step(&s, argv[step]);
	await_end(&s, true);
	while (poll(&(struct pollfd){ s.fd, POLLIN, 0 }, 1, 0) > 0 &&
	       look(&s, 0))
		;
	tcgetattr(s.fd, &after);
	printf("\npty: %s\n",
	       same(&before, &after) ? "restored" : "not restored");
	if (!same(&before, &after))
		return FAILED;
	return WIFSIGNALED(s.status) ? 128 + WTERMSIG(s.status)
				     : WEXITSTATUS(s.status);
}
