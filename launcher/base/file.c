/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Files in: how an image or an initrd comes into the launcher's memory.
 *
 * Must never trust: the type and the size of a file, see input.h, and that a
 * file keeps its size.
 */
#include "base/file.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

/*
 * The mapped files, for file_mapped_at(). A slot belongs to the thread that
 * took it; start is set last and cleared first. Without a free slot, a file is
 * mapped, too.
 */
#define MAPPED_MAX 32
static struct mapped {
	atomic_flag taken;
	atomic_uintptr_t start; /* 0: none */
	size_t len;
	char path[256];
} mapped[MAPPED_MAX];

static void remember(struct bytes b, const char *path)
{
	for (size_t i = 0; i < MAPPED_MAX; i++) {
		struct mapped *m = &mapped[i];

		if (atomic_flag_test_and_set(&m->taken))
			continue;
		m->len = b.len;
		snprintf(m->path, sizeof(m->path), "%s", path);
		atomic_store(&m->start, (uintptr_t)b.data);
		return;
	}
}

static void forget(struct bytes b)
{
	for (size_t i = 0; i < MAPPED_MAX; i++)
		if (atomic_load(&mapped[i].start) == (uintptr_t)b.data) {
			atomic_store(&mapped[i].start, 0);
			atomic_flag_clear(&mapped[i].taken);
			return;
		}
}

const char *file_mapped_at(const void *addr)
{
	for (size_t i = 0; i < MAPPED_MAX; i++) {
		uintptr_t start = atomic_load(&mapped[i].start);

		if (start && (uintptr_t)addr >= start &&
		    (uintptr_t)addr - start < mapped[i].len)
			return mapped[i].path;
	}
	return NULL;
}

static int map_file(struct file *f, int fd, const char *path,
		    const struct stat *st, struct err *e)
{
	void *p = mmap(NULL, st->st_size, PROT_READ, MAP_PRIVATE, fd, 0);

	if (p == MAP_FAILED)
		return err_sys(e, "%s: mmap of %jd bytes", path,
			       (intmax_t)st->st_size);
	*f = (struct file){ .bytes = { p, st->st_size }, .mapped = true };
	remember(f->bytes, path);
	return 0;
}

int file_read(struct file *f, struct input *in, uint64_t limit, struct err *e)
{
	int rc = input_measure(in, limit, e);

	if (rc)
		return rc;
	if (input_is_file(in))
		return map_file(f, in->fd, in->name, &in->st, e);
	*f = (struct file){ .bytes = in->data };
	in->data = (struct bytes){ 0 };
	return 0;
}

int file_open(struct file *f, const char *path, uint64_t limit, struct err *e)
{
	struct input in = INPUT_EMPTY;
	int rc = input_open(&in, path, e) ?: file_read(f, &in, limit, e);

	input_close(&in);
	return rc;
}

int file_keep(struct file *f, struct err *e)
{
	struct file old = *f;
	uint8_t *copy;

	if (!f->mapped)
		return 0;
	copy = malloc(f->bytes.len);
	if (!copy)
		return err_set(e, ENOMEM, "no memory for %zu bytes",
			       f->bytes.len);
	memcpy(copy, f->bytes.data, f->bytes.len);
	*f = (struct file){ .bytes = { copy, old.bytes.len } };
	file_close(&old);
	return 0;
}

void file_close(struct file *f)
{
	if (f->mapped) {
		forget(f->bytes);
		munmap((void *)f->bytes.data, f->bytes.len);
	} else {
		free((void *)f->bytes.data);
	}
	*f = (struct file){ 0 };
}
