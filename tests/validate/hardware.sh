#!/bin/sh
# Latencies of the built-in machines beside what is published and measured of the real ones. Prints a table in
# Markdown; `make validate` keeps it as docs/validation-hardware.md. Exit status 1: a required row is off.
#
# A row: what, where, expected, lowest and highest that pass, measured, unit. A row that its source calls an estimate,
# or that was measured in a guest on a shared host, is shown and not required.
cd "$(dirname "$0")/../.." || exit 1
. configs/experiments/lib.sh
mmsim=${MMSIM:-$PWD/mmsim}
tmp=$(mktemp -d "${TMPDIR:-/tmp}/mmsim-validate.XXXXXX") || exit 1
trap 'rm -rf "$tmp"' EXIT
required=0
passed=0

fail()
{
	echo "$*" >&2
	exit 1
}

# load KIND SIZE MACHINE [OPTION]...: steady mean latency in cycles of dependent loads over so many bytes or pages;
# KIND chase or pages, with -huge in pages of 2 MB.
load()
{
	kind=${1%-huge}
	trace=$tmp/$1.$2.pcap
	huge=0
	[ "$kind" = "$1" ] || huge=2M
	size=$2
	machine=$3
	shift 3
	if [ $kind = pages ]; then
		what="--pages $size"
		n=$((size * 20))
	else
		what="--size $size"
		n=600000
	fi
	[ $n -ge 50000 ] || n=50000
	case $size in *G) n=2000000 ;; esac
	[ -e "$trace" ] || "$mmsim" generate $kind $what --huge $huge --count $((3 * n)) -o "$trace" || fail "$trace"
	"$mmsim" replay -q -k simple "$trace" -m $machine --warmup $((2 * n)) -o "$tmp/out" "$@" || fail "$machine $what"
	calc "$(mean "$tmp/out")"
}

# row WHAT MACHINE EXPECTED LOW HIGH MEASURED UNIT SOURCE: required.
row()
{
	required=$((required + 1))
	if awk "BEGIN { exit !($6 >= $4 && $6 <= $5) }"; then
		passed=$((passed + 1))
		verdict=yes
	else
		verdict='**no**'
	fi
	echo "| $1 | $2 | $3 | $6 | $7 | $verdict | $8 |"
}

# shown WHAT MACHINE EXPECTED MEASURED UNIT SOURCE: not required.
shown()
{
	echo "| $1 | $2 | $3 | $4 | $5 | shown | $6 |"
}

# about WHAT MACHINE EXPECTED MEASURED UNIT SOURCE: required within a tenth.
about()
{
	row "$1" "$2" "$3" "$(echo "$3" | awk '{ print $1 * 0.9 }')" "$(echo "$3" | awk '{ print $1 * 1.1 }')" "$4" "$5" "$6"
}

calc()
{
	awk "BEGIN { printf \"%.2f\", $1 }"
}

cat <<'END'
# The hardware beside the real ones

Written by `make validate`. Dependent loads in a random cycle (`mmsim generate chase` and `pages`), mean latency after two warm-up rounds. A row
passes within 10 % of what is expected, unless a range is given. Rows marked "shown" are estimates in their source, or were measured in a
guest on a shared host.

END
echo '| what | machine | expected | mmsim | unit | within | source |'
echo '|---|---|---:|---:|---|---|---|'

# ---- golden-cove ----
jia='J. Chen, Intel Golden Cove'
guest='a KVM guest on Emerald Rapids'
gc=golden-cove
about 'chase in 8 KB' $gc 5 "$(load chase 8K $gc)" cycles "$jia"
row 'chase in 48 KB: the last in L1D' $gc 5 4.99 5.01 "$(load chase 48K $gc)" cycles "$jia"
row 'chase in 52 KB: past L1D' $gc 'more than 5' 5.5 16 "$(load chase 52K $gc)" cycles "$jia"
for kb in 64 128 256 384; do
	about "chase in $kb KB: L2" $gc 16 "$(load chase ${kb}K $gc)" cycles "$jia"
done
for kb in 768 1024; do
	row "chase in $kb KB: L2, DTLB mostly missed" $gc '20.4 to 23' 18.4 25.3 "$(load chase ${kb}K $gc)" cycles "$guest; $jia"
done
for pages in 16 64 96; do
	row "a line in each of $pages pages" $gc 5 4.99 5.5 "$(load pages $pages $gc)" cycles "$jia"
done
for pages in 128 512 768; do
	about "a line in each of $pages pages: STLB" $gc 12 "$(load pages $pages $gc)" cycles "$jia"
done
for pages in 1024 1536; do
	about "a line in each of $pages pages: L2 and STLB" $gc 23 "$(load pages $pages $gc)" cycles "$jia"
done
for pages in 2560 4096; do
	shown "a line in each of $pages pages: a walk" $gc '37 to 43' "$(load pages $pages $gc)" cycles 'an estimate'
done
about 'chase in 1 GB, 2M pages: DRAM' $gc 107 "$(calc "$(load chase-huge 1G $gc) / 3.8")" ns 'Chips and Cheese, Sapphire Rapids'

# ---- kvm-guest ----
g=kvm-guest
about 'a line in each of 2560 pages: a nested walk' $g 59 "$(load pages 2560 $g)" cycles "$guest"
shown 'a line in each of 4096 pages' $g '65 to 77' "$(load pages 4096 $g)" cycles "$guest"
shown 'a line in each of 16384 pages' $g '79 to 95' "$(load pages 16384 $g)" cycles "$guest"
shown '2560 pages, guest pages of 2M' $g 45 "$(load pages-huge 2560 $g)" cycles "$guest"
shown '16384 pages, guest pages of 2M' $g 57 "$(load pages-huge 16384 $g)" cycles "$guest"
four=$(load chase 1G $g)
two=$(load chase-huge 1G $g)
shown 'random over 1 GB, 4K to 2M pages' $g '1.32 to 1.40' "$(calc "$four / $two")" ratio "$guest"

# ---- knees of the TLBs: the last size within, the first beyond ----
# knees MACHINE FIRST LATENCY COST SECOND SOURCE: an L1 TLB of FIRST entries behind an L1D of LATENCY cycles; what a miss
# adds while a second level of SECOND entries holds (0: nothing is published of one).
knees()
{
	row "DTLB, $2 pages" $1 $3 $(calc "$3 * 0.98") $(calc "$3 * 1.05") "$(load pages $2 $1)" cycles "$6"
	if [ $5 = 0 ]; then
		row "DTLB, $(($2 + $2 / 8)) pages" $1 'more' $(calc "$3 * 1.1") 99 "$(load pages $(($2 + $2 / 8)) $1)" cycles "$6"
		return
	fi
	about "DTLB, $(($2 + $2 / 8)) pages" $1 $(($3 + $4)) "$(load pages $(($2 + $2 / 8)) $1)" cycles "$6"
	within=$(load pages $5 $1)
	beyond=$(load pages $(($5 + $5 / 16)) $1)
	row "STLB, $5 pages against $(($5 + $5 / 16))" $1 'a step up' 1.1 99 "$(calc "$beyond / $within")" ratio "$6"
	within2=$(load pages $(($5 - $5 / 16)) $1)
	row "STLB, $(($5 - $5 / 16)) pages against $5" $1 'level' 0.95 1.05 "$(calc "$within / $within2")" ratio "$6"
}
knees zen4 72 4 7 3072 'Chips and Cheese, Zen 4'
knees zen2 64 4 7 2048 'Chips and Cheese, Zen 4'
knees neoverse-n1 48 4 5 1280 'Chips and Cheese, Neoverse N1'
knees cortex-a72 32 4 7 1024 'Chips and Cheese, Cortex A72'
knees sifive-u74 40 3 7 0 'SiFive FU740 device tree'
row 'DTLB, 64 pages' pentium4 4 3.98 4.1 "$(load pages 64 pentium4)" cycles 'Linux, CPUID descriptors'
row 'DTLB, 72 pages: straight to a walk' pentium4 'a walk' 20 99 "$(load pages 72 pentium4)" cycles 'Linux, CPUID descriptors'
four=$(load chase 512K pentium4)
two=$(load chase-huge 512K pentium4)
about 'chase in 512 KB, 4K pages over 2M' pentium4 18.35 "$(calc "$four - $two")" cycles 'Chips and Cheese, NetBurst'
four=$(load chase 1G cortex-a72)
two=$(load chase 1G cortex-a72 -s kernel.thp=always)
row 'random over 1 GB, 4K to 2M pages' cortex-a72 1.76 1.61 1.91 "$(calc "$four / $two")" ratio 'Chips and Cheese, Cortex A72'

# ---- caches and memory of the others ----
about 'chase in 512 KB, 2M pages: L2' zen4 2.44 "$(calc "$(load chase-huge 512K zen4) / 5.7")" ns 'Chips and Cheese, Zen 4'
about 'chase in 12 MB: L3' zen4 9.47 "$(calc "$(load chase 12M zen4) / 5.7")" ns 'Chips and Cheese, Zen 4'
about 'chase in 1 GB, 2M pages: DRAM' zen4 73.35 "$(calc "$(load chase-huge 1G zen4) / 5.7")" ns 'Chips and Cheese, Zen 4'
about 'chase in 1 GB, 2M pages: DRAM' zen2 72.76 "$(calc "$(load chase-huge 1G zen2) / 4.6")" ns 'Chips and Cheese, Zen 4'
about 'chase in 16 MB, 2M pages: SLC' neoverse-n1 35.05 "$(calc "$(load chase-huge 16M neoverse-n1) / 3.0")" ns 'Chips and Cheese, Neoverse N1'
about 'chase in 1 GB, 2M pages: DRAM' pentium4 90 "$(calc "$(load chase-huge 1G pentium4) / 3.73")" ns 'Chips and Cheese, NetBurst'
about 'chase in 1 GB, 2M pages: DRAM' cortex-a72 92 "$(calc "$two / 2.3")" ns 'Chips and Cheese, Cortex A72'
shown 'chase in 1 GB, 4K pages: DRAM' cortex-a72 162 "$(calc "$four / 2.3")" ns 'Chips and Cheese, Cortex A72'

# ---- two sockets ----
molka='Molka et al., ICPP 2015'
about 'chase in 1 GB, 2M pages: local DRAM' haswell-2s 96.4 "$(calc "$(load chase-huge 1G haswell-2s) / 2.5")" ns "$molka"
about 'the same, pages on both nodes in turn: half of 96.4 and 146' haswell-2s 121.2 \
	"$(calc "$(load chase-huge 1G haswell-2s -s kernel.numa=interleave) / 2.5")" ns "$molka"

# ---- two addresses of one line, in turn ----
# synonyms MACHINE APART: misses of L1D and cycles an access.
synonyms()
{
	for n in 20000 40000; do
		"$mmsim" generate synonym --pages 2 --apart $2 --count $n -o "$tmp/synonym.pcap" || fail synonym
		"$mmsim" replay -q -k simple "$tmp/synonym.pcap" -m $1 -o "$tmp/synonym.$n" || fail synonym
	done
	for name in core0.l1d.load_misses core0.cycles; do
		calc "($(counter "$tmp/synonym.40000" $name) - $(counter "$tmp/synonym.20000" $name)) / 20000"
		echo
	done | tr '\n' ' '
}
jia2='J. Chen, Arm Neoverse V2'
set -- $(synonyms neoverse-v2 1)
row 'synonyms in two colours of 64 KB, 4 ways: refills an access' neoverse-v2 1 1 1 $1 lines "$jia2"
row 'their time: l2.latency' neoverse-v2 10 10 10.05 $2 cycles 'closed formula'
far=$2
set -- $(synonyms neoverse-v2 0)
shown 'against one colour (a copy loop: 2.14)' neoverse-v2 2.14 $(calc "$far / $2") ratio "$jia2"
set -- $(synonyms $gc 1)
row 'synonyms in 48 KB, 12 ways: refills an access' $gc 0 0 0 $1 lines "$jia"

# ---- where an STLB entry goes ----
# strided PAGES: misses of the STLB in 2000 rounds over 13 pages that many apart.
strided()
{
	awk -v step=$1 'BEGIN { for (r = 0; r < 2000; r++) for (i = 0; i < 13; i++) printf "0 %x\n", 268435456 + i * step * 4096 }' \
		>"$tmp/strided.din"
	shift
	"$mmsim" replay -q -k simple "$tmp/strided.din" -m skylake-sp --warmup 13000 -o "$tmp/out" "$@" || fail strided
	counter "$tmp/out" core0.stlb.misses
}
tatar='Tatar et al., TLB;DR'
row '13 pages 2^14 pages apart, STLB of 12 ways: misses in 1000 rounds' skylake-sp 'one set' 1000 13000 "$(strided 16384)" misses "$tatar"
row '13 pages 2^7 pages apart: misses' skylake-sp 0 0 0 "$(strided 128)" misses "$tatar"
row 'the same, sets by the low bits: misses' skylake-sp 'one set' 1000 13000 "$(strided 128 -s stlb.set_hash=none)" misses 'closed formula'

# ---- DRAM at the device ----
# device STEP COUNT [OPTION]...: mean time in ns of reads that far apart, on DDR4-3200 with nothing before it.
device()
{
	awk -v step=$1 -v n=$2 'BEGIN { for (i = 0; i < n; i++) printf "0 %x\n", i * step }' >"$tmp/device.din"
	"$mmsim" replay -q -k simple "$tmp/device.din" -s translation=off -s l2.size=0 -s l3.size=0 -s l1d.latency=1 -s core.frequency=10GHz \
		-s dram.preset=ddr4-3200 -s dram.channels=1 -s dram.ranks=1 -s dram.mapping=rorababgcoch -s dram.bank_xor=no \
		-s dram.refresh=none -s dram.fabric=0 $3 $4 -o "$tmp/out" || fail device
	calc "($(mean "$tmp/out") - 1) / 10"
}
jedec='JESD79-4, 22-22-22'
about 'DRAM row hit' DDR4-3200 16.3 "$(device 64 128 --warmup 1)" ns "$jedec"
about 'DRAM closed bank' DDR4-3200 30.0 "$(device 8192 16)" ns "$jedec"
about 'DRAM row conflict' DDR4-3200 43.8 "$(device 131072 512 --warmup 1)" ns "$jedec"

# ---- a prefetcher ----
awk 'BEGIN { for (r = 0; r < 4; r++) for (a = 0; a < 262144; a += 64) printf "I  00400000,4\n L %x,8\n", 268435456 + a }' \
	>"$tmp/stream.trace"
for machine in $gc $gc-prefetch; do
	"$mmsim" replay -q -k simple "$tmp/stream.trace" -m $machine -s core.unknown_dependence=chain --warmup 4096 -o "$tmp/$machine" || fail stream
done
about 'dependent loads of neighbouring lines in 256 KB' $gc 16 "$(calc "$(mean "$tmp/$gc")")" cycles "$jia"
row 'the same with its prefetchers' $gc-prefetch '5 to 8' 4.5 8.8 "$(calc "$(mean "$tmp/$gc-prefetch")")" cycles "$jia"

# ---- mprotect with another core that reads the pages ----
# protect PAGES COUNTER: what a pair of changes of rights adds to a counter.
protect()
{
	"$mmsim" generate protect --pages $1 --threads 2 --count $(($1 * 400)) -o "$tmp/protect.pcap" || fail protect
	"$mmsim" replay -q -k simple "$tmp/protect.pcap" -m $gc -s cores=2 -o "$tmp/out" || fail protect
	calc "$(counter "$tmp/out" $2) / 400"
}
for n in 1 17 33 34; do
	eval "t$n=$(protect $n core0.cycles)"
done
row 'mprotect: 33 pages over 17, against 17 over 1' $gc 1 0.9 1.1 "$(calc "($t33 - $t17) / ($t17 - $t1)")" ratio 'Linux, tlb_single_page_flush_ceiling'
row 'mprotect: 34 pages against 33, a full flush' $gc 'a drop' 0.5 0.99 "$(calc "$t34 / $t33")" ratio 'Linux, tlb_single_page_flush_ceiling'
row "the other core's STLB refills a round, 33 pages" $gc 33 32.9 33.1 "$(protect 33 core1.stlb.misses)" misses 'its pages'
row "34 pages: its code as well" $gc 35 34.9 35.1 "$(protect 34 core1.stlb.misses)" misses 'its pages'

echo
echo "$passed of $required required rows are within."
[ $passed = $required ]
