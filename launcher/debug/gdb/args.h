/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The arguments of a packet, read piece by piece.
 *
 * Must never trust: any byte. No byte after the end is read, and a reader that
 * does not find what it expects returns false.
 */
#ifndef DEBUG_GDB_ARGS_H
#define DEBUG_GDB_ARGS_H

#include <stdbool.h>
#include <stdint.h>

struct gdb_args {
	const uint8_t *at;
	const uint8_t *end;
};

/* Each reads what it names; false if that is missing, and then *@a may have
 * moved. */
bool gdb_args_char(struct gdb_args *a, char c);
bool gdb_args_word(struct gdb_args *a, const char *word);
bool gdb_args_number(struct gdb_args *a, uint64_t *value);
/* "ADDR,LEN" */
bool gdb_args_range(struct gdb_args *a, uint64_t *addr, uint64_t *len);

/*
 * A thread of a target with @cpus vCPUs: -1 is all of them, 0 any, N vCPU
 * N - 1, which must exist. A process before it, as in "p1.2", must be 1.
 */
bool gdb_args_thread(struct gdb_args *a, unsigned cpus, int *thread);

/* Whether nothing is left. */
bool gdb_args_done(const struct gdb_args *a);

#endif
