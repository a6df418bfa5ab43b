/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Names for the places where vCPUs were.
 *
 * A vCPU's rip is virtual, or physical before the kernel has turned its own
 * paging on, and the kernel may have been loaded elsewhere than it was linked.
 * The name is found by the guest-physical address of rip:
 *
 *   rip -> guest-physical -> minus load delta -> PT_LOAD's p_paddr range
 *       -> p_vaddr -> symbol
 *
 * Without a translation it is found by rip minus the slide of KASLR.
 *
 * Names come from the file of --symbols, an ELF or a System.map; otherwise from
 * the image's ELF, if it has a symbol table; otherwise from what the kernel
 * carries for itself (own_names.h). The first two are copied before the guest
 * starts: what happens to the files afterwards does not matter.
 *
 * Must never trust: the image, the symbols file, where the guest says it is.
 * Names may hold any byte: clean them before they are printed.
 *
 * Spec: gABI chapter 5; nm(1) for the lines of a System.map.
 */
#ifndef OUTCOME_SYMBOLS_H
#define OUTCOME_SYMBOLS_H

#include "base/file.h"
#include "image/kallsyms.h"
#include "image/kernel_elf.h"
#include "image/symtab.h"
#include "vm/guest_mem.h"
#include "vm/vcpu.h"

#define SYMBOL_NAME_MAX 128

/* Of a System.map; and of an ELF, in which only the symbol table is read. */
#define SYMBOLS_MAP_MAX (UINT64_C(256) << 20)
#define SYMBOLS_ELF_MAX (UINT64_C(16) << 30)

struct symbols {
	/* The image's ELF header and segments; NULL: there are no names */
	const struct kernel_elf *kernel;
	uint64_t delta; /* added to every p_paddr when loading */
	/* An image that decompresses itself may have moved the kernel to a
	 * place that is not known. */
	bool moved;
	bool sought; /* symbols_name() has looked for that place */
	/* KASLR's, added to every virtual address that the kernel was linked
	 * for; see symbols_linked(). */
	uint64_t slide;
	struct symtab table; /* from an ELF; or: */
	struct file map;     /* the System.map; both empty: */
	/* The guest, when it has stopped, for the kernel's own names; NULL:
	 * these are not used. They are read when first needed. */
	const struct guest_mem *memory;
	bool own_read;
	struct kallsyms own;
	bool looked_up; /* something: */
	uint64_t last_vaddr;
	char last[SYMBOL_NAME_MAX]; /* the name for that, or "" */
};

/*
 * Read the symbols file @in into memory. Its content decides its type: an ELF
 * with a symbol table or a System.map, as nm(1) and /proc/kallsyms
 * write it. Anything else is -EINVAL, and so is a file without symbols. The
 * struct must be empty.
 */
int symbols_read(struct symbols *s, struct input *in, struct err *e);
void symbols_release(struct symbols *s);

/* An address, and where the segment begins that has it. */
struct symbols_addr {
	uint64_t at;
	uint64_t segment;
};

/*
 * A place in the kernel, by both of its link-time addresses. Symbols are
 * virtual addresses; those of a kernel that was linked without a difference
 * name the same kernel linked with one.
 */
struct symbols_place {
	struct symbols_addr virtual;
	struct symbols_addr physical;
};

/* The place of a vCPU; false if that is not in the kernel. */
bool symbols_find(const struct symbols *s, const struct vcpu_where *w,
		  struct symbols_place *place);

/*
 * "name+0x12" for the place, or NULL. Valid until the next call.
 */
const char *symbols_name(struct symbols *s, const struct vcpu_where *w);

/*
 * Read now what symbols_name() would read when first called, out of a guest
 * that has not run yet. @in_place: the launcher has put the kernel where it
 * runs. False if there are no names before the guest has stopped.
 */
bool symbols_prepare(struct symbols *s, bool in_place);

/*
 * The link-time address of @vaddr, which is one of the running kernel, and the
 * reverse. Every address that goes to names or segments, or comes from there,
 * goes through these two.
 */
static inline uint64_t symbols_linked(const struct symbols *s, uint64_t vaddr)
{
	return vaddr - s->slide;
}

static inline uint64_t symbols_running(const struct symbols *s, uint64_t linked)
{
	return linked + s->slide;
}

/*
 * Where the symbol @name is in the running kernel, or 0. The kernel's own names
 * have data only if it has KALLSYMS_ALL, as distributions' have.
 */
uint64_t symbols_address(struct symbols *s, const char *name);

/* The kernel's own names, or NULL if they cannot be read. */
const struct kallsyms *symbols_own(struct symbols *s);

/*
 * "name+0x12" for the address @vaddr of the running kernel, or NULL. Valid
 * until the next call. @is_return: it is a return address, and belongs to the
 * function that has the call before it.
 */
const char *symbols_name_at(struct symbols *s, uint64_t vaddr, bool is_return);

/* The PT_LOAD that has the running kernel's address @vaddr, or NULL. */
const struct elf_segment *symbols_segment(const struct symbols *s,
					  uint64_t vaddr);

/* Whether the file that symbols_read() has read is of this kernel: -EINVAL
 * if no symbol is in any of its segments. */
int symbols_check_kernel(const struct symbols *s, struct err *e);

/*
 * A name for an address, from the bytes of a System.map alone: the closest
 * symbol at or below it in its segment that is not absolute. False, and "" in
 * @buf, if there is none.
 */
bool symbols_in_map(struct bytes map, const struct symbols_addr *addr,
		    char *buf, size_t size);

/* Whether @map is a System.map with names to give; -EINVAL and why not. */
int symbols_check_map(struct bytes map, struct err *e);

#endif
