#!/bin/sh
# What an anonymous page fault costs inside handle_mm_fault(), by what the program did since its last fault: with a page from
# the per-CPU list, after a refill of it, with a page table more, with two. Published beside it: a Xeon Gold 6226R with 5.15.
#
#   configs/experiments/faults.sh [KEY=VALUE...]     on MACHINE (skylake-sp) with KERNEL (linux-6.x)
#
# kernel.text_line is fitted to the published cost of a page, 4,092 cycles, which lies between those after loads of 2 MB and
# of 32 MB here; nothing is fitted to the other columns. A second program frees pages meanwhile, so that refills stay at one
# batch; what they grow to without it shows the last table. Takes about a minute.
set -e
cd "$(dirname "$0")/../.."
. configs/experiments/lib.sh
mmsim=${MMSIM:-$PWD/mmsim}
out=${OUT:-experiments/faults}
settings=
for setting; do
	settings="$settings -s $setting"
done
mkdir -p "$out"
run=$out/run

# replay [OPTION...] RECORDING...
replay()
{
	# shellcheck disable=SC2086 # words
	"$mmsim" replay -q -m "${MACHINE:-skylake-sp}" -k "${KERNEL:-linux-6.x}" $settings -o "$run" "$@"
	rm -f "$out"/*.pcap
}

# cost KIND [COLUMN]: p50 of it, or another column of its row.
cost()
{
	awk -F, -v kind="fault.$1" -v column="${2:-4}" '$1 == kind { print $column }' "$run/ladder.csv"
}

# What clearing a page takes: all pages were cleared, those of tables too.
clearing()
{
	echo $(($(counter "$run" core0.cycles.kernel.zero) / ($(cost page 2) + $(cost refill 2) + 2 * $(cost table 2) + 1)))
}

# alone PAGES OPTION...: measured begins when the program has filled its data, a line a block run.
alone()
{
	"$mmsim" generate touch --pages "$@" -o "$out/touch.pcap"
	# shellcheck disable=SC2046 # nothing, or two words
	replay $([ $fill = 0 ] || echo --warmup $fill) "$out/touch.pcap"
}

# both PAGES OPTION...: with a program that takes and frees pages, in turns.
both()
{
	"$mmsim" generate touch --pages "$@" -o "$out/touch.pcap"
	"$mmsim" generate alloc-reuse --touch 0 --live 1 --pages "$@" --size 4K --count $(($1 / 2)) -o "$out/reuse.pcap"
	replay -s sched.quantum=20us "$out/touch.pcap" "$out/reuse.pcap"
}

# state TEXT PAGES BETWEEN KB: the refill is measured with PAGES, 0: not.
state()
{
	text=$1
	pages=$2
	fill=$(($3 ? $4 * 16 : 0))
	set -- --between "$3" --size "$4K"
	refill=0
	if [ "$pages" -gt 0 ]; then
		both "$pages" "$@"
		refill=$(cost refill)
	fi
	alone 150 "$@"
	page=$(cost page)
	clear=$(clearing)
	alone 100 --apart 512 "$@"
	table=$(cost table)
	alone 100 --apart 262144 "$@"
	tables=$(cost tables)
	awk -v text="$text" -v page="$page" -v clear="$clear" -v refill="$refill" -v table="$table" -v tables="$tables" '
		function or_none(format, v) { return v ? sprintf(format, v) : "-" }
		BEGIN {
			printf "%-27s %6d %6d %6s %6d %6d %5s %5.2f %5.2f\n", text, page, page - clear,
				or_none("%d", refill), table, tables, or_none("%.2f", refill / page),
				table / page, tables / page
		}'
}

echo "p50 in cycles                     page  less          table  and  one : page"
echo "since the last fault                   clear refill        above refill table above"
state "nothing" 1500 0 4
state "1,000 loads of 256 KB" 900 1000 256
state "4,000 loads of 2 MB" 800 4000 2048
state "16,000 loads of 2 MB" 800 16000 2048
state "32,000 loads of 32 MB" 0 32000 32768
echo "published                     4092   3490  11642   7488  10926  2.85  1.83  2.67"
echo
echo "pages touched, cycles of the fault with the largest refill"
for pages in 150 700 1600 3500 8000; do
	"$mmsim" generate touch --pages $pages -o "$out/touch.pcap"
	replay "$out/touch.pcap"
	printf '%13d %39d\n' $pages "$(cost refill 6)"
done
