/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Builds a bzImage; see pack.h.
 */
#include "pack/pack.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <zlib.h>

#include "base/wire.h"
#include "image/kernel_elf.h"
#include "image/relocs.h"
#include "pack/fit.h"
#include "pack/guest_blob.h"
#include "pack/strip.h"
#include "pv/bootparam.h"
#include "pv/notes.h"
#include "pv/stub.h"

#define SECTOR	  512
#define PARAGRAPH 16 /* syssize counts these */
#define CRC_SIZE  4

/* Offsets and lengths of the parts of the file. */
struct layout {
	size_t code;	    /* the protected-mode part, stub first */
	size_t payload;	    /* from code */
	size_t payload_len; /* with the size that kernel builds append */
	size_t image_len;   /* of the protected-mode part */
	uint32_t init_size;
};

/* The field of that name in the built setup code. */
static uint16_t setup_le16(unsigned off)
{
	uint16_t v = 0;
	bool there = bytes_le16(blob_setup(), off, &v);

	assert(there);
	return v;
}

/* Both blobs are part of the launcher, so they have the layout of stub.h. */
static void check_blobs(void)
{
	struct bytes setup = blob_setup(), stub = blob_stub();
	uint32_t magic = 0;
	bool there = bytes_le32(stub, STUB_INFO_MAGIC, &magic);

	assert(there && magic == STUB_MAGIC && stub.len % PARAGRAPH == 0);
	assert(setup.len % SECTOR == 0 &&
	       setup.len / SECTOR == (setup_le16(HDR_SETUP_SECTS) & 0xff) + 1u);
}

static int add_parts(const struct pack_request *r, const struct fit *f,
		     struct layout *l, struct buf *out, struct err *e)
{
	size_t begin = out->len, pad;
	int rc;

	buf_add(out, blob_setup().data, blob_setup().len);
	l->code = blob_setup().len;
	buf_add(out, blob_stub().data, blob_stub().len);
	l->payload = blob_stub().len;
	rc = compress_payload(r->compressor, r->level, r->elf, out, e);
	if (rc)
		return rc;
	l->payload_len = out->len - begin - l->code - l->payload;
	l->image_len = l->payload + l->payload_len + CRC_SIZE + PARAGRAPH - 1;
	l->image_len -= l->image_len % PARAGRAPH;
	pad = l->image_len - l->payload - l->payload_len;
	if (!buf_extend(out, pad))
		return compress_no_memory("pack", e);
	memset(out->data + out->len - pad, 0, pad);
	return fit_image(&l->init_size, f, l->image_len, e);
}

static void put_header(uint8_t *file, const struct pack_request *r, bool is64,
		       const struct fit *f, const struct layout *l)
{
	put32(file, HDR_SYSSIZE, (uint32_t)(l->image_len / PARAGRAPH));
	put32(file, HDR_KERNEL_ALIGNMENT, 1u << f->align_log);
	put8(file, HDR_MIN_ALIGNMENT, f->align_log);
	/* Never CAN_BE_LOADED_ABOVE_4G: the stub is 32-bit code. */
	put16(file, HDR_XLOADFLAGS, is64 ? XLF_KERNEL_64 : 0);
	put32(file, HDR_PAYLOAD_OFFSET, (uint32_t)l->payload);
	put32(file, HDR_PAYLOAD_LENGTH, (uint32_t)l->payload_len);
	put64(file, HDR_PREF_ADDRESS, f->pref_address);
	put32(file, HDR_INIT_SIZE, l->init_size);
	if (r->cmdline_size)
		put32(file, HDR_CMDLINE_SIZE, r->cmdline_size);
	if (r->initrd_addr_max)
		put32(file, HDR_INITRD_ADDR_MAX, r->initrd_addr_max);
}

/* Fill in the stub's parameters. */
static void put_stub_info(uint8_t *stub, const struct pack_request *r,
			  const struct fit *f, const struct layout *l)
{
	put32(stub, STUB_INFO_IMAGE_LEN, (uint32_t)l->image_len);
	put32(stub, STUB_INFO_PAYLOAD_OFFSET, (uint32_t)l->payload);
	put32(stub, STUB_INFO_PAYLOAD_LEN, (uint32_t)l->payload_len);
	put32(stub, STUB_INFO_ELF_LEN, (uint32_t)r->elf.len);
	put32(stub, STUB_INFO_DEST_START, f->dest_start);
	put32(stub, STUB_INFO_DEST_END, f->dest_end);
}

/* The version of the image that the ELF came from, or "6.1.0-18-amd64 (packed
 * by launcher 0.2.0)". */
static void put_version(uint8_t *file, const struct pack_request *r,
			const struct kernel_elf *k)
{
	char *to = (char *)file + SECTOR + setup_le16(HDR_KERNEL_VERSION);
	const struct note *salt = notes_find(&k->notes, "Linux",
					     LINUX_ELFNOTE_BUILD_SALT);
	char name[SETUP_VERSION_MAX / 2] = "";

	memset(to, 0, SETUP_VERSION_MAX);
	if (*r->version) {
		snprintf(to, SETUP_VERSION_MAX, "%s", r->version);
		return;
	}
	if (salt && note_kind(salt) == NOTE_STRING)
		note_string(salt, name, sizeof(name));
	snprintf(to, SETUP_VERSION_MAX, "%s%spacked by launcher %s%s", name,
		 *name ? " (" : "", LAUNCHER_VERSION, *name ? ")" : "");
}

/*
 * boot.rst, IMAGE CHECKSUM: the last four bytes make the CRC-32 of the whole
 * file 0. This CRC omits the final inversion that zlib does.
 */
static void put_crc(uint8_t *file, size_t len)
{
	uLong crc = crc32_z(crc32_z(0, NULL, 0), file, len - CRC_SIZE);

	put32(file, (unsigned)(len - CRC_SIZE), ~(uint32_t)crc);
}

static int pack_elf(const struct pack_request *r, const struct kernel_elf *k,
		    struct buf *out, struct err *e)
{
	size_t begin = out->len;
	struct layout l = { 0 };
	struct fit f;
	uint8_t *file;
	int rc;

	rc = fit_kernel(&f, k, e) ?: add_parts(r, &f, &l, out, e);
	if (rc)
		return rc;
	file = out->data + begin;
	put_header(file, r, k->is64, &f, &l);
	put_stub_info(file + l.code, r, &f, &l);
	put_version(file, r, k);
	put_crc(file, l.code + l.image_len);
	return 0;
}

/* From here on, all sizes and offsets are those of the stripped ELF. */
static int pack_stripped(const struct pack_request *r, struct bytes elf,
			 struct buf *out, struct err *e)
{
	struct pack_request stripped = *r;
	struct kernel_elf k = { 0 };
	int rc = kernel_elf_parse(&k, elf, e);

	stripped.elf = elf;
	if (!rc)
		rc = pack_elf(&stripped, &k, out, e);
	kernel_elf_release(&k);
	return rc;
}

/*
 * The relocation lists behind the ELF, with which a loader can randomise the
 * kernel, go behind the stripped one. Other bytes that follow it are dropped.
 */
static int carry_lists(struct bytes *elf, const struct kernel_elf *k,
		       struct buf *room, struct err *e)
{
	struct relocs found;
	struct err ignored;

	if (relocs_find(&found, k, &ignored) || !found.present)
		return 0;
	if (elf->data == k->bytes.data) {
		*elf = k->bytes;
		return 0;
	}
	buf_add(room, k->bytes.data + found.off, k->bytes.len - found.off);
	if (room->failed)
		return compress_no_memory("pack", e);
	*elf = buf_bytes(room);
	return 0;
}

int pack_kernel(const struct pack_request *r, struct buf *out, struct err *e)
{
	struct kernel_elf k = { 0 };
	struct buf room = { 0 };
	struct bytes elf;
	int rc;

	check_blobs();
	rc = kernel_elf_parse(&k, r->elf, e);
	if (!rc)
		rc = strip_elf(&elf, &k, &room, e);
	if (!rc)
		rc = carry_lists(&elf, &k, &room, e);
	if (!rc)
		rc = pack_stripped(r, elf, out, e);
	buf_release(&room);
	kernel_elf_release(&k);
	return rc;
}
