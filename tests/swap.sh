#!/bin/sh
# A program that needs more memory than there is goes on with swap, in each kernel and on each device, with the whole
# state in order; nothing is lost or left over, and a slower device makes slower faults.
. "$(dirname "$0")/lib.sh"

"$mmsim" generate random --size 24M --count 3000 --stores 50 -o "$tmp/random.pcap"
"$mmsim" generate fork-share --tasks 3 --pages 1500 --apart 2 --vmas 5 --size 16M -o "$tmp/forks.pcap"

# replays RUN RECORDING OPTION...
replays()
{
	run=$1
	recording=$2
	shift 2
	check "$run replays, its state in order" "$mmsim" replay -q --check -s layout.rebase=yes -s memory.size=24M \
		-s swap.size=64M "$@" "$tmp/$recording.pcap" -o "$tmp/$run"
}

# value RUN COUNTER
value()
{
	counter "$tmp/$1/stats.json" "$2"
}

# more NAME A B: A is more than B.
more()
{
	if [ "$2" -gt "$3" ]; then ok "$1"; else bad "$1" "$2 is not more than $3"; fi
}

# The program ran to its end, by pages that went and came; what is taken in the end is what CPUs have in store, and what
# pages have that a device had in its hands when their process ended: free_swap_and_cache() leaves them to reclaim.
swapped()
{
	equal "$1: nobody was killed" 0 "$(value "$1" replay.oom)"
	more "$1: pages were read again" "$(value "$1" mm.fault.major)" 100
	equal "$1: slots add up" "$(value "$1" mm.swap.allocated)" \
		"$(($(value "$1" mm.swap.freed) + $(value "$1" mm.swap.used)))"
	more "$1: slots are given back" 65 "$(($(value "$1" mm.swap.used) - $(value "$1" mm.swap.cached)))"
	equal "$1: vmstat agrees" "$(value "$1" mm.swap.read) $(value "$1" mm.swap.written)" \
		"$(value "$1" mm.vmstat.pswpin) $(value "$1" mm.vmstat.pswpout)"
}

while read -r kernel device; do
	replays "$kernel.$device" random -k "$kernel" -s swap.device="$device"
	swapped "$kernel.$device"
	replays "$kernel.$device.forks" forks -k "$kernel" -s swap.device="$device"
	swapped "$kernel.$device.forks"
done <<'END'
linux-2.4-i386 hdd
linux-2.5.66-i386 hdd
linux-2.6.9-i386 zram
linux-2.6.37 sata-ssd
linux-6.x zram
linux-6.x nvme
linux-6.x hdd
riscv-sv48 nvme
END

# p50 RUN: of the loads and stores that waited for a device, cycles.
p50()
{
	awk -F, '($1 == "load" || $1 == "store") && $7 == "major" { print $4, $6 }' "$tmp/$1/latency.csv" | sort -n |
		awk '{ at[NR] = $1; n[NR] = $2; all += $2 } END { for (i = 1; sum < all / 2; i++) sum += n[i]; print at[i - 1] + 0 }'
}
more "NVMe takes more than ten times as long as zram" "$(p50 linux-6.x.nvme)" $((10 * $(p50 linux-6.x.zram)))
more "a disk more than ten times as long as NVMe" "$(p50 linux-6.x.hdd)" $((10 * $(p50 linux-6.x.nvme)))
equal "zram lets nobody wait" 0 "$(value linux-6.x.zram core0.cycles.io_wait)"

replays again random -k linux-6.x -s swap.device=hdd
check "the same seed, the same results" cmp "$tmp/again/stats.json" "$tmp/linux-6.x.hdd/stats.json"
replays both random -s storage.device=nvme -s kernel.page_cache=warm -s swap.device=storage
equal "swap on the device of files: no other" "" "$(value both mm.blockdev.swap.reads)"
more "swap on the device of files: it has the requests" "$(value both mm.blockdev.storage.reads)" 100

refused "swap on storage that is none" storage.device "$mmsim" replay -q -s swap.device=storage "$tmp/random.pcap" -o "$tmp/no"
refused "swap without a page allocator" kernel.placement "$mmsim" replay -q -k simple -s swap.device=nvme "$tmp/random.pcap" \
	-o "$tmp/no"
refused "swap of one page" "too small" "$mmsim" replay -q -s swap.device=nvme -s swap.size=4K "$tmp/random.pcap" -o "$tmp/no"
finish
