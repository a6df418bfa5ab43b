/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What tests/faults/faults.c and the library fail.c tell each other, in a file
 * that both have mapped.
 */
#ifndef TESTS_FAULTS_FAULT_H
#define TESTS_FAULTS_FAULT_H

#include <stdatomic.h>

struct fault {
	unsigned long at;     /* the call that fails, from 1; 0: none */
	atomic_ulong count;   /* calls so far */
	char name[32];	      /* of the function that failed; "": none did */
	unsigned long offset; /* of its caller in its file, */
	char file[64];	      /* the end of whose name this is */
};

#endif
