/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel's log, out of its memory: what /proc/kmsg would have given.
 *
 * Two forms exist. Up to 5.9 there is one buffer of records, one behind the
 * other, from log_first_idx to log_next_idx; a record of length 0 means that
 * the next one is at the start:
 *
 *   log_buf   | ts, lengths, level | text | dict | ts, ... | 0      |
 *
 * Since 5.10 there is a ring of descriptors, each with an entry of the same
 * number in the array of infos, and a ring of texts, of which each begins with
 * its descriptor's id:
 *
 *   descs     | id and state, begin and next of the text |  ...
 *   infos     | seq, ts, length, level |  ...
 *   texts     | id, text | id, text | ...
 *
 * A text that does not fit at the ring's end is at its start.
 *
 * The offsets in these structs come from VMCOREINFO. Before the kernel has made
 * that, those of stock kernels are taken, and the names of the variables; a
 * wrong guess finds no record, since every record is checked against its
 * neighbours.
 *
 * Must never trust: any of it. The guest may have written anywhere, and may
 * have stopped in the middle of a record. A record that contradicts itself is
 * left out; nothing is read twice.
 *
 * Spec: Linux, kernel/printk/printk.c of 4.9 to 5.9, and
 * kernel/printk/printk_ringbuffer.c of 5.10, 6.1 and 6.12.
 */
#ifndef AUTOPSY_KERNEL_LOG_H
#define AUTOPSY_KERNEL_LOG_H

#include "autopsy/memory.h"
#include "autopsy/vmcoreinfo.h"
#include "base/buf.h"
#include "base/err.h"

/* What a kernel can be configured with; log_buf_len= could give more. */
#define KERNEL_LOG_MAX (UINT64_C(1) << 25)

/* The addresses of the kernel's variables; 0: not known. */
struct kernel_log_names {
	uint64_t prb;
	uint64_t log_buf, log_buf_len, log_first_idx, log_next_idx;
};

struct kernel_log {
	struct buf text;   /* lines "<6>[    0.000000] text\n" */
	uint64_t records;  /* that are in it */
	uint64_t left_out; /* that contradict themselves */
};

/*
 * Read the log of the kernel in @m, by @info and, where that is empty, by
 * @names. A line begins with its priority, as /proc/kmsg has it.
 *
 * Returns 0; -ENOENT if neither says where the log is, or the kernel has not
 * written to it; -EINVAL if it is not there; -ENOMEM. On failure *@log is
 * untouched.
 */
int kernel_log_read(struct kernel_log *log, const struct memory *m,
		    const struct vmcoreinfo *info,
		    const struct kernel_log_names *names, struct err *e);
void kernel_log_release(struct kernel_log *log);

/*
 * The line before @*at, which moves to its start; false at the log's start.
 * Without its priority. To begin with, *@at is the text's length.
 */
bool kernel_log_line_before(struct bytes text, size_t *at, struct bytes *line);

#endif
