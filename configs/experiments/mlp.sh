#!/bin/sh
# Memory-level parallelism of the window core: loads that miss, on their own or each waiting for the one before, against
# the MSHRs, and against the window; measured beside the closed formula.
#
#   configs/experiments/mlp.sh [OPTION...]     options of `mmsim replay` for every row
#
# One level of cache before memory of a fixed latency L, no translation. Little's law: independent misses take L / MSHRs
# cycles each, dependent ones L. A window of W instructions, each third of which misses, holds W / 3 misses: 3 L / W.
set -e
cd "$(dirname "$0")/../.."
. configs/experiments/lib.sh
mmsim=${MMSIM:-$PWD/mmsim}
out=${OUT:-experiments/mlp}
count=${COUNT:-20000}
latency=305
mkdir -p "$out"
machine="-s core.model=window -s core.width=6 -s l1d.latency=5 -s l2.size=0 -s l3.size=0 -s translation=off"
machine="$machine -s dram.model=flat -s dram.fabric=0 -s dram.flat=300"

# cycles KIND OPTION...: that as many loads more take, a load.
cycles()
{
	kind=$1
	shift
	for n in $count $((2 * count)); do
		"$mmsim" replay -q -k simple "$out/$kind.$n.pcap" -o "$out/$n" $machine "$@" >/dev/null
	done
	echo $(($(counter "$out/$((2 * count))" core0.cycles) - $(counter "$out/$count" core0.cycles))) | awk -v n=$count '{ print $1 / n }'
}

for n in $count $((2 * count)); do
	"$mmsim" generate stream --size 1M --stride 64 --count $n -o "$out/stream.$n.pcap"
	"$mmsim" generate chase --size 1M --count $n -o "$out/chase.$n.pcap"
done

printf '%-10s %21s %21s %26s\n' '' 'independent, cycles' 'dependent, cycles' 'independent, bytes/cycle'
printf '%-10s %10s %10s %10s %10s %13s %12s\n' MSHRs measured 'L/MSHRs' measured L measured '64 MSHRs/L'
for mshrs in 1 2 4 8 16; do
	m="-s core.mshrs=$mshrs -s l1d.mshrs=$mshrs"
	echo "$mshrs $(cycles stream $m "$@") $(cycles chase $m "$@")" | awk -v l=$latency '{
		printf "%-10d %10.2f %10.2f %10.2f %10.2f %13.3f %12.3f\n", $1, $2, l / $1, $3, l, 64 / $2, 64 * $1 / l }'
done
echo
printf '%-10s %10s %10s\n' window measured '3 L/window'
for window in 3 6 12 24 48 96; do
	cycles stream -s core.mshrs=64 -s l1d.mshrs=64 -s core.window=$window "$@" | awk -v l=$latency -v w=$window '{
		printf "%-10d %10.2f %10.2f\n", w, $1, 3 * l / w }'
done
