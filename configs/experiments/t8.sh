#!/bin/sh
# T8: anon_vma and anon_vma_chain (commit 5beb49305251, LWN 383162): 1000 children that copied all 1000 pages of one mapping.
# A page is mapped once; by anon_vma a walk looks at the mappings of all relatives until it has found that one, in the
# mean half of 1001; by anon_vma_chain at one.
#
# golden-cove with 2.6.37 and 4 GB, which do not hold a million pages and the parent's next 112 MB: some of it is reclaimed. Children
# take turns of 1 us, a page or two, so that the oldest pages are of all of them alike, but for the parent's own 1000: these are the
# oldest of all, a thirtieth of what is reclaimed in place of a thousandth, and the parent stands first in the list. Walks of one
# visit are left out of anon_vma's mean.
#
#   configs/experiments/t8.sh
set -e
cd "$(dirname "$0")/../.."
name=t8
. configs/experiments/published.sh

"$mmsim" generate cow-children --tasks 1000 --pages 1000 --size 112M -o "$out/cow.pcap"
for scheme in anon_vma anon_vma_chain; do
	point $scheme "$out/cow.pcap" --from pressure --to end -m golden-cove -k linux-2.6.37 -s memory.size=4G -s swap.device=nvme \
		-s sched.quantum=1us -s kernel.rmap=$scheme
done
points_run

# visits SCHEME LESS: VMAs of a walk, but for so many walks of one.
visits()
{
	calc "%.1f" "($(value $1 mm.rmap.vmas) - $2) / ($(value $1 mm.rmap.walks) - $2)"
}

table "Mappings that a walk visits"
within 2 "anon_vma, mean" 501 "$(visits anon_vma "$(value anon_vma mm.rmap.walks_1)")"
exact "anon_vma_chain, mean" 1 "$(visits anon_vma_chain 0)"
between "anon_vma, most" 1001 501 1001 "$(value anon_vma mm.rmap.walk_max)"
exact "anon_vma_chain, most" 1 "$(value anon_vma_chain mm.rmap.walk_max)"
for scheme in anon_vma anon_vma_chain; do
	shown "$scheme: walks" "" "$(value $scheme mm.rmap.walks)"
	shown "$scheme: cycles of reclaim a visit" "" "$(calc "%.0f" "$(cycles $scheme '^kernel[.]reclaim$') / $(value $scheme mm.rmap.vmas)")"
done
finish
