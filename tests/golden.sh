#!/bin/sh
# Every sample on the default machine and kernel gives the counters in tests/golden (one that is not there is new),
# the walks over the whole state that --check adds find nothing, and no program is ended by a SIGSEGV. `make bless`
# rewrites the expected files.
. "$(dirname "$0")/lib.sh"

for sample in "$samples"/*.gz; do
	name=$(basename "$sample" .mmtrace.gz)
	golden=$root/tests/golden/$name.json
	check "$name replays, its state in order" $mmsim replay -q --check "$sample" -o "$tmp/out"
	tr -d , <"$golden" >"$tmp/expected"
	tr -d , <"$tmp/out/stats.json" >"$tmp/got"
	difference=$(grep -v -x -F -f "$tmp/got" "$tmp/expected")
	if [ -z "$difference" ] && [ -s "$tmp/expected" ]; then
		ok "$name gives the expected counters"
	else
		bad "$name gives the expected counters" "$(echo "$difference" | head -n 20)"
	fi
	equal "$name has no SIGSEGV" 0 "$(counter "$tmp/out/stats.json" replay.segv)"
done
finish
