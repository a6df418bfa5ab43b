/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the commands other than `run` give up before they read an image: all but
 * reading and writing what is open, and giving their result its name.
 */
#include "cli/confined.h"

#include "base/inherited.h"
#include "outcome/report.h"

/* A violation: a result that is not complete must not stay, not even under a
 * temporary name. */
static void discard(void *out, const char *what)
{
	(void)what;
	output_discard(out);
}

int confine_command(const struct options *o, enum sandbox_process process,
		    struct output *out, struct err *e)
{
	struct sandbox_config c = {
		.mode = sandbox_mode_of(o->sandbox),
		.process = process,
	};

	report_prepare();
	inherited_close();
	if (out && out->folder >= 0) {
		c.folders[c.folders_count++] = (struct landlock_folder){
			out->folder, LANDLOCK_RESULTS
		};
		c.end = discard;
		c.ctx = out;
	}
	return sandbox_enter(&c, e);
}
