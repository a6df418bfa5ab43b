/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The command line: the options, and the commands that take them.
 *
 * A command returns the process's exit status and puts its final sentence into
 * a struct err; main.c prints it. Usage errors carry STATUS_USAGE.
 */
#ifndef CLI_CLI_H
#define CLI_CLI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/status.h"
#include "boot/kaslr.h"
#include "boot/place.h"
#include "debug/debugger.h"
#include "exec/initramfs.h"
#include "run/send.h"
#include "machine/plan.h"
#include "machine/trace.h"
#include "outcome/verdict.h"
#include "outcome/watch.h"
#include "suite/suite.h"

#define DEFAULT_MEM (UINT64_C(256) << 20)

/* For programs rather than for a boot. */
#define DEFAULT_EXEC_MEM (UINT64_C(1) << 30)

/* The options of all commands. A command reads those that it takes. */
struct options {
	const char *image;  /* test: the suite */
	const char *other;  /* the second IMAGE, or NULL */
	uint64_t mem;	    /* bytes */
	uint64_t keep_free; /* bytes of the host's memory, if: */
	bool keep_free_given;
	unsigned long cpus;
	const char *initrd[INITRD_PARTS_MAX];
	size_t initrd_count;
	const char *cmdline; /* NULL: the image's own, or the default */
	const char *boot;
	struct kaslr_wish kaslr;
	struct device_request devices[MACHINE_DEVICES_MAX];
	size_t devices_count;
	const char *name;      /* the guest's; NULL: its image's */
	const char *console;   /* "serial" or "virtio"; NULL: serial */
	const char *run_as;    /* NULL: the caller */
	const char *sandbox;   /* one of sandbox_word(); NULL: the default */
	const char *virtio;    /* one of machine_virtio_words; NULL: auto */
	uint64_t timeout_ns;   /* 0: none */
	uint64_t limit_output; /* bytes; 0: none */
	const char *expect[WATCH_EXPECT_MAX];
	size_t expect_count;
	const char *fail_on[WATCH_EXPECT_MAX];
	size_t fail_on_count;
	struct {
		const char *text; /* with its escapes */
		size_t after;	  /* how many --expect precede it */
	} send[SEND_MAX];
	size_t send_count;
	const char *symbols;  /* an ELF or a System.map, or NULL */
	unsigned exposed;     /* CPU features of guests; see vm/cpuid.h */
	unsigned trace_kinds; /* enum trace_kind; 0: no --trace */
	const char *trace;    /* the trace's file */
	const char *gdb;      /* the address to listen at, or NULL */
	enum debugger_lost gdb_lost;
	const char *report;   /* the file for the run's JSON, or NULL */
	const char *timeline; /* the file for its picture, or NULL */
	const char *dmesg;    /* the file for the kernel's log, or NULL */
	const char *core;     /* the file for a vmcore, or NULL */
	const char *map;      /* the file for inspect's picture, or NULL */
	/* extract and pack -o, "-" is stdout; test -o, a folder */
	const char *output;
	bool json;
	bool keep_relocs;
	bool with_symbols; /* inspect's and extract's --symbols */
	bool drivers;
	const char *format; /* pack --format; NULL: the default */
	bool level_given;   /* pack --level was given, with: */
	unsigned long level;
	bool flip; /* verify --flip was given, with: */
	uint64_t flip_gpa;
	unsigned long jobs;
	const char *filter; /* a regex of names, or NULL */
	bool list;
	unsigned long retries;
	bool tap;
	/* exec: */
	const char *kernel;  /* NULL: the running one's */
	const char *modules; /* the folder of its modules, or NULL */
	const char *root;    /* NULL: / */
	const char *rw[EXEC_SHARES_MAX];
	size_t rw_count;
	const char *user; /* NULL: the caller */
	/* Ended by a NULL; NULL: a shell. */
	const char *const *command;
	unsigned verbose;
	bool help;
	bool version;
};

struct command {
	const char *name;
	const char *args;    /* "[OPTIONS] IMAGE" */
	const char *summary; /* one line of --help */
	unsigned takes;	     /* OPT_... groups it accepts */
	int (*run)(const struct options *o, struct err *e);
};

enum option_group {
	OPT_COMMON = 1 << 0,
	OPT_RUN = 1 << 1,
	OPT_INSPECT = 1 << 2,
	OPT_EXTRACT = 1 << 3,
	OPT_VERIFY = 1 << 4,
	OPT_PACK = 1 << 5,
	OPT_TEST = 1 << 6,
	OPT_MAP = 1 << 7, /* only valid with inspect's --map */
	OPT_EXEC = 1 << 8,
	/* Not for commands: the option's argument is a folder. */
	OPT_FOLDER = 1 << 12,
	/* Not for commands: exec does not take this option of run. */
	OPT_NOT_EXEC = 1 << 13,
	/* Not for commands: the option is a key of a suite's cases. */
	OPT_SUITE = 1 << 14,
	/* Not for options: the command takes one or two IMAGEs. */
	TAKES_TWO_IMAGES = 1 << 15,
};

extern const struct command commands[];
extern const size_t commands_count;

/*
 * Find the command among the words of the command line and remove it: the first
 * word that is neither an option nor an option's argument. A word that is not a
 * command is an IMAGE to run. If no such file exists and another word follows,
 * the user meant a command: -EINVAL.
 */
int command_find(const struct command **cmd, int *argc, char ***argv,
		 struct err *e);

/*
 * Parse the options and the IMAGE of @cmd. Skips @argv[0]; the other words must
 * not contain the command's name. Returns 0 or a negative errno with one line
 * that names the option and the allowed values.
 */
int options_parse(struct options *o, const struct command *cmd, int argc,
		  char **argv, struct err *e);

/* Free what options_parse() has allocated, even if it failed. */
void options_release(struct options *o);

/* Open the host files that the devices need, for run; see
 * device_request_open(). */
int options_open_devices(const struct options *o, struct err *e);

/* The process ends while other threads still run: remove the devices' files on
 * the host; see device_request_abandon(). */
void options_abandon_devices(const struct options *o);

/* The machine that the options describe. The options must outlive it. */
struct machine_config options_machine(const struct options *o);

/* The machine's consoles on a kernel command line that names none. */
const char *options_consoles(const struct options *o);

/* The text of --help. */
void options_print_help(void);

/* Add a device as if the option of @type had the argument @arg. The message
 * does not name an option. */
int options_add_device(struct options *o, const struct device_type *type,
		       const char *arg, struct err *e);

/* Whether @groups, of an option, has one that @cmd takes. */
bool command_takes(const struct command *cmd, unsigned groups);

/* How a run differs whose console is not the user's. */
struct run_way {
	/* The console is a virtio console, and the serial line, with the
	 * kernel's log, is apart. Otherwise all of the console is a log. */
	bool has_terminal;
	int log_fd; /* where that goes to; -1: nowhere */
	int failed; /* the status if the launcher fails */
	/* All files are open, and there is one thread. */
	int (*opened)(void *ctx, const struct input *image, struct err *e);
	/* Nothing has been read yet. A signal or the time limit ends this. */
	int (*confined)(void *ctx, struct err *e);
	/*
	 * Change the verdict about @outcome. Returns whether it is to be said:
	 * the run may speak for itself.
	 */
	bool (*judge)(void *ctx, const struct outcome *outcome,
		      const struct watch *watch, struct verdict *v);
	/* Pass a signal on to the guest, instead of ending the run; as
	 * struct session_pass has it. NULL: none is passed on. */
	bool (*pass)(void *ctx, int number);
	void *ctx;
};

/* Run o->image from its opening to its end; @way is NULL for `run`. Returns the
 * exit status. */
int run_image(const struct options *o, const struct run_way *way,
	      struct err *e);

/* Print a warning in one line: @e's sentence, or @text. */
void warn(const struct err *e);
void warn_text(const char *text);

/*
 * Print @e's sentence and end the process with @status, from any thread, while
 * others may be running. Only for places that cannot return to main().
 */
void leave(int status, const struct err *e) __attribute__((noreturn));

/* The commands and options that a suite may use. */
extern const struct suite_words suite_words;

/* The commands; the head of each file describes its command. */
int cmd_run(const struct options *o, struct err *e);
int cmd_exec(const struct options *o, struct err *e);
int cmd_inspect(const struct options *o, struct err *e);
int cmd_extract(const struct options *o, struct err *e);
int cmd_pack(const struct options *o, struct err *e);
int cmd_verify(const struct options *o, struct err *e);
int cmd_test(const struct options *o, struct err *e);

#endif
