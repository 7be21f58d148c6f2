#!/bin/sh
# The table of the allocators' ladder: each level serves somebody, and costs more than the one above it.
. "$(dirname "$0")/lib.sh"

# p50 FILE LEVEL NTH: of the NTH machine's table.
p50()
{
	awk -v level="$2" -v nth="$3" '$1 == level && ++n == nth { print $3 }' "$1"
}

# dearer NTH LEVEL LEVEL...: each costs more than the one before it.
dearer()
{
	nth=$1
	last=0
	shift
	for level; do
		cost=$(p50 "$tmp/table" "$level" "$nth")
		if [ "${cost:-0}" -gt "$last" ]; then
			ok "machine $nth, $level"
		else
			bad "machine $nth, $level" "costs ${cost:-nothing}, the level above $last"
		fi
		last=${cost:-0}
	done
}

COUNT=2000 OUT=$tmp/ladder check "the table" "$root/configs/experiments/ladder.sh"
cp "$tmp/check.out" "$tmp/table"
for nth in 1 2; do
	dearer $nth page.pcp page.buddy page.refill
	dearer $nth page_free.pcp page_free.drain
	dearer $nth object.cpu object.shared
	dearer $nth object.cpu object.node
	dearer $nth object.cpu object.grow
	dearer $nth object_free.cpu object_free.slow object_free.slab
	dearer $nth page.slow
	dearer $nth page_free.buddy
done
check "the picture" test -s "$tmp/ladder/ladder.svg"

# Each fault that got a page is of one kind, but for those with a refill and page tables.
"$mmsim" generate touch --pages 3000 -o "$tmp/touch.pcap"
check "faults" "$mmsim" replay -q "$tmp/touch.pcap" -o "$tmp/touch"
equal "faults of all kinds" yes "$(awk -F, -v zero="$(counter "$tmp/touch/stats.json" mm.fault.zero)" \
	-v refills="$(counter "$tmp/touch/stats.json" mm.alloc.pcp_misses)" '
	/^fault/ { n += $2 }
	$1 == "fault.refill" { dear = $4 }
	$1 == "fault.page" { cheap = $4 }
	END { print (n <= zero && n + refills >= zero && cheap && dear > cheap ? "yes" : "no") }' "$tmp/touch/ladder.csv")"

finish
