/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Filters are made at build time, and one rule compares with the process's own
 * number. It has this value there, which no process can have, and is replaced
 * when a filter is installed.
 */
#ifndef SANDBOX_OWN_PID_H
#define SANDBOX_OWN_PID_H

#define OWN_PID 0x7f50494eu

#endif
