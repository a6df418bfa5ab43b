/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reading the setup header: the first look at a bzImage.
 *
 * The header grew over 25 years. Two things determine its length in an image:
 * its version, and the target of the jump at 0x200. A field exists only if it
 * is covered by both. Everything is read at its offset from the start of the
 * file; "MZ" at offset 0 (an EFI stub) changes nothing.
 *
 * Must never trust: any field; see setup_header.h.
 *
 * Spec: Documentation/arch/x86/boot.rst, "The Real-Mode Kernel Header".
 */
#include "image/setup_header.h"

#include <errno.h>

#include "pv/bootparam.h"

#define SECTOR 512

/* boot.rst: "if this field contains 0, the real value is 4". */
#define SETUP_SECTS_DEFAULT 4

/* The value in boot.rst for headers older than the field. */
#define INITRD_ADDR_MAX_DEFAULT 0x37ffffff
#define CMDLINE_SIZE_DEFAULT	255

/* The bytes of a header, and where it ends. */
struct reader {
	struct bytes file;
	uint16_t version;
	size_t end;
};

static bool has(const struct reader *r, size_t off, size_t width,
		uint16_t since)
{
	return r->version >= since && off + width <= r->end;
}

/* The field of @width bytes at @off, or @absent from an older header. */
static uint64_t field(const struct reader *r, size_t off, size_t width,
		      uint16_t since, uint64_t absent)
{
	uint64_t v = 0;

	if (!has(r, off, width, since))
		return absent;
	memcpy(&v, r->file.data + off, width);
	return v;
}

/* Find version and end; from here on every byte below r->end is readable. */
static int reader_init(struct reader *r, struct bytes file, struct err *e)
{
	const uint8_t *magic;
	uint16_t boot_flag = 0;
	uint8_t jump = 0;

	if (!bytes_has(file, 0, HDR_VERSION + 2))
		return err_set(e, EINVAL,
			       "%zu bytes are too few for a setup header, "
			       "whose version lies at 0x%x",
			       file.len, HDR_VERSION);
	magic = file.data + HDR_MAGIC;
	if (memcmp(magic, "HdrS", 4))
		return err_set(
			e, EINVAL,
			"no \"HdrS\" at 0x%x (found %02x %02x %02x %02x)",
			HDR_MAGIC, magic[0], magic[1], magic[2], magic[3]);
	bytes_le16(file, HDR_BOOT_FLAG, &boot_flag);
	if (boot_flag != BOOT_FLAG_MAGIC)
		return err_set(e, EINVAL, "boot_flag is 0x%04x, not 0x%04x",
			       boot_flag, BOOT_FLAG_MAGIC);
	bytes_le16(file, HDR_VERSION, &r->version);
	if (r->version < 0x0200)
		return err_set(e, EINVAL,
			       "version is 0x%04x, older than 0x0200",
			       r->version);
	bytes_u8(file, HDR_JUMP + 1, &jump);
	r->end = HDR_MAGIC + jump;
	if (r->end < HDR_VERSION + 2)
		return err_set(e, EINVAL,
			       "header ends at 0x%zx (length byte 0x%02x), "
			       "before its version field at 0x%x",
			       r->end, jump, HDR_VERSION);
	if (r->end > file.len)
		return err_set(e, EINVAL,
			       "header ends at 0x%zx (length byte 0x%02x), "
			       "past the file (0x%zx bytes)",
			       r->end, jump, file.len);
	r->file = file;
	return 0;
}

static void read_fields(struct setup_header *h, const struct reader *r)
{
	/* Before 2.04 the upper half of syssize was something else. */
	size_t syssize_width = r->version < 0x0204 ? 2 : 4;

	h->syssize = field(r, HDR_SYSSIZE, syssize_width, 0x0200, 0);
	h->kernel_version_ptr = field(r, HDR_KERNEL_VERSION, 2, 0x0200, 0);
	h->loadflags = field(r, HDR_LOADFLAGS, 1, 0x0200, 0);
	h->code32_start = field(r, HDR_CODE32_START, 4, 0x0200, 0);
	h->initrd_addr_max = field(r, HDR_INITRD_ADDR_MAX, 4, 0x0203,
				   INITRD_ADDR_MAX_DEFAULT);
	h->kernel_alignment = field(r, HDR_KERNEL_ALIGNMENT, 4, 0x0205, 0);
	h->relocatable = field(r, HDR_RELOCATABLE_KERNEL, 1, 0x0205, 0) != 0;
	h->min_alignment = field(r, HDR_MIN_ALIGNMENT, 1, 0x020a, 0);
	h->xloadflags = field(r, HDR_XLOADFLAGS, 2, 0x020c, 0);
	h->cmdline_size = field(r, HDR_CMDLINE_SIZE, 4, 0x0206,
				CMDLINE_SIZE_DEFAULT);
	h->hardware_subarch = field(r, HDR_HARDWARE_SUBARCH, 4, 0x0207, 0);
	h->has_payload = has(r, HDR_PAYLOAD_LENGTH, 4, 0x0208);
	h->payload_offset = field(r, HDR_PAYLOAD_OFFSET, 4, 0x0208, 0);
	h->payload_length = field(r, HDR_PAYLOAD_LENGTH, 4, 0x0208, 0);
	h->setup_data = field(r, HDR_SETUP_DATA, 8, 0x0209, 0);
	h->pref_address = field(r, HDR_PREF_ADDRESS, 8, 0x020a, 0);
	h->init_size = field(r, HDR_INIT_SIZE, 4, 0x020a, 0);
	h->handover_offset = field(r, HDR_HANDOVER_OFFSET, 4, 0x020b, 0);
	h->kernel_info_offset = field(r, HDR_KERNEL_INFO_OFFSET, 4, 0x020f, 0);
}

int setup_header_parse(struct setup_header *h, struct bytes file, struct err *e)
{
	struct setup_header new = { 0 };
	struct reader r = { 0 };
	int rc;

	rc = reader_init(&r, file, e);
	if (rc)
		return rc;
	new.version = r.version;
	new.header_end = r.end;
	new.setup_sects = file.data[HDR_SETUP_SECTS];
	if (!new.setup_sects)
		new.setup_sects = SETUP_SECTS_DEFAULT;
	new.code_off = ((uint64_t) new.setup_sects + 1) * SECTOR;
	if (new.code_off > file.len)
		return err_set(e, EINVAL,
			       "setup_sects %u puts the protected-mode code at "
			       "0x%llx, past the file (0x%zx bytes)",
			       new.setup_sects,
			       (unsigned long long)new.code_off, file.len);
	read_fields(&new, &r);
	*h = new;
	return 0;
}

const struct flag_name loadflags_names[] = {
	{ LOADFLAGS_LOADED_HIGH_BIT, "LOADED_HIGH" },
	{ LOADFLAGS_KASLR_FLAG_BIT, "KASLR_FLAG" },
	{ LOADFLAGS_QUIET_BIT, "QUIET_FLAG" },
	{ LOADFLAGS_KEEP_SEGMENTS_BIT, "KEEP_SEGMENTS" },
	{ LOADFLAGS_CAN_USE_HEAP_BIT, "CAN_USE_HEAP" },
};
const size_t loadflags_names_count = sizeof(loadflags_names) /
				     sizeof(loadflags_names[0]);

/* clang-format off */
const struct flag_name xloadflags_names[] = {
	{ 0, "XLF_KERNEL_64" },
	{ 1, "XLF_CAN_BE_LOADED_ABOVE_4G" },
	{ 2, "XLF_EFI_HANDOVER_32" },
	{ 3, "XLF_EFI_HANDOVER_64" },
	{ 4, "XLF_EFI_KEXEC" },
	{ 5, "XLF_5LEVEL" },
	{ 6, "XLF_5LEVEL_ENABLED" },
	{ 7, "XLF_MEM_ENCRYPTION" },
};
/* clang-format on */
const size_t xloadflags_names_count = sizeof(xloadflags_names) /
				      sizeof(xloadflags_names[0]);

const char *hardware_subarch_name(uint32_t subarch)
{
	static const char *const names[] = {
		"PC", "lguest", "Xen", "Intel MID", "CE4100",
	};

	if (subarch >= sizeof(names) / sizeof(names[0]))
		return NULL;
	return names[subarch];
}

void setup_header_kernel_version(const struct setup_header *h,
				 struct bytes file, char *buf, size_t size)
{
	/* The pointer counts from the end of the boot sector. */
	uint64_t off = (uint64_t)h->kernel_version_ptr + SECTOR;
	size_t n = 0;
	uint8_t c;

	if (!size)
		return;
	while (h->kernel_version_ptr && n + 1 < size && off < h->code_off &&
	       bytes_u8(file, off++, &c) && c)
		buf[n++] = c >= 0x20 && c < 0x7f ? (char)c : '?';
	buf[n] = '\0';
}
