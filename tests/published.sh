#!/bin/sh
# The rules by which figures pass that are set beside published ones, and an experiment that uses them.
. "$(dirname "$0")/lib.sh"

# rules LINES: what rows of configs/experiments/published.sh say, "verdict verdict ..."; then the last line.
rules()
{
	printf '%s\n' 'name=rules' '. configs/experiments/published.sh' "$1" finish >"$tmp/rules.sh"
	OUT=$tmp/rules MMSIM=$mmsim sh "$tmp/rules.sh" >"$tmp/rules.out" 2>&1
	echo $? >>"$tmp/rules.out"
	awk '/rows pass/ { print verdicts $0; next } $NF ~ /^(yes|no|shown)$/ { verdicts = verdicts $NF " " } /^[0-9]$/ { print }' \
		"$tmp/rules.out" | tr '\n' ' '
}

# pass NAME VERDICTS LINES
pass()
{
	equal "$1" "$2" "$(rules "$3" | sed 's/[0-9]* of.*//; s/ $//')"
}

pass "exact" "yes no yes no" "exact a 5 5.0
exact b 5 6
exact c yes yes
exact d yes no"
pass "within a quarter" "no yes yes no" "within 25 a 100 74.9
within 25 b 100 75
within 25 c 100 125
within 25 d 100 125.1"
pass "an excess: sign, half and twice" "no yes yes no no" "ratio a 1.2 1.09
ratio b 1.2 1.1
ratio c 1.2 1.4
ratio d 1.2 1.41
ratio e 1.2 0.9"
pass "below one, too" "yes no no" "ratio a 0.8 0.7
ratio b 0.8 0.95
ratio c 0.8 1.1"
pass "large ratios: a quarter" "yes no" "ratio a 13.2 10
ratio b 13.2 9.8"
pass "a bound" "yes no" "bound a 50 1000
bound b 50 49"
pass "order: only of what is 5 % apart" "yes no" "order a '100 104 200' '7 6 9'
order b '100 104 200' '7 6 6.5'"
pass "what is shown is no claim" "shown" "shown a 5 6"
equal "all pass: exit status 0" "yes 1 of 1 rows pass. 0 " "$(rules "exact a 5 5" )"
equal "one does not: exit status 1" "yes no 1 of 2 rows pass. 1 " "$(rules "exact a 5 5
exact b 5 6")"

check "the live kernel's counts and ratios" env OUT="$tmp/live" MMSIM="$mmsim" configs/experiments/live.sh
finish
