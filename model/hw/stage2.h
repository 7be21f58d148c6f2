/*
 * The host beneath a guest, as far as the hardware sees it: the second stage of translation, which maps the
 * guest's physical addresses to those of the machine (Intel's EPT, AMD's nested tables, AArch64's stage 2).
 * It is simple: a guest's block of nested.page bytes gets a block of the host's memory for good when it is
 * first used, and the tables lie above all of them, where the guest cannot see them.
 *
 * Entries have the form of a 64-bit format of the guest's kind: EPT's own bits mean the same at other places.
 *
 * Not modelled: the host's own work but nested.fault, ballooning, swapping and migration of guest memory,
 * accessed and dirty bits in the host's tables, several guests.
 * One a machine; called by walker_nested.c, and by the core for what the guest's kernel touches.
 */
#ifndef MMSIM_HW_STAGE2_H
#define MMSIM_HW_STAGE2_H

#include "model/arch/pt.h"
#include "model/hw/tlb_cfg.h"

enum nested_page { NESTED_4K, NESTED_2M, NESTED_1G };
enum nested_placement { NESTED_IDENTITY, NESTED_RANDOM };
enum nested_walk_caches { NESTED_COMBINED, NESTED_GUEST };

/* The host's tables have four levels at most. */
#define NESTED_PWC_LEVELS PWC_PML5E

struct nested_cfg {
	u32 mode;        /* 0: no guest */
	u32 page;        /* enum nested_page: level of the host's leaves */
	u32 placement;   /* enum nested_placement */
	u32 walk_caches; /* enum nested_walk_caches: what pwc holds */
	struct opt_time fault;
	struct tlb_array_cfg tlb;
	struct tlb_array_cfg pwc[NESTED_PWC_LEVELS];
};
extern const struct opt nested_opts[];

/* NULL, or why there can be no such host beneath tables of that format; *key is then the option at fault. */
const char *nested_check(const struct nested_cfg *cfg, const struct pt_format *guest, const char **key);

struct stage2; /* a host, by its tables */
/* memory: bytes that the guest has. NULL if there is no guest. */
struct stage2 *stage2_new(const struct nested_cfg *cfg, const struct pt_format *guest, u64 memory, u64 hz,
		      u64 seed);
void stage2_free(struct stage2 *h);

/* The address of the machine that a guest's is. */
u64 stage2_pa(struct stage2 *h, u64 gpa);
/* Maps the block of a guest's address; cycles that the guest waits for it, 0 but for the first time. */
u64 stage2_touch(struct stage2 *h, u64 gpa);

const struct pt_format *stage2_format(const struct stage2 *h);
u32 stage2_page_shift(const struct stage2 *h);
const struct ptmem *stage2_ptmem(const struct stage2 *h);
u64 stage2_root(const struct stage2 *h);

#endif
