/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The bus: which device answers at which port or MMIO address.
 *
 * There are two, one for ports and one for MMIO. Both are filled before the
 * first vCPU runs and only read afterwards. Every vCPU thread calls in with its
 * own accesses. Each range has a lock, so that a device sees one access at a
 * time (see locks_itself). An unclaimed read returns all ones and an unclaimed
 * write is dropped, as on real hardware. Each unclaimed address is logged once
 * (with -v) and its accesses are counted, and so is each address at which a
 * device does not handle the access.
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
	 * The widest access the device supports, in bytes. Wider accesses are
	 * split into accesses of that width at rising offsets, as the ISA bus
	 * does. The last one ends at the end of the device's range, so its size
	 * may be anything from 1 to the width.
	 */
	unsigned width;
	uint64_t (*read)(void *dev, uint64_t off, unsigned size);
	void (*write)(void *dev, uint64_t off, unsigned size, uint64_t value);
	/*
	 * Whether the device handles this access, whatever the value; NULL: it
	 * handles all. An unhandled access still reaches the device, but is
	 * logged and counted like an unclaimed one. Several vCPUs may call this
	 * at once, without a lock.
	 */
	bool (*knows)(const void *dev, uint64_t off, unsigned size, bool write);
	/*
	 * Several vCPUs may call at once. The bus serialises whole accesses,
	 * unless the device says here that it has its own lock, because other
	 * threads use it too or because it may block.
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

/* An address of unclaimed or unhandled accesses. */
struct bus_unknown {
	uint64_t addr;
	uint64_t reads;
	uint64_t writes;
};

struct bus {
	const char *name;			 /* "port" or "MMIO" */
	struct bus_range ranges[BUS_MAX_RANGES]; /* by start */
	unsigned count;
	/* Held while a device is called. Kept apart from the ranges, because
	 * adding a range moves the others and a mutex must not be moved. */
	pthread_mutex_t range_locks[BUS_MAX_RANGES];
	pthread_mutex_t lock; /* covers what follows */
	struct bus_unknown unknown[BUS_MAX_UNKNOWN];
	unsigned unknown_count;
	uint64_t unknown_others; /* accesses beyond that table */
};

/* An empty bus called @name; nothing to release. */
void bus_init(struct bus *bus, const char *name);

/*
 * Register @dev at [@start, @start + @len). -EBUSY if the range overlaps
 * another, naming both devices; -ENOSPC if the table is full.
 */
int bus_add(struct bus *bus, uint64_t start, uint64_t len,
	    const struct device_ops *ops, void *dev, struct err *e);

/*
 * One access of @size bytes (1 to 8) at @addr. @data is filled on a read.
 * An access that begins in a range and extends past its end reads all ones for
 * the part outside.
 */
void bus_access(struct bus *bus, uint64_t addr, uint8_t *data, unsigned size,
		bool write);

#endif
