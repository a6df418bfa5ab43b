/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/jobs.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "base/thread.h"

int jobs_init(struct jobs *j, unsigned max, struct err *e)
{
	int rc;

	assert(max && max <= JOBS_THREADS_MAX);
	memset(j, 0, sizeof(*j));
	rc = pthread_mutex_init(&j->lock, NULL);
	if (rc)
		return err_set(e, rc, "pthread_mutex_init: %s", strerror(rc));
	rc = pthread_cond_init(&j->added, NULL);
	if (rc) {
		pthread_mutex_destroy(&j->lock);
		return err_set(e, rc, "pthread_cond_init: %s", strerror(rc));
	}
	j->last = &j->first;
	j->max = max;
	j->role = THREAD_WORK;
	return 0;
}

/* With the lock. */
static struct job *take(struct jobs *j)
{
	struct job *job = j->first;

	if (!job)
		return NULL;
	j->first = job->next;
	if (!j->first)
		j->last = &j->first;
	return job;
}

static void *work(void *arg)
{
	struct jobs *j = arg;
	struct job *job;

	confine_thread(j->role, "requests");
	pthread_mutex_lock(&j->lock);
	for (;;) {
		job = take(j);
		if (!job && j->is_ending)
			break;
		if (!job) {
			j->idle++;
			pthread_cond_wait(&j->added, &j->lock);
			j->idle--;
			continue;
		}
		pthread_mutex_unlock(&j->lock);
		job->fn(job);
		pthread_mutex_lock(&j->lock);
	}
	pthread_mutex_unlock(&j->lock);
	return NULL;
}

int jobs_start_as(struct jobs *j, enum thread_role role, struct err *e)
{
	j->role = role;
	for (; j->started < j->max; j->started++)
		if (!thread_start(&j->threads[j->started], work, j))
			return err_set(e, EAGAIN, "cannot start a thread");
	return 0;
}

void jobs_add(struct jobs *j, struct job *job)
{
	bool is_served;

	job->next = NULL;
	pthread_mutex_lock(&j->lock);
	*j->last = job;
	j->last = &job->next;
	if (j->idle)
		pthread_cond_signal(&j->added);
	else if (j->started < j->max &&
		 thread_start(&j->threads[j->started], work, j))
		j->started++;
	is_served = j->started > 0;
	if (!is_served)
		job = take(j);
	pthread_mutex_unlock(&j->lock);
	if (!is_served)
		job->fn(job);
}

struct job *jobs_take_back(struct jobs *j)
{
	struct job *job;

	pthread_mutex_lock(&j->lock);
	job = take(j);
	pthread_mutex_unlock(&j->lock);
	return job;
}

void jobs_release(struct jobs *j)
{
	if (!j->max)
		return;
	pthread_mutex_lock(&j->lock);
	assert(!j->first);
	j->is_ending = true;
	pthread_cond_broadcast(&j->added);
	pthread_mutex_unlock(&j->lock);
	for (unsigned i = 0; i < j->started; i++)
		pthread_join(j->threads[i], NULL);
	pthread_cond_destroy(&j->added);
	pthread_mutex_destroy(&j->lock);
	memset(j, 0, sizeof(*j));
}
