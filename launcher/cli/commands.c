/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The commands, in the order of --help. The first one's name may be left out.
 */
#include "cli/cli.h"

const struct command commands[] = {
	{ "run", "[OPTIONS] IMAGE", "boot it; the word run may be left out",
	  OPT_COMMON | OPT_RUN, cmd_run },
	{ "exec", "[OPTIONS] [--] [COMMAND [ARG...]]",
	  "run a command in a guest over this machine's files; without one, a "
	  "shell",
	  OPT_COMMON | OPT_RUN | OPT_EXEC, cmd_exec },
	{ "inspect", "[--json] IMAGE [IMAGE]",
	  "show header, payload, segments, notes and the boot plan; of two, "
	  "what differs",
	  OPT_COMMON | OPT_INSPECT | OPT_MAP | TAKES_TWO_IMAGES, cmd_inspect },
	{ "extract", "[-o FILE] IMAGE", "take the ELF out of the image",
	  OPT_COMMON | OPT_EXTRACT, cmd_extract },
	{ "pack", "[OPTIONS] VMLINUX -o BZIMAGE",
	  "make a bzImage that any boot loader can start of an ELF kernel",
	  OPT_COMMON | OPT_PACK, cmd_pack },
	{ "verify", "[OPTIONS] BZIMAGE",
	  "prove that the image's own decompressor and the launcher agree",
	  OPT_COMMON | OPT_VERIFY, cmd_verify },
	{ "test", "[OPTIONS] SUITE", "run the cases of a suite and judge them",
	  OPT_COMMON | OPT_TEST, cmd_test },
};
const size_t commands_count = sizeof(commands) / sizeof(commands[0]);
