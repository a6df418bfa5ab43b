/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the stub's files share: reading a packet, making its answer, and the
 * commands.
 *
 * A command gets what is behind its name and puts the answer into
 * stub.reply. One that finds its packet malformed says so and does nothing.
 */
#ifndef DEBUG_GDB_STUB_PARTS_H
#define DEBUG_GDB_STUB_PARTS_H

#include "debug/gdb/stub.h"

/* The packet has the wrong form; gdb has no words for why. */
#define STUB_E_FORM "E01"
/* What it asks for is not there: errno's EFAULT, by custom. */
#define STUB_E_MEMORY "E14"

/* ---- what a packet says */

struct args {
	const uint8_t *at;
	const uint8_t *end;
};

/* Each takes what it names off the front; false if that is not there. */
bool args_char(struct args *a, char c);
bool args_word(struct args *a, const char *word);
bool args_number(struct args *a, uint64_t *value);
bool args_range(struct args *a, uint64_t *addr, uint64_t *len); /* "A,L" */
bool args_done(const struct args *a);

/*
 * A thread: -1 is all of them, 0 any, N vCPU N - 1, which must exist. A
 * process before it, as in "p1.2", is the only one there is.
 */
bool args_thread(const struct gdb_stub *s, struct args *a, int *thread);

/* ---- what is answered */

void stub_say(struct gdb_stub *s, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* In words, which gdb shows for some packets. */
void stub_refuse(struct gdb_stub *s, const struct err *e);

/* The packet that gdb gets when the target has stopped. */
void stub_say_stop(struct gdb_stub *s);
void stub_say_reg(struct gdb_stub *s, unsigned n, const struct cpu_regs *r);

/* ---- the commands, by file */

typedef void stub_command(struct gdb_stub *s, struct args *a);

/* stub_state.c */
stub_command stub_get_all, stub_set_all, stub_get_one, stub_set_one;
stub_command stub_read, stub_write, stub_write_binary;
stub_command stub_insert, stub_remove;

/* stub_run.c */
stub_command stub_continue, stub_step, stub_continue_signal, stub_step_signal;
stub_command stub_vcont_query, stub_vcont;

/* stub_query.c */
stub_command stub_why, stub_choose, stub_is_alive, stub_current;
stub_command stub_threads, stub_more_threads, stub_thread_info;
stub_command stub_supported, stub_features, stub_attached, stub_monitor;

#endif
