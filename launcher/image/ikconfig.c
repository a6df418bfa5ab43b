/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "image/ikconfig.h"

#include <elf.h>
#include <errno.h>

#include "image/decode.h"

static const char begin[] = "IKCFG_ST";
static const char end[] = "IKCFG_ED";

/* So many places with these words are tried; a kernel has one or two. */
#define TRIED_MAX 16

/* Behind @word, of 8 characters, or NULL. */
static const uint8_t *find(struct bytes b, const char *word)
{
	const uint8_t *p = b.len ? memmem(b.data, b.len, word, 8) : NULL;

	return p ? p + 8 : NULL;
}

/* The text between the words in @b, whose first one is behind @from. */
static int decode_config(struct buf *out, struct bytes b, struct err *e)
{
	const uint8_t *stop = find(b, end);
	uint8_t *room;
	int rc;

	if (!stop)
		return err_set(e, ENOENT, "no end of the configuration");
	room = buf_extend(out, IKCONFIG_MAX);
	if (!room)
		return err_set(e, ENOMEM, "no memory for the configuration");
	struct decode d = {
		.in = { b.data, (size_t)(stop - b.data) - 8 },
		.out = room,
		.cap = IKCONFIG_MAX,
		.enough = SIZE_MAX,
	};
	rc = decode_gzip(&d, e);
	out->len = rc ? 0 : d.out_len;
	return rc;
}

int ikconfig_read(struct buf *out, const struct kernel_elf *elf, struct err *e)
{
	unsigned tried = 0;

	for (unsigned i = 0; i < elf->segments_count; i++) {
		const struct elf_segment *s = &elf->segments[i];
		struct bytes b;
		const uint8_t *at;

		if (s->type != PT_LOAD ||
		    !bytes_slice(elf->bytes, s->off, s->filesz, &b))
			continue;
		while (tried < TRIED_MAX && (at = find(b, begin))) {
			int rc;

			tried++;
			b.len -= (size_t)(at - b.data);
			b.data = at;
			rc = decode_config(out, b, e);
			if (!rc || rc == -ENOMEM)
				return rc;
		}
	}
	return err_set(e, ENOENT, "the kernel carries no configuration");
}

char ikconfig_value(struct bytes config, const char *option)
{
	size_t len = strlen(option);
	const char *p = (const char *)config.data;
	const char *stop = p + config.len;

	while (p && p < stop) {
		size_t left = (size_t)(stop - p);
		const char *line_end = memchr(p, '\n', left);

		/* "CONFIG_PCI=y" */
		if (left > len + 1 && !memcmp(p, option, len) && p[len] == '=')
			return p[len + 1] == 'm' ? 'm' : 'y';
		p = line_end ? line_end + 1 : NULL;
	}
	return 'n';
}
