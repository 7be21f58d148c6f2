#!/bin/sh
# What does a load cost on each of the machines, by the memory that a program goes through? Dependent loads of all lines of so
# many bytes in random order, on ordinary pages: a step a cache level, with what translation adds on top.
#
#   configs/experiments/staircases.sh [MACHINE...]    default: every built-in machine but those that only add prefetchers;
#                                                     the picture goes to experiments/staircases
#
# Some minutes.
set -e
cd "$(dirname "$0")/../.."
. configs/experiments/lib.sh
mmsim=${MMSIM:-$PWD/mmsim}
out=${OUT:-experiments/staircases}
[ $# -gt 0 ] || set -- golden-cove zen4 zen2 skylake-sp neoverse-n1 neoverse-v2 cortex-a72 sifive-u74 pentium4 pentium3 pentium2
mkdir -p "$out/runs"
rm -rf "$out"/runs/*
{
	echo series,bytes,latency_cycles
	echo "# caption: $# machines  ·  kernel simple  ·  mmsim generate chase  ·  $("$mmsim" --version)"
} >"$out/points.csv"

for kb in 4 8 16 24 32 48 64 96 128 192 256 384 512 768 1024 1536 2048 3072 4096 8192 16384 32768 65536; do
	count=$((kb * 16 * 20 > 300000 ? 300000 : kb * 16 * 20))
	"$mmsim" generate chase --size ${kb}K --count $count -o "$out/chase.pcap"
	for machine; do
		kernel="-k simple"
		case $machine in
		pentium*) kernel="-k simple -s kernel.layout=i386 -s layout.rebase=yes" ;;
		esac
		"$mmsim" replay -q "$out/chase.pcap" -m $machine $kernel -s memory.size=2G -o "$out/runs/$kb.$machine"
		echo "$machine,$((kb * 1024)),$(mean "$out/runs/$kb.$machine")" >>"$out/points.csv"
	done
done
rm "$out/chase.pcap"
for end in svg png; do
	"$mmsim" plot steps -o "$out/staircases.$end" "$out/points.csv"
done

# Cycles of the shortest and of the longest loads, and what they are in ns.
for machine; do
	hz=$(sed -n 's/^ *"clock_hz": \([0-9]*\),*$/\1/p' "$out/runs/4.$machine/run.json")
	echo "$machine $(mean "$out/runs/4.$machine") $(mean "$out/runs/65536.$machine") $hz"
done | awk '
	{ ns[$1] = 1e9 * $3 / $4; if (!best || ns[$1] < ns[best]) best = $1; if (!worst || ns[$1] > ns[worst]) worst = $1
	  cycles[$1] = $3; near[$1] = $2 }
	END { printf "A load that stays in 4 KB takes %.0f to %.0f cycles. Through 64 MB in random order, page walks included, it takes between %.0f ns (%s) and %.0f ns (%s); in cycles of its own core that is %.0f and %.0f.\n",
		min(near), max(near), ns[best], best, ns[worst], worst, cycles[best], cycles[worst] }
	function min(a,   k, m) { m = 1e9; for (k in a) if (a[k] < m) m = a[k]; return m }
	function max(a,   k, m) { m = 0; for (k in a) if (a[k] > m) m = a[k]; return m }' | tee "$out/answer.txt"
echo "the picture is $out/staircases.svg"
