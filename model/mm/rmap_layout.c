/*
 * Where reverse mapping finds its fields: include/linux/mm.h, mm_types.h, fs.h of 2.4.27, 2.6.9, 2.6.37, and
 * by BTF of a 6.18 kernel. An object is a struct inode (slab_named.c) with its address_space inside.
 */
#include "model/mm/page_layout.h"
#include "model/mm/rmap_halves.h"

/* By enum era_class, whose words are 4, 4, 8, 8 bytes. */
static const struct vma_layout vma_layouts[NR_ERA_CLASSES] = {
	{ .start = 4, .mm = 0, .pgoff = 52, .anon_vma = 64, .anon_links = 56, .i_mmap = 40 },
	{ .start = 4, .mm = 0, .pgoff = 68, .anon_vma = 60, .anon_links = 52, .i_mmap = 36 },
	{ .start = 8, .mm = 0, .pgoff = 144, .anon_vma = 128, .anon_links = 112, .i_mmap = 80 },
	{ .start = 0, .mm = 16, .pgoff = 80, .anon_vma = 64, .anon_links = 48, .i_mmap = 136 },
};

static const u8 pgd[NR_ERA_CLASSES] = { 12, 28, 72, 120 };

/* Bytes of an inode before its address_space (as in cache_cost.c), in that i_mmap's root and lock. */
static const struct object_layout {
	u16 data;
	u8 root, lock;
} object_layouts[NR_ERA_CLASSES] = {
	{ 160, 36, 44 },
	{ 176, 24, 40 },
	{ 352, 32, 64 },
	{ 368, 72, 144 },
};

static u32 class_word(const struct kernel *k)
{
	return era_class(k->cfg.era) <= CLASS_2_6_9 ? 4 : 8;
}

/* By the word that the layout has. */
static u32 scaled(const struct kernel *k, u32 offset)
{
	return offset * k->layout.word / class_word(k);
}

void rmap_set_layout(struct rmap *r)
{
	const struct kernel *k = r->k;
	enum era_class class = era_class(k->cfg.era);
	const struct vma_layout *v = &vma_layouts[class];
	const struct object_layout *o = &object_layouts[class];

	r->vma = (struct vma_layout){ .start = (u8)scaled(k, v->start),
				      .mm = (u8)scaled(k, v->mm),
				      .pgoff = (u8)scaled(k, v->pgoff),
				      .anon_vma = (u8)scaled(k, v->anon_vma),
				      .anon_links = (u8)scaled(k, v->anon_links),
				      .i_mmap = (u8)scaled(k, v->i_mmap) };
	r->mm_pgd = (u16)scaled(k, pgd[class]);
	r->i_mmap_root = (u16)scaled(k, o->data + o->root);
	r->i_mmap_lock = (u16)scaled(k, o->data + o->lock);
	r->page = page_layout(k->cfg.era, k->layout.word);
}
