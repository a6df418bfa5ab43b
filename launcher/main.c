/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * launcher: a paravirtual guest launcher.
 *
 * The way of a guest through the code:
 *
 *   file -> image/ (header, payload, ELF, notes) -> boot/ (plan, load, entry)
 *        -> vm/ (memory, vCPUs) with dev/ (devices) -> run/ (session, verdict)
 *
 * This file is the only one that prints errors and exits; cli/commands.c lists
 * the commands.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clean.h"
#include "base/file.h"
#include "base/inherited.h"
#include "base/libraries.h"
#include "base/log.h"
#include "base/tty.h"
#include "cli/cli.h"
#include "run/early.h"

static void write_error(const char *text)
{
	(void)!write(STDERR_FILENO, text, strlen(text));
}

/*
 * An input file that another process cuts short while it is mapped ends in
 * SIGBUS. There is no way back into the decoder, only a decent way out: by
 * the watcher of a run that has not begun, which writes a report, or at once.
 */
static void on_sigbus(int sig, siginfo_t *info, void *context)
{
	const char *path = file_mapped_at(info->si_addr);
	char name[256];

	(void)sig;
	(void)context;
	if (path && early_lost(path))
		for (;;)
			pause();
	tty_restore();
	if (path) {
		strncpy(name, path, sizeof(name) - 1);
		name[sizeof(name) - 1] = '\0';
		clean_text(name);
		write_error("launcher: ");
		write_error(name);
		write_error(": " EARLY_LOST "\n");
	} else {
		write_error("launcher: SIGBUS: an input file was cut short "
			    "while it was read, or the host has no memory "
			    "left\n");
	}
	_exit(STATUS_FAILED);
}

static void catch_sigbus(void)
{
	struct sigaction sa = { .sa_sigaction = on_sigbus,
				.sa_flags = SA_SIGINFO };

	sigaction(SIGBUS, &sa, NULL);
}

/*
 * A descriptor from 0 to 2 that is closed would become the next file that is
 * opened, and console bytes would go to it. Reading from the stand-in meets
 * the end, writing to it fails, as it should.
 */
static void fill_standard_fds(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd > STDERR_FILENO)
		close(fd);
}

/* With -v: what this build can do. */
static int print_version(unsigned verbose)
{
	printf("launcher %s\n", LAUNCHER_VERSION);
	for (size_t i = 0; verbose && i < libraries_count; i++)
		printf("%-8s %-8s %s\n", libraries[i].name,
		       libraries[i].is_in ? "yes" : "no", libraries[i].what);
	return STATUS_OK;
}

static int print_help(void)
{
	options_print_help();
	return STATUS_OK;
}

static int run(const struct command *cmd, const struct options *o,
	       struct err *e)
{
	log_init(o->verbose);
	return cmd->run(o, e);
}

static int dispatch(int argc, char **argv, struct err *e)
{
	const struct command *cmd;
	struct options o;
	int rc, status;

	if (command_find(&cmd, &argc, &argv, e))
		return STATUS_USAGE;
	rc = options_parse(&o, cmd, argc, argv, e);
	/* A status of exec below 122 is its command's. */
	if (rc)
		status = cmd->takes & OPT_EXEC ? STATUS_EXEC_FAILED
					       : status_of_refusal(rc);
	else if (o.help)
		status = print_help();
	else if (o.version)
		status = print_version(o.verbose);
	else
		status = run(cmd, &o, e);
	options_release(&o);
	return status;
}

void warn(const struct err *e)
{
	warn_text(e->msg);
}

void warn_text(const char *text)
{
	log_say("warning: %s", text);
}

void leave(int status, const struct err *e)
{
	log_say("%s", e->msg);
	log_end();
	_exit(status);
}

int main(int argc, char **argv)
{
	struct err e = ERR_EMPTY;
	int status;

	fill_standard_fds();
	inherited_note();
	log_open();
	catch_sigbus();
	/* A write beyond the limit for files is an error like any other: of a
	 * disk, it is one for the guest. */
	signal(SIGXFSZ, SIG_IGN);
	status = dispatch(argc, argv, &e);
	/* What was printed may still fail to arrive. */
	if (fflush(stdout) && status == STATUS_OK) {
		err_sys(&e, "cannot write to stdout");
		status = STATUS_FAILED;
	}
	if (e.msg[0] && status != STATUS_OK)
		log_say("%s", e.msg);
	log_end();
	return status;
}
