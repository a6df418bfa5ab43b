/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/inspect.h"

#include <stdio.h>

int inspection_print_text(const struct inspection *in, struct err *e)
{
	(void)e;
	for (unsigned i = 0; i < BOOT_PROTOCOLS; i++)
		printf("%-8s %s\n", boot_protocols[i].name,
		       in->plan.fits[i].reason);
	return 0;
}

int inspection_print_json(const struct inspection *in, struct err *e)
{
	(void)in, (void)e;
	return 0;
}
