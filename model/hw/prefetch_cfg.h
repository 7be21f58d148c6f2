/*
 * What the user says about the prefetchers of a level. `lN.prefetcher` names them ("ip-stride+next-line"),
 * `lN.prefetch` and `lN.prefetch.<prefetcher>` hold their options; prefetch.h is for those who run them.
 */
#ifndef MMSIM_HW_PREFETCH_CFG_H
#define MMSIM_HW_PREFETCH_CFG_H

#include "model/sim/opt.h"

enum prefetcher_id {
	PREFETCH_NEXT_LINE,
	PREFETCH_ADJACENT,
	PREFETCH_IP_STRIDE,
	PREFETCH_STREAM,
	NR_PREFETCHERS,
};

/* Every prefetcher has rows for those that it knows. */
struct prefetcher_cfg {
	u32 degree;     /* lines asked for at a time */
	u32 distance;   /* how far ahead, in strides or lines */
	u32 entries;    /* that it remembers */
	u32 confidence; /* how often it has to see a thing to believe in it */
	u32 ip_bits;    /* low bits of an instruction's address that tell it from others */
	u64 max_stride; /* bytes */
	u64 block;      /* bytes that are fetched together */
	bool cross_page;
	bool hits;      /* learns from them, too */
};

struct prefetch_cfg {
	u64 page;    /* bytes: a prefetcher stays in an aligned piece of them */
	u32 reserve; /* MSHRs left for misses that somebody waits for */
	bool stores; /* learns from stores, too */
	struct prefetcher_cfg of[NR_PREFETCHERS];
};

extern const struct opt prefetch_opts[];
extern const struct opt prefetch_next_line_opts[], prefetch_adjacent_opts[], prefetch_ip_stride_opts[],
	prefetch_stream_opts[];

/* The prefetchers that a list names, in its order, at most NR_PREFETCHERS; NULL and "none": none. */
struct prefetcher_list {
	u32 n;
	enum prefetcher_id id[NR_PREFETCHERS];
};
/* False: there is no such prefetcher, or it is named twice. */
bool prefetch_parse(const char *text, struct prefetcher_list *list);

/*
 * NULL, or why there can be no such prefetchers; *key is then the option at fault. line: bytes; data: the
 * level is a first one for data, which knows virtual addresses.
 */
const char *prefetch_check(const struct prefetch_cfg *cfg, const char *text, u32 line, bool data,
			   const char **key);

#endif
