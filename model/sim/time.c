#include "model/sim/time.h"

#include "model/base/error.h"

#define PS_PER_SECOND 1000000000000ull
#define MHZ           1000000ull

_Thread_local bool time_stands;

u64 ps_to_cycles(u64 ps, u64 hz)
{
	ASSERT(hz >= MHZ && hz <= 100000 * MHZ);
	return (u64)(((unsigned __int128)ps * hz + PS_PER_SECOND - 1) / PS_PER_SECOND);
}

u64 time_to_cycles(struct opt_time t, u64 hz)
{
	return t.ps ? ps_to_cycles(t.ps, hz) : t.cycles;
}

u64 cycles_to_ps(u64 cycles, u64 hz)
{
	unsigned __int128 ps;

	ASSERT(hz >= MHZ && hz <= 100000 * MHZ);
	ps = (unsigned __int128)cycles * PS_PER_SECOND / hz;
	ASSERT(ps <= ~(u64)0);
	return (u64)ps;
}
