#!/bin/sh
# Finds out what mmsim needs and installs what is missing with the system's package manager.
#
#   ./deps.sh [GROUP]...           install what is missing (default: build run test)
#   ./deps.sh --check [GROUP]...   install nothing; list what is missing and exit 1
#
# Groups: build (to compile), run (to plot and to record), test, check (make check, make fuzz) and bench. What is there
# is found out by trying it (a command, a header), so that a library built by hand counts too. When all is there this
# says nothing, reaches for no network and takes a tenth of a second.
set -fu

# One row a need: group, how to test it (cmd: a command, hdr: a header, rt: a compiler's sanitizer libraries), Debian's
# and Ubuntu's package. A package name with a '*' is looked for in the package lists and the last match taken, so
# libtrace may change its number; CLANG stands for the version that the package clang brings.
needs='
build cmd:cc          build-essential
build hdr:stdlib.h    libc6-dev
build hdr:zlib.h      zlib1g-dev
build hdr:bzlib.h     libbz2-dev
build hdr:lzma.h      liblzma-dev
build hdr:libtrace.h  libtrace*-dev
build hdr:libconfig.h libconfig-dev
build hdr:jansson.h   libjansson-dev
build hdr:sqlite3.h   libsqlite3-dev
build hdr:xxhash.h    libxxhash-dev
run   cmd:gnuplot     gnuplot-nox
run   cmd:qemu-x86_64 qemu-user
test  cmd:xz          xz-utils
test  hdr:cmocka.h    libcmocka-dev
check cmd:clang       clang
check rt:clang        libclang-rt-CLANG-dev
check cmd:clang-tidy  clang-tidy
check cmd:tcpdump     tcpdump
check cmd:chromium    chromium
bench cmd:valgrind    valgrind
'

die()
{
	echo "deps.sh: $*" >&2
	exit 1
}

# Headers are looked for with the preprocessor alone: cmocka.h, for one, cannot be included by itself.
has_headers()
{
	for h; do
		printf '#if !__has_include(<%s>)\n#error missing\n#endif\n' "$h"
	done | "${CC:-cc}" -E -x c - >/dev/null 2>&1
}

has()
{
	case $1 in
	cmd:cc) command -v "${CC:-cc}" >/dev/null 2>&1 ;;
	cmd:*) command -v "${1#cmd:}" >/dev/null 2>&1 ;;
	hdr:*) has_headers "${1#hdr:}" ;;
	rt:*) echo 'int main(void) { return 0; }' | "${1#rt:}" -fsanitize=address -x c -o /dev/null - >/dev/null 2>&1 ;;
	esac
}

# Prints "test package" for each need of the wanted groups that is not met.
missing()
{
	echo "$needs" | while read -r group test package; do
		case " $wanted " in
		*" ${group:-none} "*) has "$test" || echo "$test $package" ;;
		esac
	done
}

clang_version()
{
	apt-cache depends clang 2>/dev/null | sed -n 's/.*Depends: clang-\([0-9]*\).*/\1/p' | head -n 1
}

# The package for a row of the table, whose name may be a pattern.
resolve()
{
	case $1 in
	*'*'*) apt-cache pkgnames "${1%%\**}" | grep -E "^${1%%\**}[0-9.]*${1#*\*}\$" | sort -V | tail -n 1 ;;
	*CLANG*) resolve "$(echo "$1" | sed "s/CLANG/$(clang_version)/")" ;;
	*) apt-cache show "$1" >/dev/null 2>&1 && echo "$1" ;;
	esac
}

resolve_all()
{
	packages=
	for p in $(echo "$lacking" | cut -d' ' -f2); do
		found=$(resolve "$p")
		[ -n "$found" ] || return 1
		packages="$packages $found"
	done
}

as_root()
{
	if [ "$(id -u)" = 0 ]; then
		env DEBIAN_FRONTEND=noninteractive "$@"
	elif command -v sudo >/dev/null 2>&1; then
		sudo env DEBIAN_FRONTEND=noninteractive "$@"
	else
		die "installing needs root, and there is no sudo. As root run: apt-get install$packages"
	fi
}

# Another apt may be at work (unattended upgrades on a fresh system): wait for it rather than fail.
apt()
{
	as_root apt-get -o DPkg::Lock::Timeout=300 -q "$@" </dev/null
}

only_check=no
wanted=
for arg; do
	case $arg in
	--check) only_check=yes ;;
	build | run | test | check | bench) wanted="$wanted $arg" ;;
	*) die "unknown argument '$arg'; usage: ./deps.sh [--check] [build|run|test|check|bench]..." ;;
	esac
done
wanted=${wanted:-build run test}

lacking=$(missing)
[ -n "$lacking" ] || exit 0

list=$(echo "$lacking" | awk '{ sub(/^[a-z]+:/, "", $1); printf "  %-14s (package %s)\n", $1, $2 }')
if [ $only_check = yes ]; then
	printf 'mmsim needs, and does not find:\n%s\n' "$list" >&2
	echo "'make deps' installs it on Debian and Ubuntu; elsewhere install the equivalents." >&2
	exit 1
fi
if ! command -v apt-get >/dev/null 2>&1; then
	printf 'mmsim needs, and does not find:\n%s\n' "$list" >&2
	die "no apt-get here: install these by the system's own means (the names are Debian's)"
fi

if ! resolve_all; then
	echo "mmsim: fetching the package lists"
	apt update || die "apt-get update failed: is there a network, and are the sources in /etc/apt right?"
fi
resolve_all || die "the package lists hold no package for:
$list
On Ubuntu the component 'universe' must be enabled (add-apt-repository universe)."

echo "mmsim: installing$packages"
if ! apt install -y --no-install-recommends $packages; then
	# Lists that have grown old name versions that are gone.
	apt update && apt install -y --no-install-recommends $packages ||
		die "apt-get could not install:$packages"
fi

lacking=$(missing)
[ -z "$lacking" ] || die "installed, but still not found:
$lacking"
