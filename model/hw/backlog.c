#include "model/hw/backlog.h"

#include "model/base/error.h"

#define STAT_STRUCT struct backlog_stats
static const struct stat_desc backlog_table[] = { BACKLOG_STATS(STAT_ROW) { 0 } };
#undef STAT_STRUCT

struct backlog *backlog_new(const struct cache_cfg *cfg, const struct mshr_file *mshr)
{
	struct backlog *b;

	if (!cfg->ports && !cfg->writeback_buffer)
		return NULL;
	b = xcalloc(1, sizeof(*b));
	b->mshr = mshr;
	b->bandwidth = cfg->bandwidth;
	b->ports.cap = cfg->ports;
	b->buffer.cap = cfg->writeback_buffer;
	return b;
}

void backlog_stats_add(const struct backlog *b, struct stats *s, const char *prefix)
{
	stats_add(s, prefix, backlog_table, &b->st);
}

u64 backlog_port(struct backlog *b, u64 line, u32 bytes, u64 now)
{
	u64 start, cycles = b->bandwidth ? (bytes + b->bandwidth - 1) / b->bandwidth : 1;

	if (!b->ports.cap)
		return now;
	b->ports.settled = b->mshr->settled;
	start = mshr_start(&b->ports, now);
	mshr_add(&b->ports, line, start, start + cycles);
	b->st.port_waits += start != now;
	b->st.port_wait_cycles += start - now;
	return start;
}

u64 backlog_room(struct backlog *b, u64 now)
{
	u64 start;

	if (!b->buffer.cap)
		return now;
	b->buffer.settled = b->mshr->settled;
	start = mshr_start(&b->buffer, now);
	b->st.writeback_waits += start != now;
	b->st.writeback_wait_cycles += start - now;
	return start;
}

void backlog_add(struct backlog *b, u64 line, u64 now, u64 taken)
{
	if (b->buffer.cap && taken > now)
		mshr_add(&b->buffer, line, now, taken);
}

bool backlog_holds(struct backlog *b, u64 line, u64 now)
{
	bool holds = mshr_ready(&b->buffer, line, now) > now;

	b->st.writeback_hits += holds;
	return holds;
}
