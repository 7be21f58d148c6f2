#!/bin/sh
# What a live kernel does and what the model of it does: kvm-guest with linux-6.x beside recordings and measurements of
# Linux 6.18 in such a guest. Counts of touchfork (64 MB touched, a forked child rewrites a quarter), what kinds of faults cost
# beside each other, the comb of the LRU's batches, and mprotect() over pages.
#
#   configs/experiments/live.sh          about a minute
set -e
cd "$(dirname "$0")/../.."
name=live
. configs/experiments/published.sh

# part RECORDING.RUN FROM TO OPTION...: measured from one mark to the other.
part()
{
	run=$1
	from=$2
	to=$3
	shift 3
	point "$run" "$out/${run%%.*}.pcap" --from "$from" --to "$to" -m kvm-guest "$@"
}

# Between faults of a kind the kernel's copy source stays in the guest's 8 MB of L3, or does not.
small=250
large=4096

# total RUN: cycles between the marks, of all cores that did something.
total()
{
	cycles "$1" '^(base|fetch|[id]tlb|walk|l[1-4]|dram|remote|store_buffer|mshr_full|kernel.*|ipi|lock)$'
}

"$mmsim" generate touchfork --pages 16384 -o "$out/touchfork.pcap"
part touchfork touch end
for pages in $small $large; do
	"$mmsim" generate faults --pages $pages -o "$out/faults$pages.pcap"
	for one in anon:zero zero:upgrade copy:exit reuse:end; do
		part "faults$pages.${one%:*}" ${one%:*} ${one#*:} -s cores=1
	done
done
for pages in 1 2 4 8 16 33 34 64; do
	"$mmsim" generate protect --threads 1 --pages $pages --count $((pages * 100)) -o "$out/protect$pages.pcap"
	part protect$pages protect unprotect -s cores=1
done
# 4,096 pages fit; the next one makes the group reclaim. 3,072 pages in 2,048, twice, alone and with a second thread.
"$mmsim" generate touch --pages 4128 -o "$out/fill.pcap"
point fill "$out/fill.pcap" -m kvm-guest -s cores=1 -s group.fill.limit=16M -s swap.device=zram
for threads in 1 2; do
	"$mmsim" generate thrash --pages 3072 --iterations 2 --threads $threads -o "$out/thrash$threads.pcap"
	part thrash$threads begin end -s group.thrash.limit=8M -s swap.device=zram
done
points_run

table "touchfork, 64 MB: counts between the first touch and the child's last"
# Page tables of the data, 32 and one above; of the code's page, one, one above, and the one above that both have; and again
# for the child, which has a root besides.
exact "anonymous pages given" 16384 "$(value touchfork mm.fault.zero)"
exact "pages copied on write" 4096 "$(value touchfork mm.fault.cow)"
exact "user write faults" 20480 $(($(value touchfork mm.fault.zero) + $(value touchfork mm.fault.cow)))
exact "flushes of one page" 4096 "$(value touchfork mm.flush.pages)"
exact "flushes of an address space (fork)" 1 "$(value touchfork mm.flush.full)"
exact "page tables, as the addresses need" 73 "$(value touchfork mm.pgtable.allocated)"

# beside KIND PAGES: cycles of a fault of the kind, beside those of an anonymous write.
beside()
{
	calc %.2f "$(total "faults$2.$1") / $(total "faults$2.anon")"
}

table "Cost of a fault beside an anonymous write fault: measured 3.0, 1.6, 0.64 and 0.9 us"
within 25 "copy on write, pages in the caches (1 MB)" 1.875 "$(beside copy $small)"
within 25 "copy on write, pages in memory (16 MB)" 1.875 "$(beside copy $large)"
within 25 "zero page" 0.40 "$(beside zero $small)"
within 25 "reuse" 0.56 "$(beside reuse $small)"
shown "the anonymous write fault, us" 1.6 "$(calc %.2f "$(total faults$small.anon) / $small / 2950")"

# ladder RUN KIND: p50 of an anonymous fault of the kind, in cycles.
ladder()
{
	awk -F, -v kind="fault.$2" '$1 == kind { print $4 }' "$out/$1/ladder.csv"
}

table "A fault that installs page tables, beside one that does not, by what the program did since the last fault"
for between in 0:4K 16000:2M; do
	loads=${between%:*}
	for apart in 1 512 262144; do
		"$mmsim" generate touch --pages 150 --apart $apart --between $loads --size ${between#*:} -o "$out/t$loads.$apart.pcap"
		point t$loads.$apart "$out/t$loads.$apart.pcap" -m kvm-guest -s cores=1 \
			--warmup $((loads ? 32768 : 1))
	done
	points_run
	page=$(ladder t$loads.1 page)
	[ $loads = 0 ] && text=nothing || text="$loads loads of ${between#*:}"
	within 25 "one table ($text)" 1.83 "$(calc %.2f "$(ladder t$loads.512 table) / $page")"
	within 25 "two tables ($text)" 2.67 "$(calc %.2f "$(ladder t$loads.262144 tables) / $page")"
done

# comb KERNEL: most frequent distance between two faults that are dearer than most and cost the same, within 2 %: refills
# have distances of their own.
comb()
{
	"$mmsim" replay -q "$out/comb.pcap" -m kvm-guest -k $1 -s nested.mode=off --explain 1-1984 -o "$out/comb" |
		awk '/ page fault, not present$/ { cost[++n] = sorted[n] = $2 }
			END {
				for (i = 2; i <= n; i++) { v = sorted[i]; for (j = i - 1; j && sorted[j] > v; j--) sorted[j + 1] = sorted[j]; sorted[j + 1] = v }
				dear = sorted[int(n * 0.95)]; usual = sorted[int(n / 2)]
				for (i = 1; i <= n; i++) if (cost[i] > (dear + usual) / 2)
					for (j = i - 1; j > 0; j--)
						if (cost[j] > cost[i] * 0.98 && cost[j] < cost[i] * 1.02) { count[i - j]++; break }
				for (d in count) if (count[d] > most) { most = count[d]; best = d }
				print best
			}'
}

table "The comb of LRU batches: one fault in so many is dearer"
"$mmsim" generate touch --pages 992 -o "$out/comb.pcap"
exact "linux-6.x" 31 "$(comb linux-6.x)"
exact "linux-2.6.37" 14 "$(comb linux-2.6.37)"
exact "linux-2.6.9-i386" 16 "$(comb linux-2.6.9-i386)"

# A page that was touched once is referenced in its table, and kept once.
table "A first-touch fill of 16 MB that reaches its limit: the first reclaim of its group"
exact "passes, priority 12 to 0" 13 "$(value fill mm.reclaim.priority_passes)"
exact "pages that it kept as referenced before it freed one" 4096 "$(value fill mm.reclaim.kept_referenced)"
exact "calls of reclaim" 1 "$(value fill mm.reclaim.group)"

written=$(value thrash2 mm.reclaim.written)
table "Dirty anonymous pages reclaimed to zram, 12 MB under a limit of 8 MB (recorded: 32,888 of 32,888)"
exact "two threads: full shootdowns for $written pages" "$written" "$(value thrash2 mm.shootdown.ipis)"
written=$(value thrash1 mm.reclaim.written)
exact "one thread: local flushes of a page for $written pages" "$written" "$(value thrash1 mm.flush.pages)"
exact "one thread: interrupts" 0 "$(value thrash1 mm.shootdown.ipis)"

# us PAGES: of one mprotect to read-only.
us()
{
	calc "%.2f" "$(total protect$1) / 100 / 2950"
}

table "mprotect() of N pages to read-only, us (measured; 163 ns a page of it are the machine's input)"
for row in 1:1.1 2:1.2 4:1.6 8:2.3 16:3.6 33:6.3 34:1.4 64:2.1; do
	shown "${row%:*} pages" "${row#*:}" "$(us "${row%:*}")"
done
within 25 "ns a page, 1 to 33" 162.5 "$(calc %.1f "($(us 33) - $(us 1)) * 1000 / 32")"
between "33 pages : 34 pages" 4.5 3 9 "$(calc %.2f "$(us 33) / $(us 34)")"
finish
