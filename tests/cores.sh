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
