/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The handshake: which clients count as debuggers, and which do not.
 */
#include "unit/unit.h"
#include "debug/gdb/hello.h"
#include "debug/gdb/packet.h"

#include <stdio.h>

static struct gdb_hello hello;
static struct buf out;

static void setup(void)
{
	hello = (struct gdb_hello){ 0 };
	out = (struct buf){ 0 };
}

static void teardown(void)
{
	buf_release(&out);
}

static void say(const char *text, size_t len)
{
	gdb_hello_input(&hello, (const uint8_t *)text, len, &out);
}

/* The answers so far: acknowledgements, and packet payloads in brackets. */
static void assert_out(const char *wanted)
{
	static struct gdb_reader r;
	char text[1024] = "";
	size_t len = 0;

	r = (struct gdb_reader){ 0 };
	for (size_t i = 0; i < out.len; i++)
		switch (gdb_reader_feed(&r, out.data[i])) {
		case GDB_ACK:
			len += (size_t)sprintf(text + len, "+");
			break;
		case GDB_PACKET:
			len += (size_t)sprintf(text + len, "[%.20s]",
					       (char *)r.data);
			break;
		default:
			break;
		}
	ck_assert_str_eq(text, wanted);
	out.len = 0;
}

#define SAY(text) say(text, sizeof(text) - 1)

#define SUPPORTED "$qSupported#37"
#define NO_ACK	  "$QStartNoAckMode#b0"
#define FEATURES  "[PacketSize=4000;qXfe]"

START_TEST(hello__gdb)
{
	SAY("+$qSupported:multiprocess+;swbreak+;hwbreak+;vContSupported+;"
	    "xmlRegisters=i386#26");
	ck_assert_int_eq(hello.state, GDB_HELLO_WAITING);
	assert_out("+" FEATURES);
	ck_assert(hello.caps.knows_soft && hello.caps.knows_hard);
	ck_assert(!hello.caps.no_ack);
	SAY("+");
	ck_assert_int_eq(hello.state, GDB_HELLO_WAITING);
	SAY("$vMustReplyEmpty#3a");
	ck_assert_int_eq(hello.state, GDB_HELLO_DEBUGGER);
	assert_out("");
	ck_assert_uint_eq(hello.len, 19);
	ck_assert(!memcmp(hello.in, "$vMustReplyEmpty#3a", 19));
}
END_TEST

START_TEST(hello__lldb)
{
	SAY("+");
	SAY(NO_ACK);
	assert_out("+[OK]");
	ck_assert(hello.caps.no_ack);
	SAY("+");
	SAY(SUPPORTED);
	assert_out(FEATURES);
	SAY("$QThreadSuffixSupported#e4");
	ck_assert_int_eq(hello.state, GDB_HELLO_DEBUGGER);
	ck_assert(!hello.caps.knows_soft);
}
END_TEST

/* A debugger that got no answer in time repeats the packet. */
START_TEST(hello__said_again)
{
	SAY("+" SUPPORTED SUPPORTED "\x03");
	assert_out("+" FEATURES "+" FEATURES);
	SAY("-+" SUPPORTED);
	assert_out("+" FEATURES);
	SAY("+$?#3f+");
	ck_assert_int_eq(hello.state, GDB_HELLO_DEBUGGER);
	ck_assert_uint_eq(hello.len, 6);
}
END_TEST

START_TEST(hello__byte_by_byte)
{
	static const char all[] = "++\x03" SUPPORTED "+$?#3f";

	for (size_t i = 0; i < sizeof(all) - 1; i++) {
		ck_assert_int_eq(hello.state, GDB_HELLO_WAITING);
		say(all + i, 1);
	}
	ck_assert_int_eq(hello.state, GDB_HELLO_DEBUGGER);
	ck_assert(!memcmp(hello.in, "$?#3f", hello.len));
}
END_TEST

static const struct {
	const char *label;
	const char *text;
} strangers[] = {
	{ "HTTP", "POST / HTTP/1.1\r\n\r\n" SUPPORTED },
	{ "HTTP, one byte", "G" },
	{ "the end of a line", "\r\n" SUPPORTED },
	{ "SSH", "SSH-2.0-x\r\n" },
	{ "TLS", "\x16\x03\x01" },
	{ "a space", " " SUPPORTED },
	{ "a NAK before there is an answer", "-" SUPPORTED },
	{ "noise behind signs", "+++a" },
	{ "noise behind a greeting", SUPPORTED "a" },
	{ "?", "$?#3f" },
	{ "k", "$k#6b" },
	{ "an empty packet", "$#00" },
	{ "a bad sum", "$qSupported#36" },
	{ "a sum without digits", "$qSupported#xx" },
	{ "a longer name", "$qSupportedX#8f" },
	{ "a shorter name", "$qSupporte#d3" },
	{ "a longer no-ack", "$QStartNoAckModeX#08" },
	{ "greeting and packet", SUPPORTED "$?#3f" },
	{ "greetings and packet", SUPPORTED NO_ACK "+$k#6b" },
};

START_TEST(hello__strangers)
{
	say(strangers[_i].text, strlen(strangers[_i].text));
	ck_assert_msg(hello.state == GDB_HELLO_STRANGER, "%s",
		      strangers[_i].label);
	/* It stays one. */
	out.len = 0;
	SAY(SUPPORTED);
	ck_assert_int_eq(hello.state, GDB_HELLO_STRANGER);
	assert_out("");
}
END_TEST

/* The start of a packet that arrived before the answer was sent. */
START_TEST(hello__blind_start)
{
	SAY(SUPPORTED "+$vKill;");
	ck_assert_int_eq(hello.state, GDB_HELLO_WAITING);
	SAY("1#6e");
	ck_assert_int_eq(hello.state, GDB_HELLO_STRANGER);
}
END_TEST

START_TEST(hello__a_zero_byte)
{
	SAY("\0" SUPPORTED);
	ck_assert_int_eq(hello.state, GDB_HELLO_STRANGER);
}
END_TEST

static const char *const floods[] = { "+", "\x03", "$", "$a", "$qSupported:" };

/* It fits to the last byte, and nothing follows. */
START_TEST(hello__floods)
{
	static char text[GDB_HELLO_MAX + 1];
	size_t len = strlen(floods[_i]);

	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = floods[_i][i < len ? i : len - 1];
	say(text, GDB_HELLO_MAX - 1);
	ck_assert_int_eq(hello.state, GDB_HELLO_WAITING);
	say(text + GDB_HELLO_MAX - 1, 2);
	ck_assert_int_eq(hello.state, GDB_HELLO_STRANGER);
	ck_assert_uint_le(hello.len, GDB_HELLO_MAX);
}
END_TEST

static const struct {
	const char *text;
	bool soft, hard;
} features[] = {
	{ "", false, false },
	{ "swbreak+", true, false },
	{ "hwbreak+", false, true },
	{ "a;swbreak+;hwbreak+", true, true },
	{ "swbreak-;hwbreak?", false, false },
	{ "xswbreak+;hwbreak+x", false, false },
	{ ";;swbreak+;", true, false },
};

START_TEST(hello__features)
{
	const char *text = features[_i].text;
	struct gdb_caps c = { 0 };

	gdb_caps_read(&c, (const uint8_t *)text, strlen(text));
	ck_assert_msg(c.knows_soft == features[_i].soft &&
			      c.knows_hard == features[_i].hard,
		      "%s", text);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("gdb_hello");
	TCase *tc = tcase_create("hello");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, hello__gdb);
	tcase_add_test(tc, hello__lldb);
	tcase_add_test(tc, hello__said_again);
	tcase_add_test(tc, hello__byte_by_byte);
	tcase_add_loop_test(tc, hello__strangers, 0, COUNT(strangers));
	tcase_add_test(tc, hello__blind_start);
	tcase_add_test(tc, hello__a_zero_byte);
	tcase_add_loop_test(tc, hello__floods, 0, COUNT(floods));
	tcase_add_loop_test(tc, hello__features, 0, COUNT(features));
	suite_add_tcase(s, tc);
	return s;
}
