#!/bin/sh
# Every kind of plot from small run directories: the pictures are well-formed, say what they show in which units, and
# leave data and a script that draws them again; odd names survive; what cannot be drawn is refused with a reason.
. "$(dirname "$0")/lib.sh"
data=$root/tests/data/plots

if ! command -v gnuplot >/dev/null; then
	skip plots "gnuplot is not installed (package gnuplot-nox)"
	finish
fi

# A PNG's width and height, from its header.
png_size()
{
	od -An -tu1 -j16 -N8 "$1" | awk '{ print $1 * 16777216 + $2 * 65536 + $3 * 256 + $4, $5 * 16777216 + $6 * 65536 + $7 * 256 + $8 }'
}

well_formed()
{
	if command -v xmllint >/dev/null; then
		xmllint --noout --nonet "$1"
	else
		head -n 1 "$1" | grep -q '^<?xml' && tail -n 2 "$1" | grep -q '</svg>'
	fi
}

# says FILE.svg TEXT...: each TEXT stands in the picture.
says()
{
	says_file=$1
	shift
	for text; do
		grep -q -F -e "$text" "$says_file" || { echo "'$text' is not in $says_file"; return 1; }
	done
}

# draw NAME KIND ARGUMENT...: as SVG, PNG and PDF, and once more from the script that was left.
draw()
{
	name=$1
	shift
	for end in svg png pdf; do
		equal "$name: $end, nothing to complain of" "" "$("$mmsim" plot "$@" -o "$tmp/$name.$end" 2>&1)"
		check "$name: $end" test -s "$tmp/$name.$end"
	done
	check "$name: SVG is well-formed" well_formed "$tmp/$name.svg"
	width=$(png_size "$tmp/$name.png" | cut -d' ' -f1)
	equal "$name: PNG is 1600 wide" 1600 "$width"
	equal "$name: PDF is one" %PDF "$(head -c 4 "$tmp/$name.pdf")"
	check "$name: data beside it" test -s "$tmp/$name.dat"
}

draw latency latency "$data/sort"
check "latency: units and percentiles" says "$tmp/latency.svg" "Load latency, cumulative" "load latency (cycles)" \
	"load latency (ns at 3.80 GHz)" "loads done within that time (%)" "p99.9: 16 cycles" "machine golden-cove" \
	"trace sort.pcap.gz" "mmsim 0.1.0"
draw overlay latency old="$data/sort" new="$data/zen4" "$data/odd" "$data/stores" "$data/single" six="$data/sort"
check "overlay: every run has its name" says "$tmp/overlay.svg" ">old<" ">new<" ">odd<" ">single<" ">six<" "no loads"
draw stack stack "$data/sort"
check "stack: parts and units" says "$tmp/stack.svg" "Where the cycles went" "share of cycles (%)" "base" "kernel: fault"
draw stacks stack "$data/sort" "$data/zen4" again="$data/sort"
check "stacks: CPI" says "$tmp/stacks.svg" "cycles per instruction (CPI)" ">zen4 " "machine golden-cove, zen4"
draw shares stack "$data/sort" "$data/odd" "$data/single"
check "stacks far apart: shares" says "$tmp/shares.svg" "share of cycles (%)" "I/O wait" ">odd " "machine gol"
check "stacks: shares where asked" "$mmsim" plot stack --percent "$data/sort" "$data/zen4" -o "$tmp/asked.svg"
check "stacks: shares where asked: axis" says "$tmp/asked.svg" "share of cycles (%)"
draw served served "$data/sort" "$data/odd" "$data/stores"
check "served: levels and translations" says "$tmp/served.svg" "Where accesses were served" "L1 TLB hit" "STLB hit" \
	"page walk" "page fault" "DRAM" "mean cycles"
draw steps steps "$data/pages.csv" --points "$data/published.csv"
check "steps: units and series" says "$tmp/steps.svg" "mean load latency (cycles)" "working set (pages)" "golden-cove" \
	"Golden Cove (published)"
draw runs steps "$data/sort" "$data/odd"
check "steps of runs: axis" says "$tmp/runs.svg" "working set (pages)" "golden-cove"
check "runs and points" "$mmsim" plot steps "$data/sort" --points "$data/published.csv" -o "$tmp/both.svg"
printf 'series,bytes,latency_cycles\n# a comment\nx,65536,5\n' >"$tmp/bytes.csv"
check "runs and points in bytes" "$mmsim" plot steps "$data/sort" "$tmp/bytes.csv" -o "$tmp/both.svg"
check "pages become bytes" grep -q "^$((512 * 4096)) " "$tmp/both.dat"
check "runs by another counter" "$mmsim" plot steps "$data/sort" --x mm.fault.zero -o "$tmp/zero.svg"
check "runs by another counter: axis" says "$tmp/zero.svg" ">mm.fault.zero<"
draw parts parts "$data/parts.csv" --points "$data/parts-published.csv"
check "parts: title, unit, parts and points" says "$tmp/parts.svg" "What a shootdown takes" "time (us)" ">cores<" ">send<" \
	">handle<" ">LATR: 6 us<" "machine haswell-2s"
equal "parts: bars are sums" '"16" 1.65 1.89 2.37' "$(grep '^"16"' "$tmp/parts.dat")"
equal "parts: points stand at their bars" "1 6" "$(tail -n 1 "$tmp/parts.dat")"
draw measures measures "$data/measures.csv"
check "measures: title, headings, units and names" says "$tmp/measures.svg" "Reverse mapping" ">fork<" ">us a child<" ">pte_chain<" \
	">812<" ">1.5<" ">-<" "machine pentium3"
equal "measures: the longest bar is two thirds of its column" "1 0 1.66 \"310\"" "$(grep '"310"' "$tmp/measures.dat")"
draw blocks blocks "$data/objects"
check "blocks: units and orders" says "$tmp/blocks.svg" "Free memory by the size of its blocks" "time (ms)" \
	"free memory (MB)" "order 0, 4 KB" "order 10, 4 MB" "all free memory"
# The last row of blocks.csv: 730 MB in the largest blocks.
equal "blocks: megabytes" "$(awk -F, '$5 == "all" { mb = $18 * 4 } END { print mb }' "$data/objects/blocks.csv")" \
	"$(awk '!/^#/ { mb = $12 } END { print mb }' "$tmp/blocks.dat")"
draw ladder ladder "$data/objects"
check "ladder: levels and units" says "$tmp/ladder.svg" "Where allocations were served" "per-CPU objects" \
	"list, after a refill" "whisker to p99" "57.02 %" "25,120"
draw ladders ladder new="$data/objects" old="$data/objects-old"
check "ladders: every run has its name" says "$tmp/ladders.svg" ">new<" ">old<" "list, with a drain" "golden-cove, pentium4"
equal "ladders: a bar a level and run" "$(cat "$data"/objects*/ladder.csv | awk -F, '$2 > 0 && NR > 1' | grep -c -v ^level)" \
	"$(grep -c -v '^#' "$tmp/ladders.dat")"
"$mmsim" generate random --size 64K --stores 20 -o "$tmp/random.mmtrace"
check "curves to draw" "$mmsim" mrc -q "$tmp/random.mmtrace" -o "$tmp/random"
check "estimated ones" "$mmsim" mrc -q --sample 20% --kind all "$tmp/random.mmtrace" -o "$tmp/part"
draw misses mrc "$tmp/random"
check "mrc: units and kinds" says "$tmp/misses.svg" "Misses by the size of the cache" "size of the cache (bytes)" \
	"misses (% of references)" ">data<" ">instruction fetches<" "lines of 64 bytes" "trace random.mmtrace" "mmsim 0.1.0"
equal "mrc: the numbers are those of mrc.csv" "$(awk -F, '$3 == "data" && $5 == 64 { print $7, 100 * $10 }' "$tmp/random/mrc.csv")" \
	"$(awk '/^# data$/ { on = 1; next } /^$/ { on = 0 } on && !/^#/ { print $1, $2 + 0 }' "$tmp/misses.dat")"
draw estimates mrc whole="$tmp/random" "$tmp/part"
check "mrc: estimates have bands" says "$tmp/estimates.svg" ">whole, data<" "random.mmtrace, data and instructions" "bands: bound"
draw tlb mrc --unit 4K "$tmp/random/mrc.csv"
check "mrc: reach and entries" says "$tmp/tlb.svg" "reach of the TLB (bytes)" ">entries<" "pages of 4 KB"
draw ws ws "$tmp/random"
check "ws: units" says "$tmp/ws.svg" "Working set" "window (references)" "mean working set (bytes)"
# What replay --timeline and --interval wrote.
"$mmsim" replay -q "$samples/threads.mmtrace.gz" -s cores=2 -s kernel.time_scale=1000 --timeline --interval 200k -o "$tmp/told"
draw timeline timeline "$tmp/told"
check "timeline: lanes, parts and units" says "$tmp/timeline.svg" "What the kernel did, and when" ">core 0<" ">core 1<" \
	"time (ms)" "faults (" "shootdown (" "interrupts (" "kernel threads (" "program (" "white: idle" "trace threads.mmtrace.gz"
# The shares are of the time that the spans take: those of interrupts do not lie in each other.
equal "timeline: time of interrupts" "$(awk -F'"cycles":' '/^{"name":"ipi"/ { sum += $2 } END { printf "%.0f", sum / 3800 }' \
	"$tmp/told/events.json")" "$(sed -n 's/.*interrupts (\([0-9]*\) us.*/\1/p' "$tmp/timeline.svg")"
"$mmsim" replay -q "$samples/threads.mmtrace.gz" -s cores=2 --timeline=50 -o "$tmp/cut"
check "timeline: cut" "$mmsim" plot timeline "$tmp/cut" -o "$tmp/cut.svg"
check "timeline: the reader is told" says "$tmp/cut.svg" "cut at the limit of events"
draw intervals intervals "$tmp/told"
check "intervals: panels and units" says "$tmp/intervals.svg" "Memory and faults over time" "time (ms)" "pages in use" \
	"free pages" "faults per millisecond" "shootdown: per millisecond" ">cleared page<" ">interrupts<"
equal "intervals: the faults of the rows" "$(counter "$tmp/told/stats.json" mm.fault.zero)" "$(awk '
	NR == FNR { if (FNR > 1) { split($0, v, ","); cycles[FNR - 1] = v[4] } next }
	/^# mm.fault.zero/ { on = 1; next } /^$/ { on = 0 } on && !/^#/ { sum += $3 * cycles[++row] / 3800000 }
	END { printf "%.0f", sum }' "$tmp/told/intervals.csv" "$tmp/intervals.dat")"
draw time time "$tmp/told"
check "time: percentiles and units" says "$tmp/time.svg" "Load latency over time" "load latency (cycles)" "time (ms)" ">median<" \
	">p99<" ">p99.9<" ">longest<"
draw times time first="$tmp/told" second="$tmp/told"
check "time: every run has its name" says "$tmp/times.svg" ">first<" ">second<" "Load latency along the program" \
	"million instructions"
draw causes latency --by cause "$tmp/told"
check "latency by cause" says "$tmp/causes.svg" "Latency of loads and stores by what the kernel did" ">cleared page<" ">no fault<" \
	">all loads and stores<" "accesses"
equal "latency by cause: the parts are the whole" "$(awk -F, '$1 == "load" || $1 == "store" { n += $6 } END { print n }' \
	"$tmp/told/latency.csv") twice" "$(awk '!/^#/ { n += $2 } /^# / { block = $0 } /^# all/ { part = n; n = 0 }
	END { print n, n == part ? "twice" : part }' "$tmp/causes.dat")"
draw translations latency --by translation "$data/sort"
check "plots of a run with all of it" "$mmsim" plot "$tmp/told"
equal "its pictures" "intervals latency served stack time timeline" "$(ls "$tmp/told/plots" | sed -n 's/\.svg$//p' | tr '\n' ' ' | sed 's/ $//')"
draw map map "$samples/sort.mmtrace.gz"
check "map: units and names" says "$tmp/map.svg" "Addresses over time" "million instructions" "pages of 4 KB" ">[anon]<" \
	">libc.so.6<" ">written<" ">read<" ">code executed<" "trace sort.mmtrace.gz"
equal "map: as many pages as info counts" "$("$mmsim" info "$samples/sort.mmtrace.gz" | awk '/different addresses of pages/ { print $1 }')" \
	"$(sed -n 's/^set yrange \[0:\([0-9]*\)\]$/\1/p' "$tmp/map.gp")"
refused "no timeline" "mmsim replay --timeline" "$mmsim" plot timeline "$data/sort" -o "$tmp/x.svg"
refused "a timeline of two runs" "one run" "$mmsim" plot timeline "$tmp/told" "$tmp/told" -o "$tmp/x.svg"
refused "no intervals" "mmsim replay --interval" "$mmsim" plot intervals "$data/sort" -o "$tmp/x.svg"
refused "no latencies over time" "mmsim replay --interval" "$mmsim" plot time "$data/sort" -o "$tmp/x.svg"
refused "no such column" "cause, translation or served" "$mmsim" plot latency --by fault "$data/sort" -o "$tmp/x.svg"
refused "no recording" "cannot" "$mmsim" plot map "$tmp/nothing" -o "$tmp/x.svg"
# The tail, from the numbers of latency.csv.
draw tail tail old="$data/sort" new="$data/zen4"
check "tail: units, percentiles" says "$tmp/tail.svg" "loads that took longer (%)" "load latency (cycles)" ">p99.99<" ">old<" ">new<"
slower()
{
	awk -F, -v than="$2" '$1 == "load" { all += $6; if ($4 > than) slow += $6 } END { printf "%.8f", slow / all }' "$1/latency.csv"
}
equal "tail: the share above 5 cycles" "$(slower "$data/sort" 5)" \
	"$(awk '/^# old/ { on = 1 } on && $1 == 5 { last = $2 } on && /^$/ { exit } END { printf "%.8f", last }' "$tmp/tail.dat")"

# Of sweeps: the numbers are those of summary.csv.
check "a sweep to draw" "$mmsim" sweep -q --vary l1d.size=24K,48K,96K --vary l2.latency=14,20 --seed 1..3 \
	-s l1d.replacement=random --trace "$tmp/random.mmtrace" -o "$tmp/sweep"
draw heat heat "$tmp/sweep" --figure "L1D MPKI"
check "heat: units and keys" says "$tmp/heat.svg" "L1D MPKI (misses per 1000 instructions)" "l1d.size (bytes)" "l2.latency (cycles)" \
	">24K<" ">20<" "trace random.mmtrace"
equal "heat: the means" "$(awk -F, '$4 == "L1D MPKI" { print $7 }' "$tmp/sweep/summary.csv" | sort)" \
	"$(awk '!/^#/ { print $5 }' "$tmp/heat.dat" | sort)"
draw lines lines "$tmp/sweep" --figure "load mean" --x l1d.size
check "lines: units, keys, bands" says "$tmp/lines.svg" "load mean (cycles)" "l1d.size (bytes)" ">l2.latency 14<" ">96K<" "95 % confidence"
equal "lines: means and intervals" "$(awk -F, '$4 == "load mean" { print $7, $11, $12 }' "$tmp/sweep/summary.csv" | sort)" \
	"$(awk '/^[0-9]/ { print $2, $3, $4 }' "$tmp/lines.dat" | sort)"
check "lines of a counter" "$mmsim" plot lines "$tmp/sweep" --figure core0.l1d.load_misses --only l2.latency=20 -o "$tmp/one.line.svg"
check "with its unit" says "$tmp/one.line.svg" "core0.l1d.load_misses (references)" "l2.latency=20"
refused "a heat map of one key" "no two keys" "$mmsim" plot heat "$tmp/sweep" --only l2.latency=14 -o "$tmp/x.svg"
refused "a value that is not there" "no such value" "$mmsim" plot lines "$tmp/sweep" --only l2.latency=15 -o "$tmp/x.svg"
refused "a figure that is not there" "summary.csv" "$mmsim" plot lines "$tmp/sweep" --figure nonsense -o "$tmp/x.svg"
refused "a run for a sweep" "not the directory of a sweep" "$mmsim" plot lines "$data/sort" -o "$tmp/x.svg"

# Loaded latency: traffic is lines and bytes by time.
"$mmsim" generate chase --size 8M --count 30000 -o "$tmp/chase.mmtrace"
"$mmsim" replay -q -k simple -s l2.size=0 -s l3.size=0 "$tmp/chase.mmtrace" -o "$tmp/dram"
draw loaded loaded "$tmp/dram" other="$tmp/dram"
check "loaded: units and names" says "$tmp/loaded.svg" "DRAM traffic, reads and writes (GB/s)" "mean load latency, from DRAM (ns)" \
	">golden-cove<" ">other<"
equal "loaded: traffic" "$(echo "$(counter "$tmp/dram/stats.json" dram.reads) $(counter "$tmp/dram/stats.json" dram.writes) \
	$(counter "$tmp/dram/stats.json" core0.cycles)" | awk '{ printf "%.3f", ($1 + $2) * 64 * 3.8 / $3 }')" \
	"$(awk '/^[0-9]/ { printf "%.3f", $1; exit }' "$tmp/loaded.dat")"
refused "no loads from DRAM" "DRAM" "$mmsim" plot loaded "$data/single" -o "$tmp/x.svg"

refused "no curves" "mmsim mrc -o" "$mmsim" plot mrc "$data/sort" -o "$tmp/x.svg"
refused "no pages of that size" "8192 bytes" "$mmsim" plot mrc --unit 8K "$tmp/random" -o "$tmp/x.svg"
refused "no size of a page" "4K or 2M" "$mmsim" plot mrc --unit 4Q "$tmp/random" -o "$tmp/x.svg"
sed -i '3s/,line,/,/' "$tmp/part/mrc.csv"
refused "a damaged curve" "line 3" "$mmsim" plot mrc "$tmp/part" -o "$tmp/x.svg"
refused "no table of measures" "one table" "$mmsim" plot measures "$data/sort" -o "$tmp/x.svg"
printf 'a,b|c\nx,1,2\n' >"$tmp/measures.csv"
refused "a damaged table of measures" "line 2 has more numbers" "$mmsim" plot measures "$tmp/measures.csv" -o "$tmp/x.svg"
refused "no table of parts" "one table" "$mmsim" plot parts "$data/sort" -o "$tmp/x.svg"
printf 'a,b\n1,x\n' >"$tmp/parts.csv"
refused "a damaged table of parts" "line 2 has no number" "$mmsim" plot parts "$tmp/parts.csv" -o "$tmp/x.svg"
refused "a point without a bar" "for one of the bars" "$mmsim" plot parts "$data/parts.csv" --points "$data/published.csv" \
	-o "$tmp/x.svg"
refused "no blocks" "kernel.placement" "$mmsim" plot blocks "$data/sort" -o "$tmp/x.svg"
refused "blocks of two runs" "one run" "$mmsim" plot blocks "$data/objects" "$data/objects" -o "$tmp/x.svg"
refused "no ladder" "kernel.placement" "$mmsim" plot ladder "$data/sort" -o "$tmp/x.svg"
cp -r "$data/objects" "$tmp/damaged"
sed -i '3s/,[0-9]*$/,x/' "$tmp/damaged/blocks.csv" "$tmp/damaged/ladder.csv"
refused "a damaged table of blocks" "line 3" "$mmsim" plot blocks "$tmp/damaged" -o "$tmp/x.svg"
sed -i '3s/,/;/' "$tmp/damaged/ladder.csv"
refused "a damaged ladder" "line 3" "$mmsim" plot ladder "$tmp/damaged" -o "$tmp/x.svg"
refused "other axes" "cannot share axes" "$mmsim" plot steps "$data/pages.csv" "$tmp/bytes.csv" -o "$tmp/x.svg"

draw odd latency "it's_{x}^2 50% \"<b>&"="$data/odd"
check "odd names are shown as they are" says "$tmp/odd.svg" "_{x}^2 50%" "my_machine_{x}^2" "linux_6 100%"

draw bytes stack "$(printf 'caf\351 \342\202\254 \001')"="$data/odd" "$data/sort"
check "what is no text does not reach the picture" says "$tmp/bytes.svg" "caf? $(printf '\342\202\254')"

# What was drawn adds up.
sums_to_100()
{
	awk -v column="$2" '/^#/ { next } { gsub(/"[^"]*"/, "x"); sum += $column }
		END { if (sum < 99.99 || sum > 100.01) { print "sums to " sum; exit 1 } }' "$1"
}
check "stack: shares sum to 100 %" sums_to_100 "$tmp/stack.dat" 9
shares_sum_to_1()
{
	awk -v kind="$2" '/^#/ { next } { gsub(/"[^"]*"/, "x") } $11 == kind { sum += $14 }
		END { if (sum < 0.9999 || sum > 1.0001) { print "sums to " sum; exit 1 } }' "$1"
}
check "served: time" "$mmsim" plot served "$data/sort" -o "$tmp/one.svg"
check "served: shares of the loads' time sum to 1" shares_sum_to_1 "$tmp/one.dat" load
check "served: shares of the stores' time sum to 1" shares_sum_to_1 "$tmp/one.dat" store

# The script that is left draws the same picture.
check "drawing once more" "$mmsim" plot latency "$data/sort" -o "$tmp/again.svg"
cp "$tmp/again.svg" "$tmp/first.svg"
rm "$tmp/again.svg"
check "the script runs by itself" sh -c "cd '$tmp' && gnuplot again.gp"
check "the script draws the same" cmp "$tmp/first.svg" "$tmp/again.svg"

mkdir "$tmp/here"
check "default names" sh -c "cd '$tmp/here' && '$mmsim' plot stack '$data/sort' && test -s stack.svg && test -s stack.png"

cp -r "$data/sort" "$tmp/run"
check "the usual pictures of a run" "$mmsim" plot "$tmp/run"
for kind in latency stack served; do
	check "the usual pictures of a run: $kind" test -s "$tmp/run/plots/$kind.svg" -a -s "$tmp/run/plots/$kind.png"
done

refused "unknown kind" "latency, tail, time, stack, served, timeline, intervals, steps, loaded, blocks, ladder, heat, lines, parts, measures, mrc, ws, map" "$mmsim" plot pie "$data/sort"
refused "no runs" "KIND RUN" "$mmsim" plot latency
refused "not a run" "not a run directory" "$mmsim" plot latency "$root/tests" -o "$tmp/x.svg"
refused "unknown format" "svg, .png or .pdf" "$mmsim" plot latency "$data/sort" -o "$tmp/x.gif"
refused "no loads" "no loads" "$mmsim" plot latency "$data/stores" -o "$tmp/x.svg"
refused "a table of another kind" "series,<x>,latency_<unit>" "$mmsim" plot steps "$data/sort/latency.csv" -o "$tmp/x.svg"
printf 'series,pages,latency_cycles\na,1,2\nb,0,3\n' >"$tmp/zero.csv"
refused "a point without a place" "line 3" "$mmsim" plot steps "$tmp/zero.csv" -o "$tmp/x.svg"
printf '{"complete": false}\n' >"$tmp/here/run.json"
refused "an unfinished run" "did not finish" "$mmsim" plot stack "$tmp/here" -o "$tmp/x.svg"

PATH=/nonexistent "$mmsim" plot stack "$data/sort" -o "$tmp/x.svg" >"$tmp/missing" 2>&1
equal "without gnuplot: a failure" 1 $?
check "without gnuplot: the package is named" grep -q gnuplot-nox "$tmp/missing"
"$mmsim" plot stack "$data/sort" -o "$tmp/no/such/x.svg" >"$tmp/missing" 2>&1
equal "no directory for the picture: a failure" 1 $?
check "no directory for the picture: it is named" grep -q "no/such/x" "$tmp/missing"

# near FILE.dat X EXPECTED: the point at X is within 10 %.
near()
{
	awk -v x="$2" -v y="$3" '$1 == x { found = 1; if ($2 < 0.9 * y || $2 > 1.1 * y) { print x ": " $2; exit 1 } }
		END { if (!found) { print "no point at " x; exit 1 } }' "$1"
}
if [ "${MMSIM_TEST_LONG-}" = 1 ]; then
	check "the staircases of golden-cove" env OUT="$tmp/steps" configs/experiments/steps.sh golden-cove
	for point in "pages 65 5" "pages 129 12" "pages 513 12" "pages 1025 23" "pages 2049 23" "chase 45056 5" "chase 102400 16" \
		"chase 266240 16"; do
		set -- $point
		check "the staircases: $1, $2" near "$tmp/steps/$1.dat" "$2" "$3"
	done
fi
finish
