/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vm/pause.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#define URGE_NS 20000000

int pause_init(struct pause *p, struct vcpu *vcpus, unsigned count,
	       struct err *e)
{
	*p = (struct pause)PAUSE_EMPTY;
	p->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (p->wake_fd < 0)
		return err_sys(e, "eventfd");
	p->cpus = calloc(count, sizeof(*p->cpus));
	if (!p->cpus) {
		pause_release(p);
		return err_set(e, ENOMEM, "no memory for %u vCPUs", count);
	}
	pthread_mutex_init(&p->lock, NULL);
	pthread_cond_init(&p->changed, NULL);
	p->count = count;
	for (unsigned i = 0; i < count; i++)
		p->cpus[i].v = &vcpus[i];
	return 0;
}

void pause_release(struct pause *p)
{
	if (p->wake_fd >= 0)
		close(p->wake_fd);
	free(p->cpus);
	*p = (struct pause)PAUSE_EMPTY;
}

void pause_end(struct pause *p)
{
	pthread_mutex_lock(&p->lock);
	p->ended = true;
	pause_changed(p);
	pthread_mutex_unlock(&p->lock);
}

void pause_here(struct pause *p, unsigned cpu)
{
	pthread_mutex_lock(&p->lock);
	pause_wait(p, cpu);
	pthread_mutex_unlock(&p->lock);
}

void pause_gone(struct pause *p, unsigned cpu)
{
	pthread_mutex_lock(&p->lock);
	p->cpus[cpu].gone = true;
	pause_changed(p);
	pause_wake(p);
	pthread_mutex_unlock(&p->lock);
}

void pause_want(struct pause *p, unsigned cpu, bool wanted)
{
	p->cpus[cpu].wanted = wanted;
}

static bool rests(const struct pause_cpu *c)
{
	return c->waits || c->gone;
}

void pause_urge(struct pause *p, int but)
{
	for (unsigned i = 0; i < p->count; i++)
		if ((int)i != but && p->cpus[i].wanted && !rests(&p->cpus[i]))
			vcpu_pause(p->cpus[i].v);
}

bool pause_all_rest(const struct pause *p, int but)
{
	for (unsigned i = 0; i < p->count; i++)
		if ((int)i != but && !rests(&p->cpus[i]))
			return false;
	return true;
}

void pause_changed(struct pause *p)
{
	pthread_cond_broadcast(&p->changed);
}

void pause_wake(struct pause *p)
{
	(void)eventfd_write(p->wake_fd, 1);
}

void pause_wait(struct pause *p, unsigned cpu)
{
	struct pause_cpu *c = &p->cpus[cpu];

	c->waits = true;
	pause_changed(p);
	if (pause_all_rest(p, -1))
		pause_wake(p);
	while (c->wanted && !p->ended)
		pthread_cond_wait(&p->changed, &p->lock);
	c->waits = false;
	atomic_store(&c->v->pause, false);
}

void pause_await_change(struct pause *p)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	t.tv_nsec += URGE_NS;
	t.tv_sec += t.tv_nsec / 1000000000;
	t.tv_nsec %= 1000000000;
	(void)pthread_cond_timedwait(&p->changed, &p->lock, &t);
}
