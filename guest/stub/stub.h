/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Between the stub's assembly and its C. Numbers are physical addresses.
 */
#ifndef GUEST_STUB_STUB_H
#define GUEST_STUB_STUB_H

#include <stdint.h>

/*
 * First call, from where the loader put the image, on a small stack inside
 * it. Leaves the mark and returns where the image is to be moved.
 *
 * @bits: the entry point that was used, 32 or 64.
 */
uint32_t stub_place(uint32_t here, uint8_t *boot_params, uint32_t bits);

/*
 * Second call, from where the image was moved, on a stack at the end of its
 * work area.
 *
 * @work: STUB_WORK_SIZE bytes of any content, less the stack in use.
 */
void stub_main(uint32_t here, uint8_t *boot_params, void *work)
	__attribute__((noreturn));

/* enter.S: leave for the kernel. ESI or RSI is @boot_params there. */
void enter_elf32(uint32_t entry, void *boot_params) __attribute__((noreturn));
void enter_elf64(uint32_t entry, void *boot_params, const void *pml4)
	__attribute__((noreturn));

#endif
