#include "model/hw/backlog.h"

#include <stdlib.h>
#include <string.h>

#include "model/base/error.h"

#define STAT_STRUCT struct backlog_stats
static const struct stat_desc backlog_table[] = { BACKLOG_STATS(STAT_ROW){ 0 } };
#undef STAT_STRUCT

struct backlog *backlog_new(const struct cache_cfg *cfg, const struct mshr_file *mshr)
{
	struct backlog *b;

	if (!cfg->ports && !cfg->writeback_buffer)
		return NULL;
	b = xcalloc(1, sizeof(*b));
	b->mshr = mshr;
	b->bandwidth = cfg->bandwidth;
	b->n_ports = cfg->ports;
	if (cfg->ports) {
		b->ports = xmalloc(sizeof(*b->ports));
		memset(b->ports, 0, sizeof(*b->ports));
	}
	if (cfg->writeback_buffer)
		b->buffer = victims_new(cfg->writeback_buffer);
	return b;
}

void backlog_free(struct backlog *b)
{
	if (!b)
		return;
	victims_free(b->buffer);
	free(b->ports);
	free(b);
}

void backlog_stats_add(const struct backlog *b, struct stats *s, const char *prefix)
{
	stats_add(s, prefix, backlog_table, &b->st);
}

/* Whether a port is free at a cycle. One that is too long ago to tell is over. */
static bool is_free(const struct backlog *b, u64 cycle)
{
	u32 at = cycle % BACKLOG_CYCLES;

	if (b->ports->cycle[at] != cycle)
		return b->ports->cycle[at] < cycle;
	return b->ports->taken[at] < b->n_ports;
}

static void take(struct backlog *b, u64 cycle)
{
	u32 at = cycle % BACKLOG_CYCLES;

	if (b->ports->cycle[at] != cycle) {
		b->ports->cycle[at] = cycle;
		b->ports->taken[at] = 0;
	}
	b->ports->taken[at]++;
}

u64 backlog_port(struct backlog *b, u32 bytes, u64 now)
{
	u64 start = now, cycles = b->bandwidth ? (bytes + b->bandwidth - 1) / b->bandwidth : 1, n = 0;

	if (!b->ports || time_stands)
		return now;
	while (n < cycles) {
		if (is_free(b, start + n)) {
			n++;
		} else {
			start += n + 1;
			n = 0;
		}
	}
	for (n = 0; n < cycles; n++)
		take(b, start + n);
	b->st.port_waits += start != now;
	b->st.port_wait_cycles += start - now;
	return start;
}

u64 backlog_room(struct backlog *b, u64 now)
{
	u64 start;

	if (!b->buffer || time_stands)
		return now;
	victims_expire(b->buffer, b->mshr->settled ? *b->mshr->settled : now);
	start = victims_room(b->buffer, now);
	b->st.writeback_waits += start != now;
	b->st.writeback_wait_cycles += start - now;
	return start;
}

void backlog_add(struct backlog *b, u64 line, u64 now, u64 taken)
{
	if (b->buffer && taken > now && !time_stands)
		victims_add(b->buffer, line, now, taken);
}

bool backlog_holds(struct backlog *b, u64 line, u64 now)
{
	bool holds = b->buffer && victims_hold(b->buffer, line, now);

	b->st.writeback_hits += holds;
	return holds;
}
