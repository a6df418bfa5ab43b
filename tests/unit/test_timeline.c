/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The phases of a run, however far it got, and the picture of them.
 */
#include "outcome/timeline.h"
#include "outcome/verdict.h"
#include "unit/svg_shapes.h"

#define MS UINT64_C(1000000)

static struct machine m;
static struct milestones times;
static struct boot_result boot;
static struct outcome o;
static struct report_facts f;
static struct memory_map map;
static struct timeline t;
static struct shapes shapes;
static struct err e;

/* A complete run of 10 seconds; the clock does not begin at 0. */
#define START (5 * MS)

static void setup(void)
{
	static const uint64_t at_ms[MILESTONES] = {
		[MILESTONE_OPENED] = 1,
		[MILESTONE_PREPARING] = 2,
		[MILESTONE_DECODED] = 12,
		[MILESTONE_LOADED] = 13,
		[MILESTONE_READY] = 14,
		[MILESTONE_CONNECTING] = 2,
		[MILESTONE_CONNECTED] = 17,
		[MILESTONE_FIRST_INSTRUCTION] = 20,
		[MILESTONE_FIRST_CONSOLE_BYTE] = 1000,
		[MILESTONE_INIT] = 7000,
		[MILESTONE_EXPECTED] = 9000,
		[MILESTONE_END] = 10000,
	};

	for (unsigned i = 0; i < MILESTONES; i++)
		times.at_ns[i] = START + at_ms[i] * MS;
	memset(&boot, 0, sizeof(boot));
	boot.plan.possible = true;
	boot.plan.chosen = BOOT_ELF64;
	boot.decoded = 1;
	o = (struct outcome){ .kind = OUTCOME_EXPECTED };
	f = (struct report_facts){
		.image = "bzImage",
		.boot = "auto",
		.reason = "fine",
		.outcome = &o,
		.plan = &boot,
		.machine = &m,
		.start_ns = START,
		.times = &times,
	};
	map.count = 0;
	t = (struct timeline){ .image = "bzImage",
			       .machine = "a machine",
			       .verdict = "a verdict",
			       .map = &map };
}

/* "name from-to" in milliseconds, the kinds as l, b, g, f. */
static void expect(const struct phases *p, const char *const *want)
{
	unsigned i;

	for (i = 0; i < p->count && want[i]; i++) {
		const struct phase *ph = &p->list[i];
		char got[80];

		snprintf(got, sizeof(got), "%c %s %u-%u", "lbgf"[ph->kind],
			 ph -> name, (unsigned)(ph->from / MS),
			 (unsigned)(ph->to / MS));
		ck_assert_str_eq(got, want[i]);
	}
	ck_assert_msg(i == p->count && !want[i], "%u phases", p->count);
}

START_TEST(timeline__of_a_whole_run)
{
	static const char *const launcher[] = {
		"l open the image 0-1",
		"l make memory 1-2",
		"l decode the payload 2-12",
		"l load the kernel 12-13",
		"l hand over 13-14",
		"l wait for KVM 14-17",
		"l start 17-20",
		"b connect to KVM, besides 2-17",
		NULL
	};
	static const char *const whole[] = {
		"l launcher 0-20",	   "g to first console byte 20-1000",
		"g to init 1000-7000",	   "g to last --expect 7000-9000",
		"g to the end 9000-10000", NULL
	};

	timeline_phases(&f, &t);
	expect(&t.launcher, launcher);
	expect(&t.whole, whole);
}
END_TEST

/* Events that did not happen are absent, and events in another order are shown
 * in that order. */
START_TEST(timeline__of_what_was_seen)
{
	static const char *const whole[] = { "l launcher 0-20",
					     "g to last --expect 20-500",
					     "g to first console byte 500-1000",
					     "f to the end 1000-10000", NULL };

	times.at_ns[MILESTONE_INIT] = 0;
	times.at_ns[MILESTONE_EXPECTED] = START + 500 * MS;
	f.status = STATUS_TIMEOUT;
	timeline_phases(&f, &t);
	expect(&t.whole, whole);
}
END_TEST

START_TEST(timeline__without_waiting)
{
	static const char *const launcher[] = { "l open the image 0-1",
						"l make memory 1-2",
						"l decode the payload 2-12",
						"l load the kernel 12-13",
						"l hand over 13-14",
						"l start 14-20",
						"b connect to KVM, besides 2-9",
						NULL };

	times.at_ns[MILESTONE_CONNECTED] = START + 9 * MS;
	timeline_phases(&f, &t);
	expect(&t.launcher, launcher);
}
END_TEST

/* Each step that may fail, as the last one reached. */
static const struct {
	unsigned marks; /* that were reached, of those below */
	const char *want[9];
} failures[] = {
	{ 0, { "l open the image 0-1", "f prepare 1-30", NULL } },
	{ 1,
	  { "l open the image 0-1", "l make memory 1-2",
	    "f decode the payload 2-30", NULL } },
	{ 2,
	  { "l open the image 0-1", "l make memory 1-2",
	    "l decode the payload 2-12", "f load the kernel 12-30", NULL } },
	{ 3,
	  { "l open the image 0-1", "l make memory 1-2",
	    "l decode the payload 2-12", "l load the kernel 12-13",
	    "f hand over 13-30", NULL } },
	{ 4,
	  { "l open the image 0-1", "l make memory 1-2",
	    "l decode the payload 2-12", "l load the kernel 12-13",
	    "l hand over 13-14", "f wait for KVM 14-30",
	    "f connect to KVM, besides 2-30", NULL } },
};

static void cut(unsigned marks)
{
	static const enum milestone all[] = { MILESTONE_PREPARING,
					      MILESTONE_DECODED,
					      MILESTONE_LOADED,
					      MILESTONE_READY,
					      MILESTONE_CONNECTED,
					      MILESTONE_FIRST_INSTRUCTION,
					      MILESTONE_FIRST_CONSOLE_BYTE };

	for (unsigned i = marks; i < COUNT(all); i++)
		times.at_ns[all[i]] = 0;
	if (marks < 4)
		times.at_ns[MILESTONE_CONNECTING] = 0;
	times.at_ns[MILESTONE_END] = START + 30 * MS;
	f.status = 1;
}

START_TEST(timeline__of_a_failure)
{
	cut(failures[_i].marks);
	timeline_phases(&f, &t);
	expect(&t.launcher, failures[_i].want);
	ck_assert_uint_eq(t.whole.count, 0);
}
END_TEST

static void draw(void)
{
	char *svg = NULL;

	assert_ok(timeline_svg(&t, &svg, &e), &e);
	shapes_read(&shapes, svg);
	shapes_check(&shapes);
	free(svg);
}

/* Bars begin and end at the scale that the other bars give. */
static void check_scale(const struct phases *p, double px_per_ns, double left)
{
	for (unsigned i = 0; i < p->count; i++) {
		const struct phase *ph = &p->list[i];
		char title[80];
		const struct shape *bar;

		snprintf(title, sizeof(title), "%s: ", ph->name);
		bar = shape_titled(&shapes, title);
		ck_assert_double_eq_tol(bar->x, left + ph->from * px_per_ns, 1);
		ck_assert_double_eq_tol(bar->w, (ph->to - ph->from) * px_per_ns,
					1);
	}
}

START_TEST(timeline__is_to_scale)
{
	const struct shape *decode, *init;

	timeline_phases(&f, &t);
	draw();
	decode = shape_titled(&shapes, "decode the payload: ");
	init = shape_titled(&shapes, "to init: ");
	check_scale(&t.launcher, decode->w / (10 * MS),
		    decode->x - decode->w / 10 * 2);
	check_scale(&t.whole, init->w / (6000 * MS),
		    init->x - init->w / 6000 * 1000);
	ck_assert_uint_eq(shapes_count_text(&shapes, "The whole run: 10.0 s"),
			  1);
	/* The second strip states its magnification: 10 s to 20 ms. */
	ck_assert_uint_eq(shapes_count_text(&shapes, "500\xc3\x97"), 1);
	ck_assert_uint_eq(shapes_count_text(&shapes, "60%"), 1);
	ck_assert_uint_eq(shapes_count_text(&shapes, "10.0 ms"), 1);
}
END_TEST

START_TEST(timeline__of_a_run_without_an_instruction)
{
	cut(4);
	timeline_phases(&f, &t);
	t.verdict = "Status 1: a very long reason that is broken into lines, "
		    "one \033[2J of which says <nothing> & all of which are "
		    "too long for what room there is for them, so that the "
		    "end, which is too long to be read, is left out";
	draw();
	ck_assert_uint_eq(
		shapes_count_text(&shapes, "No instruction was run: 30.0 ms"),
		1);
	ck_assert_uint_eq(shapes_count_text(&shapes, "wait for KVM: failed"),
			  1);
}
END_TEST

START_TEST(timeline__of_no_time_at_all)
{
	phases_add(&t.launcher, "nothing", PHASE_LAUNCHER, 0, 0);
	phases_add(&t.launcher, "backwards", PHASE_LAUNCHER, 5, 3);
	phases_add(&t.whole, "for ever", PHASE_GUEST, 0, UINT64_MAX);
	draw();
	ck_assert_double_eq(shape_titled(&shapes, "nothing: ")->w, 1);
	ck_assert_double_eq(shape_titled(&shapes, "backwards: ")->w, 1);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("timeline");
	TCase *c = tcase_create("timeline");

	tcase_add_checked_fixture(c, setup, NULL);
	tcase_add_test(c, timeline__of_a_whole_run);
	tcase_add_test(c, timeline__of_what_was_seen);
	tcase_add_test(c, timeline__without_waiting);
	tcase_add_loop_test(c, timeline__of_a_failure, 0, COUNT(failures));
	tcase_add_test(c, timeline__is_to_scale);
	tcase_add_test(c, timeline__of_a_run_without_an_instruction);
	tcase_add_test(c, timeline__of_no_time_at_all);
	suite_add_tcase(s, c);
	return s;
}
