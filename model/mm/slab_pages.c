#include "model/mm/slab_impl.h"

/* Slabs whose pages are the page allocator's. Apart, so that tests can have others. */
static const struct slab_pages buddy_pages = { alloc_pages, free_pages, node_of };

struct slabs *slabs_new(struct page_alloc *pa, enum slab_form form, u32 line)
{
	return slabs_new_from(pa, &buddy_pages, form, line);
}
