/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The setup header of a bzImage, as facts.
 *
 * Pure parsing: bytes in, struct out. A field is read only if the header's
 * version has it and the header's length byte includes it; otherwise it gets
 * the value from boot.rst. Of newer versions, the known fields are read. Only
 * header_end and code_off are checked against the file's length: both are in
 * it, or at its end.
 *
 * Must never trust: any field. They are range-checked where they are used.
 *
 * Spec: Documentation/arch/x86/boot.rst.
 */
#ifndef IMAGE_SETUP_HEADER_H
#define IMAGE_SETUP_HEADER_H

#include "base/bytes.h"
#include "base/err.h"

struct setup_header {
	uint16_t version;     /* 0x020f is 2.15 */
	unsigned setup_sects; /* 512-byte sectors after the boot sector; the
			       * stored 0 already turned into 4 */
	size_t header_end;    /* file offset just past the header proper; up to
			       * 0x301, beyond HDR_END_MAX in boot_params */
	uint64_t code_off;    /* file offset of the protected-mode code */
	uint32_t syssize; /* protected-mode size, 16-byte units, as stored */
	uint16_t kernel_version_ptr; /* 0: none */
	uint8_t loadflags;
	uint32_t code32_start;
	uint32_t initrd_addr_max;  /* 0x37ffffff before 2.03 */
	uint32_t kernel_alignment; /* 0 before 2.05 */
	bool relocatable;	   /* false before 2.05 */
	uint8_t min_alignment;	   /* log2; 0 before 2.10 */
	uint16_t xloadflags;	   /* 0 before 2.12 */
	uint32_t cmdline_size;	   /* without the NUL; 255 before 2.06 */
	uint32_t hardware_subarch; /* 0 before 2.07 */
	bool has_payload;	   /* 2.08 on */
	uint32_t payload_offset;   /* from code_off */
	uint32_t payload_length;
	uint64_t setup_data;	     /* 0 before 2.09 */
	uint64_t pref_address;	     /* 0 before 2.10 */
	uint32_t init_size;	     /* 0 before 2.10 */
	uint32_t handover_offset;    /* 0 before 2.11 */
	uint32_t kernel_info_offset; /* 0 before 2.15 */
};

/*
 * Parse the header at the start of @file.
 *
 * Returns 0 or -EINVAL with the reason ("not a bzImage: ..." is the caller's
 * prefix). On failure *@h is untouched.
 */
int setup_header_parse(struct setup_header *h, struct bytes file,
		       struct err *e);

/* One named flag of a bit field, for the reports. */
struct flag_name {
	unsigned bit;
	const char *name; /* the spec's own: "LOADED_HIGH" */
};
extern const struct flag_name loadflags_names[];
extern const size_t loadflags_names_count;
extern const struct flag_name xloadflags_names[];
extern const size_t xloadflags_names_count;

/* The spec's name of a hardware_subarch value, or NULL. */
const char *hardware_subarch_name(uint32_t subarch);

/*
 * The kernel's version string, cut at its NUL, at @size - 1 bytes and at the
 * end of the setup code. @buf becomes "" if there is none; control characters
 * are replaced by '?'.
 */
void setup_header_kernel_version(const struct setup_header *h,
				 struct bytes file, char *buf, size_t size);

#endif
