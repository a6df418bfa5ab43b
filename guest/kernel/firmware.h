/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The state of the chips before this kernel set them up.
 */
#ifndef GUEST_KERNEL_FIRMWARE_H
#define GUEST_KERNEL_FIRMWARE_H

/*
 * Note the state of the interrupt controllers; before anything writes to them,
 * and with the IDT loaded. An interrupt that arrives at an exception's vector
 * ends the run here.
 */
void firmware_look(void);

#endif
