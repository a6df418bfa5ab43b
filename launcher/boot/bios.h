/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Putting the BIOS (guest/bios) in front of an image that is entered in real
 * mode: the code, the memory map it answers with, the interrupt vectors.
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
