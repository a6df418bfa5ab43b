/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Claims about the balloon: a page that is given up or reported is gone, and a
 * page that is not memory needs a reset.
 *
 * Without a balloon there is nothing to claim. `balloon=N` on the command line:
 * how many pages it is expected to ask for.
 *
 * Spec: virtio 1.2, 5.5.
 */
#include "claims.h"
#include "lib/say.h"
#include "pv/pci.h"
#include "pv/virtio_balloon.h"
#include "rng.h"
#include "vdev.h"

#define PAGE	VIRTIO_BALLOON_PAGE
#define REPORTS 2 /* the queue; drivers number those that exist */
#define QUEUES	3

#define FEATURES                                 \
	(1u << VIRTIO_BALLOON_F_DEFLATE_ON_OOM | \
	 1u << VIRTIO_BALLOON_F_PAGE_REPORTING)

static volatile uint8_t pages[2][PAGE] __attribute__((aligned(PAGE)));

static void fill(void)
{
	for (unsigned i = 0; i < sizeof(pages); i++)
		((volatile uint8_t *)pages)[i] = 0xa5;
}

/* Whether the first page is all zeros and the second is as it was. */
static bool only_first_is_gone(void)
{
	for (unsigned i = 0; i < PAGE; i++) {
		if (pages[0][i])
			return expect_equal("a byte given up", pages[0][i], 0);
		if (pages[1][i] != 0xa5)
			return expect_equal("a byte kept", pages[1][i], 0xa5);
	}
	return true;
}

/* Pass page number @n to @queue. */
static void pass(unsigned queue, uint32_t n)
{
	*(volatile uint32_t *)vdev_rings[queue].buffer[0] = n;
	vdev_describe(queue, 0, sizeof(n), 0, 0);
	vdev_offer(queue, 0);
}

static enum verdict says_how_much(const struct boot *b)
{
	const uint32_t want = FEATURES | 1u << VIRTIO_BALLOON_F_PAGE_POISON;

	(void)b;
	if (!vdev_find(VIRTIO_ID_BALLOON))
		return SKIP;
	vdev_set_config(VIRTIO_BALLOON_ACTUAL, 4, 1);
	return vdev_config(VIRTIO_BALLOON_NUM_PAGES, 4) != 0 &&
	       expect_equal("the pages given up",
			    vdev_config(VIRTIO_BALLOON_ACTUAL, 4), 1) &&
	       expect_equal("features", vdev_offered() & want, want);
}

static enum verdict asks_for_as_many_as_told(const struct boot *b)
{
	uint64_t n;

	if (!vdev_find(VIRTIO_ID_BALLOON) || !cmdline_number(b, "balloon", &n))
		return SKIP;
	return expect_equal("the pages asked for",
			    vdev_config(VIRTIO_BALLOON_NUM_PAGES, 4), n);
}

static enum verdict takes_a_page(const struct boot *b)
{
	bool ok;

	(void)b;
	if (!vdev_find(VIRTIO_ID_BALLOON))
		return SKIP;
	ok = vdev_start(FEATURES, QUEUES);
	fill();
	if (ok) {
		pass(VIRTIO_BALLOON_INFLATE, rng_phys(pages[0]) / PAGE);
		ok = vdev_wait(VIRTIO_BALLOON_INFLATE, 1) &&
		     only_first_is_gone();
	}
	if (ok) {
		pass(VIRTIO_BALLOON_DEFLATE, rng_phys(pages[0]) / PAGE);
		ok = vdev_wait(VIRTIO_BALLOON_DEFLATE, 1);
		pages[0][7] = 7;
		ok = ok && expect_equal("a byte of a page taken back",
					pages[0][7], 7);
	}
	return vdev_stop() && ok;
}

static enum verdict takes_reports(const struct boot *b)
{
	bool ok;

	(void)b;
	if (!vdev_find(VIRTIO_ID_BALLOON))
		return SKIP;
	ok = vdev_start(FEATURES, QUEUES);
	fill();
	vdev_describe(REPORTS, 0, PAGE, VIRTQ_DESC_WRITE, 0);
	vdev_rings[REPORTS].desc[0].addr = rng_phys(pages[0]);
	if (ok) {
		vdev_offer(REPORTS, 0);
		ok = vdev_wait(REPORTS, 1) && only_first_is_gone();
	}
	return vdev_stop() && ok;
}

/* Without the feature, the same queue takes none. */
static bool report_is_refused(void)
{
	bool ok = vdev_start(0, QUEUES);

	vdev_describe(REPORTS, 0, PAGE, VIRTQ_DESC_WRITE, 0);
	vdev_rings[REPORTS].desc[0].addr = rng_phys(pages[0]);
	if (ok)
		vdev_offer(REPORTS, 0);
	return ok && vdev_wait_refusal();
}

static enum verdict refuses_other_pages(const struct boot *b)
{
	static const uint32_t numbers[] = {
		VIRTIO_MMIO_GPA / PAGE,
		PCI_WINDOW_GPA / PAGE,
		0xffffffff,
	};
	bool ok = true;

	(void)b;
	if (!vdev_find(VIRTIO_ID_BALLOON))
		return SKIP;
	fill();
	for (unsigned i = 0; ok && i < sizeof(numbers) / sizeof(numbers[0]);
	     i++) {
		ok = vdev_start(FEATURES, QUEUES);
		if (ok)
			pass(VIRTIO_BALLOON_INFLATE, numbers[i]);
		ok = ok && vdev_wait_refusal();
		if (!ok)
			say("     for page 0x%x\n", numbers[i]);
	}
	ok = ok && report_is_refused() &&
	     expect_equal("a byte that was not given up", pages[0][0], 0xa5);
	return vdev_stop() && ok;
}

static const struct claim claims[] = {
	{ "it says how many pages to give up", says_how_much },
	{ "it asks for as many pages as the command line says",
	  asks_for_as_many_as_told },
	{ "a page that is given up is gone, and can be used again",
	  takes_a_page },
	{ "a free page that is reported is gone", takes_reports },
	{ "a driver that gives up what is not memory is asked to reset",
	  refuses_other_pages },
	{ 0 },
};

const struct group balloon_group = { "balloon", claims };
