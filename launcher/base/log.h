/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What -v shows: each step of a run with the time since the program started;
 * and warnings.
 *
 * Lines go to stderr, whole, because the guest's console owns stdout. The
 * one piece of state is the level, set once by main before any thread runs.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stdbool.h>
#include <stdint.h>

/* 0: silent, 1: steps (-v). Also starts the clock of the lines. */
void log_init(unsigned level);
bool log_enabled(void);

/* clock_ns() when log_init() was called: the program's start. */
uint64_t log_start_ns(void);

/*
 * One line about something that a user must know although the run goes on:
 * "launcher: text", with or without -v.
 */
void log_warn(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* One line: "[   0.012345] text". Nothing unless -v was given. */
void log_step(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif
