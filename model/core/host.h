/*
 * The machine that the program runs on, as its kernel (sysfs, procfs) and, on x86, cpuid tell: a machine file
 * with what they say, on top of the nearest built-in machine, from which comes what they do not say.
 *
 * Neither tells latencies, buffers or walk caches, and a virtual machine may be told wrong. AMD's cpuid tells
 * the ways of TLBs by codes that stand for at least so many. Called by the verb config.
 */
#ifndef MMSIM_CORE_HOST_H
#define MMSIM_CORE_HOST_H

#include <stdio.h>

#include "model/arch/addr.h"

#define HOST_TLBS 16u

struct host_cache {
	u32 level;
	char type; /* 'D', 'I', 'U' as sysfs's type begins */
	u64 size;
	u32 ways, line, sharers; /* cores */
};

/* Translations of some page sizes; kind as host_cache's type. */
struct host_tlb {
	u32 level;
	char kind;
	u32 sizes;         /* 1 << enum page_size */
	u32 entries, ways; /* ways 0: fully associative */
};

struct host {
	char vendor[13], name[64];
	u32 family, model;
	u32 cores;
	u64 memory, hz; /* 0: unknown */
	struct host_cache cache[8];
	struct host_tlb tlb[HOST_TLBS];
	u32 n_caches, n_tlbs;
};

/* Reads /sys and /proc below root ("" for the real ones). */
void host_read_files(struct host *h, const char *root);
/* Asks the processor; leaves everything as it is where there is no cpuid. */
void host_read_cpuid(struct host *h);
/* A subleaf of cpuid leaf 18h as registers; false: it describes nothing. */
bool host_take_leaf18(struct host *h, u32 ebx, u32 ecx, u32 edx);
/* A leaf of AMD's that tells of TLBs, as registers: 80000005h, 80000006h, 80000019h, in this order. */
void host_take_amd_leaf(struct host *h, u32 leaf, u32 eax, u32 ebx);

/* Writes the machine file, which can always be built: what the simulator cannot have is fitted, and a comment
 * says so. */
void host_write(const struct host *h, FILE *f);

#endif
