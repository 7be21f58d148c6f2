#include "analysis/identities.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "model/arch/cpu.h"
#include "model/base/error.h"

/*
 * One row an identity. It applies where all its counters exist; "core*." is the sum over all cores, "l3*."
 * that over all shared L3s, a '*' at the end the sum of all that begins like this. A row that begins with '!'
 * and a counter applies where that one does not exist.
 */
const char *const identities[] = {
	/* Every access hits or misses. */
	"core*.l1i.fetches >= core*.l1i.fetch_misses",
	"core*.l1d.loads >= core*.l1d.load_misses",
	"core*.l1d.stores >= core*.l1d.store_misses",
	"core*.l2.fetches >= core*.l2.fetch_misses",
	"core*.l2.loads >= core*.l2.load_misses",
	"core*.l2.loads >= core*.l2.rfo",
	"l2*.fetches >= l2*.fetch_misses",
	"l2*.loads >= l2*.load_misses",
	"l3*.fetches >= l3*.fetch_misses",
	"l3*.loads >= l3*.load_misses",
	"core*.itlb.lookups >= core*.itlb.misses",
	"core*.dtlb.lookups >= core*.dtlb.misses",
	"core*.stlb.lookups >= core*.stlb.misses",
	/* What one level misses, the next is asked for. */
	"core*.l2.fetches = core*.l1i.fetch_misses",
	"core*.l2.loads - core*.l2.rfo = core*.l1d.load_misses",
	"!l2*.directory.reads l2*.fetches = core*.l1i.fetch_misses",
	"!l2*.directory.reads l2*.loads - l2*.rfo = core*.l1d.load_misses",
	/* Where cores meet above a level, another core's cache may answer. */
	"core*.l1i.fetch_misses >= l2*.fetches",
	"core*.l1d.load_misses >= l2*.loads - l2*.rfo",
	"!l3*.directory.reads l3*.fetches = core*.l2.fetch_misses",
	"core*.l2.fetch_misses >= l3*.fetches",
	"core*.stlb.lookups = core*.itlb.misses + core*.dtlb.misses",
	"!l4*.loads !dram.directory.reads dram*.reads >= l3*.fetch_misses + l3*.load_misses",
	/* A write-back arrives below; what is not allocated there, or written through, comes besides. */
	"core*.l2.stores >= core*.l1d.writebacks + core*.l1i.writebacks",
	"l3*.stores >= core*.l2.writebacks",
	"l3*.stores >= l2*.writebacks",
	"l4*.stores >= l3*.writebacks",
	"l4*.stores >= core*.l3.writebacks",
	"!l4*.loads dram*.writes >= l3*.writebacks + dram.directory.writebacks",
	"!l4*.loads dram*.writes >= l3*.writebacks",
	/* A directory has a line written down for another's access. */
	"l2*.coherence_writes = l2*.directory.writebacks",
	"l3*.coherence_writes = l3*.directory.writebacks",
	"l4*.coherence_writes = l4*.directory.writebacks",
	"l3*.directory.writebacks >= l3*.directory.transfers_dirty",
	"dram.directory.writebacks >= dram.directory.transfers_dirty",
	"l3*.directory.reads >= l3*.directory.transfers_dirty + l3*.directory.transfers_clean",
	/* A child that gives up a line has it in a cache at least. */
	("core*.l1i.coherence_invalidations + core*.l1d.coherence_invalidations + "
	 "core*.l2.coherence_invalidations >= l3*.directory.invalidations + l3*.directory.recalls"),
	/* What the prefetchers of a level ask for, and the software's that miss, the next is asked for. */
	("core*.l2.prefetches = core*.l1i.prefetch_issued + core*.l1i.prefetch_misses + "
	 "core*.l1d.prefetch_issued + core*.l1d.prefetch_misses"),
	/* Less what another core's cache had. */
	("core*.l1i.prefetch_issued + core*.l1i.prefetch_misses + "
	 "core*.l1d.prefetch_issued + core*.l1d.prefetch_misses >= l2*.prefetches"),
	"core*.l2.prefetch_issued + core*.l2.prefetch_misses >= l3*.prefetches",
	"core*.l1d.prefetch_useful >= core*.l1d.prefetch_late",
	/* A request reaches a bank, or the write queue does with it, or the DRAM is flat. */
	("dram*.reads + dram*.writes = dram*.row_hits + dram*.row_closed + dram*.row_conflicts + "
	 "dram*.forwarded + dram*.merged + dram*.waiting + dram*.fixed"),
	/* What no other cache has comes from the DRAM. */
	("dram.directory.reads = dram*.reads + dram.directory.transfers_dirty + "
	 "dram.directory.transfers_clean"),
	/* A line comes from the asker's node or another one. */
	"numa.local_reads + numa.remote_reads = dram*.reads",
	"numa.local_writes + numa.remote_writes = dram*.writes",
	"dram.directory.transfers_dirty + dram.directory.transfers_clean >= numa.transfers",
	/* Every cycle belongs to one part of the stack. */
	"core*.cycles = core*.cycles.*",
	/* A reference is a fetch or a data access, once in each line. */
	"replay.references = core*.l1i.fetches + core*.l1d.loads + core*.l1d.stores",
	"core*.l1i.fetches >= core*.instructions",
	/* A data access is one sample, also one that crosses lines; an atomic is one, as a store. */
	("core*.l1d.loads + core*.l1d.stores >= "
	 "latency.load + latency.store + core*.atomics + core*.line_straddles"),
	/* An access whose fault gave a page is one of those faults; fetches and the kernel take the rest. */
	"mm.fault.zero >= latency.cause.zero",
	"mm.fault.zero_page >= latency.cause.zero_page",
	"mm.fault.huge >= latency.cause.huge",
	"mm.fault.file >= latency.cause.file",
	"mm.fault.swap >= latency.cause.swap",
	"mm.fault.cow >= latency.cause.cow",
	("core*.traps >= latency.cause.minor + latency.cause.zero + latency.cause.zero_page + "
	 "latency.cause.huge + latency.cause.file + latency.cause.cow"),
	/* Every sample has one cause. */
	"latency.load + latency.store = latency.cause.*",
	/* Addresses outside of every mapping are a signal, come too early, or are a system call's. */
	"mm.fault.segv = replay.segv + replay.early_accesses + replay.efaults",
	/* Frames are free or in use. */
	"mm.frames.total = mm.frames.free + mm.frames.allocated - mm.frames.freed",
	"mm.pgtable.pages = mm.pgtable.allocated - mm.pgtable.freed",
	NULL,
};

struct sums {
	u64 side[2]; /* left and right; what is taken from one is added to the other */
	u32 at;
	bool minus, at_least, missing;
};

static void take_term(struct sums *s, const struct counters *c, const char *word)
{
	if (!counters_has(c, word))
		s->missing = true;
	else
		s->side[s->at ^ (s->minus ? 1 : 0)] += counters_get(c, word);
	s->minus = false;
}

static void take_word(struct sums *s, const struct counters *c, const char *word)
{
	if (word[0] == '!') {
		s->missing |= counters_has(c, word + 1);
	} else if (!strcmp(word, "-")) {
		s->minus = true;
	} else if (!strcmp(word, "=") || !strcmp(word, ">=")) {
		s->at = 1;
		s->at_least = word[0] == '>';
	} else if (strcmp(word, "+")) {
		take_term(s, c, word);
	}
}

char *identity_broken(const struct counters *c, const char *identity, bool *applied)
{
	char *words = xstrdup(identity), *save, *word;
	struct sums s = { 0 };

	for (word = strtok_r(words, " ", &save); word; word = strtok_r(NULL, " ", &save))
		take_word(&s, c, word);
	free(words);
	*applied = !s.missing;
	if (s.missing || s.side[0] == s.side[1] || (s.at_least && s.side[0] > s.side[1]))
		return NULL;
	return xasprintf("%s: %" PRIu64 " against %" PRIu64, identity, s.side[0], s.side[1]);
}

static char *first_broken(const struct counters *c, bool part, u32 *checked)
{
	char *broken = NULL;
	bool applied;
	u32 i;

	*checked = 0;
	for (i = 0; !broken && identities[i]; i++) {
		if (part && strstr(identities[i], ">="))
			continue;
		broken = identity_broken(c, identities[i], &applied);
		*checked += applied;
	}
	return broken;
}

char *identities_broken(const struct counters *c, u32 *checked)
{
	return first_broken(c, false, checked);
}

static const char *const kinds[] = { "load", "store" };

/* A counter, from 0 on. */
static u64 *add_samples(struct counters *c, const char *name)
{
	counters_add(c, name, 0);
	return &c->at[c->n - 1].value;
}

static void add_by_cause(struct counters *c, const struct results_latency *l, u32 n, const char *cause)
{
	char *name = xasprintf("latency.cause.%s", cause);
	u64 *samples = add_samples(c, name);
	u32 i;

	free(name);
	for (i = 0; i < n; i++)
		if ((!strcmp(l[i].kind, kinds[0]) || !strcmp(l[i].kind, kinds[1])) &&
		    !strcmp(l[i].cause ? l[i].cause : access_cause_name[CAUSE_NONE], cause))
			*samples += hist_count(l[i].hist);
}

void identities_add_latency(struct counters *c, const struct results_latency *l, u32 n)
{
	u64 *samples;
	char *name;
	u32 i, k;

	for (k = 0; k < ARRAY_SIZE(kinds); k++) {
		name = xasprintf("latency.%s", kinds[k]);
		samples = add_samples(c, name);
		for (i = 0; i < n; i++)
			*samples += strcmp(l[i].kind, kinds[k]) ? 0 : hist_count(l[i].hist);
		free(name);
	}
	for (k = 0; k < NR_ACCESS_CAUSES; k++)
		add_by_cause(c, l, n, access_cause_name[k]);
}

void identities_assert(const struct results *r, bool part)
{
	struct counters c;
	char *broken;
	u32 checked;

	counters_from_stats(&c, r->stats);
	identities_add_latency(&c, r->latency, r->n_latency);
	broken = first_broken(&c, part, &checked);
	if (broken)
		assert_failed(broken, __FILE__, __LINE__);
	counters_fini(&c);
}
