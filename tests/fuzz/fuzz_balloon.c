/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A driver of virtio-balloon that reports any memory and gives up any pages.
 * Beyond not crashing: the pages that a request names whole are zeros
 * afterwards, and no other byte has changed.
 *
 * The input: a byte of features, then requests of
 *
 *   queue, count, and `count` pieces of 4 bytes
 *
 * A piece is an offset and a length in units of 64 bytes for a report, or a
 * page number.
 */
#include "fuzz/fuzz.h"
#include "dev/virtio/balloon.h"
#include "support/chain.h"

#include <stdlib.h>
#include <string.h>

#define PAGE	     4096u
#define WINDOW	     (UINT64_C(32) << 20)
#define PAGES	     64u /* of the window */
#define PIECES_MAX   32
#define REQUESTS_MAX 16

static struct guest_mem gm;
static bool goes[PAGES];
static uint32_t numbers[PIECES_MAX];
static struct virtio_request r;

static void claim(bool holds)
{
	if (!holds)
		abort();
}

/* Whole pages of the window among [@off, @off + @len) are to go. */
static void note(uint32_t off, uint32_t len)
{
	for (unsigned n = (off + PAGE - 1) / PAGE; (n + 1) * PAGE <= off + len;
	     n++)
		goes[n] = true;
}

static void add_report(const uint8_t *in)
{
	uint32_t off = (in[0] | (uint32_t)in[1] << 8) * 64 % (PAGES * PAGE);
	uint32_t len = (in[2] | (uint32_t)in[3] << 8) * 64;

	if (len > PAGES * PAGE - off)
		len = PAGES * PAGE - off;
	chain_add(&r.chain, gm.base + WINDOW + off, len, true);
	note(off, len);
}

/* Returns whether it is RAM. Half of the numbers are in the window. */
static bool add_number(unsigned i, const uint8_t *in)
{
	uint32_t n = in[0] | (uint32_t)in[1] << 8 | (uint32_t)in[2] << 16 |
		     (uint32_t)in[3] << 24;
	uint32_t first = (uint32_t)(WINDOW / PAGE);

	if (in[3] & 1)
		n = first + n % PAGES;
	numbers[i] = n;
	if (n >= first && n - first < PAGES)
		goes[n - first] = true;
	return n < guest_mem_size(&gm) / PAGE;
}

static void judge(enum virtio_result result, bool is_fine)
{
	claim(result == (is_fine ? VIRTIO_DONE : VIRTIO_DRIVER_FAULT));
	for (unsigned n = 0; n < PAGES; n++) {
		const uint8_t *p = gm.base + WINDOW + n * PAGE;

		claim(!memcmp(p, p + 1, PAGE - 1));
		/* A faulty request may have been carried out in part. */
		claim(p[0] ? !goes[n] || !is_fine : goes[n]);
	}
}

static size_t request(struct virtio_balloon *b, const uint8_t *in, size_t size)
{
	unsigned count = in[1] % (PIECES_MAX + 1);
	bool is_fine = true;
	struct err e;

	if (size < 2 + 4 * count)
		count = (unsigned)(size - 2) / 4;
	memset(&r, 0, sizeof(r));
	memset(goes, 0, sizeof(goes));
	memset(gm.base + WINDOW, 1, PAGES * PAGE);
	r.ticket.queue = in[0] % 5;
	for (unsigned i = 0; i < count; i++) {
		if (r.ticket.queue > 1)
			add_report(in + 2 + 4 * i);
		else
			is_fine &= add_number(i, in + 2 + 4 * i);
	}
	if (r.ticket.queue < 2)
		chain_add(&r.chain, numbers, count * 4, false);
	if (r.ticket.queue == 1) {
		memset(goes, 0, sizeof(goes));
		is_fine = true;
	}
	if (r.ticket.queue > 1 && !virtio_has(&b->core, 5)) {
		memset(goes, 0, sizeof(goes));
		is_fine = false;
	}
	judge(b->core.is.ops->serve(b, &r, &e), is_fine);
	return 2 + 4 * count;
}

int LLVMFuzzerTestOneInput(const uint8_t *in, size_t size)
{
	struct worker worker = WORKER_EMPTY;
	struct virtio_balloon b;
	struct err e;
	size_t at = 1;

	if (size < 1)
		return 0;
	claim(!guest_mem_init(&gm, GUEST_MEM_MIN, &e));
	claim(!worker_init(&worker, &e) &&
	      !virtio_balloon_init(&b, 0, &gm, &worker, &e));
	b.core.accepted = UINT64_C(1) << 2 | (uint64_t)(in[0] & 1) << 5;
	for (unsigned n = 0; n < REQUESTS_MAX && at + 2 <= size; n++)
		at += request(&b, in + at, size - at);
	virtio_balloon_release(&b);
	worker_release(&worker);
	guest_mem_release(&gm);
	return 0;
}

void fuzz_seeds(void)
{
	static const uint8_t reports[] = { 1,	2, 2, 0, 0, 255, 255, 7, 3,
					   200, 0, 4, 1, 1, 1,	 1,   1 };
	static const uint8_t pages[] = { 1, 0, 3, 5, 0, 0, 1, 4, 0,
					 0, 1, 6, 0, 0, 1, 0, 1, 9,
					 9, 9, 8, 1, 1, 0, 0, 0, 0 };
	static const uint8_t without[] = { 0, 2, 1, 0, 0, 255, 255 };

	fuzz_seed("reports", reports, sizeof(reports));
	fuzz_seed("pages", pages, sizeof(pages));
	fuzz_seed("without", without, sizeof(without));
}
