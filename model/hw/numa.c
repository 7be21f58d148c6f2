#include "model/hw/numa.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/base/error.h"
#include "model/sim/time.h"

#define AT(field) offsetof(struct numa_cfg, field)

const struct opt numa_opts[] = {
	{ "nodes", OPT_U32, AT(nodes), "0", 0, NUMA_MAX_NODES, "nodes",
	  "nodes of memory, each with DRAM as the dram section says; 0: one a socket", NULL },
	{ "distances", OPT_STRING, AT(distances), "", 0, 0, NULL,
	  "rows of the ACPI SLIT, \"10 21; 21 10\"; empty: 20 between any two nodes", NULL },
	/* Local 89, remote 143 ns: Intel MLC on two Xeon E5-2699A v4. */
	{ "way", OPT_TIME, AT(way), "54ns", 0, 0, "cycles or time",
	  "what an access at distance 20 takes longer; in proportion at others", NULL },
	/* QPI at 9.6 GT/s carries 19.2 GB/s a direction. */
	{ "line", OPT_TIME, AT(line), "3.3ns", 0, 0, "cycles or time",
	  "that a line occupies the link between two nodes", NULL },
	{ 0 },
};

#define STAT_STRUCT struct numa_stats
static const struct stat_desc numa_table[] = { NUMA_STATS(STAT_ROW){ 0 } };
#undef STAT_STRUCT

/* ---- configuration ---- */

/* Reads the next number of the matrix; false: there is none. */
static bool next_number(const char **text, u32 *n)
{
	char *end;

	*text += strspn(*text, " \t;,");
	if (!isdigit((unsigned char)**text))
		return false;
	*n = (u32)MIN(strtoul(*text, &end, 10), 0xffffu);
	*text = end;
	return true;
}

u32 numa_distance(const struct numa_cfg *cfg, u32 from, u32 to)
{
	const char *text = cfg->distances ? cfg->distances : "";
	u32 i, d = from == to ? NUMA_LOCAL : 2 * NUMA_LOCAL;

	for (i = 0; *text && i <= from * cfg->nodes + to; i++)
		ASSERT(next_number(&text, &d));
	return d;
}

static const char *check_distances(const struct numa_cfg *cfg, u32 nodes)
{
	const char *text = cfg->distances ? cfg->distances : "";
	u32 n = 0, d;

	if (!*text)
		return NULL;
	for (; next_number(&text, &d); n++) {
		bool own = n / nodes == n % nodes;

		if (own ? d != NUMA_LOCAL : d <= NUMA_LOCAL)
			return "a node is 10 from itself, and further than that from others";
	}
	if (*text || n != nodes * nodes)
		return "there must be a row for each node with a number for each node, as \"10 21; 21 10\"";
	return NULL;
}

const char *numa_check(const struct numa_cfg *cfg, u32 cores, const char **key)
{
	u32 nodes = MAX(cfg->nodes, 1);

	*key = "nodes";
	if (nodes > 1 && cores % nodes)
		return "every node must have as many cores: cores is no multiple of it";
	if (nodes > 1 && cfg->memory % ((u64)nodes << 21))
		return "memory.size must be that many times a multiple of 2 MB";
	*key = "distances";
	return check_distances(cfg, nodes);
}

u32 numa_node_of_core(const struct numa_cfg *cfg, u32 cores, u32 core)
{
	return core / (cores / MAX(cfg->nodes, 1));
}

/* ---- running ---- */

#define LINK_LINES 64u

/*
 * A direction between two nodes. Lines are known when they are asked for, long before they come over, and a
 * write-back may come over in a gap before them: the latest are kept in the order of their times. What is
 * older than the oldest kept one cannot be reserved any more.
 */
struct link {
	u64 way;   /* cycles, there and back */
	u64 floor; /* the earliest time that is not gone */
	u64 latest; /* at which a line was ready for it */
	u32 n;
	u64 at[LINK_LINES]; /* the first cycles of lines */
};

struct numa_port {
	struct port port;
	struct numa *numa;
	u32 node;
};

struct numa {
	u32 nodes;
	u64 bytes; /* of a node */
	u64 line;  /* cycles that a line occupies a link */
	u64 early; /* so long before the latest line nothing is known */
	struct dram **dram;
	struct numa_port *at;
	struct link *link; /* [from * nodes + to] */
	struct numa_stats st;
};

static u32 home(const struct numa *n, u64 pa)
{
	return (u32)(pa / n->bytes % n->nodes);
}

/* Reserves `line` cycles, the earliest from `ready` on. Returns the first. */
static u64 link_take(struct link *l, u64 line, u64 ready)
{
	u64 start;
	u32 i;

	if (l->n == LINK_LINES) {
		l->floor = l->at[0] + line;
		memmove(l->at, l->at + 1, --l->n * sizeof(l->at[0]));
	}
	start = MAX(ready, l->floor);
	for (i = l->n; i && l->at[i - 1] + line > start; i--)
		;
	for (; i < l->n && l->at[i] < start + line; i++)
		start = l->at[i] + line;
	memmove(l->at + i + 1, l->at + i, (l->n++ - i) * sizeof(l->at[0]));
	l->at[i] = start;
	return start;
}

/* The cycle at which a line that is there at `ready` has come over. */
static u64 cross(struct numa *n, u32 from, u32 to, u64 ready)
{
	struct link *l = &n->link[from * n->nodes + to];
	u64 start;

	if (time_stands)
		return ready;
	/* As of a memory controller (dram.c:is_early()). */
	start = n->line && ready + n->early >= l->latest ? link_take(l, n->line, ready) : ready;
	l->latest = MAX(l->latest, ready);
	n->st.link_wait += start - ready;
	return start + l->way;
}

static u64 numa_read(struct port *p, struct mem_req *r, u64 now)
{
	struct numa_port *at = container_of(p, struct numa_port, port);
	struct numa *n = at->numa;
	u32 node = home(n, r->pa);
	u64 done = port_read(dram_port(n->dram[node]), r, now);

	if (node == at->node) {
		n->st.local_reads++;
		return done;
	}
	n->st.remote_reads++;
	return cross(n, node, at->node, done);
}

static u64 numa_write(struct port *p, const struct mem_req *r, u64 now)
{
	struct numa_port *at = container_of(p, struct numa_port, port);
	struct numa *n = at->numa;
	u32 node = home(n, r->pa);

	if (node == at->node) {
		n->st.local_writes++;
	} else {
		n->st.remote_writes++;
		now = cross(n, at->node, node, now);
	}
	return port_write(dram_port(n->dram[node]), r, now);
}

static void numa_expect(struct port *p, u64 pa, bool write)
{
}

static u64 numa_upgrade(struct port *p, struct mem_req *r, u64 now)
{
	return now;
}

static void numa_gone(struct port *p, u64 pa, u64 now)
{
}

static const struct port_ops numa_ops = { numa_read, numa_write, numa_expect, numa_upgrade, numa_gone };

static void make_links(struct numa *n, const struct numa_cfg *cfg, u64 hz)
{
	u64 way = time_to_cycles(cfg->way, hz);
	u32 from, to;

	n->link = xcalloc((size_t)n->nodes * n->nodes, sizeof(*n->link));
	for (from = 0; from < n->nodes; from++)
		for (to = 0; to < n->nodes; to++)
			n->link[from * n->nodes + to].way =
				way * (numa_distance(cfg, from, to) - NUMA_LOCAL) / NUMA_LOCAL;
}

struct numa *numa_new(const struct numa_cfg *cfg, const struct dram_cfg *dram, u32 line, u64 reach, u64 hz)
{
	struct numa *n = xcalloc(1, sizeof(*n));
	u32 i;

	n->nodes = MAX(cfg->nodes, 1);
	n->bytes = cfg->memory / n->nodes;
	n->line = time_to_cycles(cfg->line, hz);
	n->early = time_to_cycles((struct opt_time){ .ps = DRAM_EARLY_PS }, hz);
	n->dram = xcalloc(n->nodes, sizeof(*n->dram));
	n->at = xcalloc(n->nodes, sizeof(*n->at));
	for (i = 0; i < n->nodes; i++) {
		n->dram[i] = dram_new(dram, line, reach, hz);
		n->at[i] = (struct numa_port){ .port = { &numa_ops }, .numa = n, .node = i };
	}
	make_links(n, cfg, hz);
	return n;
}

void numa_free(struct numa *n)
{
	u32 i;

	for (i = 0; i < n->nodes; i++)
		dram_free(n->dram[i]);
	free(n->dram);
	free(n->at);
	free(n->link);
	free(n);
}

struct port *numa_port(struct numa *n, u32 node)
{
	return n->nodes == 1 ? dram_port(n->dram[0]) : &n->at[node].port;
}

u64 numa_way(const struct numa *n, u32 from, u32 to)
{
	return n->link[from * n->nodes + to].way;
}

u64 numa_transfer(struct numa *n, u32 from, u32 to, u64 ready)
{
	if (from == to)
		return ready;
	n->st.transfers++;
	return cross(n, from, to, ready);
}

void numa_stats_add(const struct numa *n, struct stats *s)
{
	char name[16];
	u32 i;

	if (n->nodes == 1) {
		dram_stats_add(n->dram[0], s, "dram");
		return;
	}
	for (i = 0; i < n->nodes; i++) {
		snprintf(name, sizeof(name), "dram_%u", i);
		dram_stats_add(n->dram[i], s, name);
	}
	stats_add(s, "numa", numa_table, &n->st);
}

void numa_state(struct numa *n, struct state *s)
{
	u32 i;

	for (i = 0; i < n->nodes; i++)
		dram_state(n->dram[i], s);
	state_add(s, "numa", "stats", &n->st, sizeof(n->st));
}
