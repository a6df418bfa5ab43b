/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "suite/result.h"

#include <errno.h>

const char *case_end_name(enum case_end end)
{
	static const char *const names[CASE_ENDS] = {
		[CASE_WAITS] = "WAITS", [CASE_RUNS] = "RUNS",
		[CASE_PASS] = "PASS",	[CASE_FAIL] = "FAIL",
		[CASE_SKIP] = "SKIP",	[CASE_ERROR] = "ERROR",
	};

	return names[end];
}

int listener_flush(struct listener *l, struct err *e)
{
	if (fflush(l->out))
		return err_sys(e, "%s", l->to);
	/* Output was lost before, and the reason is not known any more. */
	return ferror(l->out) ? err_set(e, EIO, "%s: write", l->to) : 0;
}
