#!/bin/sh
# Files through the page cache: recordings do the same whether it is off, warm or cold; what is read and written comes to
# what the recordings ask for, however often they name a file; devices and memory matter as they should.
. "$(dirname "$0")/lib.sh"

# of NAME: a counter of the last run
of()
{
	counter "$tmp/run/stats.json" "$1"
}

# run NAME OPTION...
run()
{
	run_name=$1
	shift
	check "$run_name" $mmsim replay -q --check "$@" -o "$tmp/run"
}

# kept: what does not depend on where pages come from
kept()
{
	grep -E '"(replay\.(records|references|events|segv|refused|efaults|oom|user_bytes)|core0\.instructions|core0\.l1d\.(loads|stores))"' "$tmp/run/stats.json"
}

cold="-s kernel.page_cache=cold -s storage.device"
for sample in "$samples"/*.gz; do
	name=$(basename "$sample" .mmtrace.gz)
	run "$name without a page cache" "$sample"
	off=$(kept)
	run "$name warm" -s kernel.page_cache=warm -s storage.device=hdd "$sample"
	equal "$name does the same" "$off" "$(kept)"
	equal "$name reads nothing" 0 "$(of mm.page_cache.reads)"
	warm=$(of core0.cycles)
	run "$name cold" $cold=nvme "$sample"
	equal "$name does the same, cold" "$off" "$(kept)"
	equal "$name counts what it reads" "$(($(of mm.page_cache.read_pages) * 4))" "$(of mm.vmstat.pgpgin)"
	equal "$name waits in major faults" 1 "$(($(of mm.fault.major) > 0 && $(of core0.cycles.io_wait) > 0))"
	equal "$name is slower, cold" 1 "$(($(of core0.cycles) > warm))"
	cp "$tmp/run/stats.json" "$tmp/first.json"
done

# The last one again, twice at once: the second finds the files that the first has read.
pages=$(of mm.page_cache.read_pages)
run "once more" $cold=nvme "$sample"
check "gives the same" cmp "$tmp/first.json" "$tmp/run/stats.json"
run "two recordings of one program" $cold=nvme "$sample" "$sample"
equal "share its files" "$pages" "$(of mm.page_cache.read_pages)"

# What comes after a checkpoint is to the byte what comes after the same part without time.
$mmsim generate file-io --size 8M --pages 8 --stores 30 --random yes --iterations 4 -o "$tmp/mixed.pcap"
for mode in warm cold; do
	options="-s kernel.page_cache=$mode -s storage.device=nvme -s memory.size=32M --max 8k"
	check "$mode: a checkpoint" $mmsim replay -q $options --skip 100 --fast-forward 1k --checkpoint "$tmp/ck" "$tmp/mixed.pcap" \
		-o "$tmp/written"
	run "$mode: from the checkpoint" $options --restore "$tmp/ck" "$tmp/mixed.pcap"
	check "$mode: gives the same" cmp "$tmp/written/stats.json" "$tmp/run/stats.json"
done

# 64 MB are 16,384 pages, 512 calls. Twice in much memory and in little: a list by age keeps nothing of a loop.
machine="-s core.frequency=2GHz"
$mmsim generate file-io --size 64M --pages 32 --iterations 2 -o "$tmp/read.pcap"
for kernel in linux-6.x linux-2.6.37 linux-2.6.9-i386; do
	run "$kernel reads 64 MB" $machine -k $kernel $cold=nvme -s memory.size=256M "$tmp/read.pcap"
	equal "$kernel reads each page once" 16384 "$(of mm.page_cache.read_pages)"
	equal "$kernel reads 128 KB a request" 512 "$(of mm.page_cache.reads)"
	run "$kernel reads 64 MB in 48" $machine -k $kernel $cold=nvme -s memory.size=48M "$tmp/read.pcap"
	equal "$kernel reads each page twice" 32768 "$(of mm.page_cache.read_pages)"
done
run "2.4 reads 64 MB" $machine -k linux-2.4-i386 $cold=nvme -s memory.size=256M "$tmp/read.pcap"
equal "2.4 reads each page once" 16384 "$(of mm.page_cache.read_pages)"

# Written and made sure of, all is on the device, and it takes what the device takes: 123 MB/s, 2 GHz.
$mmsim generate file-io --size 64M --pages 32 --stores 100 -o "$tmp/write.pcap"
for kernel in linux-6.x linux-2.6.37 linux-2.6.9-i386 linux-2.4-i386; do
	run "$kernel writes 64 MB" $machine -k $kernel $cold=hdd -s memory.size=128M "$tmp/write.pcap"
	equal "$kernel writes each page once" "16384 16384" "$(of mm.page_cache.dirtied) $(of mm.page_cache.written)"
	equal "$kernel takes the disk's time" 1 \
		"$(($(of core0.cycles) > 1000000000 && $(of core0.cycles) < 1200000000))"
done
finish
