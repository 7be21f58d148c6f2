#!/bin/sh
# T1: A. Morton, "object-based rmap and pte-highmem", linux-mm 2003-04-05 (20030405040614.66511e1e.akpm@digeo.com): rmap-test
# on a Pentium 4 at 2.7 GHz with 256 MB and an IDE disk, under full pte_chains (2.5.66-mm4), objrmap for files (a linear list) and
# no reverse mapping (2.4.21-pre5aa2).
#
# a: 100 tasks x 100 VMAs x 600 pages, in order; b: the same VMAs, 1,200 pages at random; c: one task, 10,000 VMAs x 7
# pages, in order. a and c make 10 rounds, of which A_ROUNDS (1) and C_ROUNDS (2) are replayed. pentium4 at 2.7 GHz with 512 KB of
# L2 and 256 MB; system time is all that the kernel's paths take.
#
#   configs/experiments/t1.sh [KEY=VALUE...]
set -e
cd "$(dirname "$0")/../.."
name=t1
. configs/experiments/published.sh
. configs/experiments/rmap-test.inc
a_rounds=${A_ROUNDS:-1}
c_rounds=${C_ROUNDS:-2}
settings=
for setting; do
	settings="$settings -s $setting"
done
machine="-m pentium4 -s core.frequency=2.7GHz -s l2.size=512K -s memory.size=256M $settings"

rmap_test a "$a_rounds" --vmas 100 --pages 600 --tasks 100
rmap_test b 1 --vmas 100 --pages 600 --tasks 100 --random yes --visits 2
rmap_test c "$c_rounds" --vmas 10000 --pages 7 --tasks 1
for test in a c b; do
	# shellcheck disable=SC2086 # words
	{
		column $test objrmap $machine -k linux-2.5.66-i386 -s kernel.rmap=objrmap -s kernel.rmap_file=list
		column $test pte_chain $machine -k linux-2.5.66-i386
		column $test none $machine -k linux-2.4-i386
	}
done
points_run

# beside TEST SCHEME PARTS FACTOR: seconds of the scheme over those of pte_chain.
beside()
{
	calc "%.3f" "$(all $1.$2 "$3" "$4") / $(all $1.pte_chain "$3" "$4")"
}

# scheme_rows TEST FACTOR PUBLISHED-OBJRMAP PUBLISHED-NONE: system seconds of published pte_chain are 1.
scheme_rows()
{
	ratio "$1: system, objrmap : pte_chain" "$3" "$(beside $1 objrmap "$SYSTEM" "$2")"
	if [ "$1" = b ]; then
		bound "$1: system, none : pte_chain" "$4" "$(beside $1 none "$SYSTEM" "$2")"
	else
		ratio "$1: system, none : pte_chain" "$4" "$(beside $1 none "$SYSTEM" "$2")"
	fi
}

table "System time of each scheme over that of pte_chain"
order "a: pte_chain, objrmap, none" "86.91 1143.26 75.30" \
	"$(all a.pte_chain "$SYSTEM" $((10 / a_rounds))) $(all a.objrmap "$SYSTEM" $((10 / a_rounds))) $(all a.none "$SYSTEM" $((10 / a_rounds)))"
scheme_rows a $((10 / a_rounds)) 13.154 0.866
scheme_rows b 1 0.347 0.336
scheme_rows c $((10 / c_rounds)) 39.053 1.288

table "User time: walks turn the program out of the caches"
between "a: user, objrmap : pte_chain" 1.464 1.2 1.7 "$(beside a objrmap "$USER" $((10 / a_rounds)))"

table "What the walks are"
for test in a b c; do
	for scheme in pte_chain objrmap; do
		shown "$test: walks, $scheme" "" "$(value $test.$scheme.walk mm.rmap.walks)"
		shown "$test: VMAs visited a walk, $scheme" "" "$(visits $test.$scheme)"
	done
done
finish
