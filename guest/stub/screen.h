/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where the stub's words go: the serial port and, where the loader left a
 * VGA text mode, the screen.
 */
#ifndef GUEST_STUB_SCREEN_H
#define GUEST_STUB_SCREEN_H

#include <stdint.h>

/* Without this nothing but the serial port is used. */
void screen_init(uint8_t *boot_params);

#endif
