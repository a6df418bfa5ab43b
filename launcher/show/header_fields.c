/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "show/header_fields.h"

#include <stddef.h>

#include "pv/bootparam.h"

#define FIELD(name_, form_, since_, off_, width_, member_)                 \
	.name = name_, .form = form_, .since = since_, .off = off_,        \
	.width = width_, .member = offsetof(struct setup_header, member_), \
	.member_size = sizeof(((struct setup_header *)0)->member_)

/* clang-format off */
const struct header_field header_fields[] = {
	{ FIELD("syssize", FIELD_PARAGRAPHS, 0x200, HDR_SYSSIZE, 4, syssize) },
	{ FIELD("loadflags", FIELD_BITS, 0x200, HDR_LOADFLAGS, 1, loadflags),
	  .bits = loadflags_names, .bits_count = &loadflags_names_count },
	{ FIELD("code32_start", FIELD_WHERE, 0x200, HDR_CODE32_START, 4,
		code32_start) },
	{ FIELD("initrd_addr_max", FIELD_WHERE, 0x203, HDR_INITRD_ADDR_MAX, 4,
		initrd_addr_max) },
	{ FIELD("kernel_alignment", FIELD_BYTES, 0x205, HDR_KERNEL_ALIGNMENT,
		4, kernel_alignment) },
	{ FIELD("relocatable_kernel", FIELD_BOOL, 0x205,
		HDR_RELOCATABLE_KERNEL, 1, relocatable) },
	{ FIELD("min_alignment", FIELD_LOG2, 0x20a, HDR_MIN_ALIGNMENT, 1,
		min_alignment) },
	{ FIELD("xloadflags", FIELD_BITS, 0x20c, HDR_XLOADFLAGS, 2, xloadflags),
	  .bits = xloadflags_names, .bits_count = &xloadflags_names_count },
	{ FIELD("cmdline_size", FIELD_BYTES, 0x206, HDR_CMDLINE_SIZE, 4,
		cmdline_size) },
	{ FIELD("hardware_subarch", FIELD_SUBARCH, 0x207, HDR_HARDWARE_SUBARCH,
		4, hardware_subarch) },
	{ FIELD("payload_offset", FIELD_WHERE, 0x208, HDR_PAYLOAD_OFFSET, 4,
		payload_offset) },
	{ FIELD("payload_length", FIELD_BYTES, 0x208, HDR_PAYLOAD_LENGTH, 4,
		payload_length) },
	{ FIELD("setup_data", FIELD_WHERE, 0x209, HDR_SETUP_DATA, 8,
		setup_data) },
	{ FIELD("pref_address", FIELD_WHERE, 0x20a, HDR_PREF_ADDRESS, 8,
		pref_address) },
	{ FIELD("init_size", FIELD_BYTES, 0x20a, HDR_INIT_SIZE, 4, init_size) },
	{ FIELD("handover_offset", FIELD_WHERE, 0x20b, HDR_HANDOVER_OFFSET, 4,
		handover_offset) },
	{ FIELD("kernel_info_offset", FIELD_WHERE, 0x20f,
		HDR_KERNEL_INFO_OFFSET, 4, kernel_info_offset) },
};
/* clang-format on */
const size_t header_fields_count = sizeof(header_fields) /
				   sizeof(header_fields[0]);

bool header_field_present(const struct header_field *f,
			  const struct setup_header *h)
{
	return h->version >= f->since &&
	       (size_t)f->off + f->width <= h->header_end;
}

uint64_t header_field_value(const struct header_field *f,
			    const struct setup_header *h)
{
	uint64_t v = 0;

	/* Little-endian, like the header itself. */
	memcpy(&v, (const uint8_t *)h + f->member, f->member_size);
	return v;
}

struct bits header_field_bits(const struct header_field *f,
			      const struct setup_header *h)
{
	return (struct bits){ header_field_value(f, h), f->bits,
			      *f->bits_count };
}
