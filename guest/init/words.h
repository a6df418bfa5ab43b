/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The file of words that says what the init is to do (pv/exec.h).
 *
 * Pure: the host's tests read words with it, too. The file comes from the
 * launcher that made the initramfs, but a word without an end or of an unknown
 * key is an error all the same.
 */
#ifndef GUEST_INIT_WORDS_H
#define GUEST_INIT_WORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WORDS_SHARES_MAX  32
#define WORDS_MODULES_MAX 128
#define WORDS_GROUPS_MAX  1024
#define WORDS_NETS_MAX	  32

struct words_share {
	const char *tag, *at;
};

/* A network card. */
struct words_net {
	const char *card; /* "eth0" */
	uint32_t address; /* 0: none; the lowest byte is the last */
	unsigned prefix;  /* of the address: 1 to 32 */
	uint32_t gateway; /* 0: none */
	const char *dns;  /* NULL: none */
};

struct words {
	const char *modules[WORDS_MODULES_MAX];
	unsigned modules_count;
	const char *root; /* NULL: not said */
	bool overlay;
	struct words_share shares[WORDS_SHARES_MAX];
	unsigned shares_count;
	struct words_net nets[WORDS_NETS_MAX];
	unsigned nets_count;
	const char *host; /* NULL: not said */
	unsigned uid, gid;
	unsigned groups[WORDS_GROUPS_MAX];
	unsigned groups_count;
	const char *dir;
	/* Whether stdin, stdout and stderr are the terminal. */
	bool tty[3];
	/* The first of each, among the words; words_list() makes lists of
	 * them. */
	size_t envs_count, args_count;
};

/*
 * Read the @len bytes at @text, which must stay as they are. Returns NULL, or
 * what is wrong; *@bad is then the word, or an empty text.
 */
const char *words_read(struct words *w, const char *text, size_t len,
		       const char **bad);

/* Fill in @list with the values of @key ("env" or "arg") and a NULL at its
 * end. It must have room for one more than their number. */
void words_list(const char *text, size_t len, const char *key,
		const char **list);

#endif
