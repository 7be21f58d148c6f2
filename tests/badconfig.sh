#!/bin/sh
# Whatever is wrong with a configuration or a command line: a message that says what and where, and exit status 2.
# Needs no recording but one that it makes itself.
. "$(dirname "$0")/lib.sh"

config="$mmsim config"

# file NAME TEXT: a configuration in $tmp.
file()
{
	printf "$2" >"$tmp/$1"
}

# in_file NAME TEXT WORD: a file with that text is refused with a message that names it and says WORD.
in_file()
{
	file bad.cfg "$2"
	refused "$1" "bad\.cfg:[0-9]*: .*$3" $config -m "$tmp/bad.cfg"
}

in_file "an unknown key, with what was meant" 'l1d = {\n\tsise = "32K";\n};\n' 'l1d.sise: did you mean l1d.size'
in_file "an unknown group, with what was meant" 'l1dd = { size = "32K"; };\n' 'l1dd: did you mean l1d'
in_file "a key below a key" 'cores = { number = 1; };\n' 'cores takes a single value'
in_file "a value for a group" 'l1d = 3;\n' 'l1d is a group'
in_file "a list" 'cores = ( 1, 2 );\n' 'cores takes a single value'
in_file "a key given twice" 'cores = 1;\ncores = 1;\n' 'duplicate'
in_file "a group given twice" 'l1d = { ways = 8; };\nl1d = { ways = 4; };\n' 'duplicate'
in_file "a number with a point" 'core = { frequency = 3.0; };\n' 'core.frequency.*quotes'
in_file "a unit without quotes" 'l1d = { size = 48K; };\n' 'quotes'
in_file "a number that would be cut" 'memory = { size = 17179869184; };\n' 'too large'
in_file "a negative number" 'l1d = { ways = -8; };\n' 'l1d.ways'
in_file "a number out of range" 'l1d = { ways = 4097; };\n' 'l1d.ways.*1 to 4096'
in_file "a word where a number belongs" 'l1d = { ways = "many"; };\n' 'l1d.ways.*whole number'
in_file "a word that is not allowed" 'l1d = { write = "never"; };\n' 'l1d.write.*back, through'
in_file "a misspelt word" 'l1d = { replacement = "tree-prlu"; };\n' 'did you mean "tree-plru"'
in_file "no time" 'l2 = { latency = "14n"; };\n' 'l2.latency.*14ns'
in_file "a group that is not closed" 'l1d = {\n\tways = 8;\n' 'syntax error'
in_file "a text that is not closed" 'l1d = { write = "back; };\n' 'syntax error'
in_file "an include that is not there" '@include "nowhere.cfg"\n' 'nowhere.cfg'
in_file "an include after settings" 'cores = 1;\n@include "zen4.cfg"\n' 'before'
in_file "an include without quotes" '@include zen4.cfg\n' '@include "'
file bad.cfg '@include "."\n'
refused "an include of a directory" 'directory' $config -m "$tmp/bad.cfg"
in_file "no L1 data cache" 'l1d = {\n\tsize = 0;\n};\n' 'l1d.size = 0'
in_file "no L1 instruction cache" 'l1i = {\n\tsize = 0;\n};\n' 'l1i.size = 0'
file bad.cfg 'l1d = {\n\tways = 7;\n};\n'
refused "ways that do not divide" 'l1d.size = .*bad\.cfg:2: l1d.ways = 7' $config -m "$tmp/bad.cfg"
in_file "ways of a TLB that do not divide" 'stlb = {\n\tways = 7;\n};\n' 'stlb.ways = 7'
in_file "sets of a TLB that are no power of two" 'stlb = {\n\tentries = 48; ways = 16;\n};\n' 'stlb'
in_file "a QLRU without victims" 'l2 = { replacement = "qlru_h00_m1_r0_u2"; };\n' 'l2.replacement.*use r1'
in_file "trees of four over ten ways" 'l2 = { replacement = "lru-plru4"; };\n' 'l2.replacement.*multiple of four'
in_file "an unknown QLRU" 'l2 = { replacement = "qlru_h01_m1_r0_u0"; };\n' 'l2.replacement.*qlru_h{00,10,11,20,21}'
in_file "a published hash for ten slices" 'l3 = { slice_hash = "intel"; };\n' 'l3.slice_hash.*8 slices'
in_file "a bandwidth without ports" 'l2 = { bandwidth = 64; };\n' 'l2.bandwidth.*set ports'
in_file "ports of a first level" 'l1d = { ports = 2; };\n' 'l1d.ports'
in_file "an inclusive level that is too small" 'l3 = { size = "480K"; ways = 10; slices = 12; inclusion = "inclusive"; };\n' \
	'l3.size.*480K.*cannot hold'
in_file "a first level's key in a lower one" 'l2 = { indexing = "pipt"; };\n' 'l2.indexing: only l1i, l1d can have it'
in_file "an inclusive first level" 'l1d = { inclusion = "inclusive"; };\n' 'l1d.inclusion.*use none'
in_file "an exclusive level under one that is written through" \
	'l1d = { write = "through"; }; l2 = { inclusion = "exclusive"; };\n' 'l2.inclusion.*written through'
in_file "cores that do not divide" 'cores = 6; l3 = { sharers = 4; };\n' 'l3.sharers.*6 cores'
in_file "a core's own level below a shared one" 'l2 = { sharers = 2; }; l3 = { sharers = 1; };\n' 'l3.sharers.*above'
in_file "a class without ways" 'l3 = { classes = "0xf,0"; };\n' 'l3.classes.*at least one way'
in_file "a class that is none" 'cat = { recordings = "0,16"; };\n' 'cat.recordings.*0 to 15'
in_file "lines of two sizes" 'l2 = { line = 128; };\n' 'l2.line'

# Files that are no configurations.
file loop1.cfg '@include "loop2.cfg"\n'
file loop2.cfg '\n@include "loop1.cfg"\n'
refused "files that include each other" 'loop[12]\.cfg:[12]: .*include itself' $config -m "$tmp/loop1.cfg"
file empty.cfg ''
refused "an empty file" 'empty\.cfg: .*empty' $config -m "$tmp/empty.cfg"
file binary.cfg 'cores = 1;\n\000\001\002'
refused "bytes that are no text" 'binary\.cfg: .*text' $config -m "$tmp/binary.cfg"
cp "$mmsim" "$tmp/program.cfg"
refused "a program" 'program\.cfg' $config -m "$tmp/program.cfg"
file png.cfg '\211PNG\r\n\032\n\000\000\000\rIHDR'
refused "a picture" 'png\.cfg' $config -m "$tmp/png.cfg"
mkdir "$tmp/dir.cfg"
refused "a directory" 'dir\.cfg.*directory' $config -m "$tmp/dir.cfg"
refused "a file that does not exist" 'nowhere\.cfg.*No such file' $config -m "$tmp/nowhere.cfg"
head -c 3000000 /dev/zero | tr '\0' '#' >"$tmp/large.cfg"
refused "a file of 3 MB" 'large\.cfg' $config -m "$tmp/large.cfg"

# The command line.
refused "a misspelt machine" 'golden-cove' $config -m golden-cave
refused "a misspelt kernel" 'simple' $config -k simpel
refused "no value" 'key=value' $config -s l1d.size
refused "no key" 'key=value' $config -s =48K
refused "an unknown key behind -s" '-s l1d.sise=1: .*did you mean l1d.size' $config -s l1d.sise=1
refused "a bad value behind -s" '-s l1d.ways=0: l1d.ways' $config -s l1d.ways=0
refused "a geometry made by -s" '-s l1d.ways=7' $config -s l1d.size=48K -s l1d.ways=7
refused "more than 64 bits" 'l1d.size' $config -s l1d.size=99999999999999999999999999
refused "a very long key" 'unknown key' $config -s "$(head -c 100000 /dev/zero | tr '\0' a)=1"
refused "an option without its argument" 'mmsim config --help' $config -m
refused "an unknown option" 'mmsim config --help' $config --frobnicate
refused "a word too many" 'zen4' $config zen4
refused "no verb" 'usage' $mmsim
refused "a misspelt verb" 'did you mean "replay"' $mmsim replya
refused "an unknown verb" '`mmsim --help`' $mmsim frobnicate
for verb in record replay plot sweep compare info convert generate; do
	refused "$verb without arguments" "$verb" $mmsim $verb
	check "$verb --help" $mmsim $verb --help
done
check "config --help" $mmsim config --help
for k in configs/kernels/*.cfg; do
	check "config --list names $(basename "$k" .cfg), and -k knows it" \
		sh -c "$mmsim config --list | grep -q '^  $(basename "$k" .cfg) ' && $mmsim config -m cortex-a72 -s memory.size=1G -k '$(basename "$k" .cfg)' >/dev/null"
done
check "--help" $mmsim --help
check "--version" $mmsim --version

# What has to work: a file that changes a built-in one, and a dump that comes to the same.
file mine.cfg '# Zen 4 with half the L1D\n@include "zen4.cfg"\nl1d = { size = "16K"; };\n'
$config -m "$tmp/mine.cfg" >"$tmp/effective"
equal "an include is overridden" 16K "$(awk '$1 == "l1d.size" { print $2 }' "$tmp/effective")"
equal "the rest of it counts" 72 "$(awk '$1 == "dtlb.entries" { print $2 }' "$tmp/effective")"
check "a value remembers its file and line" grep -q "^l1d.size .*mine\.cfg:3$" "$tmp/effective"
check "an included value too" grep -q "^dtlb.entries .*zen4\.cfg:[0-9]*$" "$tmp/effective"
$config -m "$tmp/mine.cfg" --dump >"$tmp/dump.cfg"
$config -m "$tmp/dump.cfg" --dump >"$tmp/again.cfg"
check "a dump loads back to the same" cmp "$tmp/dump.cfg" "$tmp/again.cfg"

check "a recording to replay" $mmsim generate random -o "$tmp/r.pcap.gz" --size 4M --count 20000 --stores 30
$mmsim replay -q "$tmp/r.pcap.gz" -m "$tmp/mine.cfg" -s kernel.flush=1us -s l3.size=0 -o "$tmp/run" 2>&1
$mmsim replay -q "$tmp/r.pcap.gz" -m "$tmp/run/config.cfg" -o "$tmp/rerun" 2>&1
check "the configuration of a run gives the same results" cmp "$tmp/run/stats.json" "$tmp/rerun/stats.json"
check "and the same configuration" cmp "$tmp/run/config.cfg" "$tmp/rerun/config.cfg"
refused "a run directory below one that is not there" nowhere \
	$mmsim replay -q "$tmp/r.pcap.gz" -o "$tmp/nowhere/run"
refused "a run directory that is a file" r.pcap.gz $mmsim replay -q "$tmp/r.pcap.gz" -o "$tmp/r.pcap.gz"

if [ -w /dev/full ]; then
	$config >/dev/full 2>"$tmp/err"
	equal "a full disk" 1 $?
fi
finish
