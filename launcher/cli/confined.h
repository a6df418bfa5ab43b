/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The sandbox of the commands other than run and exec: they read images and
 * suites of strangers, too.
 */
#ifndef CLI_CONFINED_H
#define CLI_CONFINED_H

#include "base/output.h"
#include "cli/cli.h"
#include "sandbox/sandbox.h"

/*
 * Everything that the command needs is open: confine it as --sandbox says.
 *
 * @out: the result, which stays where it is; NULL: none but stdout.
 * Returns 0 or a negative errno.
 */
int confine_command(const struct options *o, enum sandbox_process process,
		    struct output *out, struct err *e);

/*
 * The suite file is open: confine `test`. Until confine_cases(), it may write
 * in the folder @results, or in its parent if it does not exist yet.
 */
int confine_suite(const struct options *o, const char *results, struct err *e);

/* The folder of results is open as @fd: neither the suite nor a case can write
 * anywhere else. */
int confine_cases(int fd, struct err *e);

#endif
