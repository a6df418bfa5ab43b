/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A payload decoded into memory of our own, for commands that look at an
 * image and run nothing.
 */
#ifndef IMAGE_SCRATCH_H
#define IMAGE_SCRATCH_H

#include "image/image.h"

struct scratch {
	struct bytes bytes; /* the decoded payload */
	void *mapping;
	size_t mapping_size;
};

/*
 * Decode the whole payload of @img. -EINVAL with img->no_payload's reason if
 * there is none; otherwise as image_decode(). On failure *@s is untouched;
 * scratch_release() accepts the empty struct.
 */
int scratch_decode(struct scratch *s, const struct image *img, struct err *e);

/* The same under a ceiling of the caller's, at most IMAGE_DECODED_MAX. */
int scratch_decode_within(struct scratch *s, const struct image *img,
			  size_t max, struct err *e);
void scratch_release(struct scratch *s);

#endif
