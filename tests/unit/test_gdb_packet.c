/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * gdb's packets: input in one piece or byte by byte, valid or not, and output.
 */
#include "unit/unit.h"
#include "debug/gdb/packet.h"

#include <stdio.h>

static struct gdb_reader r;
static char log_text[512];

static void setup(void)
{
	memset(&r, 0, sizeof(r));
	log_text[0] = '\0';
}

static void note(enum gdb_event event)
{
	static const char *const names[] = {
		[GDB_BREAK_IN] = "break", [GDB_ACK] = "+",
		[GDB_NAK] = "-",	  [GDB_BAD_SUM] = "bad",
		[GDB_TOO_LONG] = "long",
	};
	size_t used = strlen(log_text);

	if (event == GDB_PACKET)
		snprintf(log_text + used, sizeof(log_text) - used, "[%.200s] ",
			 (const char *)r.data);
	else if (event != GDB_NOTHING)
		snprintf(log_text + used, sizeof(log_text) - used, "%s ",
			 names[event]);
}

static void feed(const char *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++)
		note(gdb_reader_feed(&r, (uint8_t)bytes[i]));
}

static const struct {
	const char *bytes;
	const char *events;
} inputs[] = {
	{ "$#00", "[] " },
	{ "$g#67", "[g] " },
	{ "$g#67$g#67", "[g] [g] " },
	{ "+$g#67", "+ [g] " },
	{ "$OK#9a", "[OK] " },
	{ "$OK#9A", "[OK] " },
	/* noise between packets */
	{ "hello#67g$g#67", "[g] " },
	{ "+-\x03+", "+ - break + " },
	/* sums */
	{ "$g#66", "bad " },
	{ "$g#6", "" },
	{ "$g#", "" },
	{ "$g#g7", "bad " },
	{ "$g#6g", "bad " },
	{ "$g##7", "bad " },
	{ "$g#66$g#67", "bad [g] " },
	/* escapes: } and # are 0x7d and 0x23 */
	{ "$}]#da", "[}] " },
	{ "$}\x03#80", "[#] " },
	{ "$}}#fa", "[]] " },
	{ "$a}\x04"
	  "b#44",
	  "[a$b] " },
	/* the sum covers the raw bytes */
	{ "$}]#7d", "bad " },
	/* a new packet in the middle of one */
	{ "$mff$g#67", "[g] " },
	/* 0x03 ends an unfinished packet, except in binary */
	{ "$m1000,\x03", "break " },
	{ "$m1000,\x03,4#00$g#67", "break [g] " },
	{ "$X\x03#5b", "[X\x03] " },
	/* runs are only for answers */
	{ "$0* #7a", "[0* ] " },
};

START_TEST(gdb_packet__reads)
{
	feed(inputs[_i].bytes, strlen(inputs[_i].bytes));
	ck_assert_str_eq(log_text, inputs[_i].events);
}
END_TEST

START_TEST(gdb_packet__is_binary_safe)
{
	static const char zero[] = "$X\0a#b9";

	feed(zero, sizeof(zero) - 1);
	ck_assert_uint_eq(r.len, 3);
	ck_assert_mem_eq(r.data, "X\0a", 3);
}
END_TEST

static void feed_long(size_t len)
{
	uint8_t sum = 0;
	char tail[4];

	feed("$", 1);
	for (size_t i = 0; i < len; i++) {
		feed("a", 1);
		sum = (uint8_t)(sum + 'a');
	}
	snprintf(tail, sizeof(tail), "#%02x", sum);
	feed(tail, 3);
}

START_TEST(gdb_packet__longest)
{
	size_t used = 0;

	feed_long(GDB_PACKET_MAX);
	ck_assert_uint_eq(r.len, GDB_PACKET_MAX);
	for (; used < r.len && r.data[used] == 'a'; used++)
		;
	ck_assert_uint_eq(used, GDB_PACKET_MAX);
	ck_assert_uint_eq(r.data[GDB_PACKET_MAX], 0);
}
END_TEST

START_TEST(gdb_packet__one_byte_too_long)
{
	feed_long(GDB_PACKET_MAX + 1);
	ck_assert_str_eq(log_text, "long ");
	log_text[0] = '\0';
	feed("$g#67", 5);
	ck_assert_str_eq(log_text, "[g] ");
}
END_TEST

START_TEST(gdb_packet__endless)
{
	feed("$", 1);
	for (size_t i = 0; i < 4 * GDB_PACKET_MAX; i++)
		feed("}a", 2);
	ck_assert_str_eq(log_text, "");
	ck_assert_uint_eq(r.len, GDB_PACKET_MAX);
	feed("\x03", 1);
	ck_assert_str_eq(log_text, "break ");
}
END_TEST

/* What a debugger decodes from a packet's payload, by the protocol's rules. */
static size_t undo(const uint8_t *in, size_t len, uint8_t *out)
{
	size_t n = 0;

	for (size_t i = 0; i < len; i++) {
		if (in[i] == '}') {
			out[n++] = in[++i] ^ 0x20;
		} else if (in[i] == '*') {
			for (int more = in [++i] - 29; more > 0; more--, n++)
				out[n] = out[n - 1];
		} else {
			out[n++] = in[i];
		}
	}
	return n;
}

static void check_round_trip(const uint8_t *payload, size_t len)
{
	static uint8_t back[4096];
	struct buf out = { 0 };
	unsigned sum = 0, said;

	gdb_packet_add(&out, payload, len);
	ck_assert(!out.failed && out.len >= 4);
	ck_assert_uint_eq(out.data[0], '$');
	ck_assert_uint_eq(out.data[out.len - 3], '#');
	for (size_t i = 1; i < out.len - 3; i++) {
		ck_assert(out.data[i] != '$' && out.data[i] != '#');
		sum += out.data[i];
	}
	buf_add(&out, "", 1);
	ck_assert_int_eq(sscanf((char *)out.data + out.len - 3, "%2x", &said),
			 1);
	ck_assert_uint_eq(said, sum & 0xff);
	ck_assert_uint_eq(undo(out.data + 1, out.len - 5, back), len);
	ck_assert_mem_eq(back, payload, len);
	buf_release(&out);
}

static const char *const payloads[] = {
	"",	"OK",  "$",	  "#",	  "}",
	"*",	"a*b", "}}}}}}",  "****", "E.refused.all of it",
	"0000", "000", "00000000"
};

START_TEST(gdb_packet__comes_out_as_it_goes_in)
{
	check_round_trip((const uint8_t *)payloads[_i], strlen(payloads[_i]));
}
END_TEST

START_TEST(gdb_packet__runs_of_any_length)
{
	uint8_t same[400];

	memset(same, "0}#f"[_i % 4], sizeof(same));
	check_round_trip(same, (size_t)_i);
}
END_TEST

START_TEST(gdb_packet__every_byte)
{
	uint8_t all[512];

	for (unsigned i = 0; i < sizeof(all); i++)
		all[i] = (uint8_t)(i / 2);
	check_round_trip(all, sizeof(all));
}
END_TEST

/* The manual's example: "0* " is "0000". */
START_TEST(gdb_packet__run_of_the_manual)
{
	struct buf out = { 0 };

	gdb_packet_add(&out, "0000", 4);
	ck_assert_uint_eq(out.len, 7);
	ck_assert_mem_eq(out.data, "$0* #7a", 7);
	buf_release(&out);
}
END_TEST

static const struct {
	const char *text;
	size_t len; /* bytes wanted */
	bool sound;
	const char *bytes;
} hexes[] = {
	{ "", 0, true, "" },
	{ "00", 1, true, "\0" },
	{ "fF0a", 2, true, "\xff\x0a" },
	{ "f", 1, false, NULL },
	{ "", 1, false, NULL },
	{ "0g", 1, false, NULL },
	{ "g0", 1, false, NULL },
	{ "0x", 1, false, NULL },
	{ " 0", 1, false, NULL },
	{ "-1", 1, false, NULL },
};

START_TEST(gdb_packet__hex)
{
	uint8_t data[4];
	size_t len = strlen(hexes[_i].text);

	ck_assert_int_eq(gdb_hex_read((const uint8_t *)hexes[_i].text, len,
				      data, hexes[_i].len),
			 hexes[_i].sound);
	if (hexes[_i].sound)
		ck_assert_mem_eq(data, hexes[_i].bytes, hexes[_i].len);
}
END_TEST

static const struct {
	const char *text;
	bool sound;
	uint64_t value;
	size_t used;
} numbers[] = {
	{ "0", true, 0, 1 },
	{ "ffffffff81000000", true, 0xffffffff81000000, 16 },
	{ "ffffffffffffffff", true, UINT64_MAX, 16 },
	{ "10000000000000000", false, 0, 0 },
	{ "00000000000000000001", true, 1, 20 },
	{ "1000,4", true, 0x1000, 4 },
	{ "", false, 0, 0 },
	{ ",4", false, 0, 0 },
	{ "-1", false, 0, 0 },
	{ "AbC", true, 0xabc, 3 },
};

START_TEST(gdb_packet__number)
{
	const uint8_t *text = (const uint8_t *)numbers[_i].text, *at = text;
	uint64_t value;

	ck_assert_int_eq(
		gdb_number_read(&at, text + strlen(numbers[_i].text), &value),
		numbers[_i].sound);
	ck_assert_uint_eq((size_t)(at - text), numbers[_i].used);
	if (numbers[_i].sound)
		ck_assert_uint_eq(value, numbers[_i].value);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("gdb_packet");
	TCase *tc = tcase_create("packet");

	tcase_add_checked_fixture(tc, setup, NULL);
	tcase_add_loop_test(tc, gdb_packet__reads, 0, COUNT(inputs));
	tcase_add_test(tc, gdb_packet__is_binary_safe);
	tcase_add_test(tc, gdb_packet__longest);
	tcase_add_test(tc, gdb_packet__one_byte_too_long);
	tcase_add_test(tc, gdb_packet__endless);
	tcase_add_loop_test(tc, gdb_packet__comes_out_as_it_goes_in, 0,
			    COUNT(payloads));
	tcase_add_loop_test(tc, gdb_packet__runs_of_any_length, 0, 400);
	tcase_add_test(tc, gdb_packet__every_byte);
	tcase_add_test(tc, gdb_packet__run_of_the_manual);
	tcase_add_loop_test(tc, gdb_packet__hex, 0, COUNT(hexes));
	tcase_add_loop_test(tc, gdb_packet__number, 0, COUNT(numbers));
	suite_add_tcase(s, tc);
	return s;
}
