/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vm/guest_mem.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "pv/x86.h"

static int check_size(uint64_t size, struct err *e)
{
	if (size < GUEST_MEM_MIN || size > GUEST_MEM_MAX)
		return err_set(e, EINVAL,
			       "memory size %" PRIu64 " is outside 64M to 512G",
			       size);
	if (size % PAGE_4K)
		return err_set(e, EINVAL,
			       "memory size %" PRIu64
			       " is not a multiple of 4K",
			       size);
	return 0;
}

/* With room to align the base to a huge page. */
static uint64_t mapping_size(uint64_t size)
{
	return size + PAGE_2M;
}

static void advise(void *base, uint64_t size)
{
	/* Only advice: it may fail. */
	(void)madvise(base, size, MADV_HUGEPAGE);
	/* Guest memory is not part of our core dump. */
	(void)madvise(base, size, MADV_DONTDUMP);
}

static int map(uint64_t size, void **mapping, uint8_t **base, struct err *e)
{
	uintptr_t aligned;
	void *p;

	p = mmap(NULL, mapping_size(size), PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (p == MAP_FAILED)
		return err_sys(e,
			       "cannot map %" PRIu64 " bytes of guest memory",
			       mapping_size(size));
	aligned = ((uintptr_t)p + PAGE_2M - 1) & ~(uintptr_t)(PAGE_2M - 1);
	advise((void *)aligned, size);
	*mapping = p;
	*base = (uint8_t *)aligned;
	return 0;
}

static void set_sizes(struct guest_mem *gm, uint64_t size)
{
	gm->low_size = size < GUEST_MEM_HOLE ? size : GUEST_MEM_HOLE;
	gm->high_size = size - gm->low_size;
	gm->mapping_size = mapping_size(size);
}

int guest_mem_init(struct guest_mem *gm, uint64_t size, struct err *e)
{
	struct guest_mem m = { 0 };
	int rc;

	rc = check_size(size, e);
	if (!rc)
		rc = map(size, &m.mapping, &m.base, e);
	if (rc)
		return rc;
	m.view = m.base;
	set_sizes(&m, size);
	*gm = m;
	return 0;
}

/* The same, with the file's bytes instead of anonymous memory. */
static int map_file(uint64_t size, int fd, void **mapping, uint8_t **base,
		    struct err *e)
{
	void *p;
	int rc;

	rc = map(size, mapping, base, e);
	if (rc)
		return rc;
	p = mmap(*base, size, PROT_READ | PROT_WRITE,
		 MAP_SHARED | MAP_NORESERVE | MAP_FIXED, fd, 0);
	if (p == MAP_FAILED)
		return err_sys(e, "cannot map guest memory twice");
	advise(p, size);
	return 0;
}

int guest_mem_init_twice(struct guest_mem *gm, uint64_t size, struct err *e)
{
	struct guest_mem m = { 0 };
	int fd, rc;

	rc = check_size(size, e);
	if (rc)
		return rc;
	fd = memfd_create("guest memory", MFD_CLOEXEC);
	if (fd < 0 || ftruncate(fd, (off_t)size))
		rc = err_sys(e, "cannot make guest memory");
	set_sizes(&m, size);
	if (!rc)
		rc = map_file(size, fd, &m.mapping, &m.base, e);
	if (!rc)
		rc = map_file(size, fd, &m.view_mapping, &m.view, e);
	if (fd >= 0)
		close(fd);
	if (rc)
		guest_mem_release(&m);
	else
		*gm = m;
	return rc;
}

int guest_mem_set_access(const struct guest_mem *gm, uint64_t gpa, bool access,
			 struct err *e)
{
	uint64_t page = gpa & ~(uint64_t)(PAGE_4K - 1);
	uint8_t *p = guest_mem_ptr(gm, page, PAGE_4K);

	assert(gm->view_mapping && p);
	if (mprotect(gm->view + (p - gm->base), PAGE_4K,
		     access ? PROT_READ | PROT_WRITE : PROT_NONE))
		return err_sys(e, "cannot change the access to guest memory");
	return 0;
}

void guest_mem_release(struct guest_mem *gm)
{
	if (gm->mapping)
		munmap(gm->mapping, gm->mapping_size);
	if (gm->view_mapping)
		munmap(gm->view_mapping, gm->mapping_size);
	*gm = (struct guest_mem){ 0 };
}

struct guest_mem guest_mem_sizes(uint64_t size)
{
	struct guest_mem gm = { 0 };

	set_sizes(&gm, size);
	return gm;
}

uint64_t guest_mem_size(const struct guest_mem *gm)
{
	return gm->low_size + gm->high_size;
}

bool guest_mem_is_low(const struct guest_mem *gm, uint64_t gpa, uint64_t len)
{
	return gpa <= gm->low_size && len <= gm->low_size - gpa;
}

const char *guest_mem_may_grow(uint64_t gpa, uint64_t len)
{
	bool may = gpa <= GUEST_MEM_HOLE && len <= GUEST_MEM_HOLE - gpa;

	return may ? "; give it more with --mem" : "";
}

void *guest_mem_ptr(const struct guest_mem *gm, uint64_t gpa, uint64_t len)
{
	if (guest_mem_is_low(gm, gpa, len))
		return gm->base + gpa;
	if (gpa < GUEST_MEM_HIGH)
		return NULL;
	gpa -= GUEST_MEM_HIGH;
	if (gpa <= gm->high_size && len <= gm->high_size - gpa)
		return gm->base + gm->low_size + gpa;
	return NULL;
}

static int not_ram(const struct guest_mem *gm, uint64_t gpa, uint64_t len,
		   const char *what, struct err *e)
{
	return err_set(e, EFAULT,
		       "%s: %" PRIu64 " bytes at guest-physical 0x%" PRIx64
		       " are not all RAM (RAM ends at 0x%" PRIx64 "%s)",
		       what, len, gpa,
		       gm->high_size ? GUEST_MEM_HIGH + gm->high_size
				     : gm->low_size,
		       gm->high_size ? ", with a hole from 3 to 4 GiB" : "");
}

int guest_mem_write(const struct guest_mem *gm, uint64_t gpa, const void *src,
		    uint64_t len, const char *what, struct err *e)
{
	void *p = guest_mem_ptr(gm, gpa, len);

	if (!p)
		return not_ram(gm, gpa, len, what, e);
	memcpy(p, src, len);
	return 0;
}

int guest_mem_read(const struct guest_mem *gm, uint64_t gpa, void *dst,
		   uint64_t len, const char *what, struct err *e)
{
	const void *p = guest_mem_ptr(gm, gpa, len);

	if (!p)
		return not_ram(gm, gpa, len, what, e);
	memcpy(dst, p, len);
	return 0;
}

/* Of a file, the bytes themselves must go: others would come back from it. */
static int drop(const struct guest_mem *gm, void *p, size_t len)
{
	return madvise(p, len, gm->view_mapping ? MADV_REMOVE : MADV_DONTNEED);
}

uint64_t guest_mem_discard(const struct guest_mem *gm, void *p, uint64_t len)
{
	uint8_t *at = p;
	uint64_t head = -(uintptr_t)at & (PAGE_4K - 1);

	if (len < head)
		return 0;
	len = (len - head) & ~(uint64_t)(PAGE_4K - 1);
	if (!len || drop(gm, at + head, (size_t)len))
		return 0;
	return len;
}

/*
 * Only whole huge pages are dropped. Dropping a part would split the page into
 * 512 small ones, and would not free memory at once.
 */
void guest_mem_zero(const struct guest_mem *gm, uint64_t gpa, uint64_t len)
{
	uint8_t *p = guest_mem_ptr(gm, gpa, len);
	uint8_t *end, *first, *last;

	assert(p);
	end = p + len;
	if (len >= PAGE_2M) {
		first = p + (-(uintptr_t)p & (PAGE_2M - 1));
		last = end - ((uintptr_t)end & (PAGE_2M - 1));
		if (first < last && !drop(gm, first, (size_t)(last - first))) {
			memset(p, 0, (size_t)(first - p));
			memset(last, 0, (size_t)(end - last));
			return;
		}
	}
	memset(p, 0, len);
}

/* How much memory is checked in one call. */
#define TOUCHED_STEP (UINT64_C(256) << 20)

uint64_t guest_mem_touched(const struct guest_mem *gm)
{
	uint64_t size = guest_mem_size(gm);
	uint64_t touched = 0, n;
	unsigned char *in_core = malloc(TOUCHED_STEP / PAGE_4K);

	for (uint64_t at = 0; in_core && at < size; at += n) {
		n = size - at < TOUCHED_STEP ? size - at : TOUCHED_STEP;
		if (mincore(gm->base + at, n, in_core))
			break;
		for (uint64_t i = 0; i < n / PAGE_4K; i++)
			touched += in_core[i] & 1 ? PAGE_4K : 0;
	}
	free(in_core);
	return touched;
}

bool guest_mem_find_page(const struct guest_mem *gm,
			 bool (*see)(void *ctx, const uint8_t *page), void *ctx)
{
	uint64_t size = guest_mem_size(gm), n;
	unsigned char *in_core = malloc(TOUCHED_STEP / PAGE_4K);
	bool found = false;

	for (uint64_t at = 0; in_core && !found && at < size; at += n) {
		n = size - at < TOUCHED_STEP ? size - at : TOUCHED_STEP;
		if (mincore(gm->base + at, n, in_core))
			break;
		for (uint64_t i = 0; !found && i < n / PAGE_4K; i++)
			if (in_core[i] & 1)
				found = see(ctx, gm->base + at + i * PAGE_4K);
	}
	free(in_core);
	return found;
}
