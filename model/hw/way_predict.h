/*
 * A way predictor keyed by virtual addresses, as in AMD's L1 data caches since Bulldozer: each line keeps a
 * small tag (utag) of the virtual address that used it last, and an access reads only the way whose utag is
 * its own. Of the lines of a set one at most can be reached by a utag. A hit in another way than the
 * predicted one, or where none was predicted, takes longer, and its line takes the utag over; what had it
 * loses it.
 * So two virtual addresses of one line disturb each other unless their utags agree, and two lines whose
 * utags agree by chance take turns to be slow (Lipp et al., "Take A Way", AsiaCCS 2020; AMD, Software
 * Optimization Guide for Family 17h, 2.6.2.2).
 *
 * Not modelled: that the real machine asks its L2 for the line again, beyond the time. For cache.[ch].
 */
#ifndef MMSIM_HW_WAY_PREDICT_H
#define MMSIM_HW_WAY_PREDICT_H

#include "model/base/types.h"

enum way_predictor { WAY_NONE, WAY_UTAG, WAY_LINEAR };
extern const char *const way_predictor_names[];

#define WAY_UNKNOWN ((u16)0xffff) /* no access reaches the line at once */

struct way_predict {
	u16 *utag; /* by line id; NULL: no predictor */
	u32 kind;  /* enum way_predictor */
	u64 penalty; /* cycles */
};

/* ids: of all lines. */
void way_init(struct way_predict *w, u32 kind, u64 penalty, u32 ids);
void way_fini(struct way_predict *w);

/*
 * utag: 8 bits of Zen 2 to Zen 5, VA[12..19] each XORed with one of VA[20..27] (figure 3 of the paper;
 * Zen 5 the same as far as measured). linear: VA[12..19] as they are.
 */
static inline u16 way_utag(const struct way_predict *w, u64 va)
{
	u64 high = va >> 20;
	u32 utag = (u32)(va >> 12) & 0xff;

	if (w->kind == WAY_LINEAR)
		return (u16)utag;
	utag ^= (u32)(high >> 7 & 1) | (u32)(high >> 6 & 1) << 1 | (u32)(high >> 5 & 1) << 2;
	return (u16)(utag ^ (u32)(high & 0x1f) << 3);
}

/* Whether an access at va reads the right way of line `id`, which is there. */
static inline bool way_right(const struct way_predict *w, u32 id, u64 va)
{
	return w->utag[id] == way_utag(w, va);
}

/*
 * Line `id` of the set that begins with line `first` is reached by va from now on. Returns the line that no
 * longer is, or `id`.
 */
u32 way_learn(struct way_predict *w, u32 first, u32 ways, u32 id, u64 va);

#endif
