/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "image/uki.h"

#include <errno.h>
#include <stdlib.h>

/* Take the sections from @first up to a .profile; *@next is behind it. */
static int take_profile(struct uki *u, unsigned first, unsigned *next,
			struct err *e)
{
	const struct {
		const char *name;
		struct bytes *part;
	} parts[] = {
		{ ".linux", &u->kernel },
		{ ".initrd", &u->initrd },
		{ ".cmdline", &u->cmdline },
	};
	unsigned seen = 0, i = first;

	for (; i < u->pe.count; i++) {
		const struct pe_section *s = &u->pe.sections[i];

		if (!strcmp(s->name, ".profile"))
			break;
		for (unsigned p = 0; p < sizeof(parts) / sizeof(*parts); p++) {
			if (strcmp(s->name, parts[p].name))
				continue;
			if (seen & 1u << p)
				return err_set(e, EINVAL,
					       "duplicate section %s", s->name);
			seen |= 1u << p;
			*parts[p].part = s->data;
		}
	}
	*next = i + 1;
	return 0;
}

/* Why @pe has nothing to boot. */
static int no_kernel(const struct pe *pe, struct err *e)
{
	const char *machine = pe_machine_name(pe->machine);

	return err_set(e, ENOEXEC,
		       "this is an EFI or Windows program (a PE file for %s) "
		       "without a .linux section, not a kernel",
		       machine ? machine : "an unknown machine");
}

int uki_parse(struct uki *u, struct bytes b, struct err *e)
{
	struct uki new = { 0 };
	unsigned next = 0;
	int rc;

	rc = pe_parse(&new.pe, b, e);
	if (!rc)
		rc = take_profile(&new, 0, &next, e);
	if (!rc && next < new.pe.count)
		rc = take_profile(&new, next, &next, e);
	if (!rc && !new.kernel.len)
		rc = no_kernel(&new.pe, e);
	if (!rc)
		*u = new;
	return rc;
}

int uki_cmdline(const struct uki *u, char **text, struct err *e)
{
	struct bytes raw = u->cmdline;
	size_t len = 0, start = 0;
	char *copy;

	*text = NULL;
	if (!u->cmdline.len)
		return 0;
	while (len < raw.len && raw.data[len])
		len++;
	while (len && raw.data[len - 1] <= ' ')
		len--;
	while (start < len && raw.data[start] <= ' ')
		start++;
	if (len - start > UKI_CMDLINE_MAX)
		return err_set(e, E2BIG,
			       "section .cmdline: %zu bytes exceed the limit "
			       "of %d",
			       len - start, UKI_CMDLINE_MAX);
	copy = malloc(len - start + 1);
	if (!copy)
		return err_set(e, ENOMEM, "no memory for the command line");
	for (size_t i = start; i < len; i++)
		copy[i - start] = raw.data[i] < ' ' ? ' ' : (char)raw.data[i];
	copy[len - start] = '\0';
	*text = copy;
	return 0;
}
