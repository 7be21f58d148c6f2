#!/bin/sh
# Records what this machine's kernel does with its page allocator while a command runs, and replays it through the
# modelled per-CPU lists: refills and drains of the kernel beside those of the model.
#
#   configs/experiments/kmem.sh COMMAND [ARGUMENT...]     e.g. gcc -O2 -c big.c
#
# Needs Linux 6.7 or later, perf of 5.9 or later, and the right to record all CPUs (root). perf begins when /proc/zoneinfo
# was read, just before the command: its own buffers are no part of the difference then.
set -e
mmsim=${MMSIM:-$(cd "$(dirname "$0")/../.." && pwd)/mmsim}
out=${OUT:-experiments/kmem}
perf=${PERF:-perf}
if [ $# = 0 ]; then
	sed -n '2,/^set/s/^# \{0,1\}//p' "$0" >&2
	exit 2
fi
mkdir -p "$out"
for event in mm_page_alloc mm_page_free mm_page_free_batched mm_page_alloc_zone_locked mm_page_pcpu_drain \
		mm_page_alloc_extfrag; do
	events=$events${events:+,}kmem:$event
done
rm -f "$out/control" "$out/ack"
mkfifo "$out/control" "$out/ack"
ZONEINFO=$out/run.zoneinfo.before CONTROL=$out/control ACK=$out/ack "$perf" record -q -a -m 4M -D -1 \
	--control "fifo:$out/control,$out/ack" -e "$events" -o "$out/perf.data" -- sh -c '
		cat /proc/zoneinfo >"$ZONEINFO"
		echo enable >"$CONTROL"
		read -r _ <"$ACK"
		exec "$@"' sh "$@" >"$out/output" 2>&1 || {
	cat "$out/output" >&2
	exit 1
}
rm -f "$out/control" "$out/ack"
"$perf" script -i "$out/perf.data" -F pid,cpu,time,event,trace >"$out/run.kmem.txt" 2>"$out/script.err"
lost=$("$perf" report -i "$out/perf.data" --stats 2>/dev/null | awk '/LOST/ { n += $NF } END { print n + 0 }')
[ "$lost" = 0 ] || echo "perf lost events ($lost records say so): what follows is not to be trusted" >&2
rm -f "$out/perf.data"
"$mmsim" kmem --linux "$(uname -r)" "$out/run.kmem.txt"
