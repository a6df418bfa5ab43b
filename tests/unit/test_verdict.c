/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The verdict: the exit status and the sentence for every way a run can end.
 */
#include "unit/unit.h"
#include "pv/testport.h"
#include "outcome/verdict.h"

#include <elf.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

static struct watch w;
static struct vcpu_result results[2];
static struct outcome o;
static struct verdict_facts f;
static struct verdict v;

static void setup(void)
{
	watch_init(&w);
	memset(results, 0, sizeof(results));
	o = (struct outcome){ .kind = OUTCOME_POWEROFF };
	f = (struct verdict_facts){ .outcome = &o,
				    .watch = &w,
				    .results = results,
				    .cpus = 2,
				    .host = KVM_HOST_INTEL,
				    .timeout_ns = 1500000000 };
}

static void teardown(void)
{
	watch_release(&w);
}

static void console(const char *text)
{
	watch_feed(&w, (const uint8_t *)text, strlen(text));
}

static void expect(const char *regex)
{
	struct err e;

	assert_ok(watch_expect(&w, regex, &e), &e);
}

static void fail_on(const char *regex)
{
	struct err e;

	assert_ok(watch_fail_on(&w, regex, &e), &e);
}

static void ended(enum outcome_kind kind, uint32_t value, const char *evidence)
{
	o.kind = kind;
	o.value = value;
	snprintf(o.evidence, sizeof(o.evidence), "%s", evidence);
}

static void crashed_at(enum vcpu_end end)
{
	results[1].end = end;
	results[1].where = (struct vcpu_where){
		.known = true,
		.rip = 0x1000123,
		.mode = "64-bit",
		.insn = { 0x48, 0x0f, 0xc7, 0x0e },
		.insn_len = 4,
	};
	ended(OUTCOME_CRASH, 1, "vCPU 1: KVM_EXIT");
}

/* Rows: what happened, then what is said about it. */

static void poweroff(void)
{
	ended(OUTCOME_POWEROFF, 0, "ACPI: S5");
}

static void reset(void)
{
	ended(OUTCOME_RESET, 0, "i8042: 0xfe");
}

static void reset_unmet(void)
{
	expect("^ready$");
	console("starting\n");
	reset();
}

static void reset_not_ready(void)
{
	w.wants_ready = true;
	expect("one");
	console("one\nstarting\n");
	reset();
}

static void is_ready(void)
{
	w.wants_ready = w.is_ready = true;
	ended(OUTCOME_EXPECTED, 0, "READY=1");
}

static void is_ready_and_met(void)
{
	expect("one");
	console("one\n");
	is_ready();
}

static void reset_second_unmet(void)
{
	expect("one");
	expect("two");
	console("one\nthree\n");
	reset();
}

static void reset_met(void)
{
	expect("ready");
	console("ready\n");
	reset();
}

static void reset_after_panic(void)
{
	console("Kernel panic - not syncing: no init\n");
	reset();
}

static void reset_after_panic_unmet(void)
{
	expect("ready");
	reset_after_panic();
}

static void success(void)
{
	ended(OUTCOME_REPORTED, 0, "test port: 0");
}

static void success_unmet(void)
{
	expect("ready");
	success();
}

static void failure(void)
{
	console("1 failed\n");
	ended(OUTCOME_REPORTED, 7, "test port: 7");
}

static void expected(void)
{
	expect("ready");
	console("ready\n");
	ended(OUTCOME_EXPECTED, 0, "--expect");
}

/* The part of the line that came before the guest stopped. */
static void expected_prompt(void)
{
	expect("host login");
	console("hello\nhost login");
	console(": ");
	watch_end(&w);
	ended(OUTCOME_EXPECTED, 0, "--expect");
}

static void failed_on(void)
{
	fail_on("^BUG:");
	console("BUG: bad\n");
	ended(OUTCOME_FAILED_ON, 0, "--fail-on");
}

static void reset_after_failed_on(void)
{
	fail_on("^BUG:");
	console("BUG: bad\nKernel panic - not syncing: x\n");
	reset();
}

static void crash_after_failed_on(void)
{
	fail_on("^BUG:");
	console("BUG: bad\n");
	crashed_at(VCPU_SHUTDOWN);
}

static void success_after_failed_on(void)
{
	fail_on("^BUG:");
	console("BUG: bad\n");
	success();
}

static void panic(void)
{
	console("Kernel panic - not syncing: VFS\n");
	ended(OUTCOME_PANIC, 0, "");
}

static void panic_by_its_line(void)
{
	console("Kernel panic - not syncing: VFS\n");
	ended(OUTCOME_PANIC, 0, "Kernel panic - not syncing: VFS");
}

static void panic_seen_twice(void)
{
	console("Kernel panic - not syncing: VFS\n");
	ended(OUTCOME_PANIC, 0, "pvpanic: 0x01 written to port 0x505");
}

static void panic_in_silence(void)
{
	ended(OUTCOME_PANIC, 0, "pvpanic: 0x01 written to port 0x505");
}

static void triple_fault(void)
{
	console("last words\n");
	crashed_at(VCPU_SHUTDOWN);
}

static void triple_fault_and_reset(void)
{
	triple_fault();
	results[1].where.was_reset = true;
}

static void triple_fault_after_panic(void)
{
	console("Kernel panic - not syncing: VFS\n");
	crashed_at(VCPU_SHUTDOWN);
}

static void no_emulation_hardware(void)
{
	crashed_at(VCPU_INTERNAL_ERROR);
}

static void no_emulation_software(void)
{
	crashed_at(VCPU_INTERNAL_ERROR);
	f.host = KVM_HOST_SOFTWARE;
}

static void nowhere(void)
{
	crashed_at(VCPU_FAIL_ENTRY);
	results[1].where.known = false;
}

static void no_bytes(void)
{
	crashed_at(VCPU_SHUTDOWN);
	results[1].where.insn_len = 0;
}

static void timed_out(void)
{
	console("waiting for root\n");
	results[0].where = (struct vcpu_where){ .known = true,
						.rip = 0xfff0,
						.mode = "16-bit" };
	results[1].where = (struct vcpu_where){ .known = true,
						.rip = 0x1000,
						.mode = "32-bit" };
	ended(OUTCOME_TIMEOUT, 0, "time limit");
}

static void timed_out_together(void)
{
	timed_out();
	results[1].where = results[0].where;
}

static void timed_out_panicking(void)
{
	console("Kernel panic - not syncing: VFS\n");
	timed_out();
}

static void went_astray(void)
{
	crashed_at(VCPU_INTERNAL_ERROR);
	f.host = KVM_HOST_SOFTWARE;
	results[1].where.insn_len = 0;
}

static void timed_out_early(void)
{
	f.cpus = 0;
	f.results = NULL;
	ended(OUTCOME_TIMEOUT, 0, "while decoding the kernel");
}

static void interrupted(void)
{
	console("login: ");
	ended(OUTCOME_SIGNAL, SIGINT, "SIGINT");
}

static void terminated(void)
{
	ended(OUTCOME_SIGNAL, SIGTERM, "SIGTERM");
}

static void host_failed(void)
{
	ended(OUTCOME_HOST, 0, "cannot write the guest's console to stdout");
}

/* A guest must not be able to drive the user's terminal. */
static void escapes_in_last_line(void)
{
	console("\033[2Jhi\x9b\x7f\tthere\n");
	ended(OUTCOME_REPORTED, 1, "x");
}

static void escapes_in_panic(void)
{
	console("Kernel panic - not syncing: \033[31mred\x9b\n");
	ended(OUTCOME_PANIC, 0, "");
}

static void halted(void)
{
	results[0].where = (struct vcpu_where){ .known = true,
						.rip = 0x1000,
						.mode = "64-bit" };
	ended(OUTCOME_HALTED, 0, "HLT");
}

static void halted_unmet(void)
{
	expect("ready");
	halted();
}

static void halted_as_told(void)
{
	console("[    1.5] reboot: System halted\n");
	halted();
}

static void halted_as_told_unmet(void)
{
	expect("ready");
	halted_as_told();
}

/* The halt message need not be the guest's last line. */
static void halted_later(void)
{
	console("reboot: System halted\nand on\n");
	halted();
}

static void halted_after_panic(void)
{
	console("Kernel panic - not syncing: x\nreboot: System halted\n");
	halted();
}

/* Only the end of these runs is known. */
static void silent_reset(void)
{
	ended(OUTCOME_RESET, 0, "i8042: 0xfe");
}

static void silent_poweroff(void)
{
	f.cmdline = "quiet console=ttyS0,115200";
	ended(OUTCOME_POWEROFF, 0, "ACPI: S5");
}

static void silent_reset_elsewhere(void)
{
	f.cmdline = "console=tty0";
	silent_reset();
}

static void silent_reset_unmet(void)
{
	expect("up");
	silent_reset_elsewhere();
}

static void silent_pvpanic(void)
{
	f.cmdline = "console=tty0";
	ended(OUTCOME_PANIC, 0, "pvpanic: 0x01 written to port 0x505");
}

static void silent_failure(void)
{
	ended(OUTCOME_REPORTED, 1, "x");
}

static void silent_success(void)
{
	ended(OUTCOME_REPORTED, TESTPORT_SUCCESS, "x");
}

static void silent_timeout(void)
{
	f.cmdline = "netconsole=x";
	ended(OUTCOME_TIMEOUT, 0, "");
}

static void silent_early_timeout(void)
{
	silent_timeout();
	f.cpus = 0;
	ended(OUTCOME_TIMEOUT, 0, "while decoding the kernel");
}

static void spoken_timeout(void)
{
	console("hello\n");
	silent_timeout();
}

static const struct {
	void (*happened)(void);
	int status;
	bool silent;
	const char *line;
} silences[] = {
	{ silent_reset, 0, true,
	  "the guest reset itself (i8042: 0xfe); the console stayed empty: "
	  "nothing shows whether it did what it should" },
	{ silent_poweroff, 0, true,
	  "the guest powered off (ACPI: S5); the console stayed empty: nothing "
	  "shows whether it did what it should" },
	{ silent_reset_elsewhere, 0, true,
	  "the guest reset itself (i8042: 0xfe); the console stayed empty, and "
	  "the command line has no console=ttyS0: nothing shows whether it did "
	  "what it should" },
	{ silent_reset_unmet, 5, false,
	  "the guest reset itself (i8042: 0xfe) before --expect number 1 of 1 "
	  "matched; the console stayed empty, and the command line has no "
	  "console=ttyS0; compare the expression with the console, or try -v" },
	{ silent_pvpanic, 3, false,
	  "the guest panicked: pvpanic: 0x01 written to port 0x505; the console "
	  "stayed empty, and the command line has no console=ttyS0; try another "
	  "--cmdline or --initrd" },
	{ silent_failure, 6, false,
	  "the guest reported failure (x); the console stayed empty" },
	{ halted, 4, false,
	  "the guest halted and cannot wake (HLT): vCPU 0 at rip 0x1000 (64-bit); "
	  "the console stayed empty; look with --gdb" },
	{ silent_success, 0, false, "the guest reported success (x)" },
	{ silent_timeout, 124, false,
	  "timed out after 1.500 s; the console stayed empty, and the command "
	  "line has no console=ttyS0; try a longer --timeout, or -v" },
	{ silent_early_timeout, 124, false,
	  "timed out after 1.500 s, while decoding the kernel; the console stayed empty; try a longer "
	  "--timeout, or -v" },
	{ spoken_timeout, 124, false,
	  "timed out after 1.500 s; last console line: \"hello\"; try a longer "
	  "--timeout, or -v" },
	{ reset_met, 0, false, "the guest reset itself (i8042: 0xfe)" },
};

START_TEST(verdict__says_that_nothing_was_seen)
{
	silences[_i].happened();
	verdict_make(&v, &f);
	ck_assert_int_eq(v.status, silences[_i].status);
	ck_assert_int_eq(v.silent, silences[_i].silent);
	ck_assert_str_eq(v.line, silences[_i].line);
}
END_TEST

#define TRACE_MAP                                               \
	"ffffffff81000000 T stuck\nffffffff81000100 T caller\n" \
	"ffffffff81000200 T start\nffffffff81000300 T a_function_with_a_name_of_more_than_48_characters\n"
#define TRACED(off, guess)                              \
	{                                               \
		0xffffffff81000000 + (off), true, guess \
	}

static const struct {
	void (*happened)(void);
	struct stack stacks[2];
	const char *line;
} traces[] = {
	{ spoken_timeout,
	  { { .count = 4,
	      .frames = { TRACED(0x10, false), TRACED(0x123, false),
			  TRACED(0x200, true), TRACED(0x300, false) } } },
	  "timed out after 1.500 s: vCPU 0 at rip 0xffffffff81000010 (64-bit); "
	  "last console line: \"hello\"; vCPU 0 called from caller+0x23, "
	  "? caller+0x100, start+0x100; try a longer --timeout, or -v" },
	{ spoken_timeout,
	  { { .count = 1, .frames = { TRACED(0x10, false) } } },
	  "timed out after 1.500 s: vCPU 0 at rip 0xffffffff81000010 (64-bit); "
	  "last console line: \"hello\"; try a longer --timeout, or -v" },
	/* Addresses alone say little; among names they are shown. */
	{ spoken_timeout,
	  { { .count = 2, .frames = { TRACED(0x10, false), { 0x1000 } } } },
	  "timed out after 1.500 s: vCPU 0 at rip 0xffffffff81000010 (64-bit); "
	  "last console line: \"hello\"; try a longer --timeout, or -v" },
	{ spoken_timeout,
	  { { .count = 3,
	      .frames = { TRACED(0x10, false),
			  { 0x1000 },
			  TRACED(0x310, false) } } },
	  "timed out after 1.500 s: vCPU 0 at rip 0xffffffff81000010 (64-bit); "
	  "last console line: \"hello\"; vCPU 0 called from 0x1000, "
	  "a_function_with_a_name_of_more_than_48_character...; try a longer "
	  "--timeout, or -v" },
};

START_TEST(verdict__has_the_call_trace)
{
	struct elf_segment segment = { .type = PT_LOAD,
				       .vaddr = 0xffffffff81000000,
				       .memsz = 0x1000 };
	const struct kernel_elf kernel = { .segments = &segment,
					   .segments_count = 1 };
	static const struct guest_mem gm;
	struct vcpu vcpus[2];
	struct symbols s = { .kernel = &kernel,
			     .map.bytes = { (const uint8_t *)TRACE_MAP,
					    strlen(TRACE_MAP) } };
	struct autopsy a = { .symbols = &s,
			     .gm = &gm,
			     .results = results,
			     .vcpus = vcpus,
			     .cpus = 2 };

	traces[_i].happened();
	results[0].where = (struct vcpu_where){ .known = true,
						.rip = 0xffffffff81000010,
						.mode = "64-bit" };
	results[1].where.known = false;
	a.stacks = calloc(2, sizeof(*a.stacks));
	memcpy(a.stacks, traces[_i].stacks, sizeof(traces[_i].stacks));
	f.autopsy = &a;
	verdict_make(&v, &f);
	ck_assert_str_eq(v.line, traces[_i].line);
	/* A run that ended well has none. */
	reset_met();
	verdict_make(&v, &f);
	ck_assert(!strstr(v.line, "called from"));
	autopsy_release(&a);
}
END_TEST

/* The log of a kernel whose console stayed empty. */
#define PANICKED                                                     \
	"<6>[    1.000000] Run /init as init process\n"              \
	"<0>[    1.500000] Kernel panic - not syncing: No init.\n"   \
	"<0>[    1.600000] ---[ end Kernel panic - not syncing: No " \
	"init. ]---\n"
#define OOPSED                                             \
	"<1>[    2.0] BUG: kernel NULL pointer\n"          \
	"<1>[    2.0] Oops: 0000 [#1]\n<4>[    2.0] 1\n"   \
	"<4>[    2.0] 2\n<4>[    2.0] 3\n<4>[    2.0] 4\n" \
	"<4>[    2.0] \x1b[2J\n"

static const struct {
	void (*happened)(void);
	const char *log;
	int status;
	bool silent;
	const char *line;
} logs[] = {
	{ silent_reset, PANICKED, 3, false,
	  "the guest panicked: \"[    1.500000] Kernel panic - not syncing: No "
	  "init.\"; the console stayed empty; last lines of its log in memory: "
	  "\"[    1.000000] Run /init as init process\", "
	  "\"[    1.500000] Kernel panic - not syncing: No init.\", "
	  "\"[    1.600000] ---[ end Kernel panic - not syncing: No init. ]---\""
	  "; try another --cmdline or --initrd" },
	{ silent_reset, OOPSED, 0, true,
	  "the guest reset itself (i8042: 0xfe); the console stayed empty; its "
	  "log in memory has \"[    2.0] BUG: kernel NULL pointer\"; last lines "
	  "of its log in memory: \"[    2.0] 1\", \"[    2.0] 2\", "
	  "\"[    2.0] 3\", \"[    2.0] 4\", \"[    2.0] ?[2J\"" },
	{ silent_poweroff, "<6>[    1.0] reboot: Power down\n", 0, true,
	  "the guest powered off (ACPI: S5); the console stayed empty; last "
	  "lines of its log in memory: \"[    1.0] reboot: Power down\"" },
	{ silent_pvpanic, PANICKED, 3, false,
	  "the guest panicked: \"[    1.500000] Kernel panic - not syncing: No "
	  "init.\", and pvpanic: 0x01 written to port 0x505; the console stayed "
	  "empty, and the command line has no console=ttyS0; last lines of its "
	  "log in memory: \"[    1.000000] Run /init as init process\", "
	  "\"[    1.500000] Kernel panic - not syncing: No init.\", "
	  "\"[    1.600000] ---[ end Kernel panic - not syncing: No init. ]---\""
	  "; try another --cmdline or --initrd" },
	{ spoken_timeout, PANICKED, 124, false,
	  "timed out after 1.500 s; last console line: \"hello\"; try a longer "
	  "--timeout, or -v" },
};

/* A panic that the console does not show counts, too. */
START_TEST(verdict__quotes_the_log_of_a_silent_guest)
{
	static const struct kernel_elf kernel;
	static const struct guest_mem gm;
	struct symbols s = { .kernel = &kernel };
	struct autopsy a = { .symbols = &s, .gm = &gm, .log_read = true };

	buf_add(&a.log.text, logs[_i].log, strlen(logs[_i].log));
	f.autopsy = &a;
	logs[_i].happened();
	verdict_make(&v, &f);
	ck_assert_str_eq(v.line, logs[_i].line);
	ck_assert_int_eq(v.status, logs[_i].status);
	ck_assert_int_eq(v.silent, logs[_i].silent);
	autopsy_release(&a);
}
END_TEST

static const struct {
	void (*happened)(void);
	int status;
	const char *line[5];
} rows[] = {
	{ poweroff, 0, { "the guest powered off (ACPI: S5)" } },
	{ halted,
	  4,
	  { "the guest halted and cannot wake (HLT): vCPU 0 at rip 0x1000 "
	    "(64-bit); the console stayed empty; " } },
	{ halted_unmet, 4, { "the guest halted and cannot wake" } },
	{ halted_as_told,
	  0,
	  { "the guest halted (HLT after \"reboot: System halted\")" } },
	{ halted_as_told_unmet,
	  5,
	  { "halted (HLT after \"reboot: System halted\") before --expect "
	    "number 1 of 1 matched" } },
	{ halted_later,
	  4,
	  { "the guest halted and cannot wake", "\"and on\"" } },
	{ halted_after_panic, 3, { "the guest panicked" } },
	{ reset, 0, { "the guest reset itself (i8042: 0xfe)" } },
	{ reset_unmet,
	  5,
	  { "the guest reset itself (i8042: 0xfe) before --expect number 1 of "
	    "1 matched; last console line: \"starting\"" } },
	{ reset_not_ready,
	  5,
	  { "the guest reset itself (i8042: 0xfe) before it said by vsock that "
	    "it has booted; last console line: \"starting\"; that takes "
	    "systemd 254 or later, and a vsock driver" } },
	{ is_ready, 0, { "the guest has booted (READY=1 by vsock)" } },
	{ is_ready_and_met,
	  0,
	  { "the guest has booted (READY=1 by vsock), and every --expect "
	    "matched, the last one \"one\"" } },
	{ reset_second_unmet,
	  5,
	  { "before --expect number 2 of 2 matched", "\"three\"" } },
	{ reset_met, 0, { "reset itself" } },
	{ reset_after_panic,
	  3,
	  { "the guest panicked: \"Kernel panic - not syncing: no init\"" } },
	{ reset_after_panic_unmet, 3, { "the guest panicked: " } },
	{ success, 0, { "the guest reported success (test port: 0)" } },
	{ success_unmet,
	  5,
	  { "reported success", "before --expect number 1",
	    "the console stayed empty" } },
	{ failure,
	  6,
	  { "the guest reported failure (test port: 7); last console line: "
	    "\"1 failed\"" } },
	{ expected, 0, { "every --expect matched, the last one \"ready\"" } },
	{ expected_prompt,
	  0,
	  { "every --expect matched, the last one \"host login: \"" } },
	{ failed_on,
	  6,
	  { "the guest's console met --fail-on \"^BUG:\": \"BUG: bad\"; the "
	    "console says what led to it" } },
	{ reset_after_failed_on, 6, { "met --fail-on \"^BUG:\"" } },
	{ crash_after_failed_on, 6, { "met --fail-on", "rip 0x1000123" } },
	{ success_after_failed_on, 6, { "met --fail-on" } },
	{ panic,
	  3,
	  { "the guest panicked: \"Kernel panic - not syncing: VFS\"" } },
	{ panic_by_its_line, 3, { "not syncing: VFS\"; try another" } },
	{ panic_seen_twice,
	  3,
	  { "the guest panicked: \"Kernel panic - not syncing: VFS\", and "
	    "pvpanic: 0x01 written to port 0x505; try another" } },
	{ panic_in_silence,
	  3,
	  { "the guest panicked: pvpanic: 0x01 written to port 0x505" } },
	{ triple_fault,
	  4,
	  { "the guest crashed: vCPU 1: KVM_EXIT at rip 0x1000123 (64-bit), "
	    "instruction bytes 48 0f c7 0e; last console line: \"last "
	    "words\"; try -v, or another --boot" } },
	{ triple_fault_and_reset,
	  4,
	  { "the guest crashed: vCPU 1: KVM_EXIT; it is not known where, since "
	    "this host's KVM resets a CPU that shuts down; last console line: \"last words\"" } },
	{ triple_fault_after_panic, 3, { "the guest panicked: " } },
	{ no_emulation_hardware,
	  4,
	  { "rip 0x1000123", "this host has hardware KVM (kvm_intel)",
	    "try another --boot, or a newer host kernel" } },
	{ no_emulation_software,
	  4,
	  { "rip 0x1000123 (64-bit), instruction bytes 48 0f c7 0e",
	    "this host has software KVM (kvm_pvm)", "scripts/box" } },
	{ went_astray,
	  4,
	  { "rip 0x1000123 (64-bit); the console stayed empty; no instruction "
	    "can be read there: the guest went where there is no memory" } },
	{ timed_out_panicking,
	  3,
	  { "the guest panicked: \"Kernel panic - not syncing: VFS\"" } },
	{ nowhere, 4, { "vCPU 1: KVM_EXIT; the console stayed empty" } },
	{ no_bytes, 4, { "at rip 0x1000123 (64-bit); the console" } },
	{ timed_out,
	  124,
	  { "timed out after 1.500 s: vCPU 0 at rip 0xfff0 (16-bit), vCPU 1 "
	    "at rip 0x1000 (32-bit); last console line: \"waiting for "
	    "root\"; try a longer --timeout, or -v" } },
	{ timed_out_together,
	  124,
	  { "timed out after 1.500 s: vCPUs 0-1 at rip 0xfff0 (16-bit); " } },
	{ timed_out_early,
	  124,
	  { "timed out after 1.500 s, while decoding the kernel; the console "
	    "stayed empty; " } },
	{ interrupted,
	  130,
	  { "interrupted by SIGINT; last console line: \"login: \"" } },
	{ terminated, 143, { "interrupted by SIGTERM" } },
	{ host_failed, 1, { "cannot write the guest's console to stdout" } },
	{ escapes_in_last_line, 6, { "\"hi??there\"" } },
	{ escapes_in_panic, 3, { "\"Kernel panic - not syncing: red?\"" } },
};

START_TEST(verdict__status_and_sentence)
{
	rows[_i].happened();
	verdict_make(&v, &f);
	ck_assert_msg(v.status == rows[_i].status, "%d: %s", v.status, v.line);
	for (unsigned i = 0; i < 5 && rows[_i].line[i]; i++)
		ck_assert_msg(strstr(v.line, rows[_i].line[i]),
			      "\"%s\" lacks \"%s\"", v.line, rows[_i].line[i]);
	ck_assert_ptr_null(strchr(v.line, '\n'));
}
END_TEST

static void long_console(void)
{
	static char text[WATCH_LINE_MAX + 100];

	memset(text, 'x', sizeof(text) - 2);
	text[sizeof(text) - 2] = '\n';
	console(text);
}

/* However long the guest's last line is, the advice, which comes last, must
 * survive in struct err. */
START_TEST(verdict__advice_survives_a_long_line)
{
	long_console();
	no_emulation_software();
	memset(o.evidence, 'e', 150);
	o.evidence[150] = '\0';
	verdict_make(&v, &f);
	ck_assert_uint_lt(strlen(v.line), ERR_MSG_SIZE);
	ck_assert_ptr_nonnull(strstr(v.line, "xxx...\""));
	ck_assert_ptr_nonnull(strstr(v.line, "or scripts/box"));
}
END_TEST

START_TEST(verdict__long_panic_is_cut)
{
	console("Kernel panic - not syncing: ");
	long_console();
	ended(OUTCOME_PANIC, 0, "");
	verdict_make(&v, &f);
	ck_assert_uint_lt(strlen(v.line), ERR_MSG_SIZE);
	ck_assert_ptr_nonnull(strstr(v.line, "xxx...\""));
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("verdict");
	TCase *t = tcase_create("verdict");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_loop_test(t, verdict__says_that_nothing_was_seen, 0,
			    COUNT(silences));
	tcase_add_loop_test(t, verdict__has_the_call_trace, 0, COUNT(traces));
	tcase_add_loop_test(t, verdict__quotes_the_log_of_a_silent_guest, 0,
			    COUNT(logs));
	tcase_add_loop_test(t, verdict__status_and_sentence, 0, COUNT(rows));
	tcase_add_test(t, verdict__advice_survives_a_long_line);
	tcase_add_test(t, verdict__long_panic_is_cut);
	suite_add_tcase(s, t);
	return s;
}
