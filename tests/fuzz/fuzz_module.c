/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A kernel module's file, which `exec` decompresses for its guest.
 *
 * Beyond not crashing: what is not compressed stays as it is; the result has a
 * limited size; a file that is refused leaves nothing, and the message names
 * it.
 */
#include "fuzz/fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "exec/modules.h"
#include "image/format.h"
#include "support/payloads.h"

static void claim(bool holds)
{
	if (!holds)
		abort();
}

/* The path of a file with these bytes, which is the same for all inputs. */
static const char *file_of(const uint8_t *data, size_t size)
{
	static char path[32];
	static int fd = -1;

	if (fd < 0) {
		fd = memfd_create("module", 0);
		snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	}
	claim(fd >= 0 && !ftruncate(fd, 0));
	claim(pwrite(fd, data, size, 0) == (ssize_t)size);
	return path;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *path = file_of(data, size);
	struct buf out = { 0 };
	struct err e = ERR_EMPTY;
	int rc = module_read(path, &out, &e);

	if (rc)
		claim(!out.len && strstr(e.msg, path));
	else if (!memcmp(data, "\177ELF", 4))
		claim(out.len == size && !memcmp(out.data, data, size));
	claim(out.len <= MODULE_SIZE_MAX);
	buf_release(&out);
	return 0;
}

void fuzz_seeds(void)
{
	const char module[] = "\177ELF, and the rest of a module";

	fuzz_seed("plain", module, sizeof(module));
	for (size_t i = 0; i < formats_count; i++) {
		struct buf b = { 0 };

		payload_compress(formats[i].name, module, sizeof(module), &b,
				 false);
		fuzz_seed(formats[i].name, b.data, b.len);
		buf_release(&b);
	}
}
