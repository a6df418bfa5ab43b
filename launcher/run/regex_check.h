/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What an extended regular expression may be, told before regcomp() sees it.
 *
 * Must never trust: the expression. It is the user's own, but regcomp() takes
 * memory and time beyond all bounds for some that are short.
 *
 * Spec: POSIX.1-2017, 9.4 "Extended Regular Expressions".
 */
#ifndef RUN_REGEX_CHECK_H
#define RUN_REGEX_CHECK_H

#include "base/err.h"

#define REGEX_BYTES_MAX 4096

/*
 * A part is a character, a bracket expression, a parenthesis or an operator.
 * regcomp() copies what is repeated by {n,m} or '+', once for each time, and
 * then follows every way around the optional ones: its memory grows with the
 * square of the parts. 4096 take 130 MB.
 */
#define REGEX_PARTS_MAX 4096

/*
 * Returns 0; -E2BIG for one that is too long or has too many parts; -EINVAL
 * for one with back-references, which POSIX has none of in these: with them a
 * line of the guest's could keep regexec() busy for years.
 *
 * That it is a regular expression at all only regcomp() knows.
 */
int regex_check(const char *regex, struct err *e);

#endif
