#!/bin/sh
# The quick ones of the experiments end in a picture and in a paragraph whose numbers are those that must come out.
. "$(dirname "$0")/lib.sh"

if ! command -v gnuplot >/dev/null; then
	skip experiments "gnuplot is not installed (package gnuplot-nox)"
	finish
fi
export MMSIM="$mmsim"
check "vipt" env OUT="$tmp/vipt" configs/experiments/vipt.sh
check "vipt: a picture" test -s "$tmp/vipt/vipt.svg" -a -s "$tmp/vipt/vipt.png"
# size / ways <= 4 KB: 15 of 30 geometries, counted out.
check "vipt: the border is a page a way" grep -q "^With ways of at most a page, in 15 of the 30 geometries, at most 0\.[0-9]* % of the loads miss; with larger ones at least \(99.[5-9]\|100.0\) % do" \
	"$tmp/vipt/answer.txt"

if [ "${MMSIM_TEST_LONG-}" = 1 ]; then
	for name in pwc pagesize; do
		check "$name" env OUT="$tmp/$name" configs/experiments/$name.sh
		check "$name: a picture" test -s "$tmp/$name/$name.svg"
	done
	# Four levels a walk, as there are on x86-64, each read once.
	check "pwc: without walk caches a walk reads four entries" grep -q "4.00 and [0-9]* cycles without" "$tmp/pwc/answer.txt"
	# While the small pages are within the L1 TLB both are the same; large ones never cost more.
	equal "pagesize: large pages never cost more" "" "$(awk -F, '/^pages of 4/ { small[$2] = $3 } /^pages of 2/ && $3 > small[$2] * 1.01' \
		"$tmp/pagesize/points.csv")"
	check "loaded" env OUT="$tmp/loaded" configs/experiments/loaded.sh zen4
	equal "loaded: latency rises with traffic" "" "$(awk '/^[0-9]/ { if ($1 > x && $2 < y * 0.97) print; x = $1; y = $2 }' "$tmp/loaded/loaded.dat")"
	# README: two subchannels of two channels at 6000 MT/s carry 96 GB/s, and none can be above it.
	equal "loaded: no more than the channels carry" "" "$(awk '/^[0-9]/ && $1 > 96' "$tmp/loaded/loaded.dat")"
fi
finish
