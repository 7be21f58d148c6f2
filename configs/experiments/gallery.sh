#!/bin/sh
# Draws the pictures of docs/gallery.md again, each by its experiment, and prints what each says.
#
#   configs/experiments/gallery.sh     the pictures go to docs/gallery, all else to experiments
#
# Some ten minutes.
set -e
cd "$(dirname "$0")/../.."
mmsim=${MMSIM:-$PWD/mmsim}
base=${OUT:-experiments}
samples=traces/samples
mkdir -p docs/gallery

# take NAME ARGUMENT...: an experiment's picture and answer.
take()
{
	name=$1
	shift
	OUT=$base/$name configs/experiments/$name.sh "$@" >/dev/null
	cp "$base/$name/$name.svg" docs/gallery/
	echo "$name: $(cat "$base/$name/answer.txt")"
}
take staircases
take pagesize
take pwc
take vipt
take loaded zen4 skylake-sp neoverse-n1

# Pictures of a sweep and of runs, of bundled recordings.
out=$base/sweep
mkdir -p "$out"
rm -rf "$out/sizes"
"$mmsim" sweep -q --vary l1d.size=24K,48K,96K,192K --vary l2.size=256K,512K,1M,2M --seed 1..5 -s l1d.replacement=random \
	-s l2.replacement=random --trace $samples/sort.mmtrace.gz --trace $samples/sqlite.mmtrace.gz -o "$out/sizes"
"$mmsim" plot heat --figure cycles --only trace=sort.mmtrace.gz -o docs/gallery/heat.svg "$out/sizes"
"$mmsim" plot lines --x l2.size --only l1d.size=48K --figure IPC -o docs/gallery/lines.svg "$out/sizes"
for sample in sort sqlite perl; do
	"$mmsim" replay -q $samples/$sample.mmtrace.gz -o "$out/$sample"
done
"$mmsim" plot tail -o docs/gallery/tail.svg sort="$out/sort" sqlite="$out/sqlite" perl="$out/perl"
rm -f docs/gallery/*.dat docs/gallery/*.gp
