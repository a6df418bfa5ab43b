/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/outcome.h"

#include <stdarg.h>
#include <stdio.h>
#include <sys/eventfd.h>
#include <unistd.h>

int outcome_latch_init(struct outcome_latch *l, struct err *e)
{
	*l = (struct outcome_latch){ .wake_fd = -1 };
	l->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (l->wake_fd < 0)
		return err_sys(e, "eventfd");
	pthread_mutex_init(&l->lock, NULL);
	return 0;
}

void outcome_latch_release(struct outcome_latch *l)
{
	if (l->wake_fd < 0)
		return;
	close(l->wake_fd);
	l->wake_fd = -1;
	pthread_mutex_destroy(&l->lock);
}

void outcome_set(struct outcome_latch *l, enum outcome_kind kind,
		 uint32_t value, const char *evidence, ...)
{
	va_list ap;

	pthread_mutex_lock(&l->lock);
	if (!l->set) {
		l->set = true;
		l->outcome.kind = kind;
		l->outcome.value = value;
		va_start(ap, evidence);
		vsnprintf(l->outcome.evidence, sizeof(l->outcome.evidence),
			  evidence, ap);
		va_end(ap);
		/* The counter cannot overflow with one write. */
		(void)eventfd_write(l->wake_fd, 1);
	}
	pthread_mutex_unlock(&l->lock);
}

void outcome_amend(struct outcome_latch *l, enum outcome_kind kind,
		   const char *evidence, ...)
{
	va_list ap;

	pthread_mutex_lock(&l->lock);
	l->outcome.kind = kind;
	va_start(ap, evidence);
	vsnprintf(l->outcome.evidence, sizeof(l->outcome.evidence), evidence,
		  ap);
	va_end(ap);
	pthread_mutex_unlock(&l->lock);
}

bool outcome_get(struct outcome_latch *l, struct outcome *out)
{
	bool set;

	pthread_mutex_lock(&l->lock);
	set = l->set;
	if (set && out)
		*out = l->outcome;
	pthread_mutex_unlock(&l->lock);
	return set;
}
