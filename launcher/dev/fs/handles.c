/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dev/fs/handles.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

void fs_handles_init(struct fs_handles *h, struct fs_nodes *nodes, unsigned max)
{
	memset(h, 0, sizeof(*h));
	pthread_mutex_init(&h->lock, NULL);
	fs_ids_init(&h->ids, max);
	h->nodes = nodes;
}

static void free_handle(struct fs_handles *h, struct fs_handle *handle)
{
	fs_nodes_close(h->nodes, handle->fd);
	fs_node_put(h->nodes, handle->node);
	pthread_mutex_destroy(&handle->lock);
	free(handle->entries);
	free(handle);
}

void fs_handles_clear(struct fs_handles *h)
{
	struct fs_handle *handle;
	uint32_t at = 0;

	while ((handle = fs_ids_next(&h->ids, &at))) {
		assert(handle->users == 1);
		fs_ids_remove(&h->ids, handle->id);
		free_handle(h, handle);
	}
}

void fs_handles_release(struct fs_handles *h)
{
	if (!h->nodes)
		return;
	fs_handles_clear(h);
	fs_ids_release(&h->ids);
	pthread_mutex_destroy(&h->lock);
	memset(h, 0, sizeof(*h));
}

int fs_handle_add(struct fs_handles *h, int fd, struct fs_node *node,
		  bool is_folder, uint64_t *id)
{
	struct fs_handle *handle = calloc(1, sizeof(*handle));
	int rc = -ENOMEM;

	if (handle) {
		pthread_mutex_lock(&h->lock);
		rc = fs_ids_add(&h->ids, handle, &handle->id);
		pthread_mutex_unlock(&h->lock);
	}
	if (rc) {
		free(handle);
		fs_nodes_close(h->nodes, fd);
		return rc;
	}
	/* The guest cannot know the number yet, but can guess it. */
	pthread_mutex_init(&handle->lock, NULL);
	handle->fd = fd;
	handle->node = node;
	handle->is_folder = is_folder;
	fs_node_hold(h->nodes, node);
	*id = handle->id;
	pthread_mutex_lock(&h->lock);
	handle->users = 1;
	pthread_mutex_unlock(&h->lock);
	return 0;
}

struct fs_handle *fs_handle_get(struct fs_handles *h, uint64_t id)
{
	struct fs_handle *handle;

	pthread_mutex_lock(&h->lock);
	handle = fs_ids_get(&h->ids, id);
	if (handle && handle->users)
		handle->users++;
	else
		handle = NULL;
	pthread_mutex_unlock(&h->lock);
	return handle;
}

void fs_handle_put(struct fs_handles *h, struct fs_handle *handle)
{
	bool is_last;

	pthread_mutex_lock(&h->lock);
	is_last = !--handle->users;
	pthread_mutex_unlock(&h->lock);
	if (is_last)
		free_handle(h, handle);
}

int fs_handle_close(struct fs_handles *h, uint64_t id)
{
	struct fs_handle *handle;

	pthread_mutex_lock(&h->lock);
	handle = fs_ids_get(&h->ids, id);
	if (handle && handle->users)
		fs_ids_remove(&h->ids, id);
	else
		handle = NULL;
	pthread_mutex_unlock(&h->lock);
	if (!handle)
		return -EBADF;
	fs_handle_put(h, handle);
	return 0;
}
