/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Claims about ports without a device: reads return all ones at once, writes
 * are dropped.
 */
#include "claims.h"
#include "lib/io.h"

#define NOBODYS_PORT 0xeee0
#define PCI_ADDRESS  0xcf8
#define PCI_DATA     0xcfc

/* Bus 0, device 30, function 7: a PC has none, with or without PCI. */
#define PCI_NOBODY (0x80000000 | 30 << 11 | 7 << 8)

static enum verdict absent_pci_reads_ones(const struct boot *b)
{
	uint32_t found;

	(void)b;
	outl(PCI_ADDRESS, PCI_NOBODY);
	found = inl(PCI_DATA);
	outl(PCI_ADDRESS, 0);
	return expect_equal("vendor and device", found, 0xffffffff);
}

static enum verdict nobody_reads_ones(const struct boot *b)
{
	(void)b;
	return expect_equal("the byte", inb(NOBODYS_PORT), 0xff) &&
	       expect_equal("the word", inw(NOBODYS_PORT), 0xffff) &&
	       expect_equal("the long", inl(NOBODYS_PORT), 0xffffffff);
}

static enum verdict write_to_nobody_is_lost(const struct boot *b)
{
	(void)b;
	outb(NOBODYS_PORT, 0x55);
	return expect_equal("the byte", inb(NOBODYS_PORT), 0xff);
}

static const struct claim claims[] = {
	{ "an absent PCI device reads all ones", absent_pci_reads_ones },
	{ "a port without a device reads all ones", nobody_reads_ones },
	{ "a write to a port without a device is dropped",
	  write_to_nobody_is_lost },
	{ 0 },
};

const struct group ports_group = { "ports", claims };
