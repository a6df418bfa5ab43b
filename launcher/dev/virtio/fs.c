/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dev/virtio/fs.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define FS_QUEUES     2
#define FS_QUEUE_SIZE 256

/* Concurrent requests of one share. */
#define FS_THREADS 4

static enum virtio_result fs_serve_chain(void *dev, struct virtio_request *r,
					 struct err *e)
{
	struct virtq_cursor in = virtq_reader(&r->chain);
	struct virtio_fs *fs = dev;

	if (!fs_is_quick(fs_message_opcode(in)))
		virtio_may_wait(&fs->core, r->ticket.queue);
	return fs_serve(&fs->server, in, virtq_writer(&r->chain), &r->written,
			e)
		       ? VIRTIO_DRIVER_FAULT
		       : VIRTIO_DONE;
}

/* Requests of the life before have given their chains back. */
static int fs_start(void *dev, struct err *e)
{
	struct virtio_fs *fs = dev;

	(void)e;
	fs_server_reset(&fs->server);
	return 0;
}

static void fs_report(void *dev, struct device_counters *c)
{
	static const char *const names[FS_COUNTS] = {
		[FS_LOOKUPS] = "lookups", [FS_OPENS] = "opens",
		[FS_READS] = "reads",	  [FS_READ_BYTES] = "read_bytes",
		[FS_WRITES] = "writes",	  [FS_WRITTEN_BYTES] = "written_bytes",
		[FS_REFUSED] = "refused",
	};
	struct virtio_fs *fs = dev;

	for (unsigned i = 0; i < FS_COUNTS; i++)
		device_count(c, names[i], atomic_load(&fs->server.counts[i]));
	device_count(c, "evicted", fs->server.nodes.evicted);
}

static void fs_free(void *dev)
{
	virtio_fs_release(dev);
	free(dev);
}

static const struct virtio_device_ops fs_ops = {
	.start = fs_start,
	.serve = fs_serve_chain,
	.report = fs_report,
	.release = fs_free,
};

/* ---- making one */

int virtio_fs_init(struct virtio_fs *fs, const struct fs_folder *f,
		   const char *tag, bool is_rw, const struct guest_mem *gm,
		   struct worker *worker, struct err *e)
{
	uint8_t config[VIRTIO_FS_CONFIG_SIZE] = { [VIRTIO_FS_NUM_QUEUES] = 1 };
	const struct virtio_setup setup = {
		.name = "virtio-fs",
		.id = VIRTIO_ID_FS,
		.queues = FS_QUEUES,
		.queue_size = FS_QUEUE_SIZE,
		.config = config,
		.config_len = sizeof(config),
		.threads = FS_THREADS,
		.role = THREAD_FILES,
		.ops = &fs_ops,
		.dev = fs,
		.gm = gm,
		.worker = worker,
	};
	int rc;

	memset(fs, 0, sizeof(*fs));
	memcpy(config + VIRTIO_FS_TAG, tag, strnlen(tag, VIRTIO_FS_TAG_SIZE));
	rc = fs_server_init(&fs->server, f, is_rw, e);
	if (rc)
		return rc;
	rc = virtio_init(&fs->core, &setup, e);
	if (rc)
		fs_server_release(&fs->server);
	return rc;
}

void virtio_fs_release(struct virtio_fs *fs)
{
	virtio_release(&fs->core);
	fs_server_release(&fs->server);
}

/* ---- its option */

/* The last part of @path, as @len bytes; "share" if it says nothing. */
static const char *default_tag(const char *path, size_t *len)
{
	const char *end = path + strlen(path), *start;

	while (end > path && end[-1] == '/')
		end--;
	for (start = end; start > path && start[-1] != '/';)
		start--;
	*len = (size_t)(end - start);
	if (!*len || (*len == 1 && *start == '.') ||
	    (*len == 2 && !strncmp(start, "..", 2))) {
		*len = 5;
		return "share";
	}
	return start;
}

static const char *tag_of(const struct virtio_fs_config *c, size_t *len)
{
	if (!c->tag)
		return default_tag(c->path, len);
	*len = strlen(c->tag);
	return c->tag;
}

static int fs_check(const void *config, struct err *e)
{
	const struct virtio_fs_config *c = config;
	size_t len;
	const char *tag = tag_of(c, &len);

	if (c->ro && c->rw)
		return err_set(e, EINVAL, "only one of ro and rw may be given");
	if (!len)
		return err_set(e, EINVAL, "the tag is empty");
	if (len > VIRTIO_FS_TAG_SIZE)
		return err_set(e, EINVAL,
			       "the tag '%.*s' has %zu bytes (at most %d); "
			       "%s ,tag=NAME",
			       (int)len, tag, len, VIRTIO_FS_TAG_SIZE,
			       c->tag ? "shorten" : "give one with");
	return 0;
}

static int fs_agree(void *config, const void *earlier, struct err *e)
{
	const struct virtio_fs_config *c = config, *other = earlier;
	size_t len, other_len;
	const char *tag = tag_of(c, &len);
	const char *other_tag = tag_of(other, &other_len);

	if (len != other_len || memcmp(tag, other_tag, len))
		return 0;
	return err_set(e, EINVAL,
		       "%s and %s: both shares have the tag '%.*s'; give one "
		       "another with ,tag=NAME",
		       other->path, c->path, (int)len, tag);
}

static int fs_open_folder(void *config, struct err *e)
{
	struct virtio_fs_config *c = config;
	int rc = fs_folder_open(&c->folder, c->path, e);

	c->is_open = !rc;
	return rc;
}

static void fs_close_folder(void *config)
{
	struct virtio_fs_config *c = config;

	if (c->is_open)
		fs_folder_close(&c->folder);
	c->is_open = false;
}

static const struct keyword fs_keys[] = {
	{ "ro", NULL, VALUE_FLAG_AT(struct virtio_fs_config, ro), 0, false,
	  "the guest may only read (the default)" },
	{ "rw", NULL, VALUE_FLAG_AT(struct virtio_fs_config, rw), 0, false,
	  "the guest may change what this user may change" },
	{ "tag", "NAME", VALUE_TEXT_AT(struct virtio_fs_config, tag), 0, false,
	  "what the guest mounts it by (the folder's name)" },
};

static int fs_folder_of(const void *config, bool *writable)
{
	const struct virtio_fs_config *c = config;

	*writable = c->rw;
	return c->folder.fd;
}

static const struct device_option fs_option = {
	.keywords = { .first = "DIR",
		      .first_value = VALUE_PATH_AT(struct virtio_fs_config,
						   path),
		      .keys = fs_keys,
		      .count = sizeof(fs_keys) / sizeof(*fs_keys) },
	.config_size = sizeof(struct virtio_fs_config),
	.check = fs_check,
	.agree = fs_agree,
	.open = fs_open_folder,
	.opened_as_user = true,
	.close = fs_close_folder,
	.opens_files = true,
	.folder = fs_folder_of,
};

static int fs_create(struct virtio **v, const struct device_slot *slot,
		     struct device_env *env, struct err *e)
{
	/* The folder is open, and stays open as long as the machine exists. */
	const struct virtio_fs_config *c = slot->config;
	struct virtio_fs *fs = device_alloc(slot, sizeof(*fs), e);
	char tag[VIRTIO_FS_TAG_SIZE + 1] = "";
	size_t len;
	const char *from = tag_of(c, &len);
	int rc;

	if (!fs)
		return -ENOMEM;
	memcpy(tag, from, len);
	rc = virtio_fs_init(fs, &c->folder, tag, c->rw, env->gm, env->worker,
			    e);
	if (rc)
		free(fs);
	else
		*v = &fs->core;
	return rc;
}

const struct device_type virtio_fs_type = {
	.name = "virtio-fs",
	.virtio = fs_create,
	.option = &fs_option,
};
