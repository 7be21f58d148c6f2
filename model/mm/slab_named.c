#include "model/mm/slab_impl.h"

#include <string.h>

/*
 * The kernel's own objects: bytes of a struct on i386 in 2.4 and in 2.5.66 to 2.6.24, on x86-64 in 2.6.25 to
 * 5.x and in 6.x; 0: kernels of that time have no such cache. vm_area_struct, mm_struct, anon_vma,
 * anon_vma_chain, radix nodes, maple_node, and task_struct and dentry of 6.x were read or counted (BTF of
 * a 6.18 kernel); the others are as slabinfos of the day have them, rounded up to what those show.
 */
struct named_cache {
	const char *name;
	u32 bytes[NR_ERA_CLASSES];
	u32 align, flags;
	enum kernel_era from, to;
};

#define LINE (~0u) /* bytes: a cache line */

static const struct named_cache named[] = {
	{ "mm_struct", { 128, 460, 832, 1568 }, 0, SLAB_HWCACHE_ALIGN, ERA_2_4_0, ERA_6_X },
	{ "vm_area_struct", { 68, 88, 176, 192 }, 0, 0, ERA_2_4_0, ERA_6_X },
	/* 2.4 has task_struct and stack in two pages of their own. */
	{ "task_struct", { 0, 1360, 1728, 5824 }, 0, SLAB_HWCACHE_ALIGN, ERA_2_5_66, ERA_6_X },
	{ "files_cache", { 416, 440, 704, 704 }, 0, SLAB_HWCACHE_ALIGN, ERA_2_4_0, ERA_6_X },
	{ "fs_cache", { 48, 48, 56, 56 }, 0, SLAB_HWCACHE_ALIGN, ERA_2_4_0, ERA_6_X },
	{ "sigact", { 1312, 0, 0, 0 }, 0, SLAB_HWCACHE_ALIGN, ERA_2_4_0, ERA_2_4_21 },
	{ "sighand_cache", { 0, 1312, 2096, 2088 }, 0, SLAB_HWCACHE_ALIGN, ERA_2_5_66, ERA_6_X },
	{ "signal_cache", { 0, 340, 1032, 1152 }, 0, SLAB_HWCACHE_ALIGN, ERA_2_5_66, ERA_6_X },
	{ "cred_jar", { 0, 0, 144, 184 }, 0, SLAB_HWCACHE_ALIGN, ERA_2_6_37, ERA_6_X },
	{ "pid", { 0, 0, 112, 144 }, 0, SLAB_HWCACHE_ALIGN, ERA_2_6_26, ERA_6_X },
	{ "filp", { 92, 152, 192, 184 }, 0, SLAB_HWCACHE_ALIGN, ERA_2_4_0, ERA_6_X },
	{ "dentry_cache", { 128, 136, 192, 192 }, 0, SLAB_RECLAIM, ERA_2_4_0, ERA_2_6_18 },
	{ "dentry", { 128, 136, 192, 192 }, 0, SLAB_RECLAIM, ERA_2_6_26, ERA_6_X },
	{ "inode_cache",
	  { 448, 320, 560, 600 },
	  0,
	  SLAB_HWCACHE_ALIGN | SLAB_RECLAIM | SLAB_CONSTRUCTED,
	  ERA_2_4_0,
	  ERA_2_6_9 },
	{ "inode_cache", { 448, 320, 560, 600 }, 0, SLAB_RECLAIM | SLAB_CONSTRUCTED, ERA_2_6_18, ERA_6_X },
	{ "buffer_head", { 96, 48, 104, 104 }, 0, SLAB_RECLAIM, ERA_2_5_66, ERA_6_X },
	{ "buffer_head", { 96, 48, 104, 104 }, 0, SLAB_HWCACHE_ALIGN, ERA_2_4_0, ERA_2_4_21 },
	{ "radix_tree_node",
	  { 276, 276, 560, 576 },
	  0,
	  SLAB_RECLAIM | SLAB_CONSTRUCTED,
	  ERA_2_5_66,
	  ERA_6_X },
	{ "pte_chain",
	  { LINE, LINE, LINE, LINE },
	  0,
	  SLAB_HWCACHE_ALIGN | SLAB_CONSTRUCTED,
	  ERA_2_5_66,
	  ERA_2_6_5 },
	/* A patch's: no kernel of any time had it by itself. */
	{ "anonmm", { 32, 32, 56, 56 }, 0, 0, ERA_6_X, ERA_2_4_0 },
	{ "anon_vma", { 12, 12, 32, 96 }, 0, SLAB_CONSTRUCTED | SLAB_TYPESAFE, ERA_2_6_9, ERA_6_X },
	{ "anon_vma_chain", { 24, 24, 48, 64 }, 0, 0, ERA_2_6_37, ERA_6_X },
	{ "maple_node", { 128, 128, 256, 256 }, 256, 0, ERA_6_X, ERA_6_X },
	{ "skbuff_head_cache", { 160, 172, 232, 232 }, 0, SLAB_HWCACHE_ALIGN, ERA_2_4_0, ERA_6_X },
	{ "names_cache", { 4096, 4096, 4096, 4096 }, 0, SLAB_HWCACHE_ALIGN, ERA_2_4_0, ERA_6_X },
};

static bool of_era(const struct named_cache *n, enum kernel_era era)
{
	return era >= n->from && era <= n->to;
}

/* The columns' words are 4, 4, 8, 8 bytes; of other words structs are mostly pointers: 7 to 4. */
static u32 named_bytes(const struct slabs *s, const struct named_cache *n, enum kernel_era era)
{
	enum era_class class = era_class(era);
	u32 bytes = n->bytes[class], word = class <= CLASS_2_6_9 ? 4 : 8;

	if (bytes == LINE)
		return s->line;
	if (word == 4 && s->word == 8)
		return bytes * 7 / 4;
	return word == 8 && s->word == 4 ? bytes * 4 / 7 : bytes;
}

static struct kmem_cache *named_create(struct slabs *s, const struct named_cache *n)
{
	enum kernel_era era = s->pa->cfg.era;

	if (n->from <= n->to)
		era = MIN(MAX(era, n->from), n->to);
	return kmem_cache_create(s, n->name, named_bytes(s, n, era), n->align, n->flags);
}

u32 slabs_line(const struct slabs *s)
{
	return s->line;
}

bool slabs_boot(struct slabs *s)
{
	u32 i;

	for (i = 0; i < ARRAY_SIZE(named); i++)
		if (of_era(&named[i], s->pa->cfg.era) && !named_create(s, &named[i]))
			return false;
	return true;
}

struct kmem_cache *slabs_named(struct slabs *s, const char *name)
{
	struct kmem_cache *k = kmem_cache_find(s, name);
	u32 i;

	for (i = 0; !k && i < ARRAY_SIZE(named); i++)
		if (!strcmp(named[i].name, name))
			return named_create(s, &named[i]);
	ASSERT(k);
	return k;
}
