#!/bin/sh
# T2: R. Venkatasubramanian, "prio_tree patches", linux-mm 2004-03-21: rmap-test on a Pentium II at 200 MHz with 256 MB, under full
# pte_chains (2.6.5-rc2), objrmap with the priority search tree and objrmap with a linear list.
#
# The tests are those of t1.sh; A_ROUNDS (1) and C_ROUNDS (1) of 10 rounds are replayed.
# pentium2 at 200 MHz with 256 MB, files and swap on a hard disk; system time without kswapd's.
#
#   configs/experiments/t2.sh [KEY=VALUE...]
set -e
cd "$(dirname "$0")/../.."
name=t2
. configs/experiments/published.sh
. configs/experiments/rmap-test.inc
a_rounds=${A_ROUNDS:-1}
c_rounds=${C_ROUNDS:-1}
settings=
for setting; do
	settings="$settings -s $setting"
done
machine="-m pentium2 -s core.frequency=200MHz -s memory.size=256M -k linux-2.6.5-i386
	-s storage.device=hdd -s swap.device=storage -s kernel.page_cache=cold $settings"

rmap_test a "$a_rounds" --vmas 100 --pages 600 --tasks 100
rmap_test b 1 --vmas 100 --pages 600 --tasks 100 --random yes --visits 2
rmap_test c "$c_rounds" --vmas 10000 --pages 7 --tasks 1
for test in a c b; do
	# shellcheck disable=SC2086 # words
	{
		column $test list $machine -s kernel.rmap=objrmap -s kernel.rmap_file=list
		column $test pte_chain $machine
		column $test prio_tree $machine -s kernel.rmap=objrmap -s kernel.rmap_file=prio_tree
	}
done
points_run

# rows TEST FACTOR PTE_CHAIN PRIO_TREE LIST [killed]: published seconds.
rows()
{
	chain=$(system $1.pte_chain $2)
	tree=$(system $1.prio_tree $2)
	list=$(system $1.list $2)
	order "$1: pte_chain, prio_tree, list" "$3 $4 $5" "$chain $tree $list"
	ratio "$1: prio_tree : pte_chain" "$(calc %.3f "$4 / $3")" "$(calc %.3f "$tree / $chain")"
	if [ "$6" ]; then
		bound "$1: list : pte_chain" "$(calc %.1f "$5 / $3")" "$(calc %.1f "$list / $chain")"
	else
		ratio "$1: list : pte_chain" "$(calc %.3f "$5 / $3")" "$(calc %.3f "$list / $chain")"
	fi
}

table "System time of each scheme over that of pte_chain"
rows a $((10 / a_rounds)) 277.14 203.90 19834.38 killed
rows b 1 212.50 101.77 605.97
rows c $((10 / c_rounds)) 31.08 31.41 1588.40 killed

table "What the walks are"
for test in a b c; do
	for scheme in list prio_tree; do
		shown "$test: walks, $scheme" "" "$(value $test.$scheme.walk mm.rmap.walks)"
		shown "$test: VMAs visited a walk, $scheme" "" "$(visits $test.$scheme)"
	done
done
finish
