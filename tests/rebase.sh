#!/bin/sh
# Recordings of x86-64 on i386: refused as they are; packed (layout.rebase) they make the same references and faults as
# where they fit.
. "$(dirname "$0")/lib.sh"

machine="-q --check -m pentium4 -s kernel.asids=0"
refused "addresses that do not fit" layout.rebase $mmsim replay $machine -k i386 "$samples/sort.mmtrace.gz" -o "$tmp/run"

# kept OF: those counters that the width of addresses does not decide.
kept()
{
	grep -E '"(replay\.(records|references|events|segv|refused|efaults|oom|user_bytes)|mm\.fault\.(minor|cow|zero|file|segv)|core0\.instructions|core0\.l1d\.(loads|stores)|core0\.[di]tlb\.lookups)"' "$1/stats.json"
}

for sample in "$samples"/*.gz; do
	name=$(basename "$sample" .mmtrace.gz)
	check "$name fits" $mmsim replay $machine -k simple "$sample" -o "$tmp/wide"
	check "$name packed" $mmsim replay $machine -k i386 -s layout.rebase=yes "$sample" -o "$tmp/packed"
	equal "$name has the same references and faults" "$(kept "$tmp/wide")" "$(kept "$tmp/packed")"
	equal "$name has no SIGSEGV" 0 "$(counter "$tmp/packed/stats.json" replay.segv)"
done
check "again from its own configuration" $mmsim replay -q "$samples/threads.mmtrace.gz" -m "$tmp/packed/config.cfg" -o "$tmp/again"
check "gives the same" cmp "$tmp/packed/stats.json" "$tmp/again/stats.json"

# What fits needs no packing.
"$mmsim" replay -q "$samples/sort.mmtrace.gz" --max 100k -o "$tmp/plain"
"$mmsim" replay -q "$samples/sort.mmtrace.gz" --max 100k -s layout.rebase=yes -o "$tmp/same"
check "what fits stays where it is" cmp "$tmp/plain/stats.json" "$tmp/same/stats.json"

# 3 GB are 786,432 pages.
"$mmsim" generate touch --pages 800000 -o "$tmp/big.pcap"
refused "more than there is room for" '3072 MB' "$mmsim" replay -q -m pentium4 -k i386 -s layout.rebase=yes "$tmp/big.pcap" \
	-o "$tmp/run"
finish
