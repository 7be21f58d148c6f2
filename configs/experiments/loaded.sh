#!/bin/sh
# Loaded latency: how long a dependent load waits for DRAM while other cores write streams.
#
#   configs/experiments/loaded.sh [MACHINE...]     default zen4; the picture and runs go to experiments/loaded
#
# One core chases pointers through twice as much memory as the last level holds, in 2 MB pages; each of the others stores
# to an array of its own, a word in every so many bytes: the further apart, the more lines a second. Loads are the chase's
# alone, so their latency is what the traffic does to it. Measured is the middle of the run, when all are at work.
# One machine takes about a minute.
set -e
cd "$(dirname "$0")/../.."
mmsim=${MMSIM:-$PWD/mmsim}
out=${OUT:-experiments/loaded}
[ $# -gt 0 ] || set -- zen4
mkdir -p "$out/runs"

# last_level MACHINE: its MB, at least 16.
last_level()
{
	"$mmsim" config -m "$1" | awk '
		function mb(s) { return s ~ /G$/ ? s * 1024 : s ~ /M$/ ? s + 0 : s / 1024 }
		$1 == "l2.size" || $1 == "l3.size" { if (mb($2) > most) most = mb($2) }
		END { print (most > 16 ? int(most) : 16) }'
}

for machine; do
	mb=$(($(last_level $machine) * 2))
	lines=$((mb * 16384))
	"$mmsim" generate chase --size ${mb}M --huge 2M --count 100000 -o "$out/chase.pcap"
	for load in "0 64" "1 4" "1 8" "1 16" "1 32" "1 64" "2 64" "3 64" "4 64" "5 64" "7 64"; do
		set -- $load
		writers=
		"$mmsim" generate stream --size 64M --huge 2M --stride $2 --stores 100 --count $((lines * 12)) \
			-o "$out/stream.pcap"
		for i in $(seq $1); do
			writers="$writers $out/stream.pcap"
		done
		"$mmsim" replay -q -m $machine -k simple -s kernel.charge=no -s cores=$(($1 + 1)) "$out/chase.pcap" \
			$writers --fast-forward $((lines * 101 / 100 * ($1 + 1))) --warmup 500kcycles --max 4Mcycles \
			-o "$out/runs/$machine.$1.$2"
	done
	rm "$out/chase.pcap" "$out/stream.pcap"
done
for end in svg png; do
	"$mmsim" plot loaded -o "$out/loaded.$end" "$out"/runs/*
done
awk '/^# [^G]/ { name = substr($0, 3) } /^[0-9]/ { if (!(name in idle)) idle[name] = $2; most[name] = $1; worst[name] = $2 }
	END { for (name in idle) printf "%s: a load from DRAM takes %.0f ns when nothing else is asked of it, and %.0f ns at %.1f GB/s.\n",
		name, idle[name], worst[name], most[name] }' "$out/loaded.dat" | sort | tee "$out/answer.txt"
echo "the picture is $out/loaded.svg"
