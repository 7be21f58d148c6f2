#!/bin/sh
# Replays the two traces in tests/oracle with each cache geometry that Dinero was asked about, and compares every count.
. "$(dirname "$0")/lib.sh"

csv=$root/tests/oracle/dinero.csv

# Dinero's options as mmsim's: "-l1-dsize 32k" becomes "-s l1d.size=32K".
settings()
{
	echo "$1" | awk '
	function say(key, value) { printf " -s %s=%s", key, value }
	BEGIN { policy["l"] = "lru"; policy["f"] = "fifo" }
	{
		for (i = 1; i < NF; i += 2) {
			level = substr($i, 2, 2)
			kind = substr($i, 5, 1)
			what = substr($i, 6)
			cache = level == "l1" ? level kind : level
			used[level] = 1
			v = $(i + 1)
			if (what == "size")        say(cache ".size", toupper(v))
			else if (what == "bsize")  say(cache ".line", v)
			else if (what == "assoc")  say(cache ".ways", v)
			else if (what == "repl")   say(cache ".replacement", policy[v])
			else if (what == "wback")  say(cache ".write", v == "n" ? "through" : "back")
			else if (what == "walloc") say(cache ".allocate", v == "n" ? "no" : "yes")
			else { print "unknown option " $i > "/dev/stderr"; exit 1 }
		}
		if (!used["l3"])
			say("l3.size", 0)
	}'
}

# The rows of dinero.csv for one run against its stats.json. Dinero's columns are fetches (total, instr, read, write)
# and misses (the same); an L1 cache has only its own kinds.
compare()
{
	tr -d '", ' <"$1" | awk -F: -v trace="$2" -v options="$3" -v csv="$csv" '
	function stat(cache, name,   key) {
		key = "core0." cache "." name
		if (!(key in value))
			key = cache "." name
		return key in value ? value[key] : "missing"
	}
	{ value[$1] = $2 }
	END {
		name["l1-icache"] = "l1i"; name["l1-dcache"] = "l1d"; name["l2-ucache"] = "l2"; name["l3-ucache"] = "l3"
		split("fetches loads stores fetch_misses load_misses store_misses", counter, " ")
		split("5 6 7 9 10 11", column, " ")
		while ((getline row < csv) > 0) {
			split(row, c, ",")
			if (c[1] != trace || c[2] != options)
				continue
			wrong = ""
			for (i = 1; i <= 6; i++) {
				if (c[3] == "l1-icache" && counter[i] !~ /^fetch/ || c[3] == "l1-dcache" && counter[i] ~ /^fetch/)
					continue
				got = stat(name[c[3]], counter[i])
				if (got != c[column[i]])
					wrong = wrong "\n    " name[c[3]] "." counter[i] ": Dinero " c[column[i]] ", mmsim " got
			}
			if (wrong == "")
				print "ok " trace " " c[3] " " options
			else
				print "not ok " trace " " c[3] " " options wrong
		}
	}'
}

cut -d, -f1,2 "$csv" | tail -n +2 | sort -u >"$tmp/runs"
while IFS=, read -r trace options; do
	if ! $mmsim replay "tests/oracle/$trace.xdin.xz" -m tests/oracle/dinero.cfg $(settings "$options") \
			-o "$tmp/out" >"$tmp/log" 2>&1; then
		bad "$trace $options" "$(tail -n 5 "$tmp/log")"
		continue
	fi
	compare "$tmp/out/stats.json" "$trace" "$options" | tee -a "$tmp/verdicts"
done <"$tmp/runs"
[ $n_bad = 0 ] && [ -s "$tmp/verdicts" ] && ! grep -q '^not ok' "$tmp/verdicts"
