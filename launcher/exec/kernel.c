/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "exec/kernel.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/libraries.h"
#include "base/log.h"
#include "image/ikconfig.h"
#include "image/image.h"
#include "image/scratch.h"

int exec_kernel_default(char path[PATH_MAX], struct err *e)
{
	static const struct {
		const char *before, *after;
	} places[] = { { "/boot/vmlinuz-", "" },
		       { "/lib/modules/", "/vmlinuz" },
		       { "/boot/kernel-", "" } };
	struct utsname u;

	uname(&u);
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		snprintf(path, PATH_MAX, "%s%s%s", places[i].before, u.release,
			 places[i].after);
		if (!access(path, F_OK))
			return 0;
	}
	return err_set(e, ENOENT,
		       "no image of the running kernel %s was found in /boot "
		       "or /lib/modules/%s: name one with --kernel",
		       u.release, u.release);
}

/* ---- the folder of modules */

static bool is_folder_of_modules(const char *path)
{
	char index[PATH_MAX + 32];

	snprintf(index, sizeof(index), "%s/modules.dep.bin", path);
	return !access(index, R_OK);
}

/* The folder in which the modules of this version are; "" if there is none. */
static void find_folder(struct exec_kernel *k, const char *given)
{
	const char *top = given ?: "";
	char tries[3][PATH_MAX];

	/* These are cut only if the path is too long to exist. */
	(void)!snprintf(tries[0], PATH_MAX, "%s", top);
	(void)!snprintf(tries[1], PATH_MAX, "%s" MODULES_FOLDER "/%s", top,
			k->version);
	(void)!snprintf(tries[2], PATH_MAX, "%s/%s", top, k->version);
	k->folder[0] = '\0';
	for (size_t i = !given; i < (given ? 3 : 2) && !k->folder[0]; i++)
		if ((!i || k->version[0]) && is_folder_of_modules(tries[i]))
			strcpy(k->folder, tries[i]);
}

/* ---- what the image says */

/* The version is the first word of the text in the header. */
static void read_version(struct exec_kernel *k, const struct image *img)
{
	k->version[0] = '\0';
	if (img->kind == IMAGE_BZIMAGE)
		setup_header_kernel_version(&img->hdr, img->bytes, k->version,
					    sizeof(k->version));
	k->version[strcspn(k->version, " ")] = '\0';
	/* It becomes a part of a path. */
	if (strchr(k->version, '/') || k->version[0] == '.')
		k->version[0] = '\0';
}

/* Which drivers are built in, from the symbols or the configuration. */
static int read_states(enum driver_state states[DRIVERS_MAX],
		       const struct image *img, struct err *e)
{
	struct kernel_elf elf = { 0 };
	struct kallsyms names = { 0 };
	struct scratch decoded = { 0 };
	struct buf config = { 0 };
	struct err ignored;
	int rc = scratch_decode(&decoded, img, e);

	if (!rc)
		rc = kernel_elf_parse(&elf, decoded.bytes, e);
	if (!rc && ikconfig_read(&config, &elf, &ignored))
		rc = kallsyms_read_elf(&names, &elf, e);
	if (!rc)
		drivers_find(states, &names, buf_bytes(&config));
	buf_release(&config);
	kallsyms_release(&names);
	kernel_elf_release(&elf);
	scratch_release(&decoded);
	return rc;
}

static size_t driver_index(const char *name)
{
	size_t i = 0;

	while (i < drivers_count && strcmp(drivers[i].name, name))
		i++;
	return i;
}

/* ---- together */

struct search {
	struct exec_kernel *k;
	const struct image *img;
	bool states_known, states_tried;
	enum driver_state states[DRIVERS_MAX];
	struct err missing; /* their names, joined */
};

/* Whether the driver is in the image itself; if that cannot be found out, the
 * boot has to show it. */
static bool is_in_image(struct search *s, const char *name)
{
	size_t i = driver_index(name);
	struct err e;

	if (!s->states_tried) {
		s->states_tried = true;
		s->states_known = !read_states(s->states, s->img, &e);
		if (!s->states_known)
			log_step("which drivers %s has built in is not known: "
				 "%s",
				 s->k->image, e.msg);
	}
	return !s->states_known || i == drivers_count ||
	       s->states[i] == DRIVER_BUILT_IN;
}

static void note_missing(struct search *s, const char *name)
{
	size_t i = driver_index(name), used = strlen(s->missing.msg);
	const char *option = i < drivers_count ? drivers[i].option : "?";

	snprintf(s->missing.msg + used, sizeof(s->missing.msg) - used,
		 "%s%s (%s)", used ? ", " : "", name, option);
}

static int find_driver(struct search *s, const char *driver, struct err *e)
{
	enum module_state state = MODULE_ABSENT;
	int rc = 0;

	if (s->k->modules.ctx)
		rc = modules_add(&s->k->modules, driver, &state, e);
	if (rc || state != MODULE_ABSENT || is_in_image(s, driver))
		return rc;
	note_missing(s, driver);
	return 0;
}

static int explain_missing(const struct search *s, const char *given,
			   struct err *e)
{
	const struct exec_kernel *k = s->k;
	struct err why;

	if (k->modules.ctx)
		err_set(&why, 0, "not built in, and not a module in %s",
			k->folder);
	else if (!k->folder[0])
		err_set(&why, 0,
			"not built in, and there are no modules of %s in %s: "
			"name their folder with --modules",
			k->version[0] ? k->version : "that kernel",
			given ?: MODULES_FOLDER);
	else
		err_prefix(&why, libraries_need("libkmod", &why),
			   "not built in, and the modules in %s cannot be used",
			   k->folder);
	return err_set(e, ENOENT, "%s lacks %s: %s", k->image, s->missing.msg,
		       why.msg);
}

static int find_all(struct search *s, const char *folder,
		    const char *const *wanted, size_t count, struct err *e)
{
	struct exec_kernel *k = s->k;
	int rc = 0;

	find_folder(k, folder);
	if (folder && !k->folder[0])
		return err_set(e, ENOENT,
			       "--modules: '%s' has no modules of %s (expected "
			       "modules.dep.bin, as depmod(8) makes it, there "
			       "or in lib/modules/%s)",
			       folder, k->version[0] ? k->version : k->image,
			       k->version[0] ? k->version : "VERSION");
	if (k->folder[0] && !libraries_need("libkmod", e))
		rc = modules_open(&k->modules, k->folder, e);
	for (size_t i = 0; !rc && i < count; i++)
		rc = find_driver(s, wanted[i], e);
	if (!rc && s->missing.msg[0])
		rc = explain_missing(s, folder, e);
	return rc;
}

int exec_kernel_find(struct exec_kernel *k, struct input *image,
		     const char *folder, const char *const *wanted,
		     size_t count, struct err *e)
{
	struct image img = { 0 };
	struct search s = { .k = k, .img = &img };
	int rc = image_read(&img, image, e);

	if (rc)
		return rc;
	k->image = image->name;
	read_version(k, &img);
	rc = find_all(&s, folder, wanted, count, e);
	if (!rc)
		log_step("%s: version %s, %zu modules from %s", k->image,
			 k->version[0] ? k->version : "not stated",
			 k->modules.count,
			 k->folder[0] ? k->folder : "nowhere");
	image_close(&img);
	return rc;
}

void exec_kernel_release(struct exec_kernel *k)
{
	modules_release(&k->modules);
}
