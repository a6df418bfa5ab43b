/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "init/init.h"

#include <stdarg.h>

#include "init/sys.h"
#include "lib/say.h"
#include "lib/string.h"
#include "pv/exec.h"

/* A message is one write to /dev/kmsg, at the level of errors, so that it is
 * also shown where `quiet` keeps others away. */
#define LEVEL	 "<3>launcher: "
#define LINE_MAX 900

static char line[LINE_MAX] = LEVEL;
static size_t used = sizeof(LEVEL) - 1;
static int kmsg = -1;

void log_open(void)
{
	kmsg = sys_open("/dev/kmsg", O_WRONLY | O_CLOEXEC);
}

void say_char(char c)
{
	if (used < sizeof(line))
		line[used++] = c;
	if (c != '\n')
		return;
	(void)sys_write(kmsg, line, used);
	used = sizeof(LEVEL) - 1;
}

const char *error_text(int rc)
{
	static const struct {
		int number;
		const char *text;
	} texts[] = {
		{ EPERM, "Operation not permitted" },
		{ ENOENT, "No such file or directory" },
		{ EIO, "Input/output error" },
		{ E2BIG, "Argument list too long" },
		{ ENOEXEC, "Exec format error" },
		{ ENOMEM, "Cannot allocate memory" },
		{ EACCES, "Permission denied" },
		{ EBUSY, "Device or resource busy" },
		{ EEXIST, "File exists" },
		{ ENODEV, "No such device" },
		{ ENOTDIR, "Not a directory" },
		{ EISDIR, "Is a directory" },
		{ EINVAL, "Invalid argument" },
		{ ETXTBSY, "Text file busy" },
		{ ENOSPC, "No space left on device" },
		{ EROFS, "Read-only file system" },
		{ ENAMETOOLONG, "File name too long" },
		{ ENOSYS, "Function not implemented" },
		{ ELOOP, "Too many levels of symbolic links" },
		{ ETIMEDOUT, "it did not appear within 10 s" },
	};
	static char number[] = "error    ";
	unsigned n = (unsigned)-rc;

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (-rc == texts[i].number)
			return texts[i].text;
	number[6] = (char)('0' + n / 100 % 10);
	number[7] = (char)('0' + n / 10 % 10);
	number[8] = (char)('0' + n % 10);
	return number;
}

void fail(int rc, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsay(fmt, ap);
	va_end(ap);
	if (rc)
		say(": %s", error_text(rc));
	say("\n");
	end_guest(EXEC_REPORT(EXEC_UNPREPARED, 0));
}
