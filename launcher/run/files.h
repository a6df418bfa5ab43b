/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Everything that a run opens: its outputs, its inputs and /dev/kvm.
 *
 * All of it is opened in one place, before a byte of the image is read. What
 * comes later works with descriptors, so that a process that parses foreign
 * bytes does not need the right to open anything.
 *
 * Only --gdb's socket is opened elsewhere, by debugger_open(), at the same
 * time.
 */
#ifndef RUN_FILES_H
#define RUN_FILES_H

#include "base/input.h"
#include "base/output.h"
#include "boot/place.h"
#include "vm/kvm.h"

/* NULL: not asked for. Paths must outlive the files. */
struct run_paths {
	const char *report, *timeline, *trace, *dmesg, *core;
	const char *image, *symbols;
	const char *const *initrds;
	size_t initrds_count; /* at most INITRD_PARTS_MAX */
};

struct run_files {
	struct output report, timeline, trace, dmesg, core;
	struct input image, symbols;
	struct input initrds[INITRD_PARTS_MAX];
	struct kvm kvm;
	/* Why it is missing. This is reported when it is needed: that an image
	 * cannot be booted at all is a more useful message. */
	struct err no_kvm;
};

/* All empty, so that run_files_close() may follow. */
void run_files_init(struct run_files *f);

/*
 * Open the files of @p, the outputs first, so that later errors can be reported
 * there. This does not wait, and does not read.
 *
 * Returns 0 or a negative errno; the message begins with the option of an
 * output, or names the input. Call run_files_close() in either case.
 */
int run_files_open(struct run_files *f, const struct run_paths *p,
		   struct err *e);

/* Close the inputs and /dev/kvm: everything is read. */
void run_files_close_inputs(struct run_files *f);

/* Close everything; outputs that were not committed are discarded. */
void run_files_close(struct run_files *f);

#endif
