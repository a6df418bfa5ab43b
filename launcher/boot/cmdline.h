/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A kernel's command line, read like Linux reads it: parameters between spaces,
 * double quotes protect spaces, and the text after the parameter "--" is for
 * init.
 *
 * Must never trust: the text, in which quotes may be left open.
 *
 * Spec: lib/cmdline.c and kernel/params.c of Linux.
 */
#ifndef BOOT_CMDLINE_H
#define BOOT_CMDLINE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

/* The consoles of this machine, for Linux. */
#define CMDLINE_CONSOLE "console=ttyS0"
#define CMDLINE_HVC0	"console=hvc0"
/* Linux uses the last one as /dev/console, and logs to both. */
#define CMDLINE_BOTH CMDLINE_CONSOLE " " CMDLINE_HVC0

/* Whether a parameter in @text begins with @start. */
bool cmdline_has(const char *text, const char *start);

/*
 * Whether @word stands between spaces in @text, as code that runs before the
 * kernel proper looks for it (arch/x86/lib/cmdline.c): without regard to quotes
 * and "--".
 */
bool cmdline_has_word(const char *text, const char *word);

/*
 * @text with the parameter @console (CMDLINE_...), in new memory at *@whole. It
 * is left out if the text names a console, if the text is empty, or if it does
 * not fit into the @max bytes that the kernel accepts. It comes last: a guest
 * that is not Linux may read its command line from the start. -ENOMEM.
 */
int cmdline_add_console(const char *text, const char *console, uint64_t max,
			char **whole, struct err *e);

#endif
