/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Names for files that are given as an image by mistake.
 *
 * A table of magic bytes names kernels of other machines, initial RAM disks,
 * disk images, archives and ELFs that are not kernels. It is asked once no
 * loader takes a file, so a wrong name costs a better message and no boot;
 * only programs and multiboot kernels, whose ELFs could be loaded, are told
 * from kernels here before they are.
 *
 * Must never trust: the bytes. A few at fixed offsets are compared.
 */
#ifndef IMAGE_KIND_H
#define IMAGE_KIND_H

#include "image/kernel_elf.h"

/*
 * If the file that begins with @head is known for something else than an x86
 * kernel, say so: -ENOEXEC with a sentence. 0: it is not known. @packing: the
 * format that @head was decoded from, or NULL.
 *
 * Names are found in the first KIND_HEAD_SIZE bytes.
 */
int kind_refuse(struct bytes head, const char *packing, struct err *e);
#define KIND_HEAD_SIZE 0x8006

/*
 * If @k, whose bytes must still be there, is a program that runs under an
 * operating system, or a kernel that only multiboot loaders can start, say so:
 * -ENOEXEC with a sentence; 0 if it may be a kernel.
 */
int kind_refuse_elf(const struct kernel_elf *k, struct err *e);

#endif
