/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Labels in a column, each as near to what it names as the others allow.
 */
#ifndef SHOW_LABELS_H
#define SHOW_LABELS_H

#define LABELS_MAX 64

struct label {
	int want; /* the place it would have alone */
	int at;	  /* its place */
};

/*
 * Place @n labels, in the order of their @want, at least @step apart and
 * between @low and @high, so that the sum of the squares of their distances
 * from @want is the least. They must fit: (@n - 1) * @step <= @high - @low.
 */
void labels_spread(struct label *labels, unsigned n, int step, int low,
		   int high);

#endif
