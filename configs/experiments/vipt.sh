#!/bin/sh
# How large can a virtually indexed L1D be, with how many ways? A way that is larger than a page lets one line be in two
# places by two addresses (synonyms), which somebody has to prevent; here the hardware evicts the other copy. Dependent loads
# use two mappings of the same pages in turn, over all sizes and numbers of ways.
#
#   configs/experiments/vipt.sh [OPTION...]     options of `mmsim sweep`, as -m zen4; the picture goes to experiments/vipt
#
# Half a minute.
set -e
cd "$(dirname "$0")/../.."
. configs/experiments/lib.sh
mmsim=${MMSIM:-$PWD/mmsim}
out=${OUT:-experiments/vipt}
mkdir -p "$out"
rm -rf "$out/sweep"

# Two mappings an odd number of pages apart: their lowest page bits differ.
"$mmsim" generate synonym --pages 2 --apart 1 --count 60000 -o "$out/synonym.pcap"
"$mmsim" sweep -q --vary l1d.size=8K,16K,32K,64K,128K --vary l1d.ways=1,2,4,8,16,32 -s l1d.indexing=vipt -s l1d.replacement=lru \
	-k simple "$@" --trace "$out/synonym.pcap" -o "$out/sweep"
for end in svg png; do
	"$mmsim" plot heat --figure "load mean" -o "$out/vipt.$end" "$out/sweep"
done
awk -F, 'NR == 1 { for (i = 1; i <= NF; i++) column[$i] = i; next }
	{ way = $column["l1d.size"] / $column["l1d.ways"]; misses = $column["core0.l1d.load_misses"] / $column["core0.l1d.loads"]
	  if (way <= 4096) { if (misses > small) small = misses; n++ } else { if (!m++ || misses < large) large = misses } }
	END { printf "With ways of at most a page, in %d of the %d geometries, at most %.2f %% of the loads miss; with larger ones at least %.1f %% do, as each address evicts the copy of the other. So a VIPT L1D of pages of 4 KB needs a way for every 4 KB: 32 KB with 8 ways, 48 KB with 12, and that is what was built.\n",
		n, n + m, 100 * small, 100 * large }' "$out/sweep/sweep.csv" | tee "$out/answer.txt"
echo "the picture is $out/vipt.svg"
