#!/bin/sh
# The whole way of the data: recorded here and now, replayed, and what comes out is what the program did.
. "$(dirname "$0")/lib.sh"

replay="$mmsim replay -q -o $tmp/out"

# between NAME LOW HIGH VALUE
between()
{
	if [ "${4:-none}" -ge "$2" ] 2>/dev/null && [ "$4" -le "$3" ]; then ok "$1"; else bad "$1" "$4 is not in $2..$3"; fi
}

# now NAME: a counter of the last replay.
now()
{
	counter "$tmp/out/stats.json" "$1"
}

# sums FILE: the checksum of the counters of a replay of FILE.
sums()
{
	$replay "$@" >"$tmp/log" 2>&1 || tail -n 3 "$tmp/log"
	sha256sum <"$tmp/out/stats.json"
}

# --- recordings made here ---

if can_record; then
	for p in pages threads; do
		${CC:-cc} -std=gnu11 -O1 -D_GNU_SOURCE -pthread -w -o "$tmp/$p" tests/record/$p.c || bad "build $p"
	done

	for pages in 100 3000; do
		$mmsim record -q -o "$tmp/pages.mmtrace" -- "$tmp/pages" $pages && $replay "$tmp/pages.mmtrace"
		eval "faults_$pages=\$(now mm.fault.minor)"
	done
	between "3000 fresh pages: as many faults and a few" 3000 3150 "$faults_3000"
	equal "2900 pages more are 2900 faults more" 2900 $((faults_3000 - faults_100))

	$mmsim record -q -o "$tmp/threads.mmtrace" -- "$tmp/threads" 50 >/dev/null
	for contexts in 1 2 4; do
		for slice in 100 3000; do
			check "threads that map and unmap, $contexts at a time, $slice cycles" \
				$replay --check "$tmp/threads.mmtrace" -s sched.contexts=$contexts -s sched.slice=$slice
			equal "no false SIGSEGV" 0 "$(now replay.segv)"
		done
	done

	$mmsim record -q -o - -- /bin/echo hello 2>"$tmp/err" | $replay - >"$tmp/log" 2>&1
	between "record into replay without a file" 50000 5000000 "$(now core0.instructions)"
else
	skip "recording and replay" "needs x86-64 and a qemu-user that takes plugins"
fi

# --- the bundled ones ---

for contexts in 1 2 4; do
	check "sample threads, $contexts at a time" $replay "$samples/threads.mmtrace.gz" -s sched.contexts=$contexts
	equal "no false SIGSEGV" 0 "$(now replay.segv)"
	check "sample pipe, $contexts at a time" $replay "$samples/pipe.mmtrace.gz" -s sched.contexts=$contexts
	equal "no false SIGSEGV" 0 "$(now replay.segv)"
done
equal "four processes" 4 "$(now replay.processes)"

perl=$samples/perl.mmtrace.gz
whole=$(sums "$perl")
gzip -dc "$perl" >"$tmp/plain"
equal "the same, plain" "$whole" "$(sums "$tmp/plain")"
xz -0 -c "$tmp/plain" >"$tmp/x"
equal "the same, with xz" "$whole" "$(sums "$tmp/x")"
bzip2 -1 -c "$tmp/plain" >"$tmp/b"
equal "the same, with bzip2" "$whole" "$(sums "$tmp/b")"
equal "the same from standard input" "$whole" "$(sums - <"$tmp/plain")"
$mmsim convert "$perl" "$tmp/again.mmtrace" && equal "the same after convert" "$whole" "$(sums "$tmp/again.mmtrace")"

# Converted to text and back only the accesses are left: as many as before.
$replay "$perl" -s translation=off
fetches=$(now core0.l1i.fetches) loads=$(now core0.l1d.loads) stores=$(now core0.l1d.stores)
for format in xdin lackey; do
	$mmsim convert "$perl" "$tmp/perl.$format" 2>"$tmp/err" && $replay "$tmp/perl.$format" -s translation=off
	equal "$format: fetches" "$fetches" "$(now core0.l1i.fetches)"
	equal "$format: loads" "$loads" "$(now core0.l1d.loads)"
	equal "$format: stores" "$stores" "$(now core0.l1d.stores)"
done

if command -v tcpdump >/dev/null; then
	$replay "$tmp/plain"
	equal "tcpdump reads every packet" "$(now replay.packets)" \
		"$(tcpdump -r "$tmp/plain" 2>/dev/null | grep -c '^[0-9]')"
else
	skip "tcpdump reads the capture" "not installed"
fi

# memory OPTION...: peak memory in bytes of a replay of the sample sort.
memory()
{
	$replay "$samples/sort.mmtrace.gz" "$@" &&
		sed -n 's/.*"max_rss_bytes": *\([0-9]*\).*/\1/p' "$tmp/out/run.json"
}
quarter=$(memory --max 600000)
between "memory does not grow with the length" 1 $((quarter + quarter / 5)) "$(memory)"
finish
