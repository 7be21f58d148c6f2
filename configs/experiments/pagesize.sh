#!/bin/sh
# What do large pages save? Dependent loads of all lines of so many bytes in random order, once on pages of 4 KB, once on pages
# of 2 MB (MAP_HUGETLB): the same caches, other TLBs and walks.
#
#   configs/experiments/pagesize.sh [MACHINE [OPTION...]]     default golden-cove; the picture goes to experiments/pagesize
#
# About a minute.
set -e
cd "$(dirname "$0")/../.."
. configs/experiments/lib.sh
mmsim=${MMSIM:-$PWD/mmsim}
out=${OUT:-experiments/pagesize}
machine=${1:-golden-cove}
[ $# = 0 ] || shift
mkdir -p "$out/runs"
rm -rf "$out"/runs/*

runs=
for kb in 32 64 128 256 384 512 768 1024 2048 4096 8192 16384 32768 65536 131072; do
	count=$((kb * 16 * 20 > 400000 ? 400000 : kb * 16 * 20))
	for page in 4K 2M; do
		huge=
		[ $page = 4K ] || huge="--huge 2M"
		"$mmsim" generate chase --size ${kb}K $huge --count $count -o "$out/chase.pcap"
		# Pages of 2 MB count as 512 small ones on the axis: both are laid out by what was asked for.
		"$mmsim" replay -q "$out/chase.pcap" -m "$machine" -k simple "$@" -o "$out/runs/$page.$kb"
		echo "pages of $page,$((kb * 1024)),$(mean "$out/runs/$page.$kb")" >>"$out/points.part"
	done
	runs="$runs $kb"
done
{
	echo series,bytes,latency_cycles
	echo "# caption: machine $machine  ·  kernel simple  ·  mmsim generate chase  ·  $("$mmsim" --version)"
	grep 'of 4K' "$out/points.part"
	grep 'of 2M' "$out/points.part"
} | sed "s/of 4K/of 4 KB/; s/of 2M/of 2 MB/" >"$out/points.csv"
rm "$out/points.part" "$out/chase.pcap"
for end in svg png; do
	"$mmsim" plot steps -o "$out/pagesize.$end" "$out/points.csv"
done
small=$out/runs/4K.131072
large=$out/runs/2M.131072
echo "$(mean "$small") $(mean "$large") $(counter "$small" core0.walker.walks) $(counter "$large" core0.walker.walks) $(counter "$small" \
	core0.walker.cycles)" | awk -v machine="$machine" '{
	printf "On %s a random load through 128 MB takes %.0f cycles with pages of 4 KB and %.0f with pages of 2 MB: %.0f %% less. The difference is translation: %d page walks of %.0f cycles each against %d.\n",
		machine, $1, $2, 100 * (1 - $2 / $1), $3, $5 / $3, $4 }' | tee "$out/answer.txt"
echo "the picture is $out/pagesize.svg"
