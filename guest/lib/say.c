/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Formats text into say_char(); see say.h for the formats.
 */
#include <stdbool.h>
#include <stdint.h>

#include "say.h"

#define NUMBER_DIGITS_MAX 20

static void say_padded(const char *digits, unsigned n, unsigned width, char pad)
{
	for (; width > n; width--)
		say_char(pad);
	while (n)
		say_char(digits[--n]);
}

static void say_hex(uint64_t v, unsigned width, char pad)
{
	char digits[NUMBER_DIGITS_MAX];
	unsigned n = 0;

	do {
		unsigned d = v & 15;

		digits[n++] = d < 10 ? '0' + d : 'a' + d - 10;
		v >>= 4;
	} while (v);
	say_padded(digits, n, width, pad);
}

/* 32 bits only: 64-bit division would need the compiler's own library. */
static void say_decimal(uint32_t v, unsigned width, char pad)
{
	char digits[NUMBER_DIGITS_MAX];
	unsigned n = 0;

	do {
		digits[n++] = '0' + v % 10;
		v /= 10;
	} while (v);
	say_padded(digits, n, width, pad);
}

static void say_string(const char *s, unsigned max)
{
	for (; max && *s; s++, max--)
		say_char(*s);
}

struct spec {
	char pad;
	unsigned width;
	unsigned precision;
	bool is_long_long;
};

static const char *spec_parse(struct spec *s, const char *fmt, va_list *ap)
{
	*s = (struct spec){ .pad = ' ', .precision = UINT32_MAX };
	if (*fmt == '0') {
		s->pad = '0';
		fmt++;
	}
	for (; *fmt >= '0' && *fmt <= '9'; fmt++)
		s->width = s->width * 10 + (*fmt - '0');
	if (fmt[0] == '.' && fmt[1] == '*') {
		s->precision = va_arg(*ap, unsigned);
		fmt += 2;
	}
	for (; *fmt == 'l'; fmt++)
		s->is_long_long = true;
	return fmt;
}

static void say_signed(int v, const struct spec *s)
{
	if (v < 0)
		say_char('-');
	say_decimal(v < 0 ? 0u - (unsigned)v : (unsigned)v, s->width, s->pad);
}

static void say_one(char conversion, const struct spec *s, va_list *ap)
{
	switch (conversion) {
	case 'c':
		say_char((char)va_arg(*ap, int));
		break;
	case 's':
		say_string(va_arg(*ap, const char *), s->precision);
		break;
	case 'd':
		say_signed(va_arg(*ap, int), s);
		break;
	case 'u':
		say_decimal(va_arg(*ap, unsigned), s->width, s->pad);
		break;
	case 'x':
		say_hex(s->is_long_long ? va_arg(*ap, unsigned long long)
					: va_arg(*ap, unsigned),
			s->width, s->pad);
		break;
	default:
		say_char(conversion);
	}
}

void vsay(const char *fmt, va_list ap)
{
	va_list args;

	va_copy(args, ap);
	for (; *fmt; fmt++) {
		struct spec s;

		if (*fmt != '%') {
			say_char(*fmt);
			continue;
		}
		fmt = spec_parse(&s, fmt + 1, &args);
		if (!*fmt)
			break;
		say_one(*fmt, &s, &args);
	}
	va_end(args);
}

void say(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsay(fmt, ap);
	va_end(ap);
}
