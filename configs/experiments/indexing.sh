#!/bin/sh
# One recording under each kind of L1 index: TLB lookups, cycles, and what a switch between processes costs.
#
#   configs/experiments/indexing.sh [OPTION...]     options of `mmsim replay` for every row, e.g. -m zen4
#
# Every load waits for the one before it (core.unknown_dependence = chain), so that a hit's latency is seen. The switches of
# the second recording are those of two processes, a writer and a reader of a pipe.
set -e
cd "$(dirname "$0")/../.."
. configs/experiments/lib.sh
mmsim=${MMSIM:-$PWD/mmsim}
out=${OUT:-experiments/indexing}
mkdir -p "$out"

# value COUNTER: of the last run.
value()
{
	counter "$out/run" "$1"
}

# row SAMPLE LABEL OPTION...
row()
{
	sample=$1
	label=$2
	shift 2
	"$mmsim" replay -q -k simple "traces/samples/$sample.mmtrace.gz" -o "$out/run" -s core.unknown_dependence=chain "$@"
	printf '%-7s %-20s %11s %11s %11s %9s %9s %9s %9s %9s\n' "$sample" "$label" "$(value core0.cycles)" \
		"$(value core0.itlb.lookups)" "$(value core0.dtlb.lookups)" "$(value core0.dtlb.misses)" \
		$(($(value core0.l1d.load_misses) + $(value core0.l1d.store_misses))) \
		$(($(value core0.l1i.virtual_flushes) + $(value core0.l1d.virtual_flushes))) \
		"$(value core0.cycles.kernel.cache_flush)" "$(value sched.switches)"
}

printf '%-7s %-20s %11s %11s %11s %9s %9s %9s %9s %9s\n' '' '' cycles 'ITLB' 'DTLB' 'DTLB' 'L1D' 'lines' 'flush' ''
printf '%-7s %-20s %11s %11s %11s %9s %9s %9s %9s %9s\n' '' '' '' lookups lookups misses misses flushed cycles switches
for sample in sort pipe; do
	row $sample vipt "$@"
	row $sample pipt -s l1i.indexing=pipt -s l1d.indexing=pipt "$@"
	row $sample 'vivt, ASID tags' -s l1i.indexing=vivt -s l1d.indexing=vivt "$@"
	tagged=$(value core0.cycles)
	row $sample 'vivt, flushed' -s l1i.indexing=vivt -s l1d.indexing=vivt -s l1i.asid_tagged=no -s l1d.asid_tagged=no "$@"
done
echo "a switch costs $((($(value core0.cycles) - tagged) / $(value sched.switches))) cycles more in a cache without ASID tags"
