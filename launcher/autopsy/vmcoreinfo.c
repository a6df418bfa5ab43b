/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "autopsy/vmcoreinfo.h"

#include <string.h>

#define FIRST_LINE "OSRELEASE="

/* The text ends where the first byte is that a text has not. */
static bool check(struct vmcoreinfo *v)
{
	size_t len = strnlen(v->text, v->len);

	v->len = 0;
	if (len < strlen(FIRST_LINE) ||
	    memcmp(v->text, FIRST_LINE, strlen(FIRST_LINE)))
		return false;
	v->len = len;
	return true;
}

bool vmcoreinfo_read(struct vmcoreinfo *v, const struct memory *m,
		     uint64_t data, uint64_t size)
{
	uint64_t at, len;

	v->len = 0;
	if (!memory_word(m, data, &at) || !memory_word(m, size, &len) || !len ||
	    len > sizeof(v->text) || !memory_get(m, at, v->text, len))
		return false;
	v->len = len;
	return check(v);
}

bool vmcoreinfo_from_note(struct vmcoreinfo *v, struct bytes page)
{
	uint32_t name, len, type;
	struct bytes text;

	v->len = 0;
	if (!bytes_le32(page, 0, &name) || !bytes_le32(page, 4, &len) ||
	    !bytes_le32(page, 8, &type) || type ||
	    name != sizeof(VMCOREINFO_NOTE) ||
	    !bytes_has(page, 0, VMCOREINFO_NOTE_HEAD) ||
	    memcmp(page.data + 12, VMCOREINFO_NOTE, name))
		return false;
	if (len > page.len - VMCOREINFO_NOTE_HEAD)
		len = (uint32_t)(page.len - VMCOREINFO_NOTE_HEAD);
	if (len > sizeof(v->text))
		len = sizeof(v->text);
	if (!bytes_slice(page, VMCOREINFO_NOTE_HEAD, len, &text))
		return false;
	memcpy(v->text, text.data, text.len);
	v->len = text.len;
	return check(v);
}

static int digit_of(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return -1;
}

/* @text up to @end must be digits, with or without a minus sign. */
static bool parse(const char *text, const char *end, unsigned base,
		  uint64_t *number)
{
	bool negative = text < end && *text == '-';
	uint64_t sum = 0;

	text += negative;
	if (text == end)
		return false;
	for (; text < end; text++) {
		int digit = digit_of(*text);

		if (digit < 0 || (unsigned)digit >= base ||
		    __builtin_mul_overflow(sum, base, &sum) ||
		    __builtin_add_overflow(sum, (unsigned)digit, &sum))
			return false;
	}
	*number = negative ? -sum : sum;
	return true;
}

bool vmcoreinfo_number(const struct vmcoreinfo *v, const char *key,
		       unsigned base, uint64_t *number)
{
	const char *line = v->text, *end = v->text + v->len;
	size_t key_len = strlen(key);

	while (line < end) {
		const char *nl = memchr(line, '\n', (size_t)(end - line));
		size_t len = (size_t)((nl ? nl : end) - line);

		if (len > key_len && !memcmp(line, key, key_len) &&
		    line[key_len] == '=')
			return parse(line + key_len + 1, line + len, base,
				     number);
		line += len + 1;
	}
	return false;
}
