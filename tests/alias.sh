#!/bin/sh
# Two virtual addresses of a line, by the command line: cycles and refills an access are closed formulas of the latencies.
. "$(dirname "$0")/lib.sh"

MMSIM=$mmsim OUT=$tmp/alias configs/experiments/alias.sh >"$tmp/table" 2>"$tmp/err" ||
	bad "configs/experiments/alias.sh" "$(cat "$tmp/err")"

# row LABEL CYCLES REFILLS MISPREDICTS
row()
{
	equal "$1" "$2 $3 $4" "$(sed -n "s/^$1  *//p" "$tmp/table" | tr -s ' ' | cut -d ' ' -f 1-3)"
}

row '48K\/12 ways vipt, next page' 5.00 0.00 0.00
row '64K\/4 ways vipt, same colour' 4.00 0.00 0.00
row '64K\/4 ways vipt, next page' 10.00 1.00 0.00
row '64K\/4 ways pipt, next page' 5.00 0.00 0.00
row '64K\/4 ways vivt, same colour' 11.00 1.00 0.00
row '32K\/8 ways vipt, utag, same utag' 5.00 0.00 0.00
row '32K\/8 ways vipt, utag, next page' 13.00 0.00 1.00
finish
