#!/bin/sh
# The rules that hold for all of the source: who may include whom, how long files, lines and functions are, how a header
# opens, and that nothing is left over.
. "$(dirname "$0")/lib.sh"
export LC_ALL=C.UTF-8

dirs='model traces analysis plots cli tests'
find $dirs -name "*.[ch]" 2>/dev/null | sort >"$tmp/files"

# Lines of output are offences: NAME, then a command that prints them.
none()
{
	none_name=$1
	shift
	offences=$("$@")
	if [ -z "$offences" ]; then ok "$none_name"; else bad "$none_name" "$offences"; fi
}

# "file included" for each include of ours, and those that name no file from the root.
grep -H '^#[[:blank:]]*include[[:blank:]]*"' $(cat "$tmp/files") | sed 's/^\([^:]*\):[^"]*"\([^"]*\)".*/\1 \2/' >"$tmp/includes"

unknown_includes()
{
	while read -r file included; do
		[ -e "$included" ] || [ "$included" = "$(basename "$included")" -a -e "build/$included" ] ||
			echo "$file includes \"$included\", which is no file of the source tree"
	done <"$tmp/includes"
}

# Floors, low to high. Folders on the same floor do not see each other. Tests may include anything.
floors()
{
	awk '
	function floor(path,   n, part) {
		n = split(path, part, "/")
		folder = part[1] == "model" ? part[1] "/" part[2] : part[1]
		return folder in rank ? rank[folder] : -1
	}
	BEGIN {
		rank["model/base"] = 1; rank["model/sim"] = 2; rank["model/arch"] = 3; rank["traces"] = 3
		rank["model/hw"] = 4; rank["model/mm"] = 4; rank["model/core"] = 5; rank["analysis"] = 6
		rank["plots"] = 7; rank["cli"] = 8; rank["tests"] = 9
	}
	{
		from = floor($1); from_folder = folder
		to = floor($2); to_folder = folder
		if (from < 0 || to < 0)
			print $1 ": " $2 ": a folder that has no floor"
		else if (from_folder != to_folder && to >= from)
			print $1 " includes " $2 ": not a lower floor"
	}' "$tmp/includes"
}

cycles()
{
	tsort "$tmp/includes" 2>&1 >/dev/null | sed 's/^tsort: //'
}

long_files()
{
	wc -l $(cat "$tmp/files") | awk '$2 != "total" && $1 > 800 { print $2 ": " $1 " lines, more than 800" }'
}

long_lines()
{
	for f in $(cat "$tmp/files") Makefile; do
		[ "$(wc -L <"$f")" -le 110 ] && continue
		expand -t 8 "$f" | grep -n '^.\{111\}' | sed "s|^\([0-9]*\):.*|$f:\1: more than 110 columns|"
	done
}

headers()
{
	for f in $(grep '\.h$' "$tmp/files"); do
		head -n 1 "$f" | grep -q '^/\*' || echo "$f: does not open with a comment that says what it is"
		grep -q '^#ifndef [A-Z0-9_]*_H$' "$f" || echo "$f: has no include guard"
	done
	grep '\.h$' "$tmp/files" | xargs grep -h '^#ifndef [A-Z0-9_]*_H$' | sort | uniq -d | sed 's/$/: a guard that two headers use/'
}

left_over()
{
	grep -n -w -E 'TODO|FIXME|XXX|HACK' $(cat "$tmp/files") Makefile
	grep -n -E '^#[[:blank:]]*if[[:blank:]]+0' $(cat "$tmp/files")
	grep -n -E '[[:blank:]]$' $(cat "$tmp/files") | sed 's/$/<- blank at the end/'
}

# A function's body lies between a '{' and a '}' in the first column.
function_lengths()
{
	grep '\.c$\|\.h$' "$tmp/files" | grep -v '^tests/' | xargs awk '
		/^[{]/ { begin = FNR; next }
		/^}/   { if (begin) print FNR - begin - 1; begin = 0 }
		FNR == 1 { begin = 0 }' | sort -n | awk '
		{ lines[NR] = $1 }
		END {
			median = lines[int((NR + 1) / 2)]; ninth = lines[int(NR * 0.9)]
			if (median > 12 || ninth > 40)
				print "functions: median " median " lines (at most 12), 9 in 10 within " ninth " (at most 40)"
		}'
}

none "every include names a file" unknown_includes
none "includes go to lower floors" floors
none "no include cycles" cycles
none "files of at most 800 lines" long_files
none "lines of at most 110 columns" long_lines
none "headers open with a comment and a guard" headers
none "nothing left over" left_over
none "functions are short" function_lengths
finish
