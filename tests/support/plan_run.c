/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "support/plan_run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "boot/cmdline.h"
#include "show/inspect.h"

static bool same_place(const struct placement *a, const struct placement *b)
{
	return a->virt_moved == b->virt_moved &&
	       a->phys_moved == b->phys_moved && a->slide == b->slide &&
	       a->delta == b->delta && !strcmp(a->reason, b->reason);
}

/* How the prepared run differs from what inspect predicted; NULL: not at all.
 */
static const char *difference(const struct inspection *in,
			      const struct boot_result *r)
{
	const struct boot_spot *spot = &in->plan.fits[r->plan.chosen].spot;

	if (in->plan.chosen != r->plan.chosen)
		return "the protocol";
	if (spot->kernel.gpa != r->kernel.gpa ||
	    spot->kernel.size != r->kernel.size || spot->delta != r->delta)
		return "the kernel's range";
	return same_place(&in->kaslr, &r->kaslr) ? NULL : "the random place";
}

static void compare(const struct inspection *in, bool good,
		    const struct err *inspect_err, struct plan_run_result *r)
{
	const char *what = NULL;

	if (!r->rc != (good && !inspect_err->msg[0]))
		what = "one has an obstacle";
	else if (!r->rc)
		what = difference(in, &r->boot);
	r->differs = what != NULL;
	r->other_reason = r->rc && !strstr(inspect_err->msg, r->e.msg);
	if (r->differs || r->other_reason)
		snprintf(r->text, sizeof(r->text),
			 "%s: run \"%s\", inspect \"%s\"",
			 what ? what : "the reason", r->rc ? r->e.msg : "works",
			 inspect_err->msg);
}

/* The run's half, with the default command line. */
static void prepare(const struct plan_run *t, const struct image *img,
		    struct plan_run_result *r)
{
	struct e820 map;
	struct boot_request req = {
		.img = img,
		.gm = t->gm,
		.map = &map,
		.protocol = t->protocol,
		.kaslr = t->wish,
		.places = &r->places,
	};
	char *cmdline;

	e820_build(&map, t->gm);
	r->rc = place_choose_cmdline(&cmdline, img, NULL, CMDLINE_CONSOLE,
				     &r->e);
	if (r->rc)
		return;
	req.cmdline = cmdline;
	r->rc = boot_prepare(&req, &r->boot, &r->e);
	free(cmdline);
}

bool plan_run(const struct plan_run *t, struct plan_run_result *r)
{
	const struct inspect_want want = { .boot = t->protocol,
					   .mem = guest_mem_size(t->gm),
					   .kaslr = t->wish };
	struct err e = ERR_EMPTY;
	struct inspection in;
	struct image img;
	bool good;

	memset(r, 0, sizeof(*r));
	if (image_from_bytes(&img, t->file, &e))
		return false;
	prepare(t, &img, r);
	image_close(&img);
	good = !inspection_from_bytes(&in, "image", t->file, &want, &e);
	if (good)
		e = in.no_plan;
	compare(&in, good, &e, r);
	if (good)
		inspection_close(&in);
	return true;
}

static bool overlap(const struct map_range *a, const struct map_range *b)
{
	return a->size && b->size && a->gpa < b->gpa + b->size &&
	       b->gpa < a->gpa + a->size;
}

const struct map_range *misplaced(const struct memory_map *map,
				  const struct guest_mem *gm)
{
	for (unsigned i = 0; i < map->count; i++) {
		const struct map_range *r = &map->list[i];

		if (!guest_mem_ptr(gm, r->gpa, r->size))
			return r;
		for (unsigned j = 0; j < i; j++)
			if (overlap(r, &map->list[j]))
				return r;
	}
	return NULL;
}
