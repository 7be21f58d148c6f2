#!/bin/sh
# Whatever is wrong with a trace: a message that names it, and exit status 2.
. "$(dirname "$0")/lib.sh"

sample=$(ls "$samples"/*.gz | head -n 1)
gzip -dc "$sample" | head -c 3000000 >"$tmp/cut.pcap"
replay="$mmsim replay -o $tmp/out"

# damage OFFSET FILE COPY: a copy with one byte inverted.
damage()
{
	cp "$2" "$3"
	byte=$(od -An -tu1 -j "$1" -N 1 "$2")
	printf "\\$(printf %03o $((byte ^ 255)))" | dd of="$3" bs=1 seek="$1" conv=notrunc 2>/dev/null
}

# Traces.
: >"$tmp/empty"
head -c 200000 /dev/zero >"$tmp/zeros"
printf 'What is this?\nNot a trace.\n' >"$tmp/text"
head -c 24 "$tmp/cut.pcap" >"$tmp/header-only"
head -c 1000000 "$tmp/cut.pcap" >"$tmp/truncated"
head -c 50000 "$sample" >"$tmp/truncated.gz"
refused "a file that does not exist" nowhere $replay "$tmp/nowhere"
refused "an empty file" empty $replay "$tmp/empty"
refused "a directory" directory $replay "$tmp"
refused "zeros" zeros $replay "$tmp/zeros"
refused "a text" text $replay "$tmp/text"
refused "a source file" Makefile $replay Makefile
refused "a truncated capture" truncated $replay "$tmp/truncated"
refused "a truncated gzip file" truncated.gz $replay "$tmp/truncated.gz"
refused "info of a text" text $mmsim info "$tmp/text"
refused "convert of a text" text $mmsim convert "$tmp/text" "$tmp/text.pcap"
for offset in 3 44 500 40000 900000; do
	damage $offset "$tmp/cut.pcap" "$tmp/flipped"
	refused "a capture with byte $offset inverted" flipped $replay "$tmp/flipped"
done
damage 20000 "$sample" "$tmp/flipped.gz"
refused "a gzip file with a byte inverted" flipped.gz $replay "$tmp/flipped.gz"
printf 'r 7f00 4\nr 7g00 4\n' >"$tmp/bad.xdin"
refused "a number in an xdin trace" 'bad.xdin' $replay "$tmp/bad.xdin"
refused "no trace at all" "what to replay" $replay

# What came before the damage, when the user asks for it.
damage 900000 "$tmp/cut.pcap" "$tmp/flipped"
check "--keep-going past damage" $replay --keep-going "$tmp/flipped"
check "--keep-going up to the end of a truncated file" $replay --keep-going "$tmp/truncated"

# What a replay says of its settings; tests/badconfig.sh has the rest.
refused "an unknown key" l1d.sise $replay "$sample" -s l1d.sise=32K
refused "no L1 data cache" l1d.size $replay "$sample" -s l1d.size=0
refused "ways that do not divide" l1d $replay "$sample" -s l1d.ways=7
mkdir "$tmp/mine" && echo precious >"$tmp/mine/file"
$mmsim replay "$sample" -o "$tmp/mine" >/dev/null 2>&1
if [ $? != 0 ] && [ "$(ls "$tmp/mine")" = file ]; then
	ok "a directory that holds something else is not written to"
else
	bad "a directory that holds something else is not written to" "$(ls "$tmp/mine")"
fi

# The surroundings: exit status 1.
if [ -w /dev/full ]; then
	$mmsim convert "$tmp/cut.pcap" - >/dev/full 2>"$tmp/err"
	status=$?
	[ $status = 1 ] && grep -q -i space "$tmp/err" && ok "a full disk" ||
		bad "a full disk" "exit status $status, expected 1: $(cat "$tmp/err")"
fi
finish
