/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The small fixtures of a PC that a stock kernel looks for while it boots.
 *
 * Each does only a little. Without them a kernel reads all ones at their ports
 * and waits for a keyboard controller that never becomes ready, a clock whose
 * update never ends, or a PCI configuration mechanism.
 *
 * Must never trust: offset and value of any access.
 */
#ifndef DEV_PC_LEGACY_H
#define DEV_PC_LEGACY_H

#include <stdint.h>
#include <time.h>

#include "dev/device.h"
#include "pv/pvpanic.h"
#include "vm/guest_mem.h"

/*
 * CMOS clock, ports 0x70 and 0x71: the host's UTC time in BCD, 24-hour. It has
 * no alarm and no interrupts; the other bytes of its RAM can be written and
 * read back.
 *
 * A guest reads the registers one by one, and together they must give one time:
 * if it reads 10 hours at 10:59:59 and 0 minutes a second later, it is an hour
 * off. So the host's time is sampled once, and the sample is used until the
 * guest reads register A (as software does that waits for the end of an
 * update), until it reads a register a second time, or until two seconds have
 * passed.
 * Spec: Motorola MC146818A.
 */
struct rtc {
	uint8_t index;
	uint8_t ram[128];
	time_t (*host_time)(time_t *); /* time(), except in tests */
	time_t now;		       /* the sampled time */
	uint64_t told; /* registers read from this sample, one bit each */
};
extern const struct device_ops rtc_ops;
extern const struct device_type rtc_type;
void rtc_init(struct rtc *rtc);

/*
 * i8042 keyboard controller, ports 0x60 to 0x64, without keyboard or mouse.
 * It passes its self-tests, answers every device command with a timeout, and
 * resets the machine through its output port.
 * Spec: IBM PS/2 Hardware Interface Technical Reference, "Keyboard and
 * Auxiliary Device Controller".
 */
struct i8042 {
	struct outcome_latch *latch;
	uint8_t command; /* a command that waits for its data byte, or 0 */
	uint8_t config;	 /* the command byte */
	uint8_t status;
	uint8_t output;
};
extern const struct device_ops i8042_ops;
extern const struct device_type i8042_type;
void i8042_init(struct i8042 *kbd, struct outcome_latch *latch);

/*
 * PCI configuration mechanism 1, ports 0xcf8 to 0xcff, with one host bridge
 * at 00:00.0 and no other device; 0xcf9 is the reset control register.
 * Spec: PCI Local Bus 3.0, 3.2.2.3.2 and 6.1; Intel ICH, "Reset Control".
 */
struct pci_stub {
	struct outcome_latch *latch;
	uint32_t address;
};
/* A kernel detects the bus by the host bridge's header. */
#define PCI_BRIDGE_VENDOR   0x8086 /* Intel 440FX */
#define PCI_BRIDGE_DEVICE   0x1237
#define PCI_BRIDGE_CLASS    0x060000
#define PCI_BRIDGE_REVISION 2
extern const struct device_ops pci_stub_ops;
extern const struct device_type pci_stub_type;
void pci_stub_init(struct pci_stub *pci, struct outcome_latch *latch);

/* The guest wrote @value to the reset control register. */
void pci_reset_control(struct outcome_latch *latch, uint8_t value);

/*
 * The test port: see include/pv/testport.h.
 */
struct testport {
	struct outcome_latch *latch;
};
extern const struct device_ops testport_ops;
extern const struct device_type testport_type;

/*
 * The panic device: see include/pv/pvpanic.h.
 */
struct pvpanic {
	struct outcome_latch *latch;
};
extern const struct device_ops pvpanic_ops;
extern const struct device_type pvpanic_type;

/*
 * ACPI sleep and reset registers of a hardware-reduced machine, where our
 * FADT says they are. Spec: ACPI 6.4, 4.8.3.7 and 4.8.3.6.
 */
#define ACPI_POWER_PORT	     0x600
#define ACPI_POWER_LEN	     3
#define ACPI_SLEEP_CTL	     0 /* register offsets */
#define ACPI_SLEEP_STS	     1
#define ACPI_RESET	     2
#define ACPI_RESET_VALUE     0x01
#define ACPI_RESET_BY_VECTOR 0x02 /* what the code below writes there */
#define ACPI_S5_TYPE	     5	  /* what \_S5 tells the guest to write */
struct acpi_power {
	struct outcome_latch *latch;
};
extern const struct device_ops acpi_power_ops;
extern const struct device_type acpi_power_type;

/*
 * Put code that resets the machine at the processor's reset vector. On
 * hardware-reduced ACPI without EFI, a kernel restarts by jumping there, where
 * a PC has its BIOS.
 */
#define RESET_VECTOR_GPA 0xffff0
int reset_vector_write(const struct guest_mem *gm, struct err *e);

#endif
