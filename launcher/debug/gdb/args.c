/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "debug/gdb/args.h"

#include <string.h>

#include "debug/gdb/packet.h"

bool gdb_args_char(struct gdb_args *a, char c)
{
	if (a->at == a->end || *a->at != (uint8_t)c)
		return false;
	a->at++;
	return true;
}

bool gdb_args_word(struct gdb_args *a, const char *word)
{
	size_t len = strlen(word);

	if ((size_t)(a->end - a->at) < len || memcmp(a->at, word, len))
		return false;
	a->at += len;
	return true;
}

bool gdb_args_number(struct gdb_args *a, uint64_t *value)
{
	return gdb_number_read(&a->at, a->end, value);
}

bool gdb_args_range(struct gdb_args *a, uint64_t *addr, uint64_t *len)
{
	return gdb_args_number(a, addr) && gdb_args_char(a, ',') &&
	       gdb_args_number(a, len);
}

bool gdb_args_thread(struct gdb_args *a, unsigned cpus, int *thread)
{
	uint64_t n;

	if (gdb_args_char(a, 'p')) {
		if (!gdb_args_word(a, "-1") && !gdb_args_number(a, &n))
			return false;
		if (!gdb_args_char(a, '.')) {
			*thread = -1;
			return true;
		}
	}
	if (gdb_args_word(a, "-1")) {
		*thread = -1;
		return true;
	}
	if (!gdb_args_number(a, &n) || n > cpus)
		return false;
	*thread = (int)n;
	return true;
}

bool gdb_args_done(const struct gdb_args *a)
{
	return a->at == a->end;
}
