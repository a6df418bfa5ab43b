/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "debug/breaks.h"

#include <errno.h>
#include <inttypes.h>

#include "pv/x86.h"

#define INT3 0xcc

static struct soft_break *find(struct breaks *b, uint64_t addr)
{
	for (unsigned i = 0; i < b->count; i++)
		if (b->soft[i].addr == addr)
			return &b->soft[i];
	return NULL;
}

int breaks_insert(struct breaks *b, uint64_t addr, uint64_t gpa, struct err *e)
{
	if (find(b, addr))
		return 0;
	if (!guest_mem_ptr(b->gm, gpa, 1))
		return err_set(e, EFAULT,
			       "0x%" PRIx64 " is at guest-physical 0x%" PRIx64
			       ", which is not RAM",
			       addr, gpa);
	if (b->count == SOFT_BREAKS_MAX)
		return err_set(e, ENOSPC,
			       "there are already %u software breakpoints",
			       b->count);
	b->soft[b->count++] = (struct soft_break){ .addr = addr, .gpa = gpa };
	return 0;
}

void breaks_remove(struct breaks *b, uint64_t addr)
{
	struct soft_break *s = find(b, addr);

	if (s)
		*s = b->soft[--b->count];
}

static bool is_same(const struct hw_break *a, const struct hw_break *b)
{
	return a->len == b->len && a->addr == b->addr && a->kind == b->kind;
}

int breaks_insert_hw(struct breaks *b, const struct hw_break *hw, struct err *e)
{
	struct hw_break *room = NULL;

	for (unsigned i = 0; i < HW_BREAKS; i++) {
		if (is_same(&b->hw[i], hw))
			return 0;
		if (!b->hw[i].len)
			room = &b->hw[i];
	}
	if (!room)
		return err_set(e, ENOSPC, "all %u debug registers are in use",
			       HW_BREAKS);
	*room = *hw;
	return 0;
}

void breaks_remove_hw(struct breaks *b, const struct hw_break *hw)
{
	for (unsigned i = 0; i < HW_BREAKS; i++)
		if (is_same(&b->hw[i], hw))
			b->hw[i].len = 0;
}

bool breaks_at(const struct breaks *b, uint64_t gpa)
{
	for (unsigned i = 0; i < b->count; i++)
		if (b->soft[i].gpa == gpa)
			return true;
	return false;
}

bool breaks_on_page(const struct breaks *b, uint64_t gpa)
{
	for (unsigned i = 0; i < b->count; i++)
		if (b->soft[i].gpa / PAGE_4K == gpa / PAGE_4K)
			return true;
	return false;
}

bool breaks_hw_at(const struct breaks *b, uint64_t addr)
{
	for (unsigned i = 0; i < HW_BREAKS; i++)
		if (b->hw[i].len && b->hw[i].kind == HW_BREAK_EXEC &&
		    b->hw[i].addr == addr)
			return true;
	return false;
}

static int set_pages(struct breaks *b, bool access, struct err *e)
{
	int rc = 0;

	for (unsigned i = 0; !rc && i < b->count; i++)
		rc = guest_mem_set_access(b->gm, b->soft[i].gpa, access, e);
	return rc;
}

/* One byte may have two addresses: only the first breakpoint plants, and is
 * lifted. */
static void put_int3(struct breaks *b, struct soft_break *s)
{
	uint8_t *p = guest_mem_ptr(b->gm, s->gpa, 1);

	s->old = *p;
	s->planted = s->old != INT3;
	*p = INT3;
}

/* If the guest has overwritten it meanwhile, that stays. */
static void take_int3(struct breaks *b, struct soft_break *s)
{
	uint8_t *p = guest_mem_ptr(b->gm, s->gpa, 1);

	if (s->planted && *p == INT3)
		*p = s->old;
	s->planted = false;
}

int breaks_plant(struct breaks *b, struct err *e)
{
	if (b->planted)
		return 0;
	b->planted = true;
	if (b->by_page)
		return set_pages(b, false, e);
	for (unsigned i = 0; i < b->count; i++)
		put_int3(b, &b->soft[i]);
	return 0;
}

int breaks_lift(struct breaks *b, struct err *e)
{
	if (!b->planted)
		return 0;
	b->planted = false;
	if (b->by_page)
		return set_pages(b, true, e);
	for (unsigned i = b->count; i > 0; i--)
		take_int3(b, &b->soft[i - 1]);
	return 0;
}
