/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a thread or a process of ours does, which decides what the sandbox lets
 * it do. base/ and the devices name theirs; sandbox/ connects itself here.
 */
#ifndef BASE_CONFINE_H
#define BASE_CONFINE_H

#include <stdbool.h>
#include <stddef.h>

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

/* A process beside the launcher's own. */
enum process_role {
	PROCESS_TTY,		/* restores the terminal */
	PROCESS_NET,		/* the network of --net user */
	PROCESS_NET_RESTRICTED, /* the same, which connects to nothing */
	PROCESS_READER,		/* reads the kernel and the modules of exec */
};

/* A file that a process may read by its path as long as it lives: what it gets
 * is @fd, which is open already; -1: the file does not exist. */
struct confine_file {
	const char *path;
	int fd;
};

/* NULL: processes are not confined. */
extern void (*confine_process_hook)(enum process_role role, const char *name,
				    const struct confine_file *file);
extern bool (*confine_stopped_hook)(int status, char *what, size_t size);
extern void (*confine_violated_hook)(const char *what);

/*
 * This process, which has one thread, does @role from now on, for good. Ends it
 * if it cannot be confined.
 *
 * @name: as above. @file: copied; NULL: it opens no file. Of PROCESS_READER,
 * its fd is the folder beneath which it may read, or -1.
 */
void confine_process(enum process_role role, const char *name,
		     const struct confine_file *file);

/* Whether the sandbox stopped a process of ours that ended with @status, of
 * waitpid(). @what becomes the sentence that says so. */
bool confine_stopped(int status, char *what, size_t size);

/* The sandbox stopped another process that this one needs: end the run as if it
 * had been one of its threads. Only asks for that, and returns. */
void confine_violated(const char *what);

/* Whether confine_violated() was called: the run ends with that sentence, and
 * needs no other about the same. */
bool confine_is_violated(void);

#endif
