#!/bin/sh
# Recordings that are cut, joined and made anonymous: parts make the whole again, a part replays alone, and what is anonymous
# tells no names and no addresses but gives the same counts.
. "$(dirname "$0")/lib.sh"

convert="$mmsim convert"

# told FILE: what a recording holds, without what it takes on disk. Threads in order of their numbers.
told()
{
	"$mmsim" info "$1" | sed '1d; /bytes as stored/d; /^  packets/d' | sort
}

for sample in sort pipe threads; do
	trace=$samples/$sample.mmtrace.gz
	check "$sample: written anew" $convert --from 0 "$trace" "$tmp/whole.mmtrace"
	"$mmsim" replay -q "$trace" -s cores=2 -o "$tmp/a"
	"$mmsim" replay -q "$tmp/whole.mmtrace" -s cores=2 -o "$tmp/b"
	check "$sample: gives the same counters" cmp "$tmp/a/stats.json" "$tmp/b/stats.json"
	check "$sample: the first part" $convert --to 90k "$trace" "$tmp/1.mmtrace.gz"
	check "$sample: the second" $convert --from 90k --to 100k "$trace" "$tmp/2.mmtrace"
	check "$sample: the third" $convert --from 100k "$trace" "$tmp/3.mmtrace.gz"
	check "$sample: merged" $convert --merge "$tmp/1.mmtrace.gz" "$tmp/2.mmtrace" "$tmp/3.mmtrace.gz" "$tmp/merged.mmtrace"
	equal "$sample: hold what the whole does" "$(told "$trace")" "$(told "$tmp/merged.mmtrace")"
	check "$sample: and are sound" "$mmsim" info --verify "$tmp/merged.mmtrace"
	for part in 1.mmtrace.gz 2.mmtrace 3.mmtrace.gz; do
		check "$sample: $part replays alone" "$mmsim" replay -q "$tmp/$part" -s cores=2 --check -o "$tmp/c"
		equal "$sample: $part: all its pages are mapped" 0 "$(counter "$tmp/c/stats.json" mm.fault.segv)"
	done
	refused "$sample: parts in another order" "does not follow" $convert --merge "$tmp/2.mmtrace" "$tmp/1.mmtrace.gz" "$tmp/x"
	refused "$sample: parts of something else" "does not follow" $convert --merge "$tmp/1.mmtrace.gz" "$samples/perl.mmtrace.gz" "$tmp/x"
done

# Of one thread the streams are the same to the last byte: packets end where parts end, but merged again they are one.
"$mmsim" generate random --size 64K --count 50000 --stores 30 -o "$tmp/one.mmtrace"
check "a part of a generated recording" $convert --to 39k "$tmp/one.mmtrace" "$tmp/1.mmtrace"
equal "as long as it was to be" 39000 "$("$mmsim" info "$tmp/1.mmtrace" | awk '$1 == "instructions" { print $2 }')"
$convert --from 39k "$tmp/one.mmtrace" "$tmp/2.mmtrace"
$convert --merge "$tmp/1.mmtrace" "$tmp/2.mmtrace" "$tmp/merged.mmtrace"
$convert -t lackey "$tmp/merged.mmtrace" - >"$tmp/merged.lackey" 2>/dev/null
$convert -t lackey "$tmp/one.mmtrace" - >"$tmp/one.lackey" 2>/dev/null
check "merged they have every access in its place" cmp "$tmp/one.lackey" "$tmp/merged.lackey"
refused "a place behind the end" "instructions" $convert --from 100M "$tmp/one.mmtrace" "$tmp/x"
refused "an unknown mark" "'nowhere' is passed 0 times" $convert --from nowhere "$tmp/one.mmtrace" "$tmp/x"
refused "a part of standard input" "read twice" sh -c "$convert --from 10 - '$tmp/x' <'$tmp/one.mmtrace'"
refused "two things at once" "one step" $convert --from 10 --anonymise "$tmp/one.mmtrace" "$tmp/x"
refused "a part as text" "only captures" $convert --from 10 -t din "$tmp/one.mmtrace" "$tmp/x"

# numbers RUN PATTERN: counters.
numbers()
{
	grep -E "\"($2)" "$1/stats.json"
}

for sample in sort perl threads; do
	trace=$samples/$sample.mmtrace.gz
	check "$sample: anonymous" $convert --anonymise=5 "$trace" "$tmp/anonymous.mmtrace"
	check "$sample: and sound" "$mmsim" info --verify "$tmp/anonymous.mmtrace"
	equal "$sample: no file of the original is named" "" "$(strings -n 4 "$tmp/anonymous.mmtrace" | grep -E '/usr|/lib|/etc|/home|\.so' | head -n 3)"
	equal "$sample: runs, accesses and events are the same" "$(told "$trace" | awk '$1 ~ /^(instructions|block|loads|stores|atomics|mmap|munmap|mremap|mprotect|madvise|brk|read|write|syscall|seen|wake|wait)$/')" \
		"$(told "$tmp/anonymous.mmtrace" | awk '$1 ~ /^(instructions|block|loads|stores|atomics|mmap|munmap|mremap|mprotect|madvise|brk|read|write|syscall|seen|wake|wait)$/')"
	# Caches that know virtual addresses alone, and no more of them than 2 MB.
	for run in "$trace" "$tmp/anonymous.mmtrace"; do
		"$mmsim" replay -q "$run" -s translation=off -o "$tmp/off.$(basename "$run")"
		"$mmsim" replay -q "$run" -s cores=1 -o "$tmp/on.$(basename "$run")"
	done
	before=$(basename "$trace")
	equal "$sample: cache counts without translation" "$(numbers "$tmp/off.$before" 'core0\.(l1i|l1d|l2)\.(fetch|load|store|writeback)')" \
		"$(numbers "$tmp/off.anonymous.mmtrace" 'core0\.(l1i|l1d|l2)\.(fetch|load|store|writeback)')"
	equal "$sample: faults" "$(numbers "$tmp/on.$before" 'mm\.fault\.')" "$(numbers "$tmp/on.anonymous.mmtrace" 'mm\.fault\.')"
	[ $sample = threads ] || equal "$sample: TLBs" "$(numbers "$tmp/on.$before" 'core0\.(itlb|dtlb|stlb)\.(lookups|misses)|core0.walker.walks')" \
		"$(numbers "$tmp/on.anonymous.mmtrace" 'core0\.(itlb|dtlb|stlb)\.(lookups|misses)|core0.walker.walks')"
done
check "by another key" $convert --anonymise=6 "$samples/threads.mmtrace.gz" "$tmp/other.mmtrace"
check "it is another one" sh -c "! cmp -s '$tmp/other.mmtrace' '$tmp/anonymous.mmtrace'"
check "by the same key" $convert --anonymise=5 "$samples/threads.mmtrace.gz" "$tmp/other.mmtrace"
check "it is the same" cmp "$tmp/other.mmtrace" "$tmp/anonymous.mmtrace"
check "without a key" $convert --anonymise "$samples/pipe.mmtrace.gz" "$tmp/1.mmtrace"
check "twice" $convert --anonymise "$samples/pipe.mmtrace.gz" "$tmp/2.mmtrace"
check "differs each time" sh -c "! cmp -s '$tmp/1.mmtrace' '$tmp/2.mmtrace'"
# Pages by number, most used first: the same numbers of accesses, and none of the old addresses.
pages()
{
	$convert -t lackey "$1" - 2>/dev/null | awk '/^I/ { next } { sub(/,.*/, "", $2); sub(/...$/, "", $2); n[$2]++ } END { for (p in n) print n[p], p }' | sort -rn
}
pages "$samples/pipe.mmtrace.gz" >"$tmp/old"
pages "$tmp/1.mmtrace" >"$tmp/new"
equal "pages are used as often as before" "$(cut -d ' ' -f 1 "$tmp/old")" "$(cut -d ' ' -f 1 "$tmp/new")"
equal "by other addresses" yes "$(cut -d ' ' -f 2 "$tmp/old" "$tmp/new" | sort | uniq -d | wc -l | awk -v all="$(wc -l <"$tmp/old")" '{ print ($1 < all / 4 ? "yes" : $1) }')"
refused "a key that is none" "not a number" $convert --anonymise=key "$samples/pipe.mmtrace.gz" "$tmp/x"
finish
