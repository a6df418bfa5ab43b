/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dev/virtio/blk.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

#define BLK_QUEUE      0
#define BLK_QUEUE_SIZE 256
/* A request also has a header and a status. */
#define BLK_SEG_MAX (BLK_QUEUE_SIZE - 2)

/* Ranges of one DISCARD or WRITE_ZEROES request. */
#define BLK_RANGES_MAX	16
#define BLK_DISCARD_MAX (UINT32_C(1) << 22) /* sectors of a range */
#define BLK_ZEROES_MAX	(UINT32_C(1) << 16)

/* Concurrent host I/O of one disk. */
#define BLK_THREADS 4

/* A write that takes longer than this, and than a nanosecond a byte, has waited
 * for more than a copy. */
#define BLK_COPY_NS 100000

struct blk_request {
	struct virtio_blk *b;
	uint32_t type;
	uint64_t sector;
	struct virtq_cursor in, out; /* without the header and the status */
	uint8_t *status;	     /* in guest memory */
	uint64_t off, len;
	uint32_t written; /* bytes before the status */
	unsigned ranges_count, n;
	struct virtio_blk_range ranges[BLK_RANGES_MAX];
	struct iovec iov[VIRTQ_SIZE_MAX];
};

static void count(struct virtio_blk *b, enum blk_count what, uint64_t n)
{
	atomic_fetch_add(&b->counts[what], n);
}

/* ---- checking */

/* Whether all of the sectors are on the disk. */
static bool is_inside(const struct virtio_blk *b, uint64_t sector,
		      uint64_t sectors)
{
	uint64_t all = b->disk->size / VIRTIO_BLK_SECTOR;

	return sector <= all && sectors <= all - sector;
}

static uint8_t check_range(const struct virtio_blk *b, uint32_t type,
			   const struct virtio_blk_range *r)
{
	bool zeroes = type == VIRTIO_BLK_T_WRITE_ZEROES;

	/* 5.2.6.2: "the device MUST set the status byte to
	 * VIRTIO_BLK_S_UNSUPP ... if any unknown flag is set", and for
	 * discard commands if unmap is. */
	if (r->flags & ~(zeroes ? VIRTIO_BLK_RANGE_UNMAP : 0u))
		return VIRTIO_BLK_S_UNSUPP;
	if (r->sectors > (zeroes ? BLK_ZEROES_MAX : BLK_DISCARD_MAX) ||
	    !is_inside(b, r->sector, r->sectors))
		return VIRTIO_BLK_S_IOERR;
	return VIRTIO_BLK_S_OK;
}

static uint8_t parse_ranges(struct blk_request *q)
{
	uint64_t n = q->in.left / sizeof(q->ranges[0]);

	if (!n || n > BLK_RANGES_MAX || q->in.left % sizeof(q->ranges[0]))
		return VIRTIO_BLK_S_IOERR;
	virtq_read(&q->in, q->ranges, (size_t)n * sizeof(q->ranges[0]));
	q->ranges_count = (unsigned)n;
	for (unsigned i = 0; i < q->ranges_count; i++) {
		uint8_t status = check_range(q->b, q->type, &q->ranges[i]);

		if (status != VIRTIO_BLK_S_OK)
			return status;
	}
	return VIRTIO_BLK_S_OK;
}

/* Data of a read or a write: whole sectors inside the disk. */
static uint8_t parse_data(struct blk_request *q, struct virtq_cursor *data)
{
	q->len = data->left;
	q->off = q->sector * VIRTIO_BLK_SECTOR;
	if (!q->len || q->len % VIRTIO_BLK_SECTOR ||
	    !is_inside(q->b, q->sector, q->len / VIRTIO_BLK_SECTOR))
		return VIRTIO_BLK_S_IOERR;
	q->n = virtq_iov(data, q->len, q->iov, VIRTQ_SIZE_MAX);
	return VIRTIO_BLK_S_OK;
}

static uint8_t give_id(struct blk_request *q)
{
	q->written = (uint32_t)virtq_write(&q->out, q->b->id, sizeof(q->b->id));
	return VIRTIO_BLK_S_OK;
}

static bool writes(uint32_t type)
{
	return type == VIRTIO_BLK_T_OUT || type == VIRTIO_BLK_T_DISCARD ||
	       type == VIRTIO_BLK_T_WRITE_ZEROES;
}

/* Whether the request can be carried out: OK, or the status it gets instead. */
static uint8_t parse(struct blk_request *q)
{
	/* 5.2.6.2: a write to a device that offers VIRTIO_BLK_F_RO gets
	 * VIRTIO_BLK_S_IOERR, and nothing is written. */
	if (writes(q->type) && q->b->disk->is_ro)
		return VIRTIO_BLK_S_IOERR;
	switch (q->type) {
	case VIRTIO_BLK_T_IN:
		return parse_data(q, &q->out);
	case VIRTIO_BLK_T_OUT:
		return parse_data(q, &q->in);
	case VIRTIO_BLK_T_FLUSH:
		return VIRTIO_BLK_S_OK;
	case VIRTIO_BLK_T_GET_ID:
		return give_id(q);
	case VIRTIO_BLK_T_DISCARD:
	case VIRTIO_BLK_T_WRITE_ZEROES:
		return parse_ranges(q);
	default:
		return VIRTIO_BLK_S_UNSUPP;
	}
}

/* ---- carrying out */

static int do_range(struct virtio_blk *b, uint32_t type,
		    const struct virtio_blk_range *r, struct err *e)
{
	uint64_t off = r->sector * VIRTIO_BLK_SECTOR;
	uint64_t len = (uint64_t)r->sectors * VIRTIO_BLK_SECTOR;

	if (!len)
		return 0;
	count(b, BLK_DISCARDS, 1);
	if (type == VIRTIO_BLK_T_DISCARD)
		return disk_discard(b->disk, off, len, e);
	return disk_zero(b->disk, off, len, r->flags & VIRTIO_BLK_RANGE_UNMAP,
			 e);
}

/* Bytes that the host has in memory are there at once. */
static int do_read(struct blk_request *q, struct err *e)
{
	struct virtio_blk *b = q->b;
	int rc = 0;

	if (!disk_read_now(b->disk, q->iov, q->n, q->off)) {
		virtio_may_wait(&b->core, BLK_QUEUE);
		rc = disk_read(b->disk, q->iov, q->n, q->off, e);
	}
	if (!rc)
		q->written = (uint32_t)q->len;
	return rc;
}

/* 5.2.5.2: a driver that does not know FLUSH has a write-through cache; one
 * that knows CONFIG_WCE chooses the mode. */
static bool writes_back(const struct virtio_blk *b)
{
	return virtio_has(&b->core, VIRTIO_BLK_F_CONFIG_WCE)
		       ? atomic_load(&b->writes_back)
		       : virtio_has(&b->core, VIRTIO_BLK_F_FLUSH);
}

/*
 * Most writes only copy to the host's page cache, and to have another thread
 * woken for the next request costs more than that. So this is done only if the
 * write before waited.
 */
static int do_write(struct blk_request *q, struct err *e)
{
	struct virtio_blk *b = q->b;
	uint64_t begin;
	int rc;

	if (atomic_load(&b->writes_wait) || !writes_back(b))
		virtio_may_wait(&b->core, BLK_QUEUE);
	begin = clock_ns();
	rc = disk_write(b->disk, q->iov, q->n, q->off, e);
	atomic_store(&b->writes_wait,
		     clock_ns() - begin > BLK_COPY_NS + q->len);
	return rc;
}

static int carry_out(struct blk_request *q, struct err *e)
{
	struct virtio_blk *b = q->b;
	int rc = 0;

	if (q->type == VIRTIO_BLK_T_GET_ID)
		return 0;
	if (q->type == VIRTIO_BLK_T_IN)
		return do_read(q, e);
	if (q->type == VIRTIO_BLK_T_OUT)
		rc = do_write(q, e);
	else
		virtio_may_wait(&b->core, BLK_QUEUE);
	for (unsigned i = 0; !rc && i < q->ranges_count; i++)
		rc = do_range(b, q->type, &q->ranges[i], e);
	/* 5.2.6.2: without a write-back cache, a write is complete once it is
	 * on stable storage. */
	if (!rc && (q->type == VIRTIO_BLK_T_FLUSH || !writes_back(b)))
		rc = disk_flush(b->disk, e);
	return rc;
}

static void count_done(const struct blk_request *q)
{
	struct virtio_blk *b = q->b;

	if (q->type == VIRTIO_BLK_T_IN) {
		count(b, BLK_READS, 1);
		count(b, BLK_READ_BYTES, q->len);
	} else if (q->type == VIRTIO_BLK_T_OUT) {
		count(b, BLK_WRITES, 1);
		count(b, BLK_WRITTEN_BYTES, q->len);
	} else if (q->type == VIRTIO_BLK_T_FLUSH) {
		count(b, BLK_FLUSHES, 1);
	}
}

/* The status is the last byte. Unless all bytes before it were written, we do
 * not know which were. */
static uint32_t set_status(struct blk_request *q, uint64_t room, uint8_t status)
{
	__atomic_store_n(q->status, status, __ATOMIC_RELEASE);
	if (status == VIRTIO_BLK_S_OK)
		count_done(q);
	else
		count(q->b, BLK_ERRORS, 1);
	return q->written == room ? (uint32_t)room + 1 : q->written;
}

/* ---- the device */

/* Take header and status off the chain. */
static int take_request(struct blk_request *q, const struct virtio_request *r,
			struct err *e)
{
	struct virtq_cursor all = virtq_writer(&r->chain);
	struct virtio_blk_header header;
	struct iovec status;

	q->in = virtq_reader(&r->chain);
	if (virtq_read(&q->in, &header, sizeof(header)) != sizeof(header))
		return err_set(e, EPROTO,
			       "chain %u: fewer than %d bytes of header "
			       "(5.2.6)",
			       r->chain.head, VIRTIO_BLK_HEADER_SIZE);
	if (!all.left)
		return err_set(e, EPROTO,
			       "chain %u: no room for the status (5.2.6)",
			       r->chain.head);
	q->out = virtq_split(&all, all.left - 1);
	virtq_iov(&all, 1, &status, 1);
	q->status = status.iov_base;
	q->type = header.type;
	q->sector = header.sector;
	return 0;
}

static enum virtio_result blk_serve(void *dev, struct virtio_request *r,
				    struct err *e)
{
	struct virtio_blk *b = dev;
	struct blk_request q;
	bool failed = false;
	uint64_t room;
	uint8_t status;

	q.b = b;
	q.written = q.ranges_count = 0;
	if (take_request(&q, r, e))
		return VIRTIO_DRIVER_FAULT;
	room = q.out.left;
	status = parse(&q);
	if (status == VIRTIO_BLK_S_OK)
		failed = carry_out(&q, e);
	if (failed)
		status = VIRTIO_BLK_S_IOERR;
	r->written = set_status(&q, room, status);
	return failed ? VIRTIO_HOST_ERROR : VIRTIO_DONE;
}

static void blk_write_config(void *dev, uint8_t *config, uint32_t off,
			     unsigned size, uint32_t value)
{
	struct virtio_blk *b = dev;

	if (off != VIRTIO_BLK_WRITEBACK || size != 1 || value > 1)
		return;
	config[off] = (uint8_t)value;
	atomic_store(&b->writes_back, value == 1);
}

static void blk_report(void *dev, struct device_counters *c)
{
	static const char *const names[BLK_COUNTS] = {
		[BLK_READS] = "reads",
		[BLK_READ_BYTES] = "read_bytes",
		[BLK_WRITES] = "writes",
		[BLK_WRITTEN_BYTES] = "written_bytes",
		[BLK_FLUSHES] = "flushes",
		[BLK_DISCARDS] = "discards",
		[BLK_ERRORS] = "errors",
	};
	struct virtio_blk *b = dev;

	for (unsigned i = 0; i < BLK_COUNTS; i++)
		device_count(c, names[i], atomic_load(&b->counts[i]));
}

static void blk_free(void *dev)
{
	virtio_blk_release(dev);
	free(dev);
}

static const struct virtio_device_ops blk_ops = {
	.serve = blk_serve,
	.write_config = blk_write_config,
	.report = blk_report,
	.release = blk_free,
};

/* ---- making one */

static void put(uint8_t *config, unsigned off, unsigned size, uint64_t value)
{
	for (unsigned i = 0; i < size; i++)
		config[off + i] = (uint8_t)(value >> (8 * i));
}

static void fill_config(uint8_t *config, const struct disk *d)
{
	uint32_t block = d->align > VIRTIO_BLK_SECTOR ? d->align
						      : VIRTIO_BLK_SECTOR;
	unsigned exp = 0;

	while (block << exp < DISK_PAGE)
		exp++;
	put(config, VIRTIO_BLK_CAPACITY, 8, d->size / VIRTIO_BLK_SECTOR);
	put(config, VIRTIO_BLK_SEG_MAX, 4, BLK_SEG_MAX);
	put(config, VIRTIO_BLK_BLK_SIZE, 4, block);
	put(config, VIRTIO_BLK_PHYSICAL_EXP, 1, exp);
	put(config, VIRTIO_BLK_MIN_IO, 2, 1);
	put(config, VIRTIO_BLK_WRITEBACK, 1, 1);
	put(config, VIRTIO_BLK_MAX_DISCARD, 4, BLK_DISCARD_MAX);
	put(config, VIRTIO_BLK_MAX_DISCARD_SEG, 4, BLK_RANGES_MAX);
	put(config, VIRTIO_BLK_DISCARD_ALIGN, 4, 1);
	put(config, VIRTIO_BLK_MAX_WRITE_ZEROES, 4, BLK_ZEROES_MAX);
	put(config, VIRTIO_BLK_MAX_WRITE_ZEROES_SEG, 4, BLK_RANGES_MAX);
	put(config, VIRTIO_BLK_WRITE_ZEROES_MAY_UNMAP, 1, 1);
}

#define BIT(n) (UINT64_C(1) << (n))

static uint64_t features(const struct disk *d)
{
	uint64_t always = BIT(VIRTIO_BLK_F_SEG_MAX) |
			  BIT(VIRTIO_BLK_F_BLK_SIZE) |
			  BIT(VIRTIO_BLK_F_TOPOLOGY) | BIT(VIRTIO_BLK_F_FLUSH);

	return always | (d->is_ro ? BIT(VIRTIO_BLK_F_RO)
				  : BIT(VIRTIO_BLK_F_CONFIG_WCE) |
					    BIT(VIRTIO_BLK_F_DISCARD) |
					    BIT(VIRTIO_BLK_F_WRITE_ZEROES));
}

int virtio_blk_init(struct virtio_blk *b, struct disk *disk, const char *id,
		    const struct guest_mem *gm, struct worker *worker,
		    struct err *e)
{
	uint8_t config[VIRTIO_BLK_CONFIG_SIZE] = { 0 };
	const struct virtio_setup setup = {
		.name = "virtio-blk",
		.id = VIRTIO_ID_BLOCK,
		.features = features(disk),
		.queues = 1,
		.queue_size = BLK_QUEUE_SIZE,
		.config = config,
		.config_len = sizeof(config),
		.threads = BLK_THREADS,
		.role = THREAD_WORK,
		.ops = &blk_ops,
		.dev = b,
		.gm = gm,
		.worker = worker,
	};

	memset(b, 0, sizeof(*b));
	b->disk = disk;
	atomic_store(&b->writes_back, true);
	memcpy(b->id, id, strnlen(id, sizeof(b->id)));
	fill_config(config, disk);
	return virtio_init(&b->core, &setup, e);
}

void virtio_blk_release(struct virtio_blk *b)
{
	virtio_release(&b->core);
}

/* ---- its option */

static int blk_open(void *config, struct err *e)
{
	struct virtio_blk_config *c = config;
	const struct disk_config disk = {
		.path = c->path,
		.ro = c->ro,
		.snapshot = c->snapshot,
		.direct = c->direct,
	};

	return disk_open(&c->disk, &disk, e);
}

static void blk_close(void *config)
{
	struct virtio_blk_config *c = config;

	/* A config of zeros was never opened. */
	if (c->disk.path)
		disk_close(&c->disk);
}

static int blk_check(const void *config, struct err *e)
{
	const struct virtio_blk_config *c = config;

	if (c->ro + c->rw + c->snapshot > 1)
		return err_set(e, EINVAL,
			       "only one of ro, rw and snapshot may be given");
	if (c->snapshot && c->direct)
		return err_set(e, EINVAL,
			       "direct cannot be combined with snapshot");
	if (c->id && (!*c->id || strlen(c->id) > VIRTIO_BLK_ID_SIZE))
		return err_set(e, EINVAL,
			       "id: '%s' has %zu bytes (expected 1 to %d)",
			       c->id, strlen(c->id), VIRTIO_BLK_ID_SIZE);
	return 0;
}

static const char *default_id(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static const char *id_of(const struct virtio_blk_config *c)
{
	return c->id ?: default_id(c->path);
}

/* Files may have the same name, but an id that was chosen is to find one
 * disk. */
static int blk_agree(void *config, const void *earlier, struct err *e)
{
	const struct virtio_blk_config *c = config, *other = earlier;

	if ((!c->id && !other->id) ||
	    strncmp(id_of(c), id_of(other), VIRTIO_BLK_ID_SIZE))
		return 0;
	return err_set(e, EINVAL, "%s and %s: both disks have the id '%.*s'",
		       other->path, c->path, VIRTIO_BLK_ID_SIZE, id_of(c));
}

static const struct keyword blk_keys[] = {
	{ "ro", NULL, VALUE_FLAG_AT(struct virtio_blk_config, ro), 0, false,
	  "the guest may only read it" },
	{ "rw", NULL, VALUE_FLAG_AT(struct virtio_blk_config, rw), 0, false,
	  "the guest may write to it (the default); the file is locked" },
	{ "snapshot", NULL, VALUE_FLAG_AT(struct virtio_blk_config, snapshot),
	  0, false, "what the guest writes is thrown away at the end" },
	{ "direct", NULL, VALUE_FLAG_AT(struct virtio_blk_config, direct), 0,
	  false, "without the host's cache (O_DIRECT)" },
	{ "id", "TEXT", VALUE_TEXT_AT(struct virtio_blk_config, id), 0, false,
	  "its serial number, of at most 20 bytes" },
};

static const struct device_option blk_option = {
	.keywords = { .first = "FILE",
		      .first_value = VALUE_PATH_AT(struct virtio_blk_config,
						   path),
		      .keys = blk_keys,
		      .count = sizeof(blk_keys) / sizeof(*blk_keys) },
	.config_size = sizeof(struct virtio_blk_config),
	.check = blk_check,
	.agree = blk_agree,
	.open = blk_open,
	.close = blk_close,
};

static int blk_create(struct virtio **v, const struct device_slot *slot,
		      struct device_env *env, struct err *e)
{
	/* The disk is open, and stays open as long as the machine exists. */
	struct virtio_blk_config *c =
		(struct virtio_blk_config *)(uintptr_t)slot->config;
	struct virtio_blk *b = device_alloc(slot, sizeof(*b), e);
	int rc;

	if (!b)
		return -ENOMEM;
	rc = virtio_blk_init(b, &c->disk, id_of(c), env->gm, env->worker, e);
	if (rc)
		free(b);
	else
		*v = &b->core;
	return rc;
}

const struct device_type virtio_blk_type = {
	.name = "virtio-blk",
	.virtio = blk_create,
	.option = &blk_option,
};
