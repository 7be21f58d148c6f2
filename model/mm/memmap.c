#include "model/mm/memmap.h"

#include <stdlib.h>
#include <string.h>

#include "model/base/error.h"

static u64 nr_chunks(const struct memmap *m)
{
	return (m->pages + PAGE_CHUNK - 1) >> PAGE_CHUNK_SHIFT;
}

void memmap_init(struct memmap *m, u64 bytes, u32 shift, u64 va, u32 page_bytes)
{
	u64 i;

	*m = (struct memmap){ .pages = bytes >> shift, .shift = shift, .va = va, .bytes = page_bytes };
	ASSERT(m->pages > 0 && m->pages < NO_PAGE);
	m->chunk = xmalloc(nr_chunks(m) * sizeof(*m->chunk));
	m->head = xcalloc(nr_chunks(m), sizeof(*m->head));
	for (i = 0; i < nr_chunks(m); i++)
		m->chunk[i] = &m->head[i];
}

void memmap_fini(struct memmap *m)
{
	u64 i;

	for (i = 0; i < nr_chunks(m); i++)
		if (m->chunk[i] != &m->head[i])
			free(m->chunk[i]);
	free(m->spare);
	free(m->chunk);
	free(m->head);
}

void memmap_populate(struct memmap *m, u64 pfn)
{
	u64 i = pfn >> PAGE_CHUNK_SHIFT;

	if (memmap_has(m, pfn))
		return;
	m->chunk[i] = m->spare ? m->spare : xcalloc(PAGE_CHUNK, sizeof(**m->chunk));
	m->spare = NULL;
	m->chunk[i][0] = m->head[i];
	m->chunks++;
}

/* Memory that is kept for the next chunk is cleared now, as xcalloc() gives it. */
void memmap_depopulate(struct memmap *m, u64 pfn)
{
	u64 i = pfn >> PAGE_CHUNK_SHIFT;
	struct page *pages = m->chunk[i];

	if (!memmap_has(m, pfn))
		return;
	m->head[i] = pages[0];
	m->chunk[i] = &m->head[i];
	m->chunks--;
	if (m->spare) {
		free(pages);
		return;
	}
	memset(pages, 0, PAGE_CHUNK * sizeof(*pages));
	m->spare = pages;
}
