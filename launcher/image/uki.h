/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Unified kernel images: an EFI stub, a kernel, its command line and its
 * initial RAM disk as sections of one PE file.
 *
 *   .linux     the kernel, as a bzImage
 *   .initrd    its initial RAM disk
 *   .cmdline   its command line
 *   .profile   begins a variant: the sections behind it replace those before
 *              the first .profile
 *
 * The stub is for firmware and is not run. Of several profiles the first one is
 * used, which is also the stub's default. Other sections (.osrel, .uname,
 * .splash, .ucode, .pcrsig, ...) are ignored.
 *
 * Must never trust: see pe.h; also the number of sections with one name, and
 * that the command line is text.
 *
 * Spec: the UAPI group's "Unified Kernel Image (UKI)".
 */
#ifndef IMAGE_UKI_H
#define IMAGE_UKI_H

#include "image/pe.h"

/* More than any kernel takes. */
#define UKI_CMDLINE_MAX 65536

struct uki {
	struct pe pe;
	/* Bytes of the file; empty: there is none. */
	struct bytes kernel;
	struct bytes initrd;
	struct bytes cmdline;
};

/*
 * Find the parts of the unified kernel image @b, which has a kernel after
 * success. -EINVAL: not a PE file, not a sound one, or one with a part twice;
 * -ENOEXEC: a sound one without .linux. On failure *@u is untouched.
 */
int uki_parse(struct uki *u, struct bytes b, struct err *e);

/*
 * The embedded command line as a string to be freed, NULL if there is none:
 * up to its first NUL, without spaces at its ends, control characters turned
 * into spaces. -E2BIG past UKI_CMDLINE_MAX, -ENOMEM.
 */
int uki_cmdline(const struct uki *u, char **text, struct err *e);

#endif
