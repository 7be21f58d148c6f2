#!/bin/sh
# Two virtual addresses of one line, used in turn by dependent loads: L1D refills and cycles an access.
#
#   configs/experiments/alias.sh [OPTION...]     e.g. -m zen4; options of `mmsim replay` for every row
#
# A refill takes l2.latency, a hit l1d.latency, a hit in an unforeseen way l1d.way_mispredict more. Measured on Neoverse V2
# (64 KB, 4 ways; jia.je, "Arm Neoverse V2"): 285.1 million refills, 2.14 times the cycles of a copy without aliases.
set -e
cd "$(dirname "$0")/../.."
. configs/experiments/lib.sh
mmsim=${MMSIM:-$PWD/mmsim}
out=${OUT:-experiments/alias}
count=20000
mkdir -p "$out"

# recording APART N: N accesses by mappings so many pages apart.
recording()
{
	"$mmsim" generate synonym --pages 2 --apart "$1" --count "$2" -o "$out/$1.$2.pcap"
}

# row LABEL APART OPTION...: what as many accesses more take.
row()
{
	label=$1
	apart=$2
	shift 2
	for n in $count $((2 * count)); do
		"$mmsim" replay -q -k simple "$out/$apart.$n.pcap" -o "$out/$n" "$@"
	done
	for name in cycles l1d.load_misses l1d.way_mispredicts dtlb.lookups; do
		echo $(($(counter "$out/$((2 * count))" core0.$name) - $(counter "$out/$count" core0.$name)))
	done | awk -v n=$count -v label="$label" '
		{ v[NR] = $1 / n }
		END { printf "%-44s %10.2f %10.2f %12.2f %10.2f\n", label, v[1], v[2], v[3], v[4] }'
}

for apart in 0 1; do
	recording $apart $count
	recording $apart $((2 * count))
done
v2='-s l1d.size=64K -s l1d.ways=4 -s l1d.latency=4 -s l2.latency=10'
printf '%-44s %10s %10s %12s %10s\n' '' 'cycles' 'refills' 'mispredicts' 'lookups'
row '48K/12 ways vipt, next page' 1 "$@"
row '64K/4 ways vipt, same colour' 0 $v2 "$@"
row '64K/4 ways vipt, next page' 1 $v2 "$@"
row '64K/4 ways vipt, next page, kernel flushes' 1 $v2 -s l1d.alias=flush "$@"
row '64K/4 ways pipt, next page' 1 $v2 -s l1d.indexing=pipt "$@"
row '64K/4 ways vivt, same colour' 0 $v2 -s l1d.indexing=vivt "$@"
row '32K/8 ways vipt, utag, same utag' 0 -s l1d.size=32K -s l1d.ways=8 -s l1d.way_predictor=utag "$@"
row '32K/8 ways vipt, utag, next page' 1 -s l1d.size=32K -s l1d.ways=8 -s l1d.way_predictor=utag "$@"
