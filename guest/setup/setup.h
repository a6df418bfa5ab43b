/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The steps of the 16-bit setup code, one file each.
 */
#ifndef GUEST_SETUP_SETUP_H
#define GUEST_SETUP_SETUP_H

#include <stdint.h>

#include "pv/bootparam.h"

extern uint8_t boot_params[BP_SIZE];

/* Where C begins; does not return. */
void setup_main(void) __attribute__((noreturn));

/* memory.c: the memory map, into boot_params. */
void memory_detect(void);

/* video.c: the screen as the BIOS left it, into boot_params. */
void video_detect(void);

/* a20.c: let address bit 20 through; does not return without it. */
void a20_enable(void);

/* fail.c: print why on serial port and screen, report, and stop. */
void setup_fail(const char *why) __attribute__((noreturn));

/*
 * protected.S: to flat 32-bit protected mode at @entry, with ESI =
 * @params, a linear address.
 */
void enter_protected(uint32_t entry, uint32_t params) __attribute__((noreturn));

#endif
