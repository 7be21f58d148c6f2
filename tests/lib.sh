# What the test scripts share. A script sources this, then says `ok NAME`, `bad NAME [WHY]` or `skip NAME WHY` for each
# thing it tests and ends with `finish`. tests/run counts those lines.
#
# Set here: $root (the source tree, also the working directory), $mmsim, $samples, and $tmp, a directory of the script's
# own that is removed at the end.

root=$(cd "$(dirname "$0")/.." && pwd)
cd "$root" || exit 1
mmsim=${MMSIM:-$root/mmsim}
samples=${SAMPLES:-$root/traces/samples}
tmp=$(mktemp -d "${TMPDIR:-/tmp}/mmsim-test.XXXXXX") || exit 1
trap 'rm -rf "$tmp"' EXIT
trap 'exit 1' INT TERM HUP
n_bad=0

ok()
{
	echo "ok $1"
}

bad()
{
	echo "not ok $1"
	[ $# -lt 2 ] || printf '%s\n' "$2" | sed 's/^/    /'
	n_bad=$((n_bad + 1))
}

skip()
{
	echo "skip $1: $2"
}

# check NAME COMMAND...: the command must succeed; its output is shown when it does not.
check()
{
	check_name=$1
	shift
	if "$@" >"$tmp/check.out" 2>&1; then
		ok "$check_name"
	else
		bad "$check_name" "$(tail -n 30 "$tmp/check.out")"
	fi
}

# equal NAME EXPECTED ACTUAL
equal()
{
	if [ "$2" = "$3" ]; then ok "$1"; else bad "$1" "expected '$2', got '$3'"; fi
}

# refused NAME WORD COMMAND...: exit status 2 (usage or input) and a message that holds WORD.
refused()
{
	refused_name=$1
	word=$2
	shift 2
	"$@" >"$tmp/refused.out" 2>&1 </dev/null
	status=$?
	if [ $status != 2 ]; then
		bad "$refused_name" "exit status $status, expected 2: $(tail -n 10 "$tmp/refused.out")"
	elif ! grep -q -i -e "$word" "$tmp/refused.out"; then
		bad "$refused_name" "the message does not mention '$word': $(cat "$tmp/refused.out")"
	else
		ok "$refused_name"
	fi
}

# counter FILE NAME: a number out of stats.json, nothing if it is not there.
counter()
{
	sed -n "s/^[ \t]*\"$(printf %s "$2" | sed 's/[.]/\\./g')\": *\(-\{0,1\}[0-9.]*\),\{0,1\} *\$/\1/p" "$1"
}

# Programs can be recorded here: this is x86-64, and its QEMU takes plugins. Debian 12's does, Debian 13's and Ubuntu
# 24.04's are built without.
can_record()
{
	[ "$(uname -m)" = x86_64 ] && qemu-x86_64 -help 2>/dev/null | grep -q -e -plugin
}

finish()
{
	[ $n_bad = 0 ]
	exit $?
}
