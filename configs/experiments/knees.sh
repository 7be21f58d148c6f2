#!/bin/sh
# Where latency goes up with the working set, with pages of 4 KB and of 2 MB: one picture a machine, published points
# laid over. Dependent loads in a random cycle over all lines, after two rounds of warm-up.
#
#   configs/experiments/knees.sh [MACHINE...]     default golden-cove zen4 cortex-a72 neoverse-n1 pentium4
#
# Pictures and data go to experiments/knees; a machine takes about two minutes.
set -e
cd "$(dirname "$0")/../.."
. configs/experiments/lib.sh
mmsim=${MMSIM:-$PWD/mmsim}
points=configs/experiments/points
out=${OUT:-experiments/knees}
[ $# -gt 0 ] || set -- golden-cove zen4 cortex-a72 neoverse-n1 pentium4
mkdir -p "$out"
tmp=$(mktemp -d "${TMPDIR:-/tmp}/mmsim-knees.XXXXXX")
trap 'rm -rf "$tmp"' EXIT
kbytes='8 16 24 32 40 48 56 64 96 128 192 256 384 512 768 1024 1536 2048 3072 4096 6144 8192 12288 16384 24576 32768 65536 131072
	262144 1048576'

# Loads to make: every line twice and no fewer than 200,000; of large sets a sample.
count()
{
	n=$(($1 * 32))
	[ $n -ge 200000 ] || n=200000
	[ $n -le 2000000 ] || n=2000000
	echo $n
}

for machine; do
	ghz=$("$mmsim" config -m $machine -s seed=1 | awk '$1 == "core.frequency" { print $2 + 0 }')
	for pages in 4 2048; do
		[ $pages = 4 ] && huge=0 || huge=2M
		for kb in $kbytes; do
			n=$(count $kb)
			"$mmsim" generate chase --size ${kb}K --huge $huge --count $((2 * n)) -o "$tmp/chase.pcap"
			"$mmsim" replay -q -k simple "$tmp/chase.pcap" -m $machine --warmup $n -o "$tmp/run"
			[ $pages = 4 ] && name='4 KB pages' || name='2 MB pages'
			echo "$machine with $name,$((kb * 1024)),$(mean "$tmp/run" $ghz)"
		done
	done | { echo series,bytes,latency_ns && cat; } >"$out/$machine.csv"
	for end in svg png; do
		"$mmsim" plot steps --points $points/$machine.csv -o "$out/$machine.$end" "$out/$machine.csv"
	done
	echo "$out/$machine.svg"
done
