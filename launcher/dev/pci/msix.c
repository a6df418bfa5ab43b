/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dev/pci/msix.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "pv/x86.h"

/* The doublewords of an entry. */
enum {
	LOW = MSIX_ENTRY_LOW / 4,
	HIGH = MSIX_ENTRY_HIGH / 4,
	DATA = MSIX_ENTRY_DATA / 4,
	CONTROL = MSIX_ENTRY_CONTROL / 4,
};

/* Messages to local APICs are writes to this MiB (SDM 3A, 10.11.1). */
#define MESSAGE_BASE LAPIC_GPA
#define MESSAGE_MASK 0xfff00000u

int msix_init(struct msix *x, unsigned count, const struct device_host *host,
	      struct err *e)
{
	int rc = 0;

	assert(count && count <= MSIX_VECTORS_MAX);
	*x = (struct msix){ 0 };
	x->vectors = calloc(count, sizeof(*x->vectors));
	if (!x->vectors)
		return err_set(e, ENOMEM, "no memory for %u MSI-X vectors",
			       count);
	for (unsigned i = 0; i < count && !rc; i++) {
		struct msix_vector *v = &x->vectors[i];

		/* 6.8.2.9: masked after a reset. */
		v->entry[CONTROL] = MSIX_ENTRY_MASKED;
		rc = host->add_msi(host->ctx, &v->msi, e);
		x->count += !rc;
	}
	if (rc)
		msix_release(x);
	return rc;
}

void msix_release(struct msix *x)
{
	for (unsigned i = 0; i < x->count; i++)
		irq_msi_release(&x->vectors[i].msi);
	free(x->vectors);
	*x = (struct msix){ 0 };
}

void msix_add_capability(struct msix *x, struct pci_function *f,
			 uint32_t table_off, uint32_t pba_off)
{
	const uint32_t body[] = { table_off, pba_off };
	uint8_t bytes[MSIX_CAP_SIZE - MSIX_CONTROL];
	uint16_t control = (uint16_t)(x->count - 1);

	/* The low bits of the offsets are the BAR's number, 0. */
	assert(!(table_off & 7) && !(pba_off & 7));
	memcpy(bytes, &control, sizeof(control));
	memcpy(bytes + sizeof(control), body, sizeof(body));
	x->capability = pci_function_add_capability(f, PCI_CAP_MSIX, bytes,
						    MSIX_CAP_SIZE);
	pci_function_let_write(f, x->capability + MSIX_CONTROL, 2,
			       MSIX_ENABLE | MSIX_MASK_ALL);
}

/* --- interrupts */

static bool is_for_an_apic(const struct msix_vector *v)
{
	return !v->entry[HIGH] &&
	       (v->entry[LOW] & MESSAGE_MASK) == MESSAGE_BASE;
}

static bool may_send(const struct msix *x, const struct msix_vector *v)
{
	return x->is_enabled && x->is_master && !x->is_masked &&
	       !(v->entry[CONTROL] & MSIX_ENTRY_MASKED);
}

/*
 * Something about @v changed: if it can be sent now, give its message to the
 * host and send it if it is pending. Otherwise leave the host alone: a masked
 * entry may have half a message, and setting a message costs time.
 */
static int update(struct msix *x, struct msix_vector *v, struct err *e)
{
	int rc = 0;

	if (!may_send(x, v))
		return 0;
	if (!is_for_an_apic(v))
		v->is_set = false;
	else if (!v->is_set || v->msi.address != v->entry[LOW] ||
		 v->msi.data != v->entry[DATA]) {
		rc = irq_msi_set(&v->msi, v->entry[LOW], v->entry[DATA], e);
		v->is_set = !rc;
	}
	if (v->is_pending && v->is_set)
		irq_msi_raise(&v->msi);
	v->is_pending = false;
	return rc;
}

int msix_configure(struct msix *x, const struct pci_function *f, struct err *e)
{
	uint32_t control = pci_function_get(f, x->capability + MSIX_CONTROL, 2);
	int rc = 0;

	x->is_enabled = control & MSIX_ENABLE;
	x->is_masked = control & MSIX_MASK_ALL;
	x->is_master = pci_function_get(f, PCI_COMMAND, 2) & PCI_COMMAND_MASTER;
	for (unsigned i = 0; i < x->count; i++) {
		int one = update(x, &x->vectors[i], e);

		rc = one ? one : rc;
	}
	return rc;
}

void msix_raise(struct msix *x, unsigned n)
{
	struct msix_vector *v;

	if (n >= x->count || !x->is_enabled)
		return;
	v = &x->vectors[n];
	if (!may_send(x, v))
		v->is_pending = true;
	else if (v->is_set)
		irq_msi_raise(&v->msi);
}

void msix_clear(struct msix *x)
{
	for (unsigned i = 0; i < x->count; i++)
		x->vectors[i].is_pending = false;
}

/* --- the table */

unsigned msix_table_size(const struct msix *x)
{
	return x->count * MSIX_ENTRY_SIZE;
}

/* 6.8.2.8: quadwords of 64 bits. */
unsigned msix_pba_size(const struct msix *x)
{
	return (x->count + 63) / 64 * 8;
}

uint32_t msix_read(const struct msix *x, unsigned off)
{
	assert(off % 4 == 0 && off < msix_table_size(x));
	return x->vectors[off / MSIX_ENTRY_SIZE]
		.entry[off % MSIX_ENTRY_SIZE / 4];
}

int msix_write(struct msix *x, unsigned off, uint32_t value, struct err *e)
{
	/* 6.8.2.6 to 6.8.2.9: reserved bits read as 0. */
	static const uint32_t writable[] = { [LOW] = ~UINT32_C(3),
					     [HIGH] = UINT32_MAX,
					     [DATA] = UINT32_MAX,
					     [CONTROL] = MSIX_ENTRY_MASKED };
	unsigned word = off % MSIX_ENTRY_SIZE / 4;
	struct msix_vector *v;

	assert(off % 4 == 0 && off < msix_table_size(x));
	v = &x->vectors[off / MSIX_ENTRY_SIZE];
	v->entry[word] = value & writable[word];
	return update(x, v, e);
}

uint32_t msix_read_pba(const struct msix *x, unsigned off)
{
	uint32_t bits = 0;

	assert(off % 4 == 0 && off < msix_pba_size(x));
	for (unsigned i = 0; i < 32 && off * 8 + i < x->count; i++)
		bits |= (uint32_t)x->vectors[off * 8 + i].is_pending << i;
	return bits;
}
