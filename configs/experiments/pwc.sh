#!/bin/sh
# What are page-walk caches worth? One dependent load a page, in random order over so many pages, with the walk caches of the
# machine and without any: a walk then reads every level of the page tables.
#
#   configs/experiments/pwc.sh [MACHINE [OPTION...]]     default golden-cove; the picture goes to experiments/pwc
#
# About a minute.
set -e
cd "$(dirname "$0")/../.."
. configs/experiments/lib.sh
mmsim=${MMSIM:-$PWD/mmsim}
out=${OUT:-experiments/pwc}
machine=${1:-golden-cove}
[ $# = 0 ] || shift
mkdir -p "$out/runs"
rm -f "$out"/points.*

none="-s pwc.pde.entries=0 -s pwc.pdpte.entries=0 -s pwc.pml4e.entries=0 -s pwc.pml5e.entries=0"
for pages in 64 256 1024 2048 4096 8192 16384 32768 65536 131072; do
	"$mmsim" generate pages --pages $pages --count $((pages * 4 > 100000 ? pages * 4 : 100000)) -o "$out/pages.pcap"
	for series in with without; do
		off=
		[ $series = with ] || off=$none
		"$mmsim" replay -q "$out/pages.pcap" -m "$machine" -k simple $off "$@" -o "$out/runs/$series.$pages"
		echo "$series page-walk caches,$pages,$(mean "$out/runs/$series.$pages")" >>"$out/points.$series"
	done
done
{
	echo series,pages,latency_cycles
	echo "# caption: machine $machine  ·  kernel simple  ·  mmsim generate pages  ·  $("$mmsim" --version)"
	cat "$out/points.with" "$out/points.without"
} >"$out/points.csv"
rm "$out"/points.with "$out"/points.without "$out/pages.pcap"
for end in svg png; do
	"$mmsim" plot steps -o "$out/pwc.$end" "$out/points.csv"
done

# walk RUN: PTE reads a walk, and cycles.
walk()
{
	echo "$(counter "$1" core0.walker.pte_reads) $(counter "$1" core0.walker.cycles) $(counter "$1" core0.walker.walks)"
}
echo "$(walk "$out/runs/with.131072") $(walk "$out/runs/without.131072") $(mean "$out/runs/with.131072") $(mean "$out/runs/without.131072")" |
	awk -v machine="$machine" '{
	printf "On %s, with 131,072 pages touched in random order, a walk reads %.2f entries and takes %.0f cycles with the walk caches, %.2f and %.0f cycles without. A load takes %.0f cycles on average, and %.0f without them: %.0f %% more.\n",
		machine, $1 / $3, $2 / $3, $4 / $6, $5 / $6, $7, $8, 100 * ($8 / $7 - 1) }' | tee "$out/answer.txt"
echo "the picture is $out/pwc.svg"
