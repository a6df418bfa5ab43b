/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sandbox/privileges.h"

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#define CAP(n) (UINT64_C(1) << (n))

/* To name a file in a folder of somebody else's, as root expects to. Landlock
 * limits them to the folders of results. */
#define CAPS_NAMES (CAP(CAP_DAC_OVERRIDE) | CAP(CAP_FOWNER))
/* To write a shared folder as root does. */
#define CAPS_SERVES \
	(CAPS_NAMES | CAP(CAP_CHOWN) | CAP(CAP_FSETID) | CAP(CAP_SETGID))

static int keep_capabilities(uint64_t keep, struct err *e)
{
	struct __user_cap_header_struct head = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct now[2];

	if (syscall(SYS_capget, &head, now))
		return err_sys(e, "capget");
	for (unsigned i = 0; i < 2; i++) {
		now[i].permitted &= (uint32_t)(keep >> (32 * i));
		now[i].effective = now[i].permitted;
		now[i].inheritable = 0;
	}
	return syscall(SYS_capset, &head, now) ? err_sys(e, "capset") : 0;
}

int privileges_gain_none(struct err *e)
{
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return err_sys(e, "PR_SET_NO_NEW_PRIVS");
	return 0;
}

int privileges_drop(bool names_files, bool serves_files, struct err *e)
{
	const struct rlimit no_core = { 0, 0 };

	int rc = privileges_gain_none(e);

	if (rc)
		return rc;
	/* Only root may; others have the groups that let them use KVM. */
	if (setgroups(0, NULL) && errno != EPERM)
		return err_sys(e, "setgroups");
	(void)prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	(void)setrlimit(RLIMIT_CORE, &no_core);
	(void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	return keep_capabilities(serves_files  ? CAPS_SERVES
				 : names_files ? CAPS_NAMES
					       : 0,
				 e);
}
