#!/bin/sh
# T1: A. Morton, "object-based rmap and pte-highmem", linux-mm 2003-04-05 (20030405040614.66511e1e.akpm@digeo.com): rmap-test
# on a Pentium 4 at 2.7 GHz with 256 MB and an IDE disk, under full pte_chains (2.5.66-mm4), objrmap for files (a linear list) and
# no reverse mapping (2.4.21-pre5aa2).
#
# a: 100 tasks x 100 VMAs x 600 pages, in order; b: the same VMAs, 1,200 pages at random; c: one task, 10,000 VMAs x 7
# pages, in order. a and c make 10 rounds; of each task's 600,000 touches in a the first A_TOUCHES (6,000, a tenth of a round) are
# replayed, of the 700,000 in c C_TOUCHES (7,000) are, and what they take counts 100 times. pentium4-prefetch, as the processor
# had its prefetcher, at 2.7 GHz with 512 KB of L2 and 256 MB, files and swap on a hard disk; system time is what times(2) adds
# up: not kswapd's.
#
#   configs/experiments/t1.sh [KEY=VALUE...]
set -e
cd "$(dirname "$0")/../.."
name=t1
. configs/experiments/published.sh
. configs/experiments/rmap-test.inc
settings=
for setting; do
	settings="$settings -s $setting"
done
machine="-m pentium4-prefetch -s core.frequency=2.7GHz -s l2.size=512K -s memory.size=256M
	-s storage.device=hdd -s swap.device=storage -s kernel.page_cache=cold $settings"

rmap_test a 100 100 600 600000 "${A_TOUCHES:-6000}"
rmap_test b 100 100 600 1200 1200 --random yes --visits 2
rmap_test c 1 10000 7 700000 "${C_TOUCHES:-7000}"
for test in a c b; do
	# shellcheck disable=SC2086 # words
	{
		column $test objrmap $machine -k linux-2.5.66-i386 -s kernel.rmap=objrmap -s kernel.rmap_file=list
		column $test pte_chain $machine -k linux-2.5.66-i386
		column $test none $machine -k linux-2.4-i386
	}
done
points_run

# published TEST SCHEME: system time in seconds.
published()
{
	case $1.$2 in
	a.pte_chain) echo 86.91 ;; a.objrmap) echo 1143.26 ;; a.none) echo 75.30 ;;
	b.pte_chain) echo 6.05 ;; b.objrmap) echo 2.10 ;; b.none) echo 2.03 ;;
	c.pte_chain) echo 3.75 ;; c.objrmap) echo 146.45 ;; c.none) echo 4.83 ;;
	esac
}

# beside WHAT TEST SCHEME: user or system seconds of the scheme over those of pte_chain.
beside()
{
	calc "%.3f" "$($1 $2.$3) / $($1 $2.pte_chain)"
}

table "System time of each scheme over that of pte_chain"
order "a: pte_chain, objrmap, none" "86.91 1143.26 75.30" \
	"$(system a.pte_chain) $(system a.objrmap) $(system a.none)"
ratio "a: objrmap" 13.154 "$(beside system a objrmap)"
ratio "a: none" 0.866 "$(beside system a none)"
ratio "b: objrmap" 0.347 "$(beside system b objrmap)"
bound "b: none (killed)" 0.336 "$(beside system b none)"
ratio "c: objrmap" 39.053 "$(beside system c objrmap)"
ratio "c: none" 1.288 "$(beside system c none)"

say "Tasks do nine tenths of the reclaim themselves under objrmap, as in the published run, whose system time is 86 % of all time. \
Its ratios are too large for two reasons. A fault is too cheap: pte_chain and none take about half of their published seconds in a, \
less in c. And a page takes four to five walks until it is free, as the rules of 2.5.66 have it: one in which it is found used and made \
active, one or two in the active list, and two in which it is found unused and unmapped. \
Too much is walked in b: here all 60,000 pages fit until 100 children are forked, and are only then met for the first time, found used \
and made active, each by a walk past thousands of VMAs (under pte_chain 60,000 of 137,000 walks by then; most others are of active \
pages, 128 each pass). Where others had some of the 256 MB, that was over before, past the parent's 100. b as published made hardly \
any walk at all."

table "User time: walks turn the program out of the caches"
between "a: objrmap : pte_chain" 1.464 1.2 1.7 "$(beside user a objrmap)"

say "A touch takes 160 cycles of user time here, most of it the walk of page tables by which a new mapping is found; published \
are 700 with pte_chain, and 330 more with objrmap for what its walks have turned out of the caches. Here the reader of a new \
stretch of the file reclaims for it at once, and all tasks then touch 3,200 pages between two such walks: what they miss once \
is little beside."

table "Seconds, for what they are worth beside a machine that is not this one"
for test in a b c; do
	for scheme in pte_chain objrmap none; do
		shown "$test: system, $scheme" "$(published $test $scheme)" "$(system $test.$scheme)"
	done
done

table "What the walks are"
for test in a b c; do
	for scheme in pte_chain objrmap; do
		shown "$test: walks, $scheme" "" "$(walks $test.$scheme)"
		shown "$test: VMAs visited a walk, $scheme" "" "$(visits $test.$scheme)"
	done
done
finish
