/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "image/scratch.h"

#include <errno.h>
#include <sys/mman.h>

int scratch_decode(struct scratch *s, const struct image *img, struct err *e)
{
	/* Pages cost nothing until a decoder writes to them, so a stream that
	 * does not state its size gets a buffer of the largest size. */
	size_t size = IMAGE_DECODED_MAX;
	size_t len;
	void *p;
	int rc;

	if (!img->has_payload) {
		*e = img->no_payload;
		return -EINVAL;
	}
	if (image_is_plain(img)) {
		*s = (struct scratch){ .bytes = img->payload.stream };
		return 0;
	}
	if (img->payload.has_size && img->payload.size &&
	    img->payload.size < size)
		size = img->payload.size;
	p = mmap(NULL, size, PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (p == MAP_FAILED)
		return err_sys(e, "cannot map %zu bytes to decode to", size);
	(void)madvise(p, size, MADV_HUGEPAGE);
	rc = image_decode(img, p, size, &len, e);
	if (rc) {
		munmap(p, size);
		return rc;
	}
	*s = (struct scratch){ { p, len }, p, size };
	return 0;
}

void scratch_release(struct scratch *s)
{
	if (s->mapping)
		munmap(s->mapping, s->mapping_size);
	*s = (struct scratch){ 0 };
}
