# Turns the files of the report's page into C strings: awk -f page.awk page.html page.css page.js
BEGIN {
	print "#include \"plots/report_page.h\""
}
FNR == 1 {
	name = FILENAME
	sub(/.*[.]/, "", name)
	printf "%s\nconst char page_%s[] =", (NR == 1 ? "" : ";\n"), name
}
{
	gsub(/\\/, "&&")
	gsub(/"/, "\\\"")
	printf "\n\t\"%s\\n\"", $0
}
END {
	print ";"
}
