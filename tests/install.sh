#!/bin/sh
# make install puts a program into place that needs nothing of the source tree; make uninstall takes it all away.
. "$(dirname "$0")/lib.sh"
unset MAKEFLAGS MFLAGS MAKELEVEL
B=${B:-build}

# What is built already is installed: -o all.
install="make -s -o all B=$B BIN=$mmsim DESTDIR=$tmp/root prefix=/usr"
check "make install" $install install
check "its machines are built in" sh -c "cd / && '$tmp/root/usr/bin/mmsim' config --list | grep -q golden-cove"
cp "$samples/perl.mmtrace.gz" "$tmp/"
check "it replays" sh -c "cd '$tmp' && root/usr/bin/mmsim replay -q -o out perl.mmtrace.gz && [ -s out/stats.json ]"
if can_record; then
	check "it finds its recorder" sh -c "cd '$tmp' && root/usr/bin/mmsim record -q -o x.mmtrace -- /bin/true"
else
	skip "it finds its recorder" "needs x86-64 and a qemu-user that takes plugins"
fi
check "completion for bash" sh -c "bash -n '$tmp/root/usr/share/bash-completion/completions/mmsim'"
check "completion for zsh" grep -q '^#compdef mmsim' "$tmp/root/usr/share/zsh/site-functions/_mmsim"
check "the manual page" grep -q '^.TH MMSIM 1' "$tmp/root/usr/share/man/man1/mmsim.1"
$install uninstall
equal "make uninstall leaves no file" "" "$(find "$tmp/root" -type f)"
finish
