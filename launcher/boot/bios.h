/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Puts the BIOS (guest/bios) into memory for an image that is entered in real
 * mode: its code, its memory map, and the interrupt vectors.
 *
 * Spec: include/pv/bios.h.
 */
#ifndef BOOT_BIOS_H
#define BOOT_BIOS_H

#include "base/err.h"
#include "vm/memory_map.h"
#include "vm/e820.h"
#include "vm/guest_mem.h"

/* @places: where both are noted, or NULL. */
int bios_install(const struct guest_mem *gm, const struct e820 *map,
		 struct memory_map *places, struct err *e);

#endif
