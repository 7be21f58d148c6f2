/* Solid-state drives: dies of flash that work side by side, behind one link. */
#include "model/mm/blockdev_impl.h"

#include <stdlib.h>

#include "model/arch/addr.h"
#include "model/base/error.h"
#include "model/sim/time.h"

#define AT(field) offsetof(struct flash_cfg, field)

/*
 * TLC of about 2018: a page of 4 KB read alone takes 15 + 60 us (70 to 100 in tests of drives; some 60 us of
 * it are the die's), 32 dies give some 500,000 reads a second; a program of 16 KB in four planes takes 660 us
 * (data sheets of 3D TLC: 600 to 700), so 32 dies take 3.2 GB/s; the link is PCIe 3.0 with four lanes. One in
 * a thousand reads needs retries and takes ten times as long. 1023 is nr_requests of drivers/nvme.
 */
const struct opt flash_opts[] = {
	{ "latency", OPT_TIME, AT(latency), "15us", 0, 0, "cycles or time",
	  "of a read beside flash and transfer: link, controller, interrupt", NULL },
	{ "read", OPT_TIME, AT(read), "60us", 0, 0, "cycles or time",
	  "that a die needs for a page, on average", NULL },
	{ "spread", OPT_U32, AT(spread), "50", 0, 100, "%",
	  "by which a page takes more or less, as it lies in its cells", NULL },
	{ "slow", OPT_U32, AT(slow), "1000", 0, 0, "reads", "of which one takes ten times as long; 0: none",
	  NULL },
	{ "write", OPT_TIME, AT(write), "15us", 0, 0, "cycles or time",
	  "of a write into the drive's buffer, beside its transfer", NULL },
	{ "program", OPT_TIME, AT(program), "660us", 0, 0, "cycles or time", "of program_pages in a die",
	  NULL },
	{ "program_pages", OPT_U32, AT(program_pages), "16", 1, 4096, "pages",
	  "of 4 KB that a die programs at once", NULL },
	{ "dies", OPT_U32, AT(dies), "32", 1, 4096, "dies", "that work side by side", NULL },
	{ "bandwidth", OPT_SIZE, AT(bandwidth), "3200M", 1u << 20, 1ull << 40, "bytes/s", "of the link",
	  NULL },
	{ "buffer", OPT_SIZE, AT(buffer), "64M", 0, 1ull << 40, "bytes",
	  "that are written before their dies have taken them", NULL },
	{ "depth", OPT_U32, AT(depth), "1023", 1, 65536, "requests", "that the drive takes at once", NULL },
	{ "size", OPT_SIZE, AT(size), "512G", 1u << 20, 1ull << 50, "bytes", "of the drive", NULL },
	{ 0 },
};

#undef AT

struct flash {
	u64 latency, read, write, program;
	u64 slack; /* cycles of programs that the buffer holds, for a die */
	u64 bandwidth, link_free;
	u32 spread, slow, program_pages, n;
	u64 *die_free; /* cycle, of each */
	u32 filling;   /* die that programs next, and the pages that wait for that */
	u32 written;
};

static void *flash_create(struct blockdev *d, const struct flash_cfg *c)
{
	struct flash *f = xcalloc(1, sizeof(*f));

	d->depth = c->depth;
	d->pages = c->size >> FRAME_SHIFT;
	f->latency = time_to_cycles(c->latency, d->hz);
	f->read = time_to_cycles(c->read, d->hz);
	f->write = time_to_cycles(c->write, d->hz);
	f->program = time_to_cycles(c->program, d->hz);
	f->slack = (u64)((unsigned __int128)(c->buffer >> FRAME_SHIFT) * f->program / c->program_pages /
			 c->dies);
	f->bandwidth = c->bandwidth;
	f->spread = c->spread;
	f->slow = c->slow;
	f->program_pages = c->program_pages;
	f->n = c->dies;
	f->die_free = xcalloc(c->dies, sizeof(*f->die_free));
	return f;
}

static void *sata_create(struct blockdev *d, const struct blockdev_cfg *cfg)
{
	return flash_create(d, &cfg->sata_ssd);
}

static void *nvme_create(struct blockdev *d, const struct blockdev_cfg *cfg)
{
	return flash_create(d, &cfg->nvme);
}

static void flash_free(void *state)
{
	struct flash *f = state;

	free(f->die_free);
	free(f);
}

static u64 read_time(struct blockdev *d, const struct flash *f)
{
	u64 t = f->read * (100 - f->spread + rng_below(&d->rng, 2 * f->spread + 1)) / 100;

	return f->slow && !rng_below(&d->rng, f->slow) ? t * 10 : t;
}

/* Pages of a request that lie in one die are read one after the other. */
static u64 read_pages(struct blockdev *d, struct flash *f, const struct request *r, u64 start)
{
	u64 end = start;
	u32 i;

	for (i = 0; i < r->pages; i++) {
		u64 *die = &f->die_free[(r->page + i) % f->n];

		d->st.waited += i ? 0 : MAX(*die, start) - start;
		*die = MAX(*die, start) + read_time(d, f);
		end = MAX(end, *die);
	}
	return end;
}

/*
 * The cycle from which all of them are in the buffer, which is as far ahead of the dies as it is large. Pages
 * go to the next die in turn, wherever they lay before.
 */
static u64 buffer_pages(struct blockdev *d, struct flash *f, const struct request *r, u64 start)
{
	u64 at = start;
	u32 i;

	for (i = 0; i < r->pages; i++) {
		u64 *die = &f->die_free[f->filling];

		if (*die > f->slack)
			at = MAX(at, *die - f->slack);
		if (++f->written < f->program_pages)
			continue;
		f->written = 0;
		f->filling = (f->filling + 1) % f->n;
		*die = MAX(*die, start) + f->program;
	}
	d->st.waited += at - start;
	return at;
}

/* The link passes one request after the other, in the order in which they come. */
static u64 flash_serve(struct blockdev *d, void *state, const struct request *r, u64 start)
{
	struct flash *f = state;
	u64 transfer = blockdev_transfer(d, f->bandwidth, r->pages), end;

	d->st.waited += start - r->now;
	f->link_free = MAX(f->link_free, start) + transfer;
	end = r->write ? buffer_pages(d, f, r, start) + f->write : read_pages(d, f, r, start) + f->latency;
	return MAX(end + transfer, f->link_free);
}

const struct blockdev_ops blockdev_sata_ssd = { false, sata_create, flash_free, flash_serve };
const struct blockdev_ops blockdev_nvme = { false, nvme_create, flash_free, flash_serve };
