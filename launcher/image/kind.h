/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Names for files that are given as an image by mistake.
 *
 * A table of magic bytes names kernels of other machines, initial RAM disks,
 * disk images, archives and ELFs that are not kernels. It is used after all
 * loaders have refused a file, so a wrong name never prevents a boot. Only
 * programs and multiboot kernels, whose ELFs could be loaded, are checked here
 * before they are loaded.
 *
 * Must never trust: the bytes. A few at fixed offsets are compared.
 */
#ifndef IMAGE_KIND_H
#define IMAGE_KIND_H

#include "image/kernel_elf.h"

/*
 * If the file that begins with @head has a known type that is not an x86
 * kernel, -ENOEXEC with a sentence. 0: its type is not known. @packing: the
 * format that @head was decoded from, or NULL.
 *
 * Names are found in the first KIND_HEAD_SIZE bytes.
 */
int kind_refuse(struct bytes head, const char *packing, struct err *e);
#define KIND_HEAD_SIZE 0x8006

/*
 * If @k, whose bytes must still exist, is a program for an operating system, or
 * a kernel that only multiboot loaders can start, -ENOEXEC with a sentence; 0
 * if it may be a kernel.
 */
int kind_refuse_elf(const struct kernel_elf *k, struct err *e);

#endif
