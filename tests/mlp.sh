#!/bin/sh
# The window core by the command line: Little's law, and that how instructions overlap never changes what hits or misses.
. "$(dirname "$0")/lib.sh"

MMSIM=$mmsim OUT=$tmp/mlp COUNT=4000 configs/experiments/mlp.sh >"$tmp/table" 2>"$tmp/err" ||
	bad "configs/experiments/mlp.sh" "$(cat "$tmp/err")"

# Each measured column within 5 % of the formula to its right.
awk '
	function beside(what, measured, formula)
	{
		good = measured > 0.95 * formula && measured < 1.05 * formula
		print (good ? "ok " : "not ok ") what ": " measured " cycles, formula " formula
	}
	$1 == "window" { windows = 1; next }
	!/^[0-9]/ { next }
	windows { beside("misses in a window of " $1, $2, $3); next }
	{ beside("independent misses, " $1 " MSHRs", $2, $3); beside("dependent misses, " $1 " MSHRs", $4, $5) }
' "$tmp/table" >"$tmp/rows"
cat "$tmp/rows"
equal "16 rows of Little's law" 16 "$(grep -c . "$tmp/rows")"
! grep -q '^not ok' "$tmp/rows" || n_bad=$((n_bad + 1))

# All counters but those of time and of what was under way at the time.
timeless()
{
	"$mmsim" replay -q -o "$tmp/run" "$samples/$1.mmtrace.gz" -s core.model="$2" >/dev/null &&
		grep -v -E '_?cycles|pending_hits|mshr_waits|\.merged|refreshes|dram.*row_|turnarounds|engine\.turns' \
			"$tmp/run/stats.json"
}

for sample in sort perl sqlite; do
	timeless $sample inorder >"$tmp/inorder"
	timeless $sample window >"$tmp/window"
	equal "hits and misses of $sample" "$(cat "$tmp/inorder")" "$(cat "$tmp/window")"
done
equal "counters that were compared" yes "$([ "$(wc -l <"$tmp/inorder")" -gt 100 ] && echo yes)"
finish
