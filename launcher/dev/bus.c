/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dev/bus.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/log.h"

void bus_init(struct bus *bus, const char *name)
{
	memset(bus, 0, sizeof(*bus));
	bus->name = name;
	pthread_mutex_init(&bus->lock, NULL);
	for (unsigned i = 0; i < BUS_MAX_RANGES; i++)
		pthread_mutex_init(&bus->range_locks[i], NULL);
}

int bus_add(struct bus *bus, uint64_t start, uint64_t len,
	    const struct device_ops *ops, void *dev, struct err *e)
{
	unsigned at = 0;

	assert(len && start + len > start);
	if (bus->count == BUS_MAX_RANGES)
		return err_set(e, ENOSPC, "%s bus is full: no room for %s",
			       bus->name, ops->name);
	for (unsigned i = 0; i < bus->count; i++) {
		const struct bus_range *r = &bus->ranges[i];

		if (start < r->start + r->len && r->start < start + len)
			return err_set(
				e, EBUSY, "%s 0x%" PRIx64 " of %s overlaps %s",
				bus->name, start, ops->name, r->ops->name);
		if (r->start < start)
			at = i + 1;
	}
	memmove(&bus->ranges[at + 1], &bus->ranges[at],
		(bus->count - at) * sizeof(bus->ranges[0]));
	bus->ranges[at] = (struct bus_range){ start, len, ops, dev,
					      bus->count };
	bus->count++;
	return 0;
}

static const struct bus_range *find(const struct bus *bus, uint64_t addr)
{
	unsigned lo = 0, hi = bus->count;

	while (lo < hi) {
		unsigned mid = (lo + hi) / 2;
		const struct bus_range *r = &bus->ranges[mid];

		if (addr < r->start)
			hi = mid;
		else if (addr - r->start >= r->len)
			lo = mid + 1;
		else
			return r;
	}
	return NULL;
}

static void name_unknown(const struct bus *bus, const struct bus_range *r,
			 uint64_t addr, unsigned size, bool write)
{
	const char *how = write ? "write" : "read";

	if (r)
		log_step("%s: unhandled %u-byte %s at %s 0x%" PRIx64
			 " (first %s)",
			 r->ops->name, size, how, bus->name, addr, how);
	else
		log_step("no device at %s 0x%" PRIx64 " (first %s)", bus->name,
			 addr, how);
}

/* An unhandled access of @size bytes at @addr. @r is the range that contains
 * @addr, or NULL if no device answers there. */
static void note_unknown(struct bus *bus, const struct bus_range *r,
			 uint64_t addr, unsigned size, bool write)
{
	struct bus_unknown *u = NULL;

	pthread_mutex_lock(&bus->lock);
	for (unsigned i = 0; i < bus->unknown_count && !u; i++)
		if (bus->unknown[i].addr == addr)
			u = &bus->unknown[i];
	if (!u && bus->unknown_count < BUS_MAX_UNKNOWN) {
		u = &bus->unknown[bus->unknown_count++];
		u->addr = addr;
		name_unknown(bus, r, addr, size, write);
	}
	if (!u)
		bus->unknown_others++;
	else if (write)
		u->writes++;
	else
		u->reads++;
	pthread_mutex_unlock(&bus->lock);
}

static void access_device(const struct bus_range *r, uint64_t off,
			  uint8_t *data, unsigned size, bool write)
{
	uint64_t value = 0;

	if (write) {
		memcpy(&value, data, size);
		r->ops->write(r->dev, off, size, value);
	} else {
		value = r->ops->read(r->dev, off, size);
		memcpy(data, &value, size);
	}
}

/* Split an access into sizes that the device supports, up to the end of its
 * range. */
static void access_range(struct bus *bus, const struct bus_range *r,
			 uint64_t first, uint8_t *data, unsigned size,
			 bool write)
{
	unsigned done = 0;

	while (done < size) {
		uint64_t off = first + done;
		unsigned n = size - done;

		if (off >= r->len)
			break;
		if (n > r->ops->width)
			n = r->ops->width;
		if (n > r->len - off)
			n = (unsigned)(r->len - off);
		if (r->ops->knows && !r->ops->knows(r->dev, off, n, write))
			note_unknown(bus, r, r->start + off, n, write);
		access_device(r, off, data + done, n, write);
		done += n;
	}
}

void bus_access(struct bus *bus, uint64_t addr, uint8_t *data, unsigned size,
		bool write)
{
	const struct bus_range *r = find(bus, addr);

	assert(size && size <= 8);
	if (!write)
		memset(data, 0xff, size);
	if (!r) {
		note_unknown(bus, NULL, addr, size, write);
		return;
	}
	if (!r->ops->locks_itself)
		pthread_mutex_lock(&bus->range_locks[r->lock]);
	access_range(bus, r, addr - r->start, data, size, write);
	if (!r->ops->locks_itself)
		pthread_mutex_unlock(&bus->range_locks[r->lock]);
}
