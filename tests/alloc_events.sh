#!/bin/sh
# Are allocation events the same however they are told: generated, as perf script's text, plain or compressed, or as a
# capture made of that text? Do they add up, and is said what became of them?
. "$(dirname "$0")/lib.sh"

# replays NAME FILE [SETTING]...: a replay of four cores into $tmp/NAME.
replays()
{
	replays_name=$1
	replays_file=$2
	shift 2
	check "$replays_name replays" $mmsim replay -q --check -s cores=4 -s memory.size=64M "$@" "$replays_file" \
		-o "$tmp/$replays_name"
}

# has NAME COUNTER VALUE
has()
{
	equal "$1: $2" "$3" "$(counter "$tmp/$1/stats.json" "$2")"
}

# summary WHAT NAME TEXT: which may go over lines
summary()
{
	if tr -s '\n ' '  ' <"$tmp/$2/summary.txt" | tr -s ' ' | grep -q -e "$3"; then
		ok "the summary says $1"
	else
		bad "the summary says $1" "$(cat "$tmp/$2/summary.txt")"
	fi
}

for kind in lifo random pass fragment network file; do
	for what in pages objects; do
		options="--count 3000 --live 300 --cpus 3 --seed 5"
		[ $what = pages ] || options="$options --object 200"
		name=$kind-$what
		check "alloc-$name is made" $mmsim generate alloc-$kind -o "$tmp/$name.gz" $options
		$mmsim generate alloc-$kind -o "$tmp/again.gz" $options
		check "alloc-$name is made alike again" cmp "$tmp/$name.gz" "$tmp/again.gz"
		check "info --verify alloc-$name" $mmsim info --verify "$tmp/$name.gz"
		replays "$name" "$tmp/$name.gz"
		allocs=$(($(counter "$tmp/$name/stats.json" mm.kevents.page_allocs) +
			$(counter "$tmp/$name/stats.json" mm.kevents.object_allocs)))
		[ $kind = fragment ] && expected=3300 || expected=3000
		equal "$name: allocations" $expected $allocs
		has "$name" mm.kevents.unknown_frees 0
		has "$name" mm.kevents.pages 0
		has "$name" mm.kevents.objects 0
		has "$name" replay.order_gaps 0
		has "$name" replay.cut 0
	done
done

# The same pages, twice: what was recorded as text of four CPUs, with what a kernel tells beside. Every block is freed by
# another CPU, but for the last forty; ten frees are of what was there before.
awk 'BEGIN {
	head = "prog %d [%03d] %d.%06d: %s\n"
	for (i = 0; i < 2000; i++) {
		order = i % 3
		printf head, 100 + i % 4, i % 4, 7, 10 * i, \
			sprintf("kmem:mm_page_alloc: page=0x%x pfn=0x%x order=%d migratetype=%d gfp_flags=%s", \
				i * 8 + 8, i * 8 + 8, order, i % 2, i % 2 ? "GFP_HIGHUSER_MOVABLE" : "GFP_KERNEL|__GFP_ZERO")
		printf head, 100 + i % 4, i % 4, 7, 10 * i + 1, \
			sprintf("kmem:mm_page_alloc_zone_locked: page=0x%x pfn=0x%x order=0 migratetype=0 percpu_refill=1", i, i)
		if (i >= 40) {
			j = i - 40
			printf head, 100, (j + 1) % 4, 7, 10 * i + 2, \
				sprintf("kmem:mm_page_free: page=0x%x pfn=0x%x order=%d", j * 8 + 8, j * 8 + 8, j % 3)
		}
		if (i % 200 == 0)
			printf head, 100, 1, 7, 10 * i + 3, \
				sprintf("kmem:mm_page_free: page=0x%x pfn=0x%x order=0", 900000 + i, 900000 + i)
	}
}' >"$tmp/kmem.txt"
xz -k "$tmp/kmem.txt"
gzip -k "$tmp/kmem.txt"
for f in kmem.txt kmem.txt.xz kmem.txt.gz; do
	check "$f is recognised" sh -c "$mmsim info --verify '$tmp/$f' | grep -q ': kmem$'"
done
$mmsim info "$tmp/kmem.txt" >"$tmp/info"
for line in "passed over 2000" "page_alloc 2000" "page_free 1970" "CPU 3 500 490" "order 2 666 653" \
	"migratetype movable 1000" "blocks never freed 40, freed by another CPU 1960, there from before 10"; do
	case $line in
	CPU* | order* | migratetype*) section=${line%% *} rest=${line#* } ;;
	*) section=. rest=$line ;;
	esac
	check "info says: $line" awk -v section="$section" -v rest="$rest" '
		$1 == section || section == "." { inside = 1 }
		NF == 0 { inside = section == "." }
		inside { $1 = $1; if (index($0, rest) == 1) found = 1 }
		END { exit !found }' "$tmp/info"
done
check "text to capture" $mmsim convert "$tmp/kmem.txt.xz" "$tmp/kmem.mmtrace.gz"
replays text "$tmp/kmem.txt"
replays capture "$tmp/kmem.mmtrace.gz"
check "the capture replays as the text does" cmp "$tmp/text/stats.json" "$tmp/capture/stats.json"
has text mm.kevents.page_allocs 2000
has text mm.kevents.page_frees 1970
has text mm.kevents.unknown_frees 10
has text mm.kevents.pages 93
has text mm.kevents.stand_ins 0
replays stand-ins "$tmp/kmem.txt" -s replay.stand_ins=yes
has stand-ins mm.kevents.unknown_frees 10
has stand-ins mm.kevents.stand_ins 10
has stand-ins mm.kevents.pages 93
has text replay.order_gaps 0
summary "what was replayed" text "allocation events: 2000 of pages, 1970 frees of pages, 10 frees of what"
replays objects "$tmp/kmem.txt" -s replay.allocations=objects
has objects mm.kevents.page_allocs 0
replays touched "$tmp/kmem.txt" -s replay.touch=line
touched=$(counter "$tmp/touched/stats.json" mm.kevents.touched)
equal "each block's first line is touched when it is taken and freed" $(((2000 + 1960) * 64)) "$touched"
replays slow "$tmp/kmem.txt" -s replay.gap_scale=100
slow=$(counter "$tmp/slow/stats.json" core0.cycles)
quick=$(counter "$tmp/text/stats.json" core0.cycles)
check "recorded times pass: $quick cycles without, $slow with them" test "$slow" -gt $((quick + 1000000))

# The kernel's own page allocator takes and gets back the same.
replays buddy "$tmp/kmem.txt" -s kernel.placement=buddy
has buddy mm.kevents.page_allocs 2000
has buddy mm.kevents.failed 0
has buddy mm.kevents.pages 93
for slab in slab slub; do
	replays $slab "$tmp/random-objects.gz" -s kernel.placement=buddy -s kernel.slab=$slab
	has $slab mm.kevents.objects_taken 3000
	has $slab mm.kevents.objects_given 3000
	has $slab mm.kevents.unmodelled 0
done

# More than there is room for is a result.
$mmsim generate alloc-random -o "$tmp/large.gz" --live 30000 --count 40000
replays large "$tmp/large.gz"
failed=$(counter "$tmp/large/stats.json" mm.kevents.failed)
check "what does not fit is counted ($failed)" test "$failed" -gt 1000
has large mm.kevents.failed_frees "$failed"
has large mm.kevents.pages 0
summary "what failed" large "$failed that got nothing"

# Damage.
{ head -n 1000 "$tmp/kmem.txt"; echo "prog 1 [001] 7.1: kmem:mm_page_free: page=0x1"; } >"$tmp/bad.txt"
refused "a line without its fields" "line 1001" $mmsim info "$tmp/bad.txt"
check "and stepped over" $mmsim info --keep-going "$tmp/bad.txt"
head -c 20000 "$tmp/kmem.txt.gz" >"$tmp/cut.gz"
refused "a cut file" "line" $mmsim replay -q "$tmp/cut.gz"

finish
