/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "exec/initramfs.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "exec/cpio.h"
#include "pv/exec.h"

/* init_blob.S */
extern const uint8_t init_blob[], init_blob_end[];

#define NAME_LEN 64

/* Modules are numbered: two folders may have one of the same name. */
static void module_name(char name[NAME_LEN], size_t i)
{
	snprintf(name, NAME_LEN, "/modules/%03zu.ko", i);
}

static void add_word(struct buf *out, const char *key, const char *value)
{
	buf_add(out, key, strlen(key));
	buf_add(out, "=", 1);
	buf_add(out, value, strlen(value) + 1);
}

static void add_number(struct buf *out, const char *key, unsigned value)
{
	char text[16];

	snprintf(text, sizeof(text), "%u", value);
	add_word(out, key, text);
}

static void add_nets(const struct exec_job *job, struct buf *out)
{
	for (size_t i = 0; i < job->nets_count; i++) {
		add_word(out, "net", job->nets[i].card);
		if (!job->nets[i].address)
			continue;
		add_word(out, "address", job->nets[i].address);
		if (!job->nets[i].gateway)
			continue;
		add_word(out, "gateway", job->nets[i].gateway);
		add_word(out, "dns", job->nets[i].dns);
	}
}

static void add_user(const struct exec_job *job, struct buf *out)
{
	add_number(out, "uid", job->uid);
	add_number(out, "gid", job->gid);
	for (size_t i = 0; i < job->groups_count; i++)
		add_number(out, "group", job->groups[i]);
}

static void add_streams(const struct exec_job *job, struct buf *out)
{
	static const char *const keys[] = { "stdin", "stdout", "stderr" };

	for (size_t i = 0; i < 3; i++)
		add_word(out, keys[i], job->tty[i] ? EXEC_TTY : EXEC_PORT);
}

static void add_all(struct buf *out, const char *key, const char *const *list)
{
	for (; *list; list++)
		add_word(out, key, *list);
}

int exec_words(const struct exec_job *job, struct buf *out, struct err *e)
{
	char name[NAME_LEN];

	for (size_t i = 0; i < job->modules->count; i++) {
		module_name(name, i);
		add_word(out, "module", name);
	}
	add_word(out, "root", job->root);
	if (job->overlay)
		add_word(out, "overlay", "");
	for (size_t i = 0; i < job->shares_count; i++) {
		add_word(out, "share", job->shares[i].tag);
		add_word(out, "at", job->shares[i].at);
	}
	add_nets(job, out);
	if (job->host)
		add_word(out, "host", job->host);
	add_user(job, out);
	add_word(out, "dir", job->dir);
	add_streams(job, out);
	add_all(out, "env", job->envs);
	add_all(out, "arg", job->args);
	return out->failed ? err_set(e, ENOMEM,
				     "no memory for the command's "
				     "arguments and environment")
			   : 0;
}

static int add_modules(struct cpio *c, const struct modules *m, struct err *e)
{
	int rc = 0;

	cpio_add_folder(c, "modules");
	for (size_t i = 0; !rc && i < m->count; i++) {
		struct buf contents = { 0 };
		char name[NAME_LEN];

		module_name(name, i);
		rc = module_read(m->paths[i], &contents, e);
		if (!rc)
			cpio_add_file(c, name + 1, 0644, buf_bytes(&contents));
		buf_release(&contents);
	}
	return rc;
}

static int fill(struct cpio *c, const struct exec_job *job, struct err *e)
{
	const struct bytes init = { init_blob,
				    (size_t)(init_blob_end - init_blob) };
	struct buf words = { 0 };
	int rc = exec_words(job, &words, e);

	/* The init mounts on these. */
	cpio_add_folder(c, "dev");
	cpio_add_folder(c, "proc");
	cpio_add_folder(c, "sys");
	cpio_add_file(c, "init", 0755, init);
	cpio_add_file(c, &EXEC_WORDS[1], 0600, buf_bytes(&words));
	if (!rc)
		rc = add_modules(c, job->modules, e);
	cpio_end(c);
	buf_release(&words);
	if (!rc && c->bytes.failed)
		rc = err_set(e, ENOMEM, "no memory for the initramfs");
	return rc;
}

static int save(const struct bytes b, int fd, struct err *e)
{
	size_t done = 0;

	while (done < b.len) {
		ssize_t n = write(fd, b.data + done, b.len - done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return err_sys(e, "the initramfs of %zu bytes", b.len);
		done += (size_t)n;
	}
	return 0;
}

int exec_initramfs(const struct exec_job *job, int fd, struct err *e)
{
	struct cpio c = { 0 };
	int rc = fill(&c, job, e);

	if (!rc)
		rc = save(buf_bytes(&c.bytes), fd, e);
	cpio_release(&c);
	return rc;
}
