/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The stub as a debugger sees it: how it answers each packet, what that does to
 * the target, and that malformed packets do nothing.
 */
#include "unit/unit.h"
#include "debug/gdb/stub.h"
#include "support/fake_target.h"

#include <stdio.h>
#include <stdlib.h>

static struct fake_target target;
static struct gdb_stub stub;
static char answer[3 * GDB_PACKET_MAX];

static const struct gdb_stop trapped = { .signal = GDB_SIGTRAP };
static const struct gdb_caps no_caps;

static void setup(void)
{
	fake_init(&target);
	gdb_stub_init(&stub, &fake_ops, &target, &gdb_arch_64, FAKE_CPUS);
	gdb_stub_begin(&stub, &trapped, &no_caps);
}

static void teardown(void)
{
	gdb_stub_release(&stub);
}

/* The payload of the one packet in stub.out, with runs and escapes decoded; or
 * all bytes, if it is not a packet. */
static const char *heard(void)
{
	const uint8_t *in = stub.out.data;
	size_t len = stub.out.len, n = 0;

	if (len && *in == '+')
		in++, len--;
	if (len < 4 || *in != '$') {
		memcpy(answer, in, len);
		answer[len] = '\0';
		stub.out.len = 0;
		return answer;
	}
	for (size_t i = 1; i < len - 3; i++) {
		if (in[i] == '}') {
			answer[n++] = (char)(in[++i] ^ 0x20);
		} else if (in[i] == '*') {
			for (int more = in [++i] - 29; more > 0; more--, n++)
				answer[n] = answer[n - 1];
		} else {
			answer[n++] = (char)in[i];
		}
	}
	answer[n] = '\0';
	stub.out.len = 0;
	return answer;
}

static const char *ask(const char *payload)
{
	size_t len = strlen(payload);
	char packet[8192];
	uint8_t sum = 0;

	for (size_t i = 0; i < len; i++)
		sum = (uint8_t)(sum + payload[i]);
	len = (size_t)snprintf(packet, sizeof(packet), "$%s#%02x", payload,
			       sum);
	gdb_stub_input(&stub, (uint8_t *)packet, len);
	return heard();
}

/* "=": the whole answer; "^": how it begins; "": the packet is unknown. */
static const struct {
	const char *packet;
	const char *answer;
} answers[] = {
	{ "?", "^T05thread:1;06:0000000000000000;" },
	{ "qSupported:multiprocess+;swbreak+;hwbreak+",
	  "=PacketSize=4000;qXfer:features:read+;QStartNoAckMode+;swbreak+;"
	  "hwbreak+;vContSupported+" },
	{ "qAttached", "=1" },
	{ "qC", "=QC1" },
	{ "qOffsets", "=" }, /* where it was linked */
	{ "qfThreadInfo", "=m1,2" },
	{ "qsThreadInfo", "=l" },
	{ "qThreadExtraInfo,2", "=764350552031" }, /* "vCPU 1" */
	{ "qThreadExtraInfo,3", "=E01" },
	{ "qThreadExtraInfo,0", "=E01" },
	{ "qThreadExtraInfo,", "=E01" },
	{ "T1", "=OK" },
	{ "T2", "=OK" },
	{ "T3", "=E01" },
	{ "T0", "=E01" },
	{ "T-1", "=E01" },
	{ "T", "=E01" },
	{ "T1x", "=E01" },
	{ "Hg2", "=OK" },
	{ "Hg0", "=OK" },
	{ "Hg-1", "=OK" },
	{ "Hgp1.2", "=OK" },
	{ "Hgp0.0", "=OK" },
	{ "Hg3", "=E01" },
	{ "Hgffffffffffffffff", "=E01" },
	{ "Hx1", "=E01" },
	{ "H", "=E01" },
	{ "Hc-1", "=OK" },
	/* memory */
	{ "mffffffff81000000,4", "=00070e15" },
	{ "mffffffff81000000,0", "=" },
	{ "mffffffff81002ffe,2", "=2128" },
	{ "mffffffff81003000,1", "=E14" },
	{ "m0,10", "=E14" },
	{ "mffffffffffffffff,2", "=E14" },
	{ "m", "=E01" },
	{ "m0", "=E01" },
	{ "m0,", "=E01" },
	{ "m,4", "=E01" },
	{ "m-1,4", "=E01" },
	{ "m0,-1", "=E01" },
	{ "m0,4,4", "=E01" },
	{ "m10000000000000000,1", "=E01" },
	{ "M0,1:00", "=E14" },
	{ "Mffffffff81000000,1:0", "=E01" },
	{ "Mffffffff81000000,2:00", "=E01" },
	{ "Mffffffff81000000,1:0000", "=E01" },
	{ "Mffffffff81000000,1:xx", "=E01" },
	{ "Mffffffff81000000,ffffffffffffffff:00", "=E01" },
	{ "Mffffffff81000000,8000000000000001:0011", "=E01" },
	{ "Mffffffff81002fff,2:0000", "=E14" },
	{ "Xffffffff81000000,0:", "=OK" },
	{ "Xffffffff81000000,1:", "=E01" },
	{ "Xffffffff81000000,1:ab", "=E01" },
	{ "X0,1:a", "=E14" },
	/* registers */
	{ "p0", "=8877665544332211" },
	{ "p10", "=00000081ffffffff" },
	{ "p12", "=10000000" },
	{ "pffff", "=E01" },
	{ "p", "=E01" },
	{ "p0 ", "=E01" },
	{ "P0=00", "=E01" },
	{ "P0", "=E01" },
	{ "P0=000000000000000", "=E01" },
	{ "P0=00000000000000000", "=E01" },
	{ "Pffff=00", "=E01" },
	{ "P12=18000000", "^E.refused.selectors" },
	{ "P12=10000000", "=OK" },
	{ "G", "=E01" },
	{ "G00", "=E01" },
	/* breakpoints */
	{ "Z0,ffffffff81000000,1", "=OK" },
	{ "Z1,ffffffff81000000,1", "=OK" },
	{ "Z4,ffffffff81000000,8", "=OK" },
	{ "Z5,ffffffff81000000,1", "=E01" },
	{ "Z0,ffffffff81000000", "=E01" },
	{ "Z0", "=E01" },
	{ "Z", "=E01" },
	{ "Z0,1,1;X1,00", "=E01" },
	{ "z0,1234,1", "=OK" },
	{ "z9,1234,1", "=E01" },
	/* features that were not offered or are unknown */
	{ "vMustReplyEmpty", "=" },
	{ "vFile:open:2f,0,0", "=" },
	{ "qTStatus", "=" },
	{ "qSymbol::", "=" },
	{ "QNonStop:1", "=" },
	{ "QPassSignals:e", "=" },
	{ "!", "=" },
	{ "", "=" },
	{ "R00", "=" },
	{ "b", "=" },
	{ "gg", "=" },
	{ "qCRC:0,4", "=" },
	{ "qXfer:memory-map:read::0,100", "=" },
	{ "qXfer:features:read:other.xml:0,100", "=" },
	/* the conversation */
	{ "vCont?", "=vCont;c;C;s;S" },
	{ "vCont", "=E01" },
	{ "vCont;", "=E01" },
	{ "vCont;x", "=E01" },
	{ "vCont;c:3", "=E01" },
	{ "vCont;c:1;", "=E01" },
	{ "vCont;C", "=E01" },
	{ "vCont;r0,1:1", "=E01" },
	{ "c-1", "=E01" },
	{ "sxyz", "=E01" },
	{ "C", "=E01" },
	{ "C05;x", "=E01" },
	{ "qRcmd,696e666f", "=7965730a" }, /* "info": "yes\n" */
	{ "qRcmd,", "=OK" },
	{ "qRcmd,6", "=E01" },
	{ "qRcmd,6x", "=E01" },
	{ "qXfer:features:read:target.xml:0,5", "=m<?xml" },
	{ "qXfer:features:read:target.xml:ffffff,5", "=E01" },
	{ "qXfer:features:read:target.xml:-1,5", "=E01" },
	{ "qXfer:features:read:target.xml:0", "=E01" },
};

START_TEST(gdb_stub__answers)
{
	const char *want = answers[_i].answer + 1;
	const char *got = ask(answers[_i].packet);

	if (answers[_i].answer[0] == '=')
		ck_assert_msg(!strcmp(got, want), "%s: \"%s\", not \"%s\"",
			      answers[_i].packet, got, want);
	else
		ck_assert_msg(!strncmp(got, want, strlen(want)),
			      "%s: \"%s\", not \"%s...\"", answers[_i].packet,
			      got, want);
	ck_assert_uint_eq(target.resumed, 0);
	ck_assert_int_eq(stub.end, GDB_END_NONE);
}
END_TEST

START_TEST(gdb_stub__registers_in_one_packet)
{
	size_t bytes = 0;
	char packet[8192] = "G";

	for (unsigned i = 0; i < gdb_arch_64.count; i++)
		bytes += gdb_arch_64.regs[i].size;
	ask("g");
	ck_assert_uint_eq(strlen(answer), 2 * bytes);
	ck_assert(!strncmp(answer, "8877665544332211", 16));
	/* written back, with another rax */
	strcat(packet, answer);
	memcpy(packet + 1, "0102030405060708", 16);
	ck_assert_str_eq(ask(packet), "OK");
	ck_assert_uint_eq(target.regs[0].gpr[CPU_RAX], 0x0807060504030201);
	ck_assert_uint_eq(target.regs[0].rip, FAKE_BASE);
	ck_assert_uint_eq(target.regs[0].xmm[15][15], 0xab);
	/* one digit too many or too few */
	strcat(packet, "0");
	ck_assert_str_eq(ask(packet), "E01");
	packet[strlen(packet) - 2] = '\0';
	ck_assert_str_eq(ask(packet), "E01");
}
END_TEST

START_TEST(gdb_stub__register_of_the_chosen_cpu)
{
	ck_assert_str_eq(ask("Hg2"), "OK");
	ck_assert_str_eq(ask("p10"), "10000081ffffffff");
	ck_assert_str_eq(ask("P10=0000000000000000"), "OK");
	ck_assert_uint_eq(target.regs[1].rip, 0);
	ck_assert_uint_eq(target.regs[0].rip, FAKE_BASE);
}
END_TEST

START_TEST(gdb_stub__refusal_of_a_register_is_told)
{
	unsigned cr4 = 0;
	char packet[64];

	while (strcmp(gdb_arch_64.regs[cr4].name, "cr4"))
		cr4++;
	snprintf(packet, sizeof(packet), "P%x=ad0b000000000000", cr4);
	ck_assert_str_eq(ask(packet),
			 "E.refused.KVM_SET_SREGS: Invalid argument");
}
END_TEST

START_TEST(gdb_stub__writes_memory)
{
	ck_assert_str_eq(ask("Mffffffff81000001,2:aabb"), "OK");
	ck_assert_mem_eq(target.memory, "\x00\xaa\xbb\x15", 4);
	/* # is escaped */
	ck_assert_str_eq(ask("Xffffffff81000000,2:}\x03z"), "OK");
	ck_assert_mem_eq(target.memory, "#z\xbb", 3);
}
END_TEST

START_TEST(gdb_stub__reads_as_much_as_a_packet_holds)
{
	ask("mffffffff81000000,ffffffff");
	ck_assert_uint_eq(strlen(answer), GDB_PACKET_MAX);
}
END_TEST

START_TEST(gdb_stub__reads_up_to_the_end)
{
	ask("mffffffff81002ff0,100");
	ck_assert_uint_eq(strlen(answer), 2 * 0x10);
}
END_TEST

START_TEST(gdb_stub__breakpoints_reach_the_target)
{
	ck_assert_str_eq(ask("Z2,1234,4"), "OK");
	ck_assert(target.breaks[0].there);
	ck_assert_int_eq(target.breaks[0].kind, GDB_BREAK_WRITE);
	ck_assert_uint_eq(target.breaks[0].addr, 0x1234);
	ck_assert_uint_eq(target.breaks[0].len, 4);
	ck_assert_str_eq(ask("z2,1234,4"), "OK");
	ck_assert(!target.breaks[0].there);
	target.no_hardware = true;
	ck_assert_str_eq(ask("Z1,1234,1"), "E.refused.no hardware breakpoints");
}
END_TEST

static const struct {
	const char *packet;
	enum gdb_action actions[FAKE_CPUS];
	uint64_t rip; /* of vCPU 0 */
} runs[] = {
	{ "c", { GDB_CONTINUE, GDB_CONTINUE }, FAKE_BASE },
	{ "s", { GDB_STEP, GDB_CONTINUE }, FAKE_BASE },
	{ "c1000", { GDB_CONTINUE, GDB_CONTINUE }, 0x1000 },
	{ "C05", { GDB_CONTINUE, GDB_CONTINUE }, FAKE_BASE },
	{ "C05;1000", { GDB_CONTINUE, GDB_CONTINUE }, 0x1000 },
	{ "S0b", { GDB_STEP, GDB_CONTINUE }, FAKE_BASE },
	{ "vCont;c", { GDB_CONTINUE, GDB_CONTINUE }, FAKE_BASE },
	{ "vCont;s:1", { GDB_STEP, GDB_STAY }, FAKE_BASE },
	{ "vCont;s:2", { GDB_STAY, GDB_STEP }, FAKE_BASE },
	{ "vCont;s:1;c", { GDB_STEP, GDB_CONTINUE }, FAKE_BASE },
	{ "vCont;s:p1.1;c:p1.-1", { GDB_STEP, GDB_CONTINUE }, FAKE_BASE },
	{ "vCont;c;s:1", { GDB_CONTINUE, GDB_CONTINUE }, FAKE_BASE },
	{ "vCont;S05:2;C05:1", { GDB_CONTINUE, GDB_STEP }, FAKE_BASE },
	{ "vCont;s:0", { GDB_STEP, GDB_STAY }, FAKE_BASE },
	{ "vCont;c:-1", { GDB_CONTINUE, GDB_CONTINUE }, FAKE_BASE },
};

START_TEST(gdb_stub__runs)
{
	const struct gdb_stop stop = { .signal = GDB_SIGINT, .cpu = 1 };

	/* The answer is the stop itself. */
	ck_assert_str_eq(ask(runs[_i].packet), "");
	ck_assert_uint_eq(target.resumed, 1);
	ck_assert_uint_eq(target.regs[0].rip, runs[_i].rip);
	for (unsigned i = 0; i < FAKE_CPUS; i++)
		ck_assert_int_eq(target.actions[i], runs[_i].actions[i]);
	gdb_stub_stopped(&stub, &stop);
	ck_assert(!strncmp(heard(), "T02thread:2;", 12));
}
END_TEST

START_TEST(gdb_stub__runs_the_thread_chosen)
{
	ck_assert_str_eq(ask("Hc2"), "OK");
	ask("s");
	ck_assert_int_eq(target.actions[0], GDB_STAY);
	ck_assert_int_eq(target.actions[1], GDB_STEP);
}
END_TEST

START_TEST(gdb_stub__a_refusal_to_run_is_told)
{
	target.stuck = true;
	ck_assert_str_eq(ask("vCont;s:2"), "E.refused.vCPU 1 waits");
	ck_assert(!stub.running);
	ck_assert_str_eq(ask("qC"), "QC1");
}
END_TEST

static const struct {
	struct gdb_stop stop;
	const char *knows;
	const char *answer;
} stops[] = {
	{ { GDB_SIGTRAP, 0, GDB_STOP_SOFT, 0 },
	  "qSupported:swbreak+",
	  "T05thread:1;swbreak:;06:" },
	{ { GDB_SIGTRAP, 0, GDB_STOP_SOFT, 0 },
	  "qSupported",
	  "T05thread:1;06:" },
	{ { GDB_SIGTRAP, 1, GDB_STOP_HARD, 0 },
	  "qSupported:x;hwbreak+;y=1",
	  "T05thread:2;hwbreak:;06:" },
	{ { GDB_SIGTRAP, 1, GDB_STOP_HARD, 0 },
	  "qSupported:hwbreak-",
	  "T05thread:2;06:" },
	{ { GDB_SIGTRAP, 0, GDB_STOP_WATCH, 0xffffffff81000010 },
	  "qSupported",
	  "T05thread:1;watch:ffffffff81000010;06:" },
	{ { GDB_SIGTRAP, 0, GDB_STOP_AWATCH, 0x10 },
	  "qSupported",
	  "T05thread:1;awatch:10;06:" },
	{ { GDB_SIGILL, 0, GDB_STOP_PLAIN, 0 },
	  "qSupported",
	  "T04thread:1;06:" },
};

START_TEST(gdb_stub__tells_why_it_stopped)
{
	ask(stops[_i].knows);
	ask("c");
	gdb_stub_stopped(&stub, &stops[_i].stop);
	ck_assert_msg(
		!strncmp(heard(), stops[_i].answer, strlen(stops[_i].answer)),
		"%s", answer);
	/* And again, when asked. */
	ck_assert(
		!strncmp(ask("?"), stops[_i].answer, strlen(stops[_i].answer)));
}
END_TEST

START_TEST(gdb_stub__breaks_in)
{
	gdb_stub_input(&stub, (const uint8_t *)"\x03", 1);
	ck_assert_uint_eq(target.interrupted, 0);
	ask("c");
	gdb_stub_input(&stub, (const uint8_t *)"\x03", 1);
	ck_assert_uint_eq(target.interrupted, 1);
	/* also inside an unfinished packet */
	gdb_stub_input(&stub, (const uint8_t *)"$mffff\x03", 7);
	ck_assert_uint_eq(target.interrupted, 2);
}
END_TEST

static const char *const while_running[] = { "g", "m0,1",   "c", "vCont;c",
					     "?", "Z0,0,1", "D", "k" };

START_TEST(gdb_stub__does_nothing_while_it_runs)
{
	ask("c");
	ck_assert_str_eq(ask(while_running[_i]),
			 "E.refused.the guest is running");
	ck_assert_uint_eq(target.resumed, 1);
	ck_assert_int_eq(stub.end, GDB_END_NONE);
}
END_TEST

START_TEST(gdb_stub__tells_the_end)
{
	gdb_stub_exited(&stub, 3);
	ck_assert_uint_eq(stub.out.len, 0);
	ask("c");
	gdb_stub_exited(&stub, 3);
	ck_assert_str_eq(heard(), "W03");
}
END_TEST

static const struct {
	const char *packet;
	enum gdb_end end;
	const char *answer;
} ends[] = {
	{ "D", GDB_END_DETACH, "OK" },
	{ "D;1", GDB_END_DETACH, "OK" },
	{ "vKill;1", GDB_END_KILL, "OK" },
	{ "k", GDB_END_KILL, "" },
};

START_TEST(gdb_stub__ends)
{
	ck_assert_str_eq(ask(ends[_i].packet), ends[_i].answer);
	ck_assert_int_eq(stub.end, ends[_i].end);
	/* Later bytes are not looked at. */
	ck_assert_str_eq(ask("c"), "");
	ck_assert_uint_eq(target.resumed, 0);
}
END_TEST

START_TEST(gdb_stub__acknowledges)
{
	gdb_stub_input(&stub, (const uint8_t *)"$qC#b4", 6);
	ck_assert_uint_eq(stub.out.len, 8);
	ck_assert_mem_eq(stub.out.data, "+$QC1#c5", 8);
	stub.out.len = 0;
	/* a bad sum, and a lost answer */
	gdb_stub_input(&stub, (const uint8_t *)"$qC#b5", 6);
	ck_assert_uint_eq(stub.out.len, 1);
	ck_assert_mem_eq(stub.out.data, "-", 1);
	stub.out.len = 0;
	gdb_stub_input(&stub, (const uint8_t *)"-", 1);
	ck_assert_uint_eq(stub.out.len, 7);
	ck_assert_mem_eq(stub.out.data, "$QC1#c5", 7);
}
END_TEST

START_TEST(gdb_stub__no_acknowledgements)
{
	ck_assert_str_eq(ask("QStartNoAckMode"), "OK");
	gdb_stub_input(&stub, (const uint8_t *)"$qC#b4-", 7);
	ck_assert_uint_eq(stub.out.len, 7);
	stub.out.len = 0;
	gdb_stub_input(&stub, (const uint8_t *)"$qC#b5", 6);
	ck_assert_uint_eq(stub.out.len, 0);
}
END_TEST

START_TEST(gdb_stub__complaints_cost_little)
{
	static uint8_t nak[4096];

	ask("g");
	memset(nak, '-', sizeof(nak));
	gdb_stub_input(&stub, nak, sizeof(nak));
	ck_assert_uint_lt(stub.out.len, 2 * GDB_PACKET_MAX);
}
END_TEST

START_TEST(gdb_stub__too_long_a_packet)
{
	static uint8_t bytes[GDB_PACKET_MAX + 16];
	uint8_t sum = 0;

	bytes[0] = '$';
	for (size_t i = 1; i <= GDB_PACKET_MAX + 1; i++) {
		bytes[i] = 'm';
		sum = (uint8_t)(sum + 'm');
	}
	snprintf((char *)bytes + GDB_PACKET_MAX + 2, 4, "#%02x", sum);
	gdb_stub_input(&stub, bytes, GDB_PACKET_MAX + 5);
	ck_assert_str_eq(heard(), "E01");
}
END_TEST

START_TEST(gdb_stub__too_long_a_command)
{
	char packet[1024] = "qRcmd,";

	for (unsigned i = 0; i < 129; i++)
		strcat(packet, "61");
	ck_assert_str_eq(ask(packet), "E01");
	packet[strlen(packet) - 2] = '\0';
	ck_assert_str_eq(ask(packet), "OK");
	ck_assert_uint_eq(strlen(target.command), 128);
}
END_TEST

/* A new debugger starts with a fresh state. */
START_TEST(gdb_stub__begins_again)
{
	const struct gdb_stop stop = { .signal = GDB_SIGINT, .cpu = 1 };

	ask("QStartNoAckMode");
	ask("Hc2");
	gdb_stub_input(&stub, (const uint8_t *)"$mff", 4);
	gdb_stub_begin(&stub, &stop, &no_caps);
	ck_assert(!strncmp(ask("?"), "T02thread:2;", 12));
	ck_assert(!stub.caps.no_ack);
	ck_assert_int_eq(stub.run_cpu, -1);
}
END_TEST

/* The description is the same when read in pieces of any size. */
START_TEST(gdb_stub__description_in_pieces)
{
	struct buf xml = { 0 };
	char packet[128];
	size_t at = 0, n;

	gdb_target_xml(&gdb_arch_64, &xml);
	do {
		snprintf(packet, sizeof(packet),
			 "qXfer:features:read:target.xml:%zx,%x", at, 1 + _i);
		ask(packet);
		n = strlen(answer + 1);
		ck_assert_uint_le(at + n, xml.len);
		ck_assert_mem_eq(answer + 1, xml.data + at, n);
		at += n;
	} while (answer[0] == 'm');
	ck_assert_int_eq(answer[0], 'l');
	ck_assert_uint_eq(at, xml.len);
	buf_release(&xml);
}
END_TEST

static const struct gdb_arch *const archs[] = { &gdb_arch_64, &gdb_arch_32 };

/* gdb requires all of these, by name and size, or rejects the description. */
static const struct {
	const char *name;
	unsigned size64, size32;
} needed[] = {
	{ "eflags", 4, 4 }, { "cs", 4, 4 },	 { "gs", 4, 4 },
	{ "st0", 10, 10 },  { "st7", 10, 10 },	 { "fctrl", 4, 4 },
	{ "fop", 4, 4 },    { "xmm0", 16, 16 },	 { "xmm7", 16, 16 },
	{ "mxcsr", 4, 4 },  { "fs_base", 8, 8 }, { "gs_base", 8, 8 },
	{ "cr0", 8, 8 },    { "cr2", 8, 8 },	 { "cr3", 8, 8 },
	{ "cr4", 8, 8 },    { "efer", 8, 8 },	 { "rax", 8, 0 },
	{ "rip", 8, 0 },    { "r15", 8, 0 },	 { "xmm15", 16, 0 },
	{ "eax", 0, 4 },    { "eip", 0, 4 },
};

START_TEST(gdb_stub__registers_that_gdb_needs)
{
	for (unsigned i = 0; i < COUNT(needed); i++) {
		const struct gdb_arch *a = archs[_i];
		unsigned size = 0;

		for (unsigned n = 0; n < a->count; n++)
			if (!strcmp(a->regs[n].name, needed[i].name))
				size += a->regs[n].size;
		ck_assert_msg(
			size == (_i ? needed[i].size32 : needed[i].size64),
			"%s has %u bytes", needed[i].name, size);
	}
	ck_assert_str_eq(archs[_i]->regs[archs[_i]->pc].name,
			 _i ? "eip" : "rip");
	ck_assert_str_eq(archs[_i]->regs[archs[_i]->sp].name,
			 _i ? "esp" : "rsp");
	ck_assert_str_eq(archs[_i]->regs[archs[_i]->bp].name,
			 _i ? "ebp" : "rbp");
}
END_TEST

/* No two registers share a byte, and each has its own name's value. */
START_TEST(gdb_stub__registers_are_apart)
{
	static uint8_t used[sizeof(struct cpu_regs)];
	const struct gdb_arch *a = archs[_i];

	memset(used, 0, sizeof(used));
	for (unsigned n = 0; n < a->count; n++)
		for (unsigned i = 0; i < a->regs[n].size; i++)
			ck_assert_msg(!used[a->regs[n].off + i]++, "%s",
				      a->regs[n].name);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("gdb_stub");
	TCase *tc = tcase_create("stub");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, gdb_stub__answers, 0, COUNT(answers));
	tcase_add_test(tc, gdb_stub__registers_in_one_packet);
	tcase_add_test(tc, gdb_stub__register_of_the_chosen_cpu);
	tcase_add_test(tc, gdb_stub__refusal_of_a_register_is_told);
	tcase_add_test(tc, gdb_stub__writes_memory);
	tcase_add_test(tc, gdb_stub__reads_as_much_as_a_packet_holds);
	tcase_add_test(tc, gdb_stub__reads_up_to_the_end);
	tcase_add_test(tc, gdb_stub__breakpoints_reach_the_target);
	tcase_add_loop_test(tc, gdb_stub__runs, 0, COUNT(runs));
	tcase_add_test(tc, gdb_stub__runs_the_thread_chosen);
	tcase_add_test(tc, gdb_stub__a_refusal_to_run_is_told);
	tcase_add_loop_test(tc, gdb_stub__tells_why_it_stopped, 0,
			    COUNT(stops));
	tcase_add_test(tc, gdb_stub__breaks_in);
	tcase_add_loop_test(tc, gdb_stub__does_nothing_while_it_runs, 0,
			    COUNT(while_running));
	tcase_add_test(tc, gdb_stub__tells_the_end);
	tcase_add_loop_test(tc, gdb_stub__ends, 0, COUNT(ends));
	tcase_add_test(tc, gdb_stub__acknowledges);
	tcase_add_test(tc, gdb_stub__no_acknowledgements);
	tcase_add_test(tc, gdb_stub__complaints_cost_little);
	tcase_add_test(tc, gdb_stub__too_long_a_packet);
	tcase_add_test(tc, gdb_stub__too_long_a_command);
	tcase_add_test(tc, gdb_stub__begins_again);
	tcase_add_loop_test(tc, gdb_stub__description_in_pieces, 6, 30);
	tcase_add_loop_test(tc, gdb_stub__registers_that_gdb_needs, 0, 2);
	tcase_add_loop_test(tc, gdb_stub__registers_are_apart, 0, 2);
	suite_add_tcase(s, tc);
	return s;
}
