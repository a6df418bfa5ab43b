/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The main program of every unit test suite: run it, count, tell.
 */
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

/* libcheck runs each test in a child; the count of skips lies in memory that
 * the children share. */
static int *skipped;

void unit_skip(const char *file, int line, const char *why)
{
	printf("SKIP %s:%d: %s\n", file, line, why);
	fflush(stdout);
	__atomic_add_fetch(skipped, 1, __ATOMIC_SEQ_CST);
}

int main(void)
{
	int ran, failed;
	SRunner *sr;

	/* Sanitized tests need more than libcheck's four seconds. */
	setenv("CK_DEFAULT_TIMEOUT", "60", 0);
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
	if (ran == 0)
		printf("no test ran\n");
	printf("%d passed, %d failed, %d skipped\n", ran - failed - *skipped,
	       failed, *skipped);
	return failed || ran == 0;
}
