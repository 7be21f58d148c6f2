#!/bin/sh
# Records programs and looks at the recordings with tests/record/check.c, which runs the threads in orders of its own.
. "$(dirname "$0")/lib.sh"
B=${B:-build}
CC=${CC:-cc}
export LC_ALL=C

if ! can_record; then
	skip record "needs x86-64 and a qemu-user that takes plugins"
	finish
fi

checker=$B/check-recording
for p in threads forks mixed pages ends fds files locks hello; do
	$CC -std=gnu11 -O1 -D_GNU_SOURCE -pthread -w -o "$tmp/$p" tests/record/$p.c || bad "build $p"
done

gaps=

# record NAME STATUS [OPTION...] -- PROGRAM...: the exit status must be that, the recording possible in three orders.
# Leaves $tmp/out and $tmp/err, and in $tmp/counts what the checker counted.
record()
{
	record_name=$1
	expected=$2
	shift 2
	timeout 120 $mmsim record -o "$tmp/x.mmtrace" "$@" >"$tmp/out" 2>"$tmp/err" </dev/null
	status=$?
	if [ $status != "$expected" ]; then
		bad "$record_name" "exit status $status, expected $expected: $(tail -n 5 "$tmp/err")"
		return 1
	fi
	for seed in 1 2 3; do
		if ! $checker "$tmp/x.mmtrace" $seed $gaps >"$tmp/counts" 2>&1; then
			bad "$record_name" "seed $seed: $(head -n 12 "$tmp/counts")"
			return 1
		fi
	done
	ok "$record_name"
}

# count NAME: how often the last recording has it.
count()
{
	awk -v name="$1" '{ for (i = 1; i < NF; i++) if ($i == name) { print $(i + 1); found = 1 } }
		END { if (!found) print 0 }' "$tmp/counts"
}

# between NAME LOW HIGH VALUE
between()
{
	if [ "$4" -ge "$2" ] && [ "$4" -le "$3" ]; then ok "$1"; else bad "$1" "$4 is not in $2..$3"; fi
}

# within NAME PERCENT EXPECTED ACTUAL
within()
{
	between "$1" $(($3 * (100 - $2) / 100)) $(($3 * (100 + $2) / 100)) "$4"
}

# --- what is recorded ---

record "standard output is the program's" 0 -- /bin/echo one two
equal "echo's output" "one two" "$(cat "$tmp/out")"

awk 'BEGIN { for (i = 0; i < 8000; i++) print (i * 7919) % 1000003, "line", i }' >"$tmp/text"
record "sort" 0 -- sort --parallel=1 "$tmp/text" || finish
equal "sort's output" "$(sort "$tmp/text" | cksum)" "$(cksum <"$tmp/out")"
if command -v valgrind >/dev/null; then
	insns=$(count instructions)
	accesses=$(($(count loads) + $(count stores) + 2 * $(count atomics)))
	valgrind --tool=lackey --trace-mem=yes --log-file="$tmp/lackey" sort --parallel=1 "$tmp/text" >/dev/null
	awk '/^I /{ i++ } /^ [LS]/{ d++ } /^ M/{ d += 2 } END { print i, d }' "$tmp/lackey" >"$tmp/lackey.sum"
	read -r lackey_insns lackey_data <"$tmp/lackey.sum"
	within "instructions within 5 % of lackey's" 5 "$lackey_insns" "$insns"
	within "data accesses within 2 % of lackey's" 2 "$lackey_data" "$accesses"
else
	skip "sort beside lackey" "valgrind is not installed"
fi

record "1000 pages" 0 -- "$tmp/pages" 1000
few=$(count pages)
record "11000 pages" 0 -- "$tmp/pages" 11000
equal "10000 more pages are 10000 more pages" 10000 $(($(count pages) - few))

record "threads that map and unmap" 0 -- "$tmp/threads" 200
equal "one thread more than it starts" 5 "$(count threads)"
equal "four clones" 4 "$(count clone)"
equal "each thread ends" 5 "$(count exit)"
equal "mremap as often as called" 200 "$(count mremap)"

record "children" 0 -- "$tmp/forks" 5
equal "each child is a process" 10 "$(count processes)"
equal "forks" 9 "$(count fork)"
equal "what the children execute is followed" 2 "$(count exec)"

record "forks among threads" 0 -- "$tmp/mixed"
gaps=gaps # a thread may be killed just when it has taken a number
record "execve among threads" 0 -- "$tmp/mixed" exec
gaps=
equal "the new program's output" "from a thread" "$(cat "$tmp/out")"

record "a pipe" 0 -- sh -c 'seq 1 500 | sort -rn | head -n 1'
equal "the pipe's output" 500 "$(cat "$tmp/out")"
equal "processes of the pipe" 4 "$(count processes)"
printf '#!/bin/sh\necho "$1"\n' >"$tmp/script"
chmod +x "$tmp/script"
record "a script" 0 -- "$tmp/script" argument
equal "the script's argument" argument "$(cat "$tmp/out")"

cp /bin/true "$tmp/own" && chmod u+s "$tmp/own"
record "what is not followed" 0 -- sh -c '"$0"; exec "$0"' "$tmp/own"
equal "its ends are marked" "2 0" "$(count exec) $(count exit)"

record "a program that closes all descriptors" 0 -- "$tmp/fds"
equal "its thread is recorded" 2 "$(count threads)"

# --- files ---

record "a program that makes sure of a file" 0 -- "$tmp/files" "$tmp/written"
equal "its calls are told" "2 1 2 1 1 1" \
	"$(count sync) $(count sync_begin) $(count truncate) $(count advise) $(count msync) $(count msync_begin)"
check "the calls are replayed" $mmsim replay -q --check -s kernel.page_cache=warm -s storage.device=nvme \
	"$tmp/x.mmtrace" -o "$tmp/replayed"
equal "13 pages are written, then the first 5 again" 18 "$(counter "$tmp/replayed/stats.json" mm.page_cache.written)"
equal "3 that are not mapped are read again after posix_fadvise" 3 "$(counter "$tmp/replayed/stats.json" mm.page_cache.read_pages)"

# --- locks ---

# 8 and 32 pages are faulted in by calls, one by its use, beside those of the C library's start.
record "a program that locks its memory" 0 -- "$tmp/locks"
check "its calls are replayed" $mmsim replay -q --check "$tmp/x.mmtrace" -o "$tmp/replayed"
between "mlock, mlock2 and mlockall" 2 3 "$(counter "$tmp/replayed/stats.json" mm.call.mlock)"
equal "munlock, munlockall twice" 3 "$(counter "$tmp/replayed/stats.json" mm.call.munlock)"
between "pages that are faulted in" 41 60 "$(counter "$tmp/replayed/stats.json" mm.fault.zero)"

# --- ends ---

record "a crash" 139 -- "$tmp/ends" segv
between "what it did before is there" 400000 2000000 "$(count instructions)"
record "an abort" 134 -- "$tmp/ends" abort
record "faults that are handled" 3 -- "$tmp/ends" handler
record "an exit status" 7 -- sh -c 'exit 7'

$mmsim record -q -o "$tmp/x.mmtrace" -- "$tmp/ends" spin >"$tmp/spin" &
recorder=$!
while ! [ -s "$tmp/spin" ]; do sleep 0.1; done
sleep 0.5
# Processes end while their files are read.
for stat in /proc/[0-9]*/stat; do
	{ read -r pid name state parent rest <"$stat"; } 2>/dev/null && [ "$parent" = $recorder ] && kill -9 "$pid"
done
wait $recorder
equal "killed: status" 137 $?
check "killed: the recording is whole" $checker "$tmp/x.mmtrace"

$mmsim record -o /dev/full -- "$tmp/ends" spin >/dev/null 2>"$tmp/err"
equal "full disk: status" 1 $?
check "full disk: the message says so" grep -q 'No space left' "$tmp/err"
$mmsim record -q -o - -- /bin/echo to stderr 2>"$tmp/err" | $checker - >"$tmp/counts" 2>&1
equal "recording to a pipe" 0 $?
equal "then the output goes to standard error" "to stderr" "$(cat "$tmp/err")"

# --- parts ---

record "--max" 0 --max 50k -- /bin/echo
between "--max: instructions" 49000 50600 "$(count instructions)"
record "--skip" 0 --skip 60k -- "$tmp/pages" 2000
between "--skip leaves out the start" 6000 80000 "$(count instructions)"
record "--sample" 0 --sample 1k:9k -- "$tmp/ends" none
between "--sample records a tenth" 50000 90000 "$(count instructions)"
record "--mark" 0 --mark main -- "$tmp/pages" 1000
equal "--mark: reached once" 1 "$(count mark)"
between "--mark: from there on" 4000 12000 "$(count instructions)"

# --- other architectures ---

foreign()
{
	if ! command -v $2 >/dev/null || ! command -v qemu-$1 >/dev/null || ! $2 -static -O1 -pthread -o "$tmp/hello.$1" \
		tests/record/hello.c 2>/dev/null; then
		skip "a program for $1" "needs qemu-$1 and $2 with its C library"
		return
	fi
	record "a program for $1" 0 -- "$tmp/hello.$1"
	equal "its output on $1" "hello 2000 1" "$(cat "$tmp/out")"
	between "atomics on $1" 2000 2200 "$(count atomics)"
}

foreign x86_64 gcc
foreign aarch64 aarch64-linux-gnu-gcc
foreign riscv64 riscv64-linux-gnu-gcc
foreign i386 i686-linux-gnu-gcc

# --- the bundled recordings ---

for sample in traces/samples/*.mmtrace.gz; do
	name=$(basename "$sample")
	check "$name is possible" $checker "$sample" 7
	sum=$(sha256sum "$sample" | cut -d' ' -f1)
	check "$name is the one of MANIFEST" grep -q "$sum" traces/samples/MANIFEST
done

# --- usage ---

refused "no program" "which program" $mmsim record
refused "a program that is not there" "not found" $mmsim record no-such-program
refused "a file that is no program" "not executable" $mmsim record /etc/passwd
refused "a bad count" "number of instructions" $mmsim record --max many /bin/true
MMSIM_RECORDER=/nowhere $mmsim record /bin/true 2>"$tmp/err"
equal "no plugin: status" 1 $?
check "no plugin: the message names it" grep -q /nowhere "$tmp/err"
mkdir "$tmp/empty"
PATH=$tmp/empty $mmsim record /bin/true 2>"$tmp/err"
equal "no QEMU: status" 1 $?
check "no QEMU: the message names the package" grep -q qemu-user "$tmp/err"
finish
