#!/bin/sh
# kmap, kmap_atomic and vmap on a whole machine, across context switches: who misses the TLB, who flushes whom.
. "$(dirname "$0")/lib.sh"
kmap=${B:-build}/validate/kmap

# row TABLE LABEL COLUMN: 1 cycles and 2 misses of the use, 3 and 4 of the calls, 5 flushes, 6 interrupts.
row()
{
	sed -n "s/^$2  *//p" "$1" | head -n 1 | tr -s ' ' | cut -d ' ' -f "$3"
}

check "2.6.9" "$kmap" -n 1000 -w 16
cp "$tmp/check.out" "$tmp/old"
check "6.x" "$kmap" -n 100 -w 16 kernel.era=6.x
cp "$tmp/check.out" "$tmp/new"

for label in 'direct map, a page of low memory' 'kmap, mapped throughout' 'kmap, kunmap at each use' 'vmap, mapped throughout'; do
	equal "$label: no TLB misses" 0.000 "$(row "$tmp/old" "$label" 2)"
	equal "$label: no flushes" "0 0" "$(row "$tmp/old" "$label" 5,6)"
done
equal "kmap_atomic: a TLB miss each" 1.000 "$(row "$tmp/old" 'kmap_atomic at each use' 2)"
equal "kmap_atomic: no flush of others" "0 0" "$(row "$tmp/old" 'kmap_atomic at each use' 5,6)"
# 1,000 pages that have no slot, after the two of the beginning: the ring of 512 wraps once.
equal "kmap of other pages: the ring wraps" "1 1" "$(row "$tmp/old" '  the same, 600 pages in turn' 5,6)"
equal "vunmap of 2.6.9 flushes all" "1000 1000" "$(row "$tmp/old" 'vmap, vunmap at each use' 5,6)"
equal "vunmap of 6.x waits" "0 0" "$(row "$tmp/new" 'vmap, vunmap at each use' 5,6)"
equal "vmap: always another address" 1.000 "$(row "$tmp/new" 'vmap, vunmap at each use' 2)"

finish
