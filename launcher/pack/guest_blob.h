/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The guest code in a packed image, built from guest/: 16-bit setup code with a
 * setup header, and the decompressor stub. Both are linked into the launcher,
 * so that a packed image never depends on installed files.
 *
 * Spec: include/pv/stub.h.
 */
#ifndef PACK_GUEST_BLOB_H
#define PACK_GUEST_BLOB_H

#include "base/bytes.h"

extern const uint8_t pack_setup[], pack_setup_end[];
extern const uint8_t pack_stub[], pack_stub_end[];

/* Boot sector, setup header and setup code: whole sectors. */
static inline struct bytes blob_setup(void)
{
	return (struct bytes){ pack_setup,
			       (size_t)(pack_setup_end - pack_setup) };
}

/* The stub: the beginning of the protected-mode part. */
static inline struct bytes blob_stub(void)
{
	return (struct bytes){ pack_stub, (size_t)(pack_stub_end - pack_stub) };
}

#endif
