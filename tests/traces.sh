#!/bin/sh
# Does what convert writes say the same as what it read, and does info tell damage from soundness?
. "$(dirname "$0")/lib.sh"

# Dinero's traces through a capture and back. Ours write no leading zeros.
for t in ls gz; do
	xz -dc "tests/oracle/$t.xdin.xz" | sed 's/ 00*\([0-9a-f]\)/ \1/' >"$tmp/$t.xdin"
	$mmsim convert "tests/oracle/$t.xdin.xz" "$tmp/$t.mmtrace.gz" &&
		$mmsim convert "$tmp/$t.mmtrace.gz" "$tmp/again.xdin" &&
		check "$t.xdin through a capture" cmp "$tmp/$t.xdin" "$tmp/again.xdin"
	$mmsim convert -t lackey "$tmp/$t.xdin" - | $mmsim convert -t xdin - "$tmp/again.xdin" &&
		check "$t.xdin through lackey text and pipes" cmp "$tmp/$t.xdin" "$tmp/again.xdin"
done

# A recording tells the same accesses whether it is read plain, from gzip or from standard input.
sample=$samples/threads.mmtrace.gz
$mmsim convert "$sample" "$tmp/plain.mmtrace"
check "a capture unpacked by convert and by gzip" sh -c "gzip -dc $sample | cmp - $tmp/plain.mmtrace"
$mmsim info "$tmp/plain.mmtrace" | sed '1d; / file /d' >"$tmp/by-name"
gzip -dc "$sample" | $mmsim info - | sed '1d; / file /d' >"$tmp/by-stdin"
check "info by name and from standard input" cmp "$tmp/by-name" "$tmp/by-stdin"

for s in "$samples"/*.gz; do
	check "info --verify $(basename "$s")" $mmsim info --verify "$s"
done

# Every verb that reads takes the format by the same option.
for verb in "info" "replay -q" "convert"; do
	out=
	[ "$verb" != convert ] || out=$tmp/again.xdin
	check "$verb --format" $mmsim $verb --format xdin "$tmp/ls.xdin" $out
	refused "$verb --format: one that does not exist" "champsim" $mmsim $verb --format tarot "$tmp/ls.xdin" $out
done

# A chase tells where each address comes from, Dinero's format never does.
unknown()
{
	$mmsim info "$1" | awk '/unknown dependence/ { print $3 }'
}
$mmsim generate chase -o "$tmp/chase.mmtrace" --count 1000
equal "loads of unknown dependence: a chase" "" "$(unknown "$tmp/chase.mmtrace")"
equal "loads of unknown dependence: all reads of ls.xdin" "$(grep -c ^r "$tmp/ls.xdin")" "$(unknown "$tmp/ls.xdin")"

# What is wrong is said, and the rest is used on request.
size=$(wc -c <"$tmp/plain.mmtrace")
head -c $((size - 100)) "$tmp/plain.mmtrace" >"$tmp/cut.mmtrace"
refused "info: a cut capture" "cut off" $mmsim info "$tmp/cut.mmtrace"
check "info --keep-going: a cut capture" $mmsim info --keep-going "$tmp/cut.mmtrace"
$mmsim convert --keep-going "$tmp/cut.mmtrace" "$tmp/rest.mmtrace" 2>"$tmp/err"
check "convert --keep-going: a cut capture" $mmsim info "$tmp/rest.mmtrace"
{ head -c 24 "$tmp/plain.mmtrace"; tail -c +$((25 + 16 + $(od -An -tu4 -j32 -N4 "$tmp/plain.mmtrace"))) "$tmp/plain.mmtrace"; } \
	>"$tmp/missing.mmtrace"
check "info: the first packet is missing" $mmsim info "$tmp/missing.mmtrace"
refused "info --verify: the first packet is missing" "missing" $mmsim info --verify "$tmp/missing.mmtrace"
refused "info: a directory" "directory" $mmsim info "$tmp"
refused "convert: onto itself" "same file" $mmsim convert "$tmp/ls.xdin" "$tmp/ls.xdin"
refused "convert: an unknown format" "lackey" $mmsim convert -t tarot "$tmp/ls.xdin" "$tmp/x"
$mmsim convert "$tmp/ls.xdin" /dev/full 2>"$tmp/full.out"
equal "convert: a full disk, exit status" 1 $?
check "convert: a full disk, message" grep -q "No space left" "$tmp/full.out"

finish
