/*
 * How a level of the memory hierarchy is asked by the one above: a line is read, or bytes are written down.
 * Caches and DRAM stand behind this; a level knows nothing of the one below but its port.
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
	MEM_PREFETCH,
	NR_MEM_CLASSES,
};

enum mem_level { MEM_L1, MEM_L2, MEM_L3, MEM_DRAM, NR_MEM_LEVELS };
extern const char *const mem_level_name[NR_MEM_LEVELS]; /* "l1", ... */

struct mem_req {
	u64 pa;    /* physical address of the first byte; of a line for reads */
	u32 bytes; /* of a write */
	enum mem_class cls;
	/* answers */
	enum mem_level served; /* who had the data */
	u64 mshr_wait;         /* cycles spent waiting for a free MSHR on the way */
};

struct port;
struct port_ops {
	u64 (*read)(struct port *p, struct mem_req *r, u64 now);
	u64 (*write)(struct port *p, const struct mem_req *r, u64 now);
	/*
	 * A request for pa comes soon: the host fetches what it will look at for it. Changes nothing of the
	 * machine.
	 */
	void (*expect)(struct port *p, u64 pa);
};

struct port {
	const struct port_ops *ops;
};

static inline u64 port_read(struct port *p, struct mem_req *r, u64 now)
{
	return p->ops->read(p, r, now);
}

static inline void port_expect(struct port *p, u64 pa)
{
	p->ops->expect(p, pa);
}

static inline u64 port_write(struct port *p, const struct mem_req *r, u64 now)
{
	return p->ops->write(p, r, now);
}

#endif
