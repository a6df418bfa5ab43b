/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a thread does, which decides what the sandbox lets it do. base/ and the
 * devices name their threads; sandbox/ connects itself here.
 */
#ifndef BASE_CONFINE_H
#define BASE_CONFINE_H

enum thread_role {
	THREAD_ANY,   /* what the process may */
	THREAD_MAIN,  /* the event loop while a guest runs */
	THREAD_VCPU,  /* the guest */
	THREAD_WORK,  /* a device's requests, the trace's writer */
	THREAD_FILES, /* a device's requests that open files or sockets */
};

/* Called by every thread first; NULL: there is no sandbox. Set before there are
 * other threads. */
extern void (*confine_hook)(enum thread_role role, const char *name);

/* This thread does @role from now on, for good. @name: at most 15 bytes, for
 * messages and for /proc. */
void confine_thread(enum thread_role role, const char *name);

#endif
