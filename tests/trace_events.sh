#!/bin/sh
# replay --trace-events: what the simulated kernel's tracepoints say as perf script's text is read back by what reads a
# live kernel's, and leads to the same refills and drains; it is as much as the counters say.
. "$(dirname "$0")/lib.sh"

# lines FILE EVENT: how many there are.
lines()
{
	grep -c " $2: " "$1"
}

# pages FILE EVENT: that its lines are about.
pages()
{
	awk -v event="$2:" 'index($0, " " event " ") { for (i = 1; i <= NF; i++) if ($i ~ /^order=/) n += 2 ^ substr($i, 7) }
		END { print n + 0 }' "$1"
}

# round NAME SAMPLE OPTION...: the simulated events through the modelled lists once more.
round()
{
	name=$1
	sample=$2
	shift 2
	check "$name: events" $mmsim replay -q "$sample" "$@" --trace-events "$tmp/$name.kmem.txt" --interval 100G -o "$tmp/$name"
	sed -n '/==> 0\/zoneinfo/,/==> 0\/vmstat/p' "$tmp/$name/proc/intervals.txt" | grep -v '^==>' >"$tmp/$name.zoneinfo.before"
	check "$name: mmsim kmem reads them" $mmsim kmem "$tmp/$name.kmem.txt"
	$mmsim kmem "$tmp/$name.kmem.txt" --json >"$tmp/$name.json"
	# The page for which a block of another type is claimed is told by mm_page_alloc_extfrag alone, so that the kernel's
	# refill reads as one page less.
	claimed=$(lines "$tmp/$name.kmem.txt" kmem:mm_page_alloc_extfrag)
	equal "$name: as many refills" "$(counter "$tmp/$name.json" refills.kernel.count)" "$(counter "$tmp/$name.json" refills.model.count)"
	check "$name: the same refills, but for $claimed" test \
		"$(counter "$tmp/$name.json" refills.same)" -ge $(($(counter "$tmp/$name.json" refills.kernel.count) - claimed))
	equal "$name: as many pages refilled" "$(counter "$tmp/$name.json" refills.model.pages)" \
		"$(grep percpu_refill=1 "$tmp/$name.kmem.txt" >"$tmp/refills"
		grep -h mm_page_alloc_extfrag "$tmp/$name.kmem.txt" | sed 's/alloc_order=/order=/; s/extfrag/zone_locked/' >>"$tmp/refills"
		pages "$tmp/refills" kmem:mm_page_alloc_zone_locked)"
	equal "$name: the same drains" "$(counter "$tmp/$name.json" drains.kernel.count) $(counter "$tmp/$name.json" drains.same)" \
		"$(counter "$tmp/$name.json" drains.model.count) $(counter "$tmp/$name.json" drains.kernel.count)"
}

round threads "$samples/threads.mmtrace.gz" -s cores=4
check "there are some" test "$(counter "$tmp/threads.json" refills.same)" -gt 10 -a "$(counter "$tmp/threads.json" drains.same)" -gt 10
round sort "$samples/sort.mmtrace.gz"
round window "$samples/sort.mmtrace.gz" -s core.model=window -s kernel.time_scale=10000

# As much as the counters say; what building the machine counted is no part of it.
for options in "-s cores=4" "-s memory.size=64M -k thp"; do
	# shellcheck disable=SC2086
	$mmsim replay -q "$samples/threads.mmtrace.gz" $options --warmup 1 --trace-events "$tmp/text" -o "$tmp/run" || bad "replay $options"
	stats=$tmp/run/stats.json
	equal "$options: requests" "$(counter "$stats" mm.alloc.requests)" "$(lines "$tmp/text" kmem:mm_page_alloc)"
	equal "$options: pages freed" "$(counter "$stats" mm.alloc.freed)" "$(pages "$tmp/text" kmem:mm_page_free)"
	equal "$options: pages drained" "$(counter "$stats" mm.pcp.drained)" "$(pages "$tmp/text" kmem:mm_page_pcpu_drain)"
	equal "$options: objects" "$(counter "$stats" mm.slab.allocs)" \
		"$(($(lines "$tmp/text" kmem:kmem_cache_alloc) + $(lines "$tmp/text" kmem:kmalloc)))"
	equal "$options: objects freed" "$(counter "$stats" mm.slab.frees)" \
		"$(($(lines "$tmp/text" kmem:kmem_cache_free) + $(lines "$tmp/text" kmem:kfree)))"
	equal "$options: faults" "$(sed -n 's/^ *"core[0-9]*.traps": \([0-9]*\),*$/\1/p' "$stats" | awk '{ n += $1 } END { print n }')" \
		"$(lines "$tmp/text" exceptions:page_fault_user)"
	equal "$options: pages of files" "$(counter "$stats" mm.page_cache.added)" \
		"$(lines "$tmp/text" filemap:mm_filemap_add_to_page_cache)"
done

# On one core time goes on; the text is the same each time; the results are those without it.
$mmsim replay -q "$samples/perl.mmtrace.gz" --trace-events "$tmp/one" -o "$tmp/with"
$mmsim replay -q "$samples/perl.mmtrace.gz" --trace-events - >"$tmp/again"
$mmsim replay -q "$samples/perl.mmtrace.gz" -o "$tmp/without"
equal "time goes on" 0 "$(awk '{ t = $4 + 0; n += t < last; last = t } END { print n }' "$tmp/one")"
check "the same text again" cmp "$tmp/one" "$tmp/again"
check "the same results as without" cmp "$tmp/with/stats.json" "$tmp/without/stats.json"
equal "the program and its thread" 1 "$(awk '$1 ~ /^perl$/ { print $1, $2 }' "$tmp/one" | sort -u | wc -l)"

# What a shortage of memory says.
$mmsim generate touch --pages 8000 --count 8000 -o "$tmp/touch.mmtrace" >"$tmp/out" 2>&1 || bad generate "$(cat "$tmp/out")"
for form in split mglru; do
	$mmsim replay -q "$tmp/touch.mmtrace" -s memory.size=24M -s kernel.reclaim=$form --trace-events "$tmp/short" -o "$tmp/run"
	equal "$form: direct reclaim begins and ends" "$(lines "$tmp/short" vmscan:mm_vmscan_direct_reclaim_begin)" \
		"$(lines "$tmp/short" vmscan:mm_vmscan_direct_reclaim_end)"
	equal "$form: as often as it is counted" "$(counter "$tmp/run/stats.json" mm.reclaim.direct)" "$(lines "$tmp/short" vmscan:mm_vmscan_direct_reclaim_end)"
	equal "$form: kswapd wakes" "$(counter "$tmp/run/stats.json" mm.vmstat.pageoutrun)" "$(lines "$tmp/short" vmscan:mm_vmscan_kswapd_wake)"
	check "$form: it has its own name" grep -q '^ *kswapd0 .*vmscan:' "$tmp/short"
	equal "$form: pages looked at" "$(($(counter "$tmp/run/stats.json" mm.reclaim.scanned_kswapd) + $(counter "$tmp/run/stats.json" mm.reclaim.scanned_direct)))" \
		"$(awk '/lru_shrink_inactive/ { sub(/.*nr_scanned=/, ""); n += $1 } END { print n + 0 }' "$tmp/short")"
done

# A recording of kernel events like any other.
check "replayed" $mmsim replay -q "$tmp/threads.kmem.txt" -s cores=4 --check -o "$tmp/replayed"
equal "every allocation of pages" "$(lines "$tmp/threads.kmem.txt" kmem:mm_page_alloc)" \
	"$(counter "$tmp/replayed/stats.json" mm.kevents.page_allocs)"
$mmsim replay -q "$tmp/touch.mmtrace" --trace-events "$tmp/no/such/directory" >"$tmp/out" 2>&1
equal "a file that cannot be written is a failure" 1 $?
check "it is named" grep -q "no/such/directory" "$tmp/out"
finish
