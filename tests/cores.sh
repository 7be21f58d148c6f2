#!/bin/sh
# Several cores from the command line: the table, several recordings, and what is refused.
. "$(dirname "$0")/lib.sh"

threads=$(ls "$samples"/threads*)

$mmsim generate sharing -o "$tmp/false.mmtrace" --threads 3 --count 3000 >"$tmp/out" 2>&1 || bad generate "$(cat "$tmp/out")"
$mmsim generate stream -o "$tmp/stream.mmtrace" --size 64K >"$tmp/out" 2>&1 || bad generate "$(cat "$tmp/out")"
$mmsim replay "$tmp/false.mmtrace" "$tmp/stream.mmtrace" -s cores=4 --check -o "$tmp/run" >"$tmp/table" 2>"$tmp/err" ||
	bad "two recordings on four cores" "$(tail -n 3 "$tmp/err")"
equal "all four cores have a line" 4 "$(grep -c '^  core [0-3] ' "$tmp/table")"
equal "no line of the table is wider than 80 columns" 0 "$(awk 'length($0) > 80' "$tmp/table" | wc -l)"
equal "both processes ran" 2 "$(sed -n 's/.*"replay.processes": *\([0-9]*\).*/\1/p' "$tmp/run/stats.json")"
equal "and all threads" 4 "$(sed -n 's/.*"replay.threads": *\([0-9]*\).*/\1/p' "$tmp/run/stats.json")"
equal "none was killed" 0 "$(sed -n 's/.*"replay.segv": *\([0-9]*\).*/\1/p' "$tmp/run/stats.json")"

# Processes that a recording names in the order in which they ended: the first one's packet is the file's last.
$mmsim generate forks --work exec --tasks 1 --iterations 3 -o "$tmp/forks.pcap" >"$tmp/out" 2>&1 || bad generate "$(cat "$tmp/out")"
for n in 1 4; do
	# shellcheck disable=SC2046 # words
	$mmsim replay -q --check -s cores=4 -s kernel.page_cache=warm -o "$tmp/forks$n" $(yes "$tmp/forks.pcap" | head -n $n) >"$tmp/out" 2>&1 ||
		bad "$n of them" "$(tail -n 3 "$tmp/out")"
	sed -n 's/.*"core0.cycles": *\([0-9]*\).*/\1/p' "$tmp/forks$n/stats.json" >"$tmp/cycles$n"
done
four=$(cat "$tmp/cycles4")
less=$(($(cat "$tmp/cycles1") * 2))
check "four programs on four cores run at the same time: $four cycles, not $less" test "$four" -lt "$less"

$mmsim replay "$threads" -s cores=65 >"$tmp/out" 2>&1
equal "65 cores are refused as the user's fault" 2 $?
equal "with the reason" 1 "$(grep -c 'at most 64 cores' "$tmp/out")"
$mmsim replay -q "$tmp/false.mmtrace" -s cores=64 -s l3.sharers=64 -o "$tmp/run" >"$tmp/out" 2>&1 || bad "64 cores" "$(tail -n 3 "$tmp/out")"
equal "64 are built" 64 "$(grep -c '"core[0-9]*.instructions"' "$tmp/run/stats.json")"

# A line that both first levels of a core have, right below which a level is shared: the L1I loses it, the L1D does not.
{
	echo 'I  00401000,4'
	echo ' L 00401000,8'
	for line in 411000 421000 431000 441000 451000; do echo "I  00$line,4"; done
} >"$tmp/both"
check "code and data in one line" $mmsim replay -q --check -m cortex-a72 -s cores=2 -s translation=off "$tmp/both"
finish
