/*
 * What an allocation of pages may do and where they may come from: the kernel's GFP flags
 * (include/linux/gfp_types.h), with bits of our own. For model/mm and the readers of kernel events.
 */
#ifndef MMSIM_MM_GFP_H
#define MMSIM_MM_GFP_H

#include "model/base/types.h"

#define GFP_DMA            0x1u
#define GFP_HIGHMEM        0x2u
#define GFP_DMA32          0x4u
#define GFP_MOVABLE        0x8u  /* the migratetype; with GFP_HIGHMEM also the zone, if there is one */
#define GFP_RECLAIMABLE    0x10u /* migratetype reclaimable */
#define GFP_HIGH           0x20u /* may use a half of the reserve below the min mark */
#define GFP_IO             0x40u
#define GFP_FS             0x80u
#define GFP_ZERO           0x100u
#define GFP_DIRECT_RECLAIM 0x200u /* may sleep and reclaim */
#define GFP_KSWAPD_RECLAIM 0x400u /* wakes kswapd */
#define GFP_NORETRY        0x800u
#define GFP_RETRY_MAYFAIL  0x1000u
#define GFP_NOFAIL         0x2000u
#define GFP_NOWARN         0x4000u
#define GFP_COMP           0x8000u
#define GFP_NOMEMALLOC     0x10000u
#define GFP_MEMALLOC       0x20000u /* no marks at all, as PF_MEMALLOC */
#define GFP_THISNODE       0x40000u
#define GFP_COLD           0x80000u  /* __GFP_COLD, until 4.14 */
#define GFP_OOM_VICTIM     0x100000u /* the task is being killed for memory */
/* Of the allocator itself, from alloc.c to buddy_take(): */
#define GFP_NOFRAGMENT       0x200000u /* ALLOC_NOFRAGMENT: no fallback that breaks up a pageblock */
#define GFP_HIGHATOMIC       0x400000u /* ALLOC_HIGHATOMIC: the highatomic reserve serves, too */

#define GFP_RECLAIM          (GFP_DIRECT_RECLAIM | GFP_KSWAPD_RECLAIM)
#define GFP_ATOMIC           (GFP_HIGH | GFP_KSWAPD_RECLAIM)
#define GFP_NOWAIT           (GFP_KSWAPD_RECLAIM | GFP_NOWARN)
#define GFP_NOIO             (GFP_RECLAIM)
#define GFP_NOFS             (GFP_RECLAIM | GFP_IO)
#define GFP_KERNEL           (GFP_RECLAIM | GFP_IO | GFP_FS)
#define GFP_USER             (GFP_KERNEL)
#define GFP_HIGHUSER         (GFP_USER | GFP_HIGHMEM)
#define GFP_HIGHUSER_MOVABLE (GFP_HIGHUSER | GFP_MOVABLE)
#define GFP_NO_RESERVES      (GFP_NOMEMALLOC | GFP_NOWARN)
#define GFP_TRANSHUGE_LIGHT  ((GFP_HIGHUSER_MOVABLE & ~GFP_RECLAIM) | GFP_COMP | GFP_NO_RESERVES)
#define GFP_TRANSHUGE        (GFP_TRANSHUGE_LIGHT | GFP_DIRECT_RECLAIM)

enum migratetype {
	MIGRATE_UNMOVABLE,
	MIGRATE_MOVABLE,
	MIGRATE_RECLAIMABLE,
	NR_PCP_TYPES,
	MIGRATE_HIGHATOMIC = NR_PCP_TYPES,
	MIGRATE_ISOLATE,
	NR_MIGRATETYPES,
};
extern const char *const migratetype_name[NR_MIGRATETYPES]; /* "Unmovable", ... as /proc/pagetypeinfo says */

/* gfp_migratetype() of include/linux/gfp.h. Eras without migratetypes have one list, MIGRATE_UNMOVABLE. */
static inline enum migratetype gfp_migratetype(u32 gfp)
{
	if (gfp & GFP_MOVABLE)
		return MIGRATE_MOVABLE;
	return gfp & GFP_RECLAIMABLE ? MIGRATE_RECLAIMABLE : MIGRATE_UNMOVABLE;
}

#endif
