#!/bin/sh
# T2: R. Venkatasubramanian, "prio_tree patches", linux-mm 2004-03-21: rmap-test on a Pentium II at 200 MHz with 256 MB, under full
# pte_chains (2.6.5-rc2), objrmap with the priority search tree and objrmap with a linear list.
#
# The tests are those of t1.sh, with A_TOUCHES (6,000, a tenth of a round) of each task's 600,000 and C_TOUCHES (7,000) of 700,000 replayed.
# pentium2 at 200 MHz with 256 MB, files and swap on a hard disk; system time without kswapd's.
#
#   configs/experiments/t2.sh [KEY=VALUE...]
set -e
cd "$(dirname "$0")/../.."
name=t2
. configs/experiments/published.sh
. configs/experiments/rmap-test.inc
settings=
for setting; do
	settings="$settings -s $setting"
done
machine="-m pentium2 -s core.frequency=200MHz -s memory.size=256M -k linux-2.6.5-i386
	-s storage.device=hdd -s swap.device=storage -s kernel.page_cache=cold $settings"

rmap_test a 100 100 600 600000 "${A_TOUCHES:-6000}"
rmap_test b 100 100 600 1200 1200 --random yes --visits 2
rmap_test c 1 10000 7 700000 "${C_TOUCHES:-7000}"
for test in a c b; do
	# shellcheck disable=SC2086 # words
	{
		column $test list $machine -s kernel.rmap=objrmap -s kernel.rmap_file=list
		column $test pte_chain $machine
		column $test prio_tree $machine -s kernel.rmap=objrmap -s kernel.rmap_file=prio_tree
	}
done
points_run

# rows TEST PTE_CHAIN PRIO_TREE LIST [killed]: published seconds.
rows()
{
	chain=$(system $1.pte_chain)
	tree=$(system $1.prio_tree)
	list=$(system $1.list)
	order "$1: pte_chain, prio_tree, list" "$2 $3 $4" "$chain $tree $list"
	ratio "$1: prio_tree : pte_chain" "$(calc %.3f "$3 / $2")" "$(calc %.3f "$tree / $chain")"
	if [ "$5" ]; then
		bound "$1: list : pte_chain" "$(calc %.1f "$4 / $2")" "$(calc %.1f "$list / $chain")"
	else
		ratio "$1: list : pte_chain" "$(calc %.3f "$4 / $2")" "$(calc %.3f "$list / $chain")"
	fi
}

table "System time of each scheme over that of pte_chain"
rows a 277.14 203.90 19834.38 killed
rows b 212.50 101.77 605.97
rows c 31.08 31.41 1588.40 killed

table "What the walks are"
for test in a b c; do
	for scheme in list prio_tree; do
		shown "$test: walks, $scheme" "" "$(walks $test.$scheme)"
		shown "$test: VMAs visited a walk, $scheme" "" "$(visits $test.$scheme)"
	done
done
finish
