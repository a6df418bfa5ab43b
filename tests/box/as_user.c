/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Usage: as_user UID PROGRAM [ARG...]
 *
 * Runs a program as the user and the group UID, without other groups, and so
 * without capabilities if that is not 0. For boxes and guests, which have no
 * list of users.
 */
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	unsigned id = argc > 2 ? (unsigned)strtoul(argv[1], NULL, 10) : 0;

	if (argc < 3) {
		fprintf(stderr, "usage: as_user UID PROGRAM [ARG...]\n");
		return 2;
	}
	if (id && (setgroups(0, NULL) || setgid(id) || setuid(id))) {
		perror("as_user");
		return 1;
	}
	execvp(argv[2], argv + 2);
	perror(argv[2]);
	return 1;
}
