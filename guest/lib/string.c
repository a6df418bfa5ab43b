/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Block and string functions of the guest side; see string.h for why `rep`.
 */
#include "string.h"

void *memcpy(void *to, const void *from, size_t len)
{
	void *d = to;

	asm volatile("rep movsb" : "+D"(d), "+S"(from), "+c"(len) : : "memory");
	return to;
}

/* Upwards when the target lies below or clear of the source, else down. */
void *memmove(void *to, const void *from, size_t len)
{
	if ((size_t)((char *)to - (const char *)from) >= len)
		return memcpy(to, from, len);

	char *d = (char *)to + len - 1;
	const char *s = (const char *)from + len - 1;

	asm volatile("std; rep movsb; cld"
		     : "+D"(d), "+S"(s), "+c"(len)
		     :
		     : "memory", "cc");
	return to;
}

void *memset(void *to, int c, size_t len)
{
	void *d = to;

	asm volatile("rep stosb" : "+D"(d), "+c"(len) : "a"(c) : "memory");
	return to;
}

int memcmp(const void *a, const void *b, size_t len)
{
	const unsigned char *x = a, *y = b;

	for (; len; len--, x++, y++)
		if (*x != *y)
			return *x < *y ? -1 : 1;
	return 0;
}

size_t strlen(const char *s)
{
	size_t n = 0;

	while (s[n])
		n++;
	return n;
}

int strncmp(const char *a, const char *b, size_t len)
{
	for (; len; len--, a++, b++) {
		if (*a != *b)
			return (unsigned char)*a < (unsigned char)*b ? -1 : 1;
		if (!*a)
			break;
	}
	return 0;
}
