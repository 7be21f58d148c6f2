# What the experiments share that set figures beside published ones; to be sourced, in the top directory, with $name set.
# Sets $mmsim, $out and $tmp; FORMAT=md makes Markdown, JOBS (2) is how many replays run at the same time.
#
# Each row is a claim: what, published, measured, how far off, the rule by which it passes, whether it does. Rules:
#   exact    the same number
#   within   so many percent
#   ratio    of two published figures: within 0.5 of 1, the excess over 1 has the sign and at most twice or half the size;
#            others within 25 %
#   bound    at least as much: the published run was killed
#   shown    no claim: what mmsim's part is not comparable with, or what the source calls an estimate

. configs/experiments/lib.sh
mmsim=${MMSIM:-$PWD/mmsim}
out=${OUT:-experiments/$name}
mkdir -p "$out"
tmp=$(mktemp -d "${TMPDIR:-/tmp}/mmsim-$name.XXXXXX") || exit 1
trap 'rm -rf "$tmp"' EXIT
trap 'exit 1' INT TERM HUP
: >"$tmp/verdicts"

# ---- replays ----

# point RUN REPLAY-OPTION...: a replay that points_run will make. Its words have no blanks in them.
point()
{
	echo "$out/$1" "$@" | awk '{ run = $1; $1 = $2 = ""; print run, $0 }' >>"$tmp/points"
}

# Makes all of them, $JOBS at a time, the first ones first. A failed one stops the script.
points_run()
{
	xargs -P "${JOBS:-2}" -L 1 "$mmsim" replay -q -o <"$tmp/points" >"$tmp/replay.out" 2>&1 || {
		cat "$tmp/replay.out" >&2
		exit 1
	}
	: >"$tmp/points"
}

# ---- what a run tells ----

# value RUN NAME: a counter of a run of this experiment; 0 if it has no such counter.
value()
{
	v=$(counter "$out/$1" "$2")
	echo "${v:-0}"
}

# cycles RUN PATTERN: of all cores, the parts of the cycle stack that match.
cycles()
{
	awk -F'[": ,]+' -v what="$2" '
		$2 ~ /^core[0-9]+\.cycles\./ { part = $2; sub(/^core[0-9]+\.cycles\./, "", part); if (part ~ what) n += $3 }
		END { printf "%.0f", n }' "$out/$1/stats.json"
}

# What is neither the program's nor waiting for a device.
SYSTEM='^(kernel\.(io_wait.+|[^i].*|i[^o].*)|ipi|lock|switch)$'
USER='^(base|fetch|itlb|dtlb|walk|l[1-4]|dram|remote|store_buffer|mshr_full)$'

# seconds RUN PARTS
seconds()
{
	calc "%.6f" "$(cycles "$1" "$2") / $(hertz "$1")"
}

# cpu_time RUN: the system time of its processes as times(2) has it, in seconds: kswapd's is its own.
cpu_time()
{
	calc "%.6f" "($(cycles "$1" "$SYSTEM") - $(value "$1" mm.kthread.cycles)) / $(hertz "$1")"
}

# hertz RUN: of its cores.
hertz()
{
	awk '/^core/ { core = 1 } core && /frequency/ {
		v = $0; gsub(/[^0-9.]/, "", v); print v * (/GHz/ ? 1e9 : /MHz/ ? 1e6 : 1); exit }' "$out/$1/config.cfg"
}

# slab RUN CACHE... FIELD: the sum of a field over these caches, by the run's /proc/slabinfo: active (objects in use, those in
# lists of CPUs included), objects (that there is room for), slabs, pages. Versions 1.x and 2.x have other columns.
slab()
{
	run=$1
	shift
	awk -v words="$*" '
		BEGIN { n = split(words, word, " "); for (i = 1; i < n; i++) wanted[word[i]] = 1 }
		/version:/ { two = $NF >= 2 }
		$1 in wanted {
			f["active"] += $2; f["objects"] += $3; f["slabs"] += two ? $15 : $6; f["pages"] += two ? $15 * $6 : $6 * $7
		}
		END { print f[word[n]] + 0 }' "$out/$run/proc/slabinfo"
}

# The caches of reverse mapping's own objects, by scheme.
RMAP_CACHES="pte_chain anonmm anon_vma anon_vma_chain"

# calc FORMAT EXPRESSION
calc()
{
	awk "BEGIN { printf \"$1\", $2 }"
}

# ---- rows ----

# table TITLE: begins one.
table()
{
	if [ "$FORMAT" = md ]; then
		printf '\n%s\n\n' "$1"
		echo "| | published | mmsim | deviation | rule | passes |"
		echo "|---|---:|---:|---:|---|---|"
	else
		printf '\n%s\n%-46s %13s %13s %9s  %-10s %s\n' "$1" "" published mmsim deviation rule passes
	fi
}

# row WHAT PUBLISHED MEASURED RULE VERDICT [DEVIATION]
row()
{
	deviation=${6-$(awk -v p="$2" -v m="$3" 'BEGIN { if (p + 0 && p !~ /[.][.]/) printf "%+.1f %%", (m / p - 1) * 100; else print "" }')}
	echo "$5" >>"$tmp/verdicts"
	if [ "$FORMAT" = md ]; then
		[ "$5" != no ] || set -- "$1" "$2" "$3" "$4" '**no**'
		echo "| $1 | $2 | $3 | $deviation | $4 | $5 |"
	else
		printf '%-46s %13s %13s %9s  %-10s %s\n' "$1" "$2" "$3" "$deviation" "$4" "$5"
	fi
}

# verdict CONDITION: yes or no.
verdict()
{
	awk "BEGIN { print (($1) ? \"yes\" : \"no\") }"
}

exact()
{
	row "$1" "$2" "$3" exact "$(awk -v p="$2" -v m="$3" 'BEGIN { print (p == m ? "yes" : "no") }')"
}

# within PERCENT WHAT PUBLISHED MEASURED
within()
{
	row "$2" "$3" "$4" "$1 %" "$(verdict "$4 >= $3 * (1 - $1 / 100) && $4 <= $3 * (1 + $1 / 100)")"
}

ratio()
{
	if [ "$(verdict "$2 >= 0.5 && $2 <= 1.5")" = yes ]; then
		row "$1" "$2" "$3" excess "$(verdict "($3 - 1) / ($2 - 1) >= 0.5 && ($3 - 1) / ($2 - 1) <= 2")"
	else
		row "$1" "$2" "$3" "25 %" "$(verdict "$3 >= $2 * 0.75 && $3 <= $2 * 1.25")"
	fi
}

# between WHAT PUBLISHED LOW HIGH MEASURED
between()
{
	row "$1" "$2" "$5" "$3..$4" "$(verdict "$5 >= $3 && $5 <= $4")"
}

bound()
{
	row "$1" ">= $2" "$3" bound "$(verdict "$3 >= $2")" ""
}

shown()
{
	row "$1" "$2" "$3" "" shown
}

# order WHAT "A B C" "A B C": published and measured figures; neighbours that differ by more than 5 % as published stand in
# the same order as measured.
order()
{
	row "$1" "" "" order "$(awk -v p="$2" -v m="$3" 'BEGIN {
		n = split(p, pub, " "); split(m, got, " "); ok = 1
		for (i = 1; i <= n; i++) for (j = 1; j <= n; j++)
			if (pub[i] > pub[j] * 1.05 && got[i] <= got[j]) ok = 0
		print (ok ? "yes" : "no") }')" ""
}

# say TEXT: a paragraph below a table.
say()
{
	printf '\n%s\n' "$*" | fold -s -w "$([ "$FORMAT" = md ] && echo 100000 || echo 100)"
}

# show NAME TEXT: the picture NAME.svg; tests/validate/page takes it from there into the document.
show()
{
	if [ "$FORMAT" = md ]; then
		printf '\n![%s](validation/%s-%s.svg)\n' "$2" "$name" "$1"
	else
		say "$2: $out/$1.svg"
	fi
}

# The last word: how many rows passed. Exit status 1: not all.
finish()
{
	set -- "$(grep -c yes "$tmp/verdicts")" "$(grep -c -v shown "$tmp/verdicts")"
	say "$1 of $2 rows pass."
	[ "$1" = "$2" ]
}
