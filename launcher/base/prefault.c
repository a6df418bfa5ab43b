/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/prefault.h"
#include "base/thread.h"

#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

#ifndef MADV_POPULATE_WRITE /* Linux 5.14 */
#define MADV_POPULATE_WRITE 23
#endif

/* Short enough to stop soon, long enough to be two huge pages. */
#define CHUNK ((size_t)4 << 20)

/* Below this a thread costs more than the faults. */
#define WORTH_A_THREAD ((size_t)4 << 20)

static void *populate(void *arg)
{
	struct prefault *p = arg;

	for (size_t off = 0; off < p->len && !atomic_load(&p->stop);
	     off += CHUNK) {
		size_t n = p->len - off < CHUNK ? p->len - off : CHUNK;

		/* An older kernel returns EINVAL; then the decoder takes the
		 * faults. */
		if (madvise(p->addr + off, n, MADV_POPULATE_WRITE))
			break;
	}
	return NULL;
}

void prefault_start(struct prefault *p, void *addr, size_t len)
{
	size_t in_page = (uintptr_t)addr % sysconf(_SC_PAGESIZE);

	*p = (struct prefault){ .addr = (char *)addr - in_page,
				.len = len + in_page };
	if (len >= WORTH_A_THREAD && thread_cpus() > 1)
		p->running = thread_start(&p->thread, populate, p);
}

void prefault_stop(struct prefault *p)
{
	if (!p->running)
		return;
	atomic_store(&p->stop, true);
	pthread_join(p->thread, NULL);
	p->running = false;
}
