/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The init of `launcher exec`: process 1 of the guest. The parts, in the order
 * in which main.c calls them:
 *
 *   log.c      messages to the kernel's log
 *   words.c    what is to be done
 *   modules.c  the kernel's modules
 *   mounts.c   the root: shared folders, an overlay, and what the kernel shows
 *   ports.c    the streams and the terminal, as files
 *   command.c  the command itself
 *   relay.c    bytes between the command's pipes and the ports
 *   end.c      the status, by the test port
 *
 * A part that fails says why in the kernel's log, and the launcher shows its
 * last line. The program uses no library: it must be small, run on any kernel,
 * and find no file but those in its own archive.
 */
#ifndef GUEST_INIT_INIT_H
#define GUEST_INIT_INIT_H

#include <stdbool.h>
#include <stddef.h>

#include "init/words.h"

/* ---- log.c */

/* Once /dev is there. */
void log_open(void);

/* Say why, "%s: %s" with the text of the errno -@rc unless that is 0, and end
 * the guest. */
void fail(int rc, const char *fmt, ...)
	__attribute__((format(printf, 2, 3), noreturn));

/* "No such file or directory", or "error 123". */
const char *error_text(int rc);

/* ---- modules.c */

void modules_load(const struct words *w);

/* ---- mounts.c */

/* What the init itself needs: /dev, /proc, /sys. */
void mount_first(void);

/* Make the root and move into it. */
void mount_root(const struct words *w);

/* ---- ports.c */

/* Open the virtio port @name, so that it does not block; waits for the
 * driver. */
int port_open(const char *name);

/* Wait until the host has sent something to the port @fd, or has ended it. */
void port_await(int fd);

/* Open the terminal. */
int terminal_open(void);

/* ---- command.c */

struct command {
	const char *const *args;
	const char *const *envs;
	int fds[3]; /* its standard streams */
	bool tty;   /* stdin is its terminal */
};

/* Start it; returns its process number. */
int command_start(const struct words *w, const struct command *c);

/* ---- relay.c */

/* From @from to @to; the bytes between them. */
#define STREAM_ROOM 32768

struct stream {
	int from, to; /* -1: closed */
	int port;     /* one of them; it stays open until the end */
	bool is_input;
	size_t at, len;
	char bytes[STREAM_ROOM];
};

/*
 * Pass bytes along the @count streams until process @pid has ended and all that
 * it and its children have written has been passed on. Returns its status as
 * wait(2) has it.
 */
int relay_run(struct stream *streams, unsigned count, int pid);

/* ---- end.c */

/* Report @value (EXEC_REPORT) and end the guest. */
void end_guest(unsigned value) __attribute__((noreturn));

#endif
