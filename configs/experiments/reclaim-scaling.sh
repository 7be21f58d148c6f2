#!/bin/sh
# Reclaim against cores, by scheme of reverse mapping: children of one parent copy the memory that they share with it, 64 MB in
# all, on 1 to 16 cores of two sockets with 24 MB, swap on zram. Each core that needs a page reclaims for itself, and kswapd beside
# it; whoever looks for the mappings of a private page takes the lock of its family, which all have in common (anon_vma,
# anon_vma_chain), or none but the page's own (pte_chain).
#
#   configs/experiments/reclaim-scaling.sh        about two minutes; pictures in experiments/reclaim-scaling
set -e
cd "$(dirname "$0")/../.."
name=reclaim-scaling
. configs/experiments/published.sh

cores="1 2 4 8 16"
schemes="pte_chain anon_vma anon_vma_chain"
pages=16384

for n in $cores; do
	"$mmsim" generate cow-children --tasks $n --pages $((pages / (n + 1))) --size 4K -o "$out/$n.pcap"
	for scheme in $schemes; do
		point $scheme$n "$out/$n.pcap" --to pressure -m haswell-2s -k linux-2.6.37 -s cores=18 -s memory.size=24M \
			-s swap.device=zram -s kernel.rmap=$scheme
	done
done
points_run

# stolen RUN: pages that reclaim freed; rate RUN: thousands in a second.
stolen()
{
	echo $(($(value "$1" mm.reclaim.stolen_direct) + $(value "$1" mm.reclaim.stolen_kswapd)))
}

rate()
{
	calc "%.1f" "$(stolen "$1") / ($(value "$1" core0.cycles) / $(hertz "$1")) / 1000"
}

# a_page RUN COUNTER: of it, for each page that was freed.
a_page()
{
	calc "%.2f" "$(value "$1" "$2") / ($(stolen "$1") + 1e-9)"
}

# picture FILE TITLE COMMAND...: a measure of each scheme against cores.
picture()
{
	file=$1 title=$2 unit=$3
	shift 3
	{
		echo "# title $title"
		echo "# caption machine haswell-2s  ·  kernel linux-2.6.37  ·  24 MB, swap on zram"
		echo "cores$(for scheme in $schemes; do printf ',%s|%s' $scheme "$unit"; done)"
		for n in $cores; do
			printf '%s %s' $n "$([ $n = 1 ] && echo core || echo cores)"
			for scheme in $schemes; do
				printf ',%s' "$("$1" $scheme$n $2)"
			done
			echo
		done
	} >"$out/$file.csv"
	"$mmsim" plot measures "$out/$file.csv" -o "$out/$file.svg"
	"$mmsim" plot measures "$out/$file.csv" -o "$out/$file.png"
}

picture rate "Pages reclaimed by all cores together" "1000/s" rate
picture walks "Mappings visited for a page that is reclaimed" "a page" a_page mm.rmap.vmas
picture waits "Cycles waited for a family's lock" "a page" a_page mm.rmap.wait_cycles_anon

# each SCHEME COMMAND...: for each number of cores.
each()
{
	scheme=$1 command=$2 counter=$3
	for n in $cores; do
		$command $scheme$n $counter
		echo
	done | xargs
}

table "Pages reclaimed, 1000 a second, on $(echo $cores | tr ' ' /) cores"
for scheme in $schemes; do
	shown $scheme "" "$(each $scheme rate)"
done
table "Mappings visited for each"
for scheme in $schemes; do
	shown $scheme "" "$(each $scheme a_page mm.rmap.vmas)"
done
table "Locks of families of private pages"
exact "pte_chain has none" 0 "$(value pte_chain16 mm.rmap.locks_anon)"
between "anon_vma: waits on 16 cores : on one, beside kswapd" "more" 1.5 1000 "$(calc %.2f "$(value anon_vma16 mm.rmap.waits_anon) / $(value anon_vma1 mm.rmap.waits_anon)")"
between "anon_vma_chain: the same" "more" 1.5 1000 "$(calc %.2f "$(value anon_vma_chain16 mm.rmap.waits_anon) / $(value anon_vma_chain1 mm.rmap.waits_anon)")"
between "anon_vma : anon_vma_chain, visited on 16 cores" "more" 2 1000 "$(calc %.2f "$(value anon_vma16 mm.rmap.vmas) / $(value anon_vma_chain16 mm.rmap.vmas)")"
for scheme in anon_vma anon_vma_chain; do
	shown "$scheme: cycles waited, a page" "" "$(each $scheme a_page mm.rmap.wait_cycles_anon)"
done
say "On 16 cores anon_vma visits $(a_page anon_vma16 mm.rmap.vmas) mappings for each page that it frees, \
anon_vma_chain $(a_page anon_vma_chain16 mm.rmap.vmas); pte_chain frees $(rate pte_chain16) thousand pages a second, \
anon_vma $(rate anon_vma16), anon_vma_chain $(rate anon_vma_chain16)."
say "Under anon_vma_chain a walk holds the lock of the family for its few visits on 16 cores as on one, so waits do not grow: \
the second of these rows expected more than there is."
show rate "Pages reclaimed by all cores together"
show walks "Mappings visited for a page that is reclaimed"
show waits "Cycles waited for the lock of a family"
finish
