#!/bin/sh
# mmsim report: one file that loads nothing, says what is in the run, and works in a real browser: at desktop and phone width, light
# and dark, without errors; pictures are there and say their values, tables sort, nothing overflows.
. "$(dirname "$0")/lib.sh"

"$mmsim" replay -q "$samples/threads.mmtrace.gz" -s cores=2 --profile --interval 200kinsns -o "$tmp/run"
check "a report of a run" "$mmsim" report -q "$tmp/run"
"$mmsim" replay -q "$samples/sort.mmtrace.gz" --max 20k -o "$tmp/plain"
check "a report where it is asked for" "$mmsim" report "$tmp/plain" -o "$tmp/plain.html"
"$mmsim" sweep -q --vary l1d.size=24K,48K,96K,40K --vary l2.latency=14,18 --seed 1..2 -s l1d.replacement=random --max 20k \
	--trace "$samples/sort.mmtrace.gz" --trace "$samples/pipe.mmtrace.gz" -o "$tmp/sweep" 2>/dev/null
check "a report of a sweep" "$mmsim" report -q "$tmp/sweep"
refused "neither run nor sweep" "not a run directory" "$mmsim" report "$root/tests"
refused "nothing" "name one" "$mmsim" report

# The same in the page as in the run.
for page in "$tmp/run/report.html" "$tmp/plain.html" "$tmp/sweep/report.html"; do
	name=${page#$tmp/}
	equal "$name: it loads nothing" "" "$(grep -n -o -i -E '(src|href)="?https?:[^"]*|@import[^;]*|url\([^)]*\)' "$page" | head -n 3)"
	equal "$name: nothing is left of the template" "" "$(grep -o -E '\{(title|style|answer|version|data|script)\}' "$page")"
done
cycles=$(counter "$tmp/run/stats.json" core0.cycles)
check "a counter" grep -q -F "[\"core0.cycles\",$cycles," "$tmp/run/report.html"
# What the answer says, by another way.
kernel=$(awk -F'[:,]' '/"core[0-9]*\.cycles\.idle"/ { idle += $2 } /"core[0-9]*\.cycles"/ { all += $2 } /"core[0-9]*\.cycles\.kernel\./ { kernel += $2 }
	END { printf "%.0f", 100 * kernel / (all - idle) }' "$tmp/run/stats.json")
check "the kernel's share" grep -q "<li>The kernel took $kernel % of the cycles" "$tmp/run/report.html"
slowest=$(awk -F, '$4 == "cycles" && $3 ~ /^sort/ { print $7, $1, $2 }' "$tmp/sweep/summary.csv" | sort -n)
best=$(echo "$slowest" | awk 'NR == 1 { printf "l1d.size %dK, l2.latency %d", $2 / 1024, $3 }')
check "the best point" grep -q "<li>sort.mmtrace.gz is fastest with $best: " "$tmp/sweep/report.html"
check "the command" grep -q -F "mmsim replay -q $samples/threads.mmtrace.gz -s cores=2 --profile --interval 200kinsns" "$tmp/run/report.html"
check "the configuration" grep -q -F 'l1d = {' "$tmp/run/report.html"
check "what is no markup is shown" sh -c "mkdir '$tmp/<b>&\"x' && cp -r '$tmp/plain/.' '$tmp/<b>&\"x' &&
	sed -i 's|\"machine\": \"golden-cove\"|\"machine\": \"</script><b>\"|' '$tmp/<b>&\"x/run.json' && '$mmsim' report -q '$tmp/<b>&\"x' &&
	! grep -q '</script><b>' '$tmp/<b>&\"x/report.html' && grep -q '&lt;/script&gt;&lt;b&gt;' '$tmp/<b>&\"x/report.html'"

if ! command -v chromium >/dev/null; then
	skip "the page in a browser" "chromium is not installed (package chromium)"
	finish
fi
cp tests/report/driver.html "$tmp/driver.html"

# look NAME PAGE WIDTH [OPTION]: uses the page; what it saw goes to $tmp/saw.
look()
{
	timeout 120 chromium --headless --no-sandbox --disable-gpu --allow-file-access-from-files --enable-logging=stderr --v=0 \
		--user-data-dir="$tmp/chromium" --virtual-time-budget=20000 --window-size=1300,900 ${4-} \
		--dump-dom "file://$tmp/driver.html#$3,$2" >"$tmp/dom" 2>"$tmp/console"
	sed -n '/<pre id="result">/,/<\/pre>/p' "$tmp/dom" | sed 's/<pre id="result">//; s/<\/pre>.*//' >"$tmp/saw"
	equal "$1: no error" "" "$(grep -i 'CONSOLE' "$tmp/console" | head -n 3)$(grep '^exception' "$tmp/saw")"
	equal "$1: nothing overflows" "page overflows by: 0" "$(grep '^page overflows' "$tmp/saw")"
	equal "$1: no text is cut" "cut texts: " "$(grep '^cut texts' "$tmp/saw")"
	equal "$1: tables sort" "unsorted tables: " "$(grep '^unsorted' "$tmp/saw")"
	equal "$1: no picture is empty" "empty pictures: 0" "$(grep '^empty pictures' "$tmp/saw")"
	equal "$1: tips go away" "left behind: nothing" "$(grep '^left behind' "$tmp/saw")"
}

# saw NAME TEXT: the last look did.
saw()
{
	check "$1" grep -q -e "$2" "$tmp/saw"
}

for width in 1280 390; do
	look "run, $width wide" run/report.html $width
	saw "it says what it was" '^lead: threads.mmtrace.gz was replayed on golden-cove, 2 cores'
	saw "and has these parts" '^sections: Where the cycles went | How long accesses took | Where loads were served | Over time | Data by mapping | Slow accesses by function | Hot pages | Hot lines | .*All counters | How to reproduce it'
	saw "pictures" '^pictures: 4'
	saw "values under the pointer" '^under the pointer: .*cycles per instruction'
	saw "on a curve, too" '^on the line: .*took longer'
	look "sweep, $width wide" sweep/report.html $width
	saw "it says what it was" '^lead: A sweep of 32 points: 4 values of l1d.size, 2 values of l2.latency, 2 values of trace, 2 values of seed. 24 are done, 8 are not, or have failed.'
	saw "and has these parts" '^sections: What matters | One figure against the keys | All points | Points that failed | How to reproduce it'
	saw "every figure can be chosen" '^figures chosen: all drawn'
done
look "plain run" plain.html 1280
saw "light" 'ground: rgb(255, 255, 255)'
look "dark" plain.html 1280 --force-dark-mode
saw "dark" 'ground: rgb(21, 24, 28)'
timeout 60 chromium --headless --no-sandbox --disable-gpu --user-data-dir="$tmp/chromium" --no-pdf-header-footer \
	--print-to-pdf="$tmp/report.pdf" "file://$tmp/run/report.html" >/dev/null 2>&1
equal "printed" %PDF "$(head -c 4 "$tmp/report.pdf")"
finish
