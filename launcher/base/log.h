/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the launcher says on stderr: each step of a run with the time since the
 * program started (-v), and the few lines that are always shown.
 *
 * Lines go to stderr, whole, because the guest's console owns stdout. They are
 * cleaned (clean.h). A line that stderr does not accept soon is dropped and
 * counted, and log_end() reports it. The level is set once by main before any
 * thread runs; lines may come from every thread.
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

/* Before the first line; without it, a line may block on a terminal. */
void log_open(void);

/* The descriptor of log_open() is closed with others: lines go to stderr. */
void log_lose(void);

/* One line: "[   0.012345] text". Nothing unless -v was given. */
void log_step(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* One line: "launcher: text". */
void log_say(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* The program ends: say how many lines were dropped, if any. */
void log_end(void);

#endif
