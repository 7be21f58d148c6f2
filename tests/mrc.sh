#!/bin/sh
# Miss-ratio curves: each of ten sizes is replayed through fully associative caches and TLBs and must have missed as
# often, to the miss; estimates lie within their bound; what `mmsim mrc` writes, refuses and draws.
. "$(dirname "$0")/lib.sh"

# misses FILE.csv KIND UNIT_BYTES CAPACITY: of the last row, where everything fits, if there is none of its own.
misses()
{
	awk -F, -v kind="$2" -v bytes="$3" -v capacity="$4" '
		$3 == kind && $5 == bytes && $6 <= capacity { misses = $9 }
		END { print misses }' "$1"
}

# references FILE.csv KIND UNIT_BYTES
references()
{
	awk -F, -v kind="$2" -v bytes="$3" '$3 == kind && $5 == bytes { print $8; exit }' "$1"
}

# sum NAME...: of counters of the last replay.
sum()
{
	total=0
	for name; do
		total=$((total + $(counter "$tmp/out/stats.json" "core0.$name")))
	done
	echo $total
}

# caches NAME RECORDING: addresses as they are, LRU, 64-byte lines.
caches()
{
	check "$1: curves" "$mmsim" mrc -q --pages none "$2" -o "$tmp/mrc"
	for lines in 1 2 4 8 32 128 512 1024 2048 4096; do
		check "$1: replay of $lines lines" "$mmsim" replay -q "$2" -m tests/oracle/dinero.cfg -s l2.size=0 -s l3.size=0 \
			-s l1d.size=$((lines * 64)) -s l1d.ways=$lines -s l1i.size=$((lines * 64)) -s l1i.ways=$lines -o "$tmp/out"
		equal "$1: misses of $lines lines, data" "$(sum l1d.load_misses l1d.store_misses)" \
			"$(misses "$tmp/mrc/mrc.csv" data 64 $lines)"
		equal "$1: misses of $lines lines, fetches" "$(sum l1i.fetch_misses)" "$(misses "$tmp/mrc/mrc.csv" fetch 64 $lines)"
	done
	equal "$1: fetches" "$(sum l1i.fetches)" "$(references "$tmp/mrc/mrc.csv" fetch 64)"
	# An atomic counts as a load and as a store there, and asks once.
	equal "$1: data references" "$(sum l1d.loads l1d.stores)" \
		$(($(references "$tmp/mrc/mrc.csv" data 64) + ${3-0}))
}

# tlbs NAME RECORDING: a recording without mappings, so that nothing is flushed.
tlbs()
{
	check "$1: curves of pages" "$mmsim" mrc -q --pages 4K "$2" -o "$tmp/mrc"
	for n in 1 2 4 8 16 24 32 64 128 512; do
		check "$1: replay of $n entries" "$mmsim" replay -q "$2" -m tests/oracle/dinero.cfg -k simple -s translation=on \
			-s l2.size=0 -s l3.size=0 -s dtlb.entries=$n -s dtlb.ways=0 -s itlb.entries=$n -s itlb.ways=0 -o "$tmp/out"
		equal "$1: misses of $n entries, data" "$(sum dtlb.misses)" "$(misses "$tmp/mrc/mrc.csv" data 4096 $n)"
		equal "$1: misses of $n entries, fetches" "$(sum itlb.misses)" "$(misses "$tmp/mrc/mrc.csv" fetch 4096 $n)"
	done
	equal "$1: lookups, data" "$(sum dtlb.lookups)" "$(references "$tmp/mrc/mrc.csv" data 4096)"
	equal "$1: lookups, fetches" "$(sum itlb.lookups)" "$(references "$tmp/mrc/mrc.csv" fetch 4096)"
}

# Accesses alone, without what the kernel reads and writes in the program's buffers; threads in the packets' order.
"$mmsim" convert --to lackey "$samples/threads.mmtrace.gz" "$tmp/threads.lackey" 2>/dev/null
"$mmsim" convert --to lackey "$samples/perl.mmtrace.gz" - 2>/dev/null | sed -n '3000000,3400000p;3400000q' >"$tmp/perl.lackey"
"$mmsim" convert "$tmp/threads.lackey" "$tmp/threads.mmtrace"
atomics=$(grep -c '^ M' "$tmp/threads.lackey")
check "there are atomics" test "$atomics" -gt 1000
# Lines that atomics crossed into would count twice there, too: there are none.
caches threads "$tmp/threads.mmtrace" "$atomics"
"$mmsim" generate random --size 300K --stores 30 --stride 24 --count 100000 -o "$tmp/random.mmtrace"
caches random "$tmp/random.mmtrace"
tlbs perl "$tmp/perl.lackey"
caches perl "$tmp/perl.lackey" "$(grep -c '^ M' "$tmp/perl.lackey")"

# values FILE: without the recording's name.
values()
{
	sed 's/,[^,]*$//' "$1"
}
check "threads as recorded" "$mmsim" mrc -q "$samples/threads.mmtrace.gz" -o "$tmp/recorded"
check "threads as converted" "$mmsim" mrc -q "$tmp/threads.mmtrace" -o "$tmp/converted"
equal "threads follow each other in the order of the packets" "$(values "$tmp/converted/mrc.csv" | md5sum)" \
	"$(values "$tmp/recorded/mrc.csv" | md5sum)"
equal "and so do their working sets" "$(values "$tmp/converted/ws.csv" | md5sum)" "$(values "$tmp/recorded/ws.csv" | md5sum)"
check "each thread apart" "$mmsim" mrc -q --per-thread --pages none "$samples/threads.mmtrace.gz" -o "$tmp/apart"
equal "each thread apart: all references" "$(references "$tmp/recorded/mrc.csv" data 64)" \
	"$(awk -F, '$3 == "data" && !seen[$2]++ { sum += $8 } END { print sum }' "$tmp/apart/mrc.csv")"
equal "each thread apart: five" 5 "$(awk -F, 'NR > 1 && !seen[$2]++ { n++ } END { print n }' "$tmp/apart/mrc.csv")"

# within EXACT SAMPLED: no ratio is further from the exact one than its bound; there is an error, and a bound.
within()
{
	awk -F, '
		FNR == 1 { next }
		NR == FNR { exact[$3, $6] = last[$3] = $10; next }
		{
			error = $10 - (($3, $6) in exact ? exact[$3, $6] : last[$3])
			error = error < 0 ? -error : error
			errors += error
			if (error > $11 + 1e-8 || $11 <= 0) { print; wrong++ }
			n++
		}
		END { print n " rows, " wrong + 0 " outside"; exit wrong > 0 || n < 50 || errors == 0 }' "$1/mrc.csv" "$2/mrc.csv"
}
for name in sort sqlite pipe; do
	check "$name: exact" "$mmsim" mrc -q --pages none --kind data,fetch,all "$samples/$name.mmtrace.gz" -o "$tmp/exact"
	for seed in 1 2 3 4 5; do
		check "$name: estimate, seed $seed" "$mmsim" mrc -q --pages none --kind data,fetch,all --sample 10% --seed $seed \
			"$samples/$name.mmtrace.gz" -o "$tmp/estimate"
		check "$name: estimate, seed $seed: within its bound" within "$tmp/exact" "$tmp/estimate"
	done
done

# Both in one cache is neither of them, and at its largest the sum.
equal "all: references" $(($(references "$tmp/exact/mrc.csv" data 64) + $(references "$tmp/exact/mrc.csv" fetch 64))) \
	"$(references "$tmp/exact/mrc.csv" all 64)"

"$mmsim" generate stream --size 64K --stride 64 -o "$tmp/stream.mmtrace"
check "of two recordings" "$mmsim" mrc -q "$tmp/stream.mmtrace" "$tmp/random.mmtrace" -o "$tmp/two"
equal "of two recordings: names" "stream.mmtrace random.mmtrace " \
	"$(awk -F, 'NR > 1 && !seen[$12]++ { printf "%s ", $12 }' "$tmp/two/mrc.csv")"
"$mmsim" mrc "$samples/sort.mmtrace.gz" --kind data,fetch,all --sample 5% >"$tmp/table"
check "the table tells the bound" grep -q '±' "$tmp/table"
equal "the table has 80 columns" "" "$(sed 's/±/+/g' "$tmp/table" | awk 'length > 80')"
"$mmsim" mrc --json "$tmp/stream.mmtrace" >"$tmp/json"
check "JSON is that of mrc.json" sh -c "'$mmsim' mrc -q '$tmp/stream.mmtrace' -o '$tmp/c' && cmp '$tmp/json' '$tmp/c/mrc.json'"
# 1024 lines in order, four times: all miss until all fit. Before that the 16 pages are touched; after that the first
# line of page k has 64 k + 15 - k lines before it, which is less than 960 of all but the last.
equal "lines in order miss always" $((16 + 4096 - 15)) "$(misses "$tmp/c/mrc.csv" data 64 960)"
equal "or never again once they fit" 1024 "$(misses "$tmp/c/mrc.csv" data 64 1024)"
check "standard input" sh -c "'$mmsim' mrc --json - <'$tmp/stream.mmtrace' | grep -q references"

refused "no recording" "name a recording" "$mmsim" mrc
refused "no such kind" "data, fetch and all" "$mmsim" mrc --kind both "$tmp/stream.mmtrace"
refused "no such line" "power of two" "$mmsim" mrc --line 48 "$tmp/stream.mmtrace"
refused "no such page" "power of two" "$mmsim" mrc --pages 4K,5K "$tmp/stream.mmtrace"
refused "no such share" "0.01 or 1%" "$mmsim" mrc --sample 2 "$tmp/stream.mmtrace"
refused "nothing in it" "no accesses" "$mmsim" mrc tests/data/kmem.txt
head -c 200000 "$samples/sort.mmtrace.gz" >"$tmp/cut.gz"
refused "a damaged recording" "cut.gz" "$mmsim" mrc "$tmp/cut.gz"
check "what is before the damage" "$mmsim" mrc --keep-going "$tmp/cut.gz"
finish
