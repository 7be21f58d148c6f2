#!/bin/sh
# Recordings of a live kernel's page allocator through the modelled lists: what the kernel refilled and drained, to the
# page (tests/data/kmem/README); and whatever is wrong with such a recording is told.
. "$(dirname "$0")/lib.sh"
data=$root/tests/data/kmem

for f in gcc tf64; do
	"$mmsim" kmem --json "$data/$f.kmem.txt.xz" >"$tmp/$f.json" || bad "$f replays"
done

# value RECORDING NAME: what stands behind "NAME": in its object.
value()
{
	sed -n "s/^  \"$2\": \(.*[^,]\),\{0,1\}\$/\1/p" "$tmp/$1.json"
}

# The kernel's own figures are read right: they were counted otherwise, from the text (the README of the data).
equal "gcc: the kernel's refills" "20 1260" "$(value gcc refills.kernel.count) $(value gcc refills.kernel.pages)"
equal "tf64: the kernel's refills" "12 16065" "$(value tf64 refills.kernel.count) $(value tf64 refills.kernel.pages)"
equal "tf64: blocks of orders 4 to 8 are no refills" \
	"[63, 126, 252, 504, 1008, 2016, 2016, 2016, 2016, 2016, 2016, 2016]" "$(value tf64 refills.kernel.sizes)"
equal "gcc: the kernel's drains by frees" "[1536, 2048, 2016]" "$(value gcc drains.kernel.sizes)"
equal "gcc: the kernel's tick" "[2016]" "$(value gcc ticks.kernel.sizes)"

# The model does the same, at the same allocations and frees.
for f in gcc tf64; do
	equal "$f: the model refills as much" "$(value $f refills.kernel.sizes)" "$(value $f refills.model.sizes)"
	equal "$f: at the same allocations" "$(value $f refills.kernel.count)" "$(value $f refills.same)"
	equal "$f: the model drains as much" "$(value $f drains.kernel.sizes)" "$(value $f drains.model.sizes)"
	equal "$f: at the same frees" "$(value $f drains.kernel.count)" "$(value $f drains.same)"
	equal "$f: sizes of sets are those of the zones' marks" 0 "$(value $f odd_sizes)"
	equal "$f: no request fails" 0 "$(value $f model_failed)"
done
equal "gcc: blocks of huge pages go first" "3584 3584" \
	"$(value gcc node0.Normal.cpu0.list13.kernel.drained) $(value gcc node0.Normal.cpu0.list13.model.drained)"
# The tick's drain depends on the count at the start, which zoneinfo told some events too early: within 1 %.
tick=$(value gcc ticks.model.sizes | tr -d '[]')
check "gcc: the model's tick drains 2016 within 1 %" test "$tick" -ge 1996 -a "$tick" -le 2036
equal "tf64: an interrupt during a refill" 27 "$(value tf64 past_lists)"
"$mmsim" kmem tests/data/kmem/tf64.kmem.txt.xz >"$tmp/table"
check "a table of 80 columns" test "$(wc -L <"$tmp/table")" -le 80

# A recording made by hand: one zone, a set with 4 pages that are full at 6, a batch of 1.
cat >"$tmp/small.zoneinfo.before" <<'END'
Node 0, zone   Normal
  pages free     1000
        boost    0
        min      2
        low      6
        high     10
        spanned  4096
        present  4096
        managed  4000
        protection: (0, 0, 0)
  pagesets
    cpu: 0
              count:    4
              high:     6
              batch:    1
              high_min: 6
              high_max: 500
  node_unreclaimable:  0
  start_pfn:           4096
END

# free TASK PFN, batched TASK PFN, alloc TASK PFN: a line of each.
free()
{
	echo "$1 [000] 1.000001: kmem:mm_page_free: page=$2 pfn=$2 order=0"
}
batched()
{
	echo "$1 [000] 1.000001: kmem:mm_page_free_batched: page=$2 pfn=$2 order=0"
}
alloc()
{
	echo "$1 [000] 1.000001: kmem:mm_page_alloc: page=$2 pfn=$2 order=0 migratetype=1 gfp_flags=GFP_HIGHUSER_MOVABLE"
}
small()
{
	"$mmsim" kmem --json "$tmp/small.kmem.txt" >"$tmp/small.json"
}

# Freed in a batch: a page reaches its list when it is said again; once, not twice. The second fills the set.
{
	free 7 0x1001
	free 7 0x1002
	batched 7 0x1001
	alloc 8 0x1001
	batched 7 0x1002
	free 9 0x1003
} >"$tmp/small.kmem.txt"
small
equal "a batch's pages are freed once" "3 1" \
	"$(value small node0.Normal.cpu0.list1.frees) $(value small node0.Normal.cpu0.list1.allocs)"
equal "the page that fills the set is its last" "[2]" "$(value small drains.model.sizes)"

# What a task frees between a refill and its first page's allocation goes past the lists: no drain, no shorter refill.
{
	echo '7 [000] 1.0: kmem:mm_page_alloc_zone_locked: page=0x1100 pfn=0x1100 order=0 migratetype=1 percpu_refill=1'
	free 7 0x1001
	free 7 0x1002
	free 7 0x1003
	alloc 7 0x1100
} >"$tmp/small.kmem.txt"
small
equal "frees in an interrupt during a refill" "3 0 1" \
	"$(value small past_lists) $(value small node0.Normal.cpu0.list1.frees) $(value small refills.same)"

# Wrong input.
refused "no recording" "one recording" "$mmsim" kmem
refused "no zoneinfo" zoneinfo "$mmsim" kmem "$tmp/gcc.json"
refused "not zoneinfo" "line 1" "$mmsim" kmem -z Makefile "$data/gcc.kmem.txt.xz"
sed /high_m/d "$data/gcc.zoneinfo.before" >"$tmp/old"
refused "zoneinfo of an old kernel" "6.7" "$mmsim" kmem -z "$tmp/old" "$data/gcc.kmem.txt.xz"
refused "not a recording" "not a line of perf" "$mmsim" kmem -z "$data/gcc.zoneinfo.before" Makefile
refused "a version that had other lists" "6.7" "$mmsim" kmem -l 5.10 "$data/gcc.kmem.txt.xz"
xz -dc "$data/gcc.kmem.txt.xz" | head -c 100000 >"$tmp/cut.kmem.txt"
cp "$data/gcc.zoneinfo.before" "$tmp/cut.zoneinfo.before"
refused "a recording cut in a line" "line 911" "$mmsim" kmem "$tmp/cut.kmem.txt"
check "what is before the cut is used with --keep-going" "$mmsim" kmem --keep-going "$tmp/cut.kmem.txt"
head -c 50000 "$data/gcc.kmem.txt.xz" >"$tmp/short.kmem.txt.xz"
cp "$data/gcc.zoneinfo.before" "$tmp/short.zoneinfo.before"
refused "a cut compressed file" "short" "$mmsim" kmem "$tmp/short.kmem.txt.xz"
finish
