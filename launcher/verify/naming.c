/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/naming.h"

#include "image/symtab.h"
#include "base/clean.h"
#include "verify/verify.h"

const char *naming_symbol(struct naming *n, const struct compare_segment *s,
			  const struct compare_diff *d, char *buf)
{
	buf[0] = '\0';
	if (n->used < VERIFY_NAMES_MAX) {
		n->used++;
		if (!symtab_name(n->table, s->vaddr + d->off, buf, NAMING_SIZE))
			kallsyms_place(n->own, s->vaddr + d->off, s->vaddr, buf,
				       NAMING_SIZE);
		clean_text(buf);
	}
	return buf;
}
