/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * launcher inspect: what is inside an image, and how it would be booted.
 */
#include "cli/cli.h"

#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "report/inspect.h"

/* Whole or not at all, as far as stdout allows: it is written when done. */
static int write_report(const struct options *o, const struct inspection *in,
			struct err *e)
{
	char *text = NULL;
	int rc;

	rc = o->json ? inspection_json(in, &text, e)
		     : inspection_text(in, &text, e);
	if (!rc) {
		struct bytes parts[] = {
			{ (const uint8_t *)text, strlen(text) },
			/* JSON comes without its last newline. */
			{ (const uint8_t *)"\n", o->json },
		};

		rc = file_write("-", parts, 2, 0, e);
	}
	free(text);
	return rc;
}

int cmd_inspect(const struct options *o, struct err *e)
{
	struct inspection in;
	int rc;

	rc = inspection_open(&in, o->image, o->boot, e);
	if (rc)
		return STATUS_FAILED;
	rc = write_report(o, &in, e);
	inspection_close(&in);
	return rc ? STATUS_FAILED : STATUS_OK;
}
