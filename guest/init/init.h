/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The init of `launcher exec`: process 1 of the guest. The parts, in the order
 * in which main.c calls them:
 *
 *   log.c      messages to the kernel's log
 *   words.c    what is to be done
 *   modules.c  the kernel's modules
 *   mounts.c   the root: shared folders, an overlay, and what the kernel shows
 *   net.c      network cards
 *   ports.c    the streams and the terminal, as files
 *   command.c  the command itself
 *   control.c  signals for it, and the end of its output
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

/* Make the folder @path and those above it, as far as they are missing. @path
 * is changed meanwhile. */
void make_folders(char *path);

/* Whether something in @folder is shared with the host by itself, or the
 * command begins there. */
bool mount_is_used(const struct words *w, const char *folder);

/* ---- net.c */

/* Before mount_root(): a file that it would hide. */
void net_prepare(const struct words *w);

/* After it: the kernel's cards, and /etc/resolv.conf. */
void net_up(const struct words *w);

/* ---- ports.c */

/* Open the virtio port @name, so that it does not block; waits for the
 * driver. */
int port_open(const char *name);

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

/* ---- control.c */

/* Open the port on which the host sends signals. */
int control_open(void);

/* Tell the host that the command was started, or a signal delivered. */
void control_answer(int fd);

/* Deliver the signals that have come to the process group of @pid. */
void control_serve(int fd, int pid);

/* Wait until the host has all output. How long that takes is up to the reader;
 * signals are not delivered any more. */
void control_await_done(int fd);

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
 * Pass bytes along the @count streams, and signals from the port @control,
 * until process @pid has ended and all that it and its children have written
 * has been passed on. Returns its status as wait(2) has it.
 */
int relay_run(struct stream *streams, unsigned count, int control, int pid);

/* ---- end.c */

/* Report @value (EXEC_REPORT) and end the guest. */
void end_guest(unsigned value) __attribute__((noreturn));

#endif
