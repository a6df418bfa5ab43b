/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A writer for the part of ACPI Machine Language that our DSDT needs.
 *
 * Bytes are appended to a buffer of fixed size. Running out of space and
 * closing a block that is not open are bugs in the caller, so they are
 * asserted.
 *
 * Spec: ACPI 6.4, chapter 20 (AML grammar), 6.4 (resource data types).
 */
#ifndef MACHINE_AML_H
#define MACHINE_AML_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define AML_MAX 4096

struct aml {
	uint8_t bytes[AML_MAX];
	size_t len;
};

/* An open block: where its length will be written once it is known. */
typedef size_t aml_block;

/* Blocks; @name is a NameSeg of four characters or "\\_SB_" and the like. */
aml_block aml_scope(struct aml *a, const char *name);
aml_block aml_device(struct aml *a, const char *name);
void aml_close(struct aml *a, aml_block block);

/* Name (@name, ...): an integer, an EISA id ("PNP0501"), a package. */
void aml_name_int(struct aml *a, const char *name, uint32_t value);
void aml_name_string(struct aml *a, const char *name, const char *text);
void aml_name_eisaid(struct aml *a, const char *name, const char *id);
void aml_name_package(struct aml *a, const char *name, const uint8_t *values,
		      uint8_t count);

/* Name (_CRS, ResourceTemplate () { ... }): open, resources, close. */
struct aml_crs {
	aml_block block;
	size_t size_at; /* where the buffer's size goes */
};
struct aml_crs aml_crs_open(struct aml *a);
void aml_crs_close(struct aml *a, struct aml_crs crs);

/* Resources: a port range, MMIO, an edge-triggered interrupt. @shared: other
 * devices may use the interrupt, too. */
void aml_io(struct aml *a, uint16_t port, uint8_t len);
void aml_memory32(struct aml *a, uint32_t gpa, uint32_t len);
void aml_irq(struct aml *a, uint32_t gsi, bool shared);

/* A host bridge's resources: bus numbers, a window of memory. */
void aml_bus_numbers(struct aml *a, uint16_t first, uint16_t last);
void aml_window32(struct aml *a, uint32_t gpa, uint32_t len);

#endif
