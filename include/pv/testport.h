/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The test port: how a guest under test tells the launcher its verdict.
 *
 * A guest writes one 32-bit value to TESTPORT_EXIT with a single OUT. The
 * value is the guest's own status: 0 is success, anything else is failure.
 * The run then ends; the launcher exits 0 for success and 6 for failure and
 * prints the value. The port is 4-byte aligned and always present.
 *
 * The port address is the one QEMU's isa-debug-exit device uses by
 * convention, so the same guest can run there too.
 */
#ifndef PV_TESTPORT_H
#define PV_TESTPORT_H

#define TESTPORT_EXIT	 0xf4
#define TESTPORT_LEN	 4
#define TESTPORT_SUCCESS 0

/* What the guest side of this project reports; other guests use any value. */
#define TESTPORT_FAIL_CLAIMS	1 /* a claim, or the kernel's self-check */
#define TESTPORT_FAIL_STUB	2 /* the decompressor stub gave up */
#define TESTPORT_FAIL_EXCEPTION 3 /* an unexpected exception */

#endif
