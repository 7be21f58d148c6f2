# text [LINES]: lines of words, the same every time; 120000 lines (the default) are 5.4 MB.
text()
{
	awk -v lines="${1:-120000}" '
	function rnd(n) { seed = (seed * 16807) % 2147483647; return seed % n }
	BEGIN {
		seed = 42
		for (i = 0; i < lines; i++) {
			line = ""
			for (w = 0; w < 7; w++) {
				word = ""
				for (c = 3 + rnd(6); c > 0; c--)
					word = word sprintf("%c", 97 + rnd(26))
				line = line (w ? " " : "") word
			}
			print line
		}
	}'
}
