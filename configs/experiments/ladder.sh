#!/bin/sh
# The ladder of the kernel's allocators: for each level that can serve a page or an object, or take it back, what one request
# costs there and what it does to caches and TLBs. Several allocation workloads run together on two CPUs, each with a program
# that uses data of its own in between; a last one fills a small memory down below the low marks.
#
#   configs/experiments/ladder.sh [MACHINE:KERNEL:BYTES...]     default pentium4 with 2.6.9 and golden-cove with 6.x
#
# BYTES are the program's data on each CPU, a half of L2 by default. Tables go to standard output and, with the picture, to
# experiments/ladder; COUNT (8000) scales the workloads, FORMAT=md makes Markdown. Takes some ten seconds.
set -e
cd "$(dirname "$0")/../.."
mmsim=${MMSIM:-$PWD/mmsim}
out=${OUT:-experiments/ladder}
count=${COUNT:-8000}
[ $# -gt 0 ] || set -- pentium4:linux-2.6.9-i386:1M golden-cove:linux-6.x:1M
mkdir -p "$out"

# work NAME KIND [OPTION...]: a recording, with a program of $bytes.
work()
{
	name=$1
	kind=$2
	shift 2
	"$mmsim" generate "$kind" --between 100 --size "$bytes" "$@" -o "$out/$name.pcap"
}

# table RUN ROW...: rows of its ladder, those that have served something.
table()
{
	csv=$1/ladder.csv
	shift
	awk -F, -v want="$*" -v md="$([ "$FORMAT" = md ] && echo 1)" '
		BEGIN { n = split(want, w, " "); for (i = 1; i <= n; i++) wanted[w[i]] = 1 }
		function cell(v) { return v >= 99.95 ? sprintf("%.0f", v) : sprintf("%.1f", v) }
		wanted[$1] && $2 {
			text = md ? "| `%s` | %s | %s | %s | %s | %s | %s | %s | %s | %s | %s | %s |\n" \
				: "%-16s%6s%6s%7s%7s%6s%5s%5s%5s%5s%5s%5s\n"
			printf text, $1, $2, $4, $5, cell($7), cell($8), cell($9), cell($10), cell($11), cell($12),
				cell($13), cell($14)
		}' "$csv"
}

head_of()
{
	if [ "$FORMAT" = md ]; then
		printf '\n%s\n\n' "$1"
		echo "| served by | requests | p50 | p99 | instructions | lines | not in L1 | L2 | from memory | TLB misses | evicted lines | entries |"
		echo "|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|"
	else
		printf '\n%s\n' "$1"
		echo "                      cycles of one  means of one request"
		echo "served by        count   p50    p99  insns lines   L1   L2  mem  TLB evct tran"
	fi
}

pages="page.pcp page.refill page.buddy"
frees="page_free.pcp page_free.drain page_free.buddy"
objects="object.cpu object.shared object.node object.grow object_free.cpu object_free.slow object_free.slab"
runs=
for one; do
	machine=${one%%:*}
	rest=${one#*:}
	kernel=${rest%%:*}
	bytes=${rest#*:}
	rm -f "$out"/*.pcap
	work 1 alloc-lifo --cpus 2 --live 64 --count "$count"
	work 2 alloc-pass --cpus 2 --live 4000 --count "$count"
	work 3 alloc-lifo --cpus 2 --live 64 --count $((count / 4)) --order 4
	work 4 alloc-lifo --cpus 2 --live 64 --count "$count" --object 256
	work 5 alloc-pass --cpus 2 --live 4000 --count "$count" --object 256
	work 6 alloc-random --cpus 2 --live 4000 --count "$count" --object 1024
	work 7 alloc-pass --cpus 2 --live 400 --count $((count * 3)) --object 256
	run=$out/$machine
	"$mmsim" replay -q -m "$machine" -k "$kernel" -s cores=2 -s layout.rebase=yes --warmup $((count * 20)) \
		"$out"/[1-7].pcap -o "$run"
	work 8 alloc-fragment --between 20 --live 25000 --count 20 --order 4
	"$mmsim" replay -q -m "$machine" -k "$kernel" -s layout.rebase=yes -s memory.size=128M \
		-s kernel.min_free_kbytes=16384 "$out/8.pcap" -o "$run.slow"
	rm "$out"/*.pcap
	head_of "$machine, $kernel, programs of $bytes"
	table "$run" $pages
	table "$run.slow" page.slow
	table "$run" $frees
	table "$run" $objects
	runs="$runs $machine=$run"
done
for end in svg png; do
	"$mmsim" plot ladder -o "$out/ladder.$end" $runs
done
echo
echo "L1, L2: lines not there; mem: from memory or the other CPU; evct, tran: lines and"
echo "translations of the program that were turned out. The picture is $out/ladder.svg"
