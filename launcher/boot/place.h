/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where command line and initrd go, for all protocols.
 *
 *   0x100000        kernel            room to grow     initrd   end of RAM
 *   |  ...  | segments and bss | up to init_size | ... | #### |   or
 *                                                     initrd_addr_max
 *
 * Must never trust: initrd_addr_max, cmdline_size, init_size, and the size
 * of the initrd file.
 *
 * Spec: boot.rst, "initrd_addr_max", "cmdline_size", "init_size".
 */
#ifndef BOOT_PLACE_H
#define BOOT_PLACE_H

#include "base/err.h"
#include "base/input.h"
#include "image/image.h"
#include "pv/bootparam.h"
#include "vm/guest_mem.h"

struct boot_range {
	uint64_t gpa;
	uint64_t size; /* 0: none */
};

/* Where a protocol puts a kernel. */
struct boot_spot {
	struct boot_range kernel; /* with the room it needs to start */
	uint64_t entry;	   /* the first instruction; linux16 has its own */
	uint64_t code_gpa; /* linux*: of the protected-mode code; others: 0 */
	uint64_t delta;	   /* pvh, elf*: added to every p_paddr, modulo 2^64 */
};

/* Whether boot.rst has the setup code of @h at 0x90000, with the command line
 * behind it: a zImage's code takes what is below, and before protocol 2.02 the
 * command line must be in the segment of the setup code. */
static inline bool place_is_old(const struct setup_header *h)
{
	return h->version < 0x0202 || !(h->loadflags & LOADED_HIGH);
}

/* How many of the @size bytes from @gpa on are RAM below 4 GiB, where boot
 * protocols put things. */
static inline uint64_t place_room(const struct guest_mem *gm, uint64_t gpa,
				  uint64_t size)
{
	uint64_t room = gpa < gm->low_size ? gm->low_size - gpa : 0;

	return size < room ? size : room;
}

/*
 * The command line of a run: the user's @given, or, if that is NULL, the one
 * embedded in @img, with @console by cmdline_add_console(). If both are
 * missing, it is only @console. The caller frees *@text.
 */
int place_choose_cmdline(char **text, const struct image *img,
			 const char *given, const char *console, struct err *e);

/* Whether this kernel accepts the command line @text; -E2BIG, naming both
 * lengths. */
int place_cmdline_check(const struct image *img, const char *text,
			struct err *e);

/*
 * Copy @text with its NUL to the command line's place. -E2BIG if the kernel
 * accepts less than that, naming both lengths.
 */
int place_cmdline(const struct guest_mem *gm, const struct image *img,
		  const char *text, struct boot_range *cmdline, struct err *e);

/* How many files an initrd may be made of. */
#define INITRD_PARTS_MAX 16

/*
 * Join the @n files @parts, which are open, into one initrd as high as it may
 * go, page-aligned, clear of the kernel's @kernel range. Each file but the last
 * is padded with zeros to a multiple of 4 bytes, which is where the kernel's
 * unpacker looks for the next archive
 * (Documentation/driver-api/early-userspace/buffer-format.rst). If there is no
 * room, returns -ENOSPC, and the message has the sizes.
 */
int place_initrd(const struct guest_mem *gm, const struct image *img,
		 struct input *parts, size_t n, const struct boot_range *kernel,
		 struct boot_range *initrd, struct err *e);

/*
 * Where the initrd would go if the kernel were not in the way: of the @n files
 * @parts, whose sizes are measured, or without any, what is embedded in @img.
 * size 0: there is none, or no room.
 */
int place_initrd_guess(const struct guest_mem *gm, const struct image *img,
		       struct input *parts, size_t n, struct boot_range *initrd,
		       struct err *e);

/*
 * Find the place of the initrd that is embedded in @img, if it has one. Only
 * the sizes of @gm are used. -ENOSPC as above.
 */
int place_embedded_plan(const struct guest_mem *gm, const struct image *img,
			const struct boot_range *kernel,
			struct boot_range *initrd, struct err *e);

/* Copy it there. */
int place_embedded_initrd(const struct guest_mem *gm, const struct image *img,
			  const struct boot_range *kernel,
			  struct boot_range *initrd, struct err *e);

/* The longest command line that @img's kernel accepts, without the NUL. */
uint64_t place_cmdline_max(const struct image *img);

#endif
