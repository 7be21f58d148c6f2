#!/bin/sh
# The latency staircases of a machine, with published points laid over where there are any:
#   pages.svg  a dependent load in each of N pages: the reach of the TLBs
#   chase.svg  dependent loads of all lines of N bytes in random order: the sizes of the caches
#
#   configs/experiments/steps.sh [MACHINE...]     default golden-cove; pictures and runs go to experiments/steps
#
# One machine takes about half a minute.
set -e
cd "$(dirname "$0")/../.."
mmsim=${MMSIM:-$PWD/mmsim}
here=configs/experiments
out=${OUT:-experiments/steps}
[ $# -gt 0 ] || set -- golden-cove
mkdir -p "$out/runs"
rm -f "$out"/runs/*.pcap

# replay NAME: the recording $out/runs/NAME.pcap on each machine.
replay()
{
	for machine in $machines; do
		"$mmsim" replay -q -k simple "$out/runs/$1.pcap" -m "$machine" -o "$out/runs/$1.$machine"
	done
	rm "$out/runs/$1.pcap"
}

# picture KIND: all runs of a kind and the points published for the first machine.
picture()
{
	points=$here/$first-$1.csv
	for end in svg png; do
		if [ -e "$points" ]; then
			"$mmsim" plot steps --points "$points" -o "$out/$1.$end" "$out/runs/$1".*.*
		else
			"$mmsim" plot steps -o "$out/$1.$end" "$out/runs/$1".*.*
		fi
	done
}

machines=$*
first=$1
for pages in 16 32 48 64 80 96 112 128 192 256 384 512 640 768 896 1024 1280 1536 2048 2560 3072 4096; do
	"$mmsim" generate pages --pages $pages --count $((pages * 100)) -o "$out/runs/pages.$pages.pcap"
	replay pages.$pages
done
picture pages
for kb in 8 16 24 32 40 48 56 64 96 128 192 256 320 384 448 512 768 1024 1280 1536 2048 4096 8192 16384 32768 65536; do
	"$mmsim" generate chase --size ${kb}K --count $((kb * 16 * (kb > 4096 ? 4 : 20))) -o "$out/runs/chase.$kb.pcap"
	replay chase.$kb
done
picture chase
echo "the staircases are $out/pages.svg and $out/chase.svg"
