#!/bin/sh
# T7: what pte_chains take of low memory. P. Wong, a data base on an 8-way Pentium III with 4 GB (2002-09-09): 22,817,885 mappings,
# 3,411,018 chain objects of 32 bytes in 30,186 slabs, 6.69 entries an object. A. Arcangeli (20040308202433): 2.7 GB of
# shared memory mapped by 100 tasks fill ZONE_NORMAL.
#
# Which pages had how many mappings is not published. 262,381 pages of 87 mappings each (another mail's number of processes)
# have 13 objects of 7 entries each; with the 60 that the CPU keeps at hand they take as many slabs to the last one, which have room
# for as many objects. With 100 processes that touch each page with
# probability 65 %, entries an object are 6.69 in the mean. pentium3 with 4 GB, 2.5.66 with PAE, page tables in low memory; time
# does not count (kernel.charge = no).
#
#   configs/experiments/t7.sh
set -e
cd "$(dirname "$0")/../.."
name=t7
. configs/experiments/published.sh
machine="-m pentium3 -k linux-2.5.66-i386 -s kernel.layout=i386-pae -s memory.size=4G -s kernel.charge=no"

few=2000
"$mmsim" generate shared-map --tasks 87 --size $((262381 * 4))K -o "$out/same.pcap"
"$mmsim" generate shared-map --tasks 100 --share 65 --size $((351060 * 4))K -o "$out/random.pcap"
"$mmsim" generate shared-map --tasks 100 --share 65 --size $((few * 4))K -o "$out/few.pcap"
"$mmsim" generate shared-map --tasks 100 --size 2700M -o "$out/large.pcap"
# shellcheck disable=SC2086 # words
{
	point large.pte_chain "$out/large.pcap" $machine
	point large.objrmap "$out/large.pcap" $machine -s kernel.rmap=objrmap
	point same "$out/same.pcap" --to end $machine
	point random "$out/random.pcap" --to end $machine
	point few "$out/few.pcap" --to end $machine
}
points_run

# mappings RUN: entries that map a page now.
mappings()
{
	echo $(($(value "$1" mm.rmap.adds) - $(value "$1" mm.rmap.removes)))
}

table "The data base: 262,381 pages of 87 mappings"
within 0.1 "mappings" 22817885 "$(mappings same)"
objects=$(slab same pte_chain objects)
slabs=$(slab same pte_chain slabs)
exact "chain objects" 3411018 "$objects"
exact "objects of 32 bytes a slab" 113 "$((objects / slabs))"
exact "slabs" 30186 "$slabs"
exact "MB of objects" 104 "$((objects * 32 / 1048576))"
exact "MB of slabs" 118 "$(calc %.0f "$(slab same pte_chain pages) * 4 / 1024")"
within 1 "entries an object" 6.69 "$(calc %.3f "$(mappings same) / $(slab same pte_chain active)")"

table "The data base: 351,060 pages, each mapped by each of 100 processes with probability 65 %"
within 1 "mappings, millions" 22.82 "$(calc %.2f "$(mappings random) / 1e6")"
within 1 "chain objects, millions" 3.41 "$(calc %.3f "$(slab random pte_chain active) / 1e6")"
rm -f "$out/random.pcap"

# ceilings RECORDING: the sum of ceil(m/7) over its pages, by its own accesses; pages mapped once have no chain.
ceilings()
{
	"$mmsim" convert --to xdin "$out/$1.pcap" - 2>"$tmp/convert.err" | awk '
		$1 == "w" { page = substr($2, 1, length($2) - 3); m[page]++ }
		END { for (p in m) if (m[p] > 1) n += int((m[p] + 6) / 7); print n }'
}

table "$few pages of that kind"
# But for the one that a CPU keeps for its next fault (pte_chain_alloc()).
exact "objects are the sum of ceil(m/7)" "$(ceilings few)" "$(($(value few mm.rmap.pte_chains.objects) - 1))"

table "2.7 GB mapped by 100 tasks on 4 GB"
exact "pte_chain: low memory is exhausted" yes "$([ "$(value large.pte_chain replay.oom)" -gt 0 ] && echo yes || echo no)"
exact "objrmap: processes killed" 0 "$(value large.objrmap replay.oom)"
finish
