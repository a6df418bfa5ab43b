/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "show/labels.h"

#include <assert.h>

/* Labels with the least distance, which move together. */
struct cluster {
	int first; /* the place of the first of them */
	int sum;   /* of the places that each wants for the first */
	unsigned count;
};

static int clamp(int v, int low, int high)
{
	return v < low ? low : v > high ? high : v;
}

static void settle(struct cluster *c, int step, int low, int high)
{
	int length = (int)(c->count - 1) * step;

	c->first = clamp(c->sum / (int)c->count, low, high - length);
}

void labels_spread(struct label *labels, unsigned n, int step, int low,
		   int high)
{
	struct cluster list[LABELS_MAX];
	unsigned count = 0, done = 0;

	assert(n <= LABELS_MAX);
	assert(!n || (int)(n - 1) * step <= high - low);
	for (unsigned i = 0; i < n; i++) {
		list[count] = (struct cluster){ 0, labels[i].want, 1 };
		settle(&list[count++], step, low, high);
		/* Two groups that touch become one, which may touch the one
		 * before. */
		while (count > 1 &&
		       list[count - 1].first <
			       list[count - 2].first +
				       (int)list[count - 2].count * step) {
			struct cluster *into = &list[count - 2];
			const struct cluster *from = &list[--count];

			into->sum += from->sum -
				     (int)from->count * (int)into->count * step;
			into->count += from->count;
			settle(into, step, low, high);
		}
	}
	for (unsigned c = 0; c < count; c++)
		for (unsigned i = 0; i < list[c].count; i++)
			labels[done++].at = list[c].first + (int)i * step;
}
