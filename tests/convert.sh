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

# how_many FILE: lines of info that are the same of a recording and of what is made anonymous of it.
how_many()
{
	told "$1" | awk '$1 ~ /^(instructions|block|loads|stores|atomics|mmap|munmap|mremap|mprotect|madvise|brk|read|write|syscall|seen|wake|wait)$/'
}

# same_counts WHAT PATTERN OPTION...: both recordings, replayed with these, count the same.
same_counts()
{
	what=$1 pattern=$2
	shift 2
	"$mmsim" replay -q "$trace" "$@" -o "$tmp/before"
	"$mmsim" replay -q "$tmp/anonymous.mmtrace" "$@" -o "$tmp/after"
	check "$what: there are some" test -n "$(numbers "$tmp/before" "$pattern")"
	equal "$what" "$(numbers "$tmp/before" "$pattern")" "$(numbers "$tmp/after" "$pattern")"
}

# Faults and walks at one page a fault, TLBs without sets, so that nothing hangs on which pages are neighbours.
alone='-s kernel.fault_around=4K -s itlb.p4k.ways=0 -s dtlb.p4k.ways=0 -s stlb.ways=0 -s cores=1'
tlbs='mm\.fault\.|core0\.(itlb|dtlb|stlb)\.(lookups|misses)|core0\.walker\.(walks|pte_reads)'
for sample in sort perl pipe sqlite threads; do
	trace=$samples/$sample.mmtrace.gz
	case $sample in
	pipe | sqlite) hows=page ;; # enough to know regions by
	*) hows='page region' ;;
	esac
	for how in $hows; do
		check "$sample: anonymous, $how by $how" $convert --anonymise=$how,5 "$trace" "$tmp/anonymous.mmtrace"
		check "$sample: $how: and sound" "$mmsim" info --verify "$tmp/anonymous.mmtrace"
		equal "$sample: $how: no file of the original is named" "" \
			"$(strings -n 4 "$tmp/anonymous.mmtrace" | grep -E '/usr|/lib|/etc|/home|\.so' | head -n 3)"
		equal "$sample: $how: runs, accesses and events are the same" "$(how_many "$trace")" \
			"$(how_many "$tmp/anonymous.mmtrace")"
		same_counts "$sample: $how: L1s without translation" 'core0\.(l1i|l1d)\.(fetch|load|store|writeback)' -s translation=off
		same_counts "$sample: $how: faults, TLBs and walks" "$tlbs" $alone
		cp "$tmp/anonymous.mmtrace" "$tmp/$sample.$how"
	done
	[ $how = region ] || continue
	# These keep also caches of up to 2 MB, TLBs with sets, and what is mapped around a fault.
	same_counts "$sample: caches without translation" 'core0\.(l1i|l1d|l2)\.(fetch|load|store|writeback)' -s translation=off
	[ $sample = threads ] || same_counts "$sample: TLBs with sets" "$tlbs" -s cores=1
done
trace=$samples/sort.mmtrace.gz
cp "$tmp/sort.page" "$tmp/anonymous.mmtrace"
same_counts "large pages" "$tlbs|mm\.thp\." $alone -s kernel.thp=always
check "a recording of which little is scrambled" sh -c "$convert --anonymise '$samples/pipe.mmtrace.gz' '$tmp/x' 2>&1 |
	grep -q 'only [0-9]* of [0-9]* pages change places'"
cp "$tmp/threads.page" "$tmp/anonymous.mmtrace"
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
# Pages in their 2 MB: most change places, by regions none does.
places()
{
	$convert -t lackey "$1" - 2>/dev/null | awk '/^I/ { next } { sub(/,.*/, "", $2); print substr($2, length($2) - 4, 2) }'
}
places "$samples/sort.mmtrace.gz" >"$tmp/old"
places "$tmp/sort.region" >"$tmp/new"
check "by regions, offsets in 1 MB are what they were" cmp "$tmp/old" "$tmp/new"
places "$tmp/sort.page" | paste -d ' ' "$tmp/old" - >"$tmp/new"
equal "by pages, most are not" yes "$(awk '!($1 in to) { to[$1] = $2; n++; moved += $1 != $2 }
	END { print (moved > n / 2 ? "yes" : moved " of " n) }' "$tmp/new")"
refused "a key that is none" "not a number" $convert --anonymise=key "$samples/pipe.mmtrace.gz" "$tmp/x"
refused "nor behind a word" "not a number" $convert --anonymise=page,x "$samples/pipe.mmtrace.gz" "$tmp/x"
refused "nor a word that is longer" "not a number" $convert --anonymise=pages "$samples/pipe.mmtrace.gz" "$tmp/x"
finish
