/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The main program of every unit test suite: run it under fixed conditions,
 * in its own folder, count, and print the result.
 */
#include "unit.h"

#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

/* The limit of one test. A sanitized one takes seconds, and up to a minute when
 * other programs use the same processors. */
#define TEST_SECONDS "240"

/* libcheck runs each test in a child; the count of skips is in memory that the
 * children share. */
static int *skipped;

void unit_skip(const char *file, int line, const char *why)
{
	printf("SKIP %s:%d: %s\n", file, line, why);
	fflush(stdout);
	__atomic_add_fetch(skipped, 1, __ATOMIC_SEQ_CST);
}

/* The folder in which this program was started. */
static int top = -1;

FILE *unit_source(const char *name)
{
	int fd = openat(top, name, O_RDONLY | O_CLOEXEC);

	ck_assert_msg(fd >= 0, "%s is not in the folder that %s", name,
		      "this program was started in: run it in the source tree");
	return fdopen(fd, "r");
}

/* Inherited state that a test could depend on. */
static void forget_inheritance(void)
{
	static const char *const names[] = {
		"LANG",	 "LC_ALL", "TERM",	     "COLUMNS",
		"LINES", "TZ",	   "HARNESS_ACTIVE", "HARNESS_VERSION",
	};
	struct rlimit core;
	sigset_t none;
	int in = open("/dev/null", O_RDONLY | O_CLOEXEC);

	for (int sig = 1; sig < NSIG; sig++)
		signal(sig, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	for (size_t i = 0; i < COUNT(names); i++)
		unsetenv(names[i]);
	umask(022);
	if (in > STDIN_FILENO) {
		dup2(in, STDIN_FILENO);
		close(in);
	}
	/* Tests provoke crashes. */
	if (!getrlimit(RLIMIT_CORE, &core)) {
		core.rlim_cur = 0;
		setrlimit(RLIMIT_CORE, &core);
	}
}

/* The folder in which all tests of this program run. */
static char *enter_folder(void)
{
	const char *parent = getenv("TMPDIR");
	char *folder;

	if (!parent || !*parent)
		parent = "/tmp";
	if (asprintf(&folder, "%s/launcher-unit.XXXXXX", parent) < 0)
		return NULL;
	/* Also for tests that become another user. */
	if (!mkdtemp(folder) || chmod(folder, 0711) || chdir(folder)) {
		perror(folder);
		free(folder);
		return NULL;
	}
	free(folder);
	/* $TMPDIR may be relative. */
	return get_current_dir_name();
}

static int remove_one(const char *path, const struct stat *st, int type,
		      struct FTW *ftw)
{
	(void)st, (void)type, (void)ftw;
	return remove(path);
}

static void leave_folder(char *folder)
{
	if (chdir("/") || nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS))
		perror(folder);
	free(folder);
}

int main(void)
{
	int ran, failed;
	char *folder;
	SRunner *sr;

	forget_inheritance();
	top = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	folder = enter_folder();
	if (!folder)
		return 1;
	setenv("CK_DEFAULT_TIMEOUT", TEST_SECONDS, 0);
	skipped = mmap(NULL, sizeof(*skipped), PROT_READ | PROT_WRITE,
		       MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (skipped == MAP_FAILED) {
		perror("mmap");
		return 1;
	}
	sr = srunner_create(unit_suite());
	srunner_run_all(sr, CK_ENV);
	ran = srunner_ntests_run(sr);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	leave_folder(folder);
	if (ran == 0)
		printf("no test ran\n");
	printf("%d passed, %d failed, %d skipped\n", ran - failed - *skipped,
	       failed, *skipped);
	return failed || ran == 0;
}
