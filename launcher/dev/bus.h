/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The bus: which device answers at which port or MMIO address.
 *
 * There are two, one for ports and one for MMIO; both are filled before the
 * first vCPU runs and only read afterwards. Every vCPU thread comes here with
 * its own accesses; each range has a lock, so that a device sees them one by
 * one (see locks_itself). An access nobody answers reads
 * all ones and is written nowhere, as on real hardware; each such address is
 * named once (with -v) and counted, and so is each where a device answers that
 * has no use for the access.
 *
 * Must never trust: the address, size and data of an access.
 */
#ifndef DEV_BUS_H
#define DEV_BUS_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

struct device_ops {
	const char *name; /* "serial", for messages */
	/*
	 * The widest access the device understands, in bytes. Wider ones are
	 * cut into ones of that width at rising offsets, as the ISA bus does;
	 * the last one ends where the device's range does, so that its size
	 * may be any from 1 to the width.
	 */
	unsigned width;
	uint64_t (*read)(void *dev, uint64_t off, unsigned size);
	void (*write)(void *dev, uint64_t off, unsigned size, uint64_t value);
	/*
	 * Whether an access has a meaning, whatever the value; NULL: all do.
	 * One that has none still arrives, and is named and counted like one
	 * that nobody answers. From several vCPUs at once, without a lock.
	 */
	bool (*knows)(const void *dev, uint64_t off, unsigned size, bool write);
	/*
	 * Several vCPUs may call at once. They come one at a time, a whole
	 * access each, unless the device says here that it has a lock of its
	 * own: because other threads use it too, or because it may block.
	 */
	bool locks_itself;
};

struct bus_range {
	uint64_t start;
	uint64_t len;
	const struct device_ops *ops;
	void *dev;
	unsigned lock; /* which of the bus's range_locks */
};

#define BUS_MAX_RANGES	64
#define BUS_MAX_UNKNOWN 64

/* An address nobody answers at, or not so. */
struct bus_unknown {
	uint64_t addr;
	uint64_t reads;
	uint64_t writes;
};

struct bus {
	const char *name;			 /* "port" or "MMIO" */
	struct bus_range ranges[BUS_MAX_RANGES]; /* by start */
	unsigned count;
	/* Held while a device is called. Ranges are moved when another is
	 * added, a mutex may not be. */
	pthread_mutex_t range_locks[BUS_MAX_RANGES];
	pthread_mutex_t lock; /* covers what follows */
	struct bus_unknown unknown[BUS_MAX_UNKNOWN];
	unsigned unknown_count;
	uint64_t unknown_others; /* accesses beyond that table */
};

/* An empty bus called @name; nothing to release. */
void bus_init(struct bus *bus, const char *name);

/*
 * Let @dev answer at [@start, @start + @len). -EBUSY if the range overlaps
 * another, naming both devices; -ENOSPC if the table is full.
 */
int bus_add(struct bus *bus, uint64_t start, uint64_t len,
	    const struct device_ops *ops, void *dev, struct err *e);

/*
 * One access of @size bytes (1 to 8) at @addr. @data is filled on a read.
 * An access that begins in one range and runs out of it reads all ones for
 * the part outside.
 */
void bus_access(struct bus *bus, uint64_t addr, uint8_t *data, unsigned size,
		bool write);

#endif
