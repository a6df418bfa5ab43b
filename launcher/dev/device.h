/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A device type and a device's slot. They describe a device once, so that the
 * bus, the ACPI tables, the memory picture, the report and the man page can be
 * made from this description or checked against it.
 *
 *   struct device_type    what such a device is: its registers, its
 *                         interrupt, its ACPI name, how it is created
 *   struct device_slot    one device of the machine plan: the type, and the
 *                         addresses, interrupt and name allocated to it
 *
 * A type does not know where its device will be, unless PC software expects it
 * at a fixed place. A slot is a value: it can be printed and tested before
 * anything is opened. machine/plan.h makes them.
 */
#ifndef DEV_DEVICE_H
#define DEV_DEVICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/keywords.h"
#include "base/outcome.h"
#include "dev/bus.h"
#include "dev/line.h"
#include "vm/guest_mem.h"
#include "vm/irq.h"

enum device_space {
	DEVICE_PORTS,
	DEVICE_MMIO,
	DEVICE_PCI, /* a BAR at its first address; the guest may move it */
};

struct device_range {
	enum device_space space;
	uint64_t start;
	uint64_t len;		      /* 0: no range */
	const struct device_ops *ops; /* NULL: those of the type */
};

/* Ranges that are served by the type's own functions. */
#define DEVICE_PORTS_AT(first, count)                                 \
	{                                                             \
		.space = DEVICE_PORTS, .start = (first), .len = count \
	}
#define DEVICE_MMIO_AT(gpa, size)                                 \
	{                                                         \
		.space = DEVICE_MMIO, .start = (gpa), .len = size \
	}

/* More than any device has. */
#define DEVICE_RANGES 3

enum device_irq {
	DEVICE_NO_IRQ,
	DEVICE_IRQ_LEGACY, /* a line of type->gsi, as PC software expects */
	DEVICE_IRQ_EDGE,   /* edge-triggered, at a GSI that the plan finds */
};

/* Counts of a device for the report: "requests", 3. */
#define DEVICE_COUNTERS_MAX 32

struct device_counters {
	struct {
		const char *name; /* a key of a JSON object */
		uint64_t value;
	} of[DEVICE_COUNTERS_MAX];
	unsigned count;
};

struct device_slot;
struct pci_host;
struct virtio;
struct worker;

/* What KVM does for devices, while they exist. */
struct device_host {
	void *ctx;
	/* Let the guest's writes to @bell ring it, or stop that. Where the host
	 * cannot do it, the writes stay accesses. */
	int (*connect)(void *ctx, const struct doorbell *bell, struct err *e);
	void (*disconnect)(void *ctx, const struct doorbell *bell);
	/* A message-signalled interrupt without a message. */
	int (*add_msi)(void *ctx, struct irq_msi *msi, struct err *e);
};

/* Is called, from any thread, when the guest says that it has booted. fn NULL:
 * nothing waits for that. */
struct device_ready {
	void (*fn)(void *ctx);
	void *ctx;
};

/* What the machine gives to a device that it creates. */
struct device_env {
	const struct guest_mem *gm;
	struct outcome_latch *latch;	 /* for a device that can end the run */
	const struct line_host *console; /* for a device that is a console */
	/* Where such a device stores its end; the last one gets the input. */
	struct line_guest *console_input;
	struct irq_line line; /* of DEVICE_IRQ_LEGACY */
	/* Of DEVICE_IRQ_EDGE; create() may take ownership of it. */
	struct irq_edge edge;
	/* Runs a device's work on a thread; not started yet. */
	struct worker *worker;
	const struct device_ready *ready;
	const struct device_host *host;
	struct pci_host *bridge; /* NULL: the machine has none */
};

/* A port of the host that leads to one of the guest. */
struct device_forward {
	const char *protocol; /* "tcp" */
	char address[48];     /* of the host */
	unsigned port, guest_port;
};

/* The option that adds such a device: the keys that it takes, and the struct
 * that stores their values. */
struct device_option {
	struct keywords keywords;
	size_t config_size;
	/* Check the keys against each other. NULL: no check. */
	int (*check)(const void *config, struct err *e);
	/* Make it go together with that of an earlier device of this type,
	 * which may change it, or refuse it. NULL: any two do. */
	int (*agree)(void *config, const void *earlier, struct err *e);
	/*
	 * The option was given again: add @more to @config, whose device serves
	 * both. On success @more belongs to @config, and close() frees it.
	 * NULL: each option adds a device.
	 */
	int (*join)(void *config, void *more, struct err *e);
	/* Before open(): the guest's name, and which device of its type this
	 * is, from 0. NULL: neither matters. */
	void (*identify)(void *config, const char *guest, unsigned instance);
	/* Open the host files that the device needs, before any foreign bytes
	 * are read. Never waits. NULL: opens nothing. */
	int (*open)(void *config, struct err *e);
	/* With the rights of --run-as; otherwise with root's. */
	bool opened_as_user;
	/* The device opens files or UNIX sockets while the guest runs, on
	 * threads of the role THREAD_FILES. */
	bool opens_files;
	/* The folder, open, to which that is limited, and whether it may be
	 * written to. NULL: it opens no files. */
	int (*folder)(const void *config, bool *writable);
	/* Once it is open: its forward number @n, from 0; false if there are
	 * fewer. NULL: such a device has none. */
	bool (*forward)(const void *config, unsigned n,
			struct device_forward *f);
	/* After the device's release(), or without a device. */
	void (*close)(void *config);
	/* The process ends while other threads may still use the device: remove
	 * the files that open() has made, and no more. NULL: it makes none. */
	void (*abandon)(const void *config);
	/* The path of the file that these two remove; NULL: it has none. NULL:
	 * they remove none. */
	const char *(*removes)(const void *config);
};

struct device_type {
	const char *name; /* "serial": in messages, report, picture, man page */
	/* Registers at fixed places; the first one without a length ends the
	 * list. */
	struct device_range fixed[DEVICE_RANGES];
	/* Bytes of registers that may be anywhere in the MMIO window; the plan
	 * chooses their address. 0: none. */
	uint64_t mmio_len;
	/* Bytes of a PCI function's BAR; the plan gives the function a number
	 * and the BAR a place. 0: it is not a PCI function. */
	uint64_t bar_len;
	enum device_irq irq;
	unsigned gsi; /* of DEVICE_IRQ_LEGACY */
	/* How the DSDT describes it; NULL: it does not. The id is an EISA id
	 * ("PNP0501") or any other string. The name has four characters; a '#'
	 * at its end is replaced by a digit. */
	const char *acpi_hid;
	const char *acpi_name;
	/* NULL: it is on no bus. */
	const struct device_ops *ops;
	/*
	 * Create the device of @slot. ops and the functions below get *@dev. On
	 * failure the caller must release only @env->edge. NULL: it is inside
	 * KVM.
	 */
	int (*create)(void **dev, const struct device_slot *slot,
		      struct device_env *env, struct err *e);
	/*
	 * Stop all that the device does by itself, and wait until it has
	 * stopped. Called after the last vCPU has stopped, while the worker
	 * still runs. NULL: the device only answers accesses.
	 */
	void (*stop)(void *dev);
	void (*release)(void *dev);
	/* Add the device's counts to @c. Called after stop(). NULL: it counts
	 * nothing. */
	void (*report)(void *dev, struct device_counters *c);
	/*
	 * Create a virtio device without its transport. The slot's transport
	 * has the other functions, and its create() calls this one.
	 * ops->release() of *@v frees the device.
	 */
	int (*virtio)(struct virtio **v, const struct device_slot *slot,
		      struct device_env *env, struct err *e);
	/* NULL: no option adds one. */
	const struct device_option *option;
	/* NULL: the device is not a host bridge. */
	struct pci_host *(*bridge)(void *dev);
};

/* A device that the user added by its type's option. */
struct device_request {
	const struct device_type *type;
	void *config; /* NULL: the type has no option */
};

/* Fill in *@r from the argument of @type's option. The message does not name
 * the option. On failure the caller releases nothing. */
int device_request_parse(struct device_request *r,
			 const struct device_type *type, const char *text,
			 struct err *e);

/*
 * Add @r to the @count requests of @list, which has room for @max, or join it
 * with one of its type, if a machine can have it in addition. On success the
 * list owns its config. The message does not name the option.
 */
int device_request_add(struct device_request *list, size_t *count, size_t max,
		       const struct device_request *r, struct err *e);

/* Open what the device needs; see struct device_option for @guest and
 * @instance. */
int device_request_open(const struct device_request *r, const char *guest,
			unsigned instance, struct err *e);
/* See abandon() of struct device_option; it need not be open. */
void device_request_abandon(const struct device_request *r);
void device_request_release(struct device_request *r);

struct device_slot {
	const struct device_type *type;
	/* How it is reached and created: the type, or a virtio transport. */
	const struct device_type *via;
	unsigned instance;  /* of its type, from 0 */
	const void *config; /* of its option; NULL: the type has none */
	struct device_range ranges[DEVICE_RANGES];
	unsigned ranges_count;
	unsigned gsi;	     /* unless via has DEVICE_NO_IRQ */
	unsigned pci_number; /* 0: it is not a PCI function */
	char acpi_name[5];   /* "": not in the DSDT */
};

/* Add a count to @c; there are at most DEVICE_COUNTERS_MAX. @name must stay. */
void device_count(struct device_counters *c, const char *name, uint64_t value);

/* Zeroed memory for the state of @slot's device; NULL with @e filled in. */
void *device_alloc(const struct device_slot *slot, size_t size, struct err *e);

#endif
