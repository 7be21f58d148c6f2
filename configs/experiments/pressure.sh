#!/bin/sh
# A program that has half the memory that it uses: how long its accesses take when pages go to an NVMe drive, to compressed
# memory, or to a disk, beside the same program with all the memory that it wants.
#
#   configs/experiments/pressure.sh [KEY=VALUE...]     on MACHINE (golden-cove) with KERNEL (linux-6.x)
#
# The program is perl: it makes KEYS (60,000) small records, 40 MB with all that it maps, and then looks some of them up by
# chance, LOOKUPS (150,000) times. It is recorded here, once. Memory is so large that the frames that a program can have are
# half of those that it had at most when there was enough. Takes some five minutes; pictures and runs go to
# experiments/pressure.
set -e
cd "$(dirname "$0")/../.."
. configs/experiments/lib.sh
mmsim=${MMSIM:-$PWD/mmsim}
out=${OUT:-experiments/pressure}
settings=
for setting; do
	settings="$settings -s $setting"
done
mkdir -p "$out"
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

# percentiles RUN WHAT FILTER: of the accesses whose rows the filter takes, in cycles.
percentiles()
{
	awk -F, -v hz="$(awk '/^core/ { core = 1 } core && /frequency/ { v = $0; gsub(/[^0-9.]/, "", v)
			print v * (/GHz/ ? 1e9 : /MHz/ ? 1e6 : 1); exit }' "$out/$1/config.cfg")" '
		function time(c,  ns) {
			ns = c / hz * 1e9
			return ns < 1000 ? sprintf("%.1f ns", ns) : ns < 1e6 ? sprintf("%.1f us", ns / 1e3) : sprintf("%.1f ms", ns / 1e6)
		}
		NR > 1 && ($1 == "load" || $1 == "store") && ('"$3"') { n[$4] += $6; total += $6 }
		END {
			split("0.5 0.99 0.999", at, " ")
			for (low in n)
				order[++rows] = low + 0
			for (i = 2; i <= rows; i++)
				for (j = i; j > 1 && order[j] < order[j - 1]; j--) {
					t = order[j]; order[j] = order[j - 1]; order[j - 1] = t
				}
			printf "%-7s %-14s %11d", "'"$1"'", "'"$2"'", total
			for (p = 1; p <= 3; p++) {
				for (sum = i = 0; i < rows && sum < at[p] * total;)
					sum += n[order[++i]]
				printf " %10s", total ? time(order[i]) : "-"
			}
			print ""
		}' "$out/$1/latency.csv"
}

echo "perl uses $used pages at most; with $size KB of memory it can have half of them"
echo "swap    accesses             number        p50        p99      p99.9"
for run in enough zram nvme hdd; do
	percentiles $run all 1
	percentiles $run 'major faults' '$7 == "major"'
done
for run in zram nvme hdd; do
	echo "$run: $(counter "$out/$run" mm.fault.major) major faults, $(counter "$out/$run" mm.swap.written) pages written," \
		"$(counter "$out/$run" mm.swap.read) read, $(counter "$out/$run" core0.cycles) cycles"
done
echo "the picture is $out/pressure.svg"
