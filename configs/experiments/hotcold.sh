#!/bin/sh
# What the user of a page pays to read all lines of it for the first time, by where the page comes from: freed a moment ago
# and still in the caches, asked for with __GFP_COLD, one that rested while others were used, or one fresh from the buddy.
#
#   configs/experiments/hotcold.sh [MACHINE:KERNEL...]     default pentium4 with 2.6.9 and golden-cove with 6.x
#
# FORMAT=md makes Markdown. Takes some ten seconds.
set -e
cd "$(dirname "$0")/../.."
. configs/experiments/lib.sh
mmsim=${MMSIM:-$PWD/mmsim}
out=${OUT:-experiments/hotcold}
[ $# -gt 0 ] || set -- pentium4:linux-2.6.9-i386 golden-cove:linux-6.x
mkdir -p "$out"

# per NAME: that counter of the path of users, of one page.
per()
{
	awk -v n="$(counter "$run" "core0.$1")" -v pages="$(counter "$run" mm.kevents.pages_taken)" \
		'BEGIN { printf "%.1f", n / pages }'
}

# row TEXT OPTION...
row()
{
	text=$1
	shift
	"$mmsim" generate alloc-reuse --touch 4096 "$@" -o "$out/r.pcap"
	run=$out/$machine
	"$mmsim" replay -q -m "$machine" -k "$kernel" -s layout.rebase=yes "$out/r.pcap" -o "$run"
	rm "$out/r.pcap"
	# shellcheck disable=SC2059 # a format
	printf "$form" "$text" "$(per cycles.kernel.use)" "$(per kernel.use.l1_misses)" "$(per kernel.use.l2_misses)" \
		"$(per kernel.use.memory)"
}

for one; do
	machine=${one%%:*}
	kernel=${one#*:}
	if [ "$FORMAT" = md ]; then
		form='| %s | %s | %s | %s | %s |\n'
		printf '\n%s, %s\n\n' "$machine" "$kernel"
		echo "| a page | all lines read: cycles | not in L1 | not in L2 | from memory |"
		echo "|---|---:|---:|---:|---:|"
	else
		form='%-36s %9s %8s %8s %8s\n'
		printf '\n%s, %s\n' "$machine" "$kernel"
		echo "                                        cycles  not L1  not L2   memory"
	fi
	row "freed, and taken again at once" --live 1 --count 8000
	row "the same, taken with __GFP_COLD" --live 1 --count 8000 --cold yes
	row "rested for 8 pages (32 KB)" --live 8 --count 8000
	row "rested for 100 pages (400 KB)" --live 100 --count 8000
	row "never used, from the buddy" --live 8000 --count 8000
done
