/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What `launcher exec` and the init that it puts into its guest agree on.
 *
 * The launcher makes an initramfs with the init, the kernel's modules and one
 * file of words, EXEC_WORDS. The file is a list of strings, each ended by a
 * NUL: "KEY=VALUE", where the key is one of those below and the value is any
 * text. The init acts on them in this order of keys:
 *
 *   module=FILE    load this file of the initramfs; in the order of the list
 *   root=TAG       the shared folder that becomes the root
 *   overlay=       with a throwaway overlay over it, so that it stays as it is
 *   share=TAG      another shared folder, which is mounted at
 *   at=PATH        this path of the root
 *   host=NAME      the guest's host name
 *   uid=N gid=N    whose the command is
 *   group=N        repeated: one of its groups
 *   net=NAME       a network card, which is switched on, and gets
 *   address=A.B.C.D/N gateway=A.B.C.D dns=A.B.C.D
 *                  this address, default route, and name server
 *   dir=PATH       the folder in which it begins
 *   stdin=WHERE stdout=WHERE stderr=WHERE
 *                  EXEC_PORT: a virtio port of the stream's name; EXEC_TTY: the
 *                  terminal
 *   env=NAME=VALUE repeated: its environment
 *   arg=TEXT       repeated: the command and its arguments
 *
 * When the command has ended, the init writes EXEC_REPORT(kind, value) to the
 * test port (pv/testport.h), which works without any virtio device.
 */
#ifndef PV_EXEC_H
#define PV_EXEC_H

#define EXEC_WORDS "/exec.words"

/* The values of stdin, stdout and stderr. */
#define EXEC_PORT "port"
#define EXEC_TTY  "tty"

/* The names of the streams' virtio ports. */
#define EXEC_PORT_STDIN	 "launcher.stdin"
#define EXEC_PORT_STDOUT "launcher.stdout"
#define EXEC_PORT_STDERR "launcher.stderr"
/*
 * What the two have to say to each other while the command runs, in single
 * bytes. The host's: the number of a signal, for the command's process group;
 * or EXEC_DONE once stdout and stderr, whose ports the init has closed, are
 * complete. The init's, of no meaning: one when the command has been started,
 * and one for each signal once it has been delivered.
 */
#define EXEC_PORT_CONTROL "launcher.control"
#define EXEC_DONE	  0
#define EXEC_SIGNAL_MAX	  64

/* The virtio console that is the guest's terminal. */
#define EXEC_TTY_NAME "hvc0"

/* A 32-bit value for the test port: | magic, 16 bits | kind | value |. */
#define EXEC_REPORT(kind, value) \
	(EXEC_MAGIC | (unsigned)(kind) << 8 | ((value)&0xff))
#define EXEC_MAGIC	0xec5e0000u
#define EXEC_MAGIC_MASK 0xffff0000u
#define EXEC_KIND(v)	((v) >> 8 & 0xff)
#define EXEC_VALUE(v)	((v)&0xff)

/* The kinds: */
#define EXEC_EXITED 1 /* with the status VALUE */
#define EXEC_KILLED 2 /* by the signal VALUE */
/* The command was not started: the last line of the kernel's log says why. */
#define EXEC_UNPREPARED 3

/* As shells do: the command was found but could not be executed, or was not
 * found. Its standard error says which. */
#define EXEC_NOT_EXECUTABLE 126
#define EXEC_NOT_FOUND	    127

#endif
