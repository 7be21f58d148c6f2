#!/bin/sh
# replay --profile: nothing else changes by it; its sums are those of the counters and latencies; what was planted is found:
# pages of equal heat, lines that are falsely shared, functions and data by their names.
. "$(dirname "$0")/lib.sh"

# column FILE NAME: the sum of a column, as whole numbers.
column()
{
	awk -F, -v name="$2" 'NR == 1 { for (i = 1; i <= NF; i++) if ($i == name) at = i; next } { sum += $at } END { printf "%d", sum }' "$1"
}

# latencies RUN SERVED: data accesses that such a level served.
latencies()
{
	awk -F, -v served="$2" '($1 == "load" || $1 == "store") && $2 == served { sum += $6 } END { printf "%d", sum }' "$1/latency.csv"
}

for sample in sort pipe threads; do
	trace=$samples/$sample.mmtrace.gz
	"$mmsim" replay -q "$trace" -s cores=2 -o "$tmp/plain"
	check "$sample: a profile" "$mmsim" replay -q "$trace" -s cores=2 --profile=1000000 -o "$tmp/told"
	check "$sample: no counter changes by it" cmp "$tmp/plain/stats.json" "$tmp/told/stats.json"
	check "$sample: no latency" cmp "$tmp/plain/latency.csv" "$tmp/told/latency.csv"
	equal "$sample: accesses by mapping are all" \
		"$("$mmsim" info "$trace" | awk '$1 == "loads" || $1 == "stores" || $1 == "atomics" { n += $2 } /process .*thread/ { exit } END { print n }')" \
		"$(column "$tmp/told/mappings.csv" accesses)"
	equal "$sample: so are those by page" "$(column "$tmp/told/mappings.csv" accesses)" "$(column "$tmp/told/pages.csv" accesses)"
	equal "$sample: pages by mapping" "$(($(wc -l <"$tmp/told/pages.csv") - 1))" "$(column "$tmp/told/mappings.csv" pages)"
	for file in mappings pages lines code; do
		equal "$sample: $file: what DRAM served" "$(latencies "$tmp/told" dram)" "$(column "$tmp/told/$file.csv" dram)"
		equal "$sample: $file: what other cores did" "$(latencies "$tmp/told" remote)" "$(column "$tmp/told/$file.csv" remote)"
	done
	equal "$sample: page walks" "$(awk -F, '($1 == "load" || $1 == "store") && $3 == "walk" { n += $6 } END { print n + 0 }' \
		"$tmp/told/latency.csv")" "$(column "$tmp/told/lines.csv" walks)"
done

# A part of a run.
"$mmsim" replay -q "$samples/sort.mmtrace.gz" --warmup 100k --max 50k --profile -o "$tmp/part"
equal "of the measured part alone" "$(latencies "$tmp/part" dram)" "$(column "$tmp/part/mappings.csv" dram)"
equal "accesses too" "$(awk -F, '($1 == "load" || $1 == "store") { n += $6 } END { print n }' "$tmp/part/latency.csv")" \
	"$(column "$tmp/part/mappings.csv" accesses)"

# 512 pages, each read as often as the others, and more than the first-level TLB holds: all as hot.
"$mmsim" generate pages --pages 512 --count 51200 -o "$tmp/pages.mmtrace"
"$mmsim" replay -q "$tmp/pages.mmtrace" --profile -o "$tmp/pages"
equal "each page of a walk over pages" 512 "$(awk -F, 'NR > 1 && $6 >= 100' "$tmp/pages/pages.csv" | wc -l)"
"$mmsim" replay -q "$tmp/pages.mmtrace" --profile=7 -o "$tmp/pages"
equal "as many rows as asked for" 8 "$(wc -l <"$tmp/pages/pages.csv")"
"$mmsim" replay -q "$tmp/pages.mmtrace" -o "$tmp/pages"
check "a run without one has none" test ! -e "$tmp/pages/pages.csv"

# Threads that count in words beside each other: the line with the counters is the one that they fight for.
"$mmsim" generate sharing --threads 4 --stride 8 --count 4000 -o "$tmp/sharing.mmtrace"
"$mmsim" replay -q "$tmp/sharing.mmtrace" -s cores=4 --profile -o "$tmp/sharing"
equal "the falsely shared line, of four cores" "4 yes" \
	"$(awk -F, 'NR == 2 { print $6, ($7 > 100 ? "yes" : "no") }' "$tmp/sharing/lines.csv")"
check "in the terminal, too" sh -c "'$mmsim' replay '$tmp/sharing.mmtrace' -s cores=4 --profile | grep -q 'data in'"
refused "no number of rows" "number above 0" "$mmsim" replay -q "$tmp/pages.mmtrace" --profile=none

if can_record && command -v cc >/dev/null; then
	cat >"$tmp/named.c" <<'END'
#include <stdlib.h>
int big_table[1 << 20] = { 1 }, zeros[1 << 20];
static __attribute__((noinline)) int missing(unsigned x) { return ((volatile int *)big_table)[x] + ((volatile int *)zeros)[x]; }
int main(void)
{
	unsigned s = 1, sum = 0, i;
	for (i = 0; i < 20000; i++) { s = s * 1664525 + 1013904223; sum += missing(s >> 12); }
	return sum == 1 ? 1 : 0;
}
END
	cc -O1 -o "$tmp/named" "$tmp/named.c"
	check "a program of our own" "$mmsim" record -o "$tmp/named.mmtrace" -- "$tmp/named"
	"$mmsim" replay -q "$tmp/named.mmtrace" --profile=100000 -o "$tmp/names"
	equal "the function that misses" missing "$(awk -F, 'NR == 2 { print $2 }' "$tmp/names/code.csv")"
	equal "its table" yes "$(awk -F, '$5 ~ /^big_table/ { n++ } END { print (n > 5000 ? "yes" : n) }' "$tmp/names/lines.csv")"
	equal "and its zeros" yes "$(awk -F, '$5 ~ /^zeros/ && $3 ~ /named .bss$/ { n++ } END { print (n > 5000 ? "yes" : n) }' \
		"$tmp/names/lines.csv")"
	mv "$tmp/named" "$tmp/elsewhere"
	"$mmsim" replay -q "$tmp/named.mmtrace" --profile -o "$tmp/names"
	equal "without the file no names" "" "$(awk -F, '$1 ~ /named$/ { print $2 }' "$tmp/names/code.csv" | sort -u)"
else
	skip "names of a recorded program" "nothing can be recorded here"
fi
finish
