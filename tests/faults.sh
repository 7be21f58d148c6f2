#!/bin/sh
# Page faults of recorded programs: of ones whose faults are known, and beside what this machine's kernel counts.
. "$(dirname "$0")/lib.sh"
CC=${CC:-cc}
export LC_ALL=C

if ! can_record; then
	skip faults "needs x86-64 and a qemu-user that takes plugins"
	finish
fi
for p in touch minflt; do
	$CC -std=gnu11 -O1 -D_GNU_SOURCE -o "$tmp/$p" tests/faults/$p.c || bad "build $p"
done

# replayed PROGRAM...: records and replays it; the counters are in $tmp/run/stats.json.
replayed()
{
	rm -rf "$tmp/run"
	timeout 120 "$mmsim" record -o "$tmp/x.pcap" -- "$@" >/dev/null 2>"$tmp/err" </dev/null &&
		timeout 120 "$mmsim" replay -q --check -o "$tmp/run" "$tmp/x.pcap" >"$tmp/out" 2>&1
}

# faults KIND PROGRAM...
faults()
{
	kind=$1
	shift
	replayed "$@" && counter "$tmp/run/stats.json" "mm.fault.$kind"
}

# --- N fresh pages: the difference between two runs is exact, whatever the C library does ---

# grows NAME KIND MODE FACTOR: by 2000 pages more there must be FACTOR times 2000 more faults of that kind.
grows()
{
	few=$(faults "$2" "$tmp/touch" 1000 "$3")
	many=$(faults "$2" "$tmp/touch" 3000 "$3")
	equal "$1" $((2000 * $4)) $((many - few))
}

grows "a write to a fresh page is one fault" zero w 1
grows "a write to a fresh page is one minor fault" minor w 1
grows "a read of a fresh page maps the zero page" zero_page r 1
grows "a child copies what it writes" cow f 1
grows "what the child has copied is the parent's alone" reuse f 1
grows "parent and child take three faults a page" minor f 3
equal "no false segmentation fault" 0 "$(counter "$tmp/run/stats.json" mm.fault.segv)"

# --- beside the live kernel: within 4 % ---
# Not in a recording are some five faults that exec takes itself, on the new stack and the ends of the data segments.

# alike NAME EXECS PROGRAM...
alike()
{
	name=$1
	execs=$2
	shift 2
	live=$("$tmp/minflt" "$@" 2>&1 >/dev/null </dev/null)
	model=$(faults minor "$@")
	slack=$((live * 4 / 100))
	live=$((live - 5 * execs))
	if [ "$model" -ge $((live - slack)) ] && [ "$model" -le $((live + slack)) ]; then
		ok "$name: the live kernel's faults"
	else
		bad "$name: the live kernel's faults" "$model in the model, $live in the kernel beside those of exec"
	fi
}

awk 'BEGIN { for (i = 0; i < 20000; i++) print (i * 7919) % 1000003, "line", i }' >"$tmp/text"
alike "sort" 1 sort --parallel=1 "$tmp/text"
alike "awk" 1 awk '{ n[$1] += $3 } END { print length(n) }' "$tmp/text"
alike "a shell and its children" 8 sh -c 'for i in 1 2 3; do ls / | sort; done; echo end | cat'

finish
