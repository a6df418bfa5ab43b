/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "outcome/kernel_words.h"

#include <stddef.h>
#include <string.h>

const char *kernel_message(const char *line, const char *message)
{
	if (*line == '<') /* "<0>": the log level, with some early consoles */
		while (*line && *line++ != '>')
			;
	while (*line == '[' || *line == ' ') {
		size_t n = *line == ' ' ? 1 : strcspn(line, "]") + 1;

		if (n > strlen(line) ||
		    !strncmp(line, message, strlen(message)))
			break;
		if (*line == '[' && strspn(line + 1, " 0123456789.TC") + 2 != n)
			return NULL;
		line += n;
	}
	return strncmp(line, message, strlen(message)) ? NULL : line;
}

/* arch/x86/kernel/traps.c and dumpstack.c, lib/bug.c, kernel/watchdog.c */
static const char *const complaints[] = {
	"BUG: ",	  "kernel BUG at ",   "Oops: ",
	"double fault: ", "invalid opcode: ", "general protection fault",
	"divide error: ", "watchdog: BUG: ",  "stack segment: ",
};

bool kernel_complains(const char *line)
{
	for (size_t i = 0; i < sizeof(complaints) / sizeof(*complaints); i++)
		if (kernel_message(line, complaints[i]))
			return true;
	return false;
}

/* kernel/reboot.c, arch/x86/kernel/reboot.c and drivers/tty/sysrq.c; up to
 * 3.10 in kernel/sys.c, without a prefix. */
static const struct {
	enum kernel_order order;
	const char *text;
} last_words[] = {
	{ KERNEL_RESTART, "reboot: machine restart" },
	{ KERNEL_RESTART, "reboot: Restarting system" },
	{ KERNEL_RESTART, "sysrq: Resetting" },
	{ KERNEL_RESTART, "machine restart" },
	{ KERNEL_RESTART, "Restarting system." },
	{ KERNEL_HALT, "reboot: System halted" },
	{ KERNEL_HALT, "reboot: Power off not available: System halted" },
	{ KERNEL_HALT, "System halted." },
};

const char *kernel_obeys(const char *line, enum kernel_order order)
{
	for (size_t i = 0; i < sizeof(last_words) / sizeof(last_words[0]); i++)
		if (last_words[i].order == order &&
		    kernel_message(line, last_words[i].text))
			return last_words[i].text;
	return NULL;
}
