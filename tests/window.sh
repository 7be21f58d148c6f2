#!/bin/sh
# Parts of a replay: what comes before the measured part, regions, intervals, single accesses explained.
. "$(dirname "$0")/lib.sh"

# replay DIR OPTION...
replay()
{
	dir=$1
	shift
	$mmsim replay -q -o "$tmp/$dir" "$@" >"$tmp/$dir.out" 2>&1 || bad "replay $*" "$(tail -n 5 "$tmp/$dir.out")"
}

# States, not flows: of these the last value is told.
states=$($mmsim config --counters | sed -n 's/^\([^ ]*\) .* \[state\]$/\1/p' | tr '\n' '|' | sed 's/|$//')

# flows DIR: "name value" of every counter that counts events.
flows()
{
	sed -n 's/^ *"\([^"]*\)": \([0-9]*\),*$/\1 \2/p' "$tmp/$1/stats.json" | grep -v -E "^($states) "
}

# The first N measured, and all that comes after them, are together the whole. But for turns of cores: one more begins.
for sample in sort threads pipe; do
	trace=$samples/$sample.mmtrace.gz
	replay whole "$trace"
	cp "$tmp/whole/stats.json" "$tmp/whole-$sample.json"
	for part in 300000 1000000insns; do
		replay first "$trace" --max $part
		replay rest "$trace" --warmup $part
		{ flows first; flows rest; } | grep -v '^engine.turns' | awk '{ sum[$1] += $2 } END { for (n in sum) print n, sum[n] }' |
			sort >"$tmp/sum"
		flows whole | grep -v '^engine.turns' | sort >"$tmp/expected"
		difference=$(diff "$tmp/expected" "$tmp/sum" | head -n 10)
		equal "$sample: the first $part and the rest after a warm-up of $part are the whole" "" "$difference"
	done
done

# Without time everything but time is as with it, where one thread runs alone.
for sample in sort sqlite; do
	trace=$samples/$sample.mmtrace.gz
	replay timed "$trace" --warmup 500k
	replay untimed "$trace" --fast-forward 500k
	for dir in timed untimed; do
		flows $dir | grep -E 'misses|walks|fills|writebacks|pte_|mm\.fault|instructions|records' >"$tmp/$dir.counts"
	done
	check "$sample: the counts after 500k without time are those after a warm-up" \
		cmp "$tmp/timed.counts" "$tmp/untimed.counts"
	replay skipped "$trace" --skip 500k
	equal "$sample: what is skipped is not measured" "$(counter "$tmp/timed/stats.json" replay.records)" \
		"$(counter "$tmp/skipped/stats.json" replay.records)"
	equal "$sample: mappings were made while accesses were skipped" 0 \
		"$(counter "$tmp/skipped/stats.json" replay.segv)"
done
replay parts "$samples/threads.mmtrace.gz" --skip 50k --fast-forward 100kinsns --warmup 50k --max 100k --check
equal "skip, fast-forward, warm-up and max follow each other" 100000 "$(counter "$tmp/parts/stats.json" replay.records)"
check "the summary says what was measured" grep -q 'measured: .* (100,000 block runs)' "$tmp/parts/run.json"
replay loops "$samples/pipe.mmtrace.gz" --loop 3
replay again "$samples/pipe.mmtrace.gz" --loop 3 --warmup 1
equal "a part can be of any round of a loop" "$(($(counter "$tmp/loops/stats.json" replay.records) - 1))" \
	"$(counter "$tmp/again/stats.json" replay.records)"

# intervals DIR: how many rows, and the columns whose sum is not the counter.
intervals()
{
	flows "$1" | awk -F'[ ,]' '
		FNR == NR { total[$1] = $2; next }
		FNR == 1  { for (i = 2; i <= NF; i++) if ($i in total) name[i] = $i; next }
		          { rows++; for (i in name) sum[i] += $i }
		END {
			for (i in name) if (sum[i] != total[name[i]]) print name[i], sum[i], total[name[i]]
			for (i in name) n++
			print rows, (n == length(total)) ? "all" : "some"
		}' - "$tmp/$1/intervals.csv"
}

replay rows "$samples/sort.mmtrace.gz" --interval 1M
equal "the rows of intervals.csv add up to the counters" "13 all" "$(intervals rows)"
replay rows "$samples/sort.mmtrace.gz" --interval 100kcycles --warmup 1M --max 1M
equal "so they do in cycles after a warm-up" "all" "$(intervals rows | sed 's/^[0-9]* //')"
# states DIR: columns of states that do not end with the state that stats.json tells; and how many there are.
state_columns()
{
	sed -n 's/^ *"\([^"]*\)": \([0-9]*\),*$/\1 \2/p' "$tmp/$1/stats.json" | grep -E "^($states) " | awk -F'[ ,]' '
		FNR == NR { last[$1] = $2; next }
		FNR == 1  { for (i = 2; i <= NF; i++) if ($i in last) name[i] = $i; next }
		          { for (i in name) value[i] = $i }
		END { for (i in name) { n++; if (value[i] != last[name[i]]) print name[i], value[i], last[name[i]] }
		      print (n > 10), (n == length(last)) }' - "$tmp/$1/intervals.csv"
}
equal "states end as they are in the end" "1 1" "$(state_columns rows)"
# Latencies by row: as many samples as in latency.csv, and of one row over everything its percentiles.
replay one "$samples/sort.mmtrace.gz" --interval 1G --interval-counters 'core*.instructions,mm.fault.*,mm.frames.free'
equal "chosen columns" "core*.instructions,mm.fault.*,mm.frames.free,load.samples" \
	"$(head -n 1 "$tmp/one/intervals.csv" | cut -d, -f5-8)"
equal "a pattern sums up" "$(flows one | awk '/^mm.fault/ { n += $2 } END { print n }')" "$(sed -n 2p "$tmp/one/intervals.csv" | cut -d, -f6)"
equal "latencies of all rows" "$(awk -F, '$1 == "load" { n[$4] += $6; all += $6 } END {
		for (v = 0; all * 0.999 > seen; v++) { seen += n[v]; if (!p50 && seen >= all / 2) p50 = v }
		printf "%d,%d,", all, p50; print v - 1 }' "$tmp/one/latency.csv")" \
	"$(sed -n 2p "$tmp/one/intervals.csv" | cut -d, -f8,9,11)"
equal "samples of the rows add up" "$(awk -F, '$1 == "load" { n += $6 } END { print n }' "$tmp/rows/latency.csv")" \
	"$(awk -F, 'NR == 1 { for (i = 1; i <= NF; i++) if ($i == "load.samples") c = i; next } { n += $c } END { print n }' "$tmp/rows/intervals.csv")"
equal "the rows' cycles add up, too" "$(awk -F, 'NR > 1 { n += $4; if (!from) from = $3 - $4; to = $3 } END { print n == to - from }' "$tmp/rows/intervals.csv")" 1
refused "a pattern that matches nothing" "no counter 'core0.nothing'" $mmsim replay -q "$samples/sort.mmtrace.gz" \
	-o "$tmp/none" --interval 1M --interval-counters core0.nothing
refused "states and flows together" "adds up a state" $mmsim replay -q "$samples/sort.mmtrace.gz" \
	-o "$tmp/none" --interval 1M --interval-counters 'mm.frames.*'
refused "columns of no intervals" "needs --interval" $mmsim replay -q "$samples/sort.mmtrace.gz" -o "$tmp/none" \
	--interval-counters core0.cycles
replay none "$samples/sort.mmtrace.gz" --max 1000
equal "intervals.csv is written only when it is asked for" "" "$(ls "$tmp/none" | grep intervals)"

# A checkpoint: what comes after it is to the byte what comes after the same part without time.
checkpoint()
{
	checkpoint_name=$1
	checkpoint_trace=$2
	shift 2
	replay written "$checkpoint_trace" --skip 20k --fast-forward 150k --max 400k --checkpoint "$tmp/ck" "$@"
	replay unwritten "$checkpoint_trace" --skip 20k --fast-forward 150k --max 400k "$@"
	replay restored "$checkpoint_trace" --restore "$tmp/ck" --max 400k --check "$@"
	check "$checkpoint_name: writing a checkpoint changes nothing" \
		cmp "$tmp/written/stats.json" "$tmp/unwritten/stats.json"
	check "$checkpoint_name: the counters after a checkpoint" cmp "$tmp/written/stats.json" "$tmp/restored/stats.json"
	check "$checkpoint_name: the latencies after a checkpoint" cmp "$tmp/written/latency.csv" "$tmp/restored/latency.csv"
}

for sample in "$samples"/*.gz; do
	checkpoint "$(basename "$sample" .mmtrace.gz)" "$sample"
done
checkpoint "window core, large pages" "$samples/sort.mmtrace.gz" -s core.model=window -k thp
checkpoint "four contexts" "$samples/threads.mmtrace.gz" -s sched.contexts=4
checkpoint "other policies" "$samples/sqlite.mmtrace.gz" -s l1d.replacement=random -s l2.replacement=drrip \
	-s l3.replacement=qlru -s dtlb.replacement=random -s stlb.prefetcher=next-page
checkpoint "Zen 4, its way predictor and victim cache" "$samples/perl.mmtrace.gz" -m zen4
checkpoint "virtual L1D" "$samples/threads.mmtrace.gz" -s l1d.indexing=vivt
checkpoint "prefetchers" "$samples/sqlite.mmtrace.gz" -s l1d.prefetcher=ip-stride+next-line \
	-s l2.prefetcher=stream+adjacent
checkpoint "ticks" "$samples/sqlite.mmtrace.gz" -s kernel.time_scale=20000 -s kernel.slab=slab
checkpoint "ticks and little memory" "$samples/sort.mmtrace.gz" -s kernel.time_scale=50000 -s memory.size=24M
checkpoint "Pentium 4" "$samples/sort.mmtrace.gz" -m pentium4

# Other caches and TLBs are warmed from it: with times alone changed exactly, else nearly, far from cold.
trace=$samples/sqlite.mmtrace.gz
replay written "$trace" --fast-forward 1500k --checkpoint "$tmp/ck"
replay exact "$trace" --fast-forward 1500k -s l2.latency=20 -s dram.fabric=50ns
replay restored "$trace" --restore "$tmp/ck" -s l2.latency=20 -s dram.fabric=50ns
check "a checkpoint serves other latencies" cmp "$tmp/exact/stats.json" "$tmp/restored/stats.json"
for other in "-s l2.size=512K -s l2.ways=8" "-s l1d.size=32K -s l1d.ways=8" "-s l3.size=0" "-s dtlb.entries=48"; do
	replay exact "$trace" --fast-forward 1500k $other
	replay restored "$trace" --restore "$tmp/ck" --check $other
	replay cold "$trace" --skip 1500k $other
	exact=$(counter "$tmp/exact/stats.json" core0.cycles)
	difference=$(($(counter "$tmp/restored/stats.json" core0.cycles) - exact))
	cold=$(($(counter "$tmp/cold/stats.json" core0.cycles) - exact))
	if [ $((${difference#-} * 10)) -lt $cold ]; then
		ok "a checkpoint warms a machine with $other"
	else
		bad "a checkpoint warms a machine with $other" "$difference cycles away, cold $cold"
	fi
done
refused "a checkpoint of another kernel" "kernel.thp" $mmsim replay -q "$trace" --restore "$tmp/ck" -k thp
refused "a checkpoint of another recording" "recording 1" $mmsim replay -q "$samples/sort.mmtrace.gz" --restore "$tmp/ck"
head -c 100000 "$tmp/ck" >"$tmp/cut"
refused "a checkpoint that was cut" "whole checkpoint" $mmsim replay -q "$trace" --restore "$tmp/cut"
refused "no checkpoint" "whole checkpoint" $mmsim replay -q "$trace" --restore "$trace"
refused "a checkpoint of two cores" "one core" $mmsim replay -q "$trace" --fast-forward 1k --checkpoint "$tmp/ck" \
	-s cores=2
refused "a checkpoint of nowhere" "--fast-forward" $mmsim replay -q "$trace" --checkpoint "$tmp/ck"
refused "a checkpoint and a part" "--skip" $mmsim replay -q "$trace" --restore "$tmp/ck" --skip 5

# What is explained changes nothing, and its hops add up: mmsim itself asserts it of each.
for sample in "$samples"/*.gz; do
	name=$(basename "$sample" .mmtrace.gz)
	replay plain "$sample" --max 400k
	replay told "$sample" --max 400k --explain 1-3000,200000-203000
	check "$name: explaining changes no counter" cmp "$tmp/plain/stats.json" "$tmp/told/stats.json"
	check "$name: explaining changes no latency" cmp "$tmp/plain/latency.csv" "$tmp/told/latency.csv"
	equal "$name: every access asked for is explained" 6001 "$(grep -c '^access ' "$tmp/told.out")"
done
# On other machines too the hops add up, and several cores change nothing of that.
for machine in "-m pentium4" "-m neoverse-v2" "-m zen4 -s cores=2" "-s core.model=window" "-s cores=4"; do
	check "hops add up with $machine" $mmsim replay -q "$samples/threads.mmtrace.gz" --max 100k $machine \
		--explain 1-3000,100000-103000,60000-61000runs
	replay cores "$samples/threads.mmtrace.gz" $machine --skip 10k --fast-forward 20k --warmup 30k --max 50k --check
	equal "parts follow each other with $machine" 50000 "$(counter "$tmp/cores/stats.json" replay.records)"
done
# All loads of one dependent chase: their latencies are those of latency.csv, added up.
$mmsim generate chase -o "$tmp/chase.pcap" --size 1M --count 20000 >"$tmp/generate.out" 2>&1 ||
	bad "generate" "$(cat "$tmp/generate.out")"
replay chase "$tmp/chase.pcap" --explain 1-1000000
told=$(awk '/^access .*: load /{ load = 1 } / cycles$/ && load { sum += $1; n++; load = 0 } END { print n, sum }' \
	"$tmp/chase.out")
sampled=$(awk -F, '$1 == "load" && $4 == $5 { n += $6; sum += $4 * $6 } $1 == "load" && $4 != $5 { wide += $6 }
	END { print n + wide, wide + 0 ? "wide" : sum }' "$tmp/chase/latency.csv")
equal "the latencies told are those sampled" "$sampled" "$told"

# SimPoint's files: with every interval chosen the columns are the rows of intervals.csv.
trace=$samples/sort.mmtrace.gz
$mmsim info --bbv "$tmp/bb" --interval 1M "$trace" >"$tmp/info.out" 2>&1 || bad "info --bbv" "$(cat "$tmp/info.out")"
equal "the basic-block vectors hold every instruction" "13 $(counter "$tmp/whole-sort.json" core0.instructions)" \
	"$(awk '{ for (i = 1; i <= NF; i++) { split($i, part, ":"); sum += part[3] } } END { print NR, sum }' "$tmp/bb")"
awk 'BEGIN { for (i = 0; i < 13; i++) print i, i }' >"$tmp/points"
awk 'BEGIN { for (i = 0; i < 13; i++) print i == 4 ? 0.4 : 0.05, i }' >"$tmp/weights"
replay rows "$trace" --interval 1M
replay chosen "$trace" --simpoints "$tmp/points" --weights "$tmp/weights" --interval 1M --between warmup
# The first row holds what building the machine counted too, which is before the first interval.
awk -F, '
	FNR == NR && FNR == 1 { for (i = 2; i <= NF; i++) name[i] = $i; n = NF; next }
	FNR == NR { for (i = 2; i <= n; i++) row[name[i]] = row[name[i]] "," $i; next }
	FNR > 2 {
		for (i = 3; i < NF; i++) got = got "," $i
		rest = row[$1]; sub(/^,[^,]*/, "", rest)
		if (got != rest) print $1, got, rest
		for (i = 2; i < NF; i++) mean += (i == 6 ? 0.4 : 0.05) * $i
		if (mean - $NF > 1e-6 * mean || $NF - mean > 1e-6 * mean) print $1, mean, $NF
		got = ""; mean = 0
	}' "$tmp/rows/intervals.csv" "$tmp/chosen/simpoints.csv" >"$tmp/differences"
equal "weighted intervals are the rows of intervals.csv" "" "$(head -n 5 "$tmp/differences")"
replay few "$trace" --simpoints "$tmp/points" --weights "$tmp/weights" --interval 900k --between skip --warmup 100kinsns
check "the summary tells the weighted figures" grep -q 'weighted over 13 intervals' "$tmp/few/run.json"

# Regions between marks.
if can_record; then
	${CC:-cc} -std=gnu11 -O1 -w -o "$tmp/marks" tests/record/marks.c &&
		$mmsim record -q -o "$tmp/marks.pcap" --mark work -- "$tmp/marks" || bad "record marks"
	check "info lists marks" sh -c "$mmsim info '$tmp/marks.pcap' | grep -q '^  work  *5\$'"
	for part in 2:3 3:4 2:4; do
		replay mark-$part "$tmp/marks.pcap" --from work#${part%:*} --to work#${part#*:}
	done
	equal "two regions that follow each other are one" \
		"$({ flows mark-2:3; flows mark-3:4; } | awk '{ n[$1] += $2 } END { for (i in n) print i, n[i] }' | sort)" \
		"$(flows mark-2:4 | sort)"
	equal "a region holds one call" 1 "$(counter "$tmp/mark-2:3/stats.json" replay.marks)"
	replay mark-all "$tmp/marks.pcap" --from work --to work --interval 10k
	check "regions are counted" grep -q 'in 5 regions from work' "$tmp/mark-all/run.json"
	equal "intervals of regions add up" all "$(intervals mark-all | sed 's/^[0-9]* //')"
	refused "a mark passed too seldom" "too seldom" $mmsim replay -q "$tmp/marks.pcap" --from work#6
else
	skip "regions between marks" "needs x86-64 and a qemu-user that takes plugins"
fi

# Bad combinations.
refused "a part longer than the recording" "nothing is left" $mmsim replay -q "$samples/sort.mmtrace.gz" --warmup 1G
refused "a number that is none" "above 0" $mmsim replay -q "$samples/sort.mmtrace.gz" --skip 0
refused "a unit that is none" "runs or insns" $mmsim replay -q "$samples/sort.mmtrace.gz" --max 10Mlines
refused "cycles cannot be skipped" "cycles" $mmsim replay -q "$samples/sort.mmtrace.gz" --skip 10kcycles
refused "intervals need a directory" "-o DIR" $mmsim replay -q "$samples/sort.mmtrace.gz" --interval 1M
refused "a mark that is not there" "nowhere" $mmsim replay -q "$samples/sort.mmtrace.gz" --from nowhere
refused "points without weights" "--weights" $mmsim replay -q "$trace" --simpoints "$tmp/points" --interval 1M
refused "points without an interval" "--interval" $mmsim replay -q "$trace" --simpoints "$tmp/points" \
	--weights "$tmp/weights"
refused "points and a part" "--between" $mmsim replay -q "$trace" --simpoints "$tmp/points" --weights "$tmp/weights" \
	--interval 1M --max 5
refused "points beyond the end" "another recording" $mmsim replay -q "$trace" --simpoints "$tmp/points" \
	--weights "$tmp/weights" --interval 100M
echo "0.5 77" >"$tmp/odd"
refused "a weight of no interval" "cluster 77" $mmsim replay -q "$trace" --simpoints "$tmp/points" --weights "$tmp/odd" \
	--interval 1M
refused "vectors of several threads" "threads" $mmsim info --bbv "$tmp/bb" --interval 1M "$samples/threads.mmtrace.gz"
refused "a list that is none" "not a list" $mmsim replay -q "$samples/sort.mmtrace.gz" --explain 5-3
finish
