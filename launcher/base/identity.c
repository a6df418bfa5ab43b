/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/identity.h"

#include <errno.h>
#include <grp.h>
#include <stdlib.h>
#include <unistd.h>

static struct {
	bool is_set;
	uid_t uid;
	gid_t gid;
} identity;

int identity_set(uid_t uid, gid_t gid, struct err *e)
{
	if (geteuid())
		return err_set(e, EPERM,
			       "only root can run a guest as another user");
	if (setgroups(0, NULL))
		return err_sys(e, "setgroups");
	identity.is_set = true;
	identity.uid = uid;
	identity.gid = gid;
	return 0;
}

bool identity_is_set(void)
{
	return identity.is_set;
}

int identity_enter(struct err *e)
{
	if (!identity.is_set)
		return 0;
	if (setegid(identity.gid))
		return err_sys(e, "setegid(%u)", identity.gid);
	if (!seteuid(identity.uid))
		return 0;
	err_sys(e, "seteuid(%u)", identity.uid);
	identity_leave();
	return -EPERM;
}

/* With the wrong rights nothing may go on. */
void identity_leave(void)
{
	if (identity.is_set && (seteuid(0) || setegid(0)))
		abort();
}

int identity_become(struct err *e)
{
	if (!identity.is_set)
		return 0;
	if (setresgid(identity.gid, identity.gid, identity.gid))
		return err_sys(e, "setresgid(%u)", identity.gid);
	if (setresuid(identity.uid, identity.uid, identity.uid))
		return err_sys(e, "setresuid(%u)", identity.uid);
	return 0;
}
