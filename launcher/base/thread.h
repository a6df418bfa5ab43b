/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Short-lived helper threads.
 */
#ifndef BASE_THREAD_H
#define BASE_THREAD_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

/* CPUs that this process may run on, at least 1. */
unsigned thread_cpus(void);

/*
 * Start @fn(@arg) on a thread that no asynchronous signal is delivered to:
 * those stay with the threads that expect them. False if the system has no
 * thread to give, and then nothing was started.
 */
bool thread_start(pthread_t *thread, void *(*fn)(void *), void *arg);

/*
 * Call @fn(@ctx, i) once for every i below @n, on as many CPUs as there are,
 * at most THREAD_SHARE_MAX, this thread's among them. The order is ascending
 * by the time each call begins. Returns when all calls have.
 */
#define THREAD_SHARE_MAX 8
void thread_share(size_t n, void (*fn)(void *ctx, size_t i), void *ctx);

#endif
