/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "outcome/root.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "boot/cmdline.h"
#include "image/drivers.h"

/* The root's device, its bus and its file system. */
#define NEEDED_MAX 3

struct needs {
	const struct driver *drivers[NEEDED_MAX];
	unsigned count;
};

static void say(char words[ROOT_WORDS_MAX], const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

static void say(char words[ROOT_WORDS_MAX], const char *fmt, ...)
{
	size_t used = strlen(words);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(words + used, ROOT_WORDS_MAX - used, fmt, ap);
	va_end(ap);
}

/* A device's type is "virtio-blk", its driver "virtio_blk". */
static void need(struct needs *n, const char *name)
{
	char driver[32];

	snprintf(driver, sizeof(driver), "%s", name);
	for (char *p = driver; *p; p++)
		if (*p == '-')
			*p = '_';
	for (size_t i = 0; i < drivers_count; i++)
		if (!strcmp(drivers[i].name, driver) && n->count < NEEDED_MAX)
			n->drivers[n->count++] = &drivers[i];
}

/* The file systems that rootfstype= may name, of those with a row. */
static const char *const file_systems[] = { "ext4", "squashfs", "erofs" };
#define FILE_SYSTEMS (sizeof(file_systems) / sizeof(*file_systems))

static void need_file_system(struct needs *n, const char *cmdline)
{
	char parameter[32];

	for (size_t i = 0; i < FILE_SYSTEMS; i++) {
		snprintf(parameter, sizeof(parameter), "rootfstype=%s",
			 file_systems[i]);
		if (cmdline_has(cmdline, parameter))
			need(n, file_systems[i]);
	}
}

static bool is_on_virtiofs(const struct root_facts *f)
{
	return cmdline_has(f->cmdline, "rootfstype=virtiofs");
}

/* Whether root= names a disk; the kernel knows of file systems only the number
 * of their partition, so UUID= and LABEL= need an initrd. */
static bool is_on_disk(const struct root_facts *f)
{
	return cmdline_has(f->cmdline, "root=/dev/vd") ||
	       cmdline_has(f->cmdline, "root=PARTUUID=") ||
	       cmdline_has(f->cmdline, "root=PARTLABEL=");
}

static const struct device_slot *find_device(const struct root_facts *f)
{
	return machine_plan_find(
		f->plan, is_on_virtiofs(f) ? "virtio-fs" : "virtio-blk", 0);
}

static void find_needs(const struct root_facts *f,
		       const struct device_slot *device, struct needs *n)
{
	*n = (struct needs){ .count = 0 };
	need(n, device->via->name);
	if (is_on_virtiofs(f)) {
		need(n, "virtiofs");
		return;
	}
	need(n, "virtio-blk");
	need_file_system(n, f->cmdline);
}

/* Keep those that are not built in. False if that is not known. */
static bool keep_missing(struct needs *n, struct symbols *s)
{
	enum driver_state states[DRIVERS_MAX];
	const struct kallsyms *names = symbols_own(s);
	unsigned kept = 0;

	if (!names)
		return false;
	drivers_find(states, names, (struct bytes){ 0 });
	for (unsigned i = 0; i < n->count; i++)
		if (states[n->drivers[i] - drivers] != DRIVER_BUILT_IN)
			n->drivers[kept++] = n->drivers[i];
	n->count = kept;
	return true;
}

/* "a", "a and b", "a, b and c", each with @suffix: names or options. */
static void say_list(char words[ROOT_WORDS_MAX], const struct needs *n,
		     bool options)
{
	for (unsigned i = 0; i < n->count; i++)
		say(words, "%s%s%s",
		    !i			? ""
		    : i + 1 == n->count ? " and "
					: ", ",
		    options ? n->drivers[i]->option : n->drivers[i]->name,
		    options ? "=y" : "");
}

static bool say_missing(const struct root_facts *f,
			const struct device_slot *device,
			char words[ROOT_WORDS_MAX])
{
	struct needs n;

	find_needs(f, device, &n);
	if (!keep_missing(&n, f->symbols) || !n.count)
		return false;
	say_list(words, &n, false);
	say(words,
	    " %s not built in: the root needs an initrd that has %s "
	    "(--initrd), or a kernel with ",
	    n.count > 1 ? "are" : "is", n.count > 1 ? "them" : "it");
	say_list(words, &n, true);
	return true;
}

bool root_lacks(const struct root_facts *f, char words[ROOT_WORDS_MAX])
{
	const struct device_slot *device;

	*words = '\0';
	if (f->has_initrd || !(is_on_virtiofs(f) || is_on_disk(f)))
		return false;
	device = find_device(f);
	if (device)
		return say_missing(f, device, words);
	say(words,
	    "the root is to be on a %s, and the machine has none: %s "
	    "adds one",
	    is_on_virtiofs(f) ? "shared folder" : "disk",
	    is_on_virtiofs(f) ? "--share" : "--disk");
	return true;
}

/* The kernel found the device; which file systems it could have read there. */
static void say_file_systems(const struct root_facts *f,
			     char words[ROOT_WORDS_MAX])
{
	struct needs all = { .count = 0 }, missing;

	for (size_t i = 0; i < FILE_SYSTEMS; i++)
		need(&all, file_systems[i]);
	missing = all;
	if (!keep_missing(&missing, f->symbols) || !missing.count)
		return;
	say(words,
	    "the kernel has the disk, but it cannot read a file system "
	    "there; not built in %s ",
	    missing.count > 1 ? "are" : "is");
	say_list(words, &missing, false);
}

bool root_was_missed(const struct root_facts *f, const char *panic,
		     char words[ROOT_WORDS_MAX])
{
	const struct device_slot *device;

	*words = '\0';
	if (!f->plan || !f->symbols || !f->cmdline ||
	    !strstr(panic, "Unable to mount root fs"))
		return false;
	device = find_device(f);
	if (f->has_initrd)
		say(words, "the kernel found no init to run in the initrd");
	else if (!device)
		say(words, "the machine has no disk: give the root by --disk "
			   "or --initrd");
	else if (!strstr(panic, "(0,0)"))
		say_file_systems(f, words);
	else if (!cmdline_has(f->cmdline, "root="))
		say(words, "the command line has no root=");
	else
		(void)say_missing(f, device, words);
	return *words;
}
