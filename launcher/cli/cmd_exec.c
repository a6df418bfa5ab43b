/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * launcher exec: run a command in a guest whose root is this machine's.
 *
 * The steps: find the folders, the user and the kernel; add the devices that
 * the init in the guest needs, a shared folder for the root and a port for each
 * stream; make the initramfs; then run it as `run` does, with the console,
 * which is the kernel's log, kept away from stdin and stdout.
 *
 *   launcher            guest
 *   stdin   --> port -->  pipe --> command     or, if they are a terminal,
 *   stdout  <-- port <--  pipe <-- command     all three <--> hvc0
 *   stderr  <-- port <--  pipe <-- command
 *   signals --> port --> init --> command's process group
 *   status  <-- test port <------- init
 */
#include "cli/cli.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "dev/net/user.h"
#include "dev/virtio/console.h"
#include "dev/virtio/fs.h"
#include "dev/virtio/net.h"
#include "dev/virtio/ports.h"
#include "exec/kernel.h"
#include "exec/reader.h"
#include "exec/user.h"
#include "pv/exec.h"

#define ROOT_TAG    "root"
#define DRIVERS_ALL 16

#define ADDRESS_SIZE sizeof("255.255.255.255/24")

struct exec {
	struct options o; /* the caller's, with what is added here */
	struct exec_user user;
	struct exec_job job;
	char root[PATH_MAX], dir[PATH_MAX], host[256];
	char kernel[PATH_MAX]; /* the running one's image, if that is used */
	struct {
		char path[PATH_MAX], tag[8];
	} rw[EXEC_SHARES_MAX];
	char addresses[EXEC_NETS_MAX][ADDRESS_SIZE];
	char gateway[ADDRESS_SIZE], dns[ADDRESS_SIZE];
	const char *shell[2];
	struct exec_reader reader;
	char initramfs[32]; /* its path */
	char *cmdline;
	/* The output streams that are not complete. */
	atomic_int streams_left;
	int control_fd; /* what is written here is read at EXEC_PORT_CONTROL */
	int answer_fd;	/* and here are its answers; they never block */
};

/* ---- folders */

static int real_folder(char path[PATH_MAX], const char *option,
		       const char *given, struct err *e)
{
	struct stat st;

	if (!realpath(given, path) || stat(path, &st))
		return err_sys(e, "--%s: '%s'", option, given);
	if (!S_ISDIR(st.st_mode))
		return err_set(e, ENOTDIR, "--%s: '%s' is not a folder", option,
			       given);
	return 0;
}

/* What @path is called below @root; NULL if it is not there. */
static const char *below(const char *path, const char *root)
{
	size_t len = strlen(root);

	if (!strcmp(root, "/"))
		return path;
	if (strncmp(path, root, len) || (path[len] && path[len] != '/'))
		return NULL;
	return path[len] ? path + len : "/";
}

/* A folder beside the root appears in the guest where it is here. */
static int find_rw(struct exec *x, struct err *e)
{
	struct exec_job *job = &x->job;

	for (size_t i = 0; i < x->o.rw_count; i++) {
		size_t n = job->shares_count;
		int rc = real_folder(x->rw[n].path, "rw", x->o.rw[i], e);

		if (rc)
			return rc;
		if (!strcmp(x->rw[n].path, x->root)) {
			job->overlay = false;
			continue;
		}
		snprintf(x->rw[n].tag, sizeof(x->rw[n].tag), "rw%zu", n);
		job->shares[n].tag = x->rw[n].tag;
		job->shares[n].at = below(x->rw[n].path, x->root)
					    ?: x->rw[n].path;
		job->shares_count++;
	}
	return 0;
}

/* The command begins in the caller's folder, if the guest has it. */
static int find_folders(struct exec *x, struct err *e)
{
	struct exec_job *job = &x->job;
	int rc;

	if (!getcwd(x->dir, sizeof(x->dir)))
		return err_sys(e, "the current folder");
	rc = real_folder(x->root, "root", x->o.root ?: "/", e);
	job->overlay = true;
	job->root = ROOT_TAG;
	if (!rc)
		rc = find_rw(x, e);
	job->dir = below(x->dir, x->root);
	for (size_t i = 0; !job->dir && i < job->shares_count; i++)
		if (below(x->dir, x->rw[i].path))
			job->dir = x->dir;
	job->dir = job->dir ?: "/";
	return rc;
}

/* ---- the kernel */

/* The modules of devices that the caller has added. */
static const struct {
	const char *device, *module;
} device_modules[] = {
	{ "virtio-blk", "virtio_blk" },
	{ "virtio-net", "virtio_net" },
	{ "virtio-vsock", "vmw_vsock_virtio_transport" },
	{ "virtio-balloon", "virtio_balloon" },
};

static size_t list_drivers(const struct exec *x, const char *list[DRIVERS_ALL])
{
	bool mmio = machine_virtio_of(x->o.virtio) == MACHINE_VIRTIO_MMIO;
	size_t n = 0;

	list[n++] = mmio ? "virtio_mmio" : "virtio_pci";
	list[n++] = "virtio_console";
	list[n++] = "fuse";
	list[n++] = "virtiofs";
	if (x->job.overlay)
		list[n++] = "overlay";
	for (size_t i = 0; i < sizeof(device_modules) / sizeof(*device_modules);
	     i++)
		for (size_t d = 0; d < x->o.devices_count; d++)
			if (!strcmp(x->o.devices[d].type->name,
				    device_modules[i].device)) {
				list[n++] = device_modules[i].module;
				break;
			}
	return n;
}

static int find_kernel(struct exec *x, struct err *e)
{
	int rc = x->o.kernel ? 0 : exec_kernel_default(x->kernel, e);

	x->o.image = x->o.kernel ?: x->kernel;
	return rc;
}

/* ---- devices */

/* "DIR,tag=NAME" with the marks of base/keywords.h. */
static int add_share(struct exec *x, const char *path, const char *tag, bool rw,
		     struct err *e)
{
	char text[2 * PATH_MAX + 64];
	size_t n = 0;

	for (; *path; path++) {
		if (strchr(",=\\", *path))
			text[n++] = '\\';
		text[n++] = *path;
	}
	snprintf(text + n, sizeof(text) - n, "%s,tag=%s", rw ? ",rw" : "", tag);
	return options_add_device(&x->o, &virtio_fs_type, text, e);
}

static int add_shares(struct exec *x, struct err *e)
{
	int rc = add_share(x, x->root, ROOT_TAG, !x->job.overlay, e);

	for (size_t i = 0; !rc && i < x->job.shares_count; i++)
		rc = add_share(x, x->rw[i].path, x->rw[i].tag, true, e);
	return rc;
}

/* On the devices' thread: a stream is complete. */
static void on_ended(void *ctx)
{
	struct exec *x = ctx;

	if (atomic_fetch_sub(&x->streams_left, 1) == 1)
		(void)!write(x->control_fd, &(uint8_t){ EXEC_DONE }, 1);
}

/*
 * On the session's thread: a signal for the launcher is one for the command, if
 * the guest has delivered the one before. A guest that does not is still
 * booting, or stuck, and the signal ends the run.
 */
static bool pass_on(void *ctx, int number)
{
	const struct exec *x = ctx;
	uint8_t answers[64];

	if (read(x->answer_fd, answers, sizeof(answers)) <= 0)
		return false;
	return write(x->control_fd, &(uint8_t){ (uint8_t)number }, 1) == 1;
}

static int add_port(struct exec *x, const char *name, int in, int out,
		    struct port_config **port, struct err *e)
{
	return virtio_ports_add(x->o.devices, &x->o.devices_count,
				MACHINE_DEVICES_MAX, name, in, out, port, e);
}

static int add_output(struct exec *x, const char *name, int out, struct err *e)
{
	struct port_config *port;
	int rc = add_port(x, name, -1, out, &port, e);

	if (rc)
		return rc;
	port->eof = true;
	port->ended = on_ended;
	port->ctx = x;
	atomic_fetch_add(&x->streams_left, 1);
	return 0;
}

static int copy_of(int fd)
{
	return fcntl(fd, F_DUPFD_CLOEXEC, 3);
}

/* Both ends of a dialogue are the terminal, or neither is: of a command whose
 * output is a file, the shell's terminal remains that of this machine. */
static void find_terminal(struct exec_job *job)
{
	job->tty[0] = job->tty[1] = isatty(STDIN_FILENO) &&
				    isatty(STDOUT_FILENO);
	job->tty[2] = job->tty[0] && isatty(STDERR_FILENO);
}

static int add_terminal(struct exec *x, struct err *e)
{
	const struct device_request r = { .type = &virtio_console_type };

	return device_request_add(x->o.devices, &x->o.devices_count,
				  MACHINE_DEVICES_MAX, &r, e);
}

static int add_control(struct exec *x, struct err *e)
{
	struct port_config *port;
	int to[2], from[2];

	if (pipe2(to, O_CLOEXEC | O_NONBLOCK))
		return err_sys(e, "a pipe");
	x->control_fd = to[1];
	if (pipe2(from, O_CLOEXEC | O_NONBLOCK)) {
		close(to[0]);
		return err_sys(e, "a pipe");
	}
	x->answer_fd = from[0];
	return add_port(x, EXEC_PORT_CONTROL, to[0], from[1], &port, e);
}

static int add_streams(struct exec *x, struct err *e)
{
	struct port_config *port;
	int rc = 0;

	if (x->job.tty[0])
		rc = add_terminal(x, e);
	else
		rc = add_port(x, EXEC_PORT_STDIN, copy_of(STDIN_FILENO), -1,
			      &port, e);
	if (!rc && !x->job.tty[1])
		rc = add_output(x, EXEC_PORT_STDOUT, copy_of(STDOUT_FILENO), e);
	if (!rc && !x->job.tty[2])
		rc = add_output(x, EXEC_PORT_STDERR, copy_of(STDERR_FILENO), e);
	return rc ?: add_control(x, e);
}

/* ---- networks */

_Static_assert(NET_USER_PREFIX == 24, "as find_nets() says");

static const char *address(char text[ADDRESS_SIZE], unsigned network,
			   enum net_user_node node, const char *after)
{
	uint32_t a = NET_USER_V4(network, node);

	snprintf(text, ADDRESS_SIZE, "%u.%u.%u.%u%s", a >> 24, a >> 16 & 255,
		 a >> 8 & 255, a & 255, after);
	return text;
}

/* Everything that is not near goes through this card, of the network @c. */
static void set_gateway(struct exec *x, size_t n,
			const struct virtio_net_config *c)
{
	x->job.nets[n].gateway = address(x->gateway, c->network, NET_USER_HOST,
					 "");
	x->job.nets[n].dns = address(x->dns, c->network, NET_USER_DNS, "");
}

/* The kernel numbers its cards in the order of their slots. */
static void find_nets(struct exec *x)
{
	struct exec_job *job = &x->job;
	bool found = false;

	for (size_t i = 0; i < x->o.devices_count; i++) {
		const struct virtio_net_config *c = x->o.devices[i].config;
		size_t n = job->nets_count;

		if (x->o.devices[i].type != &virtio_net_type)
			continue;
		snprintf(job->nets[n].card, sizeof(job->nets[n].card), "eth%zu",
			 n);
		if (c->user)
			job->nets[n].address = address(x->addresses[n],
						       c->network,
						       NET_USER_GUEST, "/24");
		if (c->user && !c->restrict_ && !found) {
			set_gateway(x, n, c);
			found = true;
		}
		job->nets_count++;
	}
}

/* ---- the initramfs and the command line */

/* The reader fills it. */
static int add_initramfs(struct exec *x, struct err *e)
{
	int rc;

	if (x->o.initrd_count == INITRD_PARTS_MAX)
		return err_set(e, E2BIG,
			       "--initrd may be given at most %d times for "
			       "exec, which adds one",
			       INITRD_PARTS_MAX - 1);
	rc = exec_reader_init(&x->reader, e);
	if (rc)
		return rc;
	snprintf(x->initramfs, sizeof(x->initramfs), "/proc/self/fd/%d",
		 x->reader.initramfs_fd);
	x->o.initrd[x->o.initrd_count++] = x->initramfs;
	return 0;
}

static int start_reader(void *ctx, const struct input *image, struct err *e)
{
	struct exec *x = ctx;
	const char *wanted[DRIVERS_ALL];
	const struct exec_reading r = {
		.modules = x->o.modules,
		.drivers = wanted,
		.drivers_count = list_drivers(x, wanted),
		.job = &x->job,
	};

	return exec_reader_start(&x->reader, &r, image, e);
}

static int await_reader(void *ctx, struct err *e)
{
	struct exec *x = ctx;

	return exec_reader_await(&x->reader, e);
}

/* Writing the log takes a part of the boot's time. */
static int make_cmdline(struct exec *x, struct err *e)
{
	const char *own = x->o.verbose ? "loglevel=7" : "quiet";

	if (asprintf(&x->cmdline, "%s%s%s", own, x->o.cmdline ? " " : "",
		     x->o.cmdline ?: "") < 0) {
		x->cmdline = NULL;
		return err_set(e, ENOMEM, "no memory for the command line");
	}
	x->o.cmdline = x->cmdline;
	return 0;
}

static void find_command(struct exec *x)
{
	x->shell[0] = x->user.shell;
	x->job.args = x->o.command ?: x->shell;
	x->job.envs = x->user.envs;
	x->job.uid = x->user.uid;
	x->job.gid = x->user.gid;
	x->job.groups = x->user.groups;
	x->job.groups_count = x->user.groups_count;
	if (!gethostname(x->host, sizeof(x->host) - 1))
		x->job.host = x->host;
}

static int prepare(struct exec *x, struct err *e)
{
	int rc = find_folders(x, e);

	if (!rc) {
		rc = exec_user_find(&x->user, x->o.user, environ, e);
		if (rc)
			err_prefix(e, rc, "--user");
	}
	if (!rc)
		rc = find_kernel(x, e);
	if (rc)
		return rc;
	find_command(x);
	find_terminal(&x->job);
	find_nets(x);
	rc = add_shares(x, e);
	if (!rc)
		rc = add_streams(x, e);
	if (!rc)
		rc = add_initramfs(x, e);
	return rc ?: make_cmdline(x, e);
}

/* ---- the end */

/* The init has said in the kernel's log why it could not begin. */
static void say_unprepared(const struct watch *w, struct verdict *v)
{
	const char *line = watch_last_line(w);
	const char *why = strstr(line, "launcher: ");

	v->status = STATUS_EXEC_FAILED;
	snprintf(v->line, sizeof(v->line),
		 "the guest could not start the command: %s",
		 why ? why + strlen("launcher: ") : line);
}

/* The init has reported. Returns whether there is more to say than the command
 * itself has said. */
static bool judge_report(uint32_t value, const struct watch *w,
			 struct verdict *v)
{
	unsigned n = EXEC_VALUE(value);

	v->silent = false;
	if (EXEC_KIND(value) == EXEC_UNPREPARED) {
		say_unprepared(w, v);
		return true;
	}
	if (EXEC_KIND(value) == EXEC_KILLED) {
		v->status = (int)(STATUS_SIGNAL + n);
		snprintf(v->line, sizeof(v->line),
			 "signal %u ended the command", n);
	} else {
		v->status = (int)n;
		snprintf(v->line, sizeof(v->line),
			 "the command exited with status %u", n);
	}
	return false;
}

static bool judge(void *ctx, const struct outcome *o, const struct watch *w,
		  struct verdict *v)
{
	char line[sizeof(v->line)];

	(void)ctx;
	if (o->kind == OUTCOME_REPORTED &&
	    (o->value & EXEC_MAGIC_MASK) == EXEC_MAGIC)
		return judge_report(o->value, w, v);
	if (v->status == STATUS_TIMEOUT || v->status > STATUS_SIGNAL)
		return true;
	if (v->status == STATUS_OK) {
		strcpy(line, v->line);
		snprintf(v->line, sizeof(v->line),
			 "the guest ended before the command did: %.4000s",
			 line);
	}
	v->silent = false;
	v->status = v->status == STATUS_FAILED ? STATUS_EXEC_FAILED
					       : STATUS_GUEST_DIED;
	return true;
}

static void release(struct exec *x, size_t devices)
{
	/* The caller releases its own. */
	while (x->o.devices_count > devices)
		device_request_release(&x->o.devices[--x->o.devices_count]);
	if (x->control_fd >= 0)
		close(x->control_fd);
	if (x->answer_fd >= 0)
		close(x->answer_fd);
	exec_reader_release(&x->reader);
	free(x->cmdline);
	exec_user_release(&x->user);
}

int cmd_exec(const struct options *o, struct err *e)
{
	static struct exec x;
	struct run_way way = {
		.log_fd = o->verbose ? STDERR_FILENO : -1,
		.failed = STATUS_EXEC_FAILED,
		.opened = start_reader,
		.confined = await_reader,
		.judge = judge,
		.pass = pass_on,
		.ctx = &x,
	};
	int status = STATUS_EXEC_FAILED;

	x = (struct exec){
		.o = *o,
		.reader = EXEC_READER_EMPTY,
		.control_fd = -1,
		.answer_fd = -1,
	};
	if (!prepare(&x, e)) {
		way.has_terminal = x.job.tty[0];
		status = run_image(&x.o, &way, e);
	}
	release(&x, o->devices_count);
	return status;
}
