#include "analysis/trace_text.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/base/error.h"
#include "model/mm/gfp.h"
#include "model/sim/time.h"

struct trace_text {
	struct tracer tracer;
	FILE *f;
	const char *path;
	u64 hz;
};

/*
 * How the fields are written. A letter takes the next argument: %x in hexadecimal, %u, %d decimal, %p a
 * pointer ((nil) for none), %g flags of an allocation, %f pages of a flush, %r its reason, %l a list;
 * %P takes none: the page of the argument that comes; %n the name.
 */
static const char *const formats[NR_TRACEPOINTS] = {
	[TRACE_PAGE_ALLOC] = "page=%P pfn=%x order=%u migratetype=%u gfp_flags=%g",
	[TRACE_PAGE_FREE] = "page=%P pfn=%x order=%u",
	[TRACE_ZONE_LOCKED] = "page=%P pfn=%x order=%u migratetype=%u percpu_refill=%u",
	[TRACE_PCPU_DRAIN] = "page=%P pfn=%x order=%u migratetype=%u",
	[TRACE_EXTFRAG] =
		("page=%P pfn=%x alloc_order=%u fallback_order=%u pageblock_order=%u alloc_migratetype=%u "
		 "fallback_migratetype=%u fragmenting=%F change_ownership=%u"),
	[TRACE_KMALLOC] =
		"call_site=0x0 ptr=%p bytes_req=%u bytes_alloc=%u gfp_flags=%g node=-1 accounted=false",
	[TRACE_KFREE] = "call_site=0x0 ptr=%p",
	[TRACE_CACHE_ALLOC] = ("call_site=0x0 ptr=%p name=%n bytes_req=%u bytes_alloc=%u gfp_flags=%g "
			       "node=-1 accounted=false"),
	[TRACE_CACHE_FREE] = "call_site=0x0 ptr=%p name=%n",
	[TRACE_FAULT_USER] = "address=%x ip=0x0 error_code=%x",
	[TRACE_TLB_FLUSH] = "pages:%f reason:%r",
	[TRACE_RECLAIM_BEGIN] = "order=%u gfp_flags=%g",
	[TRACE_RECLAIM_END] = "nr_reclaimed=%u",
	[TRACE_WAKEUP_KSWAPD] = "nid=%u order=%u gfp_flags=%g",
	[TRACE_KSWAPD_WAKE] = "nid=%u order=%u",
	[TRACE_KSWAPD_SLEEP] = "nid=%u",
	[TRACE_SHRINK_INACTIVE] = "nid=%u nr_scanned=%u nr_reclaimed=%u priority=%d flags=%l",
	[TRACE_FILEMAP_ADD] = "dev 0:0 ino %h pfn=%x ofs=%o order=0",
	[TRACE_FILEMAP_DELETE] = "dev 0:0 ino %h pfn=%x ofs=%o order=0",
};

/* ---- flags, as __print_flags() does: the first name all of whose bits are there, then the rest ---- */

static const struct {
	u32 bits;
	const char *name;
} gfp_names[] = {
	{ GFP_TRANSHUGE, "GFP_TRANSHUGE" },
	{ GFP_TRANSHUGE_LIGHT, "GFP_TRANSHUGE_LIGHT" },
	{ GFP_HIGHUSER_MOVABLE, "GFP_HIGHUSER_MOVABLE" },
	{ GFP_HIGHUSER, "GFP_HIGHUSER" },
	{ GFP_KERNEL, "GFP_KERNEL" },
	{ GFP_NOFS, "GFP_NOFS" },
	{ GFP_ATOMIC, "GFP_ATOMIC" },
	{ GFP_NOIO, "GFP_NOIO" },
	{ GFP_NOWAIT, "GFP_NOWAIT|__GFP_NOWARN" },
	{ GFP_DMA, "GFP_DMA" },
	{ GFP_HIGHMEM, "__GFP_HIGHMEM" },
	{ GFP_DMA32, "GFP_DMA32" },
	{ GFP_MOVABLE, "__GFP_MOVABLE" },
	{ GFP_RECLAIMABLE, "__GFP_RECLAIMABLE" },
	{ GFP_HIGH, "__GFP_HIGH" },
	{ GFP_IO, "__GFP_IO" },
	{ GFP_FS, "__GFP_FS" },
	{ GFP_ZERO, "__GFP_ZERO" },
	{ GFP_DIRECT_RECLAIM, "__GFP_DIRECT_RECLAIM" },
	{ GFP_KSWAPD_RECLAIM, "__GFP_KSWAPD_RECLAIM" },
	{ GFP_NORETRY, "__GFP_NORETRY" },
	{ GFP_RETRY_MAYFAIL, "__GFP_RETRY_MAYFAIL" },
	{ GFP_NOFAIL, "__GFP_NOFAIL" },
	{ GFP_NOWARN, "__GFP_NOWARN" },
	{ GFP_COMP, "__GFP_COMP" },
	{ GFP_NOMEMALLOC, "__GFP_NOMEMALLOC" },
	{ GFP_MEMALLOC, "__GFP_MEMALLOC" },
	{ GFP_THISNODE, "__GFP_THISNODE" },
	{ GFP_COLD, "__GFP_COLD" },
};

static void put_gfp(FILE *f, u64 gfp)
{
	const char *bar = "";
	u32 i;

	for (i = 0; i < ARRAY_SIZE(gfp_names); i++) {
		if ((gfp & gfp_names[i].bits) != gfp_names[i].bits)
			continue;
		fprintf(f, "%s%s", bar, gfp_names[i].name);
		gfp &= ~(u64)gfp_names[i].bits;
		bar = "|";
	}
	if (!*bar)
		fputs("none", f);
}

static const char *const reasons[NR_TLB_FLUSH_REASONS] = {
	[TLB_FLUSH_ON_TASK_SWITCH] = "flush on task switch", [TLB_REMOTE_SHOOTDOWN] = "remote shootdown",
	[TLB_LOCAL_SHOOTDOWN] = "local shootdown",           [TLB_LOCAL_MM_SHOOTDOWN] = "local MM shootdown",
	[TLB_REMOTE_SEND_IPI] = "remote IPI send",           [TLB_REMOTE_WRONG_CPU] = "remote wrong CPU",
};

/* ---- lines ---- */

static void put_page(FILE *f, u64 pfn)
{
	if (pfn == TRACE_NO_PFN)
		fputs("(nil)", f);
	else
		fprintf(f, "0x%" PRIx64, pfn);
}

static void put_field(FILE *f, char how, u64 v)
{
	switch (how) {
	case 'x':
		fprintf(f, "0x%" PRIx64, v == TRACE_NO_PFN ? 0 : v);
		break;
	case 'h':
		fprintf(f, "%" PRIx64, v);
		break;
	case 'u':
		fprintf(f, "%" PRIu64, v);
		break;
	case 'o':
		fprintf(f, "%" PRIu64, v << 12);
		break; /* of pages, in bytes */
	case 'd':
	case 'f':
		fprintf(f, "%" PRId64, (s64)v);
		break;
	case 'p':
		fprintf(f, v ? "0x%" PRIx64 : "(nil)", v);
		break;
	case 'g':
		put_gfp(f, v);
		break;
	case 'r':
		ASSERT(v < ARRAY_SIZE(reasons));
		fprintf(f, "%s (%" PRIu64 ")", reasons[v], v);
		break;
	case 'l':
		fputs(v ? "RECLAIM_WB_FILE|RECLAIM_WB_ASYNC" : "RECLAIM_WB_ANON|RECLAIM_WB_ASYNC", f);
		break;
	}
}

/* Whether a fallback breaks up a pageblock: its order is below that of a pageblock. */
static bool is_fragmenting(const struct trace_event *e)
{
	return e->arg[2] < e->arg[3];
}

static void put_fields(FILE *f, const struct trace_event *e)
{
	const char *p;
	u32 arg = 0;

	for (p = formats[e->kind]; *p; p++) {
		if (*p != '%')
			fputc(*p, f);
		else if (*++p == 'P')
			put_page(f, e->arg[arg]);
		else if (*p == 'n')
			fputs(e->name, f);
		else if (*p == 'F')
			fprintf(f, "%u", is_fragmenting(e));
		else
			put_field(f, *p, e->arg[arg++]);
	}
}

static void tell(void *arg, const struct trace_event *e, const struct trace_task *task)
{
	struct trace_text *t = arg;
	u64 ns = cycles_to_ps(e->cycle, t->hz) / 1000;

	fprintf(t->f,
		"%16s %7u [%03u] %5" PRIu64 ".%09" PRIu64 ": %s: ", *task->comm ? task->comm : "swapper",
		task->tid, e->cpu, ns / 1000000000, ns % 1000000000, tracepoint_name[e->kind]);
	put_fields(t->f, e);
	fputc('\n', t->f);
}

struct trace_text *trace_text_new(const char *path, u64 hz)
{
	struct trace_text *t = xcalloc(1, sizeof(*t));

	t->path = path;
	t->hz = hz;
	t->f = strcmp(path, "-") ? fopen(path, "w") : stdout;
	if (!t->f)
		fail("cannot write '%s': %s", path, strerror(errno));
	t->tracer = (struct tracer){ .tell = tell, .arg = t, .paused = true };
	return t;
}

struct tracer *trace_text_tracer(struct trace_text *t)
{
	return &t->tracer;
}

void trace_text_close(struct trace_text *t)
{
	bool bad = fflush(t->f) || ferror(t->f);

	if (t->f != stdout)
		bad |= fclose(t->f) != 0;
	if (bad)
		fail("cannot write '%s': %s", t->path, strerror(errno));
	free(t);
}
