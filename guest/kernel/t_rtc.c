/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Claims about the clock. If its update never ends, or its time is impossible,
 * a kernel waits for seconds.
 *
 * Spec: Motorola MC146818.
 */
#include "claims.h"
#include "lib/io.h"
#include "lib/say.h"
#include "pv/x86.h"

#define RTC_SECONDS   0
#define RTC_MINUTES   2
#define RTC_HOURS     4
#define RTC_DAY	      7
#define RTC_MONTH     8
#define RTC_BYTES     0x80
#define RTC_NOBODYS   0x55 /* far from what firmware keeps */
#define RTC_OTHER     (RTC_NOBODYS - RTC_BYTES / 2)
#define RTC_STATUS_A  0x0a
#define RTC_STATUS_B  0x0b
#define RTC_STATUS_D  0x0d
#define STATUS_A_UIP  0x80 /* update in progress */
#define STATUS_B_SET  0x80 /* updates are halted */
#define STATUS_B_DM   0x04 /* binary, not BCD */
#define STATUS_D_VRT  0x80 /* the battery is good */
#define UIP_READS_MAX 100000

static uint8_t rtc(unsigned reg)
{
	outb(RTC_INDEX, (uint8_t)reg);
	return inb(RTC_DATA);
}

static enum verdict update_ends(const struct boot *b)
{
	(void)b;
	for (unsigned i = 0; i < UIP_READS_MAX; i++)
		if (!(rtc(RTC_STATUS_A) & STATUS_A_UIP))
			return PASS;
	return FAIL;
}

static bool is_bcd(uint8_t v)
{
	return (v & 0x0f) <= 9 && (v >> 4) <= 9;
}

/* Is @reg within [@low, @high], whichever number format the clock is in? */
static bool in_range(unsigned reg, unsigned low, unsigned high)
{
	uint8_t v = rtc(reg);
	bool is_binary = rtc(RTC_STATUS_B) & STATUS_B_DM;
	unsigned n = is_binary ? v : (v >> 4) * 10u + (v & 15);

	if ((is_binary || is_bcd(v)) && n >= low && n <= high)
		return true;
	say("     register %u reads 0x%x\n", reg, v);
	return false;
}

static enum verdict time_is_valid(const struct boot *b)
{
	(void)b;
	return in_range(RTC_SECONDS, 0, 59) && in_range(RTC_MINUTES, 0, 59) &&
	       in_range(RTC_HOURS, 0, 23);
}

static enum verdict date_is_valid(const struct boot *b)
{
	(void)b;
	return in_range(RTC_DAY, 1, 31) && in_range(RTC_MONTH, 1, 12);
}

static enum verdict clock_runs(const struct boot *b)
{
	(void)b;
	return expect_equal("SET", rtc(RTC_STATUS_B) & STATUS_B_SET, 0);
}

static enum verdict battery_is_good(const struct boot *b)
{
	(void)b;
	return expect_equal("VRT", rtc(RTC_STATUS_D) & STATUS_D_VRT,
			    STATUS_D_VRT);
}

/* --- hostile */

static void set_rtc(unsigned index, uint8_t v)
{
	outb(RTC_INDEX, (uint8_t)index);
	outb(RTC_DATA, v);
}

/* No other byte may change with it, such as the one half way round. */
static enum verdict memory_holds(const struct boot *b)
{
	uint8_t before = rtc(RTC_NOBODYS), other = rtc(RTC_OTHER), after, still;

	(void)b;
	set_rtc(RTC_NOBODYS, (uint8_t)~other);
	after = rtc(RTC_NOBODYS);
	still = rtc(RTC_OTHER);
	set_rtc(RTC_NOBODYS, before);
	return expect_equal("the byte", after, (uint8_t)~other) &&
	       expect_equal("another", still, other);
}

/* Bit 7 of an index is not part of it. The old contents are restored, so that a
 * clock that can be set has the right time again. */
static enum verdict survives_garbage(const struct boot *b)
{
	static const uint8_t values[] = { 0xff, 0x00, 0x5a, 0x99 };
	uint8_t saved[RTC_BYTES];

	for (unsigned i = 0; i < RTC_BYTES; i++)
		saved[i] = rtc(i);
	for (unsigned i = 0; i < sizeof(values); i++)
		for (unsigned index = 0; index < 2 * RTC_BYTES; index++) {
			set_rtc(index, values[i]);
			(void)rtc(index);
		}
	outw(RTC_INDEX, 0xff0b);
	(void)inw(RTC_INDEX);
	(void)inl(RTC_INDEX);
	for (unsigned i = RTC_BYTES; i--;)
		set_rtc(i, saved[i]);
	return update_ends(b) && time_is_valid(b) && date_is_valid(b) &&
	       clock_runs(b) && battery_is_good(b) && memory_holds(b);
}

static const struct claim claims[] = {
	{ "an update ends", update_ends },
	{ "the time is valid", time_is_valid },
	{ "the date is valid", date_is_valid },
	{ "updates are not halted", clock_runs },
	{ "the contents are valid", battery_is_good },
	{ "each byte of its memory holds its own value", memory_holds },
	{ "after garbage in every register its time is valid",
	  survives_garbage },
	{ 0 },
};

const struct group rtc_group = { "rtc", claims };
