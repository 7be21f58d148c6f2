#!/bin/sh
# Sweeps: every point as a replay of its own gives it, the table the same to the byte however the sweep was run, stopped and
# resumed. Comparisons: a planted difference is found, equal runs are equal. On recordings that it makes itself.
. "$(dirname "$0")/lib.sh"

sweep="$mmsim sweep -q"
"$mmsim" generate random -o "$tmp/a.pcap" --size 256K --count 60000 --stores 30
"$mmsim" generate chase -o "$tmp/b.pcap" --size 128K --count 60000
vary='--vary l1d.size=24K,48K,96K --vary l2.latency=14,20'
both="--trace $tmp/a.pcap --trace $tmp/b.pcap"

# columns FILE: its header, a name a line; cells FILE ROW: a row of it, a cell a line. No cell here holds a comma.
columns()
{
	head -n 1 "$1" | tr , '\n'
}

cells()
{
	sed -n "$2p" "$1" | tr , '\n'
}

# as_stats FILE ROW FIRST: the counters of a row, as stats.json writes them, first column FIRST.
as_stats()
{
	columns "$1" >"$tmp/columns"
	cells "$1" "$2" | paste -d ' ' "$tmp/columns" - | awk -v first="$3" '
		NR >= first { lines[++n] = sprintf(" \"%s\": %s", $1, $2) }
		END {
			print "{"
			for (i = 1; i <= n; i++)
				print lines[i] (i < n ? "," : "")
			print "}"
		}'
}

# The whole of it, undisturbed.
check "a sweep of 24 points" $sweep $vary $both --seed 1..2 -s l2.replacement=random --max 50k -o "$tmp/whole"
csv=$tmp/whole/sweep.csv
equal "a row a point" 25 "$(wc -l <"$csv")"
equal "keys, recording, seed and error are columns" "point,l1d.size,l2.latency,trace,seed,error,replay.records" \
	"$(head -n 1 "$csv" | cut -d , -f 1-7)"
equal "a unit each column" "$(columns "$csv")" "$(cut -d , -f 1 "$tmp/whole/units.csv" | sed 1d)"
equal "sizes are bytes" "24576 49152 98304" "$(cut -d , -f 2 "$csv" | sed 1d | sort -u | tr '\n' ' ' | sed 's/ $//')"
check "and said to be" grep -q '^l1d.size,bytes,' "$tmp/whole/units.csv"
equal "nothing temporary is left" "manifest.json points summary.csv sweep.csv units.csv" \
	"$(ls "$tmp/whole" | grep -v '^failed$' | tr '\n' ' ' | sed 's/ $//')"

# Single replays of some points: by its columns, not by its name.
for row in 2 9 16 25; do
	cells "$csv" $row >"$tmp/cells"
	size=$(sed -n 2p "$tmp/cells")
	latency=$(sed -n 3p "$tmp/cells")
	trace=$(sed -n 4p "$tmp/cells")
	seed=$(sed -n 5p "$tmp/cells")
	"$mmsim" replay -q "$tmp/$trace" -s seed=$seed -s l2.replacement=random -s l1d.size=$size \
		-s l2.latency=$latency --max 50k -o "$tmp/single" 2>&1
	as_stats "$csv" $row 7 >"$tmp/row.json"
	check "row $row is what a single replay counts" cmp "$tmp/row.json" "$tmp/single/stats.json"
	check "and its directory too" cmp "$tmp/single/stats.json" \
		"$tmp/whole/points/$(sed -n 1p "$tmp/cells")/stats.json"
done
# Means over the seeds, of the same table by another way.
"$mmsim" replay -q "$tmp/a.pcap" --max 50k -o "$tmp/one"
mean_cycles()
{
	awk -F , -v column="$(columns "$csv" | grep -n -x core0.cycles | cut -d : -f 1)" 'NR > 1 {
		key = $2 "," $3 "," $4; if (!(key in sum)) order[++n] = key
		sum[key] += $column
	} END { for (i = 1; i <= n; i++) printf "%s,%.10g\n", order[i], sum[order[i]] / 2 }' "$csv"
}
equal "summary.csv has means over seeds" "$(mean_cycles)" \
	"$(awk -F , '$4 == "cycles" { print $1 "," $2 "," $3 "," $7 }' "$tmp/whole/summary.csv")"
equal "of two seeds each" 2 "$(sed 1d "$tmp/whole/summary.csv" | cut -d , -f 6 | sort -u)"
equal "means within their intervals, those between least and greatest" "" "$(sed 1d "$tmp/whole/summary.csv" | awk -F , '
	!($8 <= $7 && $7 <= $9 && $11 <= $7 && $7 <= $12)')"
equal "a seed of whose nothing depends gives no spread" 0 "$(awk -F , '$4 == "L1D MPKI" && $10 != 0' \
	"$tmp/whole/summary.csv" | wc -l)"

equal "all rows but for the seeds differ" 12 "$(cut -d , -f 2-4,7- "$csv" | sed 1d | awk -F , '
	{ key = $1 $2 $3 } !(key in seen) { seen[key] = 1; n++ } END { print n }')"

# points DIR: how many it has.
points()
{
	set -- "$1"/points/*
	[ -e "$1" ] && echo $# || echo 0
}

# await_points DIR N PID: until it has so many, or the process has ended. In the background sweeps yield to the watcher.
await_points()
{
	while [ "$(points "$1")" -lt "$2" ] && kill -0 "$3" 2>/dev/null; do
		:
	done
}

# Killed after a random number of new points, and resumed: nothing is lost, nothing made twice. A sweep that is over before
# it is killed shows nothing: then all begins again.
again="nice -n 19 $sweep $vary $both --seed 1..2 -s l2.replacement=random --max 50k -o $tmp/killed --jobs 2"
killed=0
tries=0
while [ $killed -lt 3 ] && [ $tries -lt 30 ]; do
	tries=$((tries + 1))
	$again >"$tmp/out" 2>&1 &
	pid=$!
	more=$(od -An -N1 -tu1 /dev/urandom | awk '{ print 1 + $1 % 5 }')
	await_points "$tmp/killed" $(($(points "$tmp/killed") + more)) $pid
	kill -9 $pid 2>/dev/null && killed=$((killed + 1))
	wait $pid 2>/dev/null
	if [ -e "$tmp/killed/sweep.csv" ]; then
		rm -rf "$tmp/killed" "$tmp/had"
		killed=0
	fi
	ls -d --time-style=full-iso -l "$tmp/killed"/points/*/stats.json >>"$tmp/had" 2>/dev/null
done
equal "killed three times" 3 $killed
check "it was not done" test ! -e "$tmp/killed/sweep.csv"
check "some points were" test -s "$tmp/had"
check "resumed" $mmsim sweep -q --resume "$tmp/killed"
check "the table of a sweep that was killed" cmp "$csv" "$tmp/killed/sweep.csv"
check "its units" cmp "$tmp/whole/units.csv" "$tmp/killed/units.csv"
ls -d --time-style=full-iso -l "$tmp/killed"/points/*/stats.json >"$tmp/has"
equal "no point was replayed twice" "" "$(sort -u "$tmp/had" | grep -v -x -F -f "$tmp/has")"
equal "nothing of the killed is left" "" "$(ls "$tmp/killed/tmp" 2>/dev/null)"

# In parts, and asked for again.
parts="$sweep $vary $both --seed 1..2 -s l2.replacement=random --max 50k -o $tmp/parts"
check "the second part of two" $parts --part 2/2 -j 1
equal "it is half" 12 "$(ls "$tmp/parts/points" | wc -l)"
check "and writes no table" test ! -e "$tmp/parts/sweep.csv"
check "the first part" $parts --part 1/2
check "the table of two parts" cmp "$csv" "$tmp/parts/sweep.csv"
rm "$tmp/parts/sweep.csv"
check "the same again" $parts
check "comes to the same" cmp "$csv" "$tmp/parts/sweep.csv"

# Four that begin at the same time in a new directory, which is a matter of luck: ten times.
ended=0
tables=0
for round in 1 2 3 4 5 6 7 8 9 10; do
	parts="$sweep $vary $both --max 200 -o $tmp/four.$round"
	for i in 1 2 3 4; do
		$parts --part $i/4 -j 1 >"$tmp/part.$i" 2>&1 &
		eval "part$i=\$!"
	done
	for i in 1 2 3 4; do
		if eval "wait \$part$i"; then ended=$((ended + 1)); else cat "$tmp/part.$i"; fi
	done
	[ "$(wc -l <"$tmp/four.$round/sweep.csv")" = 13 ] && tables=$((tables + 1))
done
equal "four parts at the same time" 40 $ended
equal "write one table" 10 $tables

# In parts that know nothing of each other, merged.
for i in 1 2; do
	$sweep $vary $both --seed 1..2 -s l2.replacement=random --max 50k -o "$tmp/half.$i" --part $i/2 >/dev/null
done
check "two halves are merged" $sweep --merge "$tmp/half.1" --merge "$tmp/half.2" -o "$tmp/merged"
check "the table of merged halves" cmp "$csv" "$tmp/merged/sweep.csv"
check "and their summary" cmp "$tmp/whole/summary.csv" "$tmp/merged/summary.csv"
equal "merged points are those of the halves" "" "$(for d in "$tmp"/half.*/points/*; do
	diff -r "$d" "$tmp/merged/points/$(basename "$d")" | head -n 3; done)"
refused "another sweep is not merged" 'holds another sweep' $sweep --merge "$tmp/half.1" --merge "$tmp/four.1" -o "$tmp/no.merge"
refused "nothing else goes with merging" '\-o' $sweep --merge "$tmp/half.1" --max 10 -o "$tmp/no.merge"

# Each point reads the recording itself, or finds some of it decoded, or all: nothing of it is seen in the results.
for keep in 0 1 1G; do
	check "decoded recordings in $keep bytes" $sweep $vary $both --seed 1..2 -s l2.replacement=random --max 50k \
		--keep $keep -o "$tmp/keep.$keep"
	check "give the same table" cmp "$csv" "$tmp/keep.$keep/sweep.csv"
done
check "to the end of the recordings" $sweep $vary $both --keep 1G -o "$tmp/keep.all"
check "without" $sweep $vary $both --keep 0 -o "$tmp/keep.none"
check "gives the same table" cmp "$tmp/keep.all/sweep.csv" "$tmp/keep.none/sweep.csv"

# Beside another program on the same machine: what a replay of both counts.
beside="$sweep --vary l1d.size=24K,48K --trace $tmp/a.pcap --with $tmp/b.pcap -s cores=2 --max 50k"
check "beside another recording" $beside -o "$tmp/with"
for keep in 0 1G; do
	check "the same with $keep bytes kept" $beside --keep $keep -o "$tmp/with.$keep"
	check "gives the same table" cmp "$tmp/with/sweep.csv" "$tmp/with.$keep/sweep.csv"
done
"$mmsim" replay -q "$tmp/a.pcap" "$tmp/b.pcap" -s cores=2 -s l1d.size=48K --max 50k -o "$tmp/both"
equal "two programs ran" 2 "$(counter "$tmp/both/stats.json" replay.processes)"
check "it is a replay of both" cmp "$tmp/both/stats.json" "$tmp/with/points/0002_l1d.size=48K/stats.json"
rm -r "$tmp/with/points/0001"*
check "resumed" $sweep --resume "$tmp/with"
check "it gives the same table" cmp "$tmp/with/sweep.csv" "$tmp/with.0/sweep.csv"
refused "beside nothing it is another sweep" 'holds another sweep' $sweep --vary l1d.size=24K,48K --trace "$tmp/a.pcap" \
	-s cores=2 --max 50k -o "$tmp/with"
printf 'traces = "a.pcap"; with = [ "b.pcap" ]; max = "50k"; settings = "cores=2";
	vary = ( { key = "l1d.size"; values = [ "24K", "48K" ]; } );\n' >"$tmp/with.cfg"
check "said in a file" $sweep "$tmp/with.cfg" -o "$tmp/with.file"
check "it is the same" cmp "$tmp/with/sweep.csv" "$tmp/with.file/sweep.csv"
refused "a recording that is not there" 'nowhere' $sweep --vary l1d.ways=1 $both --with "$tmp/nowhere" -o "$tmp/no.with"

# Conditions, beside a filter of the whole table.
check "a sweep with a condition" $sweep $vary $both --where 'l1d.size * l2.latency > 700K || l1d.size == 24K' \
	--where 'l2.size > l1d.size' --max 50k -o "$tmp/where"
equal "has the points that fulfil it" \
	"$(cut -d , -f 2-4 "$csv" | sed 1d | awk -F , '$1 * $2 > 700 * 1024 || $1 == 24576' | uniq)" \
	"$(cut -d , -f 2-4 "$tmp/where/sweep.csv" | sed 1d)"
equal "numbered" 0001 "$(ls "$tmp/where/points" | head -n 1 | cut -d _ -f 1)"
rm -r "$tmp/where/points/0003"* "$tmp/where/sweep.csv"
check "resumed" $sweep --resume "$tmp/where"
equal "it has them again" 11 "$(wc -l <"$tmp/where/sweep.csv")"
refused "a condition of an unknown key" "no key" $sweep $vary $both --where 'l1d.sise > 1' -o "$tmp/no"
refused "one that nothing fulfils" "none of the 12" $sweep $vary $both --where 'l1d.size > l3.size' -o "$tmp/no"

# As a database.
if command -v sqlite3 >/dev/null; then
	check "a sweep as a database" $sweep --resume "$tmp/whole" --sqlite
	equal "has the counters of the table" \
		"$(awk -F , -v column="$(columns "$csv" | grep -n -x core0.cycles | cut -d : -f 1)" \
			'NR > 1 { print $1 "|" $2 "|" $3 "|" $5 "|" $column }' "$csv")" \
		"$(sqlite3 "$tmp/whole/sweep.sqlite" 'SELECT point, "l1d.size", "l2.latency", seed, value FROM tidy
			WHERE counter = "core0.cycles" ORDER BY point')"
	equal "and their units" "$(awk -F , '$1 == "core0.l2.loads" { print $2 }' "$tmp/whole/units.csv")" \
		"$(sqlite3 "$tmp/whole/sweep.sqlite" 'SELECT unit FROM counters WHERE name = "core0.l2.loads"')"
	equal "numbers are numbers" integer,integer "$(sqlite3 "$tmp/whole/sweep.sqlite" \
		'SELECT DISTINCT typeof("l1d.size") || "," || typeof(value) FROM tidy')"
else
	skip "a sweep as a database" "sqlite3 is not installed"
fi

# Interrupted, with all to do but a point.
$sweep $vary $both --seed 1..8 -o "$tmp/stopped" --jobs 1 >"$tmp/out" 2>&1 &
pid=$!
await_points "$tmp/stopped" 1 $pid
kill -TERM $pid
wait $pid
equal "a sweep that is interrupted ends with 1" 1 $?
check "and says how to go on" grep -q -e "--resume $tmp/stopped" "$tmp/out"
equal "and leaves nothing half" "" "$(ls "$tmp/stopped/tmp" 2>/dev/null)"

# Points that fail.
$sweep --vary l1d.size=24K,40K,48K --trace "$tmp/a.pcap" -o "$tmp/failing" >"$tmp/out" 2>&1
equal "a sweep with a point that fails ends with 1" 1 $?
check "which one and why is said" grep -q '0002_l1d.size=40K failed: .*multiple of ways' "$tmp/out"
equal "the others have results" 2 "$(ls "$tmp/failing/points" | wc -l)"
equal "rows with an error" 1 "$(grep -c 'multiple of ways' "$tmp/failing/sweep.csv")"
cp "$tmp/failing/sweep.csv" "$tmp/failing.csv"
$sweep --resume "$tmp/failing" >"$tmp/out" 2>&1
equal "again when it is resumed" 1 $?
check "with the same table" cmp "$tmp/failing.csv" "$tmp/failing/sweep.csv"

# From a file, with zipped lists and machines; what the command line says on top.
cat >"$tmp/sweep.cfg" <<END
traces = [ "b.pcap" ];
seeds = [ 3 ];
max = "20k";
vary = (
	{ key = "l1d.size"; values = [ "32K", "48K" ]; },
	{ key = "l1d.ways"; values = [ 8, 12 ]; zip = true; }
);
END
check "a sweep in a file" $sweep "$tmp/sweep.cfg" --vary machine=golden-cove,zen4 --seed 1 -o "$tmp/file"
equal "zipped lists go together" \
	"32768,8,golden-cove,b.pcap,1 32768,8,zen4,b.pcap,1 49152,12,golden-cove,b.pcap,1 49152,12,zen4,b.pcap,1" \
	"$(sed 1d "$tmp/file/sweep.csv" | cut -d , -f 2-6 | tr '\n' ' ' | sed 's/ $//')"
check "the example" sh -c "$sweep configs/sweeps/l1d-size.cfg --max 2k -o '$tmp/example'"
equal "has ten points" 11 "$(wc -l <"$tmp/example/sweep.csv")"

# What is killed for long: bundled recordings, 64 points, five times.
if [ "${MMSIM_TEST_LONG-}" = 1 ]; then
	long="$sweep --vary l1d.size=24K,48K,96K,192K --vary l2.latency=14,16,18,20 --vary dtlb.replacement=lru,fifo
		--trace $samples/sort.mmtrace.gz --trace $samples/pipe.mmtrace.gz -j 2"
	check "64 points of bundled recordings" $long -o "$tmp/long"
	killed=0
	while [ $killed -lt 5 ]; do
		$long -o "$tmp/long.killed" >"$tmp/out" 2>&1 &
		pid=$!
		await_points "$tmp/long.killed" $(($(points "$tmp/long.killed") + 1 + $(od -An -N1 -tu1 /dev/urandom) % 8)) $pid
		kill -9 $pid 2>/dev/null && killed=$((killed + 1))
		wait $pid 2>/dev/null
	done
	check "killed five times and resumed" $sweep --resume "$tmp/long.killed"
	check "the same table" cmp "$tmp/long/sweep.csv" "$tmp/long.killed/sweep.csv"
	equal "of 64 points" 65 "$(wc -l <"$tmp/long/sweep.csv")"
fi

# What is refused.
refused "other parameters" 'holds another sweep' $sweep --vary l1d.size=24K,48K $both -o "$tmp/whole"
refused "parameters beside --resume" 'only --jobs' $sweep --resume "$tmp/whole" --max 10
cp -r "$tmp/failing" "$tmp/edited"
sed -i 's/"40K"/"36K"/' "$tmp/edited/manifest.json"
refused "an edited manifest" 'holds another sweep' $sweep --resume "$tmp/edited"
cp "$tmp/b.pcap" "$tmp/changing.pcap"
$sweep --trace "$tmp/changing.pcap" --max 100 -o "$tmp/changed" >/dev/null
cp "$tmp/a.pcap" "$tmp/changing.pcap"
refused "a recording that has changed" 'checksum\|bytes' $sweep --resume "$tmp/changed"
refused "a directory of something else" 'not the directory of a sweep' $sweep $both -o "$tmp/single"
refused "no sweep to resume" 'not the directory of a sweep' $sweep --resume "$tmp/single"
refused "an unknown key" 'did you mean l1d.size' $sweep --vary l1d.sise=1 $both -o "$tmp/no"
refused "lists that do not go together" 'equally long' $sweep --vary l1d.size=1,2 --zip l1d.ways=1 $both -o "$tmp/no"
refused "nothing to go with" 'no list before' $sweep --zip l1d.ways=1 $both -o "$tmp/no"
refused "a key twice" 'varied twice' $sweep --vary l1d.ways=1 --vary l1d.ways=2 $both -o "$tmp/no"
refused "no values" 'KEY=V1' $sweep --vary l1d.ways $both -o "$tmp/no"
refused "no recording" '--trace FILE' $sweep --vary l1d.ways=1 -o "$tmp/no"
refused "a recording that is not there" 'nowhere' $sweep --trace "$tmp/nowhere" -o "$tmp/no"
refused "seeds that are none" '1\.\.5' $sweep --seed 5..1 $both -o "$tmp/no"
refused "a part that is none" '2/4' $sweep --part 3/2 $both -o "$tmp/no"
printf 'traces = "a.pcap";\nvari = 3;\n' >"$tmp/bad.cfg"
refused "an unknown word in a file" 'bad.cfg:2: vari' $sweep "$tmp/bad.cfg" -o "$tmp/no"
check "nothing was begun by those" test ! -e "$tmp/no"

# Comparisons.
compare="$mmsim compare"
run=$tmp/single
cp -r "$run" "$tmp/planted"
cycles=$(counter "$run/stats.json" core0.cycles)
sed -i "s/\"core0.cycles\": $cycles/\"core0.cycles\": $((cycles + (cycles + 50) / 100))/" "$tmp/planted/stats.json"
check "equal runs pass" $compare "$run" "$run" --fail-above 0
check "and are said to be identical" sh -c "$compare '$run' '$run' | grep -q 'identical'"
$compare "$run" "$tmp/planted" --fail-above 0.5% >"$tmp/out" 2>&1
equal "1 % more cycles are too much" 1 $?
check "they are named first" sh -c "grep -A 2 'counters differ' '$tmp/out' >/dev/null && grep -q '+1.00 %.*core0.cycles (cycles)' '$tmp/out'"
check "2 % are allowed" $compare "$run" "$tmp/planted" --fail-above 2%
check "fewer cycles are no failure" $compare "$tmp/planted" "$run" --fail-above 0
$compare "$tmp/planted" "$run" --fail-above 0.5% --watch core0.instructions --watch IPC >/dev/null 2>&1
equal "a better IPC is none either" 0 $?
$compare "$run" "$tmp/planted" --fail-above 0.5% --watch IPC >/dev/null 2>&1
equal "a worse one is" 1 $?
check "other counters alone are equal" sh -c "$compare '$run' '$tmp/planted' --only 'core*.l1d.loads' | grep -q identical"
$compare "$run" "$tmp/planted" --json >"$tmp/json"
equal "as JSON: one counter differs" '"core0.cycles"' "$(sed '1,/"counters"/d' "$tmp/json" | sed -n 's/.*"name": \(.*\),/\1/p')"
equal "by 1 %" 0.0100 "$(sed '1,/"counters"/d' "$tmp/json" | awk '/"relative"/ { printf "%.4f", $2 }')"
# Of sweeps.
cp -r "$tmp/whole" "$tmp/changed.sweep"
name=$(ls "$tmp/whole/points" | sed -n 5p)
stats=$tmp/changed.sweep/points/$name/stats.json
cycles=$(counter "$stats" core0.cycles)
sed -i "s/\"core0.cycles\": $cycles/\"core0.cycles\": $((cycles + (cycles + 50) / 100))/" "$stats"
check "equal sweeps pass" $compare "$tmp/whole" "$tmp/merged" --fail-above 0
check "and are said to be identical" sh -c "$compare '$tmp/whole' '$tmp/merged' | grep -q identical"
$compare "$tmp/whole" "$tmp/changed.sweep" --fail-above 0.5% >"$tmp/out" 2>"$tmp/err"
equal "1 % in one point of 24 is too much" 1 $?
check "which point is said" grep -q "$name: core\*.cycles got worse" "$tmp/err"
check "and in the table" grep -q "+1.00 %.*+1.00 %  *1  core0.cycles  $name" "$tmp/out"
check "2 % are allowed" $compare "$tmp/whole" "$tmp/changed.sweep" --fail-above 2%
$compare "$tmp/whole" "$tmp/where" --json >"$tmp/json"
equal "points of the same values are pairs, whatever their numbers" '10 14 0' \
	"$(sed -n 's/^ "\(pairs\|only_a\|only_b\)": \([0-9]*\),/\2/p' "$tmp/json" | tr '\n' ' ' | sed 's/ $//')"
refused "sweeps of other keys" 'make no pairs' $compare "$tmp/whole" "$tmp/file"
refused "a sweep and a run" 'not a run directory' $compare "$tmp/whole" "$run"

refused "a run that is none" 'not a run directory' $compare "$run" "$tmp/whole"
refused "one run" 'two run directories' $compare "$run"
refused "a counter that is none" 'neither run has a counter' $compare "$run" "$run" --watch core0.nothing
refused "no percentage" 'percent' $compare "$run" "$run" --fail-above much
finish
