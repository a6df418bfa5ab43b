/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A message of FUSE: the request out of the buffers of a chain, and the reply
 * into them.
 *
 *   readable:  struct fuse_in_header | arguments, names | data of WRITE
 *   writable:  struct fuse_out_header | what the operation answers
 *
 * The arguments are copied once, before they are checked; the guest cannot
 * change this copy. The data of a read or a write stays where it is. Only this
 * file knows how arguments lie in a message; it opens nothing.
 *
 * Must never trust: all of it, lengths and the ends of names first.
 *
 * Spec: <linux/fuse.h>; virtio 1.2, 5.11.6.
 */
#ifndef DEV_FS_MESSAGE_H
#define DEV_FS_MESSAGE_H

#include <linux/fuse.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "dev/virtio/queue.h"

/* The longest arguments: SETXATTR has a name and a value of 64 KiB. */
#define FS_ARGS_MAX (72u << 10)

struct fs_message {
	struct fuse_in_header header;
	uint8_t *args; /* the copy */
	size_t args_len, args_at;
	struct virtq_cursor data; /* of WRITE: what is behind its arguments */
	struct virtq_cursor head; /* room for the reply's header */
	struct virtq_cursor out;  /* room behind that */
	size_t replied;		  /* bytes of it that are written */
};

/*
 * Take the request out of @in.
 *
 * Returns 0, or -EPROTO with @e filled in if the chain cannot hold a request
 * and its reply: a fault of the driver. Otherwise a negative errno to reply.
 * In each case release it.
 */
int fs_message_read(struct fs_message *m, struct virtq_cursor in,
		    struct virtq_cursor out, struct err *e);
void fs_message_release(struct fs_message *m);

/* Whether FUSE has no reply to @opcode. */
bool fs_has_no_reply(uint32_t opcode);

/* Only the opcode; 0 if there is none. */
uint32_t fs_message_opcode(struct virtq_cursor in);

/* The next @size bytes of the arguments; false if there are fewer. */
bool fs_take(struct fs_message *m, void *to, size_t size);

/* All bytes that are left, in the copy. */
const void *fs_take_rest(struct fs_message *m, size_t *len);

/*
 * The next name of a directory's entry: 1 to 255 bytes, no slash, neither "."
 * nor "..", ended by a NUL. Returns 0, -EINVAL or -ENAMETOOLONG.
 */
int fs_take_name(struct fs_message *m, const char **name);

/* The next text of 1 to @max bytes, ended by a NUL: -EINVAL, or @too_long. */
int fs_take_text(struct fs_message *m, const char **text, size_t max,
		 int too_long);

/* Add to the reply. Returns 0, or -EINVAL if there is no room. */
int fs_reply(struct fs_message *m, const void *data, size_t len);

/* Write the reply's header: what was added, or just @rc if it is negative.
 * Returns how many bytes of the chain are written. */
uint32_t fs_finish(struct fs_message *m, int rc);

#endif
