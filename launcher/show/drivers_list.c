/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "show/drivers_list.h"

#include <errno.h>

#include "image/ikconfig.h"
#include "show/text.h"

#define STATE_WIDTH 42 /* the column behind the state */

/* The size of a kernel's type information, by the symbols around it. */
static uint64_t btf_size(const struct kallsyms *k)
{
	uint32_t start, stop;

	if (!kallsyms_by_name(k, "__start_BTF", &start) ||
	    !kallsyms_by_name(k, "__stop_BTF", &stop) || stop < start)
		return 0;
	return k->addresses[stop] - k->addresses[start];
}

int drivers_list_make(struct drivers_list *l, const char *path,
		      const struct kernel_elf *elf, struct err *e)
{
	struct err no_config;
	struct kallsyms k = { 0 };
	struct buf config = { 0 };
	int no_names = kallsyms_read_elf(&k, elf, e);
	int rc = ikconfig_read(&config, elf, &no_config);

	*l = (struct drivers_list){ .path = path };
	if (no_names == -ENOMEM || rc == -ENOMEM) {
		rc = err_set(e, ENOMEM, "no memory for the drivers");
	} else if (no_names && rc) {
		err_also(e, &no_config);
		rc = -ENOENT;
	} else {
		drivers_find(l->states, &k, buf_bytes(&config));
		l->config_size = config.len;
		l->btf_size = btf_size(&k);
		rc = 0;
	}
	kallsyms_release(&k);
	buf_release(&config);
	return rc;
}

static void show_size(struct text *t, const char *key, uint64_t size)
{
	text_key(t, key);
	if (size)
		text_size(t, size);
	else
		text_words(t, "none");
}

static bool show_all(struct text *t, const void *about)
{
	const struct drivers_list *l = about;

	text_title(t, "Drivers, by %s",
		   l->config_size ? "the configuration that the kernel carries"
				  : "the symbols that the kernel carries");
	for (size_t i = 0; i < drivers_count; i++) {
		text_key(t, drivers[i].name);
		text_words(t, driver_state_name(l->states[i]));
		text_cell(t, STATE_WIDTH);
		text_words(t, drivers[i].of);
	}
	text_title(t, "In the kernel");
	show_size(t, "configuration", l->config_size);
	show_size(t, "BTF", l->btf_size);
	text_end(t);
	return true;
}

int drivers_list_text(const struct drivers_list *l, char **out, struct err *e)
{
	return text_make(show_all, l, out, e);
}
