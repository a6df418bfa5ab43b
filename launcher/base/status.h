/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The exit statuses of this program: of `launcher run`, and as a suite reads
 * them.
 *
 *   0    powered off, reset or halted by itself, reported success, or
 *        --expect matched
 *   1    the launcher failed        3  the guest panicked
 *   4    it crashed, or halted      5  it ended before --expect matched
 *   6    it reported failure, or    7    the sandbox stopped the launcher
 *        met --fail-on              124  timed out       128+N signal N
 *
 * `launcher exec` ends with its command's status, or with 128+N if signal N
 * ended that; 122 the guest died, 124 timed out, 125 the launcher failed.
 */
#ifndef BASE_STATUS_H
#define BASE_STATUS_H

#include <errno.h>

enum exit_status {
	STATUS_OK = 0,
	STATUS_FAILED = 1,
	STATUS_USAGE = 2,
	STATUS_PANIC = 3,
	STATUS_CRASH = 4,
	STATUS_UNEXPECTED = 5,
	STATUS_REPORTED = 6,
	STATUS_SANDBOX = 7,
	STATUS_GUEST_DIED = 122,
	STATUS_TIMEOUT = 124,
	STATUS_EXEC_FAILED = 125,
	STATUS_SIGNAL = 128, /* plus the signal's number */
};

/* The exit status after options or a suite were refused with the negative errno
 * @rc: a usage error, unless this machine could not read them. */
static inline enum exit_status status_of_refusal(int rc)
{
	switch (rc) {
	case -ENOMEM:
	case -EMFILE:
	case -ENFILE:
	case -EIO:
		return STATUS_FAILED;
	default:
		return STATUS_USAGE;
	}
}

#endif
