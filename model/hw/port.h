/*
 * How the levels of the memory hierarchy speak to each other. Downwards (struct port): a line is read, bytes
 * are written, a line is asked for to be written, or is told to be gone. Upwards (struct above): a line is
 * to be given up or shared. Caches, directories and DRAM stand behind these; a level knows nothing of its
 * neighbours but their port and their above.
 *
 * A read returns the cycle at which the data is there; a write is not waited for, and what it returns is
 * only the cycle at which it was taken. Tags change at once. A later request cannot slow an earlier one.
 */
#ifndef MMSIM_HW_PORT_H
#define MMSIM_HW_PORT_H

#include "model/base/types.h"

/* Who asks, which decides the counters that the request moves. */
enum mem_class {
	MEM_FETCH,
	MEM_LOAD,
	MEM_RFO, /* a store missed above: the line is asked for to be written */
	MEM_PTE,
	MEM_KERNEL_LOAD,
	MEM_KERNEL_RFO,
	MEM_KERNEL_FETCH,
	MEM_PREFETCH,
	MEM_COHERENCE, /* a write: dirty bytes that another's access brought out of a cache above */
	NR_MEM_CLASSES,
};

static inline bool mem_is_kernels(enum mem_class cls)
{
	return cls == MEM_KERNEL_LOAD || cls == MEM_KERNEL_RFO || cls == MEM_KERNEL_FETCH;
}

/* Who had the data. MEM_REMOTE: another core's cache. */
enum mem_level { MEM_L1, MEM_L2, MEM_L3, MEM_L4, MEM_REMOTE, MEM_DRAM, NR_MEM_LEVELS };
extern const char *const mem_level_name[NR_MEM_LEVELS]; /* "l1", ... */

struct mem_req {
	u64 pa;    /* physical address of the first byte that the access uses, also of reads of a line */
	u32 bytes; /* that it uses; of a write: that are written, at most to the line's end */
	enum mem_class cls;
	u64 ip; /* identity of the instruction, 0: none; prefetchers learn by it */
	/*
	 * Virtual address ^ pa, for a virtually indexed first level; 0: none, as for the walker and the
	 * kernel's direct map. A prefetch within the page has its access's.
	 */
	u64 skew;
	bool kernel_va; /* the virtual address is one of the kernel's, which every address space shares */
	/*
	 * Made by the kernel: lines that it turns out although a program has brought them are counted here.
	 * NULL: not by the kernel.
	 */
	u64 *turns_out;
	bool kernels; /* the line that it brings or writes is the kernel's */
	u8 service; /* class: which ways a partitioned level fills for it (partition.h) */
	/* answers */
	/*
	 * Of a read: others hold the line too, so a write has to ask again. On the way down: others do, of
	 * those that stand above the level that is asked.
	 */
	bool shared;
	/*
	 * Of a read: the level below gave its line away, with bytes that nobody else has. Of a write: it is
	 * such a line, whose writer owned it.
	 */
	bool dirty;
	enum mem_level served; /* who had the data */
	u64 mshr_wait;         /* cycles spent waiting for a free MSHR on the way */
};

struct port;
struct port_ops {
	u64 (*read)(struct port *p, struct mem_req *r, u64 now);
	u64 (*write)(struct port *p, const struct mem_req *r, u64 now);
	/*
	 * A request for pa comes soon, a read or a dirty line: the host fetches what it will look at for it.
	 * Changes nothing of the machine.
	 */
	void (*expect)(struct port *p, u64 pa, bool write);
	/*
	 * The asker holds the line as shared and wants to write it, or writes all of it and needs no bytes:
	 * every other copy is given up. Returns the cycle at which it may write, and who answered.
	 */
	u64 (*upgrade)(struct port *p, struct mem_req *r, u64 now);
	/* The asker, and whoever stands above it, no longer holds the line. Comes after its write-back. */
	void (*gone)(struct port *p, u64 pa, u64 now);
};

struct port {
	const struct port_ops *ops;
};

static inline u64 port_read(struct port *p, struct mem_req *r, u64 now)
{
	return p->ops->read(p, r, now);
}

static inline void port_expect(struct port *p, u64 pa, bool write)
{
	p->ops->expect(p, pa, write);
}

static inline u64 port_write(struct port *p, const struct mem_req *r, u64 now)
{
	return p->ops->write(p, r, now);
}

static inline u64 port_upgrade(struct port *p, struct mem_req *r, u64 now)
{
	return p->ops->upgrade(p, r, now);
}

static inline void port_gone(struct port *p, u64 pa, u64 now)
{
	p->ops->gone(p, pa, now);
}

enum probe {
	PROBE_HOLDS, /* changes nothing */
	PROBE_SHARE, /* keep the line, clean and shared */
	PROBE_DROP,  /* give it up */
};
/*
 * Bits of an answer. Dirty: the asker now has the only up-to-date bytes, and writes them down. Alone: there
 * was a copy that was not marked as shared. Rising: the line is just being read from below, and put when that
 * read returns.
 */
#define PROBE_FOUND 1u
#define PROBE_DIRTY 2u
#define PROBE_ALONE 4u
#define PROBE_RISING 8u

/* Everything that stands above a level and may hold its lines: a cache with all above it, or a directory. */
struct above;
typedef void (*above_line_fn)(void *arg, u64 pa);
struct above_ops {
	u32 (*probe)(struct above *a, u64 pa, enum probe what, u64 now);
	/* For --check: calls for every line that is held, in any order, maybe more than once. */
	void (*each_line)(const struct above *a, above_line_fn fn, void *arg);
};

struct above {
	const struct above_ops *ops;
};

static inline u32 above_probe(struct above *a, u64 pa, enum probe what, u64 now)
{
	return a->ops->probe(a, pa, what, now);
}

static inline void above_each_line(const struct above *a, above_line_fn fn, void *arg)
{
	a->ops->each_line(a, fn, arg);
}

#endif
