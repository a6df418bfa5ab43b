/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Let the kernel populate fresh memory before it is written.
 *
 * A decoder that writes to untouched memory has a page fault every 4 KiB or 2
 * MiB, which takes a third of the time of a fast decoder. A helper thread takes
 * the faults on another CPU. It does not change bytes, and is optional: without
 * threads, or with one CPU, it does nothing.
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
