/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Short-lived helper threads.
 */
#ifndef BASE_THREAD_H
#define BASE_THREAD_H

#include <pthread.h>
#include <stdbool.h>

/* CPUs that this process may run on, at least 1. */
unsigned thread_cpus(void);

/*
 * Start @fn(@arg) on a thread that no asynchronous signal is delivered to:
 * those stay with the threads that expect them. False if the system has no
 * thread to give, and then nothing was started.
 */
bool thread_start(pthread_t *thread, void *(*fn)(void *), void *arg);

#endif
