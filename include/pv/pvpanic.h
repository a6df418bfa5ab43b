/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The panic device of QEMU, which stock kernels drive: one byte of event
 * bits, read to learn which are known, written when one happens.
 *
 * Spec: QEMU, docs/specs/pvpanic.
 */
#ifndef PV_PVPANIC_H
#define PV_PVPANIC_H

#define PVPANIC_PORT	 0x505
#define PVPANIC_PANICKED 0x01
#define PVPANIC_CRASHED	 0x02 /* a crash kernel takes over: not the end */

#endif
