/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * launcher test: run the cases of a suite, and report how each one ended.
 *
 * Exit status 0: at least one case passed and the others were skipped; 6: a
 * case failed; 1: a case or the suite could not be run, or no case passed.
 */
#include "cli/cli.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/clean.h"
#include "cli/confined.h"
#include "suite/schedule.h"
#include "vm/kvm.h"

#define RESULTS ".results"
#define TAP	"results.tap"
#define JUNIT	"junit.xml"

static bool is_clean(const char *word)
{
	size_t left = strlen(word), n;

	for (; left && (n = clean_step(word, left)); word += n)
		left -= n;
	return !left;
}

/* A word with control characters, quoted for a shell: $'\033[2J'. */
static void print_escaped(const char *word)
{
	size_t left = strlen(word);

	fputs(" $'", stdout);
	while (left) {
		size_t n = clean_step(word, left);

		if (*word == '\'' || *word == '\\')
			putchar('\\');
		if (n)
			fwrite(word, 1, n, stdout);
		else
			printf("\\%03o", (unsigned char)*word);
		word += n ?: 1;
		left -= n ?: 1;
	}
	putchar('\'');
}

/* Print @word, quoted for a shell. */
static void print_word(const char *word)
{
	if (!is_clean(word)) {
		print_escaped(word);
		return;
	}
	if (*word && strspn(word, "abcdefghijklmnopqrstuvwxyz"
				  "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				  "0123456789._+-/:=,@%") == strlen(word)) {
		printf(" %s", word);
		return;
	}
	fputs(" '", stdout);
	for (; *word; word++)
		fputs(*word == '\'' ? "'\\''" : (char[]){ *word, '\0' },
		      stdout);
	putchar('\'');
}

static int print_names(const struct suite *s, bool with_commands)
{
	for (size_t i = 0; i < s->count; i++) {
		const struct suite_case *c = &s->cases[i];

		fputs(c->name, stdout);
		if (with_commands) {
			printf(": launcher %s", c->command);
			for (size_t n = 0; n < c->options.count; n++)
				print_word(c->options.at[n]);
			if (c->exec && c->image) {
				fputs(" --kernel", stdout);
				print_word(c->image);
			}
			fputs(c->exec ? " -- /bin/sh -c" : " --", stdout);
			print_word(c->exec ?: c->image);
		}
		putchar('\n');
	}
	return STATUS_OK;
}

static int status_of(const struct suite_run *r, struct err *e)
{
	size_t failed = r->count[CASE_FAIL], errors = r->count[CASE_ERROR];

	if (r->signal) {
		err_set(e, EINTR, "interrupted by SIG%s",
			sigabbrev_np(r->signal));
		return STATUS_SIGNAL + r->signal;
	}
	if (failed || errors) {
		err_set(e, EIO,
			"of %zu cases %zu failed and %zu could not be run; "
			"see %s",
			r->s->count, failed, errors, r->folder->path);
		return failed ? STATUS_REPORTED : STATUS_FAILED;
	}
	if (r->count[CASE_PASS])
		return STATUS_OK;
	err_set(e, ENODATA, "no case has passed: all are skipped");
	return STATUS_FAILED;
}

/* The listeners; @tap is the file of results. */
static size_t make_listeners(struct listener *l, const struct options *o,
			     FILE *tap, const char *tap_path)
{
	size_t n = 0;

	if (isatty(STDERR_FILENO))
		l[n++] = (struct listener){ .ops = &listener_progress,
					    .out = stderr };
	l[n++] = (struct listener){
		.ops = o->tap ? &listener_tap : &listener_text,
		.out = stdout,
		.to = "cannot write to stdout",
	};
	l[n++] = (struct listener){ .ops = &listener_tap,
				    .out = tap,
				    .to = tap_path };
	l[n++] = (struct listener){ .ops = &listener_junit, .to = JUNIT };
	return n;
}

/* Open and empty the file of results. It is locked: only one suite at a time
 * uses the folder. */
static int open_tap(FILE **tap, const struct folder *f, struct err *e)
{
	int fd = folder_open_own(f, TAP, e);
	int rc;

	if (fd < 0)
		return fd;
	if (flock(fd, LOCK_EX | LOCK_NB) && errno == EWOULDBLOCK)
		rc = err_set(e, EBUSY,
			     "%s/" TAP ": another suite is writing its "
			     "results there",
			     f->path);
	else
		rc = ftruncate(fd, 0) || !(*tap = fdopen(fd, "w"))
			     ? err_sys(e, "%s/" TAP, f->path)
			     : 0;
	if (rc)
		close(fd);
	return rc;
}

static int run_cases(struct suite_run *r, const struct options *o,
		     struct folder *f, struct err *e)
{
	struct listener listeners[4];
	char *tap_path = NULL;
	FILE *tap = NULL;
	int rc;

	if (asprintf(&tap_path, "%s/" TAP, f->path) < 0)
		return err_set(e, ENOMEM, "no memory");
	rc = open_tap(&tap, f, e) ?: folder_make_private(f, e);
	if (!rc)
		rc = suite_run(r, listeners,
			       make_listeners(listeners, o, tap, tap_path), e);
	/* Do this before the lock is released and another suite makes its
	 * own. */
	folder_remove_private(f);
	if (tap)
		fclose(tap);
	free(tap_path);
	return rc;
}

static int find_kvm(bool hardware, struct err *e)
{
	enum kvm_host host;
	struct kvm kvm;
	int rc;

	rc = kvm_open(&kvm, e);
	if (rc)
		return err_prefix(e, rc, "needs a KVM");
	host = kvm.host;
	kvm_release(&kvm);
	if (!hardware || host == KVM_HOST_INTEL || host == KVM_HOST_AMD)
		return 0;
	return err_set(e, ENODEV, "needs a hardware KVM; this host has %s",
		       kvm_host_name(host));
}

static int run_in_folder(const struct suite *s, const struct options *o,
			 struct folder *f, struct err *e)
{
	struct suite_run r = {
		.s = s,
		.folder = f,
		.jobs = o->jobs,
		.retries = o->retries,
		.find_kvm = find_kvm,
	};
	int status = STATUS_FAILED;

	if (!run_cases(&r, o, f, e))
		status = status_of(&r, e);
	suite_run_release(&r);
	return status;
}

static int run_suite(const struct suite *s, const struct options *o,
		     struct err *e)
{
	struct folder f = FOLDER_EMPTY;
	int status = STATUS_FAILED;
	char *path = NULL;

	if (!o->output && asprintf(&path, "%s" RESULTS, s->name) < 0)
		return err_set(e, ENOMEM, "no memory"), STATUS_FAILED;
	/* The suite may contain a link with the default name. */
	if (!folder_open(&f, o->output ?: path, o->output, e) &&
	    !confine_cases(f.fd, e))
		status = run_in_folder(s, o, &f, e);
	folder_close(&f);
	free(path);
	return status;
}

static int read_suite(struct suite *s, const struct options *o,
		      struct input *in, struct err *e)
{
	int rc = suite_open(s, o->image, in, &suite_words, e);

	if (rc || !o->filter)
		return rc;
	rc = suite_filter(s, o->filter, e);
	if (rc)
		suite_release(s);
	return rc ? err_prefix(e, rc, "--filter") : 0;
}

int cmd_test(const struct options *o, struct err *e)
{
	struct input in = INPUT_EMPTY;
	struct suite s;
	int status, rc;

	rc = input_open(&in, o->image, e);
	if (rc)
		return status_of_refusal(rc);
	if (confine_suite(o, o->output ?: ".", e)) {
		input_close(&in);
		return STATUS_FAILED;
	}
	rc = read_suite(&s, o, &in, e);
	input_close(&in);
	if (rc)
		return status_of_refusal(rc);
	status = o->list ? print_names(&s, o->verbose) : run_suite(&s, o, e);
	suite_release(&s);
	return status;
}
