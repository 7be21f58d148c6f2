#!/bin/sh
# The files of proc/, blocks.csv and ladder.csv of a whole replay: they agree with the counters and with each other.
. "$(dirname "$0")/lib.sh"

# replay DIR OPTION...
replay()
{
	dir=$1
	shift
	$mmsim replay -q -o "$tmp/$dir" -s kernel.placement=buddy "$@" >"$tmp/$dir.out" 2>&1 ||
		bad "replay $*" "$(tail -n 5 "$tmp/$dir.out")"
}

stat()
{
	counter "$tmp/run/stats.json" "$1"
}

# zones: "node zone free" by buddyinfo.
zones()
{
	awk '{ free = 0; for (i = 5; i <= NF; i++) free += $i * 2 ^ (i - 5); print $2 + 0, $4, free }' "$tmp/run/proc/buddyinfo"
}

# zoneinfo ZONE NAME...: the value of a line of the zone of node 0.
zoneinfo()
{
	awk -v zone="$1" -v name="$2" '/^Node/ { here = $2 == "0," && $4 == zone }
		here && ($1 == name || $1 " " $2 == name) { print $NF; exit }' "$tmp/run/proc/zoneinfo"
}

vmstat()
{
	sed -n "s/^$1 //p" "$tmp/run/proc/vmstat"
}

meminfo()
{
	awk -v name="$1:" '$1 == name { print $2 }' "$tmp/run/proc/meminfo"
}

replay run "$samples/sort.mmtrace.gz" --interval 1M
equal "there are zones" "0 DMA
0 DMA32
0 Normal" "$(zones | cut -d' ' -f1,2)"
zones >"$tmp/zones"
while read -r node zone free; do
	equal "buddyinfo of $zone: the free pages" "$(stat "mm.zone.$node.$zone.free_pages")" "$free"
	equal "zoneinfo of $zone: the free pages" "$free" "$(zoneinfo "$zone" 'pages free')"
	equal "zoneinfo of $zone: managed" "$(stat "mm.zone.$node.$zone.managed")" "$(zoneinfo "$zone" managed)"
	equal "zoneinfo of $zone: equal steps from mark to mark" "$(($(zoneinfo "$zone" low) - $(zoneinfo "$zone" min))) \
$(($(zoneinfo "$zone" low) - $(zoneinfo "$zone" min)))" "$(($(zoneinfo "$zone" high) - $(zoneinfo "$zone" low))) \
$(($(zoneinfo "$zone" promo) - $(zoneinfo "$zone" high)))"
done <"$tmp/zones"
free=$(awk '{ n += $3 } END { print n }' "$tmp/zones")
equal "vmstat: the free pages" "$free" "$(vmstat nr_free_pages)"
equal "meminfo: the free pages" $((free * 4)) "$(meminfo MemFree)"
equal "meminfo: the managed pages" "$(($(awk '$1 == "managed" { n += $2 } END { print n * 4 }' "$tmp/run/proc/zoneinfo")))" \
	"$(meminfo MemTotal)"
for name in pgfault pgreuse pgfree pgalloc_normal nr_page_table_pages; do
	equal "vmstat: $name" "$(stat mm.vmstat.$name)" "$(vmstat $name)"
done
equal "vmstat: what was allocated" "$(stat mm.alloc.allocated)" \
	"$(awk '/^pgalloc_/ { n += $2 } END { print n }' "$tmp/run/proc/vmstat")"

# rest OPTION...: at all times, pages that are neither free nor in lists nor allocated and not freed: boot's; and of all
# that are in use those that are no program's, no file's, no page table of a program, no slab's and not vmalloc()'s. Not of the
# beginning: the kernel's own tables for vmalloc() come when the first thread has its stack.
rest()
{
	replay rest "$@" --interval 500k
	awk '
		function tell() { print used - gained, used - anon - files - tables - slab - vmalloc / 4 }
		/^==>/ && /buddyinfo/ { if (n++ > 1) tell(); used = gained = slab = 0 }
		$1 == "managed" { used += $2 }
		$1 == "count:" || /^nr_free_pages / { used -= $2 }
		/^pgalloc_/ { gained += $2 }
		/^pgfree / { gained -= $2 }
		/^nr_anon_pages / { anon = $2 }
		/^nr_file_pages / { files = $2 }
		/^nr_page_table_pages / { tables = $2 }
		/^nr_slab_/ { slab += $2 }
		/^VmallocUsed:/ { vmalloc = $2 }
		END { tell() }' "$tmp/rest/proc/intervals.txt" | sort -u
}
for sample in sort threads pipe sqlite; do
	equal "$sample: every page is somebody's at all times" 1 "$(rest "$samples/$sample.mmtrace.gz" | wc -l)"
done
$mmsim generate chase -o "$tmp/chase.pcap" --size 16M --count 300000 >/dev/null 2>&1
equal "large pages: every page is somebody's at all times" 1 "$(rest "$tmp/chase.pcap" -s kernel.thp=always | wc -l)"
equal "large pages are told" 16384 "$(sed -n 's/^AnonHugePages: *\([0-9]*\) kB/\1/p' "$tmp/rest/proc/intervals.txt" | sort -n | tail -n 1)"

# The lists of all types together are those of buddyinfo; all pageblocks have a type.
types()
{
	awk '/^Page block order/ { next } /^Node .*type/ { for (i = 7; i <= NF; i++) n[$4 " " i] += $i; zone[$4] }
		/^Node/ && !/type/ { blocks = 0; for (i = 5; i <= NF; i++) blocks += $i; print "blocks", $4, blocks }
		END { for (z in zone) { s = z; for (i = 7; i <= 17; i++) s = s " " n[z " " i] + 0; print "lists", s } }' \
		"$tmp/run/proc/pagetypeinfo" | tr -d , | sort
}
equal "pagetypeinfo: the lists of buddyinfo" \
	"$(sed 's/^Node 0, zone *//' "$tmp/run/proc/buddyinfo" | tr -s ' ' | sed 's/ $//' | sort)" "$(types | sed -n 's/^lists //p')"
while read -r node zone free; do
	spanned=$(zoneinfo "$zone" spanned)
	equal "pagetypeinfo: pageblocks of $zone" $(((spanned + 511) / 512)) "$(types | sed -n "s/^blocks $zone //p")"
done <"$tmp/zones"
equal "fragmentation: no request fails" "" "$(sed 's/^.*zone *[A-Za-z0-9]* //; s/-1.000 *//g; s/ *$//' "$tmp/run/proc/extfrag_index" |
	grep .)"
equal "unusable memory: none for single pages" "0.000" "$(awk '{ print $5 }' "$tmp/run/proc/unusable_index" | sort -u)"

# Objects. What a CPU keeps ready counts as active.
slabinfo()
{
	awk 'NR > 2 { used += $2; objects += $3; pages += $6 * $15; if ($3 != $5 * $15 || $2 > $3 || $14 > $15) print "bad", $0 }
		END { print '"$1"' }' "$tmp/run/proc/slabinfo"
}
check "slabinfo: active objects are those in use, and what CPUs have ready" test "$(slabinfo used)" -ge \
	"$(stat mm.slab.in_use)"
equal "slabinfo: slabs hold their objects" "" "$(slabinfo '""' | grep bad)"
equal "meminfo: slabs" $(($(stat mm.slab.pages) * 4)) "$(meminfo Slab)"
equal "vmstat: slabs" "$(stat mm.slab.pages)" "$(($(vmstat nr_slab_reclaimable) + $(vmstat nr_slab_unreclaimable)))"
check "slabs have at least the pages of slabinfo" test "$(stat mm.slab.pages)" -ge "$(slabinfo pages)"

# Over time.
equal "blocks.csv: a state at the beginning and after each interval" 14 "$(grep -c ',all,all,' "$tmp/run/blocks.csv")"
equal "intervals.txt: as many" 14 "$(grep -c '^==> [0-9]*/buddyinfo <==$' "$tmp/run/proc/intervals.txt")"
equal "intervals.txt ends with the state at the end" "$(cat "$tmp/run/proc/buddyinfo")" \
	"$(sed -n '/^==> 13.buddyinfo/,/^==> 13.ext/p' "$tmp/run/proc/intervals.txt" | grep '^Node')"
check "blocks.csv: zones add up, blocks are the free pages" awk -F, '
	NR == 1 { next }
	{ pages = 0; for (i = 8; i <= 18; i++) { pages += $i * 2 ^ (i - 8); if ($5 != "all") sum[$1 " " i] += $i } }
	pages != $6 { print; bad = 1 }
	$5 == "all" { for (i = 8; i <= 18; i++) if (sum[$1 " " i] != $i) { print; bad = 1 } }
	END { exit bad }' "$tmp/run/blocks.csv"

# The ladder.
level()
{
	awk -F, -v level="$2" -v column="$3" '$1 == level { print $column }' "$tmp/$1/ladder.csv"
}
equal "ladder.csv: pages from lists" "$(stat mm.ladder.page.pcp.count)" "$(level run page.pcp 2)"
equal "ladder.csv: pages after a refill" "$(stat mm.ladder.page.refill.count)" "$(level run page.refill 2)"
equal "ladder.csv: frees" "$(stat mm.alloc.freed)" "$(level run page_free.pcp 2)"
equal "ladder.csv: mean cycles" "$(stat mm.ladder.page.pcp.cycles)" \
	"$(awk -F, '$1 == "page.pcp" { printf "%d\n", $2 * $3 + 0.5 }' "$tmp/run/ladder.csv")"
check "ladder.csv: a refill costs more than a hit" test "$(level run page.refill 3 | cut -d. -f1)" -gt \
	"$(level run page.pcp 3 | cut -d. -f1)"
replay first "$samples/sort.mmtrace.gz" --max 500k
replay rest "$samples/sort.mmtrace.gz" --warmup 500k
for name in page.pcp page.refill page_free.pcp; do
	equal "ladder.csv of the first and the rest: $name" "$(level run $name 2)" \
		"$(($(level first $name 2) + $(level rest $name 2)))"
done
$mmsim replay "$samples/sort.mmtrace.gz" -s kernel.placement=buddy --ladder >"$tmp/ladder.txt" 2>&1
equal "--ladder: a row a level" 3 "$(grep -c -E '^  (page|page_free)\.' "$tmp/ladder.txt")"
equal "--ladder: 80 columns" "" "$(grep -E '^.{81}' "$tmp/ladder.txt")"
equal "no ladder unless asked for" "" "$(grep 'page.pcp' "$tmp/run/summary.txt")"

# Older kernels have other files; a machine without zones has none, and old ones go.
replay run "$samples/sort.mmtrace.gz" -s kernel.era=2.4.0 -s memory.size=1G
equal "2.4 has neither zoneinfo nor vmstat" "buddyinfo extfrag_index meminfo slabinfo unusable_index" \
	"$(ls "$tmp/run/proc" | tr '\n' ' ' | sed 's/ $//')"
equal "2.4: ten orders" 10 "$(awk '{ print NF - 4 }' "$tmp/run/proc/buddyinfo" | sort -u)"
$mmsim replay -q "$samples/sort.mmtrace.gz" -o "$tmp/run" -s kernel.placement=sequential
equal "without zones there are none" "" "$(ls "$tmp/run" | grep -E 'proc|blocks|ladder')"
finish
