/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dev/pci/host.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#include "dev/pc/legacy.h"

static const struct pci_ids bridge_ids = {
	.vendor = PCI_BRIDGE_VENDOR,
	.device = PCI_BRIDGE_DEVICE,
	.class_code = PCI_BRIDGE_CLASS,
	.revision = PCI_BRIDGE_REVISION,
};

/* --- where BARs answer */

static bool is_in_window(const struct pci_function *f, uint64_t gpa)
{
	return gpa >= PCI_WINDOW_GPA &&
	       gpa - PCI_WINDOW_GPA <= PCI_WINDOW_SIZE - f->bar_len;
}

static bool overlap(const struct pci_function *a, uint64_t a_gpa,
		    const struct pci_function *b, uint64_t b_gpa)
{
	return a_gpa != PCI_NOWHERE && b_gpa != PCI_NOWHERE &&
	       a_gpa < b_gpa + b->bar_len && b_gpa < a_gpa + a->bar_len;
}

/* Where function @n answers, given where the functions before it answer. */
static uint64_t decide(const struct pci_host *h, unsigned n,
		       const uint64_t *before)
{
	const struct pci_function *f = h->functions[n];
	uint64_t gpa = pci_function_bar(f);

	if (gpa == PCI_NOWHERE || !is_in_window(f, gpa))
		return PCI_NOWHERE;
	for (unsigned i = 0; i < n; i++)
		if (h->functions[i] &&
		    overlap(h->functions[i], before[i], f, gpa))
			return PCI_NOWHERE;
	return gpa;
}

static void move(struct pci_function *f, uint64_t gpa)
{
	if (f->gpa == gpa)
		return;
	f->gpa = gpa;
	if (f->ops->moved)
		f->ops->moved(f->dev, gpa);
}

/* All functions leave their old places before any takes a new one. */
static void map_bars(struct pci_host *h)
{
	uint64_t wanted[PCI_DEVICES_MAX];

	for (unsigned i = 0; i < PCI_DEVICES_MAX; i++)
		if (h->functions[i])
			wanted[i] = decide(h, i, wanted);
	for (unsigned i = 0; i < PCI_DEVICES_MAX; i++)
		if (h->functions[i] && h->functions[i]->gpa != wanted[i])
			move(h->functions[i], PCI_NOWHERE);
	for (unsigned i = 0; i < PCI_DEVICES_MAX; i++)
		if (h->functions[i])
			move(h->functions[i], wanted[i]);
}

/* --- configuration spaces, with the lock */

/* NULL: no function has the address in the address register. */
static struct pci_function *selected(struct pci_host *h)
{
	unsigned number = h->address >> 11 & (PCI_DEVICES_MAX - 1);

	/* Another bus, or another function of the device. */
	if (!(h->address & PCI_ADDRESS_ENABLE) || (h->address & 0xff0700))
		return NULL;
	return number ? h->functions[number] : &h->bridge;
}

static uint32_t read_config(struct pci_host *h, unsigned byte, unsigned size)
{
	struct pci_function *f = selected(h);

	/* 3.2.2.3.4: a read of a missing function returns all ones. */
	if (!f)
		return UINT32_MAX;
	return pci_function_read(f, (h->address & 0xfc) + byte, size);
}

static void write_config(struct pci_host *h, unsigned byte, unsigned size,
			 uint32_t value)
{
	struct pci_function *f = selected(h);
	uint64_t before;

	if (!f)
		return;
	before = pci_function_bar(f);
	pci_function_write(f, (h->address & 0xfc) + byte, size, value);
	if (pci_function_bar(f) != before)
		map_bars(h);
}

/* --- ports */

static uint64_t host_read(void *dev, uint64_t off, unsigned size)
{
	struct pci_host *h = dev;
	uint64_t value = UINT64_MAX;

	pthread_mutex_lock(&h->lock);
	if (off == PCI_PORT_ADDRESS && size == 4)
		value = h->address;
	else if (off >= PCI_PORT_DATA)
		value = read_config(h, (unsigned)off - PCI_PORT_DATA, size);
	else if (off == PCI_PORT_RESET)
		value = 0;
	pthread_mutex_unlock(&h->lock);
	return value;
}

static void host_write(void *dev, uint64_t off, unsigned size, uint64_t value)
{
	struct pci_host *h = dev;

	pthread_mutex_lock(&h->lock);
	if (off == PCI_PORT_ADDRESS && size == 4)
		h->address = (uint32_t)value & PCI_ADDRESS_BITS;
	else if (off >= PCI_PORT_DATA)
		write_config(h, (unsigned)off - PCI_PORT_DATA, size,
			     (uint32_t)value);
	else if (off == PCI_PORT_RESET && size == 1)
		pci_reset_control(h->latch, (uint8_t)value);
	pthread_mutex_unlock(&h->lock);
}

const struct device_ops pci_host_ops = {
	.name = "pci",
	.width = 4,
	.read = host_read,
	.write = host_write,
	.locks_itself = true,
};

/* --- the window */

/* The function at @off of the window, and *@at in its BAR; else NULL. */
static struct pci_function *find(struct pci_host *h, uint64_t off,
				 unsigned size, uint64_t *at)
{
	uint64_t gpa = PCI_WINDOW_GPA + off;
	struct pci_function *found = NULL;

	pthread_mutex_lock(&h->lock);
	for (unsigned i = 1; i <= h->last && !found; i++) {
		struct pci_function *f = h->functions[i];

		if (!f || f->gpa == PCI_NOWHERE || gpa < f->gpa ||
		    gpa - f->gpa > f->bar_len - size)
			continue;
		*at = gpa - f->gpa;
		found = f;
	}
	pthread_mutex_unlock(&h->lock);
	return found;
}

static uint64_t window_read(void *dev, uint64_t off, unsigned size)
{
	uint64_t at;
	struct pci_function *f = find(dev, off, size, &at);

	return f ? f->ops->memory->read(f->dev, at, size) : UINT64_MAX;
}

static void window_write(void *dev, uint64_t off, unsigned size, uint64_t value)
{
	uint64_t at;
	struct pci_function *f = find(dev, off, size, &at);

	if (f)
		f->ops->memory->write(f->dev, at, size, value);
}

static bool window_knows(const void *dev, uint64_t off, unsigned size,
			 bool write)
{
	uint64_t at;
	struct pci_function *f = find((struct pci_host *)(uintptr_t)dev, off,
				      size, &at);

	return f && (!f->ops->memory->knows ||
		     f->ops->memory->knows(f->dev, at, size, write));
}

/* A 64-bit register is accessed as two halves. */
const struct device_ops pci_window_ops = {
	.name = "pci",
	.width = 4,
	.read = window_read,
	.write = window_write,
	.knows = window_knows,
	.locks_itself = true,
};

/* --- making one */

void pci_host_init(struct pci_host *h, struct outcome_latch *latch)
{
	*h = (struct pci_host){ .latch = latch };
	pci_function_init(&h->bridge, &bridge_ids, NULL, NULL);
	/* The bridge has no BAR, so no command bit means anything. */
	pci_function_let_write(&h->bridge, PCI_COMMAND, 2, 0);
	pthread_mutex_init(&h->lock, NULL);
}

void pci_host_release(struct pci_host *h)
{
	pthread_mutex_destroy(&h->lock);
}

void pci_host_add(struct pci_host *h, unsigned number, struct pci_function *f)
{
	assert(number && number < PCI_DEVICES_MAX && !h->functions[number]);
	assert(f->ops && f->bar_len <= PCI_WINDOW_SIZE);
	h->functions[number] = f;
	if (number > h->last)
		h->last = number;
}

/* --- as a device of the machine */

static int create_device(void **dev, const struct device_slot *slot,
			 struct device_env *env, struct err *e)
{
	struct pci_host *h = device_alloc(slot, sizeof(*h), e);

	if (!h)
		return -ENOMEM;
	pci_host_init(h, env->latch);
	*dev = h;
	return 0;
}

static void release_device(void *dev)
{
	pci_host_release(dev);
	free(dev);
}

static struct pci_host *bridge_of(void *dev)
{
	return dev;
}

const struct device_type pci_host_type = {
	.name = "pci",
	.fixed = { DEVICE_PORTS_AT(PCI_CONFIG_PORT, PCI_CONFIG_LEN),
		   { DEVICE_MMIO, PCI_WINDOW_GPA, PCI_WINDOW_SIZE,
		     &pci_window_ops } },
	.acpi_hid = "PNP0A03",
	.acpi_name = "PCI0",
	.ops = &pci_host_ops,
	.create = create_device,
	.release = release_device,
	.bridge = bridge_of,
};
