#!/bin/sh
# Low memory under i386 with PAE: what of the 896 MB that the kernel can address is taken by mem_map, page tables, the objects of
# reverse mapping and VMAs when a quarter of 4, 16, 32 and 64 GB is mapped by 8 processes each, by scheme. A table and a picture.
#
# For each 4 GB, 8 processes share and touch 1 GB (`mmsim generate shared-map`), and live until all have; pentium3 with 2.6.5,
# page tables in low memory, no time (kernel.charge = no). Where low memory runs out and processes are killed for it, the
# table says so: the figures are those of the end, when what is left has touched its pages.
#
#   configs/experiments/lowmem.sh [GB...]          default 4 16 32 64
set -e
cd "$(dirname "$0")/../.."
name=lowmem
. configs/experiments/published.sh
[ $# -gt 0 ] || set -- 4 16 32 64
schemes="pte_chain objrmap anonmm anon_vma"

for gb; do
	"$mmsim" generate shared-map --tasks 8 --size 1G --groups $((gb / 4)) -o "$out/shared$gb.pcap"
	for scheme in $schemes; do
		point $scheme.$gb "$out/shared$gb.pcap" --to end -m pentium3 -k linux-2.6.5-i386 -s kernel.layout=i386-pae \
			-s kernel.charge=no -s memory.size=${gb}G -s kernel.rmap=$scheme
	done
done
points_run

# mb PAGES
mb()
{
	calc %.1f "$1 / 256"
}

# parts RUN: MB of low memory: boot (mem_map and the image), page tables, objects of reverse mapping, VMAs, free.
parts()
{
	managed=$(($(value $1 mm.zone.0.DMA.managed) + $(value $1 mm.zone.0.Normal.managed)))
	free=$(($(value $1 mm.zone.0.DMA.free_pages) + $(value $1 mm.zone.0.Normal.free_pages)))
	boot=$((229376 - managed))
	tables=$(value $1 mm.pgtable.pages)
	objects=$(slab $1 $RMAP_CACHES pages)
	vmas=$(slab $1 vm_area_struct mm_struct pages)
	echo "$(mb $boot),$(mb $tables),$(mb $objects),$(mb $vmas),$(mb $((managed - free - tables - objects - vmas))),$(mb $free)"
}

{
	echo "# title What the kernel's 896 MB are used for"
	echo "# unit MB of low memory"
	echo "# caption pentium3, 2.6.5, PAE: a quarter of memory mapped by 8 processes each"
	echo "memory: with pte_chains and with objrmap (so: anonmm and anon_vma),mem_map and image,page tables,reverse mapping,VMAs,other,free"
	for gb; do
		echo "$gb GB,$(parts pte_chain.$gb)"
		echo "objrmap,$(parts objrmap.$gb)"
	done
} >"$out/lowmem.csv"
for end in svg png; do
	"$mmsim" plot parts -o "$out/lowmem.$end" "$out/lowmem.csv"
done

if [ "$FORMAT" = md ]; then
	printf '\n| memory | scheme | mem_map and image | page tables | reverse mapping | VMAs | other | free | killed |\n|---|---|---:|---:|---:|---:|---:|---:|---:|\n'
else
	printf '\n%-8s %-10s %8s %8s %8s %8s %8s %8s %8s  (MB)\n' memory scheme boot tables rmap VMAs other free killed
fi
for gb; do
	for scheme in $schemes; do
		parts $scheme.$gb | tr , ' ' | while read -r boot tables objects vmas other free; do
			if [ "$FORMAT" = md ]; then
				echo "| $gb GB | $scheme | $boot | $tables | $objects | $vmas | $other | $free | $(value $scheme.$gb replay.oom) |"
			else
				printf '%-8s %-10s %8s %8s %8s %8s %8s %8s %8s\n' "$gb GB" $scheme $boot $tables $objects $vmas \
					$other $free "$(value $scheme.$gb replay.oom)"
			fi
		done
	done
done

# Of 1 GB mapped 8 times: 262,144 pages with two chain objects each; 512 tables of 512 entries a process.
table "What closed formulas say, at $1 GB"
n=$(($1 / 4))
per=$(($(slab pte_chain.$1 pte_chain objects) / $(slab pte_chain.$1 pte_chain slabs)))
within 0.1 "pages of chain objects, $per a page" $(((n * 262144 * 2 + per - 1) / per)) "$(slab pte_chain.$1 pte_chain pages)"
within 1 "page tables: 8 processes of 512, and above" $((n * 8 * 512)) "$(value objrmap.$1 mm.pgtable.pages)"
show lowmem "What low memory is used for"
finish
