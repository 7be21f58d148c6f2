# What the experiments read out of a run's directory; to be sourced.

# counter RUN NAME: out of stats.json.
counter()
{
	sed -n "s/^ *\"$2\": \([0-9]*\),*\$/\1/p" "$1/stats.json"
}

# mean RUN [CYCLES]: of the load latencies, in cycles or in units of so many.
mean()
{
	awk -F, -v unit="${2:-1}" '$1 == "load" { n += $6; sum += $6 * ($4 + $5) / 2 } END { printf "%.3f", sum / n / unit }' \
		"$1/latency.csv"
}
