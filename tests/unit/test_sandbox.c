/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The sandbox, from inside: a process confines itself, a thread takes a role,
 * and tries what it may not do. It must end with the status of a violation and
 * one line, before the call has any effect.
 */
#include "unit/unit.h"
#include "base/confine.h"
#include "base/crew.h"
#include "base/status.h"
#include "base/thread.h"
#include "sandbox/sandbox.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

/* The status of a child that was not stopped: the call failed, or worked. */
#define REFUSED 40
#define WORKED	41

static int folder;   /* where results get names */
static pid_t parent; /* of the process that tries */

/* ---- what a thread may not do; each returns what the call returned */

static long opens(void)
{
	return open("/etc/passwd", O_RDONLY);
}

static long opens_anew(void)
{
	return syscall(SYS_open, "/etc/passwd", O_RDONLY);
}

static long makes_a_socket(void)
{
	return socket(AF_INET, SOCK_STREAM, 0);
}

static long starts_a_program(void)
{
	char name[] = "/bin/true", *argv[] = { name, NULL };

	return execv(argv[0], argv);
}

static long forks(void)
{
	pid_t pid = (pid_t)syscall(SYS_fork);

	if (!pid)
		_exit(0);
	return pid;
}

static long traces(void)
{
	return ptrace(PTRACE_ATTACH, parent, 0, 0);
}

static long maps_code(void)
{
	return (long)mmap(NULL, 4096, PROT_READ | PROT_EXEC,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

static long makes_code(void)
{
	static _Alignas(4096) char page[4096];

	return mprotect(page, sizeof(page), PROT_READ | PROT_EXEC);
}

static long types_for_others(void)
{
	return ioctl(STDIN_FILENO, TIOCSTI, "x");
}

static long kills_its_parent(void)
{
	return kill(parent, SIGTERM);
}

static long signals_its_parents_thread(void)
{
	return syscall(SYS_tgkill, parent, parent, SIGTERM);
}

/* A descriptor can signal as well, for its input or for its owner. */
static long signals_by_a_descriptor(void)
{
	return fcntl(STDIN_FILENO, F_SETOWN, parent);
}

static long opens_a_process(void)
{
	return syscall(SYS_pidfd_open, parent, 0);
}

static long signals_by_a_pidfd(void)
{
	return syscall(SYS_pidfd_send_signal, STDIN_FILENO, SIGTERM, NULL, 0);
}

static long reads_other_memory(void)
{
	return syscall(SYS_process_vm_readv, parent, NULL, 0, NULL, 0, 0);
}

static long gains_rights(void)
{
	return syscall(SYS_setuid, 0);
}

static long names_a_result(void)
{
	return renameat(folder, "temporary", folder, "result");
}

static long runs_a_guest(void)
{
	return ioctl(STDIN_FILENO, KVM_RUN, 0);
}

static const struct {
	const char *call; /* as the message names it */
	long (*fn)(void);
} forbidden[] = {
	{ "openat", opens },
	{ "open", opens_anew },
	{ "socket", makes_a_socket },
	{ "execve", starts_a_program },
	{ "fork", forks },
	{ "ptrace", traces },
	{ "mmap", maps_code },
	{ "mprotect", makes_code },
	{ "ioctl", types_for_others },
	{ "kill", kills_its_parent },
	{ "tgkill", signals_its_parents_thread },
	{ "fcntl", signals_by_a_descriptor },
	{ "pidfd_open", opens_a_process },
	{ "pidfd_send_signal", signals_by_a_pidfd },
	{ "process_vm_readv", reads_other_memory },
	{ "setuid", gains_rights },
};

static const struct {
	enum sandbox_process process;
	enum thread_role role;
	const char *name;
} roles[] = {
	{ SANDBOX_RUN, THREAD_ANY, "loads" },
	{ SANDBOX_RUN, THREAD_MAIN, "main" },
	{ SANDBOX_RUN, THREAD_VCPU, "vcpu 0" },
	{ SANDBOX_RUN, THREAD_WORK, "devices" },
	{ SANDBOX_WIDE, THREAD_MAIN, "main" },
	{ SANDBOX_WIDE, THREAD_VCPU, "vcpu 0" },
	{ SANDBOX_WIDE, THREAD_WORK, "devices" },
	{ SANDBOX_WIDE, THREAD_FILES, "files" },
	{ SANDBOX_READ, THREAD_ANY, "inspect" },
};

/* A device's thread leaves it to a thread that serves files; that one to
 * another, which it starts itself. */
static struct crew files;
static int opened[2];	/* a pipe for what open() has returned */
static int bell, never; /* eventfds */

static void open_one(void *ctx)
{
	eventfd_t count;
	long fd;

	(void)ctx;
	if (crew_spare(&files, 1)) {
		/* This thread stays here until the process ends. */
		if (eventfd_write(bell, 1) || eventfd_read(never, &count))
			_exit(95);
	}
	fd = opens();
	if (write(opened[1], &fd, sizeof(fd)) != sizeof(fd))
		_exit(97);
}

static struct crew_watch watch = { .fn = open_one };

static long has_a_job_open(void)
{
	long fd;

	if (eventfd_write(bell, 1))
		_exit(95);
	return read(opened[0], &fd, sizeof(fd)) == sizeof(fd) ? fd : 0;
}

/* ---- a process that tries one of them on a thread of its own */

struct trial {
	enum sandbox_process process;
	enum thread_role role;
	const char *name;
	long (*fn)(void);
};

static void *try(void *arg)
{
	const struct trial *t = arg;

	confine_thread(t->role, t->name);
	_exit(t->fn() < 0 ? REFUSED : WORKED);
}

static void confined(const struct trial *t)
{
	struct sandbox_config c = {
		.mode = SANDBOX_ON,
		.process = t->process,
		.folders = { { folder, LANDLOCK_RESULTS } },
		.folders_count = 1,
	};
	pthread_t thread;
	struct err e;

	if (pipe(opened))
		_exit(94);
	if (sandbox_enter(&c, &e)) {
		dprintf(STDERR_FILENO, "%s\n", e.msg);
		_exit(99);
	}
	if (t->process == SANDBOX_WIDE &&
	    (crew_init(&files, 2, THREAD_FILES, &e) ||
	     (bell = eventfd(0, EFD_NONBLOCK)) < 0 ||
	     (never = eventfd(0, 0)) < 0 ||
	     crew_add(&files, &watch, bell, &e) || crew_start(&files, &e)))
		_exit(96);
	if (t->role == THREAD_MAIN)
		try((void *)t);
	if (!thread_start(&thread, try, (void *)t))
		_exit(98);
	/* A thread with a filter of its own leaves the end to this one. */
	while (read(sandbox_fd(), &(uint64_t){ 0 }, sizeof(uint64_t)) < 0)
		;
	sandbox_end();
}

/* The wait status, and in @said what was written to stderr. */
static int status_of(const struct trial *t, char *said, size_t size)
{
	int ends[2], status;
	ssize_t n;
	pid_t pid;

	ck_assert_int_eq(pipe(ends), 0);
	pid = fork();
	if (!pid) {
		dup2(ends[1], STDERR_FILENO);
		confined(t);
	}
	close(ends[1]);
	n = read(ends[0], said, size - 1);
	said[n > 0 ? n : 0] = '\0';
	close(ends[0]);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	return status;
}

static bool filters_are_there(void)
{
	return HAVE_SECCOMP && !sandbox_is_impossible();
}

static void setup(void)
{
	folder = open(".", O_RDONLY | O_DIRECTORY);
	ck_assert_int_ge(folder, 0);
	parent = getpid();
	/* A violation that is not stopped must not end the test. */
	signal(SIGTERM, SIG_IGN);
}

static void expect_stopped(const struct trial *t, const char *call)
{
	char said[512], want[128];
	int status = status_of(t, said, sizeof(said));

	ck_assert_msg(WIFEXITED(status) &&
			      WEXITSTATUS(status) == STATUS_SANDBOX,
		      "%s by '%s': wait status 0x%x, \"%s\"", call, t->name,
		      status, said);
	snprintf(want, sizeof(want),
		 "launcher: the sandbox stopped the thread '%s': system call "
		 "%s (number",
		 t->name, call);
	ck_assert_msg(!strncmp(said, want, strlen(want)), "\"%s\"", said);
	ck_assert_msg(strchr(said, '\n') == said + strlen(said) - 1,
		      "not one line: \"%s\"", said);
}

START_TEST(sandbox__stops_every_thread)
{
	if (!filters_are_there())
		UNIT_SKIP("this build has no filters");
	for (size_t r = 0; r < COUNT(roles); r++) {
		const struct trial t = { roles[r].process, roles[r].role,
					 roles[r].name, forbidden[_i].fn };

		/* What Landlock leaves of this is tested below. */
		if (t.role == THREAD_FILES && t.fn == opens)
			continue;
		expect_stopped(&t, forbidden[_i].call);
	}
}
END_TEST

/* What one thread may do, another one may not. */
START_TEST(sandbox__threads_differ)
{
	struct trial t = { SANDBOX_RUN, THREAD_VCPU, "vcpu 0", names_a_result };

	if (!filters_are_there())
		UNIT_SKIP("this build has no filters");
	expect_stopped(&t, "renameat");
	t = (struct trial){ SANDBOX_RUN, THREAD_WORK, "devices",
			    names_a_result };
	expect_stopped(&t, "renameat");
	t = (struct trial){ SANDBOX_RUN, THREAD_MAIN, "main", runs_a_guest };
	expect_stopped(&t, "ioctl");
	t = (struct trial){ SANDBOX_RUN, THREAD_WORK, "devices", runs_a_guest };
	expect_stopped(&t, "ioctl");
	t = (struct trial){ SANDBOX_READ, THREAD_ANY, "inspect", runs_a_guest };
	expect_stopped(&t, "ioctl");
}
END_TEST

/* The main thread names results, and only in their folder. */
static long names_here(void)
{
	return renameat(folder, "temporary", folder, "result");
}

static long names_elsewhere(void)
{
	return renameat(folder, "temporary", AT_FDCWD, "other/result");
}

static long removes_elsewhere(void)
{
	return unlinkat(AT_FDCWD, "other/victim", 0);
}

START_TEST(sandbox__names_results_in_their_folder)
{
	struct trial t = { SANDBOX_RUN, THREAD_MAIN, "main", names_here };
	char said[512];

	if (!filters_are_there())
		UNIT_SKIP("this build has no filters");
	ck_assert_int_eq(mkdir("results", 0700), 0);
	ck_assert_int_eq(mkdir("other", 0700), 0);
	folder = open("results", O_RDONLY | O_DIRECTORY);
	close(openat(folder, "temporary", O_CREAT | O_WRONLY, 0600));
	close(open("other/victim", O_CREAT | O_WRONLY, 0600));
	ck_assert_int_eq(WEXITSTATUS(status_of(&t, said, sizeof(said))),
			 WORKED);
	ck_assert_int_eq(faccessat(folder, "result", F_OK, 0), 0);
	if (!landlock_abi())
		UNIT_SKIP("this kernel has no Landlock");
	close(openat(folder, "temporary", O_CREAT | O_WRONLY, 0600));
	t.fn = names_elsewhere;
	ck_assert_int_eq(WEXITSTATUS(status_of(&t, said, sizeof(said))),
			 REFUSED);
	t.fn = removes_elsewhere;
	ck_assert_int_eq(WEXITSTATUS(status_of(&t, said, sizeof(said))),
			 REFUSED);
	ck_assert_int_eq(access("other/victim", F_OK), 0);
}
END_TEST

static long creates_outside(void)
{
	return open("outside", O_CREAT | O_WRONLY, 0600);
}

/* A thread that serves files may open some, but only what Landlock leaves. */
START_TEST(sandbox__files_are_beneath_a_folder)
{
	struct trial t = { SANDBOX_WIDE, THREAD_FILES, "files", opens };
	char said[512];

	if (!filters_are_there())
		UNIT_SKIP("this build has no filters");
	if (!landlock_abi())
		UNIT_SKIP("this kernel has no Landlock");
	ck_assert_int_eq(WEXITSTATUS(status_of(&t, said, sizeof(said))),
			 REFUSED);
	ck_assert_int_eq(mkdir("kept", 0700), 0);
	folder = open("kept", O_RDONLY | O_DIRECTORY);
	t.fn = creates_outside;
	ck_assert_int_eq(WEXITSTATUS(status_of(&t, said, sizeof(said))),
			 REFUSED);
	ck_assert_int_ne(access("outside", F_OK), 0);
	t.role = THREAD_WORK;
	t.fn = opens;
	ck_assert_int_eq(WEXITSTATUS(status_of(&t, said, sizeof(said))),
			 STATUS_SANDBOX);
	t = (struct trial){ SANDBOX_WIDE, THREAD_WORK, "devices",
			    has_a_job_open };
	ck_assert_int_eq(WEXITSTATUS(status_of(&t, said, sizeof(said))),
			 REFUSED);
}
END_TEST

/* Each call that the server of a shared folder makes, of a file that does not
 * exist: it fails, but the thread goes on. */
static long serves_a_share(void)
{
	const struct timespec now[2] = { { .tv_nsec = UTIME_NOW },
					 { .tv_nsec = UTIME_NOW } };
	struct iovec iov = { NULL, 0 };
	struct statfs fs;
	struct statx st;
	char text[64];
	int rc = 0;

	rc |= (int)syscall(SYS_openat2, -1, "none", text, 0);
	rc |= openat(-1, "none", O_RDONLY);
	rc |= statx(-1, "", AT_EMPTY_PATH, STATX_BASIC_STATS, &st);
	rc |= fstatfs(-1, &fs);
	rc |= (int)readlinkat(-1, "", text, sizeof(text));
	rc |= (int)syscall(SYS_getdents64, -1, text, sizeof(text));
	rc |= faccessat(AT_FDCWD, "none", R_OK, AT_EACCESS);
	rc |= (int)getxattr("none", "user.x", text, sizeof(text));
	rc |= (int)listxattr("none", text, sizeof(text));
	rc |= setxattr("none", "user.x", "", 0, 0);
	rc |= removexattr("none", "user.x");
	rc |= mkdirat(-1, "none", 0700);
	rc |= mknodat(-1, "none", S_IFREG | 0600, 0);
	rc |= symlinkat("x", -1, "none");
	rc |= linkat(-1, "none", -1, "other", AT_SYMLINK_FOLLOW);
	rc |= renameat2(-1, "none", -1, "other", 0);
	rc |= renameat2(-1, "none", -1, "other", RENAME_NOREPLACE);
	rc |= unlinkat(-1, "none", AT_REMOVEDIR);
	rc |= chmod("none", 0600);
	rc |= fchmod(-1, 0600);
	rc |= fchownat(-1, "", 0, 0, AT_EMPTY_PATH);
	rc |= utimensat(AT_FDCWD, "none", now, 0);
	rc |= (int)preadv(-1, &iov, 1, 0);
	rc |= (int)pwritev2(-1, &iov, 1, 0, RWF_APPEND);
	rc |= (int)lseek(-1, 0, SEEK_DATA);
	rc |= ftruncate(-1, 0) | fsync(-1) | fdatasync(-1);
	rc |= fallocate(-1, 0, 0, 1);
	rc |= (int)copy_file_range(-1, NULL, -1, NULL, 1, 0);
	return rc < 0 ? 0 : -1;
}

/* What the trial does is allowed, and works. */
static void expect_work(const struct trial *t)
{
	char said[512];
	int status = status_of(t, said, sizeof(said));

	ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == WORKED,
		      "wait status 0x%x, \"%s\"", status, said);
}

START_TEST(sandbox__serves_shared_folders)
{
	struct trial t = { SANDBOX_WIDE, THREAD_FILES, "files",
			   serves_a_share };

	if (!filters_are_there())
		UNIT_SKIP("this build has no filters");
	expect_work(&t);
}
END_TEST

/* More threads than malloc() has arenas for at first: it would count the
 * processors, in a file. */
#define MANY 16

static pthread_barrier_t together;

static void *allocates(void *arg)
{
	/* volatile: or the compiler leaves both calls out */
	void *volatile p;

	pthread_barrier_wait(&together);
	p = malloc(1000);
	pthread_barrier_wait(&together);
	free(p);
	return arg;
}

static long has_many_threads(void)
{
	pthread_t threads[MANY];

	pthread_barrier_init(&together, NULL, MANY);
	for (int i = 0; i < MANY; i++)
		if (!thread_start(&threads[i], allocates, NULL))
			return -1;
	for (int i = 0; i < MANY; i++)
		pthread_join(threads[i], NULL);
	return 0;
}

START_TEST(sandbox__many_threads_allocate)
{
	struct trial t = { SANDBOX_RUN, THREAD_MAIN, "main", has_many_threads };

	if (!filters_are_there())
		UNIT_SKIP("this build has no filters");
	expect_work(&t);
}
END_TEST

/* ---- processes beside the launcher's own */

static const struct {
	enum process_role role;
	const char *name;
} processes[] = {
	{ PROCESS_TTY, "terminal" },
	{ PROCESS_NET, "network" },
	{ PROCESS_NET_RESTRICTED, "network" },
	{ PROCESS_READER, "reader" },
};

static const struct confine_file *own_file;

/* The status of a process that tries one of them in @role; @what becomes the
 * sentence if it was stopped. */
static int process_status(enum process_role role, const char *name,
			  long (*fn)(void), char *what, size_t size)
{
	sigset_t all;
	int status;
	struct err e;
	pid_t pid;

	*what = '\0';
	assert_ok(sandbox_prepare(SANDBOX_ON, &e), &e);
	pid = fork();
	if (!pid) {
		/* As the terminal's guard does. */
		sigfillset(&all);
		sigprocmask(SIG_SETMASK, &all, NULL);
		confine_process(role, name, own_file);
		_exit(fn() < 0 ? REFUSED : WORKED);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(WIFEXITED(status));
	confine_stopped(status, what, size);
	return WEXITSTATUS(status);
}

/* The network makes sockets, the reader opens files: that is their purpose. */
static bool is_purpose(enum process_role role, const char *call)
{
	switch (role) {
	case PROCESS_NET:
	case PROCESS_NET_RESTRICTED:
		return !strcmp(call, "socket");
	case PROCESS_READER:
		return !strcmp(call, "openat");
	default:
		return false;
	}
}

START_TEST(sandbox__stops_every_process)
{
	const char *call = forbidden[_i].call;
	char what[512], want[128];

	if (!filters_are_there())
		UNIT_SKIP("this build has no filters");
	for (size_t p = 0; p < COUNT(processes); p++) {
		if (is_purpose(processes[p].role, call))
			continue;
		ck_assert_int_eq(
			process_status(processes[p].role, processes[p].name,
				       forbidden[_i].fn, what, sizeof(what)),
			STATUS_SANDBOX);
		snprintf(want, sizeof(want),
			 "the sandbox stopped the thread '%s': system call %s "
			 "(number",
			 processes[p].name, call);
		ck_assert_msg(!strncmp(what, want, strlen(want)), "\"%s\"",
			      what);
	}
}
END_TEST

static long makes_a_local_socket(void)
{
	return socket(AF_UNIX, SOCK_DGRAM, 0);
}

/* GLib prints warnings about packets that make no sense. */
static long logs_like_glib(void)
{
	return isatty(STDERR_FILENO) ? 0 : -1;
}

/* A port that nothing listens on: whether the attempt is made is what counts.
 * */
static long connects(void)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(1) };
	int s = socket(AF_INET, SOCK_STREAM, 0);

	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	return connect(s, (struct sockaddr *)&to, sizeof(to)) < 0 &&
			       errno == EACCES
		       ? -1
		       : s;
}

START_TEST(sandbox__network_has_sockets)
{
	char what[512];

	if (!filters_are_there())
		UNIT_SKIP("this build has no filters");
	ck_assert_int_eq(process_status(PROCESS_NET, "network", makes_a_socket,
					what, sizeof(what)),
			 WORKED);
	ck_assert_int_eq(process_status(PROCESS_NET, "network",
					makes_a_local_socket, what,
					sizeof(what)),
			 REFUSED);
	process_status(PROCESS_NET, "network", logs_like_glib, what,
		       sizeof(what));
	ck_assert_str_eq(what, "");
	ck_assert_int_eq(process_status(PROCESS_NET, "network", connects, what,
					sizeof(what)),
			 WORKED);
	if (landlock_abi() < 4)
		UNIT_SKIP("this kernel's Landlock knows no ports");
	ck_assert_int_eq(process_status(PROCESS_NET_RESTRICTED, "network",
					connects, what, sizeof(what)),
			 REFUSED);
}
END_TEST

/* Twice, as it is read by a library that looks whether it has changed. */
static long reads_its_file(void)
{
	struct stat first, again;
	char text[2][16] = { "" };
	FILE *f;

	if (stat("/etc/own", &first) || stat("/etc/own", &again) ||
	    first.st_ino != again.st_ino || first.st_size != 6)
		return -1;
	for (int i = 0; i < 2; i++) {
		f = fopen("/etc/own", "r");
		if (!f || !fgets(text[i], sizeof(text[i]), f))
			return -1;
		fclose(f);
	}
	return strcmp(text[0], "words\n") || strcmp(text[1], "words\n") ? -1
									: 0;
}

static long lacks_its_file(void)
{
	return open("/etc/own", O_RDONLY) < 0 && errno == ENOENT ? 0 : -1;
}

START_TEST(sandbox__process_reads_its_file)
{
	struct confine_file file = { .path = "/etc/own" };
	char what[512];
	FILE *f;

	if (!filters_are_there())
		UNIT_SKIP("this build has no filters");
	f = fopen("own", "w");
	fputs("words\n", f);
	fclose(f);
	file.fd = open("own", O_RDONLY);
	own_file = &file;
	ck_assert_int_eq(process_status(PROCESS_NET, "network", reads_its_file,
					what, sizeof(what)),
			 WORKED);
	ck_assert_int_eq(process_status(PROCESS_NET, "network", opens, what,
					sizeof(what)),
			 STATUS_SANDBOX);
	close(file.fd);
	file.fd = -1;
	ck_assert_int_eq(process_status(PROCESS_NET, "network", lacks_its_file,
					what, sizeof(what)),
			 WORKED);
	own_file = NULL;
}
END_TEST

static long reads_beneath(void)
{
	int fd = open("beneath/a", O_RDONLY);
	char c;

	return fd < 0 || read(fd, &c, 1) != 1 || c != 'a' ? -1 : 0;
}

static long writes_beneath(void)
{
	return open("beneath/a", O_WRONLY);
}

static long makes_beneath(void)
{
	return open("beneath/b", O_RDONLY | O_CREAT, 0600);
}

START_TEST(sandbox__reader_reads_beneath_a_folder)
{
	struct confine_file beneath = { .path = NULL };
	char what[512];
	FILE *f;

	if (!filters_are_there())
		UNIT_SKIP("this build has no filters");
	ck_assert_int_eq(mkdir("beneath", 0700), 0);
	f = fopen("beneath/a", "w");
	fputs("a", f);
	fclose(f);
	beneath.fd = open("beneath", O_PATH);
	own_file = &beneath;
	ck_assert_int_eq(process_status(PROCESS_READER, "reader", reads_beneath,
					what, sizeof(what)),
			 WORKED);
	ck_assert_int_eq(process_status(PROCESS_READER, "reader",
					writes_beneath, what, sizeof(what)),
			 STATUS_SANDBOX);
	ck_assert_int_eq(process_status(PROCESS_READER, "reader", makes_beneath,
					what, sizeof(what)),
			 STATUS_SANDBOX);
	if (landlock_abi())
		ck_assert_int_eq(process_status(PROCESS_READER, "reader", opens,
						what, sizeof(what)),
				 REFUSED);
	close(beneath.fd);
	/* Without a folder, it reads nothing. */
	beneath.fd = -1;
	if (landlock_abi())
		ck_assert_int_eq(process_status(PROCESS_READER, "reader",
						reads_beneath, what,
						sizeof(what)),
				 REFUSED);
	own_file = NULL;
}
END_TEST

static long looks_at_itself(void)
{
	return prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1 &&
			       prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) == 0
		       ? 0
		       : -1;
}

/* prctl() is itself limited to naming threads. */
START_TEST(sandbox__prctl_only_names)
{
	struct trial t = { SANDBOX_RUN, THREAD_ANY, "loads", looks_at_itself };

	if (!filters_are_there())
		UNIT_SKIP("this build has no filters");
	expect_stopped(&t, "prctl");
}
END_TEST

/* The end is called with the sentence, and may take the process down. */
static void end(void *ctx, const char *what)
{
	*(const char **)ctx = what;
	_exit(strstr(what, "system call socket") ? 55 : 56);
}

START_TEST(sandbox__calls_the_end)
{
	const char *said;
	struct sandbox_config c = { .end = end, .ctx = &said };
	int status;
	struct err e;
	pid_t pid;

	if (!filters_are_there())
		UNIT_SKIP("this build has no filters");
	pid = fork();
	if (!pid) {
		if (!sandbox_enter(&c, &e))
			makes_a_socket();
		_exit(1);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(WEXITSTATUS(status), 55);
}
END_TEST

/* --sandbox log stops nothing; off does nothing at all. */
START_TEST(sandbox__log_and_off)
{
	for (int mode = SANDBOX_LOG; mode <= SANDBOX_OFF; mode++) {
		struct sandbox_config c = { .mode = mode };
		int status;
		struct err e;
		pid_t pid = fork();

		if (!pid)
			_exit(sandbox_enter(&c, &e) || opens() < 0);
		ck_assert_int_eq(waitpid(pid, &status, 0), pid);
		ck_assert_int_eq(status, 0);
	}
}
END_TEST

/* The older the kernel, the longer the list. */
START_TEST(sandbox__older_kernels_are_weaker)
{
	static const struct {
		int abi;
		size_t count;
	} kernels[] = { { 0, 2 }, { 1, 1 }, { 5, 1 }, { 6, 0 }, { 99, 0 } };

	for (size_t i = 0; i < COUNT(kernels); i++) {
		size_t n = 0;

		while (landlock_lacks(kernels[i].abi, n))
			n++;
		ck_assert_uint_eq(n, kernels[i].count);
	}
	ck_assert_ptr_nonnull(strstr(landlock_lacks(0, 0), "no Landlock"));
	ck_assert_ptr_nonnull(strstr(landlock_lacks(5, 0), "abstract"));
}
END_TEST

START_TEST(sandbox__words)
{
	ck_assert_str_eq(sandbox_word(SANDBOX_ON), "on");
	ck_assert_str_eq(sandbox_word(SANDBOX_LOG), "log");
	ck_assert_str_eq(sandbox_word(SANDBOX_OFF), "off");
	ck_assert_ptr_null(sandbox_word(3));
	ck_assert_int_eq(sandbox_mode_of(NULL), SANDBOX_ON);
	ck_assert_int_eq(sandbox_mode_of("log"), SANDBOX_LOG);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("sandbox");
	TCase *t = tcase_create("sandbox");

	tcase_set_timeout(t, 120);
	tcase_add_checked_fixture(t, setup, NULL);
	tcase_add_loop_test(t, sandbox__stops_every_thread, 0,
			    COUNT(forbidden));
	tcase_add_test(t, sandbox__threads_differ);
	tcase_add_test(t, sandbox__names_results_in_their_folder);
	tcase_add_test(t, sandbox__files_are_beneath_a_folder);
	tcase_add_test(t, sandbox__serves_shared_folders);
	tcase_add_test(t, sandbox__many_threads_allocate);
	tcase_add_loop_test(t, sandbox__stops_every_process, 0,
			    COUNT(forbidden));
	tcase_add_test(t, sandbox__network_has_sockets);
	tcase_add_test(t, sandbox__process_reads_its_file);
	tcase_add_test(t, sandbox__reader_reads_beneath_a_folder);
	tcase_add_test(t, sandbox__prctl_only_names);
	tcase_add_test(t, sandbox__calls_the_end);
	tcase_add_test(t, sandbox__log_and_off);
	tcase_add_test(t, sandbox__older_kernels_are_weaker);
	tcase_add_test(t, sandbox__words);
	suite_add_tcase(s, t);
	return s;
}
