/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A hostile debugger that sends any bytes while the target stops and runs.
 *
 * The first byte of the input says how the rest is sent to the stub: unchanged,
 * or as payloads of packets with valid checksums, separated by newlines. The
 * byte 0xfe stops the target, and 0xfd connects another debugger. Beyond not
 * crashing: the stub answers only with acknowledgements and with packets that
 * have valid checksums and are no longer than the limit that it announced; and
 * it asks the target to run only when it is stopped.
 */
#include "fuzz/fuzz.h"
#include "fuzz/mutate.h"
#include "debug/gdb/stub.h"
#include "support/fake_target.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STOPS	0xfe
#define ANOTHER 0xfd

static struct fake_target target;
static struct gdb_stub stub;

static void claim(bool holds)
{
	if (!holds)
		abort();
}

/* A packet at @p: its length. */
static size_t check_packet(const uint8_t *p, size_t len)
{
	uint8_t sum = 0, said = 0;
	size_t n = 1;

	for (; n < len && p[n] != '#'; n++) {
		claim(p[n] != '$');
		sum = (uint8_t)(sum + p[n]);
	}
	claim(n + 2 < len && gdb_hex_read(p + n + 1, 2, &said, 1));
	claim(said == sum && n <= 2 * GDB_PACKET_MAX);
	return n + 3;
}

static void check_out(void)
{
	const uint8_t *p = stub.out.data;
	size_t len = stub.out.len, n;

	for (; len; p += n, len -= n) {
		n = 1;
		if (*p == '$')
			n = check_packet(p, len);
		else
			claim(*p == '+' || *p == '-');
	}
	stub.out.len = 0;
}

static void feed(const uint8_t *data, size_t len)
{
	unsigned resumed = target.resumed;
	bool was_running = stub.running;

	gdb_stub_input(&stub, data, len);
	claim(target.resumed - resumed <= !was_running);
	claim(stub.reader.len <= GDB_PACKET_MAX);
	claim(stub.cpu < FAKE_CPUS && stub.run_cpu < FAKE_CPUS);
	check_out();
}

static void begin(unsigned cpu)
{
	const struct gdb_stop stop = { .signal = GDB_SIGTRAP, .cpu = cpu };
	const struct gdb_caps caps = { 0 };

	gdb_stub_begin(&stub, &stop, &caps);
}

static void stop(unsigned n)
{
	const struct gdb_stop why = {
		.signal = GDB_SIGTRAP,
		.cpu = n % FAKE_CPUS,
		.reason = (enum gdb_stop_reason)(n % (GDB_STOP_AWATCH + 1)),
		.addr = n,
	};

	gdb_stub_stopped(&stub, &why);
	check_out();
}

static void send_packet(const uint8_t *payload, size_t len)
{
	static const char digits[] = "0123456789abcdef";
	uint8_t sum = 0, tail[3] = "#";

	feed((const uint8_t *)"$", 1);
	for (size_t i = 0; i < len; i++) {
		/* These would end it. */
		uint8_t c = payload[i] == '#' || payload[i] == '$' ? '%'
								   : payload[i];

		sum = (uint8_t)(sum + c);
		feed(&c, 1);
	}
	tail[1] = (uint8_t)digits[sum >> 4];
	tail[2] = (uint8_t)digits[sum & 15];
	feed(tail, 3);
}

static void send_lines(const uint8_t *data, size_t size)
{
	while (size) {
		const uint8_t *nl = memchr(data, '\n', size);
		size_t len = nl ? (size_t)(nl - data) : size;

		if (len && data[0] == STOPS)
			stop((unsigned)len);
		else if (len && data[0] == ANOTHER)
			begin(len % FAKE_CPUS);
		else
			send_packet(data, len);
		data += len + !!nl;
		size -= len + !!nl;
	}
}

static void send_raw(const uint8_t *data, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		if (data[i] == STOPS)
			stop((unsigned)i);
		else if (data[i] == ANOTHER)
			begin(i % FAKE_CPUS);
		else
			feed(data + i, 1);
	}
}

/* The same bytes as a new client's: without a greeting and its answer, it is
 * not a debugger; a debugger has sent a packet. */
static void greet(const uint8_t *data, size_t size, size_t chunk)
{
	struct gdb_hello h = { 0 };
	struct buf out = { 0 };

	for (size_t n; size; data += n, size -= n) {
		n = size < chunk ? size : chunk;
		gdb_hello_input(&h, data, n, &out);
		claim(h.len <= GDB_HELLO_MAX && h.blind <= h.len);
	}
	claim(h.state != GDB_HELLO_DEBUGGER ||
	      (h.answered && out.len && h.len > 3 && h.in[0] == '$'));
	buf_release(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (!size)
		return 0;
	greet(data + 1, size - 1, 1 + data[0] % 64);
	fake_init(&target);
	target.no_hardware = data[0] & 2;
	target.stuck = data[0] & 4;
	gdb_stub_init(&stub, &fake_ops, &target,
		      data[0] & 8 ? &gdb_arch_32 : &gdb_arch_64, FAKE_CPUS);
	begin(0);
	if (data[0] & 1)
		send_lines(data + 1, size - 1);
	else
		send_raw(data + 1, size - 1);
	gdb_stub_exited(&stub, 3);
	check_out();
	gdb_stub_release(&stub);
	return 0;
}

/* ---- packets again, for mutation */

/* What a debugger sends; % is a number, * some hexadecimal digits. */
static const char *const packets[] = {
	"?",
	"g",
	"G*",
	"p%",
	"P%=*",
	"m%,%",
	"M%,%:*",
	"X%,%:*",
	"Z0,%,1",
	"Z1,%,1",
	"Z2,%,%",
	"Z3,%,%",
	"Z4,%,%",
	"z0,%,1",
	"z1,%,1",
	"z2,%,%",
	"Hg%",
	"Hc-1",
	"T%",
	"c",
	"s",
	"vCont?",
	"vCont;c",
	"vCont;s:%;c",
	"vCont;t",
	"D",
	"k",
	"qC",
	"qfThreadInfo",
	"qsThreadInfo",
	"qAttached",
	"qSupported:swbreak+;hwbreak+",
	"QStartNoAckMode",
	"qXfer:features:read:target.xml:%,%",
	"qRcmd,*",
	"qThreadExtraInfo,%",
	"vMustReplyEmpty",
	"!",
	"R%",
};
static const uint64_t guest_numbers[] = {
	0,
	1,
	2,
	3,
	4,
	8,
	0x40,
	0x1000,
	0x3fff,
	0x4000,
	0xffff,
	0x1000000,
	0x7fffffff,
	0xffffffff,
	0xffffffff81000000,
	0x7fffffffffffffff,
	0x8000000000000000,
	UINT64_MAX,
};

static size_t put_number(char *to)
{
	uint64_t v = guest_numbers[fuzz_random(sizeof(guest_numbers) /
					       sizeof(*guest_numbers))];

	if (!fuzz_random(4))
		v = fuzz_number(v, GDB_PACKET_MAX);
	return (size_t)sprintf(to, "%llx", (unsigned long long)v);
}

/* The record of this payload: a line, or a packet with its checksum. */
static size_t finish(uint8_t *to, const char *payload, size_t len, bool is_line)
{
	uint8_t sum = 0;

	memcpy(to + !is_line, payload, len);
	if (is_line) {
		to[len] = '\n';
		return len + 1;
	}
	for (size_t i = 0; i < len; i++)
		sum = (uint8_t)(sum + payload[i]);
	to[0] = '$';
	sprintf((char *)to + 1 + len, "#%02x", sum);
	return len + 4;
}

static size_t fill_packet(char *to)
{
	const char *p =
		packets[fuzz_random(sizeof(packets) / sizeof(*packets))];
	size_t n = 0;

	for (; *p; p++) {
		if (*p == '%')
			n += put_number(to + n);
		else if (*p != '*')
			to[n++] = *p;
		else
			for (uint32_t left = 2 * fuzz_random(24); left; left--)
				to[n++] = "0123456789abcdef"[fuzz_random(16)];
	}
	return n;
}

static size_t measure_line(const struct fuzz_grammar *g, const uint8_t *p,
			   size_t left)
{
	const uint8_t *nl = memchr(p, '\n', left);

	(void)g;
	return nl ? (size_t)(nl - p) + 1 : left;
}

static size_t measure_packet(const struct fuzz_grammar *g, const uint8_t *p,
			     size_t left)
{
	const uint8_t *end = *p == '$' ? memchr(p, '#', left) : NULL;

	(void)g;
	if (!end)
		return 1;
	return (size_t)(end - p) + 3 < left ? (size_t)(end - p) + 3 : left;
}

static size_t make_packet(const struct fuzz_grammar *g, uint8_t *to)
{
	char text[FUZZ_RECORD_MAX / 2];

	/* The target stops, a new debugger comes, Ctrl-C. */
	if (!fuzz_random(6)) {
		to[0] = "\xfe\xfd\x03"[fuzz_random(3)];
		to[1] = '\n';
		return g->measure == measure_line ? 2 : 1;
	}
	return finish(to, text, fill_packet(text), g->measure == measure_line);
}

/* Its payload, with the checksum repaired. */
static size_t change_packet(const struct fuzz_grammar *g, uint8_t *p,
			    size_t len)
{
	bool is_line = g->measure == measure_line;
	size_t extra = is_line ? 1 : 4, n;
	char text[FUZZ_RECORD_MAX / 2];

	if (len <= extra || len > sizeof(text) || fuzz_random(2))
		return make_packet(g, p);
	n = len - extra;
	memcpy(text, p + !is_line, n);
	n = LLVMFuzzerMutate((uint8_t *)text, n, sizeof(text));
	return finish(p, text, n, is_line);
}

static const struct fuzz_grammar lines = {
	.head = 1,
	.measure = measure_line,
	.make = make_packet,
	.change = change_packet,
};
static const struct fuzz_grammar raw_packets = {
	.head = 1,
	.measure = measure_packet,
	.make = make_packet,
	.change = change_packet,
};

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max,
			       unsigned seed)
{
	if (fuzz_is_plain(seed) || !size)
		return LLVMFuzzerMutate(data, size, max);
	return fuzz_mutate(data[0] & 1 ? &lines : &raw_packets, data, size,
			   max);
}

void fuzz_seeds(void)
{
	static const char session[] =
		"\x01"
		"qSupported:swbreak+;hwbreak+\n"
		"QStartNoAckMode\n?\nqfThreadInfo\nqsThreadInfo\n"
		"qXfer:features:read:target.xml:0,1000\n"
		"Hg1\nHc-1\ng\np10\nP10=0011223344556677\n"
		"mffffffff81000000,40\nMffffffff81000000,2:0011\n"
		"Xffffffff81000000,2:ab\nZ0,ffffffff81000010,1\n"
		"z0,ffffffff81000010,1\nvCont;s:1;c\n\xfe\n"
		"qRcmd,696e666f\nc\n\xfe.\nD";
	static const char raw[] = "\x00+$g#67-\x03$mffff\x03$m0,4#fd$vCont;c#a8"
				  "\x03\xfe$k#6b";

	/* In pieces of 14 bytes. */
	static const char hello[] =
		"\x0d+$qSupported#3$qSupported#37+$?#3f$g#67";

	fuzz_seed("session", session, sizeof(session) - 1);
	fuzz_seed("raw", raw, sizeof(raw) - 1);
	fuzz_seed("hello", hello, sizeof(hello) - 1);
}
