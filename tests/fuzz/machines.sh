#!/bin/sh
# Random machines with random kernels: each replays a piece of a sample, or allocation events, with its state walked now
# and then, and once more without the shortcut of the hot path. Nothing may abort or take five minutes, and both give the
# same counters; a machine that cannot be is refused, which is well. Memory may be so small that it runs out: that is a
# result. Every tenth of them does it a second time and has to write the same files; every seventh of one core begins its
# piece with what a checkpoint holds as well, and has to give what comes of the part without time itself.
#
#   tests/fuzz/machines.sh [SECONDS [SEED]]     default 60 1
cd "$(dirname "$0")/../.." || exit 1
mmsim=${MMSIM:-$PWD/mmsim}
seconds=${1:-60}
seed=${2:-1}
tmp=$(mktemp -d "${TMPDIR:-/tmp}/mmsim-machines.XXXXXX") || exit 1
trap 'rm -rf "$tmp"' EXIT

# machine SEED: options of a random machine, on one line.
machine()
{
	awk -v seed="$1" '
		function one(list,   n, part) { n = split(list, part, " "); return part[1 + int(rand() * n)] }
		# Half of the machines are as their file says, but for the kernel.
		function set(chance, key, list) {
			if (rand() < chance && (!plain || key ~ /^(cores|sched|engine|memory|layout|kernel)/))
				printf "-s %s=%s ", key, one(list)
		}
		# More than a layout reaches or less than a kernel boots with is refused, so most sizes are between.
		function kernel(   layout) {
			set(0.15, "kernel.placement", "random coloured sequential identity")
			layout = rand() < 0.6 ? one("x86-64-la57 i386 i386 i386-pae i386-pae arm64-4k arm64-16k arm64-64k sv39 sv48") : ""
			if (layout)
				printf "-s kernel.layout=%s ", layout
			set(layout ~ /i386/ ? 1 : 0.6, "memory.size", "16M 16M 18M 20M 24M 24M 32M 32M 48M 64M 128M 256M 1G")
			set(layout ~ /i386|sv39/ ? 0.95 : 0.1, "layout.rebase", "yes")
			set(0.7, "kernel.era", "2.4.0 2.4.21 2.5.66 2.6.5 2.6.9 2.6.18 2.6.26 2.6.37 6.x")
			set(0.3, "kernel.pcp", "none hot-cold merged lists")
			set(0.3, "kernel.slab", "slab slub")
			if (rand() < 0.3) {
				set(1, "kernel.boot", "aged")
				set(0.7, "kernel.boot_occupancy", "0 20 80 95 99 100")
				set(0.7, "kernel.boot_fragmentation", "0 20 80 100")
			}
			set(0.2, "kernel.min_free_kbytes", "1 16 64 256 1024 4096 65536")
			set(0.3, "kernel.thp", "always")
			set(0.1, "kernel.hugetlb", "1g")
			set(0.2, "kernel.contiguous", "always")
			set(0.2, "kernel.direct_page", "1g 2m 4k")
			set(0.1, "kernel.charge", "no")
			set(0.1, "kernel.instruction_scale", "1 10 1000")
			set(0.3, "kernel.time_scale", "100 10000 100000")
			set(0.1, "kernel.warm", "no")
			set(0.2, "kernel.zero_page", "no")
			set(0.2, "kernel.numa", "interleave")
			set(0.2, "kernel.fault_around", "0 4K 2M")
			set(0.2, "kernel.flush_ceiling", "0 1 1000")
			set(0.2, "kernel.asids", "0 1 6 4095")
			set(0.2, "kernel.tlbi", "ipi broadcast")
			set(0.1, "kernel.pti", "yes")
		}
		BEGIN {
			srand(seed)
			plain = rand() < 0.5
			printf "-m %s ", one("golden-cove golden-cove golden-cove-prefetch zen2 zen4 zen4-prefetch skylake-sp cortex-a72 neoverse-n1 neoverse-v2 pentium4 kvm-guest haswell-2s")
			set(0.6, "cores", "1 2 4 8")
			set(0.2, "sockets", "1 2")
			set(0.3, "core.model", "window")
			set(0.2, "core.window", "1 16 200")
			set(0.2, "core.unknown_dependence", "chain 30%")
			set(0.2, "core.store_buffer", "1 2 8")
			set(0.2, "l1d.indexing", "vipt pipt vivt")
			set(0.2, "l1d.alias", "hardware flush")
			set(0.1, "l1d.asid_tagged", "no")
			set(0.2, "l1d.size", "4K 16K 64K")
			set(0.2, "l1d.ways", "1 2 4 8 16")
			set(0.2, "l1d.write", "through")
			set(0.2, "l1d.allocate", "no")
			set(0.2, "l1d.mshrs", "1 2 4")
			set(0.2, "l1d.way_predictor", "utag linear")
			for (i = 1; i <= 3; i++) {
				name = one("l1i l1d l2 l3")
				set(0.7, name ".replacement", "lru fifo random tree-plru nru srrip brrip drrip qlru lru-plru4")
			}
			set(0.3, "l2.inclusion", "none inclusive exclusive")
			set(0.3, "l3.inclusion", "none inclusive exclusive")
			set(0.2, "l2.size", "0 64K 256K")
			set(0.2, "l2.ways", "4 8 16")
			set(0.2, "l2.sharers", "1 2 0")
			set(0.2, "l3.size", "0 512K 2M")
			set(0.2, "l3.ways", "8 16")
			set(0.2, "l3.slices", "1 2 4")
			set(0.2, "l3.sharers", "0 1 2")
			set(0.1, "l4.size", "4M")
			set(0.2, "l1d.prefetcher", "next-line stream ip-stride+next-line")
			set(0.2, "l2.prefetcher", "adjacent stream stream+adjacent")
			set(0.1, "l3.prefetcher", "next-line")
			set(0.2, "l2.writeback_buffer", "1 4")
			set(0.2, "l2.ports", "1")
			set(0.2, "l3.bandwidth", "32")
			set(0.1, "l3.set_hash", "xor fold")
			set(0.1, "walker.count", "1 2")
			set(0.2, "walker.port", "l1d l2")
			set(0.1, "stlb.entries", "0")
			set(0.2, "stlb.prefetcher", "next-page")
			set(0.2, "nested.mode", "on")
			set(0.2, "nested.page", "4k 2m")
			kernel()
			set(0.2, "sched.contexts", "2 4")
			set(0.2, "sched.quantum", "5000")
			set(0.2, "engine.run_ahead", "0 100 10000")
			set(0.1, "dram.model", "flat")
			set(0.1, "seed", "2 3")
		}'
}

# workload SEED: allocation events, into $tmp/alloc.gz; what they ask for is random.
workload()
{
	awk -v seed="$1" '
		function one(list,   n, part) { n = split(list, part, " "); return part[1 + int(rand() * n)] }
		BEGIN {
			srand(seed + 1000000)
			printf "alloc-%s --seed %d --cpus %s --live %s --count 3000 ", one("lifo random pass fragment network file"), seed,
				one("1 2 3"), one("10 300 3000 20000")
			if (rand() < 0.5)
				printf "--object %s ", one("8 100 192 700 3000 20000 100000")
			else
				printf "--order %s ", one("0 0 1 3 5 9")
			if (rand() < 0.3)
				printf "--touch %s ", one("0 4096 100000")
		}'
}

# found WHAT [OPTIONS]: of the present machine; ends the search.
found()
{
	echo "machine $seed: $1: mmsim replay --check --max $runs $options ${2-} $sample"
	[ "$sample" != "$tmp/alloc.gz" ] || echo "with mmsim generate $made -o $sample"
	tail -n 12 "$tmp/out"
	exit 1
}

# replay DIRECTORY OPTIONS...: the present machine's results go there.
replay()
{
	directory=$1
	shift
	timeout 300 "$mmsim" replay -q --max $runs $options "$@" "$sample" -o "$tmp/$directory" >"$tmp/out" 2>&1
}

# again DIRECTORY WHAT OPTIONS: once more with those options; the counters are those of "with".
again()
{
	replay "$1" $3 || found "$2: exit status $?" "$3"
	diff "$tmp/with/stats.json" "$tmp/$1/stats.json" >"$tmp/out" || found "$2: not the same" "$3"
}

# Everything but the time that it took.
a_second_time()
{
	replay second --check || found "a second time: exit status $?"
	diff -r -x run.json "$tmp/with" "$tmp/second" >"$tmp/out" || found 'a second time: not the same'
}

from_a_checkpoint()
{
	replay written --fast-forward $((runs / 2)) --checkpoint "$tmp/checkpoint"
	case $? in
	0) ;;
	2) return ;;
	*) found 'a checkpoint is written: not well' "--fast-forward $((runs / 2)) --checkpoint FILE" ;;
	esac
	rm -rf "$tmp/with"
	replay with --fast-forward $((runs / 2)) || found "exit status $?" "--fast-forward $((runs / 2))"
	again restored 'from a checkpoint' "--restore $tmp/checkpoint"
	from_checkpoints=$((from_checkpoints + 1))
}

end=$(($(date +%s) + seconds))
ran=0
refused=0
alone=0
from_checkpoints=0
while [ "$(date +%s)" -lt $end ]; do
	options=$(machine $seed)
	case $((seed % 8)) in
	[0-4]) sample=$(ls traces/samples/*.gz | awk -v n=$((seed % 8 + 1)) 'NR == n') ;;
	5) sample=tests/data/kmem.txt ;;
	*)
		sample=$tmp/alloc.gz
		made=$(workload $seed)
		"$mmsim" generate $made -o "$sample" >"$tmp/out" 2>&1 || found "no workload ($made)"
		;;
	esac
	runs=$((20000 + seed % 7 * 15000))
	replay with --check
	status=$?
	[ "${VERBOSE-}" = "" ] || echo "$seed: $status $(head -n 1 "$tmp/out") $options"
	case $status in
	0)
		ran=$((ran + 1))
		again without 'without the shortcut' '-s engine.shortcut=no'
		[ $((ran % 10)) != 0 ] || a_second_time
		grep -q '"core1\.' "$tmp/with/stats.json" || alone=$((alone + 1))
		grep -q '"core1\.' "$tmp/with/stats.json" || [ $((alone % 7)) != 0 ] || from_a_checkpoint
		;;
	2) refused=$((refused + 1)) ;;
	*) found "exit status $status" ;;
	esac
	seed=$((seed + 1))
done
echo "$ran machines ran, $from_checkpoints of them from a checkpoint as well; $refused were refused, none aborted"
