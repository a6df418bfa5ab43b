/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * BTF: the types of a kernel, which it carries for BPF. Here they tell where
 * the members of its structs are.
 *
 *   header   magic, and where the two parts are
 *   types    struct btf_type, and behind each what its kind needs; a struct is
 *            followed by its members
 *   names    strings, each with a NUL
 *
 * Must never trust: a byte of it. It is copied first, so that nothing changes
 * while it is read. A search passes each type once, and ends at the first that
 * has no known kind or is not whole.
 *
 * Spec: Linux, Documentation/bpf/btf.rst and include/uapi/linux/btf.h.
 */
#ifndef AUTOPSY_BTF_H
#define AUTOPSY_BTF_H

#include "autopsy/memory.h"
#include "base/bytes.h"
#include "base/err.h"

/* Stock kernels have 5 MiB. */
#define BTF_MAX (UINT64_C(64) << 20)

/* { 0 } is empty. */
struct btf {
	uint8_t *data;
	struct bytes types, names;
};

struct btf_struct {
	uint64_t size;
	struct bytes members;
	bool packs_bits; /* an offset shares its word with a width */
};

/*
 * Copy what is from @start to @stop in @m, the kernel's __start_BTF and
 * __stop_BTF. Returns 0; -ENOENT if there is none; -EINVAL if it is not sound;
 * -ENOMEM. On failure *@b is empty.
 */
int btf_read(struct btf *b, const struct memory *m, uint64_t start,
	     uint64_t stop, struct err *e);
void btf_release(struct btf *b);

/* The first struct called @name; false if there is none. */
bool btf_find_struct(const struct btf *b, const char *name,
		     struct btf_struct *s);

/* Where the member @name of @s begins, in bytes; false if @s has none, or not
 * at a byte. */
bool btf_member(const struct btf *b, const struct btf_struct *s,
		const char *name, uint64_t *off);

#endif
