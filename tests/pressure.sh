#!/bin/sh
# Programs under a limit that is far below what they use, with the walks over the whole state that --check adds: each form of
# reclaim and scheme of reverse mapping, on fast and slow devices, files read from a device too. Nothing is found, nobody gets
# a SIGSEGV, and the limit was met.
. "$(dirname "$0")/lib.sh"

# under SAMPLE LIMIT KERNEL OPTION...
under()
{
	what="$*"
	sample=$1 limit=$2 kernel=$3
	shift 3
	for setting; do
		set -- "$@" -s "$setting"
		shift
	done
	check "$what" $mmsim replay -q --check -m skylake-sp -k "$kernel" -s cores=2 -s kernel.time_scale=1000 \
		-s group.tight.limit="$limit" -s swap.size=32M "$@" "$samples/$sample.mmtrace.gz" -o "$tmp/out"
	equal "$what: no SIGSEGV" 0 "$(counter "$tmp/out/stats.json" replay.segv)"
	least "$what: times at the limit" 1 "$(counter "$tmp/out/stats.json" mm.group.tight.failcnt)"
}

# least NAME LEAST VALUE
least()
{
	if [ "${3:-0}" -ge "$2" ]; then ok "$1"; else bad "$1" "expected at least $2, got '$3'"; fi
}

cold="kernel.page_cache=cold storage.device=nvme"
under perl 600K linux-6.x swap.device=zram
under perl 600K linux-6.x swap.device=hdd kernel.page_cache=cold storage.device=hdd
under sqlite 1500K linux-6.x swap.device=nvme kernel.reclaim=mglru
under sqlite 1500K linux-2.6.37 swap.device=sata-ssd $cold
under threads 600K linux-6.x swap.device=hdd $cold
under threads 600K linux-6.x swap.device=zram kernel.rmap=pte_chain
under pipe 600K linux-2.6.37 swap.device=sata-ssd $cold
under pipe 600K linux-6.x swap.device=zram kernel.rmap=none
under sort 600K linux-6.x swap.device=zram kernel.rmap=anon_vma kernel.rmap_file=list
under sort 600K thp swap.device=nvme
finish
