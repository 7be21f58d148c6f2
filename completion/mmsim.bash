# Completion of mmsim's command line for bash. What there is to complete is asked of mmsim itself: its helps list
# verbs, options, kinds of pictures and of recordings, and `mmsim config` machines, kernels and keys.

# Words of the help text that begin a line with two blanks: verbs, kinds.
_mmsim_listed()
{
	"$1" "${@:2}" --help 2>/dev/null | sed -n 's/^  \([a-z][a-z0-9-]*\)  *[^ ].*/\1/p'
}

_mmsim_options()
{
	"$1" "$2" --help 2>/dev/null | grep -o -e '--[a-z][a-z-]*' | sort -u
}

_mmsim_builtin()
{
	"$1" config --list 2>/dev/null | sed -n "/^$2/,/^\$/s/^  \([^ ]*\) .*/\1/p"
}

_mmsim_keys()
{
	"$1" config 2>/dev/null | sed -n 's/^  \([a-z][a-z0-9_]*\(\.[a-z0-9_]*\)*\)  *[^ ].*/\1/p'
}

_mmsim_words()
{
	mapfile -t COMPREPLY < <(compgen -W "$1" -- "$2")
}

_mmsim_files()
{
	mapfile -t COMPREPLY < <(compgen -f -- "$1")
	compopt -o filenames 2>/dev/null
}

_mmsim()
{
	local mmsim=${COMP_WORDS[0]} cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]}
	local verb=${COMP_WORDS[1]} i

	COMPREPLY=()
	# "KEY=" of -s and --vary is one word to the shell, or three: what stands behind '=' is the user's.
	[ "$cur" = = ] || [ "$prev" = = ] && return
	if [ "$COMP_CWORD" = 1 ]; then
		_mmsim_words "$(_mmsim_listed "$mmsim") help --version" "$cur"
		return
	fi
	# The program that is recorded has a command line of its own.
	if [ "$verb" = record ]; then
		for ((i = 2; i < COMP_CWORD; i++)); do
			if [ "${COMP_WORDS[i]}" = -- ]; then
				_mmsim_files "$cur"
				return
			fi
		done
	fi
	case $prev in
	-m | --machine) _mmsim_words "$(_mmsim_builtin "$mmsim" Machines)" "$cur" && [ ${#COMPREPLY[@]} -gt 0 ] || _mmsim_files "$cur"; return ;;
	-k | --kernel) _mmsim_words "$(_mmsim_builtin "$mmsim" Kernels)" "$cur" && [ ${#COMPREPLY[@]} -gt 0 ] || _mmsim_files "$cur"; return ;;
	-s | --set) _mmsim_words "$(_mmsim_keys "$mmsim" | sed 's/$/=/')" "$cur"; compopt -o nospace 2>/dev/null; return ;;
	--vary | --zip) _mmsim_words "$(_mmsim_keys "$mmsim" | sed 's/$/=/') machine= kernel=" "$cur"; compopt -o nospace 2>/dev/null; return ;;
	--x | --y) _mmsim_words "$(_mmsim_keys "$mmsim")" "$cur"; return ;;
	--between) _mmsim_words "skip fast-forward warmup" "$cur"; return ;;
	esac
	case $cur in
	-*) _mmsim_words "$(_mmsim_options "$mmsim" "$verb")" "$cur"; return ;;
	esac
	if [ "$COMP_CWORD" = 2 ]; then
		case $verb in
		help) _mmsim_words "$(_mmsim_listed "$mmsim")" "$cur"; return ;;
		plot | generate)
			_mmsim_words "$(_mmsim_listed "$mmsim" "$verb")" "$cur"
			[ ${#COMPREPLY[@]} -gt 0 ] && return
			;;
		esac
	fi
	_mmsim_files "$cur"
}

complete -F _mmsim mmsim
