/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "run/console.h"

#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

int console_init(struct console *c, struct err *e)
{
	memset(c, 0, sizeof(*c));
	c->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (c->wake_fd < 0)
		return err_sys(e, "eventfd");
	pthread_mutex_init(&c->lock, NULL);
	pthread_cond_init(&c->space, NULL);
	return 0;
}

void console_release(struct console *c)
{
	if (c->wake_fd < 0)
		return;
	close(c->wake_fd);
	c->wake_fd = -1;
	pthread_cond_destroy(&c->space);
	pthread_mutex_destroy(&c->lock);
}

void console_put(struct console *c, uint8_t byte)
{
	bool was_empty;

	pthread_mutex_lock(&c->lock);
	while (c->count >= CONSOLE_QUEUE && !c->finished && !c->closed)
		pthread_cond_wait(&c->space, &c->lock);
	if (c->closed || c->count == CONSOLE_ROOM) {
		pthread_mutex_unlock(&c->lock);
		return;
	}
	was_empty = !c->count;
	c->queue[(c->head + c->count++) % CONSOLE_ROOM] = byte;
	pthread_mutex_unlock(&c->lock);
	/* Once for each batch: the loop takes all bytes when it wakes. */
	if (was_empty)
		(void)eventfd_write(c->wake_fd, 1);
}

/* How many of @n bytes to queue now; with the lock. */
static size_t room_for(const struct console *c, size_t n)
{
	size_t most = c->finished ? CONSOLE_ROOM : CONSOLE_QUEUE;
	size_t room = c->count < most ? most - c->count : 0;

	return n < room ? n : room;
}

size_t console_offer(struct console *c, const uint8_t *data, size_t n)
{
	bool wake;
	size_t len;

	pthread_mutex_lock(&c->lock);
	len = c->closed ? 0 : room_for(c, n);
	wake = !c->count && len;
	for (size_t i = 0; i < len; i++)
		c->queue[(c->head + c->count++) % CONSOLE_ROOM] = data[i];
	if (c->closed)
		len = n;
	c->owes |= len < n;
	pthread_mutex_unlock(&c->lock);
	if (wake)
		(void)eventfd_write(c->wake_fd, 1);
	return len;
}

/* There is more room, or nothing waits any more. Devices are told once there is
 * room for more than a few bytes. */
static void unlock_and_tell(struct console *c)
{
	bool tell = c->owes &&
		    (c->count <= CONSOLE_QUEUE / 2 || c->closed || c->finished);

	if (tell)
		c->owes = false;
	pthread_cond_broadcast(&c->space);
	pthread_mutex_unlock(&c->lock);
	if (tell && c->more)
		c->more(c->more_ctx);
}

size_t console_peek(struct console *c, const uint8_t **data)
{
	size_t n;

	pthread_mutex_lock(&c->lock);
	*data = c->queue + c->head;
	n = c->count;
	if (n > CONSOLE_ROOM - c->head)
		n = CONSOLE_ROOM - c->head;
	pthread_mutex_unlock(&c->lock);
	return n;
}

void console_drop(struct console *c, size_t n)
{
	pthread_mutex_lock(&c->lock);
	c->head = (c->head + n) % CONSOLE_ROOM;
	c->count -= n;
	unlock_and_tell(c);
}

void console_finish(struct console *c)
{
	pthread_mutex_lock(&c->lock);
	c->finished = true;
	unlock_and_tell(c);
}

void console_close(struct console *c)
{
	pthread_mutex_lock(&c->lock);
	c->closed = true;
	unlock_and_tell(c);
}
