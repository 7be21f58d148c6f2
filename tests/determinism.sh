#!/bin/sh
# The same recording, configuration and seed give the same stats.json to the byte, whatever compiler and optimisation
# built mmsim, and with the shortcut for repeated hits on or off; on one core and on four. One sample cut at about two
# million references; with MMSIM_TEST_LONG=1 every sample whole.
. "$(dirname "$0")/lib.sh"

unset MAKEFLAGS MFLAGS MAKELEVEL
B=${B:-build}

# variant NAME CC FLAGS...: builds it and leaves its path in $variant.
variant()
{
	variant=$root/$B/$1/mmsim
	make -j2 B="$B/$1" BIN="$B/$1/mmsim" CC="$2" CFLAGS="$3" "$B/$1/mmsim" >"$tmp/make.out" 2>&1 ||
		{ bad "build of $1" "$(tail -n 20 "$tmp/make.out")"; return 1; }
}

# stats PROGRAM SAMPLE OPTIONS...: the checksum of the stats.json of a replay.
stats()
{
	program=$1
	shift
	"$program" replay "$@" -o "$tmp/out" >"$tmp/replay.out" 2>&1 || { tail -n 5 "$tmp/replay.out"; return; }
	sha256sum <"$tmp/out/stats.json"
}

# same NAME PROGRAM OPTIONS...: as the reference, on every chosen sample; and threads on four cores.
same()
{
	name=$1
	program=$2
	shift 2
	equal "$name: four cores" "$four" "$(stats "$program" "$threads" $limit -s cores=4 "$@")"
	for s in $chosen; do
		equal "$name: $(basename "$s")" "$(cat "$tmp/$(basename "$s").reference")" \
			"$(stats "$program" "$s" $limit "$@")"
	done
}

if [ "${MMSIM_TEST_LONG-}" = 1 ]; then
	chosen=$(ls "$samples"/*.gz)
	limit=
else
	chosen=$(ls "$samples"/*.gz | head -n 1)
	limit='--max 300000'
fi
for s in $chosen; do
	stats "$mmsim" "$s" $limit >"$tmp/$(basename "$s").reference"
done
threads=$(ls "$samples"/threads*)
four=$(stats "$mmsim" "$threads" $limit -s cores=4)
same "a second time" "$mmsim"
same "decoding on a thread of its own" "$mmsim" --decode-thread
same "without the shortcut" "$mmsim" -s engine.shortcut=no
# Whole: atomics that are hot and that are not come in the same order of time.
for n in 2 4; do
	equal "threads on $n cores without the shortcut" "$(stats "$mmsim" "$threads" -s cores=$n)" \
		"$(stats "$mmsim" "$threads" -s cores=$n -s engine.shortcut=no)"
done
equal "threads with ticks without the shortcut" \
	"$(stats "$mmsim" "$threads" $limit -s cores=4 -s kernel.time_scale=20000 -s kernel.slab=slab)" \
	"$(stats "$mmsim" "$threads" $limit -s cores=4 -s kernel.time_scale=20000 -s kernel.slab=slab -s engine.shortcut=no)"
equal "threads in a window without the shortcut" "$(stats "$mmsim" "$threads" $limit -s core.model=window)" \
	"$(stats "$mmsim" "$threads" $limit -s core.model=window -s engine.shortcut=no)"
for s in $chosen; do
	"$mmsim" replay "$s" $limit -o "$tmp/first" >/dev/null 2>&1
	equal "its own config.cfg: $(basename "$s")" "$(cat "$tmp/$(basename "$s").reference")" \
		"$(stats "$mmsim" "$s" $limit -m "$tmp/first/config.cfg")"
done
for cc in gcc clang; do
	if ! command -v $cc >/dev/null; then
		skip "built by $cc" "not installed"
		continue
	fi
	# The program under test is gcc's -O3, unless it was built in another way; so these two have each compiler
	# and each of the levels.
	[ $cc = clang ] && [ "${MMSIM_TEST_LONG-}" != 1 ] ||
		{ variant $cc-O0 $cc "-O0" && same "built by $cc -O0" "$variant"; }
	[ $cc = gcc ] && [ "${MMSIM_TEST_LONG-}" != 1 ] ||
		{ variant $cc-O3 $cc "-O3" && same "built by $cc -O3" "$variant"; }
done
finish
