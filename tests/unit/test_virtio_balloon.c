/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * virtio-balloon: which memory a report and a page number return, and which
 * requests break a rule.
 */
#include "unit/virtio_driver.h"
#include "dev/virtio/balloon.h"
#include "dev/virtio/mmio.h"
#include "support/chain.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define PAGE 4096u
#define MIB  (1u << 20)

/* Guest memory that the tests fill: 8 MiB from here on. */
#define FILLED	     (16 * MIB)
#define FILLED_PAGES (8 * MIB / PAGE)

enum { INFLATE, DEFLATE, REPORTS, SPEC_REPORTS = 4 };

static struct virtio_balloon b;
static struct worker worker;
static struct virtio_request request;
static struct virtq_chain *const c = &request.chain;
static struct err e;

static void setup(void)
{
	driver_setup();
	assert_ok(worker_init(&worker, &e), &e);
	assert_ok(virtio_balloon_init(&b, 3 * MIB, &gm, &worker, &e), &e);
	memset(gm.base + FILLED, 1, 8 * MIB);
	memset(&request, 0, sizeof(request));
	b.core.accepted = UINT64_C(1) << 5;
}

static void teardown(void)
{
	virtio_stop(&b.core);
	worker_stop(&worker);
	virtio_balloon_release(&b);
	worker_release(&worker);
	driver_teardown();
}

static enum virtio_result serve(unsigned queue)
{
	request.ticket.queue = (uint16_t)queue;
	return b.core.is.ops->serve(&b, &request, &e);
}

/* Whether page @n of the filled memory has been returned; all of it or
 * nothing. */
static bool is_gone(unsigned n)
{
	const uint8_t *p = gm.base + FILLED + n * PAGE;

	ck_assert(!memcmp(p, p + 1, PAGE - 1));
	return !p[0];
}

/* Exactly the @count filled pages from @first on are gone. */
static void expect_gone(unsigned first, unsigned count)
{
	for (unsigned n = 0; n < FILLED_PAGES; n++)
		if (is_gone(n) != (n >= first && n < first + count))
			ck_abort_msg("page %u", n);
}

static uint64_t counter(const char *name)
{
	struct device_counters counters = { .count = 0 };

	virtio_report(&b.core, &counters);
	for (unsigned i = 0; i < counters.count; i++)
		if (!strcmp(counters.of[i].name, name))
			return counters.of[i].value;
	ck_abort_msg("no counter %s", name);
	return 0;
}

START_TEST(virtio_balloon__is_a_memory_balloon)
{
	ck_assert_uint_eq(b.core.is.id, 5);
	ck_assert_uint_eq(b.core.is.queues, 5);
	ck_assert_uint_eq(b.core.is.features, 1 << 2 | 1 << 4 | 1 << 5);
	ck_assert_uint_eq(b.core.is.config_len, 16);
	ck_assert_uint_eq(virtio_read_config(&b.core, 0, 4), 3 * MIB / PAGE);
	ck_assert_uint_eq(virtio_read_config(&b.core, 4, 4), 0);
	/* Linux does without reports if fewer than 32 fit. */
	ck_assert_uint_ge(b.core.is.queue_size, 32);
}
END_TEST

/* Drivers number it without gaps, the specification does not. */
static const unsigned report_queues[] = { REPORTS, SPEC_REPORTS };

START_TEST(virtio_balloon__returns_what_is_reported)
{
	chain_add(c, gm.base + FILLED + 2 * MIB, 2 * MIB, true);
	chain_add(c, gm.base + FILLED + 4 * MIB, PAGE, true);
	ck_assert_int_eq(serve(report_queues[_i]), VIRTIO_DONE);
	ck_assert_uint_eq(request.written, 0);
	expect_gone(512, 513);
	ck_assert_uint_eq(counter("returned_bytes"), 2 * MIB + PAGE);
	ck_assert_uint_eq(counter("inflated_bytes"), 0);
}
END_TEST

/* The bytes beside the whole pages of a report are not free. */
START_TEST(virtio_balloon__returns_no_part_of_a_page)
{
	chain_add(c, gm.base + FILLED + 100, 3 * PAGE, true);
	chain_add(c, gm.base + FILLED + 9 * PAGE, PAGE - 1, true);
	ck_assert_int_eq(serve(REPORTS), VIRTIO_DONE);
	expect_gone(1, 2);
	ck_assert_uint_eq(counter("returned_bytes"), 2 * PAGE);
}
END_TEST

static void write_config(unsigned off, unsigned size, uint32_t value)
{
	virtio_lock(&b.core);
	virtio_write_config(&b.core, off, size, value);
	virtio_unlock(&b.core);
}

/* 5.5.6.7: poisoned pages must keep their content, but zeros stay zeros. */
START_TEST(virtio_balloon__keeps_poisoned_pages)
{
	b.core.accepted |= 1 << 4;
	write_config(12, 4, 0xaaaaaaaa);
	chain_add(c, gm.base + FILLED, 2 * PAGE, true);
	ck_assert_int_eq(serve(REPORTS), VIRTIO_DONE);
	expect_gone(0, 0);
	ck_assert_uint_eq(counter("returned_bytes"), 0);
	write_config(12, 4, 0);
	ck_assert_int_eq(serve(REPORTS), VIRTIO_DONE);
	expect_gone(0, 2);
	/* A driver that did not negotiate it wrote a value that means
	 * nothing. */
	b.core.accepted &= ~(UINT64_C(1) << 4);
	write_config(12, 4, 0xaaaaaaaa);
	c->seg[0].len = 3 * PAGE;
	ck_assert_int_eq(serve(REPORTS), VIRTIO_DONE);
	expect_gone(0, 3);
}
END_TEST

START_TEST(virtio_balloon__is_told_how_much_it_holds)
{
	write_config(4, 4, 700);
	ck_assert_uint_eq(counter("held_bytes"), 700 * PAGE);
	ck_assert_uint_eq(virtio_read_config(&b.core, 4, 4), 700);
	/* What the driver may not write stays, and so do halves. */
	write_config(0, 4, 1);
	write_config(8, 4, 1);
	write_config(4, 2, 1);
	ck_assert_uint_eq(virtio_read_config(&b.core, 0, 4), 3 * MIB / PAGE);
	ck_assert_uint_eq(virtio_read_config(&b.core, 4, 4), 700);
	ck_assert_uint_eq(virtio_read_config(&b.core, 8, 4), 0);
}
END_TEST

START_TEST(virtio_balloon__takes_pages_in_any_order)
{
	const uint32_t first = FILLED / PAGE;
	uint32_t pages[] = { first + 7, first + 6, first + 5, first + 8,
			     first + 9, first + 4, first + 9 };

	/* Numbers may be split over buffers. */
	chain_add(c, pages, 6, false);
	chain_add(c, (uint8_t *)pages + 6, sizeof(pages) - 6, false);
	ck_assert_int_eq(serve(INFLATE), VIRTIO_DONE);
	expect_gone(4, 6);
	ck_assert_uint_eq(counter("inflated_bytes"), 7 * PAGE);
	ck_assert_uint_eq(counter("returned_bytes"), 7 * PAGE);
	memset(gm.base + FILLED, 1, 8 * MIB);
	ck_assert_int_eq(serve(DEFLATE), VIRTIO_DONE);
	expect_gone(0, 0);
}
END_TEST

/* The last page of RAM is RAM; the next is not. */
START_TEST(virtio_balloon__refuses_pages_outside_ram)
{
	const uint32_t end = (uint32_t)(guest_mem_size(&gm) / PAGE);
	uint32_t page = end - 1;

	chain_add(c, &page, sizeof(page), false);
	ck_assert_int_eq(serve(INFLATE), VIRTIO_DONE);
	for (unsigned i = 0; i < 2; i++) {
		page = i ? UINT32_MAX : end;
		ck_assert_int_eq(serve(INFLATE), VIRTIO_DRIVER_FAULT);
		ck_assert_str_eq(
			e.msg,
			i ? "chain 0: page 0xffffffff000 is not RAM (5.5.6)"
			  : "chain 0: page 0x4000000 is not RAM (5.5.6)");
	}
	ck_assert_uint_eq(counter("inflated_bytes"), PAGE);
}
END_TEST

static void expect_refused(unsigned queue, const char *msg)
{
	ck_assert_int_eq(serve(queue), VIRTIO_DRIVER_FAULT);
	ck_assert_msg(strstr(e.msg, msg), "\"%s\" lacks \"%s\"", e.msg, msg);
	expect_gone(0, 0);
}

START_TEST(virtio_balloon__refuses_other_lengths)
{
	static uint32_t pages[4097];

	for (unsigned i = 0; i < COUNT(pages); i++)
		pages[i] = 1;
	chain_add(c, pages, 4096 * 4, false);
	ck_assert_int_eq(serve(INFLATE), VIRTIO_DONE);
	memset(&request, 0, sizeof(request));
	chain_add(c, pages, sizeof(pages), false);
	expect_refused(INFLATE, "chain 0: 16388 bytes of page numbers "
				"(expected a multiple of 4, at most 16384)");
	memset(&request, 0, sizeof(request));
	chain_add(c, pages, 7, false);
	expect_refused(INFLATE, "7 bytes of page numbers");
}
END_TEST

START_TEST(virtio_balloon__refuses_a_report_to_read)
{
	chain_add(c, gm.base + FILLED, PAGE, false);
	expect_refused(REPORTS, "a report with device-readable buffers");
}
END_TEST

START_TEST(virtio_balloon__refuses_a_report_without_the_feature)
{
	b.core.accepted = 0;
	chain_add(c, gm.base + FILLED, PAGE, true);
	expect_refused(REPORTS, "a report without "
				"VIRTIO_BALLOON_F_PAGE_REPORTING");
}
END_TEST

/* --- its option */

static const struct {
	const char *text;
	int rc;
	const char *msg;
} options[] = {
	{ "0", 0, NULL },
	{ "1G", 0, NULL },
	{ "4096", 0, NULL },
	{ "4097", -EINVAL, "4097 is not a multiple of 4K" },
	{ "", -EINVAL, "SIZE is empty" },
	{ "x", -EINVAL, "'x'" },
	{ "1M,keep", -EINVAL, "unknown key 'keep'" },
};

START_TEST(virtio_balloon__has_an_option)
{
	struct device_request r;
	int rc = device_request_parse(&r, &virtio_balloon_type,
				      options[_i].text, &e);

	ck_assert_int_eq(rc, options[_i].rc);
	if (rc)
		ck_assert_msg(strstr(e.msg, options[_i].msg), "%s", e.msg);
	else
		device_request_release(&r);
}
END_TEST

START_TEST(virtio_balloon__is_smaller_than_memory)
{
	struct virtio_balloon_config config = { guest_mem_size(&gm) };
	const struct device_slot slot = { .type = &virtio_balloon_type,
					  .config = &config };
	struct device_env env = { .gm = &gm, .worker = &worker };
	struct virtio *v;

	ck_assert_int_eq(virtio_balloon_type.virtio(&v, &slot, &env, &e),
			 -EINVAL);
	ck_assert_str_eq(e.msg, "--balloon: 67108864 bytes (expected less than "
				"the guest's memory of 67108864)");
	config.size -= PAGE;
	assert_ok(virtio_balloon_type.virtio(&v, &slot, &env, &e), &e);
	v->is.ops->release(v->is.dev);
}
END_TEST

/* --- with the worker */

static struct virtio_mmio v;

static void set(unsigned reg, uint32_t value)
{
	virtio_mmio_ops.write(&v, reg, 4, value);
}

static bool becomes_used(uint16_t idx)
{
	for (unsigned n = 0; n < 20000 && get16(USED + 2) != idx; n++)
		usleep(1000);
	return get16(USED + 2) == idx;
}

START_TEST(virtio_balloon__is_served_by_the_worker)
{
	struct irq_edge irq = { .fd = eventfd(0, EFD_NONBLOCK),
				.line = { .vm = -1 } };

	virtio_mmio_init(&v, &b.core, irq);
	assert_ok(worker_start(&worker, "a test", &e), &e);
	set(0x70, 1 | 2);
	set(0x24, 0);
	set(0x20, 1 << 5);
	set(0x24, 1);
	set(0x20, 1);
	set(0x70, 1 | 2 | 8);
	set(0x30, REPORTS);
	set(0x38, 8);
	set(0x80, DESC);
	set(0x90, AVAIL);
	set(0xa0, USED);
	set(0x44, 1);
	set(0x70, 1 | 2 | 8 | 4);
	put_desc(DESC, 0, (struct driver_desc){ FILLED, 2 * MIB, WRITE, 0 });
	make_available(8, 0);
	set(0x50, REPORTS);
	ck_assert(becomes_used(1));
	expect_gone(0, 512);
	virtio_stop(&b.core);
	worker_stop(&worker);
	ck_assert_uint_eq(counter("requests"), 1);
	ck_assert_uint_eq(counter("driver_faults"), 0);
	virtio_mmio_release(&v);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("virtio_balloon");
	TCase *t = tcase_create("device");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, virtio_balloon__is_a_memory_balloon);
	tcase_add_loop_test(t, virtio_balloon__returns_what_is_reported, 0,
			    (int)COUNT(report_queues));
	tcase_add_test(t, virtio_balloon__returns_no_part_of_a_page);
	tcase_add_test(t, virtio_balloon__keeps_poisoned_pages);
	tcase_add_test(t, virtio_balloon__is_told_how_much_it_holds);
	tcase_add_test(t, virtio_balloon__takes_pages_in_any_order);
	tcase_add_test(t, virtio_balloon__refuses_pages_outside_ram);
	tcase_add_test(t, virtio_balloon__refuses_other_lengths);
	tcase_add_test(t, virtio_balloon__refuses_a_report_to_read);
	tcase_add_test(t, virtio_balloon__refuses_a_report_without_the_feature);
	tcase_add_loop_test(t, virtio_balloon__has_an_option, 0,
			    (int)COUNT(options));
	tcase_add_test(t, virtio_balloon__is_smaller_than_memory);
	tcase_add_test(t, virtio_balloon__is_served_by_the_worker);
	suite_add_tcase(s, t);
	return s;
}
