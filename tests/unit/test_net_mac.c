/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * MAC addresses: what is one, and those that are made of names.
 */
#include "unit/unit.h"
#include "dev/net/mac.h"

#include <errno.h>

static uint8_t mac[6];
static struct err e;

START_TEST(net_mac__of_a_text)
{
	const uint8_t want[] = { 0x52, 0x54, 0x00, 0xaB, 0xcD, 0xef };

	assert_ok(net_mac_parse(mac, "52:54:00:aB:Cd:ef", &e), &e);
	ck_assert_mem_eq(mac, want, sizeof(want));
}
END_TEST

static const struct {
	const char *text, *msg;
} wrong[] = {
	{ "", "'' is not a MAC address (expected six pairs of digits: "
	      "52:54:00:12:34:56)" },
	{ "52:54:00:12:34", "not a MAC address" },
	{ "52:54:00:12:34:5", "not a MAC address" },
	{ "52:54:00:12:34:56:", "not a MAC address" },
	{ "52:54:00:12:34:567", "not a MAC address" },
	{ "52-54-00-12-34-56", "not a MAC address" },
	{ "52:54:00:12:34:5g", "not a MAC address" },
	{ "52:54:00:12:34: 5", "not a MAC address" },
	{ "01:00:5e:00:00:01", "is a group's address, not a card's" },
	{ "ff:ff:ff:ff:ff:ff", "is a group's address, not a card's" },
	{ "00:00:00:00:00:00", "is not the address of a card" },
};

START_TEST(net_mac__refuses)
{
	memset(mac, 7, sizeof(mac));
	ck_assert_int_eq(net_mac_parse(mac, wrong[_i].text, &e), -EINVAL);
	ck_assert_msg(strstr(e.msg, wrong[_i].msg), "%s", e.msg);
	ck_assert_uint_eq(mac[5], 7);
}
END_TEST

/* All of one list differ, are local, and stay the same for ever. */
START_TEST(net_mac__of_names)
{
	static const char *const names[] = { "",      "a",	 "b",
					     "ab",    "ba",	 "bzImage",
					     "suite", "suite/a", "suite/b" };
	const uint8_t fixed[] = { 0x0e, 0x2f, 0x07, 0x54, 0xc4, 0xdb };
	uint8_t all[COUNT(names) * 4][6];

	for (unsigned i = 0; i < COUNT(all); i++) {
		net_mac_make(all[i], names[i / 4], i % 4);
		ck_assert_uint_eq(all[i][0] & 3, 2);
		for (unsigned j = 0; j < i; j++)
			ck_assert_mem_ne(all[i], all[j], 6);
	}
	net_mac_make(mac, "bzImage", 0);
	ck_assert_mem_eq(mac, fixed, sizeof(fixed));
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("net_mac");
	TCase *t = tcase_create("mac");

	tcase_add_test(t, net_mac__of_a_text);
	tcase_add_loop_test(t, net_mac__refuses, 0, (int)COUNT(wrong));
	tcase_add_test(t, net_mac__of_names);
	suite_add_tcase(s, t);
	return s;
}
