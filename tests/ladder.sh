#!/bin/sh
# The table of the allocators' ladder: each level serves somebody, and costs more than the one above it.
. "$(dirname "$0")/lib.sh"

# cost MACHINE LEVEL: the median, and behind it the mean for where two medians are in one bucket of the histogram.
cost()
{
	awk -F, -v level="$2" '$1 == level && $2 { printf "%d%09d", $4, $3 }' "$tmp/ladder/$1/ladder.csv"
}

# dearer MACHINE LEVEL LEVEL...: each costs more than the one before it.
dearer()
{
	machine=$1
	last=0
	shift
	for level; do
		cost=$(cost "$machine" "$level")
		if [ "${cost:-0}" -gt "$last" ]; then
			ok "$machine, $level"
		else
			bad "$machine, $level" "costs ${cost:-nothing}, the level above $last"
		fi
		last=${cost:-0}
	done
}

COUNT=2000 OUT=$tmp/ladder check "the table" "$root/configs/experiments/ladder.sh"
for machine in pentium4 golden-cove; do
	dearer $machine page.pcp page.buddy page.refill
	dearer $machine page_free.pcp page_free.drain
	dearer $machine object.cpu object.shared
	dearer $machine object.cpu object.node
	dearer $machine object.cpu object.grow
	dearer $machine object_free.cpu object_free.slow object_free.slab
	dearer $machine.slow page.slow
	dearer $machine page_free.buddy
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
