/*
 * LRU stack distances of a stream of references, and what follows from them: how often a fully associative
 * LRU cache or TLB of any capacity misses, and how large the working set is.
 *
 * The distance of a reference is the number of different units (lines, pages) referenced since the last
 * reference to its unit; LRU with room for c units hits if it is less than c (Mattson, Gecsei, Slutz and
 * Traiger, "Evaluation techniques for storage hierarchies", 1970). Each unit has a stamp, the place of its
 * last reference in the stream; a distance is the number of stamps behind it, counted by a tree: O(log n) a
 * reference for n units, however long the stream.
 *
 * With a rate below 1 only units are followed whose hash is below a threshold, and distances and counts are
 * scaled up (SHARDS: Waldspurger, Park, Garthwaite and Ahmad, FAST 2015). All references are counted, so what
 * is estimated is the number of misses, not the ratio (SHARDS-adj there). The bound has two parts:
 *
 *   how many   A unit is followed or not, so units are what is sampled. They are dealt into groups by their
 *              hash, and the spread of the groups' misses gives the standard error of the sum, to which one
 *              unit more with the mean number of misses is added. Of this, three times.
 *   how far    A distance d is estimated from a binomial number of followed units, with standard error
 *              sqrt(d (1 - rate) / rate). Three times that, the capacity is moved to either side.
 *
 * The true curve lies between that of the larger capacity less the first part and that of the smaller one
 * plus the first part, at a given capacity with a chance of about 99.7 %. It says nothing below
 * stackdist_least() units, where a handful of followed units would decide.
 *
 * The working set of Denning ("The working set model for program behavior", 1968): the number of different
 * units among the last tau references, averaged over all moments of the stream; those at its beginning see
 * fewer references. It follows from how long after each reference its unit comes again.
 *
 * Not here: which references there are (mrc.h). Nothing leaves: unmapped memory that is mapped again is the
 * same unit.
 */
#ifndef MMSIM_ANALYSIS_STACKDIST_H
#define MMSIM_ANALYSIS_STACKDIST_H

#include "model/base/types.h"

struct stackdist;

/* rate: 1 exact, or the share of the units that are followed. */
struct stackdist *stackdist_new(double rate, u64 seed);
void stackdist_free(struct stackdist *s);

/* A reference to a unit of an address space; spaces are numbered from 0. */
void stackdist_touch(struct stackdist *s, u32 space, u64 number);
/* n more to the unit that was referenced last. */
void stackdist_again(struct stackdist *s, u64 n);

u64 stackdist_references(const struct stackdist *s);
double stackdist_units(const struct stackdist *s); /* different ones */
u64 stackdist_least(const struct stackdist *s);

/* No more references; from here on: */
void stackdist_finish(struct stackdist *s);
/* Of a cache with room for so many units, 1 or more. */
double stackdist_misses(const struct stackdist *s, u64 capacity);
/* How far from the true number that may be; 0 if exact. */
double stackdist_bound(const struct stackdist *s, u64 capacity);
/* Mean units among the last tau references; tau is a step of stackdist_step(). */
double stackdist_working_set(const struct stackdist *s, u32 step);

/* Steps of capacities and windows: 1 to 16, then eight an octave. */
#define STACKDIST_STEPS 480u
u64 stackdist_step(u32 i);
/* The last step that is not above n, which is at least 1. */
u32 stackdist_step_below(u64 n);

#endif
