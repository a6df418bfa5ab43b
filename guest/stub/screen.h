/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where the stub's messages go: the serial port and, if the loader left a VGA
 * text mode, the screen.
 */
#ifndef GUEST_STUB_SCREEN_H
#define GUEST_STUB_SCREEN_H

#include <stdint.h>

/* Without this call only the serial port is used. */
void screen_init(uint8_t *boot_params);

#endif
