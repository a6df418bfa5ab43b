/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Process 1 in the guest of `launcher exec`: prepares the root, runs the
 * command, reports its status. init.h lists the parts.
 *
 * Must not trust: the command, which may run as root and do anything. What it
 * can forge is its own status.
 */
#include "init/init.h"

#include <asm/ioctls.h>
#include <asm/signal.h>
#include <asm/stat.h>

#include "init/sys.h"
#include "lib/string.h"
#include "pv/exec.h"

static struct words words;
static struct stream streams[3];
static unsigned streams_count;
static int terminal = -1;

static void *map(size_t len, int fd)
{
	/* PROT_READ | PROT_WRITE, MAP_PRIVATE, and MAP_ANONYMOUS without a
	 * file. */
	long p = sys_6(__NR_mmap, 0, (long)len, 3, fd < 0 ? 0x22 : 2, fd, 0);

	if (p < 0 && p > -4096)
		fail((int)p, "no memory for the list of words");
	return (void *)p;
}

static const char *words_open(size_t *len)
{
	int fd = sys_open(EXEC_WORDS, O_RDONLY | O_CLOEXEC);
	struct stat st = { 0 };

	if (fd < 0 || sys_2(__NR_fstat, fd, &st) || st.st_size <= 0)
		fail(fd < 0 ? fd : -EINVAL, "%s", EXEC_WORDS);
	*len = (size_t)st.st_size;
	return map(*len, fd);
}

static const char *const *list_of(const char *text, size_t len, const char *key,
				  size_t count)
{
	const char **list = map((count + 1) * sizeof(*list), -1);

	words_list(text, len, key, list);
	return list;
}

/* A pipe whose end @mine, 0 or 1, does not block. Both ends are the user's, who
 * may open them again by /dev/stdout. */
static void make_pipe(int fds[2], int mine)
{
	long rc = sys_2(__NR_pipe2, fds, O_CLOEXEC);

	if (rc)
		fail((int)rc, "a pipe");
	(void)sys_3(__NR_fcntl, fds[mine], F_SETFL, O_NONBLOCK);
	for (int i = 0; i < 2; i++)
		(void)sys_3(__NR_fchown, fds[i], words.uid, words.gid);
}

/* Connect stream @n of the command to its port; returns the command's end. */
static int connect_port(int n)
{
	static const char *const names[] = { EXEC_PORT_STDIN, EXEC_PORT_STDOUT,
					     EXEC_PORT_STDERR };
	struct stream *s = &streams[streams_count++];
	int port = port_open(names[n]);
	int fds[2];

	s->is_input = !n;
	s->port = port;
	make_pipe(fds, s->is_input);
	s->from = s->is_input ? port : fds[0];
	s->to = s->is_input ? fds[1] : port;
	return fds[!s->is_input];
}

static int connect(int n)
{
	if (!words.tty[n])
		return connect_port(n);
	if (terminal < 0) {
		terminal = terminal_open();
		(void)sys_3(__NR_fchown, terminal, words.uid, words.gid);
	}
	return terminal;
}

static void bring_up(void)
{
	/* The kernel opens no console for an init whose archive has none. */
	while (sys_open("/dev/null", O_RDWR | O_CLOEXEC) < 2)
		;
	modules_load(&words);
	net_prepare(&words);
	mount_root(&words);
	net_up(&words);
	if (words.host)
		(void)sys_2(__NR_sethostname, words.host, strlen(words.host));
}

/*
 * Let all that was written arrive. The end of its port tells the host that a
 * stream is complete; when it has passed on the last byte of each, it says so.
 */
static void flush(int control)
{
	for (unsigned i = 0; i < streams_count; i++)
		sys_close(streams[i].port);
	if (!words.tty[1] || !words.tty[2])
		control_await_done(control);
	if (terminal >= 0)
		(void)sys_ioctl(terminal, TCSBRK, (void *)1);
}

static unsigned report_of(int status)
{
	int killed = status & 0x7f;

	return killed ? EXEC_REPORT(EXEC_KILLED, killed)
		      : EXEC_REPORT(EXEC_EXITED, status >> 8);
}

/* start.S */
void init_main(void);

void init_main(void)
{
	uint64_t mask = 1ull << (SIGCHLD - 1);
	struct command c = { 0 };
	const char *text, *why, *bad;
	size_t len;
	int pid, status, control;

	mount_first();
	log_open();
	text = words_open(&len);
	why = words_read(&words, text, len, &bad);
	if (why)
		fail(0, "%s: %s: '%s'", EXEC_WORDS, why, bad);
	bring_up();
	c.args = list_of(text, len, "arg", words.args_count);
	c.envs = list_of(text, len, "env", words.envs_count);
	for (int i = 0; i < 3; i++)
		c.fds[i] = connect(i);
	control = control_open();
	c.tty = words.tty[0];
	(void)sys_4(__NR_rt_sigprocmask, SIG_BLOCK, &mask, NULL, sizeof(mask));
	pid = command_start(&words, &c);
	control_answer(control);
	/* Their ends of the pipes; the terminal stays, to be flushed. */
	for (int i = 0; i < 3; i++)
		if (!words.tty[i])
			sys_close(c.fds[i]);
	status = relay_run(streams, streams_count, control, pid);
	flush(control);
	end_guest(report_of(status));
}
