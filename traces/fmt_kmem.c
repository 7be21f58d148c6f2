/*
 * perf script's text of kernel allocator events (kmem_text.h): pages and objects that were allocated and
 * freed, in the recorded order. Each CPU is a thread of one process; all events are numbered.
 *
 * Skipped and counted, as they tell what the recorded allocator did inside: mm_page_free_batched (which
 * says again what mm_page_free has said), mm_page_alloc_zone_locked, mm_page_pcpu_drain,
 * mm_page_alloc_extfrag; and other lines that are no events of these kinds. What the recorded kernel asked
 * for and did not get is given back at once.
 */
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/base/error.h"
#include "traces/encode.h"
#include "traces/kmem_text.h"
#include "traces/reader.h"
#include "traces/source.h"
#include "traces/text.h"

#define PID         1u
#define CPUS        512u /* more have not been recorded by anyone yet */
#define PROBE_LINES 32u
/* Names of what was not got; those of pages and objects are far from there. */
#define NOBODY (1ull << 61)

/* The flags that both sides know have the same bits. */
#define KNOWN_GFP (2 * TR_GFP_COLD - 1)
_Static_assert(KMEM_GFP_DMA == TR_GFP_DMA && KMEM_GFP_ZERO == TR_GFP_ZERO && KMEM_GFP_COMP == TR_GFP_COMP &&
		       KMEM_GFP_COLD == TR_GFP_COLD,
	       "bits of KMEM_GFP_* and TR_GFP_*");

struct packet_text {
	u8 *bytes;
	u32 len;
	struct packet_text *next;
};

struct kmem {
	struct source *src;
	struct tr_dict *dict;
	struct tr_encoder *enc[CPUS];
	u64 last_ns[CPUS]; /* of the CPU's last event */
	struct packet_text *first, **end, *given;
	u64 line, seq, nobodies;
	_Atomic(u64) skipped;
	bool ended;
};

/* ---- packets ---- */

static void emit(void *arg, const u8 *packet, u32 len, u64 insns)
{
	struct kmem *k = arg;
	struct packet_text *p = xmalloc(sizeof(*p));

	*p = (struct packet_text){ .bytes = xmalloc(len), .len = len };
	memcpy(p->bytes, packet, len);
	*k->end = p;
	k->end = &p->next;
}

static void packet_free(struct packet_text *p)
{
	if (p)
		free(p->bytes);
	free(p);
}

static bool give_packet(struct kmem *k, const u8 **bytes, u32 *len)
{
	struct packet_text *p = k->first;

	packet_free(k->given);
	k->given = p;
	if (!p)
		return false;
	k->first = p->next;
	if (!k->first)
		k->end = &k->first;
	*bytes = p->bytes;
	*len = p->len;
	return true;
}

/* When one CPU's packet is full, those of the others go with it: a replay needs them at the same time. */
static void flush_all(struct kmem *k)
{
	u32 i;

	for (i = 0; i < CPUS; i++)
		if (k->enc[i])
			tr_encoder_flush(k->enc[i]);
}

static struct tr_encoder *encoder(struct kmem *k, u32 cpu)
{
	if (!k->enc[cpu])
		k->enc[cpu] = tr_encoder_new(&(struct tr_encoder_cfg){
			.dict = k->dict, .pid = PID, .tid = cpu + 1, .isa = "", .emit = emit, .arg = k });
	return k->enc[cpu];
}

/* ---- events ---- */

static void put(struct kmem *k, u32 cpu, struct tr_event ev)
{
	ev.flags |= cpu;
	ev.seq = ++k->seq;
	tr_encode_event(encoder(k, cpu), &ev);
}

/* Nothing was got: it was asked for, but nobody will give it back. */
static void put_failed(struct kmem *k, u32 cpu, struct tr_event ev, enum tr_event_kind free_kind)
{
	ev.addr = NOBODY + (++k->nobodies << 10);
	put(k, cpu, ev);
	ev.kind = free_kind;
	ev.addr2 = ev.len2 = 0;
	put(k, cpu, ev);
}

static u64 gap(struct kmem *k, u32 cpu, u64 now)
{
	u64 before = k->last_ns[cpu];

	k->last_ns[cpu] = now;
	return before && now > before ? now - before : 0;
}

static void take_page(struct kmem *k, u32 cpu, const struct kmem_event *e)
{
	struct tr_event ev = {
		.kind = e->kind == KMEM_PAGE_ALLOC ? TR_EV_PAGE_ALLOC : TR_EV_PAGE_FREE,
		.addr = e->pfn,
		.arg = e->order,
		.addr2 = e->gfp & KNOWN_GFP,
		.len2 = gap(k, cpu, e->time_ns),
	};

	if (e->pfn == KMEM_NO_PFN)
		put_failed(k, cpu, ev, TR_EV_PAGE_FREE);
	else
		put(k, cpu, ev);
}

/* kfree(NULL) does nothing. */
static void take_object(struct kmem *k, u32 cpu, const struct kmem_event *e)
{
	bool frees = e->kind == KMEM_KFREE || e->kind == KMEM_CACHE_FREE;
	char name[256];
	struct tr_event ev = {
		.kind = frees ? TR_EV_SLAB_FREE : TR_EV_SLAB_ALLOC,
		.addr = e->ptr,
		.arg = e->bytes_req,
		.addr2 = e->gfp & KNOWN_GFP,
		.len2 = gap(k, cpu, e->time_ns),
	};

	snprintf(name, sizeof(name), "%.*s", (int)MIN(e->cache.len, sizeof(name) - 1), e->cache.at);
	if (e->cache.len)
		ev.name = name;
	if (!e->ptr && !frees)
		put_failed(k, cpu, ev, TR_EV_SLAB_FREE);
	else if (e->ptr)
		put(k, cpu, ev);
}

static const char *take_event(struct kmem *k, const struct kmem_event *e)
{
	u32 cpu = e->cpu == KMEM_NO_CPU ? 0 : e->cpu;

	if (cpu >= CPUS)
		return "a CPU beyond the 512 that can be read";
	switch (e->kind) {
	case KMEM_PAGE_ALLOC:
	case KMEM_PAGE_FREE:
		take_page(k, cpu, e);
		return NULL;
	case KMEM_KMALLOC:
	case KMEM_KMALLOC_NODE:
	case KMEM_KFREE:
	case KMEM_CACHE_ALLOC:
	case KMEM_CACHE_ALLOC_NODE:
	case KMEM_CACHE_FREE:
		take_object(k, cpu, e);
		return NULL;
	default:
		k->skipped++;
		return NULL;
	}
}

/* All threads end, after everything that any of them did. */
static void take_end(struct kmem *k)
{
	u32 i;

	k->ended = true;
	for (i = 0; i < CPUS; i++)
		if (k->enc[i])
			tr_encode_event(k->enc[i], &(struct tr_event){ .kind = TR_EV_EXIT, .seq = ++k->seq });
	flush_all(k);
}

/* ---- lines ---- */

/* NULL, or what is wrong with it. */
static const char *take_line(struct kmem *k, const char *line, size_t len)
{
	struct kmem_event e;
	const char *why;

	if (strlen(line) != len)
		return "it has a zero byte";
	switch (kmem_parse(line, &e, &why)) {
	case KMEM_LINE_EVENT:
		return take_event(k, &e);
	case KMEM_LINE_OTHER:
		k->skipped += *line != 0;
		return NULL;
	case KMEM_LINE_DAMAGED:
		break;
	}
	return why;
}

static enum trace_status step(struct kmem *k, char err[TR_ERRBUF])
{
	const char *line, *why;
	size_t len;

	line = source_line(k->src, &len);
	if (!line) {
		take_end(k);
		if (!source_failed(k->src))
			return TRACE_OK;
		snprintf(err, TR_ERRBUF, "after line %llu: %s", (unsigned long long)k->line,
			 source_failed(k->src));
		return TRACE_ERROR;
	}
	k->line++;
	why = take_line(k, line, len);
	if (k->first)
		flush_all(k);
	if (!why)
		return TRACE_OK;
	text_name_line(k->line, line, why, err);
	return TRACE_ERROR;
}

static enum trace_status kmem_next_packet(void *state, const u8 **bytes, u32 *len, char err[TR_ERRBUF])
{
	struct kmem *k = state;

	while (!give_packet(k, bytes, len)) {
		if (k->ended)
			return TRACE_END;
		if (step(k, err) == TRACE_ERROR)
			return TRACE_ERROR;
	}
	return TRACE_OK;
}

/* Events among the first lines; ~0: one of these lines is damaged. */
static u32 probe_lines(const u8 *head, size_t len)
{
	const u8 *p = head, *end;
	struct kmem_event e;
	char line[SOURCE_LINE];
	u32 lines, found = 0;
	const char *why;

	for (lines = 0; lines < PROBE_LINES && p < head + len; lines++) {
		size_t n = (size_t)(head + len - p);

		end = memchr(p, '\n', n);
		if (!end && len == SOURCE_HEAD)
			break;
		n = end ? (size_t)(end - p) : n;
		snprintf(line, sizeof(line), "%.*s", (int)n, (const char *)p);
		if (memchr(p, 0, n))
			return ~0u;
		switch (kmem_parse(line, &e, &why)) {
		case KMEM_LINE_EVENT:
			found++;
			break;
		case KMEM_LINE_DAMAGED:
			return ~0u;
		case KMEM_LINE_OTHER:
			break;
		}
		p += n + 1;
	}
	return found;
}

static int kmem_probe(const u8 *head, size_t len)
{
	u32 found = probe_lines(head, len);

	return found && found != ~0u ? 90 : 0;
}

static void *kmem_start(struct source *src, char err[TR_ERRBUF])
{
	struct kmem *k = xcalloc(1, sizeof(*k));

	k->src = src;
	k->dict = tr_dict_new();
	k->end = &k->first;
	return k;
}

/* The damaged line has been taken. */
static bool kmem_resync(void *state)
{
	return true;
}

static u64 kmem_skipped(const void *state)
{
	const struct kmem *k = state;

	return k->skipped;
}

static void kmem_stop(void *state)
{
	struct kmem *k = state;
	struct packet_text *p;
	u32 i;

	for (i = 0; i < CPUS; i++) {
		if (!k->enc[i])
			continue;
		tr_encoder_drop(k->enc[i]);
		tr_encoder_free(k->enc[i]);
	}
	while ((p = k->first)) {
		k->first = p->next;
		packet_free(p);
	}
	packet_free(k->given);
	tr_dict_free(k->dict);
	free(k);
}

const struct reader_ops fmt_kmem = {
	.name = "kmem",
	.help = "perf script's text of the events kmem:*",
	.has_mappings = false,
	.probe = kmem_probe,
	.open = kmem_start,
	.next = kmem_next_packet,
	.resync = kmem_resync,
	.skipped = kmem_skipped,
	.close = kmem_stop,
};
