/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bzip2: libbz2; the level is the block size in 100 kB.
 */
#include "pack/compress.h"

#include <bzlib.h>
#include <errno.h>

int compress_bzip2(struct bytes in, const struct compress_how *how,
		   struct buf *out, struct err *e)
{
	/* bzlib.h: one hundredth larger plus 600 bytes is always enough. */
	unsigned bound = (unsigned)(in.len + in.len / 100 + 600);
	unsigned used = bound;
	uint8_t *to = buf_extend(out, bound);
	int rc;

	if (!to)
		return compress_no_memory("bzip2", e);
	rc = BZ2_bzBuffToBuffCompress((char *)to, &used, (char *)in.data,
				      (unsigned)in.len, how->level, 0, 0);
	if (rc == BZ_MEM_ERROR)
		return compress_no_memory("bzip2", e);
	if (rc != BZ_OK)
		return err_set(e, EINVAL, "bzip2: libbz2 error %d", rc);
	out->len -= bound - used;
	return 0;
}
