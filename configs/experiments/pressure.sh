#!/bin/sh
# A program that has half the memory that it uses: how long its accesses take when pages go to an NVMe drive, to compressed
# memory, or to a disk, beside the same program with all the memory that it wants.
#
# The program is perl: it makes KEYS (60,000) small records, 40 MB with all that it maps, and then looks some of them up by
# chance, LOOKUPS (150,000) times. It is recorded here, once. Memory is so large that the frames that a program can have are
# half of those that it had at most when there was enough.
#
#   configs/experiments/pressure.sh [KEY=VALUE...]     on MACHINE (golden-cove) with KERNEL (linux-6.x); some five minutes
set -e
cd "$(dirname "$0")/../.."
name=pressure
. configs/experiments/published.sh
settings=
for setting; do
	settings="$settings -s $setting"
done
keys=${KEYS:-60000}
lookups=${LOOKUPS:-150000}
program=$out/perl-$keys-$lookups.mmtrace.gz

if [ ! -s "$program" ]; then
	"$mmsim" record -q -o "$out/perl.mmtrace" -- perl -e '
		my ($keys, $lookups) = @ARGV;
		my (%h, $s);
		$h{$_ * 7919 % 1000003} = [ $_, "name $_", { n => $_ % 97 } ] for 1 .. $keys;
		srand(1);
		$s += $h{(1 + int(rand($keys))) * 7919 % 1000003}[2]{n} for 1 .. $lookups;
		print "$s\n"' "$keys" "$lookups" >"$out/perl.out"
	gzip -1 <"$out/perl.mmtrace" >"$program.part"
	mv "$program.part" "$program"
	rm "$out/perl.mmtrace"
fi

# replay RUN OPTION...
replay()
{
	run=$1
	shift
	# shellcheck disable=SC2086 # words
	"$mmsim" replay -q -m "${MACHINE:-golden-cove}" -k "${KERNEL:-linux-6.x}" -s kernel.page_cache=warm $settings \
		-o "$out/$run" "$@"
}

# frames KB: that programs can have on a machine with so much memory.
frames()
{
	replay probe -s memory.size="$1K" "$out/touch.pcap"
	counter "$out/probe" mm.frames.total
}

# What a machine needs for that many frames, in KB: the kernel's own part grows with memory.
size_for()
{
	a=$(frames 16384)
	b=$(frames 65536)
	awk -v n="$1" -v a="$a" -v b="$b" 'BEGIN { printf "%d", 16384 + (n - a) * 49152 / (b - a) }'
}

replay enough -s memory.size=1G "$program"
"$mmsim" generate touch --pages 1 -o "$out/touch.pcap"
used=$(counter "$out/enough" mm.frames.peak)
size=$(size_for $((used / 2)))
if [ "$size" -lt 16384 ]; then
	echo "half of $used pages is less than the smallest machine has; set KEYS to more than $keys" >&2
	exit 1
fi
for device in nvme zram hdd; do
	files=$device
	[ $device = zram ] && files=nvme
	replay $device -s memory.size="${size}K" -s storage.device=$files -s swap.device=$device -s swap.size=256M "$program"
done
rm -rf "$out/probe" "$out/touch.pcap"
for end in svg png; do
	"$mmsim" plot tail -o "$out/pressure.$end" "enough=$out/enough" "zram=$out/zram" "nvme=$out/nvme" "hdd=$out/hdd"
done

# percentile RUN PART KIND: us below which so much of the loads and stores stay; KIND all, or major: those that waited for a
# major fault.
percentile()
{
	tail -n +2 "$out/$1/latency.csv" | sort -t, -k4n | awk -F, -v part="$2" -v kind="$3" -v hz="$(hertz "$1")" '
		($1 == "load" || $1 == "store") && (kind == "all" || $7 == kind) { at[++n] = $4; total += times[n] = $6 }
		END {
			for (i = 1; i < n && (sum += times[i]) < part * total; i++)
				;
			printf "%.4g\n", at[i] / hz * 1e6
		}'
}

# each PART KIND RUN...
each()
{
	part=$1 kind=$2
	shift 2
	for run; do
		percentile "$run" "$part" "$kind"
	done | xargs
}

devices="zram nvme hdd"
table "perl with $size KB, where it has half of the $used pages that it uses: us of an access, with swap on zram, NVMe, a hard disk"
for part in 0.5 0.99 0.999; do
	# shellcheck disable=SC2086 # words
	shown "all accesses, part $part; first with enough memory" "" "$(each $part all enough $devices)"
done
for part in 0.5 0.99 0.999; do
	# shellcheck disable=SC2086 # words
	{
		shown "major faults, part $part" "" "$(each $part major $devices)"
		order "the same: zram, NVMe, hard disk" "1 2 3" "$(each $part major $devices)"
	}
done
order "time of all: enough, zram, NVMe, hard disk" "1 2 3 4" "$(for run in enough $devices; do value $run core0.cycles; done | xargs)"
table "A major fault, the median in us, beside what is usual"
shown "zram" 3..10 "$(percentile zram 0.5 major)"
shown "NVMe" 70..100 "$(percentile nvme 0.5 major)"
shown "hard disk" 8000..12000 "$(percentile hdd 0.5 major)"
table "Swap on zram, NVMe, a hard disk"
for counter in mm.fault.major mm.swap.written mm.swap.read; do
	shown $counter "" "$(for run in $devices; do value $run $counter; done | xargs)"
done
show pressure "Latency of perl's accesses with half its memory"
finish
