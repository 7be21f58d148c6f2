#!/bin/sh
# Replays every sample on one, two and four cores' worth of interleavings: everything in it is replayed, in an order that
# was possible. And: what must not change a result does not.
. "$(dirname "$0")/lib.sh"

# zero NAME COUNTER...: all of them are 0 in the last replay.
zero()
{
	zero_name=$1
	shift
	for counter in "$@"; do
		n=$(counter "$tmp/out/stats.json" "$counter")
		[ "$n" = 0 ] || { bad "$zero_name" "$counter is '$n'"; return; }
	done
	ok "$zero_name"
}

# replay OPTION...: into $tmp/out.
replay()
{
	$mmsim replay -q -o "$tmp/out" "$@" >"$tmp/err" 2>&1 || bad "replay $*" "$(tail -n 5 "$tmp/err")"
}

stats()
{
	sha256sum <"$tmp/out/stats.json"
}

for sample in "$samples"/*.gz; do
	name=$(basename "$sample" | sed 's/\..*//')
	runs=$($mmsim replay --decode-only "$sample" | sed -n 's/.* \([0-9]*\) block runs,.*/\1/p')
	for contexts in 1 2 4; do
		replay "$sample" --check -s sched.contexts=$contexts
		zero "$name is possible with $contexts contexts" replay.segv replay.oom replay.refused replay.efaults \
			replay.unforked replay.dropped replay.cut replay.lost replay.order_gaps replay.order_late
		equal "all runs of $name are made with $contexts contexts" "$runs" \
			"$(counter "$tmp/out/stats.json" replay.records)"
	done
	replay "$sample"
	before=$(stats)
	replay "$sample" --decode-thread
	equal "$name decoded on a thread of its own" "$before" "$(stats)"
	replay "$sample" -m "$tmp/out/config.cfg"
	equal "$name with the effective configuration" "$before" "$(stats)"
	gzip -dc "$sample" >"$tmp/plain"
	$mmsim replay -q -o "$tmp/out" - <"$tmp/plain" || bad "replay - of $name"
	equal "$name from standard input" "$before" "$(stats)"
done

# What is said of calls without a model.
replay "$samples/pipe.mmtrace.gz"
check "calls of an x86-64 recording have names" grep -q 'newfstatat (' "$tmp/out/summary.txt"

# Several recordings are several processes of one machine.
replay "$samples/sort.mmtrace.gz" "$samples/sqlite.mmtrace.gz" "$samples/sort.mmtrace.gz"
zero "three recordings at once" replay.segv replay.refused replay.dropped replay.order_gaps
equal "as many programs" 3 "$(counter "$tmp/out/stats.json" replay.processes)"

# Rights taken away from up to 33 pages are flushed one by one, from more the whole address space is (tlb.c's
# tlb_single_page_flush_ceiling); once more, at exit, it is in any case.
for pages in 33 34; do
	$mmsim generate protect --pages $pages --threads 2 --count $((pages * 10)) -o "$tmp/protect.pcap"
	replay "$tmp/protect.pcap" --check -s cores=2
	equal "mprotect of $pages pages: flushes of pages and of all" "$([ $pages = 33 ] && echo 330 1 || echo 0 11)" \
		"$(counter "$tmp/out/stats.json" mm.flush.pages) $(counter "$tmp/out/stats.json" mm.flush.full)"
done

# Every other core that runs the program is interrupted for each page that goes, and only for that: between the first mark
# and the last. Where tables go with the page (munmap), all that has it, elsewhere nothing else; AArch64 tells them itself.
for unmap in no yes; do
	$mmsim generate shootdown --threads 5 --pages 1 --iterations 20 --unmap $unmap -o "$tmp/shootdown.pcap"
	for form in ipi broadcast; do
		replay "$tmp/shootdown.pcap" --check -s cores=8 -s sockets=2 -s kernel.tlbi=$form --from begin --to end
		equal "shootdown, unmap $unmap, $form: interrupts, flushes there and here, broadcasts, needless ones" \
			"$([ $form = ipi ] && echo 80 80 20 0 0 || echo 0 0 20 20 0)" \
			"$(for c in shootdown.ipis shootdown.remote_pages flush.pages shootdown.broadcasts shootdown.needless; do
				counter "$tmp/out/stats.json" mm.$c
			done | xargs)"
	done
	for kernel in linux-2.6.37 linux-2.6.9-i386; do
		replay "$tmp/shootdown.pcap" --check -m haswell-2s -k $kernel -s cores=8 --from begin --to end
		equal "shootdown, unmap $unmap, $kernel: the whole address space, however often" "0 1" \
			"$(counter "$tmp/out/stats.json" mm.shootdown.remote_pages) $(($(counter "$tmp/out/stats.json" \
				mm.shootdown.remote_full) == 4 * $(counter "$tmp/out/stats.json" mm.flush.full)))"
	done
done

# Programs that want a core all the time leave kswapd a share of it as if it was one of them.
$mmsim generate thrash --pages 4000 --iterations 2 --threads 1 -o "$tmp/thrash.pcap"
files=
for n in 1 2 3; do
	files="$files $tmp/thrash.pcap"
	[ $n = 2 ] && continue
	# shellcheck disable=SC2086 # words
	replay $files -s memory.size=$((18 * n))M -s swap.device=zram -s sched.quantum=100us
	check "kswapd beside $n programs: a share of the core" awk -v n=$n \
		-v had="$(counter "$tmp/out/stats.json" mm.kthread.cycles)" -v all="$(counter "$tmp/out/stats.json" core0.cycles)" \
		'BEGIN { share = had / all * (n + 1); print share; exit !(share > 0.5 && share < 1.1) }'
	check "kswapd beside $n programs: they reclaim, too" test "$(counter "$tmp/out/stats.json" mm.reclaim.stolen_direct)" -gt 1000
done

finish
