/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The debugger on its loop, without KVM: threads play vCPUs that know three
 * instructions, and a socket plays gdb. Tests when the guest stops and runs,
 * what --gdb-lost does, and that breakpoints stop all vCPUs.
 */
#include "unit/unit.h"
#include "base/clock.h"
#include "debug/debugger.h"

#include <elf.h>
#include <errno.h>
#include <linux/kvm.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define CPUS	2
#define CODE	0x1000 /* where each vCPU begins */
#define SOCKET	"gdb"
#define WAIT_NS UINT64_C(60000000000)

/* ---- vCPUs: the parts of vm/debug.h that need KVM, and vcpu_run() */

static struct fake_cpu {
	struct cpu_regs regs;	 /* of the thread, or of all while it waits */
	struct vcpu_traps traps; /* the same */
	atomic_ulong turns;	 /* instructions */
	atomic_bool leave;
	pthread_t thread;
} cpus[CPUS];

static struct vcpu vcpus[CPUS];
static struct kvm_run runs[CPUS];

static struct fake_cpu *fake(const struct vcpu *v)
{
	return &cpus[v - vcpus];
}

int vcpu_get_regs(struct vcpu *v, struct cpu_regs *r, struct err *err)
{
	(void)err;
	*r = fake(v)->regs;
	return 0;
}

int vcpu_set_regs(struct vcpu *v, const struct cpu_regs *r, struct err *err)
{
	(void)err;
	fake(v)->regs = *r;
	return 0;
}

int vcpu_get_rip(struct vcpu *v, uint64_t *rip, struct paging *paging,
		 struct err *err)
{
	(void)err;
	*rip = fake(v)->regs.rip;
	*paging = (struct paging){ 0 };
	return 0;
}

int vcpu_set_traps(struct vcpu *v, const struct vcpu_traps *t, struct err *err)
{
	(void)err;
	fake(v)->traps = *t;
	return 0;
}

struct paging cpu_paging(const struct cpu_regs *r)
{
	(void)r;
	return (struct paging){ 0 };
}

uint64_t cpu_linear_rip(const struct cpu_regs *r)
{
	return r->rip;
}

const char *vcpu_activity(struct vcpu *v)
{
	(void)v;
	return "runs";
}

bool vcpu_is_unstarted(struct vcpu *v)
{
	(void)v;
	return false;
}

void vcpu_excuse_stop(struct vcpu *v)
{
	(void)v;
}

int debug_probe(struct debug_means *means, struct err *err)
{
	(void)err;
	*means = (struct debug_means){ .step = true, .int3 = true };
	return 0;
}

/* ---- the machine and gdb */

static struct debugger d;
static struct pause paused;
static struct guest_mem gm;
static struct outcome_latch latch;
static struct loop loop;
static struct vcpu_debugger callbacks;
static bool running; /* the vCPUs' threads are */
static int gdb;	     /* the client's end */
static unsigned changes;
static bool held; /* when it last changed */
static struct err e;

enum { NOP = 0x90, INT3 = 0xcc, LOOP_BACK = 0xeb }; /* back to CODE */

static void trap(unsigned cpu, enum vcpu_trap_kind kind)
{
	const struct vcpu_trap t = { .kind = kind };

	callbacks.trapped(callbacks.ctx, cpu, &t);
}

static void *vcpu_main(void *arg)
{
	unsigned i = (unsigned)(uintptr_t)arg;
	struct fake_cpu *c = &cpus[i];

	while (!atomic_load(&c->leave)) {
		uint8_t insn;

		if (atomic_load(&vcpus[i].pause)) {
			callbacks.paused(callbacks.ctx, i);
			continue;
		}
		insn = *(uint8_t *)guest_mem_ptr(&gm, c->regs.rip, 1);
		if (insn == INT3 && c->traps.int3) {
			trap(i, VCPU_TRAP_INT3);
			continue;
		}
		c->regs.rip = insn == LOOP_BACK ? CODE : c->regs.rip + 1;
		atomic_fetch_add(&c->turns, 1);
		if (c->traps.step)
			trap(i, VCPU_TRAP_STEP);
		sched_yield();
	}
	callbacks.gone(callbacks.ctx, i);
	pause_gone(&paused, i);
	return NULL;
}

static void on_changed(void *ctx)
{
	ck_assert_ptr_eq(ctx, &changes);
	changes++;
	held = debugger_holds(&d);
}

static void setup(void)
{
	d = (struct debugger)DEBUGGER_EMPTY;
	gdb = -1;
	assert_ok(loop_init(&loop, &e), &e);
	assert_ok(outcome_latch_init(&latch, &e), &e);
	assert_ok(guest_mem_init(&gm, GUEST_MEM_MIN, &e), &e);
	memset(guest_mem_ptr(&gm, CODE, 16), NOP, 16);
	*(uint8_t *)guest_mem_ptr(&gm, CODE + 8, 1) = LOOP_BACK;
	for (unsigned i = 0; i < CPUS; i++) {
		vcpus[i] = (struct vcpu){ .fd = -1, .run = &runs[i] };
		cpus[i].regs = (struct cpu_regs){ .rip = CODE };
	}
	assert_ok(pause_init(&paused, vcpus, CPUS, &e), &e);
	assert_ok(debugger_open(&d, "unix:" SOCKET, &e), &e);
	assert_ok(debugger_probe(&d, &e), &e);
	assert_ok(debugger_attach(&d, &paused, &gm, &latch, "no KVM", &e), &e);
	callbacks = hold_callbacks(&d.hold);
	assert_ok(debugger_serve(&d, &loop, on_changed, &changes, &e), &e);
	for (uintptr_t i = 0; i < CPUS; i++)
		ck_assert_int_eq(pthread_create(&cpus[i].thread, NULL,
						vcpu_main, (void *)i),
				 0);
	running = true;
}

static void stop_vcpus(void)
{
	for (unsigned i = 0; i < CPUS; i++)
		atomic_store(&cpus[i].leave, true);
	pause_end(&paused);
	for (unsigned i = 0; running && i < CPUS; i++)
		pthread_join(cpus[i].thread, NULL);
	running = false;
}

static void teardown(void)
{
	stop_vcpus();
	debugger_release(&d);
	ck_assert_uint_eq(loop.watches, 0);
	loop_release(&loop);
	pause_release(&paused);
	guest_mem_release(&gm);
	outcome_latch_release(&latch);
	if (gdb >= 0)
		close(gdb);
}

/* Run the loop until @done, which must happen. */
#define TURN_UNTIL(done)                                           \
	for (uint64_t from = clock_ns(); !(done);) {               \
		ck_assert_msg(clock_ns() - from < WAIT_NS, #done); \
		loop_turn(&loop, false);                           \
		sched_yield();                                     \
	}

static unsigned long all_turns(void)
{
	unsigned long sum = 0;

	for (unsigned i = 0; i < CPUS; i++)
		sum += atomic_load(&cpus[i].turns);
	return sum;
}

static void assert_runs(void)
{
	for (unsigned i = 0; i < CPUS; i++) {
		unsigned long before = atomic_load(&cpus[i].turns);

		TURN_UNTIL(atomic_load(&cpus[i].turns) != before);
	}
}

static void assert_stands(void)
{
	unsigned long before = all_turns();

	for (int i = 0; i < 50; i++) {
		loop_turn(&loop, false);
		sched_yield();
	}
	ck_assert_uint_eq(all_turns(), before);
}

static int dial(void)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX, .sun_path = SOCKET };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);

	ck_assert_int_eq(connect(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	return fd;
}

static void tell(const char *payload)
{
	char packet[256];
	uint8_t sum = 0;
	int len;

	for (const char *p = payload; *p; p++)
		sum = (uint8_t)(sum + *p);
	len = snprintf(packet, sizeof(packet), "+$%s#%02x", payload, sum);
	ck_assert_int_eq(send(gdb, packet, (size_t)len, MSG_NOSIGNAL), len);
}

/* The payload of the next packet from the debugger. */
static const char *hear(void)
{
	static char got[8192];
	size_t len = 0;
	char byte;

	for (uint64_t from = clock_ns();;) {
		ck_assert_msg(clock_ns() - from < WAIT_NS,
			      "gdb waits for ever");
		if (recv(gdb, &byte, 1, 0) != 1) {
			loop_turn(&loop, false);
			sched_yield();
			continue;
		}
		if (!len && byte != '$')
			continue;
		got[len++] = byte;
		ck_assert_uint_lt(len, sizeof(got));
		if (len > 3 && got[len - 3] == '#')
			break;
	}
	got[len - 3] = '\0';
	return got + 1;
}

static const char *ask(const char *payload)
{
	tell(payload);
	return hear();
}

/* A debugger has connected, and the guest is stopped for it. */
static void connect_gdb(void)
{
	gdb = dial();
	ck_assert(strstr(ask("qSupported:swbreak+"), "swbreak+"));
	ck_assert(!strncmp(ask("?"), "T", 1));
}

static void assert_hung_up(int fd)
{
	char bytes[4096];
	ssize_t n = 1;

	TURN_UNTIL((n = recv(fd, bytes, sizeof(bytes), 0)) == 0 ||
		   (n < 0 && errno == ECONNRESET));
}

/* ---- */

START_TEST(debugger__guest_waits_for_one)
{
	assert_stands();
	ck_assert_uint_eq(all_turns(), 0);
	ck_assert(debugger_has_guest(&d));
	/* Time passes until one connects. */
	ck_assert(!debugger_holds(&d));
}
END_TEST

START_TEST(debugger__connects)
{
	connect_gdb();
	ck_assert(debugger_holds(&d) && held);
	ck_assert_str_eq(ask("qC"), "QC1");
	assert_stands();
	ck_assert_uint_eq(all_turns(), 0);
}
END_TEST

/* A client that sends nothing valid changes nothing. */
START_TEST(debugger__stranger)
{
	gdb = dial();
	ck_assert_int_eq(send(gdb, "GET /", 5, MSG_NOSIGNAL), 5);
	assert_hung_up(gdb);
	ck_assert(!debugger_holds(&d));
	assert_stands();
}
END_TEST

START_TEST(debugger__continue_and_interrupt)
{
	unsigned before;

	connect_gdb();
	tell("vCont;c");
	assert_runs();
	ck_assert(!debugger_holds(&d) && !held);
	before = changes;
	ck_assert_int_eq(send(gdb, "\x03", 1, MSG_NOSIGNAL), 1);
	ck_assert(!strncmp(hear(), "T02", 3));
	ck_assert(debugger_holds(&d) && held);
	ck_assert_uint_gt(changes, before);
	assert_stands();
}
END_TEST

START_TEST(debugger__step)
{
	connect_gdb();
	for (unsigned i = 1; i < 4; i++) {
		ck_assert(!strncmp(ask("vCont;s:1"), "T05", 3));
		ck_assert_uint_eq(cpus[0].regs.rip, CODE + i);
		ck_assert_uint_eq(cpus[1].regs.rip, CODE);
	}
	/* rip: 0x1003, little-endian, and twelve zeros. */
	ck_assert_str_eq(ask("p10"), "0310*)");
}
END_TEST

/* Both vCPUs hit it again and again; each stop is reported once, and the guest
 * never sees the breakpoint in its code. */
START_TEST(debugger__breakpoint)
{
	uint64_t addr = CODE + 4;
	unsigned met[CPUS] = { 0 };

	connect_gdb();
	ck_assert_str_eq(ask("Z0,1004,1"), "OK");
	for (int i = 0; i < 40; i++) {
		const char *stop = ask("vCont;c");
		unsigned cpu = strstr(stop, "thread:2") ? 1 : 0;

		ck_assert_msg(!strncmp(stop, "T05", 3), "%s", stop);
		ck_assert_ptr_nonnull(strstr(stop, "swbreak"));
		ck_assert_uint_eq(cpus[cpu].regs.rip, addr);
		ck_assert_int_eq(*(uint8_t *)guest_mem_ptr(&gm, addr, 1), NOP);
		met[cpu]++;
	}
	ck_assert_uint_gt(met[0] + met[1], 39);
	ck_assert_str_eq(ask("z0,1004,1"), "OK");
	tell("vCont;c");
	assert_runs();
}
END_TEST

START_TEST(debugger__memory)
{
	connect_gdb();
	ck_assert_str_eq(ask("m1007,2"), "90eb");
	ck_assert_str_eq(ask("M1000,1:cd"), "OK");
	ck_assert_int_eq(*(uint8_t *)guest_mem_ptr(&gm, CODE, 1), 0xcd);
	ck_assert_str_eq(ask("M1000,1:90"), "OK");
}
END_TEST

/* Until the guest's page tables map its kernel, an ELF address means the place
 * where the launcher loaded it. */
START_TEST(debugger__memory_of_the_kernel)
{
	static const uint64_t vaddr = 0xffffffff81000000;
	struct elf_segment segments[] = {
		/* Per-CPU data has no fixed address. */
		{ .type = PT_LOAD, .paddr = 0x3000, .memsz = 0x1000 },
		{ .type = PT_LOAD,
		  .vaddr = vaddr,
		  .paddr = 0x800,
		  .memsz = 0x10 },
	};
	struct kernel_elf elf = { .segments = segments, .segments_count = 2 };

	d.kernel = (struct view_kernel){ &elf, CODE - 0x800, 0 };
	connect_gdb();
	ck_assert_str_eq(ask("qOffsets"), "");
	ck_assert_str_eq(ask("mffffffff81000007,2"), "90eb");
	/* Up to the end of the segment. */
	ck_assert_uint_eq(strlen(ask("mffffffff8100000e,10")), 4);
	ck_assert_str_eq(ask("mffffffff81000010,1"), "E14");
	ck_assert_str_eq(ask("Mffffffff81000000,1:cd"), "OK");
	ck_assert_int_eq(*(uint8_t *)guest_mem_ptr(&gm, CODE, 1), 0xcd);
	/* Past the end of the address space there is nothing. */
	ck_assert_str_eq(ask("mffffffffffffffff,2"), "E14");
}
END_TEST

/* The same of one that KASLR has moved, which gdb is told. */
START_TEST(debugger__memory_of_a_randomised_kernel)
{
	struct elf_segment segments[] = {
		{ .type = PT_LOAD, .paddr = 0x3000, .memsz = 0x1000 },
		{ .type = PT_LOAD,
		  .vaddr = 0xffffffff81000000,
		  .paddr = 0x800,
		  .memsz = 0x10 },
	};
	struct kernel_elf elf = { .segments = segments, .segments_count = 2 };

	d.kernel = (struct view_kernel){ &elf, CODE - 0x800, 0x1c200000 };
	connect_gdb();
	/* ffffffff9d200000, with its runs of digits packed */
	ck_assert_str_eq(ask("qOffsets"), "TextSeg=f*\"ff9d20*!");
	ck_assert_str_eq(ask("mffffffff9d200007,2"), "90eb");
	ck_assert_str_eq(ask("mffffffff81000007,2"), "E14");
	ck_assert_str_eq(ask("mffffffff9d200010,1"), "E14");
}
END_TEST

START_TEST(debugger__second_client)
{
	int other;

	connect_gdb();
	other = dial();
	assert_hung_up(other);
	close(other);
	ck_assert_str_eq(ask("qC"), "QC1");
	ck_assert_uint_eq(d.refused_clients, 1);
}
END_TEST

START_TEST(debugger__detaches)
{
	connect_gdb();
	ck_assert_str_eq(ask("Z0,1004,1"), "OK");
	ck_assert_str_eq(ask("D"), "OK");
	assert_hung_up(gdb);
	assert_runs();
	ck_assert(!debugger_has_guest(&d) && !held);
	ck_assert_int_eq(*(uint8_t *)guest_mem_ptr(&gm, CODE + 4, 1), NOP);
}
END_TEST

START_TEST(debugger__kills)
{
	struct outcome o;

	connect_gdb();
	tell("k");
	TURN_UNTIL(outcome_get(&latch, &o));
	ck_assert_int_eq(o.kind, OUTCOME_SIGNAL);
	ck_assert_uint_eq(o.value, SIGKILL);
	ck_assert_str_eq(o.evidence, "the debugger (kill)");
}
END_TEST

/* One connects while the guest runs: the guest stops. */
START_TEST(debugger__comes_back)
{
	connect_gdb();
	ck_assert_str_eq(ask("D"), "OK");
	assert_runs();
	close(gdb);
	TURN_UNTIL(d.line.fd < 0);
	connect_gdb();
	ck_assert(debugger_holds(&d) && held);
	assert_stands();
	tell("vCont;c");
	assert_runs();
}
END_TEST

/* It disconnects without a packet, while the guest is stopped or runs. */
static const struct {
	enum debugger_lost lost;
	bool while_it_runs;
} losses[] = {
	{ DEBUGGER_LOST_CONTINUE, false }, { DEBUGGER_LOST_CONTINUE, true },
	{ DEBUGGER_LOST_KILL, false },	   { DEBUGGER_LOST_KILL, true },
	{ DEBUGGER_LOST_STOP, false },	   { DEBUGGER_LOST_STOP, true },
};

START_TEST(debugger__lost)
{
	struct outcome o;

	d.lost = losses[_i].lost;
	connect_gdb();
	if (losses[_i].while_it_runs) {
		tell("vCont;c");
		assert_runs();
	}
	close(gdb);
	gdb = -1;
	TURN_UNTIL(d.line.fd < 0);
	switch (losses[_i].lost) {
	case DEBUGGER_LOST_CONTINUE:
		assert_runs();
		ck_assert(!debugger_has_guest(&d));
		break;
	case DEBUGGER_LOST_KILL:
		ck_assert(outcome_get(&latch, &o));
		ck_assert_uint_eq(o.value, SIGKILL);
		ck_assert_str_eq(o.evidence,
				 "the debugger, which disconnected");
		break;
	case DEBUGGER_LOST_STOP:
		TURN_UNTIL(d.stopped);
		assert_stands();
		/* No debugger stops it: its time goes on. */
		ck_assert(debugger_has_guest(&d) && !debugger_holds(&d));
		connect_gdb();
		break;
	}
	ck_assert_int_eq(outcome_get(&latch, NULL),
			 losses[_i].lost == DEBUGGER_LOST_KILL);
}
END_TEST

static bool is_gone(unsigned cpu)
{
	bool is;

	pthread_mutex_lock(&paused.lock);
	is = paused.cpus[cpu].gone;
	pthread_mutex_unlock(&paused.lock);
	return is;
}

/* The debugger does not wait for a vCPU that has ended. */
START_TEST(debugger__vcpu_ends)
{
	connect_gdb();
	tell("vCont;c");
	assert_runs();
	atomic_store(&cpus[1].leave, true);
	TURN_UNTIL(is_gone(1));
	ck_assert_int_eq(send(gdb, "\x03", 1, MSG_NOSIGNAL), 1);
	ck_assert(!strncmp(hear(), "T02", 3));
}
END_TEST

START_TEST(debugger__hears_of_the_end)
{
	char got[64] = "";

	connect_gdb();
	tell("vCont;c");
	assert_runs();
	stop_vcpus();
	debugger_stop_serving(&d);
	ck_assert_uint_eq(loop.watches, 0);
	debugger_tell_end(&d, 3);
	ck_assert_int_gt(recv(gdb, got, sizeof(got) - 1, 0), 0);
	ck_assert_ptr_nonnull(strstr(got, "$W03#"));
	ck_assert_int_eq(d.line.fd, -1);
	ck_assert_int_ne(access(SOCKET, F_OK), 0);
}
END_TEST

/* A disabled debugger costs nothing. */
START_TEST(debugger__off)
{
	struct debugger off = DEBUGGER_EMPTY;
	unsigned watches = loop.watches;

	assert_ok(debugger_attach(&off, &paused, &gm, &latch, "", &e), &e);
	assert_ok(debugger_serve(&off, &loop, on_changed, NULL, &e), &e);
	ck_assert_uint_eq(loop.watches, watches);
	ck_assert(!debugger_holds(&off) && !debugger_has_guest(&off));
	debugger_stop_serving(&off);
	debugger_tell_end(&off, 0);
	debugger_release(&off);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("debugger");
	TCase *tc = tcase_create("debugger");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, debugger__guest_waits_for_one);
	tcase_add_test(tc, debugger__connects);
	tcase_add_test(tc, debugger__stranger);
	tcase_add_test(tc, debugger__continue_and_interrupt);
	tcase_add_test(tc, debugger__step);
	tcase_add_test(tc, debugger__breakpoint);
	tcase_add_test(tc, debugger__memory);
	tcase_add_test(tc, debugger__memory_of_the_kernel);
	tcase_add_test(tc, debugger__memory_of_a_randomised_kernel);
	tcase_add_test(tc, debugger__second_client);
	tcase_add_test(tc, debugger__detaches);
	tcase_add_test(tc, debugger__kills);
	tcase_add_test(tc, debugger__comes_back);
	tcase_add_loop_test(tc, debugger__lost, 0, COUNT(losses));
	tcase_add_test(tc, debugger__vcpu_ends);
	tcase_add_test(tc, debugger__hears_of_the_end);
	tcase_add_test(tc, debugger__off);
	suite_add_tcase(s, tc);
	return s;
}
