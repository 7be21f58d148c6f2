#!/bin/sh
# Sockets and nodes of memory, from the command line.
. "$(dirname "$0")/lib.sh"

# counter_sum FILE PATTERN: all counters of a stats.json whose names match.
counter_sum()
{
	sed -n 's/^ *"\([^"]*\)": \([0-9]*\),*$/\1 \2/p' "$1" | awk -v p="$2" '$1 ~ p { n += $2 } END { print n + 0 }'
}

replay()
{
	dir=$1
	shift
	$mmsim replay -q -o "$tmp/$dir" "$@" >"$tmp/$dir.out" 2>&1 || bad "replay $*" "$(tail -n 5 "$tmp/$dir.out")"
}

# Threads that share data on two sockets: the state in order, the same again, every line local or remote.
threads=$samples/threads.mmtrace.gz
for how in "-s numa.nodes=0" "-s kernel.numa=interleave" "-s numa.nodes=4" "-s l3.inclusion=exclusive -s core.model=window"; do
	# shellcheck disable=SC2086
	check "threads on two sockets with $how, checked" \
		$mmsim replay -q --check -o "$tmp/checked" "$threads" --max 200k -s cores=4 -s sockets=2 $how
	# shellcheck disable=SC2086
	replay again "$threads" --max 200k -s cores=4 -s sockets=2 $how
	check "the same again with $how" cmp "$tmp/checked/stats.json" "$tmp/again/stats.json"
	equal "a line is local or remote with $how" "$(counter_sum "$tmp/again/stats.json" '^dram_[0-9]*[.]reads$')" \
		"$(counter_sum "$tmp/again/stats.json" '^numa[.](local|remote)_reads$')"
done
equal "one socket has one DRAM" "" "$(replay one "$threads" -s cores=2 --max 10k; grep -E '"(numa|dram_)' "$tmp/one/stats.json")"

# A chase in 2 MB pages, with fixed times of all parts: memory is local, or every other page is remote and takes the way
# longer.
$mmsim generate chase --size 32M --huge 2M --count 200000 -o "$tmp/chase.pcap" >"$tmp/generate.out" 2>&1 ||
	bad "generate" "$(cat "$tmp/generate.out")"
flat="-s cores=2 -s sockets=2 -s l3.size=0 -s dram.model=flat -s dram.flat=100 -s dram.fabric=10 -s numa.way=60 -s numa.line=0"
# dram_loads DIR: "latency share" of each latency of loads that DRAM answered, share in percent.
dram_loads()
{
	awk -F, '$1 == "load" && $2 == "dram" && $3 == "tlb" && $4 >= 126 { n[$4 " " $5] += $6; all += $6 }
		END { for (l in n) if (n[l] > all / 1000) printf "%s %d\n", l, 100 * n[l] / all + 0.5 }' \
		"$tmp/$1/latency.csv" | sort -n | tr '\n' ' '
}
# shellcheck disable=SC2086
replay local "$tmp/chase.pcap" $flat
equal "local: L2, fabric and device" "126 126 100 " "$(dram_loads local)"
equal "a thread alone touches no remote memory" 0 "$(counter "$tmp/local/stats.json" numa.remote_reads)"
# shellcheck disable=SC2086
replay interleaved "$tmp/chase.pcap" $flat -s kernel.numa=interleave
equal "interleaved: half of them the way later" "126 126 50 186 186 50 " "$(dram_loads interleaved)"
# shellcheck disable=SC2086
replay far "$tmp/chase.pcap" $flat -s kernel.numa=interleave -s "numa.distances=10 25; 25 10"
equal "the way grows with the distance" "126 126 50 216 216 50 " "$(dram_loads far)"

refused "sockets must divide cores" sockets $mmsim replay "$threads" -s cores=3 -s sockets=2
refused "nodes must divide cores" numa.nodes $mmsim replay "$threads" -s cores=4 -s numa.nodes=3
refused "nodes and sockets must fit" numa.nodes $mmsim replay "$threads" -s cores=12 -s sockets=4 -s numa.nodes=6
refused "distances must be a matrix" numa.distances $mmsim replay "$threads" -s cores=2 -s sockets=2 -s "numa.distances=10 20"

finish
