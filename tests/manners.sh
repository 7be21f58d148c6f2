#!/bin/sh
# What scripts and shells rely on: helps with examples, exit statuses, JSON, nothing but text in pipes, completion.
. "$(dirname "$0")/lib.sh"

verbs=$("$mmsim" --help | sed -n 's/^  \([a-z]*\)  *[^ ].*/\1/p')
check "there are verbs" test "$(echo "$verbs" | wc -l)" -ge 12
for verb in $verbs; do
	"$mmsim" $verb --help >"$tmp/help" 2>"$tmp/err"
	equal "$verb: help is a success" 0 $?
	equal "$verb: and no error" "" "$(cat "$tmp/err")"
	check "$verb: with examples" grep -q '^Examples:' "$tmp/help"
	check "$verb: that fit a terminal" sh -c "! grep -n '.\{101\}' '$tmp/help'"
	equal "$verb: help VERB is the same" "$(cat "$tmp/help")" "$("$mmsim" help $verb)"
	"$mmsim" $verb --no-such-option >/dev/null 2>"$tmp/err" </dev/null
	equal "$verb: an unknown option is a mistake of usage" 2 $?
	check "$verb: which is said" test -s "$tmp/err"
	check "$verb: in the manual" grep -q "^\.SS \"mmsim $verb " docs/mmsim.1
	# Every long option of the help stands in the manual.
	equal "$verb: so are its options" "" "$(grep -o -e '^ [ -].*' "$tmp/help" | sed -n 's/^ *\(-[a-zA-Z], \)\{0,1\}\(--[a-z-]*\).*/\2/p' | sort -u | grep -v -e '^--help$' |
		while read -r option; do
			grep -q -F -e "$(echo "$option" | sed 's/-/\\-/g')" docs/mmsim.1 || echo "$option"
		done)"
done

# Exit statuses: 0 done, 1 something failed, 2 usage or input.
"$mmsim" generate random --size 64K --count 2000 -o "$tmp/a.pcap"
"$mmsim" >/dev/null 2>&1
equal "nothing asked for" 2 $?
"$mmsim" --version >/dev/null
equal "the version" 0 $?
"$mmsim" replay -q "$tmp/nothing" 2>/dev/null
equal "no such recording" 2 $?
"$mmsim" replay "$tmp/a.pcap" >/dev/full 2>/dev/null
equal "a full disk" 1 $?
"$mmsim" replay -q "$tmp/a.pcap" -o "$tmp/run"
equal "a replay" 0 $?
"$mmsim" compare "$tmp/run" "$tmp/run" --fail-above 0 >/dev/null
equal "equal runs" 0 $?

# Pipes get text: no escape, no carriage return, no progress; with NO_COLOR or without.
for no in 0 1; do
	for words in "replay $tmp/a.pcap" "info $tmp/a.pcap" "config -m zen4" "sweep --vary l1d.size=48K --trace $tmp/a.pcap -o $tmp/sweep.$no" \
		"compare $tmp/run $tmp/run" "mrc $tmp/a.pcap" "record --help"; do
		NO_COLOR=$no "$mmsim" $words 2>&1 </dev/null | tr -d '\t\n\040-\176\200-\377' >"$tmp/control"
		equal "$words: nothing but text in a pipe" 0 "$(wc -c <"$tmp/control")"
	done
done

# JSON that others read.
json()
{
	if command -v python3 >/dev/null; then python3 -m json.tool >/dev/null; else cat >/dev/null; fi
}
is_json()
{
	name=$1
	shift
	"$mmsim" "$@" >"$tmp/json" 2>"$tmp/err"
	equal "$name: exits with 0" 0 $?
	check "$name: is JSON" sh -c "case \$(head -c 1 '$tmp/json') in '{' | '[') ;; *) exit 1 ;; esac"
	json <"$tmp/json" && ok "$name: well-formed" || bad "$name: well-formed" "$(head -n 5 "$tmp/json")"
}
is_json "info --json" info --json --verify "$tmp/a.pcap" "$samples/pipe.mmtrace.gz"
equal "info --json: an object a file" 2 "$(grep -c '^  "file"' "$tmp/json")"
equal "info --json: what the text says" "$("$mmsim" info "$tmp/a.pcap" | awk '$1 == "instructions" { print $2 }')" \
	"$(sed -n 's/^  "instructions": \([0-9]*\),/\1/p' "$tmp/json" | head -n 1)"
is_json "compare --json" compare --json "$tmp/run" "$tmp/run"
is_json "mrc --json" mrc --json "$tmp/a.pcap"
is_json "kmem --json" kmem --json tests/data/kmem/gcc.kmem.txt.xz
is_json "sweep --json" sweep -q --json --vary l1d.size=48K --trace "$tmp/a.pcap" -o "$tmp/sweep.json"
equal "sweep --json: all is done" '"complete": true' "$(grep -o '"complete": true' "$tmp/json")"
is_json "config --json" config --json
equal "config --json: every key" "$("$mmsim" config | awk '/^  [a-z]/ { print $1 }')" \
	"$(sed -n 's/^  "key": "\(.*\)",$/\1/p' "$tmp/json")"
is_json "config -m --json" config -m zen4 --json
equal "config -m --json: values" "$("$mmsim" config -m zen4 | awk '$1 == "l2.size" { print $2 }')" \
	"$(awk '/"l2.size"/ { getline; gsub(/[",]/, ""); print $2 }' "$tmp/json")"
is_json "config --list --json" config --list --json
is_json "config --counters --json" config --counters --json
refused "JSON of a file" "not JSON" "$mmsim" config --dump --json

# Completion, in the shells themselves. complete_bash WORD...: what the last word can become.
complete_bash()
{
	PATH=$(dirname "$mmsim"):$PATH bash --norc -c '
		. completion/mmsim.bash
		COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
		_mmsim
		printf "%s\n" "${COMPREPLY[@]}"' bash "$@" 2>&1
}
if command -v bash >/dev/null; then
	equal "bash: verbs" "$(printf 'record\nreplay\nreport')" "$(complete_bash mmsim re | sort)"
	equal "bash: machines" zen4 "$(complete_bash mmsim replay -m zen4 | grep -x zen4)"
	check "bash: kernels" sh -c "PATH=$(dirname "$mmsim"):\$PATH; test \"$(complete_bash mmsim replay -k linux- | wc -l)\" -ge 4"
	equal "bash: keys" "l1d.size=" "$(complete_bash mmsim replay -s l1d.si)"
	equal "bash: keys to vary" "machine=" "$(complete_bash mmsim sweep --vary machi)"
	equal "bash: options" "--fast-forward" "$(complete_bash mmsim replay --fast)"
	equal "bash: kinds of pictures" "latency" "$(complete_bash mmsim plot laten)"
	equal "bash: kinds of recordings" "chase" "$(complete_bash mmsim generate cha)"
	equal "bash: files" "$tmp/a.pcap" "$(complete_bash mmsim replay "$tmp/a.pc")"
	equal "bash: the recorded program's files" "$tmp/a.pcap" "$(complete_bash mmsim record -o x -- cat "$tmp/a.pc")"
else
	skip "completion in bash" "bash is not installed"
fi
if command -v zsh >/dev/null; then
	check "zsh: the file is sound" zsh -n completion/_mmsim
	# In a terminal of its own, as zsh completes nowhere else.
	complete_zsh()
	{
		MMSIM_DIR=$(dirname "$mmsim") FPATH_DIR=$root/completion WORDS=$1 timeout 60 zsh -f -c '
			zmodload zsh/zpty
			zpty z zsh -f -i
			zpty -w z "PATH=$MMSIM_DIR:\$PATH; fpath=($FPATH_DIR \$fpath); autoload -U compinit; compinit -u -D; PROMPT=; setopt nobeep"
			zpty -w z "zstyle \":completion:*\" list-colors \"\"; LISTMAX=10000; echo rea\"\"dy"
			while zpty -r z line && [[ $line != *ready* ]]; do :; done
			zpty -w -n z "$WORDS"$'"'\\t'"'
			sleep 3
			zpty -w z ""
			zpty -w z "echo do\"\"ne"
			while zpty -r z line && [[ $line != *done* ]]; do print -r -- "$line"; done
			zpty -d z' 2>/dev/null
	}
	equal "zsh: a machine" yes "$(complete_zsh 'mmsim replay -m sifive' | grep -q 'sifive-u74' && echo yes)"
	equal "zsh: a key" yes "$(complete_zsh 'mmsim replay -s l1d.si' | grep -q 'l1d.size=' && echo yes)"
	equal "zsh: a verb" yes "$(complete_zsh 'mmsim comp' | grep -q 'mmsim compare' && echo yes)"
else
	skip "completion in zsh" "zsh is not installed"
fi
finish
