/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The sandbox of the commands that run no guest of the user's: inspect, extract,
 * pack and verify. They read images of strangers, too.
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

#endif
