/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What all fuzz targets share.
 *
 * A file tests/fuzz/fuzz_X.c defines LLVMFuzzerTestOneInput() and fuzz_seeds().
 * Started as `fuzz_X --seeds FOLDER`, the program writes its seeds there and
 * ends; otherwise it is an ordinary libFuzzer target.
 */
#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Make the target's seeds, each one fuzz_seed() call. */
void fuzz_seeds(void);

/* One seed: a file @name of @len bytes. */
void fuzz_seed(const char *name, const void *data, size_t len);

#endif
