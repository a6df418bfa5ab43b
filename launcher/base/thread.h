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
 * Start @fn(@arg) on a thread that gets no asynchronous signals; they go to the
 * threads that expect them. False if no thread could be started.
 */
bool thread_start(pthread_t *thread, void *(*fn)(void *), void *arg);

/*
 * Call @fn(@ctx, i) once for every i below @n, on all CPUs, at most
 * THREAD_SHARE_MAX, including this thread. Calls begin in ascending order.
 * Returns when all calls have returned.
 */
#define THREAD_SHARE_MAX 8
void thread_share(size_t n, void (*fn)(void *ctx, size_t i), void *ctx);

#endif
