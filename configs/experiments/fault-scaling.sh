#!/bin/sh
# Faults a second against the cores that fault: threads of one process, each writing fresh pages of a mapping of its own, on 1 to
# 16 cores of two sockets; with linux-2.6.37, where every fault reads mmap_sem, and linux-6.x, where it reads a lock of its
# mapping; alone, and beside a thread that maps pages all the time, for which mmap_sem is written.
#
#   configs/experiments/fault-scaling.sh          about a minute; a picture in experiments/fault-scaling
set -e
cd "$(dirname "$0")/../.."
name=fault-scaling
. configs/experiments/published.sh

cores="1 2 4 8 12 16"
pages=1500
kernels="2.6.37 6.x"

for n in $cores; do
	for maps in no yes; do
		"$mmsim" generate fault-threads --threads $n --pages $pages --maps $maps -o "$out/$maps$n.pcap"
		for kernel in $kernels; do
			point $kernel.$maps$n "$out/$maps$n.pcap" --to end -m haswell-2s -k linux-$kernel -s cores=18
		done
	done
done
points_run

# rate RUN: thousands of faults in a second, those of the thread that maps left out.
rate()
{
	calc "%.0f" "($(value "$1" mm.fault.zero) - $(value "$1" mm.call.mmap)) / ($(value "$1" core0.cycles) / $(hertz "$1")) / 1000"
}

# waiting RUN: percent of the cores' time that they wait for the lock of the address space or a mapping.
waiting()
{
	calc "%.1f" "$(value "$1" mm.mmap_lock.wait_cycles) / ($2 * $(value "$1" core0.cycles)) * 100"
}

{
	echo "# title Faults a second of threads of one process"
	echo "# caption machine haswell-2s  ·  $pages fresh pages a thread"
	echo "cores,2.6.37|1000/s,with mmap()|1000/s,6.x|1000/s,with mmap() |1000/s"
	for n in $cores; do
		echo "$n $([ $n = 1 ] && echo core || echo cores),$(rate 2.6.37.no$n),$(rate 2.6.37.yes$n),$(rate 6.x.no$n),$(rate 6.x.yes$n)"
	done
} >"$out/faults.csv"
"$mmsim" plot measures "$out/faults.csv" -o "$out/faults.svg"
"$mmsim" plot measures "$out/faults.csv" -o "$out/faults.png"

table "Faults, 1000 a second"
for kernel in $kernels; do
	for maps in no yes; do
		row=
		for n in $cores; do
			row="$row $(rate $kernel.$maps$n)"
		done
		shown "$kernel, $([ $maps = yes ] && echo 'beside mmap()' || echo alone), $(echo $cores | tr ' ' /) cores" "" "$(echo $row)"
	done
done

table "Locks"
exact "readers wait for no reader: 2.6.37, 16 cores" 0 "$(value 2.6.37.no16 mm.mmap_lock.read_waits)"
exact "nor in 6.x" 0 "$(value 6.x.no16 mm.mmap_lock.read_waits)"
exact "a mapping's own lock does not meet mmap(): 6.x, 16 cores" 0 "$(value 6.x.yes16 mm.mmap_lock.read_waits)"
between "2.6.37 beside mmap(): 16 cores : alone" "less" 0 0.8 "$(calc %.2f "$(rate 2.6.37.yes16) / $(rate 2.6.37.no16)")"
between "6.x beside mmap(): 16 cores : alone" "the same" 0.8 1.1 "$(calc %.2f "$(rate 6.x.yes16) / $(rate 6.x.no16)")"
for n in $cores; do
	shown "2.6.37 beside mmap(), $n cores: % of the time waited" "" "$(waiting 2.6.37.yes$n $((n + 1)))"
done
say "6.x: $(calc %.1f "$(rate 6.x.no16) / $(rate 6.x.no1)") times the faults of one core on 16, and \
$(calc %.1f "$(rate 6.x.yes16) / $(rate 6.x.yes1)") times beside a thread that maps; 2.6.37: \
$(calc %.1f "$(rate 2.6.37.no16) / $(rate 2.6.37.no1)") and $(calc %.1f "$(rate 2.6.37.yes16) / $(rate 2.6.37.yes1)") times. \
Readers of mmap_sem wait for no reader, but all write its line; each mmap() waits for the faults under way and holds up all that come \
behind it."
show faults "Faults a second of threads of one process"
finish
