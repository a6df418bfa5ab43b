/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The small kernel's network card, beyond the claims about it.
 */
#ifndef GUEST_KERNEL_NET_H
#define GUEST_KERNEL_NET_H

#include <stdbool.h>

/* Ask the router again and again, until the link is down. Says when the first
 * answer has come, and at the end how many. False without a card. */
bool net_exchange(void);

#endif
