#!/bin/sh
# replay --timeline: the file is there, tells of the measured part alone, says where it was cut, and is refused without
# a directory.
. "$(dirname "$0")/lib.sh"

sort=$(ls "$samples"/sort*)

# told DIR NAME: how many events are called that.
told()
{
	grep -c "^{\"name\":\"$2\"" "$1/events.json"
}

check "a timeline" $mmsim replay -q "$sort" --timeline -o "$tmp/all"
equal "as many faults as counted" "$(counter "$tmp/all/stats.json" mm.fault.zero)" "$(told "$tmp/all" fault.zero)"
equal "nothing is left out" 1 "$(grep -c '"left_out":0,' "$tmp/all/events.json")"
check "of the measured part" $mmsim replay -q "$sort" --timeline -o "$tmp/part" --warmup 20k --max 100k
equal "as many faults as counted there" "$(counter "$tmp/part/stats.json" mm.fault.zero)" "$(told "$tmp/part" fault.zero)"
equal "the turn under way is told of as far as it got" 1 "$(told "$tmp/part" run)"
check "a limit" $mmsim replay "$sort" --timeline=100 -o "$tmp/cut"
equal "of 100 events" 100 "$(grep -c '"ph":"X"' "$tmp/cut/events.json")"
check "the reader of the table is told" grep -q 'events.json holds the first 100 of [0-9]* events' "$tmp/cut/summary.txt"
check "and that of the file" grep -q 'limit of 100 events reached' "$tmp/cut/events.json"
check "the results are the same" cmp "$tmp/all/stats.json" "$tmp/cut/stats.json"
check "again without" $mmsim replay -q "$sort" -o "$tmp/cut"
check "an old timeline is taken away" test ! -e "$tmp/cut/events.json"
refused "no directory" "-o DIR" $mmsim replay -q "$sort" --timeline
refused "no number" "not a number" $mmsim replay -q "$sort" --timeline=x -o "$tmp/cut"
finish
