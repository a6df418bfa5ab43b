/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Block and string functions of the guest side; see string.h for why `rep`.
 */
#include "string.h"

#define WORD sizeof(size_t)
#ifdef __x86_64__
#define REP_MOVS_WORD "rep movsq"
#define REP_STOS_WORD "rep stosq"
#else
#define REP_MOVS_WORD "rep movsl"
#define REP_STOS_WORD "rep stosl"
#endif

void *memcpy(void *to, const void *from, size_t len)
{
	void *d = to;
	size_t words = len / WORD, rest = len % WORD;

	asm volatile(REP_MOVS_WORD
		     : "+D"(d), "+S"(from), "+c"(words)
		     :
		     : "memory");
	asm volatile("rep movsb"
		     : "+D"(d), "+S"(from), "+c"(rest)
		     :
		     : "memory");
	return to;
}

void *memset(void *to, int c, size_t len)
{
	void *d = to;
	size_t words = len / WORD, rest = len % WORD;
	size_t pattern = (size_t)-1 / 0xff * (unsigned char)c;

	asm volatile(REP_STOS_WORD
		     : "+D"(d), "+c"(words)
		     : "a"(pattern)
		     : "memory");
	asm volatile("rep stosb"
		     : "+D"(d), "+c"(rest)
		     : "a"(pattern)
		     : "memory");
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
