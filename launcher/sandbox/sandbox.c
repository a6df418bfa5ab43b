/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sandbox/sandbox.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <malloc.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

#include "base/confine.h"
#include "base/log.h"
#include "base/status.h"
#include "sandbox/own_pid.h"
#include "sandbox/privileges.h"

#if HAVE_SECCOMP
#include "sandbox/filters.h" /* made by scripts/sandbox/generate.c */
#endif

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED true
#else
#define SANITIZED false
#endif

/* How long the process may take to end after a violation. */
#define END_SECONDS 5

/* How many words of the stack are searched for the caller. */
#define STACK_WORDS 512

/* As many as malloc() makes before it counts processors. */
#define ARENAS_MAX 8

#define WEAKER_MAX 8

static struct sandbox_config config;
static const char *weaker[WEAKER_MAX]; /* what this host or build lacks */
static size_t weaker_count;
static const char *entered; /* the mode, as it was asked for */
static int landlock;	    /* its ABI */
static int wake_fd = -1;
static uintptr_t text_start, text_end; /* the program's code */
static _Thread_local const char *thread_name = "main";
static _Thread_local bool has_own_filter;
static _Thread_local bool is_main;

static atomic_bool violated;
static char sentence[256];

const char *sandbox_word(size_t i)
{
	static const char *const words[] = { "on", "log", "off" };

	return i < sizeof(words) / sizeof(words[0]) ? words[i] : NULL;
}

bool sandbox_is_impossible(void)
{
	return SANITIZED;
}

enum sandbox_mode sandbox_mode_of(const char *word)
{
	for (size_t i = 0; word && sandbox_word(i); i++)
		if (!strcmp(word, sandbox_word(i)))
			return (enum sandbox_mode)i;
	return SANDBOX_ON;
}

static void is_weaker(const char *what)
{
	assert(weaker_count < WEAKER_MAX);
	weaker[weaker_count++] = what;
	log_step("--sandbox: %s", what);
}

const char *sandbox_weakness(size_t i)
{
	return i < weaker_count ? weaker[i] : NULL;
}

int sandbox_landlock(void)
{
	return landlock;
}

const char *sandbox_entered(void)
{
	return entered;
}

int sandbox_fd(void)
{
	return wake_fd;
}

/* ---- a violation */

static const char *call_name(int nr)
{
#if HAVE_SECCOMP
	if (nr >= 0 && (size_t)nr < sizeof(call_names) / sizeof(*call_names) &&
	    call_names[nr])
		return call_names[nr];
#endif
	return "unknown";
}

/* The first address in the program's code: of the call itself, or of what looks
 * like a return address on the stack. 0: none. */
static uintptr_t find_caller(const ucontext_t *u, uintptr_t at)
{
	const uintptr_t *sp =
		(const uintptr_t *)(uintptr_t)u->uc_mcontext.gregs[REG_RSP];

	if (at >= text_start && at < text_end)
		return at;
	for (unsigned i = 0; i < STACK_WORDS; i++)
		if (sp[i] >= text_start && sp[i] < text_end)
			return sp[i];
	return 0;
}

static void describe(const siginfo_t *info, const ucontext_t *u)
{
	uintptr_t caller = find_caller(u, (uintptr_t)info->si_call_addr);

	snprintf(sentence, sizeof(sentence),
		 "the sandbox stopped the thread '%s': system call %s (number "
		 "%d; arguments 0x%llx, 0x%llx, 0x%llx) from launcher+0x%llx",
		 thread_name, call_name(info->si_syscall), info->si_syscall,
		 u->uc_mcontext.gregs[REG_RDI], u->uc_mcontext.gregs[REG_RSI],
		 u->uc_mcontext.gregs[REG_RDX],
		 caller ? (unsigned long long)(caller - text_start) : 0ULL);
}

static void say_and_exit(void)
{
	char line[sizeof(sentence) + 16];
	int len = snprintf(line, sizeof(line), "launcher: %s\n", sentence);

	(void)!write(STDERR_FILENO, line, (size_t)len);
	_exit(config.status ?: STATUS_SANDBOX);
}

static void on_trouble(int sig)
{
	(void)sig;
	say_and_exit();
}

/* The end may hang or crash in what the violation has broken. */
static void limit_the_end(void)
{
	static const int troubles[] = { SIGALRM, SIGSEGV, SIGBUS, SIGABRT };
	const struct itimerval limit = { .it_value.tv_sec = END_SECONDS };
	struct sigaction sa = { .sa_handler = on_trouble };
	sigset_t set;

	sigemptyset(&set);
	for (size_t i = 0; i < sizeof(troubles) / sizeof(troubles[0]); i++) {
		sigaction(troubles[i], &sa, NULL);
		sigaddset(&set, troubles[i]);
	}
	pthread_sigmask(SIG_UNBLOCK, &set, NULL);
	setitimer(ITIMER_REAL, &limit, NULL);
}

void sandbox_end(void)
{
	limit_the_end();
	if (config.end)
		config.end(config.ctx, sentence);
	say_and_exit();
}

/* ---- other processes of ours */

/* The mode for those, once there is one. */
static enum sandbox_mode children_mode = SANDBOX_OFF;
/* Where they leave their sentence: a page that they share with the launcher,
 * which does not trust it. */
static char *last_words;
static bool is_child;
static struct confine_file own_file = { .fd = -1 };

/*
 * A child has asked for its file: answer the call as the kernel would, for the
 * descriptor that is open. The name server's address is read in this way, every
 * few seconds, by a library.
 */
static bool serve_own_file(const siginfo_t *info, ucontext_t *u)
{
	greg_t *regs = u->uc_mcontext.gregs;
	long rc;

	if (!own_file.path ||
	    (info->si_syscall != SYS_openat &&
	     info->si_syscall != SYS_newfstatat) ||
	    strcmp((const char *)(uintptr_t)regs[REG_RSI], own_file.path))
		return false;
	if (own_file.fd < 0)
		rc = -1, errno = ENOENT;
	else if (info->si_syscall == SYS_newfstatat)
		rc = fstat(own_file.fd,
			   (struct stat *)(uintptr_t)regs[REG_RDX]);
	else
		rc = fcntl(own_file.fd, F_DUPFD_CLOEXEC, 0);
	if (rc >= 0 && info->si_syscall == SYS_openat)
		(void)lseek(own_file.fd, 0, SEEK_SET);
	regs[REG_RAX] = rc < 0 ? -errno : rc;
	return true;
}

static void end_child(const siginfo_t *info, ucontext_t *u)
{
	int error = errno;

	if (serve_own_file(info, u)) {
		errno = error;
		return;
	}
	describe(info, u);
	memcpy(last_words, sentence, sizeof(sentence));
	_exit(STATUS_SANDBOX);
}

/* If its handler cannot run, the kernel kills the process. */
static bool on_stopped(int status, char *what, size_t size)
{
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS) {
		snprintf(what, size,
			 "the sandbox stopped a process of the launcher, by "
			 "SIGSYS");
		return true;
	}
	if (!WIFEXITED(status) || WEXITSTATUS(status) != STATUS_SANDBOX)
		return false;
	snprintf(what, size, "%.*s", (int)sizeof(sentence) - 1, last_words);
	return true;
}

static void on_violated(const char *what)
{
	if (atomic_exchange(&violated, true))
		return;
	snprintf(sentence, sizeof(sentence), "%s", what);
	if (wake_fd >= 0)
		(void)!write(wake_fd, &(uint64_t){ 1 }, sizeof(uint64_t));
}

const char *sandbox_violation(void)
{
	return atomic_load(&violated) ? sentence : NULL;
}

static void on_violation(int sig, siginfo_t *info, void *context)
{
	(void)sig;
	if (is_child) {
		end_child(info, context);
		return;
	}
	/* The first one is told; later ones are its consequences. */
	if (!atomic_exchange(&violated, true)) {
		describe(info, context);
		if (is_main || !has_own_filter)
			sandbox_end();
		/* The main thread may name files, this one may not. */
		(void)!write(wake_fd, &(uint64_t){ 1 }, sizeof(uint64_t));
	}
	limit_the_end();
	for (;;)
		nanosleep(&(struct timespec){ .tv_sec = 1 }, NULL);
}

static void catch_violations(void)
{
	struct sigaction sa = {
		.sa_sigaction = on_violation,
		.sa_flags = SA_SIGINFO | SA_NODEFER,
	};
	sigset_t set;

	sigaction(SIGSYS, &sa, NULL);
	/* A blocked signal would kill the process without a word; the mask may
	 * be inherited. */
	sigemptyset(&set);
	sigaddset(&set, SIGSYS);
	pthread_sigmask(SIG_UNBLOCK, &set, NULL);
}

/* Where the program's code is: the first object of the list. */
static int note_text(struct dl_phdr_info *info, size_t size, void *ctx)
{
	(void)size, (void)ctx;
	text_start = info->dlpi_addr;
	for (unsigned i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *p = &info->dlpi_phdr[i];

		if (p->p_type == PT_LOAD && (p->p_flags & PF_X))
			text_end = info->dlpi_addr + p->p_vaddr + p->p_memsz;
	}
	return 1;
}

/* ---- filters */

#if HAVE_SECCOMP

struct filter {
	const struct sock_filter *code;
	size_t len;
};

#define FILTER(name)                                 \
	{                                            \
		name, sizeof(name) / sizeof(name[0]) \
	}

static const struct filter process_filters[][2] = {
	[SANDBOX_RUN] = { FILTER(load_on), FILTER(load_log) },
	[SANDBOX_WIDE] = { FILTER(wide_on), FILTER(wide_log) },
	[SANDBOX_READ] = { FILTER(read_on), FILTER(read_log) },
	[SANDBOX_SUITE] = { FILTER(suite_on), FILTER(suite_log) },
};

static const struct filter thread_filters[][2] = {
	[THREAD_MAIN] = { FILTER(main_on), FILTER(main_log) },
	[THREAD_VCPU] = { FILTER(vcpu_on), FILTER(vcpu_log) },
	[THREAD_WORK] = { FILTER(work_on), FILTER(work_log) },
	[THREAD_FILES] = { FILTER(files_on), FILTER(files_log) },
};

#define FILTER_MAX 512

static int install(const struct filter *f, struct err *e)
{
	struct sock_filter code[FILTER_MAX];
	struct sock_fprog prog = {
		.len = (unsigned short)f->len,
		.filter = code,
	};
	uint32_t pid = (uint32_t)getpid();

	if (f->len > FILTER_MAX)
		return err_set(e, E2BIG, "a filter of %zu instructions",
			       f->len);
	memcpy(code, f->code, f->len * sizeof(code[0]));
	for (size_t i = 0; i < f->len; i++)
		if (code[i].k == OWN_PID)
			code[i].k = pid;
	if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &prog))
		return err_sys(e, "seccomp");
	return 0;
}

static int filter_process(struct err *e)
{
	return install(&process_filters[config.process][config.mode], e);
}

static const struct filter child_filters[][2] = {
	[PROCESS_TTY] = { FILTER(tty_on), FILTER(tty_log) },
	[PROCESS_NET] = { FILTER(net_on), FILTER(net_log) },
	[PROCESS_NET_RESTRICTED] = { FILTER(net_on), FILTER(net_log) },
	[PROCESS_READER] = { FILTER(reader_on), FILTER(reader_log) },
};

static int filter_child(enum process_role role, struct err *e)
{
	return install(&child_filters[role][children_mode], e);
}

/* A thread that cannot be confined must not go on. */
static void on_thread(enum thread_role role, const char *name)
{
	struct err e;

	thread_name = name;
	is_main = role == THREAD_MAIN;
	if (role == THREAD_ANY)
		return;
	if (install(&thread_filters[role][config.mode], &e)) {
		snprintf(sentence, sizeof(sentence),
			 "the sandbox cannot confine the thread '%s': %.160s",
			 name, e.msg);
		say_and_exit();
	}
	has_own_filter = true;
}

#else

static int filter_process(struct err *e)
{
	(void)e;
	is_weaker("this launcher was built without libseccomp: system calls "
		  "are not filtered");
	return 0;
}

static void on_thread(enum thread_role role, const char *name)
{
	(void)role, (void)name;
}

static int filter_child(enum process_role role, struct err *e)
{
	(void)role, (void)e;
	return 0;
}

#endif

/* ---- the whole */

static bool has_use(int use)
{
	for (size_t i = 0; i < config.folders_count; i++)
		if ((int)config.folders[i].use == use)
			return true;
	return false;
}

/* libc opens files of its own when they are first needed: the time zone, and
 * the number of processors, from which malloc() computes how many arenas
 * threads may have. */
static void prepare_libc(void)
{
	tzset();
	(void)mallopt(M_ARENA_MAX, ARENAS_MAX);
}

/* A suite's launchers use the network, and it signals only those. */
static unsigned landlock_how(void)
{
	return config.process == SANDBOX_SUITE
		       ? LANDLOCK_CONNECTS | LANDLOCK_SIGNALS_STAY
		       : 0;
}

static int confine_files(struct err *e)
{
	int abi = landlock_abi();
	const char *what;

	/* There is no mode of Landlock that only logs. */
	if (config.mode != SANDBOX_ON)
		return 0;
	for (size_t i = 0; (what = landlock_lacks(abi, i)); i++)
		is_weaker(what);
	landlock = abi;
	if (!abi)
		return 0;
	return landlock_enter(abi, config.folders, config.folders_count,
			      landlock_how(), e);
}

static int confine_child(enum process_role role, int folder, struct err *e)
{
	const struct landlock_folder read = { folder, LANDLOCK_READ };
	int abi = children_mode == SANDBOX_ON ? landlock_abi() : 0;
	/* Root may read its user's folders. */
	int rc = privileges_drop(folder >= 0, false, e);

	if (!rc && abi)
		rc = landlock_enter(abi, &read, folder >= 0,
				    role == PROCESS_NET ? LANDLOCK_CONNECTS : 0,
				    e);
	return rc ?: filter_child(role, e);
}

static void on_process(enum process_role role, const char *name,
		       const struct confine_file *file)
{
	bool reads = role == PROCESS_READER;
	struct err e;

	if (file && !reads)
		own_file = *file;
	is_child = true;
	thread_name = name;
	dl_iterate_phdr(note_text, NULL);
	catch_violations();
	if (!confine_child(role, reads && file ? file->fd : -1, &e))
		return;
	snprintf(last_words, sizeof(sentence),
		 "the sandbox cannot confine the process '%s': %.160s", name,
		 e.msg);
	_exit(STATUS_SANDBOX);
}

int sandbox_prepare(enum sandbox_mode mode, struct err *e)
{
	if (mode == SANDBOX_OFF || SANITIZED || last_words)
		return 0;
	children_mode = mode;
	last_words = mmap(NULL, sizeof(sentence), PROT_READ | PROT_WRITE,
			  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (last_words == MAP_FAILED) {
		last_words = NULL;
		return err_sys(e, "--sandbox: mmap");
	}
	confine_process_hook = on_process;
	confine_stopped_hook = on_stopped;
	confine_violated_hook = on_violated;
	return 0;
}

int sandbox_enter(const struct sandbox_config *c, struct err *e)
{
	int rc;

	config = *c;
	entered = sandbox_word(config.mode);
	if (SANITIZED && config.mode != SANDBOX_OFF) {
		config.mode = SANDBOX_OFF;
		is_weaker("a sanitized build opens files and cannot be "
			  "confined");
	}
	if (config.mode == SANDBOX_OFF)
		return 0;
	prepare_libc();
	dl_iterate_phdr(note_text, NULL);
	is_main = true;
	wake_fd = eventfd(0, EFD_CLOEXEC);
	if (wake_fd < 0)
		return err_sys(e, "eventfd");
	catch_violations();
	rc = config.process == SANDBOX_SUITE
		     ? privileges_gain_none(e)
		     : privileges_drop(config.folders_count,
				       has_use(LANDLOCK_WRITE), e);
	if (!rc)
		rc = confine_files(e);
	if (!rc)
		rc = filter_process(e);
	if (rc)
		return err_prefix(e, rc, "--sandbox");
	confine_hook = on_thread;
	return 0;
}

int sandbox_narrow(const struct landlock_folder *folders, size_t count,
		   struct err *e)
{
	int abi = config.mode == SANDBOX_ON ? landlock_abi() : 0;
	int rc = abi && confine_hook ? landlock_enter(abi, folders, count,
						      landlock_how(), e)
				     : 0;

	return rc ? err_prefix(e, rc, "--sandbox") : 0;
}
