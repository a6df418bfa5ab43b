/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * launcher inspect: what is inside an image, and how it would be booted.
 */
#include "cli/cli.h"

#include "report/inspect.h"

int cmd_inspect(const struct options *o, struct err *e)
{
	struct inspection in = { 0 };
	int rc;

	rc = inspection_open(&in, o->image, o->boot, e);
	if (rc)
		return STATUS_FAILED;
	rc = o->json ? inspection_print_json(&in, e)
		     : inspection_print_text(&in, e);
	inspection_close(&in);
	return rc ? STATUS_FAILED : STATUS_OK;
}
