#!/bin/sh
# A page of high memory that the kernel uses after each of 1,000 context switches, through kmap, kmap_atomic and vmap, beside
# a page of low memory: cycles and TLB misses of the use and of the calls around it, flushes of all CPUs.
#
#   configs/experiments/kmap.sh [KEY=VALUE...]     on pentium4 with i386-pae and 2.6.9, unless said otherwise
#
# kmap's and vmap's entries are global and survive the switch, as long as the working set (pages that the program touches
# between two switches) leaves them their places in a TLB of 64; kmap_atomic's is invalidated at each use, on this CPU alone.
# A ring of 512 slots flushes all CPUs once in so many new pages; vunmap of 2.6.9 each time, since 2.6.28 nearly never.
set -e
cd "$(dirname "$0")/../.."
B=${B:-build}
make -s "$B/validate/kmap"
for pages in 16 80; do
	echo "A working set of $pages pages:"
	"$B/validate/kmap" -w $pages "$@"
	echo
done
