/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dev/pc/legacy.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>

#include "pv/x86.h"

#define RTC_SECONDS 0x00
#define RTC_MINUTES 0x02
#define RTC_HOURS   0x04
#define RTC_WEEKDAY 0x06
#define RTC_DAY	    0x07
#define RTC_MONTH   0x08
#define RTC_YEAR    0x09
#define RTC_REG_A   0x0a
#define RTC_REG_B   0x0b
#define RTC_REG_C   0x0c
#define RTC_REG_D   0x0d
#define RTC_CENTURY 0x32

#define REG_A_32KHZ 0x26 /* oscillator on, 1024 Hz rate; never updating */
#define REG_B_24H   0x02
#define REG_B_DM    0x04 /* binary, not BCD */
#define REG_D_VALID 0x80

/* A guest that takes longer has given up reading this sample. */
#define STALE_SEC 2

static uint8_t bcd(int n)
{
	return (uint8_t)(n / 10 << 4 | n % 10);
}

void rtc_init(struct rtc *rtc)
{
	*rtc = (struct rtc){ .host_time = time };
}

static void take_time(struct rtc *rtc, time_t now)
{
	rtc->now = now;
	rtc->told = 0;
}

static uint8_t read_time(struct rtc *rtc, uint8_t reg)
{
	time_t now = rtc->host_time(NULL);
	uint64_t bit = UINT64_C(1) << reg;
	struct tm tm;

	if ((rtc->told & bit) || now < rtc->now || now - rtc->now >= STALE_SEC)
		take_time(rtc, now);
	rtc->told |= bit;
	gmtime_r(&rtc->now, &tm);
	switch (reg) {
	case RTC_SECONDS:
		return bcd(tm.tm_sec % 60); /* no leap second in BCD */
	case RTC_MINUTES:
		return bcd(tm.tm_min);
	case RTC_HOURS:
		return bcd(tm.tm_hour);
	case RTC_WEEKDAY:
		return bcd(tm.tm_wday + 1);
	case RTC_DAY:
		return bcd(tm.tm_mday);
	case RTC_MONTH:
		return bcd(tm.tm_mon + 1);
	case RTC_YEAR:
		return bcd(tm.tm_year % 100);
	default:
		return bcd((tm.tm_year + 1900) / 100);
	}
}

static uint64_t rtc_read(void *dev, uint64_t off, unsigned size)
{
	struct rtc *rtc = dev;

	(void)size;
	if (off == 0)
		return 0xff; /* the index register is write-only */
	switch (rtc->index) {
	case RTC_SECONDS:
	case RTC_MINUTES:
	case RTC_HOURS:
	case RTC_WEEKDAY:
	case RTC_DAY:
	case RTC_MONTH:
	case RTC_YEAR:
	case RTC_CENTURY:
		return read_time(rtc, rtc->index);
	case RTC_REG_A:
		take_time(rtc, rtc->host_time(NULL));
		return REG_A_32KHZ;
	case RTC_REG_B:
		/* The format is fixed, whatever the guest writes here. */
		return (rtc->ram[RTC_REG_B] & ~REG_B_DM) | REG_B_24H;
	case RTC_REG_C:
		return 0; /* no interrupt is ever pending */
	case RTC_REG_D:
		return REG_D_VALID;
	default:
		return rtc->ram[rtc->index];
	}
}

static void rtc_write(void *dev, uint64_t off, unsigned size, uint64_t value)
{
	struct rtc *rtc = dev;

	(void)size;
	if (off == 0) /* bit 7 masks NMI and is not part of the index */
		rtc->index = value & 0x7f;
	else
		rtc->ram[rtc->index] = (uint8_t)value;
}

const struct device_ops rtc_ops = {
	.name = "rtc",
	.width = 1,
	.read = rtc_read,
	.write = rtc_write,
};

static int rtc_create(void **dev, const struct device_slot *slot,
		      struct device_env *env, struct err *e)
{
	struct rtc *d = device_alloc(slot, sizeof(*d), e);

	if (!d)
		return -ENOMEM;
	(void)env;
	rtc_init(d);
	*dev = d;
	return 0;
}

const struct device_type rtc_type = {
	.name = "rtc",
	.fixed = { DEVICE_PORTS_AT(RTC_INDEX, 2) },
	.irq = DEVICE_IRQ_LEGACY,
	.gsi = RTC_IRQ,
	.acpi_hid = "PNP0B00",
	.acpi_name = "RTC_",
	.ops = &rtc_ops,
	.create = rtc_create,
	.release = free,
};
