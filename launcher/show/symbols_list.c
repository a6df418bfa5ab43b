/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "show/symbols_list.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "base/buf.h"

/* An address, blanks and a type. */
#define LINE_START 24

int symbols_list_text(const struct kallsyms *k, bool is64, char **out,
		      struct err *e)
{
	struct buf text = { 0 };

	for (uint32_t i = 0; i < k->count; i++) {
		const char *name = kallsyms_name(k, i);
		char start[LINE_START];
		int n = snprintf(start, sizeof(start), "%0*" PRIx64 " %c ",
				 is64 ? 16 : 8, k->addresses[i],
				 kallsyms_type(k, i));

		buf_add(&text, start, (size_t)n);
		buf_add(&text, name, strlen(name));
		buf_add(&text, "\n", 1);
	}
	buf_add(&text, "", 1);
	if (text.failed)
		return err_set(e, ENOMEM, "no memory for the symbols");
	*out = (char *)text.data;
	return 0;
}
