/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "show/scale.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

int scale_pos(const struct scale *s, uint64_t v)
{
	unsigned __int128 part;

	if (v <= s->from)
		return s->at;
	if (v >= s->to)
		return s->at + s->len;
	part = (unsigned __int128)(v - s->from) * (unsigned)s->len;
	return s->at + (int)(part / (s->to - s->from));
}

uint64_t scale_tick(uint64_t span, unsigned most)
{
	static const unsigned steps[] = { 1, 2, 5 };
	uint64_t power = 1;

	for (;;) {
		for (unsigned i = 0; i < 3; i++)
			if (span / steps[i] / power <= most)
				return steps[i] * power;
		power *= 10;
	}
}

uint64_t scale_tick2(uint64_t span, unsigned most)
{
	uint64_t tick = 1;

	while (span / tick > most)
		tick *= 2;
	return tick;
}

struct unit {
	uint64_t size;
	const char *name;
};

static const struct unit byte_units[] = {
	{ UINT64_C(1) << 60, "EiB" },
	{ UINT64_C(1) << 50, "PiB" },
	{ UINT64_C(1) << 40, "TiB" },
	{ UINT64_C(1) << 30, "GiB" },
	{ UINT64_C(1) << 20, "MiB" },
	{ UINT64_C(1) << 10, "KiB" },
	{ 1, "B" },
};

/* Seconds are the largest unit, because they are decimal. */
static const struct unit time_units[] = {
	{ 1000000000, "s" },
	{ 1000000, "ms" },
	{ 1000, "\xc2\xb5s" },
	{ 1, "ns" },
};

static const struct unit *find_unit(const struct unit *u, uint64_t v)
{
	while (u->size > 1 && v < u->size)
		u++;
	return u;
}

/* @decimals digits behind the point; @brief: without zeros at the end. */
static const char *put(struct amount *a, uint64_t v, const struct unit *u,
		       unsigned decimals, bool brief)
{
	uint64_t whole = v / u->size, rest = v % u->size;
	char digits[10] = "";
	unsigned used = 0;

	for (unsigned i = 0; i < decimals; i++) {
		uint64_t digit;

		/* u->size is at most 2^60: this does not overflow. */
		rest *= 10;
		digit = rest / u->size;
		rest %= u->size;
		digits[i] = (char)('0' + digit);
		if (digit || !brief)
			used = i + 1;
	}
	digits[used] = '\0';
	snprintf(a->text, sizeof(a->text), "%" PRIu64 "%s%s %s", whole,
		 used ? "." : "", digits, u->name);
	return a->text;
}

static unsigned decimals_of(uint64_t v, const struct unit *u)
{
	uint64_t whole = v / u->size;

	return whole < 10 ? 2 : whole < 100;
}

const char *amount_bytes(struct amount *a, uint64_t bytes)
{
	const struct unit *u = find_unit(byte_units, bytes);

	return put(a, bytes, u, decimals_of(bytes, u), true);
}

const char *amount_time(struct amount *a, uint64_t ns)
{
	const struct unit *u = find_unit(time_units, ns);

	return put(a, ns, u, u->size > 1 ? decimals_of(ns, u) : 0, false);
}

const char *amount_tick(struct amount *a, uint64_t ns, uint64_t largest)
{
	if (!ns) {
		snprintf(a->text, sizeof(a->text), "0");
		return a->text;
	}
	return put(a, ns, find_unit(time_units, largest), 9, true);
}

const char *amount_share(struct amount *a, uint64_t part, uint64_t whole)
{
	unsigned tenths = (unsigned)((unsigned __int128)part * 1000 / whole);

	if (part && !tenths)
		snprintf(a->text, sizeof(a->text), "<0.1%%");
	else if (tenths >= 100)
		snprintf(a->text, sizeof(a->text), "%u%%", tenths / 10);
	else
		snprintf(a->text, sizeof(a->text), "%u.%u%%", tenths / 10,
			 tenths % 10);
	return a->text;
}
