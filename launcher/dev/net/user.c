/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The launcher's side of the user-mode network: making the helper, and a
 * backend that notices its end.
 */
#include "dev/net/user.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/confine.h"
#include "base/identity.h"
#include "base/libraries.h"
#include "dev/net/stream.h"

/* How long the helper may take to bind its ports. */
#define HELLO_MS 20000

/* Where the helper has its end of the socket pair. */
#define HELPER_FD (STDERR_FILENO + 1)

/* What the socket holds; the system may allow less. */
#define SOCKET_BYTES (1 << 20)

struct net_user {
	struct net_backend b;
	struct net_backend *stream;
	pid_t pid;
	int pidfd; /* to kill it, which a confined process can by this only */
};

/* --- the backend: a stream, whose end is explained */

/* How the helper has ended. It closes its end of the stream when it dies. */
static int explain(struct net_user *u, int rc, struct err *e)
{
	char what[ERR_MSG_SIZE];
	int status;

	if (u->pid <= 0 || waitpid(u->pid, &status, 0) != u->pid)
		return rc;
	u->pid = 0;
	if (confine_stopped(status, what, sizeof(what))) {
		confine_violated(what);
		return err_set(e, -rc, "%s", what);
	}
	if (WIFSIGNALED(status))
		return err_set(e, -rc, "the helper process was killed by SIG%s",
			       sigabbrev_np(WTERMSIG(status)) ?: "?");
	return err_set(e, -rc, "the helper process ended with status %d",
		       WEXITSTATUS(status));
}

static int user_receive(struct net_backend *b, struct net_frame *f,
			struct err *e)
{
	struct net_user *u = (struct net_user *)b;
	int rc = u->stream->ops->receive(u->stream, f, e);

	memcpy(b->drops, u->stream->drops, sizeof(b->drops));
	return rc < 0 ? explain(u, rc, e) : rc;
}

static enum net_sent user_send(struct net_backend *b,
			       const struct virtio_net_header *h,
			       const struct iovec *iov, unsigned n, size_t len,
			       struct err *e)
{
	struct net_user *u = (struct net_user *)b;
	enum net_sent r = u->stream->ops->send(u->stream, h, iov, n, len, e);

	if (r == NET_GONE)
		explain(u, -EPIPE, e);
	return r;
}

static enum net_sent user_flush(struct net_backend *b, struct err *e)
{
	struct net_user *u = (struct net_user *)b;
	enum net_sent r = u->stream->ops->flush(u->stream, e);

	if (r == NET_GONE)
		explain(u, -EPIPE, e);
	return r;
}

/* It may be stopped, or busy with a name server: nothing in it is worth a
 * wait. */
static void user_close(struct net_backend *b)
{
	struct net_user *u = (struct net_user *)b;
	struct err e;

	net_backend_close(u->stream);
	if (u->pid > 0) {
		if (u->pidfd < 0)
			kill(u->pid, SIGKILL);
		else
			syscall(SYS_pidfd_send_signal, u->pidfd, SIGKILL, NULL,
				0);
		/* The sandbox may have stopped it since its last frame. */
		explain(u, -EPIPE, &e);
	}
	if (u->pidfd >= 0)
		close(u->pidfd);
	free(u);
}

static const struct net_backend_ops user_ops = {
	.receive = user_receive,
	.send = user_send,
	.flush = user_flush,
	.close = user_close,
};

/* --- making the helper */

static void close_all_but(int fd)
{
	int null = open("/dev/null", O_RDWR);

	if (dup2(fd, HELPER_FD) != HELPER_FD)
		_exit(1);
	for (int std = STDIN_FILENO; std <= STDERR_FILENO; std++)
		if (null >= 0 && null != std)
			dup2(null, std);
	close_range(HELPER_FD + 1, ~0u, 0);
}

/* net_slirp_run() confines the helper further, once its ports are bound. */
static void die_with(pid_t launcher)
{
	struct err e;

	/* A change of the user clears what follows. */
	if (identity_become(&e))
		_exit(1);
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	/* It may have died before that. */
	if (getppid() != launcher)
		_exit(1);
}

static void be_helper(int fd, const struct net_user_config *c, pid_t launcher)
	__attribute__((noreturn));

static void be_helper(int fd, const struct net_user_config *c, pid_t launcher)
{
	prctl(PR_SET_NAME, "launcher-net");
	/* A signal to the launcher's group, such as that of Ctrl-C, is the
	 * launcher's to act on. */
	setpgid(0, 0);
	signal(SIGPIPE, SIG_IGN);
	close_all_but(fd);
	(void)!chdir("/");
	die_with(launcher);
	net_slirp_run(HELPER_FD, c);
}

/* All of its first message, or the end of the helper. */
static int await_hello(struct net_user *u, struct net_user_hello *h,
		       struct err *e)
{
	uint64_t until = clock_ns() + HELLO_MS * UINT64_C(1000000);
	size_t got = 0;

	while (got < sizeof(*h)) {
		struct pollfd p = { .fd = u->stream->fd, .events = POLLIN };
		uint64_t now = clock_ns();
		ssize_t n;

		if (now >= until)
			return err_set(e, ETIMEDOUT,
				       "the helper process was not ready in "
				       "%d s",
				       HELLO_MS / 1000);
		if (poll(&p, 1, (int)((until - now) / 1000000) + 1) <= 0)
			continue;
		n = recv(p.fd, (char *)h + got, sizeof(*h) - got, MSG_DONTWAIT);
		if (!n || (n < 0 && errno != EAGAIN && errno != EINTR))
			return explain(u, -EPIPE, e);
		got += n > 0 ? (size_t)n : 0;
	}
	h->e.msg[sizeof(h->e.msg) - 1] = '\0';
	if (h->rc)
		*e = h->e;
	return h->rc;
}

static int start(struct net_user *u, const struct net_user_config *c,
		 struct err *e)
{
	const int bytes = SOCKET_BYTES;
	pid_t launcher = getpid();
	int ends[2], rc;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends))
		return err_sys(e, "socketpair");
	for (unsigned i = 0; i < 2; i++)
		setsockopt(ends[i], SOL_SOCKET, SO_SNDBUF, &bytes,
			   sizeof(bytes));
	u->pid = fork();
	if (!u->pid)
		be_helper(ends[1], c, launcher);
	rc = u->pid < 0 ? err_sys(e, "fork") : 0;
	/* Linux 5.3; without it, kill() does. */
	if (!rc)
		u->pidfd = (int)syscall(SYS_pidfd_open, u->pid, 0);
	close(ends[1]);
	if (rc)
		close(ends[0]);
	return rc
		       ?: net_stream_new(&u->stream, ends[0],
					 "the helper process", e);
}

int net_user_new(struct net_backend **b, struct net_user_config *c,
		 struct err *e)
{
	struct net_user_hello hello;
	struct net_user *u;
	int rc = libraries_need("libslirp", e);

	if (rc)
		return rc;
	u = calloc(1, sizeof(*u));
	if (!u)
		return err_set(e, ENOMEM, "no memory for the network");
	u->b.ops = &user_ops;
	u->pidfd = -1;
	rc = start(u, c, e);
	if (!rc)
		rc = await_hello(u, &hello, e);
	if (rc) {
		user_close(&u->b);
		return rc;
	}
	u->b.fd = u->stream->fd;
	for (unsigned i = 0; i < c->forwards_count; i++)
		net_forward_set_port(&c->forwards[i], hello.ports[i]);
	*b = &u->b;
	return 0;
}

pid_t net_user_pid(const struct net_backend *b)
{
	return ((const struct net_user *)b)->pid;
}
