#!/bin/sh
# Reverse mapping through its generations: the same processes fork, share, copy and run out of memory under every scheme. What
# the schemes' objects take, what a fork costs, what it costs to reclaim a page, and how many VMAs a walk visits.
#
# `mmsim generate fork-share`: 200 children of a parent with 400 private pages, of which each copies every fourth, and 50
# windows of four pages of a file; then the parent writes 56 MB. pentium3 with 128 MB, swap and files on a disk, linux-2.6.5 with
# kernel.rmap and kernel.rmap_file, children in turns of 20 us; "none" is linux-2.4.
#
#   configs/experiments/history.sh
set -e
cd "$(dirname "$0")/../.."
name=history
. configs/experiments/published.sh

"$mmsim" generate fork-share --tasks 200 --pages 400 --apart 4 --vmas 50 --size 56M -o "$out/fork-share.pcap"
schemes="none:list pte_chain:list objrmap:list objrmap:prio_tree anonmm:list anon_vma:list anon_vma:prio_tree
	anon_vma_chain:interval_tree"

# three RUN OPTION...: what is there before the pressure; the forks; the pressure.
three()
{
	run=$1
	shift
	set -- "$out/fork-share.pcap" -m pentium3 -s memory.size=128M -s storage.device=hdd -s swap.device=storage \
		-s sched.quantum=20us "$@"
	point $run.before "$@" --to pressure
	point $run.fork "$@" --from fork --to share
	point $run.pressure "$@" --from pressure --to again
}

for scheme in $schemes; do
	anon=${scheme%:*}
	file=${scheme#*:}
	if [ $anon = none ]; then
		three $anon.$file -k linux-2.4-i386
	else
		three $anon.$file -k linux-2.6.5-i386 -s kernel.rmap=$anon -s kernel.rmap_file=$file
	fi
done
points_run

# figures RUN: memory in KB, us a fork, us a page reclaimed, VMAs a walk.
figures()
{
	stolen=$(($(value $1.pressure mm.reclaim.stolen_kswapd) + $(value $1.pressure mm.reclaim.stolen_direct)))
	walks=$(value $1.pressure mm.rmap.walks)
	calc "%d,%.1f,%.1f," "$(slab $1.before $RMAP_CACHES pages) * 4,
		$(seconds $1.fork "$SYSTEM") / 200 * 1e6,
		$(seconds $1.pressure '^kernel[.](reclaim|rmap|flush|swap)$') / ($stolen + !$stolen) * 1e6"
	[ "$walks" = 0 ] || calc "%.1f" "$(value $1.pressure mm.rmap.vmas) / $walks"
	echo
}

{
	echo "# title Reverse mapping through its generations"
	echo "# caption pentium3 with 128 MB: 200 children copy 100 of 400 pages and share 50 windows of a file, then memory runs out"
	echo "scheme,objects|KB,fork|us a child,reclaim|us a page freed,walk|VMAs"
	for scheme in $schemes; do
		[ ${scheme%:*} = none ] && text="none (2.4)" || text="${scheme%:*} + ${scheme#*:}"
		# These two have one structure for files each.
		case ${scheme%:*} in pte_chain | anon_vma_chain) text=${scheme%:*} ;; esac
		echo "$text,$(figures ${scheme%:*}.${scheme#*:})"
	done
} >"$out/history.csv"
for end in svg png; do
	"$mmsim" plot measures -o "$out/history.$end" "$out/history.csv"
done

column()
{
	awk -F, -v row="$1" -v n="$2" '$1 == row { print $n }' "$out/history.csv"
}

# more WHAT COLUMN SCHEME LESS...: a scheme's figure is more than that of each of the others.
more()
{
	what=$1 n=$2 scheme=$3
	shift 3
	figures=$(column "$scheme" "$n") verdict=yes
	for less; do
		verdict=$([ "$(verdict "$(column "$scheme" "$n") > $(column "$less" "$n")")" = yes ] && echo $verdict || echo no)
		figures="$figures : $(column "$less" "$n")"
	done
	row "$what" "more" "$figures" order "$verdict" ""
}

table "What they were told apart by"
more "KB of objects: pte_chain : objrmap for files alone : anon_vma_chain" 2 pte_chain "objrmap + list" anon_vma_chain
more "us a fork: pte_chain : anonmm : anon_vma" 3 pte_chain "anonmm + list" "anon_vma + list"
more "us a fork: anon_vma_chain : anon_vma" 3 anon_vma_chain "anon_vma + list"
more "VMAs a walk: objrmap by a list : by a tree" 5 "objrmap + list" "objrmap + prio_tree"
more "VMAs a walk: anon_vma : anon_vma_chain" 5 "anon_vma + prio_tree" anon_vma_chain
more "us a page reclaimed: objrmap by a list : by a tree" 4 "objrmap + list" "objrmap + prio_tree"
more "us a page reclaimed: anon_vma : anon_vma_chain" 4 "anon_vma + prio_tree" anon_vma_chain
show history "Reverse mapping through its generations"
finish
