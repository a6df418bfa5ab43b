/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dev/fs/message.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

bool fs_has_no_reply(uint32_t opcode)
{
	return opcode == FUSE_FORGET || opcode == FUSE_BATCH_FORGET ||
	       opcode == FUSE_INTERRUPT;
}

uint32_t fs_message_opcode(struct virtq_cursor in)
{
	struct fuse_in_header h;

	return virtq_read(&in, &h, sizeof(h)) == sizeof(h) ? h.opcode : 0;
}

/* How many of @left bytes are arguments. */
static size_t args_len(uint32_t opcode, uint64_t left)
{
	if (opcode == FUSE_WRITE && left > sizeof(struct fuse_write_in))
		return sizeof(struct fuse_write_in);
	return (size_t)left;
}

static int copy_args(struct fs_message *m, struct virtq_cursor in)
{
	uint64_t len = m->header.len;

	if (len < sizeof(m->header) || len - sizeof(m->header) > in.left)
		return -EINVAL;
	in = virtq_split(&in, len - sizeof(m->header));
	m->args_len = args_len(m->header.opcode, in.left);
	if (m->args_len > FS_ARGS_MAX) {
		m->args_len = 0;
		return -E2BIG;
	}
	m->args = malloc(m->args_len + 1);
	if (!m->args) {
		m->args_len = 0;
		return -ENOMEM;
	}
	virtq_read(&in, m->args, m->args_len);
	m->data = in;
	return 0;
}

int fs_message_read(struct fs_message *m, struct virtq_cursor in,
		    struct virtq_cursor out, struct err *e)
{
	memset(m, 0, sizeof(*m));
	if (virtq_read(&in, &m->header, sizeof(m->header)) != sizeof(m->header))
		return err_set(e, EPROTO,
			       "fewer than %zu bytes of request (5.11.6)",
			       sizeof(m->header));
	m->head = virtq_split(&out, sizeof(struct fuse_out_header));
	m->out = out;
	if (m->head.left < sizeof(struct fuse_out_header) &&
	    !fs_has_no_reply(m->header.opcode))
		return err_set(e, EPROTO,
			       "no room for the reply to operation %u (5.11.6)",
			       m->header.opcode);
	return copy_args(m, in);
}

void fs_message_release(struct fs_message *m)
{
	free(m->args);
	m->args = NULL;
}

bool fs_take(struct fs_message *m, void *to, size_t size)
{
	if (size > m->args_len - m->args_at)
		return false;
	memcpy(to, m->args + m->args_at, size);
	m->args_at += size;
	return true;
}

const void *fs_take_rest(struct fs_message *m, size_t *len)
{
	const void *rest = m->args + m->args_at;

	*len = m->args_len - m->args_at;
	m->args_at = m->args_len;
	return rest;
}

int fs_take_text(struct fs_message *m, const char **text, size_t max,
		 int too_long)
{
	size_t left = m->args_len - m->args_at;
	const char *start = (const char *)m->args + m->args_at;
	const char *end = left ? memchr(start, '\0', left) : NULL;

	if (!end || end == start)
		return -EINVAL;
	if ((size_t)(end - start) > max)
		return too_long;
	m->args_at += (size_t)(end - start) + 1;
	*text = start;
	return 0;
}

int fs_take_name(struct fs_message *m, const char **name)
{
	int rc = fs_take_text(m, name, NAME_MAX, -ENAMETOOLONG);

	if (rc)
		return rc;
	return strchr(*name, '/') || !strcmp(*name, ".") || !strcmp(*name, "..")
		       ? -EINVAL
		       : 0;
}

int fs_reply(struct fs_message *m, const void *data, size_t len)
{
	if (len > m->out.left)
		return -EINVAL;
	m->replied += virtq_write(&m->out, data, len);
	return 0;
}

uint32_t fs_finish(struct fs_message *m, int rc)
{
	struct fuse_out_header h = {
		.len = (uint32_t)(sizeof(h) + (rc < 0 ? 0 : m->replied)),
		.error = rc < 0 ? rc : 0,
		.unique = m->header.unique,
	};

	if (fs_has_no_reply(m->header.opcode))
		return 0;
	virtq_write(&m->head, &h, sizeof(h));
	return h.len;
}
