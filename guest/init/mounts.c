/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The guest's root:
 *
 *   /root               the root to be
 *     overlay           of /lower, the shared folder, read-only
 *                       and /upper, in memory: thrown away with the guest
 *     AT...             further shared folders
 *     dev proc sys run  the guest's own
 *
 * The init's archive is below all that and stays there.
 */
#include "init/init.h"

#include <linux/mount.h>

#include "init/sys.h"
#include "lib/string.h"

#define NEW_ROOT "/root"
#define PATH_MAX 4096

/* The driver finds its devices by itself, some time after it was loaded. */
#define WAIT_MS 10000

static void mount_share(const char *tag, const char *at, unsigned long flags)
{
	long deadline = sys_now_ms() + WAIT_MS;
	int rc;

	/* EINVAL: the device with this tag has not been found yet. */
	while ((rc = sys_mount(tag, at, "virtiofs", flags, NULL)) == -EINVAL &&
	       sys_now_ms() < deadline)
		sys_sleep_ms(1);
	if (rc == -ENODEV)
		fail(0, "the kernel has no virtiofs (CONFIG_VIRTIO_FS)");
	if (rc)
		fail(rc == -EINVAL ? -ETIMEDOUT : rc,
		     "the shared folder %s cannot be mounted", tag);
}

struct mount_row {
	const char *type, *at;
	unsigned long flags;
	const char *options;
	bool required;
};

static void mount_row(const struct mount_row *m)
{
	int rc;

	(void)sys_mkdir(m->at, 0755);
	rc = sys_mount(m->type, m->at, m->type, m->flags, m->options);
	/* CONFIG_DEVTMPFS_MOUNT is for roots that the kernel mounts. */
	if (rc && rc != -EBUSY && m->required)
		fail(rc, "%s cannot be mounted at %s", m->type, m->at);
}

#define SAFE (MS_NOSUID | MS_NODEV | MS_NOEXEC)

void mount_first(void)
{
	static const struct mount_row rows[] = {
		{ "devtmpfs", "/dev", MS_NOSUID, NULL, true },
		{ "proc", "/proc", SAFE, NULL, true },
		{ "sysfs", "/sys", SAFE, NULL, true },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		mount_row(&rows[i]);
}

static void mount_overlay(const char *tag)
{
	static const struct mount_row upper = { "tmpfs", "/upper", 0,
						"mode=755", true };
	int rc;

	(void)sys_mkdir("/lower", 0755);
	mount_share(tag, "/lower", MS_RDONLY);
	mount_row(&upper);
	(void)sys_mkdir("/upper/files", 0755);
	(void)sys_mkdir("/upper/work", 0755);
	rc = sys_mount("overlay", NEW_ROOT, "overlay", 0,
		       "lowerdir=/lower,upperdir=/upper/files,"
		       "workdir=/upper/work");
	if (rc == -ENODEV)
		fail(0, "the kernel has no overlay (CONFIG_OVERLAY_FS)");
	if (rc)
		fail(rc, "the overlay over the root cannot be mounted");
}

void make_folders(char *path)
{
	for (char *p = path + 1; *p; p++)
		if (*p == '/') {
			*p = '\0';
			(void)sys_mkdir(path, 0755);
			*p = '/';
		}
	(void)sys_mkdir(path, 0755);
}

static void mount_further(const struct words_share *s)
{
	static char path[PATH_MAX];
	size_t len = strlen(s->at);

	if (len + sizeof(NEW_ROOT) > sizeof(path))
		fail(-ENAMETOOLONG, "the path of the share %s", s->tag);
	memcpy(path, NEW_ROOT, sizeof(NEW_ROOT));
	memcpy(path + sizeof(NEW_ROOT) - 1, s->at, len + 1);
	make_folders(path);
	mount_share(s->tag, path, 0);
}

/* Whether @path is @folder or below it. */
static bool is_below(const char *path, const char *folder)
{
	size_t len = strlen(folder);

	return path && !strncmp(path, folder, len) &&
	       (!path[len] || path[len] == '/');
}

/* What daemons of the host have left in /run does not serve in the guest, but
 * somebody may work there. */
bool mount_is_used(const struct words *w, const char *folder)
{
	bool used = is_below(w->dir, folder);

	for (unsigned i = 0; i < w->shares_count; i++)
		used |= is_below(w->shares[i].at, folder);
	return used;
}

/* The guest's own file systems, in the new root. */
static void mount_system(const struct words *w)
{
	static const struct mount_row rows[] = {
		{ "proc", "proc", SAFE, NULL, true },
		{ "sysfs", "sys", SAFE, NULL, true },
		{ "debugfs", "sys/kernel/debug", SAFE, NULL, false },
		{ "tracefs", "sys/kernel/tracing", SAFE, NULL, false },
		{ "cgroup2", "sys/fs/cgroup", SAFE, NULL, false },
		{ "bpf", "sys/fs/bpf", SAFE, NULL, false },
		{ "devpts", "dev/pts", MS_NOSUID | MS_NOEXEC,
		  "mode=620,gid=5,ptmxmode=666", false },
		{ "tmpfs", "dev/shm", MS_NOSUID | MS_NODEV, "mode=1777",
		  false },
	};
	static const struct mount_row run = { "tmpfs", "run",
					      MS_NOSUID | MS_NODEV, "mode=755",
					      false };
	int rc;

	(void)sys_mkdir("dev", 0755);
	rc = sys_mount("/dev", "dev", NULL, MS_MOVE, NULL);
	if (rc)
		fail(rc, "/dev cannot be moved into the root");
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		mount_row(&rows[i]);
	if (!mount_is_used(w, "/run"))
		mount_row(&run);
	if (!sys_mkdir("tmp", 0777))
		(void)sys_2(__NR_chmod, "tmp", 01777);
}

static void link_streams(void)
{
	static const char *const links[][2] = {
		{ "/proc/self/fd", "/dev/fd" },
		{ "/proc/self/fd/0", "/dev/stdin" },
		{ "/proc/self/fd/1", "/dev/stdout" },
		{ "/proc/self/fd/2", "/dev/stderr" },
	};

	for (size_t i = 0; i < sizeof(links) / sizeof(links[0]); i++)
		(void)sys_2(__NR_symlink, links[i][0], links[i][1]);
}

void mount_root(const struct words *w)
{
	int rc;

	(void)sys_mkdir(NEW_ROOT, 0755);
	if (w->overlay)
		mount_overlay(w->root);
	else
		mount_share(w->root, NEW_ROOT, 0);
	for (unsigned i = 0; i < w->shares_count; i++)
		mount_further(&w->shares[i]);
	(void)sys_1(__NR_chdir, NEW_ROOT);
	mount_system(w);
	rc = sys_mount(".", "/", NULL, MS_MOVE, NULL);
	if (!rc)
		rc = (int)sys_1(__NR_chroot, ".");
	if (rc)
		fail(rc, "the new root cannot be entered");
	(void)sys_1(__NR_chdir, "/");
	link_streams();
}
