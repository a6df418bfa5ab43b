/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sandbox/landlock.h"

#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The system's header may be older than the kernel, so what is used of it is
 * written here. */
#define NR_CREATE_RULESET 444
#define NR_ADD_RULE	  445
#define NR_RESTRICT_SELF  446

#define CREATE_RULESET_VERSION 1
#define RULE_PATH_BENEATH      1

#define FS_EXECUTE     (UINT64_C(1) << 0)
#define FS_WRITE_FILE  (UINT64_C(1) << 1)
#define FS_READ_FILE   (UINT64_C(1) << 2)
#define FS_READ_DIR    (UINT64_C(1) << 3)
#define FS_REMOVE_FILE (UINT64_C(1) << 5)
#define FS_MAKE_REG    (UINT64_C(1) << 8)
#define SCOPE_SIGNAL   (UINT64_C(1) << 1)
#define FS_IOCTL_DEV   (UINT64_C(1) << 15)

struct ruleset_attr {
	uint64_t fs, net, scoped;
};

struct path_beneath_attr {
	uint64_t access;
	int32_t folder;
} __attribute__((packed));

/* What each ABI can restrict: all of it, but for signals to other processes,
 * unless that is asked for. The filters forbid those, and the kernel could not
 * kill the helper of --net user when the launcher ends (PR_SET_PDEATHSIG). */
static const struct ruleset_attr abis[] = {
	{ 0, 0, 0 },
	{ 0x1fff, 0, 0 }, /* 1: open, read, write, make, remove */
	{ 0x3fff, 0, 0 }, /* 2: link to another folder */
	{ 0x7fff, 0, 0 }, /* 3: truncate */
	{ 0x7fff, 3, 0 }, /* 4: TCP bind and connect */
	{ 0xffff, 3, 0 }, /* 5: ioctl on devices that are opened later */
	{ 0xffff, 3, 1 }, /* 6: abstract sockets */
};
#define ABI_KNOWN ((int)(sizeof(abis) / sizeof(abis[0]) - 1))

/* The filters stop what the other ABIs have added: truncate(), TCP, ioctls. */
static const struct {
	int since;
	const char *without;
} lacks[] = {
	{ 1, "this kernel has no Landlock: only the filters protect files" },
	{ 6, "this kernel's Landlock is older than ABI 6: with --share or "
	     "--vsock, abstract sockets can be connected to" },
};

const char *landlock_lacks(int abi, size_t i)
{
	for (size_t n = 0; n < sizeof(lacks) / sizeof(lacks[0]); n++)
		if (abi < lacks[n].since && !i--)
			return lacks[n].without;
	return NULL;
}

int landlock_abi(void)
{
	long abi = syscall(NR_CREATE_RULESET, NULL, 0, CREATE_RULESET_VERSION);

	return abi > 0 ? (int)abi : 0;
}

static int add_folder(int ruleset, const struct landlock_folder *f,
		      uint64_t all, struct err *e)
{
	const uint64_t uses[] = {
		[LANDLOCK_RESULTS] = FS_MAKE_REG | FS_REMOVE_FILE,
		[LANDLOCK_REMOVE] = FS_REMOVE_FILE,
		[LANDLOCK_READ] = FS_READ_FILE | FS_READ_DIR | FS_EXECUTE,
		[LANDLOCK_WRITE] = all,
		[LANDLOCK_DEVICE] = FS_READ_FILE | FS_WRITE_FILE | FS_IOCTL_DEV,
	};
	const struct path_beneath_attr rule = {
		.access = uses[f->use] & all,
		.folder = f->fd,
	};

	if (syscall(NR_ADD_RULE, ruleset, RULE_PATH_BENEATH, &rule, 0))
		return err_sys(e, "landlock: a folder");
	return 0;
}

int landlock_enter(int abi, const struct landlock_folder *folders, size_t count,
		   unsigned how, struct err *e)
{
	struct ruleset_attr all = abis[abi < ABI_KNOWN ? abi : ABI_KNOWN];
	size_t size = all.scoped ? 24 : all.net ? 16 : 8;
	int ruleset, rc = 0;

	if (how & LANDLOCK_CONNECTS)
		all.net = 0;
	if (how & LANDLOCK_SIGNALS_STAY && all.scoped)
		all.scoped |= SCOPE_SIGNAL;
	ruleset = (int)syscall(NR_CREATE_RULESET, &all, size, 0);
	if (ruleset < 0)
		return err_sys(e, "landlock");
	for (size_t i = 0; !rc && i < count; i++)
		rc = add_folder(ruleset, &folders[i], all.fs, e);
	if (!rc && syscall(NR_RESTRICT_SELF, ruleset, 0))
		rc = err_sys(e, "landlock");
	close(ruleset);
	return rc;
}
