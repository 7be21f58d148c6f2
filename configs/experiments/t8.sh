#!/bin/sh
# T8: anon_vma and anon_vma_chain (commit 5beb49305251, LWN 383162): 1000 children that copied all 1000 pages of one mapping.
# A page is mapped once; by anon_vma a walk looks at the mappings of all relatives until it has found that one, in the
# mean half of 1001; by anon_vma_chain at one.
#
# golden-cove with 2.6.37 and 4 GB, which do not hold a million pages and the parent's next 112 MB: some of it is reclaimed. Children
# take turns of 20 us, so that the oldest pages are of all of them.
#
#   configs/experiments/t8.sh
set -e
cd "$(dirname "$0")/../.."
name=t8
. configs/experiments/published.sh

"$mmsim" generate cow-children --tasks 1000 --pages 1000 --size 112M -o "$out/cow.pcap"
for scheme in anon_vma anon_vma_chain; do
	point $scheme "$out/cow.pcap" --from pressure --to end -m golden-cove -k linux-2.6.37 -s memory.size=4G -s swap.device=nvme \
		-s sched.quantum=20us -s kernel.rmap=$scheme
done
points_run

# visits SCHEME: VMAs of a walk.
visits()
{
	calc "%.1f" "$(value $1 mm.rmap.vmas) / $(value $1 mm.rmap.walks)"
}

table "Mappings that a walk visits"
within 2 "anon_vma, mean" 501 "$(visits anon_vma)"
exact "anon_vma_chain, mean" 1 "$(visits anon_vma_chain)"
between "anon_vma, most" 1001 501 1001 "$(value anon_vma mm.rmap.walk_max)"
exact "anon_vma_chain, most" 1 "$(value anon_vma_chain mm.rmap.walk_max)"
for scheme in anon_vma anon_vma_chain; do
	shown "$scheme: walks" "" "$(value $scheme mm.rmap.walks)"
done
finish
