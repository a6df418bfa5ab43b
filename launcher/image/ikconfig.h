/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The build configuration that a kernel may carry (CONFIG_IKCONFIG), which it
 * shows as /proc/config.gz:
 *
 *   "IKCFG_ST" | gzip stream | "IKCFG_ED"
 *
 * Must never trust: any of it; a kernel may have the words elsewhere.
 *
 * Spec: Linux, kernel/configs.c.
 */
#ifndef IMAGE_IKCONFIG_H
#define IMAGE_IKCONFIG_H

#include "base/buf.h"
#include "base/err.h"
#include "image/kernel_elf.h"

/* Configurations have a quarter of a million bytes. */
#define IKCONFIG_MAX (UINT64_C(4) << 20)

/*
 * Append the configuration's text to @out, an empty buffer. -ENOENT if the
 * kernel has none, or none that can be decoded; -ENOMEM.
 */
int ikconfig_read(struct buf *out, const struct kernel_elf *elf, struct err *e);

/* What the text @config says of @option, "CONFIG_PCI": 'y', 'm', or 'n' if it
 * is not set or not mentioned; for other values, 'y'. */
char ikconfig_value(struct bytes config, const char *option);

#endif
