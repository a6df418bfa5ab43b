/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Have fresh memory filled in by the kernel ahead of whoever writes it.
 *
 * Decoding into memory that was never touched stops for a page fault every
 * 4 KiB or 2 MiB, for a third of the time of a fast decoder. A helper thread
 * takes the faults on another CPU meanwhile. It changes no byte, and it is
 * only help: without threads, or with one CPU, nothing happens.
 */
#ifndef BASE_PREFAULT_H
#define BASE_PREFAULT_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

struct prefault {
	pthread_t thread;
	bool running;
	atomic_bool stop;
	char *addr;
	size_t len;
};

/*
 * Begin to populate the @len bytes at @addr, in ascending order. No page
 * beyond them is touched. The range must stay mapped, and *@p in place, until
 * prefault_stop(), which must follow.
 */
void prefault_start(struct prefault *p, void *addr, size_t len);

/* End it, also before it is done. */
void prefault_stop(struct prefault *p);

#endif
