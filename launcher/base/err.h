/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Errors with context.
 *
 * Every function that can fail for a reason outside this program takes a
 * `struct err *e` last and returns 0 or a negative errno. The leaf that finds
 * the fault writes the message once: the name of the thing, the value found,
 * the limit. Callers on the way up add what they were doing with
 * err_prefix(). Only main.c prints an error.
 */
#ifndef BASE_ERR_H
#define BASE_ERR_H

#define ERR_MSG_SIZE 1024

struct err {
	char msg[ERR_MSG_SIZE]; /* NUL-terminated; "" while nothing failed */
};

#define ERR_EMPTY         \
	{                 \
		.msg = "" \
	}

/*
 * Write the message of an error and return its code: `return err_set(e, EINVAL,
 * "...")`.
 *
 * @code: positive errno value.
 * Returns -code. A message longer than the buffer is cut.
 */
int err_set(struct err *e, int code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/*
 * Like err_set() with the current errno: its text is appended as ": text".
 * Returns -errno.
 */
int err_sys(struct err *e, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/*
 * Put "prefix: " before the message of an error that is being passed up.
 *
 * @rc: the code to return.
 */
int err_prefix(struct err *e, int rc, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/*
 * Append the message of another error after "; ", for example if each loader
 * refuses a file.
 */
void err_also(struct err *e, const struct err *other);

#endif
