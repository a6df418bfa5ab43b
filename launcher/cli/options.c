/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The option table. --help is printed from it, so that an option and its
 * explanation cannot part.
 */
#include "cli/option_table.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "base/libraries.h"
#include "base/parse.h"
#include "base/regex.h"
#include "boot/cmdline.h"
#include "boot/plan.h"
#include "pack/compress.h"
#include "vm/guest_mem.h"

#define CPUS_MAX    1024
#define LEVEL_MAX   22 /* no format has more */
#define JOBS_MAX    256
#define RETRIES_MAX 10

static int set_mem(struct options *o, const char *arg, struct err *e)
{
	int rc = parse_size(arg, &o->mem, e);

	/* A number alone is bytes; it was meant as megabytes. */
	if (!rc && o->mem < GUEST_MEM_MIN &&
	    arg[strspn(arg, "0123456789")] == 0)
		rc = err_set(e, EINVAL,
			     "'%s' is %s bytes; for mebibytes write %sM", arg,
			     arg, arg);
	else if (!rc && (o->mem < GUEST_MEM_MIN || o->mem > GUEST_MEM_MAX ||
			 o->mem % 4096))
		rc = err_set(e, EINVAL,
			     "'%s' is not 64M to 512G in whole 4K pages", arg);
	return rc;
}

static int set_cpus(struct options *o, const char *arg, struct err *e)
{
	return parse_count(arg, 1, CPUS_MAX, &o->cpus, e);
}

static int set_initrd(struct options *o, const char *arg, struct err *e)
{
	if (!*arg)
		return err_set(e, EINVAL, "the file's name is empty");
	/* count_option() has seen to the limit. */
	o->initrd[o->initrd_count++] = arg;
	return 0;
}

static int set_cmdline(struct options *o, const char *arg, struct err *e)
{
	(void)e;
	o->cmdline = arg;
	return 0;
}

static int set_boot(struct options *o, const char *arg, struct err *e)
{
	struct err names = ERR_EMPTY;
	bool known = !strcmp(arg, "auto");

	err_set(&names, EINVAL, "unknown protocol '%s' (expected auto", arg);
	for (unsigned i = 0; i < BOOT_PROTOCOLS; i++) {
		size_t used = strlen(names.msg);

		known |= !strcmp(arg, boot_protocols[i].name);
		snprintf(names.msg + used, sizeof(names.msg) - used, ", %s%s",
			 boot_protocols[i].name,
			 i + 1 < BOOT_PROTOCOLS ? "" : ")");
	}
	if (!known) {
		*e = names;
		return -EINVAL;
	}
	o->boot = arg;
	return 0;
}

static int set_timeout(struct options *o, const char *arg, struct err *e)
{
	return parse_duration(arg, &o->timeout_ns, e);
}

static int set_expect(struct options *o, const char *arg, struct err *e)
{
	o->expect[o->expect_count++] = arg;
	return regex_check(arg, e);
}

static int set_fail_on(struct options *o, const char *arg, struct err *e)
{
	o->fail_on[o->fail_on_count++] = arg;
	return regex_check(arg, e);
}

static int set_send(struct options *o, const char *arg, struct err *e)
{
	size_t len;

	o->send[o->send_count].text = arg;
	o->send[o->send_count++].after = o->expect_count;
	return send_parse(arg, NULL, &len, e);
}

static int set_symbols(struct options *o, const char *arg, struct err *e)
{
	(void)e;
	o->symbols = arg;
	return 0;
}

static int set_trace(struct options *o, const char *arg, struct err *e)
{
	o->trace = o->second;
	return trace_parse(arg, &o->trace_kinds, e);
}

static int set_gdb(struct options *o, const char *arg, struct err *e)
{
	o->gdb = arg ?: GDB_LINE_DEFAULT;
	return gdb_line_check(o->gdb, e);
}

static int set_gdb_lost(struct options *o, const char *arg, struct err *e)
{
	o->lost_given = true;
	return debugger_parse_lost(arg, &o->gdb_lost, e);
}

/* A picture's file. */
static int set_picture(const char **file, const char *arg, struct err *e)
{
	if (!strcmp(arg, "-") || !*arg)
		return err_set(e, EINVAL, "'%s' is not a file", arg);
	*file = arg;
	return 0;
}

static int set_timeline(struct options *o, const char *arg, struct err *e)
{
	return set_picture(&o->timeline, arg, e);
}

static int set_map(struct options *o, const char *arg, struct err *e)
{
	return set_picture(&o->map, arg, e);
}

static int set_report(struct options *o, const char *arg, struct err *e)
{
	if (!strcmp(arg, "-") || !*arg)
		return err_set(e, EINVAL,
			       "'%s' is not a file; standard output is the "
			       "guest's console",
			       arg);
	o->report = arg;
	return libraries_need("jansson", e);
}

static int set_output(struct options *o, const char *arg, struct err *e)
{
	if (!*arg)
		return err_set(e, EINVAL, "the file's name is empty");
	o->output = arg;
	return 0;
}

static int set_json(struct options *o, const char *arg, struct err *e)
{
	(void)arg;
	o->json = true;
	return libraries_need("jansson", e);
}

static int set_keep_relocs(struct options *o, const char *arg, struct err *e)
{
	(void)arg, (void)e;
	o->keep_relocs = true;
	return 0;
}

static int set_format(struct options *o, const char *arg, struct err *e)
{
	struct err names = ERR_EMPTY;

	err_set(&names, EINVAL, "unknown format '%s' (expected", arg);
	for (size_t i = 0; i < compressors_count; i++) {
		size_t used = strlen(names.msg);

		if (!strcmp(arg, compressors[i].name)) {
			o->format = arg;
			return 0;
		}
		snprintf(names.msg + used, sizeof(names.msg) - used, "%s %s%s",
			 i ? "," : "", compressors[i].name,
			 i + 1 < compressors_count ? "" : ")");
	}
	*e = names;
	return -EINVAL;
}

static int set_level(struct options *o, const char *arg, struct err *e)
{
	o->level_given = true;
	return parse_count(arg, 0, LEVEL_MAX, &o->level, e);
}

static int set_flip(struct options *o, const char *arg, struct err *e)
{
	o->flip = true;
	return parse_address(arg, &o->flip_gpa, e);
}

static int set_jobs(struct options *o, const char *arg, struct err *e)
{
	return parse_count(arg, 1, JOBS_MAX, &o->jobs, e);
}

static int set_filter(struct options *o, const char *arg, struct err *e)
{
	o->filter = arg;
	return regex_check(arg, e);
}

static int set_list(struct options *o, const char *arg, struct err *e)
{
	(void)arg, (void)e;
	o->list = true;
	return 0;
}

static int set_retries(struct options *o, const char *arg, struct err *e)
{
	return parse_count(arg, 0, RETRIES_MAX, &o->retries, e);
}

static int set_tap(struct options *o, const char *arg, struct err *e)
{
	(void)arg, (void)e;
	o->tap = true;
	return 0;
}

static int set_verbose(struct options *o, const char *arg, struct err *e)
{
	(void)arg, (void)e;
	o->verbose++;
	return 0;
}

static int set_help(struct options *o, const char *arg, struct err *e)
{
	(void)arg, (void)e;
	o->help = true;
	return 0;
}

static int set_version(struct options *o, const char *arg, struct err *e)
{
	(void)arg, (void)e;
	o->version = true;
	return 0;
}

/* How often: a flag that is given again says the same again. */
#define ONCE 1
#define ANY  UINT_MAX

const struct option_row option_rows[] = {
	{ "mem", 'm', "SIZE", ONCE, OPT_RUN | OPT_INSPECT | OPT_VERIFY,
	  "guest memory, 64M to 512G (default 256M)", set_mem },
	{ "cpus", 'c', "N", ONCE, OPT_RUN, "number of vCPUs (default 1)",
	  set_cpus },
	{ "initrd", 'i', "FILE", INITRD_PARTS_MAX, OPT_RUN | OPT_MAP,
	  "initial RAM disk; repeatable, joined in order", set_initrd },
	{ "cmdline", 'p', "TEXT", ONCE, OPT_RUN,
	  "kernel command line (" CMDLINE_CONSOLE
	  " is added unless it names a console)",
	  set_cmdline },
	{ "boot", 'b', "PROTOCOL", ONCE, OPT_RUN | OPT_INSPECT,
	  "auto, pvh, elf64, elf32, linux64, linux32 or linux16", set_boot },
	{ "timeout", 0, "DUR", ONCE, OPT_RUN | OPT_VERIFY,
	  "end the run after this long: 500ms, 30s, 2m", set_timeout },
	{ "expect", 0, "REGEX", WATCH_EXPECT_MAX, OPT_RUN,
	  "succeed once a console line matches; repeatable, in order",
	  set_expect },
	{ "fail-on", 0, "REGEX", WATCH_EXPECT_MAX, OPT_RUN,
	  "fail once a console line matches; repeatable", set_fail_on },
	{ "send", 0, "TEXT", SEND_MAX, OPT_RUN,
	  "type this (\\n, \\xNN) after the --expect before it; repeatable",
	  set_send },
	{ "symbols", 0, "FILE", ONCE, OPT_RUN,
	  "an ELF or a System.map to name the places where vCPUs stood",
	  set_symbols },
	{ "trace", 0, "KINDS FILE", ONCE, OPT_RUN,
	  "write events, a line each: pio,mmio,exits,irq", set_trace },
	{ "gdb", 0, "[ADDR]", ONCE, OPT_RUN,
	  "wait for gdb at unix:PATH, :PORT, HOST:PORT (default: a socket)",
	  set_gdb },
	{ "gdb-lost", 0, "WHAT", ONCE, OPT_RUN,
	  "if gdb goes without detaching: continue (default), kill, stop",
	  set_gdb_lost },
	{ "report", 0, "FILE", ONCE, OPT_RUN,
	  "write outcome, plan, timeline and counts as JSON", set_report },
	{ "timeline", 0, "FILE", ONCE, OPT_RUN,
	  "draw where time and memory went, as SVG", set_timeline },
	{ "map", 0, "FILE", ONCE, OPT_INSPECT,
	  "draw what would lie where in memory (-m, -i), as SVG", set_map },
	{ "json", 0, NULL, ANY, OPT_INSPECT | OPT_VERIFY,
	  "print one JSON object", set_json },
	{ "output", 'o', "FILE", ONCE, OPT_EXTRACT | OPT_PACK | OPT_TEST,
	  "write the result here instead of to stdout; test: the folder",
	  set_output },
	{ "keep-relocs", 0, NULL, ANY, OPT_EXTRACT,
	  "keep what follows the ELF in the payload", set_keep_relocs },
	{ "format", 0, "NAME", ONCE, OPT_PACK,
	  "gzip (default), bzip2, lzma, xz, lzo, lz4, zstd or none",
	  set_format },
	{ "level", 0, "N", ONCE, OPT_PACK,
	  "how hard to compress (gzip: 1 to 9)", set_level },
	{ "flip", 0, "ADDR", ONCE, OPT_VERIFY,
	  "invert this byte of the guest's result, to see the proof fail",
	  set_flip },
	{ "jobs", 'j', "N", ONCE, OPT_TEST,
	  "run this many cases at once (default 1)", set_jobs },
	{ "filter", 0, "REGEX", ONCE, OPT_TEST, "only cases whose name matches",
	  set_filter },
	{ "list", 0, NULL, ANY, OPT_TEST, "print the cases' names and run none",
	  set_list },
	{ "retries", 0, "N", ONCE, OPT_TEST,
	  "run what has not passed again, so often (default 0)", set_retries },
	{ "tap", 0, NULL, ANY, OPT_TEST, "print TAP 13 instead of text",
	  set_tap },
	{ "verbose", 'v', NULL, ANY, OPT_COMMON,
	  "show each step with its time on stderr", set_verbose },
	{ "help", 'h', NULL, ANY, OPT_COMMON, "print this help", set_help },
	{ "version", 'V', NULL, ANY, OPT_COMMON,
	  "print the version; with -v, the libraries in it", set_version },
};

const size_t option_rows_count = sizeof(option_rows) / sizeof(option_rows[0]);

_Static_assert(sizeof(option_rows) / sizeof(option_rows[0]) <= OPTION_ROWS_MAX,
	       "OPTION_ROWS_MAX is too small");

static const char *group_title(unsigned groups)
{
	if (groups & OPT_COMMON)
		return "Any command";
	if (groups & OPT_RUN)
		return "run";
	if (groups & OPT_INSPECT)
		return "inspect";
	if (groups & OPT_EXTRACT)
		return "extract";
	if (groups & OPT_PACK)
		return "pack";
	return groups & OPT_VERIFY ? "verify" : "test";
}

void options_print_help(void)
{
	const char *title = "";

	printf("launcher boots Linux kernels from the ELF inside the bzImage "
	       "on /dev/kvm.\n\nUsage:\n");
	for (size_t i = 0; i < commands_count; i++)
		printf("  launcher %s %s\n      %s\n", commands[i].name,
		       commands[i].args, commands[i].summary);
	printf("\nIMAGE is a bzImage, an ELF, a compressed ELF, or - for "
	       "standard input.\n");
	for (size_t i = 0; i < option_rows_count; i++) {
		const struct option_row *r = &option_rows[i];
		char name[40];

		if (strcmp(title, group_title(r->groups))) {
			title = group_title(r->groups);
			printf("\n%s:\n", title);
		}
		snprintf(name, sizeof(name), "%c%c%s--%s%s%s",
			 r->letter ? '-' : ' ', r->letter ? r->letter : ' ',
			 r->letter ? ", " : "  ", r->name, r->arg ? " " : "",
			 r->arg ? r->arg : "");
		printf("  %-24s %s\n", name, r->help);
	}
	printf("\nExit status of run: 0 the guest ended well, 1 the launcher "
	       "failed, 2 usage,\n3 the guest panicked, 4 it crashed or halted, "
	       "5 it ended before --expect\nmatched, 6 it reported failure or met "
	       "--fail-on, 124 timed out, 128+N signal N.\n"
	       "While stdin is a terminal, Ctrl-A x ends the run.\n");
}
