/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A guest put together and run, with a machine that is a thread: what is called
 * in which order, what a failure leaves behind, and the verdict at the end.
 */
#include "unit/unit.h"
#include "base/thread.h"
#include "run/guest.h"
#include "unit/fake_line.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

static struct guest g;
static struct fake_line line;
static struct machine_config config = { .mem_size = 64 << 20, .cpus = 1 };
static struct err e;
static int from_stdout, to_stdout;

/* ---- the machine: the functions of machine/machine.h */

static char calls[256]; /* "init connect start join release" */
static const char *failing;
static const char *says;
static enum outcome_kind ends;
static enum vcpu_end cpu_ends;
static struct line_host host;
static struct vcpu_result result;
static struct vcpu vcpu;
static pthread_t thread;
static bool is_running;

static int called(const char *name, struct err *why)
{
	snprintf(calls + strlen(calls), sizeof(calls) - strlen(calls), "%s%s",
		 *calls ? " " : "", name);
	if (!failing || strcmp(failing, name))
		return 0;
	return err_set(why, EIO, "the machine does not %s", name);
}

int machine_init(struct machine *m, const struct machine_config *c,
		 struct outcome_latch *latch, struct err *why)
{
	*m = (struct machine)MACHINE_EMPTY;
	m->config = *c;
	m->cpus = c->cpus;
	m->latch = latch;
	return called("init", why);
}

int machine_connect(struct machine *m, struct kvm *kvm,
		    const struct line_host *console, struct err *why)
{
	(void)kvm;
	host = *console;
	m->console = fake_line_end(&line);
	m->results = &result;
	m->vcpus = &vcpu;
	return called("connect", why);
}

bool machine_pause(struct machine *m)
{
	(void)m;
	return !called("pause", &(struct err){ 0 });
}

void machine_resume(struct machine *m)
{
	(void)m;
	called("resume", &(struct err){ 0 });
}

static void *vcpu_main(void *arg)
{
	struct machine *m = arg;

	for (const char *p = says; *p; p++)
		host.output(host.ctx, (uint8_t)*p);
	outcome_set(m->latch, ends, 0, "the test");
	return NULL;
}

int machine_start(struct machine *m, const struct cpu_entry *entry,
		  struct err *why)
{
	int rc = called("start", why);

	ck_assert_uint_eq(entry->rip, 0x1234);
	if (!rc)
		is_running = thread_start(&thread, vcpu_main, m);
	return rc;
}

void machine_join(struct machine *m)
{
	struct err ignored;

	called("join", &ignored);
	if (is_running)
		pthread_join(thread, NULL);
	is_running = false;
	if (m->results)
		m->results[0].end = cpu_ends;
}

void machine_release(struct machine *m)
{
	struct err ignored;

	called("release", &ignored);
	*m = (struct machine)MACHINE_EMPTY;
}

/* ---- the tests */

static void begin_guest(void)
{
	memset(&g, 0, sizeof(g));
	guest_init(&g);
}

static void setup(void)
{
	int fds[2];

	ck_assert_int_eq(pipe2(fds, O_CLOEXEC), 0);
	from_stdout = fds[0];
	to_stdout = fds[1];
	line = (struct fake_line){ .lock = PTHREAD_MUTEX_INITIALIZER,
				   .capacity = 16 };
	says = "hello\n";
	ends = OUTCOME_POWEROFF;
	cpu_ends = VCPU_KICKED;
	begin_guest();
}

static void teardown(void)
{
	guest_release(&g);
}

static int open_and_connect(void)
{
	int rc = guest_open(&g, &config, 0, &e);

	if (rc)
		return rc;
	g.session.input.fd = -1;
	g.session.output.fd = to_stdout;
	return guest_connect(&g, NULL, &e);
}

static int run(void)
{
	const struct cpu_entry entry = { .mode = CPU_LONG64, .rip = 0x1234 };
	int rc = open_and_connect();

	return rc ?: guest_run(&g, &entry, &e);
}

START_TEST(guest__runs_to_its_end)
{
	char got[16] = "";
	struct verdict v;

	assert_ok(run(), &e);
	ck_assert_str_eq(calls, "init connect start join");
	ck_assert_int_eq(read(from_stdout, got, sizeof(got) - 1), 6);
	ck_assert_str_eq(got, "hello\n");
	guest_verdict(&g, &v);
	ck_assert_int_eq(v.status, STATUS_OK);
	for (unsigned i = MILESTONE_CONNECTING; i <= MILESTONE_END; i++)
		ck_assert_msg((milestone_ns(&g.times, i) != 0) ==
				      (i != MILESTONE_INIT &&
				       i != MILESTONE_EXPECTED),
			      "%s", milestone_names[i]);
	guest_release(&g);
	ck_assert_str_eq(calls, "init connect start join release");
	begin_guest();
}
END_TEST

static const struct {
	const char *failing, *calls;
	enum milestone reached; /* the last one */
} failures[] = {
	{ "init", "init release", MILESTONES },
	{ "connect", "init connect release", MILESTONE_CONNECTING },
	/* vCPUs that have started must not wait for the console. */
	{ "start", "init connect start join release",
	  MILESTONE_FIRST_INSTRUCTION },
};

START_TEST(guest__that_fails)
{
	char want[64];

	failing = failures[_i].failing;
	snprintf(want, sizeof(want), "the machine does not %s", failing);
	assert_err(run(), -EIO, &e, want);
	if (failures[_i].reached < MILESTONES) {
		ck_assert_uint_ne(milestone_ns(&g.times, failures[_i].reached),
				  0);
		ck_assert_uint_eq(
			milestone_ns(&g.times, failures[_i].reached + 1), 0);
	}
	guest_release(&g);
	ck_assert_str_eq(calls, failures[_i].calls);
	begin_guest();
}
END_TEST

static const struct {
	const char *says;
	enum outcome_kind ends;
	enum vcpu_end cpu_ends;
	int status;
} verdicts[] = {
	{ "x\n", OUTCOME_CRASH, VCPU_SHUTDOWN, STATUS_CRASH },
	{ "reboot: machine restart\n", OUTCOME_CRASH, VCPU_SHUTDOWN,
	  STATUS_OK },
	{ "reboot: machine restart\n", OUTCOME_CRASH, VCPU_INTERNAL_ERROR,
	  STATUS_CRASH },
	{ "", OUTCOME_PANIC, VCPU_KICKED, STATUS_PANIC },
	{ "x\n", OUTCOME_HALTED, VCPU_KICKED, STATUS_CRASH },
};

START_TEST(guest__verdicts)
{
	struct verdict v;

	says = verdicts[_i].says;
	ends = verdicts[_i].ends;
	cpu_ends = verdicts[_i].cpu_ends;
	assert_ok(run(), &e);
	guest_verdict(&g, &v);
	ck_assert_msg(v.status == verdicts[_i].status, "%d: %s", v.status,
		      v.line);
}
END_TEST

/* Keys that come with room reach the guest's line. */
START_TEST(guest__hears_its_console)
{
	int fds[2];
	struct cpu_entry entry = { .rip = 0x1234 };

	ck_assert_int_eq(pipe2(fds, O_CLOEXEC), 0);
	ck_assert_int_eq(write(fds[1], "abc", 3), 3);
	close(fds[1]);
	assert_ok(open_and_connect(), &e);
	g.session.input.fd = fds[0];
	assert_ok(watch_expect(&g.watch, "^hello$", &e), &e);
	assert_ok(sender_add(&g.sender, "xyz", 0, &e), &e);
	assert_ok(guest_run(&g, &entry, &e), &e);
	ck_assert_uint_ge(fake_line_len(&line), 3);
	ck_assert_mem_eq(line.bytes, "xyz", 3);
	close(fds[0]);
}
END_TEST

static const struct {
	const char *cmdline, *shown;
} logs[] = {
	{ "console=ttyS0 console=hvc0", "ab" },
	{ "console=hvc0 console=ttyS0,9600 quiet", "ab" },
	{ "console=hvc0", "abc" },
	{ "console=ttyS0 -- console=hvc0", "abc" },
	{ NULL, "abc" },
};

/* What a kernel logs to two consoles is shown once. */
START_TEST(guest__logs_to_two_consoles)
{
	const uint8_t *data;

	g.cmdline = logs[_i].cmdline;
	assert_ok(open_and_connect(), &e);
	host.output(host.ctx, 'a');
	ck_assert_uint_eq(host.take(host.ctx, (const uint8_t *)"b", 1), 1);
	host.output(host.ctx, 'c');
	ck_assert_uint_eq(console_peek(&g.console, &data),
			  strlen(logs[_i].shown));
	ck_assert_mem_eq(data, logs[_i].shown, strlen(logs[_i].shown));
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("guest");
	TCase *t = tcase_create("guest");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, guest__runs_to_its_end);
	tcase_add_loop_test(t, guest__that_fails, 0, COUNT(failures));
	tcase_add_loop_test(t, guest__verdicts, 0, COUNT(verdicts));
	tcase_add_test(t, guest__hears_its_console);
	tcase_add_loop_test(t, guest__logs_to_two_consoles, 0, COUNT(logs));
	suite_add_tcase(s, t);
	return s;
}
