/*
 * ChampSim's records, 64 bytes (input_instr) or 96 (cloudsuite_instr), little-endian, no header (ChampSim,
 * inc/trace_instruction.h). They tell no sizes: data is taken as 1 byte; an instruction's size is the
 * distance to the next one where that can be, else what it was the last time, else 4.
 *
 * Registers tell which load an address comes from: an instruction's results come from the latest load among
 * its sources, or from its own load. Which of the sources makes the address is not told, so the latest
 * counts.
 */
#include <stdio.h>
#include <stdlib.h>

#include "model/base/error.h"
#include "traces/bytes.h"
#include "traces/feed.h"
#include "traces/reader.h"
#include "traces/source.h"

#define MAX_RECORD 96u
#define MAX_SRC    4u

/* Both layouts begin with u64 ip, u8 is_branch, u8 branch_taken. */
#define OFF_BRANCH 8u
#define OFF_TAKEN  9u
#define OFF_REGS   10u /* destinations, then sources */

struct layout {
	u32 size;
	u32 n_dst, n_src;
	u32 off_dst_mem, off_src_mem;
};

static const struct layout champsim = { 64, 2, 4, 16, 32 };
static const struct layout cloudsuite = { 96, 4, 4, 24, 56 };

/* No load's address comes from: no register, the stack pointer (its value is known early), flags, ip. */
static bool counts_as_source(u8 reg)
{
	return reg && reg != 6 && reg != 25 && reg != 26;
}

#define MAX_INSN_SIZE 15u
#define DEFAULT_SIZE  4u
#define SIZES         65536u /* remembered instruction sizes */
#define FARTHEST_LOAD 255u   /* a load longer ago than that has its data by any measure */

struct records {
	struct source *src;
	struct feed *feed;
	const struct layout *layout;
	u64 n; /* records taken */
	bool ended;
	u8 now[MAX_RECORD], ahead[MAX_RECORD];
	bool have_ahead; /* ahead was read whole */
	u64 accesses;
	u64 load_of[256]; /* number of the access, from 1, that a register's value comes from; 0: none */
	struct {
		u64 ip;
		u8 size;
	} sizes[SIZES];
};

static u8 insn_size(struct records *r, u64 ip)
{
	u64 gap = r->have_ahead ? get_le64(r->ahead) - ip : 0;
	u32 i = (u32)(ip * 0x9e3779b97f4a7c15u >> 48);

	if (gap && gap <= MAX_INSN_SIZE && !r->now[OFF_TAKEN]) {
		r->sizes[i].ip = ip;
		r->sizes[i].size = (u8)gap;
		return (u8)gap;
	}
	return r->sizes[i].ip == ip && r->sizes[i].size ? r->sizes[i].size : DEFAULT_SIZE;
}

static u16 distance(const struct records *r, u64 load)
{
	u64 far = r->accesses + 1 - load;

	return load && far <= FARTHEST_LOAD ? (u16)far : TR_DEP_NONE;
}

static void feed_accesses(struct records *r, enum tr_kind kind, u32 offset, u32 n, u64 load)
{
	u32 i;

	for (i = 0; i < n; i++) {
		u64 addr = get_le64(r->now + offset + 8 * i);

		if (!addr)
			continue;
		feed_data(r->feed, kind, addr, 1, distance(r, load));
		r->accesses++;
	}
}

static void feed_record(struct records *r)
{
	const struct layout *l = r->layout;
	const u8 *dst = r->now + OFF_REGS, *src = dst + l->n_dst;
	u64 before = r->accesses, load = 0, result;
	u32 i;

	for (i = 0; i < l->n_src; i++)
		if (counts_as_source(src[i]))
			load = MAX(load, r->load_of[src[i]]);
	feed_insn(r->feed, get_le64(r->now), insn_size(r, get_le64(r->now)));
	feed_accesses(r, TR_LOAD, l->off_src_mem, MAX_SRC, load);
	result = r->accesses > before ? r->accesses : load;
	feed_accesses(r, TR_STORE, l->off_dst_mem, l->n_dst, load);
	for (i = 0; i < l->n_dst; i++)
		r->load_of[dst[i]] = result;
}

/* A record is fed when the next one is known. */
static enum trace_status step(struct records *r, char err[TR_ERRBUF])
{
	size_t got;

	memcpy(r->now, r->ahead, sizeof(r->now));
	got = source_read(r->src, r->ahead, r->layout->size);
	r->have_ahead = got == r->layout->size;
	if (r->n)
		feed_record(r);
	r->n++;
	if (r->have_ahead)
		return TRACE_OK;
	r->ended = true;
	feed_end(r->feed);
	if (!got && !source_failed(r->src))
		return TRACE_OK;
	snprintf(err, TR_ERRBUF, "after record %llu: %s", (unsigned long long)r->n - 1,
		 source_failed(r->src) ? source_failed(r->src) : "the last record is cut off");
	return TRACE_ERROR;
}

static enum trace_status records_next(void *state, const u8 **bytes, u32 *len, char err[TR_ERRBUF])
{
	struct records *r = state;

	while (!feed_take(r->feed, bytes, len)) {
		if (r->ended)
			return TRACE_END;
		if (step(r, err) == TRACE_ERROR)
			return TRACE_ERROR;
	}
	return TRACE_OK;
}

static void *records_open(struct source *src, const struct layout *layout)
{
	struct records *r = xcalloc(1, sizeof(*r));

	r->src = src;
	r->layout = layout;
	r->feed = feed_new("x86_64");
	return r;
}

/* What was fed before the cut still comes out. */
static bool records_resync(void *state)
{
	return true;
}

static void records_close(void *state)
{
	struct records *r = state;

	feed_free(r->feed);
	free(r);
}

/* No magic number: all records must look like instructions that mostly follow each other. */
static int records_probe(const u8 *head, size_t len, const struct layout *l)
{
	u32 n = (u32)(len / l->size), near = 0, i;

	if (!n || (len < SOURCE_HEAD && len % l->size))
		return 0;
	for (i = 0; i < n; i++) {
		const u8 *r = head + i * l->size;
		u64 ip = get_le64(r), gap;

		if (!ip || r[OFF_BRANCH] > 1 || r[OFF_TAKEN] > 1)
			return 0;
		gap = i ? ip - get_le64(r - l->size) : 0;
		near += zigzag(gap) < 1u << 20;
	}
	return near * 2 > n ? 50 : 0;
}

static int champsim_probe(const u8 *head, size_t len)
{
	return records_probe(head, len, &champsim);
}

static int cloudsuite_probe(const u8 *head, size_t len)
{
	return records_probe(head, len, &cloudsuite);
}

static void *champsim_open(struct source *src, char err[TR_ERRBUF])
{
	return records_open(src, &champsim);
}

static void *cloudsuite_open(struct source *src, char err[TR_ERRBUF])
{
	return records_open(src, &cloudsuite);
}

const struct reader_ops fmt_champsim = {
	.name = "champsim",
	.help = "ChampSim's input_instr, records of 64 bytes",
	.has_mappings = false,
	.probe = champsim_probe,
	.open = champsim_open,
	.next = records_next,
	.resync = records_resync,
	.skipped = reader_skips_nothing,
	.close = records_close,
};

const struct reader_ops fmt_cloudsuite = {
	.name = "cloudsuite",
	.help = "ChampSim's cloudsuite_instr, records of 96 bytes",
	.has_mappings = false,
	.probe = cloudsuite_probe,
	.open = cloudsuite_open,
	.next = records_next,
	.resync = records_resync,
	.skipped = reader_skips_nothing,
	.close = records_close,
};
