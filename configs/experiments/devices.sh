#!/bin/sh
# A recorded program with half the memory that it needs, on three devices of swap: how long its accesses that fault take. The
# bundled recording of sort on golden-cove with linux-6.x, in a group whose limit is half of the most that it uses without
# one; swap on zram, NVMe and a hard disk. What a major fault takes stands beside usual figures of the devices: 3 to 10 us
# (zram), 70 to 100 us (NVMe), 8 to 12 ms at random and less in order (7,200 rpm).
#
#   configs/experiments/devices.sh [RECORDING]          a picture in experiments/devices
set -e
cd "$(dirname "$0")/../.."
name=devices
. configs/experiments/published.sh
recording=${1:-traces/samples/sort.mmtrace.gz}
devices="zram nvme hdd"

"$mmsim" replay -q "$recording" -m golden-cove -s group.all.limit=1G -o "$out/whole"
pages=$(value whole mm.group.all.usage_max)
for device in $devices; do
	point $device "$recording" -m golden-cove -s group.all.limit=$((pages * 2))K -s swap.device=$device
done
points_run

# percentile RUN P PATTERN: of loads and stores whose cause matches, in us.
percentile()
{
	awk -F, '$1 == "load" || $1 == "store"' "$out/$1/latency.csv" | sort -t, -k4,4n |
		awk -F, -v p="$2" -v what="$3" -v ghz="$(calc %.3f "$(hertz "$1") / 1e9")" '
			$7 ~ what && $7 != "none" { n += $6; high[++k] = $5; at[k] = n }
			END { for (i = 1; i <= k; i++) if (at[i] >= n * p / 100) { printf "%.1f", high[i] / ghz / 1000; exit } }'
}

for device in $devices; do
	for p in 50 99 99.9; do
		eval "p_$device=\"\$p_$device $(percentile $device $p .)\""
	done
done

# us PLACE: that percentile on each of the devices.
us()
{
	for device in $devices; do
		eval "echo \$p_$device" | awk -v n="$1" '{ print $n }'
	done | tr '\n' ' '
}

table "Accesses that fault, of $pages pages in $((pages / 2)): us with swap on zram, NVMe, a hard disk"
row p50 "" "$(us 1)" "" shown ""
row p99 "" "$(us 2)" "" shown ""
row p99.9 "" "$(us 3)" "" shown ""
order "p99: zram, NVMe, hard disk" "1 2 3" "$(us 2)"
order "p99.9: the same" "1 2 3" "$(us 3)"

table "A major fault, p50 in us"
shown "zram" 3..10 "$(percentile zram 50 major)"
shown "NVMe" 70..100 "$(percentile nvme 50 major)"
shown "hard disk" 8000..12000 "$(percentile hdd 50 major)"
"$mmsim" plot tail -o "$out/devices.svg" zram="$out/zram" NVMe="$out/nvme" "hard disk=$out/hdd"
show devices "Accesses of sort with half its memory, on three devices"
finish
