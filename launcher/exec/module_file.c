/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A module's file, decompressed: the kernel in the guest may be built without
 * that.
 */
#include <errno.h>
#include <sys/mman.h>

#include "base/file.h"
#include "exec/modules.h"
#include "image/format.h"

/* Decode into memory that takes no more than is written there. */
static int decode(const struct format *f, struct bytes in, struct buf *out,
		  struct err *e)
{
	struct decode d = {
		.in = in,
		.cap = MODULE_SIZE_MAX,
		.enough = SIZE_MAX,
	};
	int rc;

	d.out = mmap(NULL, d.cap, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (d.out == MAP_FAILED)
		return err_sys(e, "no memory for a module");
	rc = f->decode(&d, e);
	if (!rc)
		buf_add(out, d.out, d.out_len);
	munmap(d.out, d.cap);
	return rc;
}

int module_read(const char *path, struct buf *out, struct err *e)
{
	const struct format *f;
	struct file file = { 0 };
	int rc = file_open(&file, path, MODULE_SIZE_MAX, e);

	if (rc)
		return rc;
	f = format_find(file.bytes);
	if (!f)
		rc = err_set(e, EINVAL,
			     "not an ELF, and compressed in no known format");
	else if (!f->tool)
		buf_add(out, file.bytes.data, file.bytes.len);
	else
		rc = decode(f, file.bytes, out, e);
	if (!rc && out->failed)
		rc = err_set(e, ENOMEM, "no memory for a module");
	file_close(&file);
	return rc ? err_prefix(e, rc, "module %s", path) : 0;
}
