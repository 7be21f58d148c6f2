#!/bin/sh
# Two virtual addresses of a line, by the command line: cycles and refills an access are closed formulas of the latencies.
. "$(dirname "$0")/lib.sh"

MMSIM=$mmsim OUT=$tmp/alias configs/experiments/alias.sh >"$tmp/table" 2>"$tmp/err" ||
	bad "configs/experiments/alias.sh" "$(cat "$tmp/err")"

# row LABEL CYCLES REFILLS MISPREDICTS
row()
{
	equal "$1" "$2 $3 $4" "$(sed -n "s/^$1  *//p" "$tmp/table" | tr -s ' ' | cut -d ' ' -f 1-3)"
}

row '48K\/12 ways vipt, next page' 5.00 0.00 0.00
row '64K\/4 ways vipt, same colour' 4.00 0.00 0.00
row '64K\/4 ways vipt, next page' 10.00 1.00 0.00
row '64K\/4 ways pipt, next page' 5.00 0.00 0.00
row '64K\/4 ways vivt, same colour' 11.00 1.00 0.00
row '32K\/8 ways vipt, utag, same utag' 5.00 0.00 0.00
row '32K\/8 ways vipt, utag, next page' 13.00 0.00 1.00

# --- frames of the pages' colours: private pages have no aliases left, not even with the kernel's mapping ---

aliases()
{
	"$mmsim" replay -q -o "$tmp/run" "$samples/sort.mmtrace.gz" -s l1d.size=64K -s l1d.ways=4 "$@" >/dev/null &&
		counter "$tmp/run/stats.json" core0.l1d.alias_evictions
}

if [ "$(aliases)" -gt 1000 ]; then ok "frames of any colour alias"; else bad "frames of any colour alias"; fi
equal "coloured frames do not" 0 "$(aliases -s l1d.alias=colour -s kernel.placement=coloured)"
refused "colour without coloured frames" kernel.placement "$mmsim" replay -q -o "$tmp/run" \
	"$samples/sort.mmtrace.gz" -s l1d.size=64K -s l1d.ways=4 -s l1d.alias=colour
refused "no room for tags" kernel.asids "$mmsim" replay -q -o "$tmp/run" "$samples/sort.mmtrace.gz" \
	-s kernel.layout=x86-64-la57 -s kernel.asids=4095 -s l1d.indexing=vivt -s l1i.line=16 -s l1d.line=16 -s l2.line=16 -s l3.line=16

# --- kinds of index: what a virtually tagged hit saves, and what a switch costs it ---

MMSIM=$mmsim OUT=$tmp/indexing configs/experiments/indexing.sh >"$tmp/indexing.table" 2>"$tmp/err" ||
	bad "configs/experiments/indexing.sh" "$(cat "$tmp/err")"

# column SAMPLE LABEL N: 1 cycles, 3 DTLB lookups, 4 its misses, 5 L1D misses, 6 lines flushed.
column()
{
	sed -n "s/^$1  *$2   *//p" "$tmp/indexing.table" | tr -s ' ' | cut -d ' ' -f "$3"
}

for sample in sort pipe; do
	for n in 3 4 5; do
		equal "$sample: vipt and pipt have the same column $n" "$(column $sample vipt $n)" "$(column $sample pipt $n)"
	done
	check "$sample: a pipt hit is later" test "$(column $sample pipt 1)" -gt "$(column $sample vipt 1)"
	check "$sample: a vivt hit asks no TLB" test $((20 * $(column $sample 'vivt, ASID tags' 3))) -lt "$(column $sample vipt 3)"
done
check "pipe: a switch empties a cache without tags" \
	test "$(column pipe 'vivt, flushed' 6)" -gt $((2 * $(column pipe 'vivt, ASID tags' 6)))
finish
