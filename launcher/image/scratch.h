/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A whole payload, for commands that examine an image without running it:
 * decoded into memory, or in the image's file if it is not compressed.
 */
#ifndef IMAGE_SCRATCH_H
#define IMAGE_SCRATCH_H

#include "image/image.h"

struct scratch {
	struct bytes bytes; /* the decoded payload */
	void *mapping;	    /* NULL: the bytes are the image's */
	size_t mapping_size;
};

/*
 * Decode the whole payload of @img, which must stay open: the bytes of one
 * that is not compressed are its own. -EINVAL with img->no_payload's reason
 * if there is none; otherwise as image_decode(). On failure *@s is untouched;
 * scratch_release() accepts the empty struct.
 */
int scratch_decode(struct scratch *s, const struct image *img, struct err *e);

void scratch_release(struct scratch *s);

#endif
